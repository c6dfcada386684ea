"""The tagger as one graph of shifts and additions (Distributed Arithmetic), from da4ml.

The graph is the level 'ir' of the ladder, and its cost is what the LUT estimate is made from.
Source: da4ml, arXiv 2507.04535.
"""

from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError, ReportReadError
from jetmix.runs import atomic_path

# allowed depth of an adder tree beyond the shallowest one; hls4ml's own default for the strategy
DELAY_CONSTRAINT = 2


# traced arrays by place, in order of data flow: 'inputs', '/<layer>/<part>' ..., 'final'
Traces = dict[str, Any]


def trace(model: Any) -> Any:
    """Return the da4ml ``CombLogic`` of a Keras HGQ model, all inputs and outputs flattened.

    Raises:
        LoweringError: if da4ml cannot trace a layer.
    """
    return graph_of(trace_layers(model))


def trace_layers(model: Any) -> Traces:
    """Return the traces of a Keras HGQ model after every layer.

    Raises:
        LoweringError: if da4ml cannot trace a layer.
    """
    from da4ml.converter import trace_model
    from da4ml.trace import HWConfig

    try:
        traces: Traces = trace_model(
            model, HWConfig(1, -1, -1), {"hard_dc": DELAY_CONSTRAINT}, dump=True
        )
    except Exception as error:
        raise LoweringError(
            f"da4ml cannot trace the model ({type(error).__name__}: {error})",
            mend="use the layers that jetmix taggers use",
        ) from error
    return traces


def graph_of(traces: Traces) -> Any:
    """Return the ``CombLogic`` from the inputs to the outputs of traces."""
    from da4ml.trace import comb_trace

    return comb_trace(variables(traces["inputs"]), variables(traces["final"]))


def variables(trace: Any) -> list[Any]:
    """Return the variables of a traced array, or of several of them, flattened."""
    import numpy as np

    arrays = trace if isinstance(trace, tuple | list) else (trace,)
    return [variable for array in arrays for variable in np.ravel(array)]


def save(graph: Any, path: Path) -> None:
    """Write a graph atomically as JSON."""
    with atomic_path(path) as temporary:
        graph.save(temporary)


def load(path: Path) -> Any:
    """Read a graph that :func:`save` wrote.

    Raises:
        ReportReadError: if the file is missing or damaged.
    """
    from da4ml.types import CombLogic

    try:
        return CombLogic.load(path)
    except Exception as error:
        # da4ml indexes into the JSON without checks, so damage shows as many types
        raise ReportReadError(
            f"not a readable DA graph ({type(error).__name__})",
            where=path,
            mend="run 'jetmix synth' again into a new folder",
        ) from error


def pipeline_stages(graph: Any, *, adders_per_stage: int) -> int:
    """Return how many register stages the graph takes with so many adders between registers."""
    import contextlib
    import io

    from da4ml.trace.pipeline import to_pipeline

    with contextlib.redirect_stdout(io.StringIO()):
        return len(to_pipeline(graph, adders_per_stage)[0])


def uses_multipliers(graph: Any) -> bool:
    """Tell whether the graph multiplies two variables, which is what would take DSP blocks."""
    multiply_opcode = 7
    return any(op.opcode == multiply_opcode for op in graph.ops)
