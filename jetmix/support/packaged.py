"""Finds the files that ship with jetmix, in a checkout and in an installed wheel."""

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("jetmix")))


def packaged(name: str) -> Path:
    """Return the path of ``name`` inside the package, such as ``recipes/mixer-8-demo.toml``."""
    return _PACKAGE / name


def shipped(name: str) -> Path:
    """Return the path of ``name`` in ``datasets/`` or ``firmware_templates/``.

    Both folders stand beside the package in a checkout and inside it in a wheel.
    """
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
