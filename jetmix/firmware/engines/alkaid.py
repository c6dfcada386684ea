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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jetmix.errors import LoweringError
from jetmix.firmware.engines import alkaid_replay
from jetmix.firmware.engines.alkaid_graph import ADDER_DELAY, NAME, OTHER_ENGINE, AlkaidGraph
from jetmix.firmware.engines.alkaid_limits import require_short_averages
from jetmix.firmware.engines.alkaid_top import rewrite
from jetmix.firmware.engines.inner import recorded, with_inner
from jetmix.firmware.graph import DaGraph, Stages, Traces, outputs_by_place, variables
from jetmix.firmware.project import INSTALL

if TYPE_CHECKING:
    from jetmix.firmware.engines.registry import Language

MISCOMPILES = "canonicalize_msb_wraps"

_mending = threading.RLock()


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
    from hgq._alkaid_keras_plugin.activation import _QFunctionLUT

    require_short_averages(model)
    with mended(), recorded(_QFunctionLUT) as found:
        traces = Traces(alkaid_replay.trace(model, delay_constraint))
    traces = with_inner(traces, model, found)
    traces.engine = NAME
    return traces


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
        what = "the engine alkaid cannot make one graph of the traced layers"
        raise LoweringError(what, mend=OTHER_ENGINE) from error


def _traced(traces: Traces, outputs: Sequence[Any]) -> Any:
    from alkaid.trace import trace

    return trace(variables(traces["inputs"]), list(outputs), optimize=False)


def layered(traces: Traces) -> tuple[DaGraph, dict[str, list[int]]]:
    """Return one graph of all traced places, and which of its outputs each place is."""
    outputs, places = outputs_by_place(traces)
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
    stages = [AlkaidGraph(stage) for stage in written.fsm.logic.values()]
    if language == "verilog":
        rewrite(folder / "src", top, stages)
    return len(stages)


def _native(graph: DaGraph) -> Any:
    if not isinstance(graph, AlkaidGraph):
        raise LoweringError("the graph is not one of alkaid", mend=INSTALL)
    return graph.native
