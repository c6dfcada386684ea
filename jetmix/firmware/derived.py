"""Layers that others derive from those of hgq, for engines that know hgq's own classes alone."""

import inspect
from typing import Any

from jetmix.errors import LoweringError


def adopt(model: Any, engine: str) -> None:
    """Let an engine take each layer derived from one that it knows as that one.

    A layer that computes in its own way is refused: the engine would lower something else. A
    module that gives the engine a form for its layers is left alone.

    Raises:
        LoweringError: with the layer.
    """
    strange = [layer for layer in model.layers if not _is_known(type(layer))]
    if not strange:
        return
    registry = _registry(engine)
    for layer in strange:
        kind = type(layer)
        base = next((base for base in kind.__mro__ if base in registry), None)
        if base is kind or base is None:
            continue
        if _own(kind, "call") is not _own(base, "call"):
            raise LoweringError(
                f"{kind.__name__} computes in its own way, not as {base.__name__}, and {engine} "
                "has no form for it",
                where=f"layer {layer.name}",
                mend=f"use {base.__name__}, or register a form with {engine} in the trusted module",
            )
        registry[kind] = registry[base]


def _registry(engine: str) -> dict[type, Any]:
    """Return what an engine does for each class of layer, as the engine keeps it."""
    if engine == "alkaid":
        from alkaid.converter.builtin.keras import layers
        from hgq._alkaid_keras_plugin import register

        register()  # alkaid does so when it first traces
    else:
        from hgq._dais_tracer import layers
    known: dict[type, Any] = layers._registry
    return known


def _is_known(kind: type) -> bool:
    return kind.__module__.split(".", maxsplit=1)[0] in ("keras", "hgq", "qkeras")


def _own(kind: type, name: str) -> Any:
    """Return a method without what hgq wraps around it."""
    return inspect.unwrap(getattr(kind, name))
