"""Target ``axi-stream``: the network between two AXI4-Streams, one jet per transfer.

The pipeline cannot wait. A jet is therefore only taken when the buffer behind the pipeline has room
for it and for all jets on their way, so that none is lost however long the receiver waits.
"""

from collections.abc import Sequence
from pathlib import Path

from jetmix.packaging.network import SOURCES, Element, write_network
from jetmix.packaging.order import Order, write_filled

# cycles between the taking and the giving of a jet, beside the network's: the first register of the
# pipeline, the buffer, and the transfer itself
AROUND = 3


def write(order: Order, folder: Path) -> None:
    """Write the network and ``NAME_vN_axis.sv`` around it.

    Raises:
        LoweringError: if the synthesis holds no Verilog.
        BitsDifferError: if it was edited.
    """
    network = write_network(order, folder)
    values = {
        "NETWORK": network.module,
        "LATENCY": network.latency_cycles,
        # a power of two, since the places of the buffer wrap
        "ADDRESS_BITS": (network.latency_cycles + AROUND - 1).bit_length(),
        "INPUT_BITS": _bits(network.inputs),
        "OUTPUT_BITS": _bits(network.outputs),
        "INPUTS": _places(network.inputs),
        "OUTPUTS": _places(network.outputs),
    }
    write_filled(order, folder, {"axi_stream.sv": f"{SOURCES}/{order.label}_axis.sv"}, values)


def _bits(elements: Sequence[Element]) -> int:
    return sum(element.bits for element in elements)


def _places(elements: Sequence[Element]) -> str:
    """Return a comment that says which bits are which element."""
    lines, first = [], 0
    for element in elements:
        if element.bits:
            sign = "signed" if element.signed else "unsigned"
            high = first + element.bits - 1
            unit = f"in units of 2^{-element.fraction}"
            lines.append(f"//   {high}:{first}  {element.name}, {sign}, {unit}")
        first += element.bits
    return "\n".join(lines)
