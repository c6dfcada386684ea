"""What every level of the ladder is judged with, and what it returns."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from jetmix.firmware.folding.machine import Machine
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.models.float64 import Precision, float64_outputs
from jetmix.models.run import outputs_of
from jetmix.models.signature import Port
from jetmix.support.arrays import Reals
from jetmix.verification.vectors import VectorSet

# where firmware is compiled again to show what is inside, after bits differed
TRACED = "traced"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A lowered tagger, the vectors that it is judged on, and the right outputs for them.

    Attributes:
        folder: the directory of ``jetmix synth``; levels are compiled inside it.
        model: the Keras model, the one reference.
        graph: its adder graph.
        projects: what was written for hls4ml, as Verilog, or both.
        vectors: the inputs.
        reference: Keras outputs for them, (vector, output), as exact as the firmware.
        delay_constraint: how many adders deeper than the shallowest the graph's adder trees may be.
        names: the original name of every layer that jetmix renamed.
        outputs: the model's outputs, of which the flat ones are made.
        precision: what Keras computed the reference in.
        machine: the tagger folded, None for one that takes a jet each clock.
        waveform: file for what the ports of a folded tagger carry, None for none.
    """

    folder: Path
    model: Any
    graph: DaGraph
    projects: Mapping[Flow, FirmwareProject]
    vectors: VectorSet
    reference: Reals
    delay_constraint: int
    names: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[Port, ...] = ()
    precision: Precision = "float32"
    machine: Machine | None = None
    waveform: Path | None = None


class Function(Protocol):
    """A level without a clock: what gives the firmware's outputs for vectors."""

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit of the outputs."""

    def predict(self, x: Reals) -> Reals:
        """Return the outputs (vector, output) for inputs (vector, ...)."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Outputs (vector, output) of a level, the weight of their LSB, and the wall time they took.

    A level with a clock also measures its latency and initiation interval in cycles, and knows the
    latency that its project states.
    """

    values: Reals
    lsb: float
    seconds: float
    latency_cycles: int | None = None
    ii_cycles: int | None = None
    latency_expected_cycles: int | None = None

    @classmethod
    def of(cls, function: Function, vectors: VectorSet) -> "Outputs":
        """Return the outputs of a level without a clock."""
        start = time.monotonic()
        values = function.predict(vectors.x)
        return cls(values=values, lsb=function.lsb, seconds=round(time.monotonic() - start, 3))


def keras_logits(model: Any, x: Reals, precision: Precision = "float32") -> Reals:
    """Return all outputs of a Keras model, (vector, output).

    Args:
        model: the model, with any number of inputs and outputs.
        x: vectors (vector, ...): all inputs in the model's order.
        precision: what Keras computes in.

    Raises:
        LoweringError: if Keras cannot build the model in float64.
    """
    return outputs_of(model, x) if precision == "float32" else float64_outputs(model, x)
