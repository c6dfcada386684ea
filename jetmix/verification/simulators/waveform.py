"""What the ports of a folded tagger carry clock by clock, and which answers are in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.firmware.verilog import Ports
from jetmix.support.arrays import AnyArray, Bools, Float64, Words
from jetmix.support.files import write_text
from jetmix.verification.simulators.rtl import Kif, pack, widths
from jetmix.verification.simulators.traffic import RESET, START, Traffic

COLUMNS = ("clock", "rst", "model_start", "model_ready", "model_inp", "model_valid", "model_out")


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """What the ports carry in each clock, just before the edge at its end.

    Attributes:
        ready: ``model_ready``, (clock,).
        valid: ``model_valid``, (clock,).
        outputs: ``model_out``, (clock, output); NaN where it depends on registers that hold nothing
            yet and where that is known.
    """

    ready: Bools
    valid: Bools
    outputs: Float64


@dataclass(frozen=True, kw_only=True)
class Clocked:
    """What came out.

    Attributes:
        values: the answers, (jet, output); NaN for a jet without one.
        latency_cycles: from the first beat to the answer, None without answers.
        ii_cycles: fewest clocks from one answer to the next.
    """

    values: Float64
    latency_cycles: int | None
    ii_cycles: int | None


def answers(made: Traffic, seen: Waveform, ports: Ports) -> Clocked:
    """Match answers and jets, in order; a latency that is not the stated one is given."""
    found = np.full((len(made.jets), seen.outputs.shape[1]), np.nan)
    # registers hold anything until the reset in clock 0
    clocks = 1 + np.flatnonzero(seen.valid[1:])
    # a clock with a wrong ready, or an answer to no jet, leaves all without one
    ready = np.array_equal(seen.ready, made.ready(ports.fold))
    if not ready or len(clocks) != len(made.starts):
        return Clocked(values=found, latency_cycles=None, ii_cycles=None)
    found[made.jets] = seen.outputs[clocks]
    # the output register took an answer with the edge before it was seen
    took = (clocks - np.array(made.starts) - 1).tolist()
    expected = ports.latency_cycles
    return Clocked(
        values=found,
        latency_cycles=next((cycles for cycles in took if cycles != expected), expected),
        ii_cycles=int(np.diff(clocks).min()) if len(clocks) > 1 else None,
    )


def write_csv(path: Path, control: AnyArray, inputs: Words, seen: Waveform, ports: Ports) -> None:
    """Write a row per clock; input and output in hexadecimal, an unknown output is left out.

    Args:
        path: the file.
        control: what was sent in each clock, (clock,).
        inputs: words of the input, (clock, word).
        seen: what came out.
        ports: the ports of the tagger.
    """
    unknown: Bools = np.any(np.isnan(seen.outputs), axis=1)
    kifs = (np.array(ports.inputs, dtype=np.int64), np.array(ports.outputs, dtype=np.int64))
    given = _hexadecimal(inputs, kifs[0])
    found = _hexadecimal(pack(np.nan_to_num(seen.outputs), kifs[1]), kifs[1])
    rows = [
        f"{clock},{int(control[clock] & RESET > 0)},{int(control[clock] & START > 0)},"
        f"{int(seen.ready[clock])},{given[clock]},{int(seen.valid[clock])},"
        f"{'' if unknown[clock] else found[clock]}"
        for clock in range(len(control))
    ]
    write_text(path, "\n".join([",".join(COLUMNS), *rows, ""]))


def _hexadecimal(packed: Words, kif: Kif) -> list[str]:
    digits = -(-int(widths(kif).sum()) // 4)
    raw = packed.astype("<u4")
    return [f"{int.from_bytes(row.tobytes(), 'little'):0{digits}x}" for row in raw]
