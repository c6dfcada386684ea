"""alkaid, the successor of da4ml: its graph is converted, operation by operation, to jetmix's form.

Version 0.8.2 has a pass that drops a shift (see :func:`mended`), and its delay of a product is
negative for a carry chain without limit, which da4ml writes as -1: here it gets a limit that no
chain reaches.
"""

import contextlib
import io
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jetmix.errors import LoweringError
from jetmix.firmware.graph import DaGraph, Grid, Stages, Table, Traces, variables
from jetmix.firmware.project import INSTALL
from jetmix.support.arrays import Float64, Ints

if TYPE_CHECKING:
    from jetmix.firmware.engines.registry import Language
from jetmix.firmware.project import EngineName

NAME: "EngineName" = "alkaid"
# what alkaid itself makes of -1 when it states the cost of a graph
NO_CARRY_LIMIT = 65534
# delay of one adder, in alkaid's unit, whatever its width
ADDER_DELAY = 1.09375 + 0.025390625
MISCOMPILES = "canonicalize_msb_wraps"
OTHER_ENGINE = "use --engine da4ml"
# opcodes of alkaid whose form differs from da4ml's
_NEGATE, _INPUT, _ADD_CONSTANT, _MUX, _BITS = -2, -1, 4, 6, 10
_FUSED_SUM = 11
# da4ml's quantise of the negated operand
_QUANTISE_NEGATED = -3

_mending = threading.RLock()


class Converted(NamedTuple):
    """An operation of jetmix's form."""

    opcode: int
    id0: int
    id1: int
    data: int
    qint: Grid
    latency: float
    cost: float


@dataclass(frozen=True)
class AlkaidGraph:
    """A ``CombLogic`` of alkaid in jetmix's form; operations keep their indices."""

    native: Any
    engine: "EngineName" = NAME

    @cached_property
    def ops(self) -> Sequence[Converted]:
        """The operations, each after those that it reads."""
        return [convert(op) for op in self.native.ops]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs and outputs."""
        return (int(self.native.shape[0]), int(self.native.shape[1]))

    @property
    def inp_shifts(self) -> Sequence[int]:
        """Power of two that each input is multiplied with."""
        shifts: Sequence[int] = self.native.inp_shifts
        return shifts

    @property
    def out_idxs(self) -> Sequence[int]:
        """The operation that each output is."""
        indices: Sequence[int] = self.native.out_idxs
        return indices

    @property
    def out_shifts(self) -> Sequence[int]:
        """Power of two that each output is multiplied with."""
        shifts: Sequence[int] = self.native.out_shifts
        return shifts

    @property
    def out_negs(self) -> Sequence[bool]:
        """Whether each output is negated."""
        negated: Sequence[bool] = self.native.out_negs
        return negated

    @property
    def lookup_tables(self) -> Sequence[Table] | None:
        """The tables that operations look up in."""
        tables: Sequence[Table] | None = self.native.lookup_tables
        return tables

    @property
    def inp_qint(self) -> Sequence[Grid]:
        """The values of each input."""
        grids: Sequence[Grid] = self.native.inp_qint
        return grids

    @property
    def out_qint(self) -> Sequence[Grid]:
        """The values of each output."""
        grids: Sequence[Grid] = self.native.out_qint
        return grids

    @property
    def inp_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the inputs, (3, input)."""
        kifs: Ints = self.native.inp_kifs
        return kifs

    @property
    def out_kifs(self) -> Ints:
        """Sign, integer and fraction bits of the outputs, (3, output)."""
        kifs: Ints = self.native.out_kifs
        return kifs

    @property
    def cost(self) -> float:
        """The cost by which alkaid compares graphs."""
        return float(self.native.cost)

    def predict(self, data: Float64, n_threads: int = 0) -> Float64:
        """Return the outputs (vector, output) for inputs (vector, input)."""
        values: Float64 = self.native.predict(data, n_threads=n_threads)
        return values

    def save(self, path: Path) -> None:
        """Write the graph as JSON, in alkaid's own form."""
        self.native.save(path)

    def _replace(self, **changes: object) -> "AlkaidGraph":
        return AlkaidGraph(self.native._replace(**changes))


def convert(op: Any) -> Converted:
    """Return an ``Op`` of alkaid in jetmix's form, as :mod:`jetmix.firmware.dais` states it.

    Raises:
        LoweringError: for an operation that alkaid makes only if asked for.
    """
    first, second, chooser = (*op.addr, -1, -1, -1)[:3]
    data = op.data[0] if op.data else 0
    code = op.opcode
    if code == _INPUT:
        first, data = data, 0
    elif code == _NEGATE:
        code = _QUANTISE_NEGATED
    elif code == _ADD_CONSTANT:
        data = round(data * 2.0 ** -op.data[1] / op.qint.step)
    elif code == _MUX:
        data = chooser + ((data & 0xFFFFFFFF) << 32)
    elif code == _BITS:
        data = (data & 0xFFFFFFFF) + (op.data[1] << 56)
    elif code == _FUSED_SUM:
        raise LoweringError("alkaid fused three additions into one", mend=OTHER_ENGINE)
    return Converted(
        code, first, second, data, op.qint, float(op.latency) / ADDER_DELAY, float(op.cost)
    )


@contextlib.contextmanager
def mended() -> Iterator[None]:
    """Leave out the pass of alkaid that miscompiles, wherever it was imported to.

    A quantise to one bit that takes the top bit of its operand loses its shift there, and takes
    another bit. The pass is put back afterwards, since others may use alkaid in this process.
    """
    from alkaid.trace.passes import canon

    with _mending:
        faulty = getattr(canon, MISCOMPILES)
        holders = [
            module
            for name, module in list(sys.modules.items())
            if name.startswith("alkaid") and getattr(module, MISCOMPILES, None) is faulty
        ]
        try:
            for module in holders:
                setattr(module, MISCOMPILES, _same)
            yield
        finally:
            for module in holders:
                setattr(module, MISCOMPILES, faulty)


def _same(comb: Any) -> Any:
    """Stand in for a pass: return its graph as it is."""
    return comb


def trace_layers(model: Any, delay_constraint: int) -> Traces:
    """Return the traces of a Keras HGQ model after every layer.

    Raises:
        LoweringError: if alkaid cannot trace a layer.
    """
    from alkaid.converter import trace_model
    from alkaid.trace import HWConfig

    config = HWConfig(1, NO_CARRY_LIMIT, -1)
    try:
        with mended():
            traces = Traces(trace_model(model, config, {"hard_dc": delay_constraint}, dump=True))
    except Exception as error:
        raise _cannot("trace the model", error) from error
    traces.engine = NAME
    return traces


def _cannot(what: str, error: Exception) -> LoweringError:
    said = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
    return LoweringError(f"the engine alkaid cannot {what} ({said})", mend=OTHER_ENGINE)


def graph_of(traces: Traces) -> DaGraph:
    """Return the graph from the inputs to the outputs of traces.

    Raises:
        LoweringError: if alkaid cannot make it.
    """
    return AlkaidGraph(_optimised(traces, variables(traces["final"])))


def _optimised(traces: Traces, outputs: Sequence[Any]) -> Any:
    from alkaid.trace.passes import optimize

    try:
        with mended():
            # tracing the graph anew wins nothing (0.03% at most on the reference models), and
            # would give it a carry chain of another limit
            return optimize(_traced(traces, outputs), retrace=False)
    except Exception as error:
        raise _cannot("make the graph", error) from error


def _traced(traces: Traces, outputs: Sequence[Any]) -> Any:
    from alkaid.trace import trace

    return trace(variables(traces["inputs"]), list(outputs), optimize=False)


def layered(traces: Traces) -> tuple[DaGraph, dict[str, list[int]]]:
    """Return one graph of all traced places, and which of its outputs each place is."""
    outputs: list[Any] = []
    places: dict[str, list[int]] = {}
    for place, trace in traces.items():
        if place != "inputs":
            new = variables(trace)
            places[place] = list(range(len(outputs), len(outputs) + len(new)))
            outputs += new
    return AlkaidGraph(_optimised(traces, outputs)), places


def layer_of_operations(traces: Traces, graph: DaGraph) -> list[str]:
    """Return the layer that each operation of ``graph_of(traces)`` belongs to.

    alkaid merges and reorders operations after the trace, so an operation is found again by its
    values, up to sign and shift, on random inputs. One that the passes made new belongs to the last
    layer among its operands.

    Raises:
        LoweringError: if alkaid orders its traces in another way than is known.
    """
    from jetmix.firmware.engines.alkaid_layers import by_values

    native = _traced(traces, variables(traces["final"]))
    return by_values(traces, AlkaidGraph(native), graph)


def load(content: Any) -> DaGraph:
    """Return the graph of a parsed file; damage raises any error."""
    from alkaid.types import CombLogic

    return AlkaidGraph(CombLogic.from_dict(content))


def cut_into_stages(graph: DaGraph, adders_per_stage: int) -> Stages:
    """Return the stages of a graph, with so many adders between registers."""
    from alkaid.trace.pipeline import to_pipeline

    machine = to_pipeline(
        _native(graph), latency_cutoff=adders_per_stage * ADDER_DELAY, verbose=False
    )
    return Stages(
        solutions=tuple(AlkaidGraph(stage) for stage in machine.logic.values()),
        reg_bits=sum(signal.width for signal in machine.signals.values() if signal.reg),
        first_register="model_inp_reg",
    )


def write_hdl(
    graph: DaGraph, folder: Path, *, top: str, adders_per_stage: int, language: "Language"
) -> int:
    """Write sources into ``folder/src``, and return how many stages the pipeline has.

    Files beside the sources are alkaid's own scripts and constraints.
    """
    from alkaid.codegen.rtl.rtl_model import RTLModel

    with contextlib.redirect_stdout(io.StringIO()), mended():
        written = RTLModel(
            _native(graph),
            folder,
            prj_name=top,
            flavor=language,
            latency_cutoff=adders_per_stage * ADDER_DELAY,
            print_latency=False,
            # Yosys shows no gain from adders with three inputs
            ternary_fuse=False,
        )
        written.write()
    return len(written.fsm.logic)


def _native(graph: DaGraph) -> Any:
    if not isinstance(graph, AlkaidGraph):
        raise LoweringError("the graph is not one of alkaid", mend=INSTALL)
    return graph.native
