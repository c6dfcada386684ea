"""The tagger as one graph of shifts and additions (Distributed Arithmetic), by any engine.

The graph is the level 'ir' of the ladder, and its cost is what the LUT estimate is made from.
The functions here find the engine of what they are given.
"""

import json
from pathlib import Path
from typing import Any

from jetmix.errors import ReportReadError
from jetmix.firmware.derived import adopt
from jetmix.firmware.engines.registry import engine, engine_of, engine_of_file
from jetmix.firmware.graph import DELAY_CONSTRAINT, DaGraph, Stages, Traces
from jetmix.firmware.project import DA4ML, EngineName
from jetmix.support.files import atomic_path


def trace(model: Any, *, by: EngineName = DA4ML) -> DaGraph:
    """Return the graph of a Keras HGQ model, all inputs and outputs flattened.

    Raises:
        LoweringError: if the engine cannot trace a layer.
    """
    return graph_of(trace_layers(model, by=by))


def trace_layers(
    model: Any, *, delay_constraint: int = DELAY_CONSTRAINT, by: EngineName = DA4ML
) -> Traces:
    """Return the traces of a Keras HGQ model after every layer.

    Args:
        model: a Keras model of HGQ layers.
        delay_constraint: how many adders deeper than the shallowest an adder tree may be; -1 for
            any depth.
        by: the engine.

    Raises:
        LoweringError: if the engine cannot trace a layer.
    """
    adopt(model, by)
    return engine(by).trace_layers(model, delay_constraint)


def graph_of(traces: Traces) -> DaGraph:
    """Return the graph from the inputs to the outputs of traces."""
    return engine_of(traces).graph_of(traces)


def layered(traces: Traces) -> tuple[DaGraph, dict[str, list[int]]]:
    """Return one graph of all traced places, and which of its outputs each place is."""
    return engine_of(traces).layered(traces)


def layer_of_operations(traces: Traces, graph: DaGraph) -> list[str]:
    """Return the layer that each operation of ``graph_of(traces)`` belongs to.

    That is the first layer, in order of data flow, whose traces are made from the operation; an
    input port belongs to ``inputs``.

    Raises:
        LoweringError: if the engine orders its operations in another way than is known.
    """
    return engine_of(traces).layer_of_operations(traces, graph)


def save(graph: DaGraph, path: Path) -> None:
    """Write a graph atomically as JSON."""
    with atomic_path(path) as temporary:
        graph.save(temporary)


def load(path: Path) -> DaGraph:
    """Read a graph that :func:`save` wrote.

    Raises:
        ReportReadError: if the file is missing or damaged.
    """
    try:
        content = json.loads(path.read_bytes())
        return engine_of_file(content).load(content)
    except Exception as error:
        # engines index into the content without checks, so damage shows as many types
        raise ReportReadError(
            f"not a readable DA graph ({type(error).__name__})",
            where=path,
            mend="run 'jetmix synth' again into a new folder",
        ) from error


def pipeline_registers(graph: DaGraph, *, adders_per_stage: int) -> tuple[int, int]:
    """Return stages and register bits with so many adders between registers."""
    cut = cut_into_stages(graph, adders_per_stage=adders_per_stage)
    return len(cut.solutions), cut.reg_bits


def cut_into_stages(graph: DaGraph, *, adders_per_stage: int) -> Stages:
    """Return the stages of a graph, with so many adders between registers."""
    return engine_of(graph).cut_into_stages(graph, adders_per_stage)
