"""da4ml, the engine that hls4ml lowers with (arXiv 2507.04535); its graph has the form of jetmix.

Its development ended with 0.6.0.
"""

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jetmix.errors import LoweringError
from jetmix.firmware.engines import da4ml_replay
from jetmix.firmware.engines.inner import recorded, with_inner
from jetmix.firmware.graph import DaGraph, Stages, Traces, outputs_by_place, variables
from jetmix.firmware.project import INSTALL

if TYPE_CHECKING:
    from jetmix.firmware.engines.registry import Language


def trace_layers(model: Any, delay_constraint: int) -> Traces:
    """Return the traces of a Keras HGQ model after every layer.

    Raises:
        LoweringError: if da4ml cannot trace a layer.
    """
    from hgq._dais_tracer.layers.activation import ReplayQFunctionLUT

    with recorded(ReplayQFunctionLUT) as found:
        traces = Traces(da4ml_replay.trace(model, delay_constraint))
    return with_inner(traces, model, found)


def graph_of(traces: Traces) -> DaGraph:
    """Return the ``CombLogic`` from the inputs to the outputs of traces."""
    from da4ml.trace import comb_trace

    graph: DaGraph = comb_trace(variables(traces["inputs"]), variables(traces["final"]))
    return graph


def layered(traces: Traces) -> tuple[DaGraph, dict[str, list[int]]]:
    """Return one ``CombLogic`` of all traced places, and which of its outputs each place is."""
    from da4ml.trace import comb_trace

    outputs, places = outputs_by_place(traces)
    return comb_trace(variables(traces["inputs"]), outputs), places


def layer_of_operations(traces: Traces, graph: DaGraph) -> list[str]:
    """Return the layer that each operation of ``graph_of(traces)`` belongs to.

    That is the first layer, in order of data flow, whose traces are made from the operation; an
    input port belongs to ``inputs``.

    Raises:
        LoweringError: if da4ml orders its operations in another way than is known.
    """
    from da4ml.trace.tracer import gather_variables

    inputs, outputs = variables(traces["inputs"]), variables(traces["final"])
    found, _ = gather_variables(inputs, outputs)
    read = {variable.id for variable in outputs}
    read |= {source.id for variable in found for source in variable._from or ()}
    kept = [variable for variable in found if variable.id in read]
    if [v.unscaled.qint for v in kept] != [op.qint for op in graph.ops]:
        raise LoweringError("da4ml orders its operations in an unexpected way", mend=INSTALL)
    layers = first_layers(traces)
    for variable in kept:
        # da4ml gives a constant another id in each copy of what is made from it
        for source in variable._from or ():
            layers.setdefault(source.id, layers.get(variable.id, "final"))
    return [layers.get(variable.id, "final") for variable in kept]


def first_layers(traces: Traces) -> dict[Any, str]:
    """Return the first layer, in order of data flow, that is made from each variable, by its id."""
    layers = {variable.id: "inputs" for variable in variables(traces["inputs"])}
    for place, trace in traces.items():
        stack = variables(trace)
        while stack:
            variable = stack.pop()
            if variable.id not in layers:
                layers[variable.id] = "/".join(place.split("/")[1:-1]) or place
                stack.extend(variable._from)
    return layers


def load(content: Any) -> DaGraph:
    """Return the graph of a parsed file; da4ml checks nothing, so damage shows as many types."""
    from da4ml.types import CombLogic

    graph: DaGraph = CombLogic.deserialize(content)
    return graph


def cut_into_stages(graph: DaGraph, adders_per_stage: int) -> Stages:
    """Return the stages of a graph, with so many adders between registers."""
    from da4ml.trace.pipeline import to_pipeline

    cut = to_pipeline(graph, adders_per_stage, verbose=False)
    return Stages(solutions=cut.solutions, reg_bits=int(cut.reg_bits))


def write_hdl(
    graph: DaGraph, folder: Path, *, top: str, adders_per_stage: int, language: "Language"
) -> int:
    """Write sources into ``folder/src``, and return how many stages the pipeline has.

    Files beside the sources are da4ml's own scripts and constraints.
    """
    from da4ml.codegen.rtl.rtl_model import RTLModel

    with contextlib.redirect_stdout(io.StringIO()):
        written = RTLModel(
            graph,
            top,
            folder,
            flavor=language,
            latency_cutoff=adders_per_stage,
            print_latency=False,
        )
        written.write()
    return len(written._pipe.solutions)
