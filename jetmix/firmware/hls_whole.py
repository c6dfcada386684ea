"""A Vitis HLS project whose one function is the whole graph of a tagger.

For what hls4ml cannot lower. hls4ml writes its own files for a network that has the ports of the
tagger and computes nothing; then the function of the graph is called in it.
"""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.hls import POISON, complete, remove_traces, settings, write_test_bench
from jetmix.firmware.hls_graph import FUNCTION, CppGraph, cpp_of
from jetmix.firmware.parts import Part
from jetmix.firmware.project import INSTALL, TOP, FirmwareProject, seal
from jetmix.models.signature import Port, Signature
from jetmix.support.arrays import Floats
from jetmix.support.files import place_folder


def write_whole(
    graph: DaGraph,
    ports: Signature,
    destination: Path,
    *,
    part: Part,
    clock_period_ns: float,
    test_bench: tuple[Floats, Floats],
    top: str = TOP,
) -> FirmwareProject:
    """Write the Vitis HLS project of a graph.

    The project appears at ``destination`` only when it is complete.

    Args:
        graph: the graph, of any engine.
        ports: the tagger's inputs and outputs; each is an array of the top function.
        destination: folder that does not exist yet.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        test_bench: input vectors (vector, ...) and the Keras outputs for them (vector, output).
        top: name of the top function.

    Raises:
        LoweringError: if the graph has no form in C++, or hls4ml's files are not as expected.
    """
    code = cpp_of(graph, ports.inputs, ports.outputs)
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch) / "project"
        given = settings(folder, part=part, clock_period_ns=clock_period_ns, top=top)
        stamp = _write_files(code, ports, given)
        remove_traces(folder, stamp)
        complete(folder, part=part, clock_period_ns=clock_period_ns, top=top)
        write_test_bench(folder / "tb_data", *test_bench)
        place_folder(folder, destination)
    return seal(destination, part=part.full_name, clock_period_ns=clock_period_ns, top=top)


def _write_files(code: CppGraph, ports: Signature, given: dict[str, Any]) -> str:
    """Let hls4ml write its project of ``settings`` around the graph; return its random stamp."""
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    types = [*zip(ports.inputs, code.input_types, strict=True)]
    types += [*zip(ports.outputs, code.output_types, strict=True)]
    config = create_config(backend="Vitis", **given)
    config["HLSConfig"] = {
        "Model": {"Precision": POISON, "ReuseFactor": 1},
        "LayerName": {port.identifier: {"Precision": {"result": t}} for port, t in types},
    }
    try:
        # hls4ml prints to standard output, which here carries results only
        with contextlib.redirect_stdout(io.StringIO()):
            network = ModelGraph.from_layer_list(
                config,
                _layers(ports),
                inputs=[port.identifier for port in ports.inputs],
                outputs=[port.identifier for port in ports.outputs],
            )
            _call_graph(network, code, ports)
            network.write()
            return str(network.config.config["Stamp"])
    except OSError:
        raise  # a full disk is no fault of hls4ml
    except Exception as error:
        raise LoweringError(
            "hls4ml cannot write the files of a project",
            mend=INSTALL,
        ) from error


def _layers(ports: Signature) -> list[dict[str, Any]]:
    """Return hls4ml's description of a network of these ports that computes nothing."""
    from da4ml.trace import FixedVariableArrayInput, comb_trace

    bit = FixedVariableArrayInput(1).quantize(0, 1, 0)
    nothing = comb_trace(bit, bit)
    names = [port.identifier for port in ports.inputs]
    inputs = [
        {"class_name": "InputLayer", "name": port.identifier, "input_shape": [port.size]}
        for port in ports.inputs
    ]
    outputs = [
        {
            "class_name": "DACombinational",
            "name": port.identifier,
            "inputs": names,
            "output_shape": [port.size],
            "original_type": FUNCTION,
            "da_comb_logic": nothing,
            "bit_exact_transformed": True,
        }
        for port in ports.outputs
    ]
    return [*inputs, *outputs]


def _call_graph(network: Any, code: CppGraph, ports: Signature) -> None:
    """Name arrays and types after the ports, and call the graph where the network stood."""
    for port in (*ports.inputs, *ports.outputs):
        variable = network.graph[port.identifier].get_output_variable()
        variable.name = port.identifier
        variable.type.name = f"{port.identifier}_t"
    for port in ports.outputs:
        node = network.graph[port.identifier]
        node.attributes["da_codegen"].code = ""
        node.attributes["function_cpp"] = None
    first = network.graph[ports.outputs[0].identifier]
    arrays = ", ".join(port.identifier for port in (*ports.inputs, *ports.outputs))
    first.attributes["da_codegen"].code = code.source
    first.attributes["function_cpp"] = f"nnet::{FUNCTION}({arrays});"
    network.config.config["OutputShapes"] = _sizes(ports.outputs)


def _sizes(ports: tuple[Port, ...]) -> dict[str, list[int]]:
    return {port.identifier: [port.size] for port in ports}
