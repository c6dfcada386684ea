"""What alkaid cannot lower, known before it is asked: it would fail without a reason."""

from collections.abc import Iterator
from math import prod
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.engines.alkaid_graph import OTHER_ENGINE


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
