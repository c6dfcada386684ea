"""Target ``emulator``: a package of CMSSW, after the interface of hls4ml's emulators.

The network is the whole graph in C++ on the types of ap_types, with all constants compiled in. All
of it stands in a namespace of name and version, so that a process can load several.
"""

from collections.abc import Sequence
from pathlib import Path

from jetmix.firmware.hls_graph import FUNCTION, cpp_of
from jetmix.models.signature import Port
from jetmix.packaging.order import Order, write_filled

# callers hold the elements of a single port in an array of any kind
TAKE = """\
        if (input_t **first = std::any_cast<input_t *>(&input))
            return (void)std::copy_n(*first, inputs_.size(), inputs_.begin());
        if (const input_t **first = std::any_cast<const input_t *>(&input))
            return (void)std::copy_n(*first, inputs_.size(), inputs_.begin());
"""
GIVE = """\
        if (result_t **first = std::any_cast<result_t *>(&result))
            return (void)std::copy_n(results_.begin(), results_.size(), *first);
"""


def write(order: Order, folder: Path) -> None:
    """Write ``NAME_vN/`` with emulator, network and Makefile, and the Makefile of all versions.

    Raises:
        LoweringError: if the graph has no form in C++.
    """
    name, label = order.name, order.label
    files = {
        "emulator/defines.h": f"{label}/NN/defines.h",
        "emulator/network.h": f"{label}/NN/{label}.h",
        "emulator/network.cpp": f"{label}/NN/{label}.cpp",
        "emulator/emulator.cpp": f"{label}/{name}_emulator_v{order.version}.cpp",
        "emulator/version.mk": f"{label}/Makefile",
        "emulator/top.mk": "Makefile",
    }
    write_filled(order, folder, files, _values(order))


def _values(order: Order) -> dict[str, object]:
    """Return what stands in the templates."""
    inputs, outputs = order.ports.inputs, order.ports.outputs
    code = cpp_of(order.graph, inputs, outputs)
    ports = (*inputs, *outputs)
    types = zip(ports, (*code.input_types, *code.output_types), strict=True)
    one_in, one_out = len(inputs) == 1, len(outputs) == 1
    return {
        "SOURCE": "\n".join(
            line for line in code.source.splitlines() if not line.lstrip().startswith("#pragma HLS")
        ),
        "FUNCTION": FUNCTION,
        "TYPES": "\n".join(f"typedef {kind} {port.identifier}_t;" for port, kind in types),
        "INPUTS": _grouped(inputs),
        "RESULTS": _grouped(outputs),
        "SINGLE": "".join(
            f"// the type of an element\ntypedef {ports[0].identifier}_t {kind}_t;\n"
            for kind, ports in (("input", inputs), ("result", outputs))
            if len(ports) == 1
        ),
        "PARAMETERS": ", ".join(f"{p.identifier}_t {p.identifier}[{p.size}]" for p in ports),
        "ARGUMENTS": ", ".join(port.identifier for port in ports),
        "CALL": ", ".join((*_places("inputs_", inputs), *_places("results_", outputs))),
        "OR_INPUT": ", or to the first input_t of a jet" if one_in else "",
        "OR_RESULT": ", or to the first of as many result_t" if one_out else "",
        "TAKE": TAKE if one_in else "",
        "GIVE": GIVE if one_out else "",
    }


def _grouped(ports: Sequence[Port]) -> str:
    """Return the type that holds all ports: an array, a pair or a tuple of arrays."""
    arrays = [f"std::array<{port.identifier}_t, {port.size}>" for port in ports]
    if len(arrays) == 1:
        return arrays[0]
    return f"std::{'pair' if len(arrays) == 2 else 'tuple'}<{', '.join(arrays)}>"


def _places(name: str, ports: Sequence[Port]) -> list[str]:
    """Return where the elements of each port lie in that type."""
    if len(ports) == 1:
        return [f"{name}.data()"]
    return [f"std::get<{i}>({name}).data()" for i in range(len(ports))]
