"""The tagger as one graph of shifts and additions (Distributed Arithmetic), from da4ml.

The graph is the level 'ir' of the ladder, and its cost is what the LUT estimate is made from.
Source: da4ml, arXiv 2507.04535.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from jetmix.errors import LoweringError, ReportReadError
from jetmix.firmware.project import INSTALL
from jetmix.support.arrays import Float64, Ints
from jetmix.support.files import atomic_path

# allowed depth of an adder tree beyond the shallowest one; hls4ml's own default for the strategy
DELAY_CONSTRAINT = 2
# traced arrays by place, in order of data flow: 'inputs', '/<layer>/<part>' ..., 'final'
Traces = dict[str, Any]


class Grid(Protocol):
    """The values that da4ml gives a result: from ``min`` to ``max`` in steps of ``step``."""

    @property
    def min(self) -> float:
        """The smallest value."""

    @property
    def max(self) -> float:
        """The largest value."""

    @property
    def step(self) -> float:
        """The weight of the least significant bit."""


class Operation(Protocol):
    """One operation of a graph, da4ml's ``Op``; see :mod:`jetmix.firmware.dais` for opcodes."""

    @property
    def opcode(self) -> int:
        """What is done."""

    @property
    def id0(self) -> int:
        """The first operand, an index into the graph's operations or inputs."""

    @property
    def id1(self) -> int:
        """The second operand."""

    @property
    def data(self) -> int:
        """A shift or a constant, as the opcode has it."""

    @property
    def qint(self) -> Grid:
        """The values of the result."""


@runtime_checkable
class DaGraph(Protocol):
    """What jetmix uses of da4ml's ``CombLogic``: a tagger as operations on shifted values."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs and outputs."""

    @property
    def ops(self) -> Sequence[Operation]:
        """The operations, each after those that it reads."""

    @property
    def inp_shifts(self) -> Sequence[int]:
        """Power of two that each input is multiplied with."""

    @property
    def out_idxs(self) -> Sequence[int]:
        """The operation that each output is; below zero for an output that is always 0."""

    @property
    def out_shifts(self) -> Sequence[int]:
        """Power of two that each output is multiplied with."""

    @property
    def out_negs(self) -> Sequence[bool]:
        """Whether each output is negated."""

    @property
    def inp_qint(self) -> Sequence[Grid]:
        """The values of each input."""

    @property
    def out_qint(self) -> Sequence[Grid]:
        """The values of each output."""

    @property
    def inp_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the inputs, (3, input)."""

    @property
    def out_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the outputs, (3, output)."""

    @property
    def cost(self) -> float:
        """The cost by which da4ml compares graphs, about one per full adder."""

    def predict(self, data: Float64) -> Float64:
        """Return the outputs (vector, output) for inputs (vector, input)."""

    def save(self, path: Path) -> None:
        """Write the graph as JSON."""

    def _replace(self, **changes: object) -> Self: ...


class Stages(Protocol):
    """What jetmix uses of da4ml's ``Pipeline``: a graph cut by registers."""

    @property
    def solutions(self) -> Sequence[DaGraph]:
        """The graph of each stage."""

    @property
    def reg_bits(self) -> int:
        """Bits of all registers."""


def trace(model: Any) -> DaGraph:
    """Return the da4ml ``CombLogic`` of a Keras HGQ model, all inputs and outputs flattened.

    Raises:
        LoweringError: if da4ml cannot trace a layer.
    """
    return graph_of(trace_layers(model))


def trace_layers(model: Any, *, delay_constraint: int = DELAY_CONSTRAINT) -> Traces:
    """Return the traces of a Keras HGQ model after every layer.

    Args:
        model: a Keras model of HGQ layers.
        delay_constraint: how many adders deeper than the shallowest an adder tree may be; -1 for
            any depth.

    Raises:
        LoweringError: if da4ml cannot trace a layer.
    """
    from da4ml.converter import trace_model
    from da4ml.trace import HWConfig

    try:
        traces: Traces = trace_model(
            model, HWConfig(1, -1, -1), {"hard_dc": delay_constraint}, dump=True
        )
    except Exception as error:
        raise LoweringError(
            f"da4ml cannot trace the model ({type(error).__name__}: {error})",
            mend="use the layers that jetmix taggers use",
        ) from error
    return traces


def graph_of(traces: Traces) -> DaGraph:
    """Return the ``CombLogic`` from the inputs to the outputs of traces."""
    from da4ml.trace import comb_trace

    graph: DaGraph = comb_trace(variables(traces["inputs"]), variables(traces["final"]))
    return graph


def variables(trace: Any) -> list[Any]:
    """Return the variables of a traced array, or of several of them, flattened."""
    import numpy as np

    arrays = trace if isinstance(trace, tuple | list) else (trace,)
    return [variable for array in arrays for variable in np.ravel(array)]


def layered(traces: Traces) -> tuple[DaGraph, dict[str, list[int]]]:
    """Return one ``CombLogic`` of all traced places, and which of its outputs each place is."""
    from da4ml.trace import comb_trace

    outputs: list[Any] = []
    places: dict[str, list[int]] = {}
    for place, trace in traces.items():
        if place != "inputs":
            new = variables(trace)
            places[place] = list(range(len(outputs), len(outputs) + len(new)))
            outputs += new
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
        raise LoweringError(
            "da4ml orders its operations in an unexpected way",
            mend=INSTALL,
        )
    layers = _first_layers(traces)
    return [layers[variable.id] for variable in kept]


def _first_layers(traces: Traces) -> dict[Any, str]:
    layers = {variable.id: "inputs" for variable in variables(traces["inputs"])}
    for place, trace in traces.items():
        stack = variables(trace)
        while stack:
            variable = stack.pop()
            if variable.id not in layers:
                layers[variable.id] = "/".join(place.split("/")[1:-1]) or place
                stack.extend(variable._from)
    return layers


def save(graph: DaGraph, path: Path) -> None:
    """Write a graph atomically as JSON."""
    with atomic_path(path) as temporary:
        graph.save(temporary)


def load(path: Path) -> DaGraph:
    """Read a graph that :func:`save` wrote.

    Raises:
        ReportReadError: if the file is missing or damaged.
    """
    from da4ml.types import CombLogic

    try:
        graph: DaGraph = CombLogic.load(path)
    except Exception as error:
        # da4ml indexes into the JSON without checks, so damage shows as many types
        raise ReportReadError(
            f"not a readable DA graph ({type(error).__name__})",
            where=path,
            mend="run 'jetmix synth' again into a new folder",
        ) from error
    return graph


def pipeline_registers(graph: DaGraph, *, adders_per_stage: int) -> tuple[int, int]:
    """Return stages and register bits with so many adders between registers."""
    cut = cut_into_stages(graph, adders_per_stage=adders_per_stage)
    return len(cut.solutions), int(cut.reg_bits)


def cut_into_stages(graph: DaGraph, *, adders_per_stage: int) -> Stages:
    """Return the stages of a graph, with so many adders between registers."""
    from da4ml.trace.pipeline import to_pipeline

    stages: Stages = to_pipeline(graph, adders_per_stage, verbose=False)
    return stages


def watching(
    graph: DaGraph, operations: Sequence[int], negated: Sequence[bool] | None = None
) -> DaGraph:
    """Return the graph with the results of ``operations`` as its outputs, some of them negated."""
    return graph._replace(
        shape=(graph.shape[0], len(operations)),
        out_idxs=list(operations),
        out_shifts=[0] * len(operations),
        out_negs=[False] * len(operations) if negated is None else list(negated),
    )
