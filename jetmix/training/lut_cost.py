"""What a quantised tagger costs in LUT, as a function of its bits that a training can descend.

Firmware by distributed arithmetic adds an input of b bits once for every nonzero digit of the
weight that multiplies it, so a dense layer takes about its input bits times the digits of its
weights; sums take the bits that they add, and lookup tables their entries times their bits. Each of
these amounts is turned into LUT by one constant, fitted to graphs of trained taggers by
``benchmarks/lut_cost.py``. Beside it EBOPs count all bits of a weight, zeros among them.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from jetmix.support.packaged import packaged

FILE = "training/lut_cost.toml"
# amounts of a layer, by name
Amounts = Mapping[str, Any]
# integers above carry no bits that a weight of a tagger has
LARGEST = 2**28


def digits(integers: Any) -> Any:
    """Return how many digits of each integer are not zero when digits may be -1, 0 or 1.

    That is the canonical signed form, which has the fewest; int32 not negative, below 2^29.
    """
    from keras import ops

    # the form of n is 3n - n digit by digit: a digit is not zero where the two differ
    x = ops.bitwise_xor(integers, 3 * integers)
    x = x - ops.bitwise_and(ops.right_shift(x, 1), 0x55555555)
    x = ops.bitwise_and(x, 0x33333333) + ops.bitwise_and(ops.right_shift(x, 2), 0x33333333)
    x = ops.bitwise_and(x + ops.right_shift(x, 4), 0x0F0F0F0F)
    x = x + ops.right_shift(x, 8)
    return ops.bitwise_and(x + ops.right_shift(x, 16), 0x3F)


def amounts_of(layer: Any, *shapes: tuple[int, ...]) -> Amounts:
    """Return what a layer of hgq2 adds and looks up, from its bits and weights of now.

    Args:
        layer: it; the EBOPs of a kind that is not known here count as products.
        shapes: of its inputs, with 1 for the axis of jets.
    """
    count: Callable[..., Amounts] = COUNTS.get(type(layer).__name__, _other)
    return count(layer, *shapes)


def lut_of(amounts: Amounts) -> Any:
    """Return the LUT of amounts."""
    per = constants()
    return sum(per[name] * amount for name, amount in amounts.items())


def lut_of_tagger(model: Any) -> float:
    """Return the LUT of a tagger of HGQ layers as it is now, 0 in full precision.

    A layer that is folded counts for its share, as its EBOPs do.
    """
    return sum(
        float(lut_of(amounts_of(layer, *shapes))) * float(layer.ebops_factor)
        for layer, shapes in counted(model)
    )


def counted(model: Any) -> list[tuple[Any, list[tuple[int, ...]]]]:
    """Return the layers whose EBOPs count, each with the shapes of its inputs."""
    found = []
    for layer in model.layers:
        if getattr(layer, "enable_ebops", False):
            inputs = layer.input if isinstance(layer.input, list) else [layer.input]
            found.append((layer, [(1, *tensor.shape[1:]) for tensor in inputs]))
    return found


def weigh_lut(model: Any) -> None:
    """Let beta weigh the LUT of a tagger instead of its EBOPs.

    The layers still record EBOPs; what a training descends has the gradient of LUT.
    """
    for layer, _ in counted(model):
        layer._compute_ebops = partial(_with_gradient, layer._compute_ebops, layer)


def _with_gradient(ebops_of: Callable[..., Any], layer: Any, *shapes: Any) -> Any:
    from keras import ops

    lut = lut_of(amounts_of(layer, *shapes))
    # the difference is exactly zero: EBOPs are recorded as integers
    return ops.stop_gradient(ebops_of(*shapes)) + (lut - ops.stop_gradient(lut))


@cache
def constants() -> dict[str, float]:
    """Return LUT for one of each amount."""
    table = tomllib.loads(packaged(FILE).read_text(encoding="utf-8"))["lut_per"]
    return {name: float(value) for name, value in table.items()}


def _dense(layer: Any, shape: tuple[int, ...]) -> Amounts:
    """Input bits times digits of weights, over all products."""
    from keras import ops

    bits = ops.cast(layer.kq.bits_(layer.kernel.shape), "float32")
    count = _digits_of(ops.stop_gradient(layer.qkernel), layer.kq)
    # the digits follow the bits: half of these, half of those
    per_bit = ops.stop_gradient(count / ops.maximum(bits, 1.0))
    return {"products": ops.einsum(layer.ebops_equation, layer.iq.fbits_(shape), bits * per_bit)}


def _digits_of(weights: Any, quantiser: Any) -> Any:
    from keras import ops

    steps = ops.abs(weights) * 2.0**quantiser.quantizer.f
    whole = ops.cast(ops.minimum(ops.round(steps), float(LARGEST)), "int32")
    return ops.cast(digits(whole), "float32")


def _sum(layer: Any, shape: tuple[int, ...]) -> Amounts:
    """Bits of what is summed."""
    from keras import ops

    return {"summed": ops.sum(layer.iq.fbits_(shape))}


def _add(layer: Any, *shapes: tuple[int, ...]) -> Amounts:
    """Bits of all but the widest of what is added."""
    from keras import ops

    bits = [iq.fbits_(shape) for iq, shape in zip(layer.iq, shapes, strict=True)]
    total, widest = bits[0], bits[0]
    for more in bits[1:]:
        total, widest = total + more, ops.maximum(widest, more)
    return {"added": ops.sum(total - widest)}


def _tables(layer: Any, shape: tuple[int, ...]) -> Amounts:
    """Bits in tables, counted in LUT of six inputs, and bits of their outputs, which are summed."""
    from keras import ops

    pairs = (*shape, layer.n_out)
    bits_in, bits_out = layer.iq.fbits_(pairs), layer.toq.fbits_(pairs)
    # a LUT gives two bits of five inputs, or one of six
    entries = ops.where(bits_in >= 5, 2.0 ** (bits_in - 5), bits_in / 5)
    used = ops.stop_gradient(ops.cast(bits_in > 0, "float32"))
    return {"tables": ops.sum(entries * bits_out) / 2, "looked_up": ops.sum(used * bits_out)}


def _other(layer: Any, *shapes: tuple[int, ...]) -> Amounts:
    return {"products": type(layer)._compute_ebops(layer, *shapes)}


COUNTS: dict[str, Callable[..., Amounts]] = {
    "QEinsumDense": _dense,
    "QEinsumDenseBatchnorm": _dense,
    "QSum": _sum,
    "QAdd": _add,
    "QDenseT": _tables,
}
