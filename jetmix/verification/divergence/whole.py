"""Where the C++ of a whole graph first differs from the graph: the operation, and its layer."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jetmix.firmware import dais
from jetmix.firmware.graph import DaGraph, watching
from jetmix.firmware.project import FirmwareProject
from jetmix.support.arrays import Reals
from jetmix.verification.divergence.traced_cpp import CODE, TRACER, traced_values

_VALUE = re.compile(r"^    ap_u?int<\d+> (v\d+) = .*;$", re.MULTILINE)
# a tagger with a name has it in front
_NAMESPACE = re.compile(r"^namespace \w*nnet \{", re.MULTILINE)
NOWHERE = "no operation: the graph itself differs from Keras"


def first_difference(
    project: FirmwareProject, graph: DaGraph, layers: Sequence[str], x: Reals, folder: Path
) -> str:
    """Return the first operation with another value in the C++ than in the graph.

    Args:
        project: a project whose one function is the graph; it is not changed.
        graph: the graph.
        layers: the layer of every operation.
        x: one vector, (1, ...).
        folder: where to compile; it is emptied.
    """
    values = traced_values(project, {CODE: with_traces}, x, folder)
    widths = dais.widths_of(graph)
    found = {
        index: value[0] * 2.0 ** -widths[index].fraction
        for index, value in ((int(name[1:]), value) for name, value in values.items())
    }
    operations = sorted(found)
    inputs = np.asarray(x, dtype=np.float64).reshape(1, -1)
    right = np.asarray(watching(graph, operations).predict(inputs)).ravel()
    for operation, value in zip(operations, right, strict=True):
        if found[operation] != value:
            return f"{layers[operation]} (operation {operation})"
    return NOWHERE


def with_traces(text: str) -> str:
    """Return the code with the result of every operation written to a file."""
    traced = _VALUE.sub(r'\g<0>\n    jetmix_trace("\1", &\1, 1);', text)
    return _NAMESPACE.sub(lambda found: f"{TRACER}\n{found[0]}", traced, count=1)
