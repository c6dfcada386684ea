"""Looks into a Keras model file without loading it, and refuses what could run code."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError
from jetmix.models.model_file import ModelFile, read_model_file
from jetmix.models.writers import is_subclassed, refuse_foreign_writer, subclassed_error
from jetmix.support.files import JSON

TRUSTED_PACKAGES = ("keras", "hgq", "qkeras")
# packages that earlier versions of hgq2 registered their classes under
REGISTERED_PACKAGES = (*TRUSTED_PACKAGES, "hgq2")

# jetmix' own layers, by module and name
OWN_LAYERS = (
    ("jetmix.models.derive_layer", "Derive"),
    ("jetmix.models.expert_layers", "Route"),
    ("jetmix.models.expert_layers", "Isolate"),
    ("jetmix.models.expert_layers", "Choose"),
)


def check_model_file(path: Path, trust: Sequence[str] = ()) -> ModelFile:
    """Refuse a file that is no Keras model, is damaged, or carries foreign or executable parts.

    Args:
        path: the file.
        trust: modules whose classes the user lets in.

    Raises:
        LoweringError: with the reason, before Keras has seen the file.
    """
    file = read_model_file(path)
    entries = list(objects(file.config))
    for entry in entries:
        _refuse_code(path, str(entry["class_name"]))
    refuse_foreign_writer(file, entries)
    if is_subclassed(file) and not trust:
        raise subclassed_error(file)
    for entry in entries:
        if not _is_trusted(entry, trust):
            raise LoweringError(
                f"the model carries the foreign class '{_full_name(entry)}'",
                where=path,
                mend=f"use layers of {', '.join(TRUSTED_PACKAGES)} only, or, if you trust the "
                f"module that has it: --trust {_root(entry)} (trust= in Python)",
            )
    return file


def objects(node: Any) -> Iterator[JSON]:
    """Yield every serialised object of a Keras config, at any depth."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def _refuse_code(path: Path, name: str) -> None:
    """Refuse Python code in the file itself, also where the user trusts a module."""
    if "Lambda" in name or name == "__lambda__":
        raise LoweringError(
            f"the model carries executable code (class '{name}')",
            where=path,
            mend="replace it by a layer of keras or hgq and save the model again",
        )


def _is_trusted(entry: JSON, trust: Sequence[str]) -> bool:
    module = entry.get("module")
    if (module, entry["class_name"]) in OWN_LAYERS:
        return True
    if module is None:
        # legacy HDF5 files name custom classes "package>Class" and built-in ones without a package
        package, _, name = str(entry["class_name"]).rpartition(">")
        known = not package or package.split("/")[0] in REGISTERED_PACKAGES
        # what a trusted module registers is known by the names of its registry alone
        return bool(name) and (known or bool(trust))
    if module == "builtins":
        return _is_function_name(entry)
    return str(module).split(".")[0] in TRUSTED_PACKAGES or any(
        f"{module}.".startswith(f"{name}.") for name in trust
    )


def _is_function_name(entry: JSON) -> bool:
    """Tell whether an entry is the bare name of a function, which Keras looks up among its own."""
    name = entry.get("config")
    return entry["class_name"] == "function" and isinstance(name, str) and name.isidentifier()


def _root(entry: JSON) -> str:
    module = str(entry.get("module") or "MODULE")
    return "MODULE" if module == "builtins" else module.split(".", maxsplit=1)[0]


def _full_name(entry: JSON) -> str:
    module = entry.get("module")
    name = str(entry["class_name"])
    if module == "builtins" and name == "function":
        name = f"function {entry.get('config')}"
    return f"{module}.{name}" if module else name
