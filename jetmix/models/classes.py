"""The classes that a model file may name: those of hgq under all its names, and trusted ones."""

import importlib
import inspect
import sys
from collections.abc import Sequence
from typing import Any

from jetmix.errors import UsageError

# names under which versions of hgq2 registered the same classes
HGQ_PACKAGES = ("hgq", "hgq2")


def known_objects(trust: Sequence[str] = ()) -> dict[str, Any]:
    """Return what Keras looks names up in besides its own, by the name in a file.

    Args:
        trust: modules that are imported, and whose classes are added.

    Raises:
        UsageError: if one of them cannot be imported.
    """
    for module in trust:
        _import(module)
    return {**_hgq_classes(), **_classes_of(trust)}


def _hgq_classes() -> dict[str, Any]:
    """Return every class of hgq under each package that hgq2 has used."""
    import keras

    found: dict[str, Any] = {}
    for name, kind in keras.saving.get_custom_objects().items():
        package, _, rest = name.partition(">")
        root, _, form = package.partition("/")
        if root in HGQ_PACKAGES:
            tail = f"/{form}>{rest}" if form else f">{rest}"
            found |= {f"{other}{tail}": kind for other in HGQ_PACKAGES}
    return found


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except Exception as error:  # a module may raise anything
        raise UsageError(
            f"the trusted module '{module}' cannot be imported ({type(error).__name__}: {error})",
            mend="install its package, or add the folder of its file to PYTHONPATH",
        ) from error


def _classes_of(trust: Sequence[str]) -> dict[str, Any]:
    """Return the classes that are defined in trusted modules, by name; most are not registered."""
    found: dict[str, Any] = {}
    for name, module in list(sys.modules.items()):
        if module is not None and any(f"{name}.".startswith(f"{root}.") for root in trust):
            classes = inspect.getmembers(module, inspect.isclass)
            found |= {label: kind for label, kind in classes if kind.__module__ == name}
    return found
