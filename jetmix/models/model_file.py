"""Reads what a Keras model file says about itself, without Keras."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import LoweringError
from jetmix.models.other_files import HDF5_MAGIC, ZIP_MAGIC, refuse_hdf5, refuse_other, refuse_zip
from jetmix.support.files import JSON

CONFIG, METADATA = "config.json", "metadata.json"
OWN_KEY = "jetmix"  # of what jetmix adds to metadata.json
MEND = "give a .keras or .h5 file written by Keras 3 with hgq2"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A ``.keras`` or ``.h5`` file as it describes itself.

    Attributes:
        path: the file.
        config: Keras' config of the model, without that of its training.
        metadata: what the file says of its making; empty if nothing.
        zipped: whether it is a ``.keras`` archive, not an HDF5 file.
    """

    path: Path
    config: JSON
    metadata: JSON
    zipped: bool

    @property
    def keras_version(self) -> str | None:
        """The version of Keras that wrote the file, None if it is not recorded."""
        version = self.metadata.get("keras_version")
        return None if version is None else str(version)

    @property
    def of_keras_2(self) -> bool:
        """Whether the file records that an older Keras than 3 wrote it."""
        major = (self.keras_version or "3").split(".")[0]
        return major.isdigit() and int(major) < 3


def read_model_file(path: Path) -> ModelFile:
    """Return what a ``.keras`` or ``.h5`` file says about itself.

    Raises:
        LoweringError: if the file is missing, damaged or no Keras model; other kinds of files are
            named, with the way from them to a model that can be lowered.
    """
    if not path.is_file():
        raise LoweringError("there is no such model file", where=path, mend=MEND)
    with path.open("rb") as handle:
        start = handle.read(16)
    zipped = start.startswith(ZIP_MAGIC)
    if not zipped and not start.startswith(HDF5_MAGIC):
        refuse_other(path, start)
    try:
        config, metadata = _zip_parts(path) if zipped else _hdf5_parts(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, RuntimeError) as error:
        raise LoweringError(f"the file is damaged ({error})", where=path, mend=MEND) from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise LoweringError("the file holds no Keras model", where=path, mend=MEND)
    # losses, metrics and optimisers of others are never built
    config.pop("compile_config", None)
    return ModelFile(path=path, config=config, metadata=metadata, zipped=zipped)


def _zip_parts(path: Path) -> tuple[JSON, JSON]:
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"bad checksum of {damaged}")
        names = archive.namelist()
        if CONFIG not in names:
            refuse_zip(path, names)
        metadata = json.loads(archive.read(METADATA)) if METADATA in names else {}
        return json.loads(archive.read(CONFIG)), metadata if isinstance(metadata, dict) else {}


def _hdf5_parts(path: Path) -> tuple[JSON, JSON]:
    import h5py

    with h5py.File(path, "r") as handle:
        if "model_config" not in handle.attrs:
            refuse_hdf5(path, handle)
        texts = {name: handle.attrs.get(name) for name in ("model_config", "keras_version")}
    config, version = (_text(value) for value in texts.values())
    return json.loads(config or "null"), {"keras_version": version} if version else {}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return bytes(value).decode()  # type: ignore[call-overload,no-any-return]
