"""How many bits the values of a graph take, and which floating-point numbers hold them exactly."""

from collections.abc import Iterable, Mapping

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.dais import Width, widths_of
from jetmix.firmware.graph import DaGraph, Traces
from jetmix.models.float64 import BITS, Precision
from jetmix.models.prepare import shown

Real = type[np.float32] | type[np.float64]


def magnitude(width: Width) -> int:
    """Return the bits of a value without its sign, which is what floating-point numbers hold."""
    return width.bits - width.sign


def dtype_of(widths: Iterable[Width]) -> Real:
    """Return the type that holds values of all these widths, float32 if it does."""
    bits = max((magnitude(width) for width in widths), default=0)
    return np.float32 if bits <= BITS["float32"] else np.float64


def precision_of(graph: DaGraph) -> Precision:
    """Return what Keras must compute in to be as exact as the firmware."""
    return "float32" if dtype_of(widths_of(graph)) is np.float32 else "float64"


def require_exact_numbers(traces: Traces, graph: DaGraph, names: Mapping[str, str]) -> None:
    """Refuse a graph with values that no reference can compute.

    Args:
        traces: what the graph was made of.
        graph: the graph.
        names: the original name of every layer that was renamed.

    Raises:
        LoweringError: naming the layer of the widest value and its bits.
    """
    bits = [magnitude(width) for width in widths_of(graph)]
    widest = max(range(len(bits)), key=bits.__getitem__, default=None)
    if widest is None or bits[widest] <= BITS["float64"]:
        return
    layer = da_graph.layer_of_operations(traces, graph)[widest]
    raise LoweringError(
        f"a value needs {bits[widest]} bits, and no reference is exact beyond {BITS['float64']}",
        where=f"layer {shown(layer, names)}",
        mend="give its quantisers, or those before it, fewer bits",
    )
