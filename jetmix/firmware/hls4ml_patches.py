"""What hls4ml 1.3.0 gets wrong, mended through its own registries, and only while jetmix uses it.

hls4ml lowers a layer that it has no handler for, such as the QSum of GNN and Deep Sets taggers, to
a combinational node that da4ml traced. Its bit-exact pass asks every node two questions by type
(``functools.singledispatch``): which bits come out of it, and which bits of its inputs it can make
use of. For that node both answers are broken:

- the bits that come out: hls4ml traces the node again with an input of the wrong shape, and
  answers in a flat shape;
- the bits that go in: it reads an attribute that does not exist, and answers in a flat shape.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import LoweringError

# sign, integer and fraction bits of every element of an array
Kif = tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]
# hls4ml's own figure for "as many bits as there are"
ALL_BITS = 126


@contextlib.contextmanager
def mended() -> Iterator[None]:
    """Run a block with hls4ml's bit-exact pass mended, and put its own answers back afterwards."""
    from hls4ml.model.layers import DACombinational
    from hls4ml.model.optimizer.passes import bit_exact

    with (
        _registered(bit_exact._produce_kif, DACombinational, produced_bits),
        _registered(bit_exact._request_kif, DACombinational, requested_bits),
    ):
        yield


@contextlib.contextmanager
def _registered(question: Any, kind: type, answer: Callable[..., Any]) -> Iterator[None]:
    before = question.registry[kind]
    question.register(kind, answer)
    try:
        yield
    finally:
        question.register(kind, before)


def produced_bits(layer: Any) -> Kif:
    """Return the bits of every output of a combinational node: those that its C++ declares."""
    from hls4ml.model.optimizer.passes.bit_exact import get_output_shape

    graph = layer.attributes["da_comb_logic"]
    k, i, f = (bits.reshape(get_output_shape(layer)).astype(np.int16) for bits in graph.out_kifs)
    return k, i, f


def requested_bits(layer: Any) -> tuple[Kif, ...]:
    """Return the bits that a combinational node can use of every element of its input.

    All integer bits are asked for: the node wraps or saturates by itself. Fraction bits below its
    input's step are cut off on the way in, so they are not.

    Raises:
        LoweringError: if the node has several inputs, for which hls4ml would write wrong C++.
    """
    from hls4ml.model.optimizer.passes.bit_exact import get_input_shapes

    shapes = get_input_shapes(layer)
    if len(shapes) != 1:
        raise LoweringError(
            f"a {layer.attributes['original_type']} of {len(shapes)} inputs has no form in C++",
            where=f"layer {layer.name}",
            mend="use the layers that jetmix taggers use",
        )
    graph = layer.attributes["da_comb_logic"]
    k, i, f = (bits.reshape(shapes[0]).astype(np.int16) for bits in graph.inp_kifs)
    live = k + i + f > 0
    whole = np.where(live, np.int16(ALL_BITS), np.int16(0))
    return ((live.astype(np.int16), whole, np.where(live, f, np.int16(0))),)
