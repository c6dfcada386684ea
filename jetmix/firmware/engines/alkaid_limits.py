"""What alkaid cannot lower, known before it is asked: it would fail without a reason."""

from collections.abc import Iterator
from math import prod
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.engines.alkaid_graph import OTHER_ENGINE
from jetmix.firmware.replay.rounding import require_at_input
from jetmix.models.calls import calls_of

ROUNDING = ("TRN", "RND", "RND_CONV")


def require_known_modes(model: Any) -> None:
    """Refuse quantisers of values whose modes alkaid does not know, or no port can have.

    Raises:
        LoweringError: with the layer, the mode and the modes that there are.
    """
    inputs = {id(tensor) for tensor in model.inputs}
    for call in calls_of(model):
        is_first = any(id(tensor) in inputs for tensor in call.inputs)
        at_input = _at_input(call.layer) if is_first else []
        for quantizer in _quantizers(call.layer):
            rounding, overflow = quantizer.round_mode.upper(), quantizer.overflow_mode.upper()
            try:
                if any(quantizer is first for first in at_input):
                    require_at_input(overflow, rounding)
                _require_rounding(rounding)
            except LoweringError as error:
                where = f"layer {call.layer.name}"
                raise LoweringError(error.what, where=where, mend=error.mend) from error


def _require_rounding(rounding: str) -> None:
    if rounding not in ROUNDING:
        raise LoweringError(
            f"the engine alkaid cannot round by {rounding}, only by {', '.join(ROUNDING)}",
            mend=OTHER_ENGINE,
        )


def _at_input(layer: Any) -> list[Any]:
    """Return the quantisers that a layer's input enters: its own, or an attention's inner ones."""
    inner = [getattr(layer, f"_{name}_dense", None) for name in ("query", "key", "value")]
    return [quantizer for part in (layer, *inner) for quantizer in _enabled(part, "iq")]


def _quantizers(layer: Any) -> Iterator[Any]:
    """Yield every quantiser of a layer's values, inner layers too."""
    for part in layer._flatten_layers() if hasattr(layer, "_flatten_layers") else ():
        for name in ("iq", "oq"):
            yield from _enabled(part, name)


def _enabled(layer: Any, name: str) -> Iterator[Any]:
    outer = getattr(layer, name, None) if getattr(layer, f"enable_{name}", False) else None
    for quantizer in getattr(outer, "quantizers", [outer] if outer is not None else []):
        yield quantizer.quantizer


def require_short_averages(model: Any) -> None:
    """Refuse averages over numbers of values that are no power of two.

    alkaid multiplies with such a fraction in all 53 bits of a double, which has no end in sight,
    and Keras divides in another precision.

    Raises:
        LoweringError: with the layer.
    """
    for layer in model.layers:
        name = type(layer).__name__
        if "AveragePooling" in name or "AvgPool" in name:
            for count in _averaged(layer):
                if count & (count - 1):
                    raise LoweringError(
                        f"the engine alkaid cannot average over {count} values, only over a "
                        "power of two",
                        where=f"layer {layer.name}",
                        mend=OTHER_ENGINE,
                    )


def _averaged(layer: Any) -> Iterator[int]:
    """Yield over how many values a pool averages: at the edges of a padded one, over fewer."""
    size = getattr(layer, "pool_size", None)
    if size is None:
        shape = layer.input.shape[1:]
        yield prod(shape[1:] if layer.data_format == "channels_first" else shape[:-1])
    else:
        sizes = (size,) if isinstance(size, int) else tuple(size)
        yield prod(sizes)
        if layer.padding == "same":
            yield from range(1, max(sizes))
