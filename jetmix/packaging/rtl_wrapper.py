"""Target ``rtl-wrapper``: a top with valid bits and a port for each element.

It is SystemVerilog round the Verilog, or VHDL round the VHDL, with the same ports.
"""

from pathlib import Path

from jetmix.packaging import vhdl
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
    """Write the network and ``NAME_vN.sv`` or ``NAME_vN.vhd`` around it.

    Raises:
        UsageError: if there is no such score, or it never or always reaches the threshold.
        LoweringError: if the synthesis does not hold the language.
        BitsDifferError: if it was edited.
    """
    network = write_network(order, folder, order.language)
    if order.language == "vhdl":
        suffix, values = "vhd", _in_vhdl(order, network)
    else:
        suffix, values = "sv", _in_verilog(order, network)
    place = f"{SOURCES}/{order.label}.{suffix}"
    write_filled(order, folder, {f"rtl_wrapper.{suffix}": place}, values)


def _in_verilog(order: Order, network: Network) -> dict[str, object]:
    """Return what stands in the template in SystemVerilog."""
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


def _in_vhdl(order: Order, network: Network) -> dict[str, object]:
    """Return what stands in the template in VHDL."""
    inputs, outputs = vhdl.ranges(network.inputs), vhdl.ranges(network.outputs)
    ports = [vhdl.port("out", element) for element, _ in outputs]
    answers = [(element.identifier, f"model_out({bits})") for element, bits in outputs]
    generic = ""
    if order.threshold is not None:
        score, kind, least = vhdl.limit_of(network.outputs, order.threshold)
        generic = (
            "\n    generic (\n"
            f"        -- integer of {score.identifier} from which on a jet is taken\n"
            f"        THRESHOLD : {kind} := {least}\n    );"
        )
        ports.append("        decision : out std_logic")
        reached = vhdl.reached(score, network.outputs, "THRESHOLD")
        answers.append(("decision", f"valid(LATENCY) when {reached} else '0'"))
    return {
        "NETWORK": network.module,
        "LATENCY": network.latency_cycles,
        "GENERIC": generic,
        "INPUTS": "\n".join(f"{vhdl.port('in', element)};" for element, _ in inputs),
        "OUTPUTS": ";\n".join(ports),
        "INPUT_BITS": vhdl.bits_of(network.inputs),
        "OUTPUT_BITS": vhdl.bits_of(network.outputs),
        "GIVEN": vhdl.connected([(f"model_inp({bits})", e.identifier) for e, bits in inputs]),
        "ANSWERS": vhdl.connected(answers),
    }
