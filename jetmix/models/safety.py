"""Looks into a Keras model file without loading it, and refuses what could run code."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError
from jetmix.support.files import JSON

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
TRUSTED_PACKAGES = ("keras", "hgq", "qkeras")
MEND = "give a .keras or .h5 file written by Keras 3 with hgq2"


def check_model_file(path: Path) -> None:
    """Refuse a file that is no Keras model, is damaged, or carries foreign or executable parts.

    Raises:
        LoweringError: with the reason, before Keras has seen the file.
    """
    config = read_model_config(path)
    for entry in _objects(config):
        name = str(entry["class_name"])
        if "Lambda" in name or name == "__lambda__":
            raise LoweringError(
                f"the model carries executable code (class '{name}')",
                where=path,
                mend="replace it by a layer of keras or hgq and save the model again",
            )
        if not _is_trusted(entry):
            raise LoweringError(
                f"the model carries the foreign class '{_full_name(entry)}'",
                where=path,
                mend=f"use layers of {', '.join(TRUSTED_PACKAGES)} only",
            )


def read_model_config(path: Path) -> JSON:
    """Return the model's own description (Keras' config) from a ``.keras`` or ``.h5`` file.

    Raises:
        LoweringError: if the file is missing, damaged or no Keras model.
    """
    if not path.is_file():
        raise LoweringError("there is no such model file", where=path, mend=MEND)
    with path.open("rb") as handle:
        magic = handle.read(8)
    try:
        if magic.startswith(ZIP_MAGIC):
            text = _zip_config(path)
        elif magic == HDF5_MAGIC:
            text = _hdf5_config(path)
        else:
            raise LoweringError("neither a Keras zip nor an HDF5 file", where=path, mend=MEND)
        config = json.loads(text)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, RuntimeError) as error:
        raise LoweringError(f"the file is damaged ({error})", where=path, mend=MEND) from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise LoweringError("the file holds no Keras model", where=path, mend=MEND)
    return config


def _zip_config(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"bad checksum of {damaged}")
        return archive.read("config.json").decode()


def _hdf5_config(path: Path) -> str:
    import h5py

    with h5py.File(path, "r") as handle:
        text = handle.attrs["model_config"]
    return text if isinstance(text, str) else str(bytes(text).decode())


def _objects(node: Any) -> Iterator[JSON]:
    """Yield every serialised object of a Keras config, at any depth."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


def _is_trusted(entry: JSON) -> bool:
    module = entry.get("module")
    if module is not None:
        return str(module).split(".")[0] in TRUSTED_PACKAGES
    # legacy HDF5 files name custom classes "package>Class" and built-in ones without a package
    package, _, name = str(entry["class_name"]).rpartition(">")
    return bool(name) and (not package or package.split("/")[0] in TRUSTED_PACKAGES)


def _full_name(entry: JSON) -> str:
    module = entry.get("module")
    return f"{module}.{entry['class_name']}" if module else str(entry["class_name"])
