"""Target ``rtl-wrapper``: a top in SystemVerilog with valid bits and a port for each element."""

from pathlib import Path

from jetmix.packaging.network import (
    SOURCES,
    Element,
    Network,
    integer_threshold,
    packed,
    score_of,
    write_network,
)
from jetmix.packaging.order import Order, write_filled


def write(order: Order, folder: Path) -> None:
    """Write the network and ``NAME_vN.sv`` around it.

    Raises:
        UsageError: if there is no such score, or it never or always reaches the threshold.
        LoweringError: if the synthesis holds no Verilog.
        BitsDifferError: if it was edited.
    """
    network = write_network(order, folder)
    place = f"{SOURCES}/{order.label}.sv"
    write_filled(order, folder, {"rtl_wrapper.sv": place}, _values(order, network))


def _values(order: Order, network: Network) -> dict[str, object]:
    """Return what stands in the template."""
    ports = [_declared("input", element) for element in network.inputs if element.bits]
    outputs = [_declared("output", element) for element in network.outputs if element.bits]
    parameter = decision = ""
    if order.threshold is not None:
        score = score_of(network.outputs, order.threshold)
        least = integer_threshold(score, order.threshold.value)
        parameter = (
            f" #(\n    // integer of {score.identifier} from which on a jet is taken\n"
            f"    parameter {score.kind} THRESHOLD = {least}\n)"
        )
        outputs.append("    output logic decision")
        decision = f"\n    assign decision = out_valid && {score.identifier} >= THRESHOLD;"
    return {
        "NETWORK": network.module,
        "LATENCY": network.latency_cycles,
        "PARAMETER": parameter,
        "INPUTS": ",\n".join(ports),
        "OUTPUTS": ",\n".join(outputs),
        "PACKED_INPUTS": packed(network.inputs),
        "PACKED_OUTPUTS": packed(network.outputs),
        "DECISION": decision,
    }


def _declared(direction: str, element: Element) -> str:
    """Return the declaration of a port, with what its integer stands for."""
    note = f"    // {element.name}, in units of 2^{-element.fraction}\n"
    return f"{note}    {direction} {element.kind} {element.identifier}"
