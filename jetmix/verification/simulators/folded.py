"""A folded tagger's Verilog, clock by clock in Verilator: jets on end, with gaps, and with resets.

Jets are sent in all the ways in which they may come: most of them on end, some after a gap, and at
some clocks a reset drops what is on its way, which is sent again. Between jets, and where a jet is
not due, the ports carry noise.
"""

import contextlib
import ctypes
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jetmix.firmware.project import FirmwareProject, fill
from jetmix.firmware.verilog import Ports, read_ports
from jetmix.support.arrays import AnyArray, Bools, Float64, Ints, Reals, Words
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import verilator
from jetmix.verification.simulators.rtl import pack, tables_of, unpack, words

# one jet in so many comes after a gap
ONE_GAP_IN = 8
# one jet in so many is hit by a reset, but no more than so many jets
ONE_RESET_IN, MOST_RESETS = 25, 40
SEED = 5


@dataclass
class Traffic:
    """What is sent in each clock.

    Attributes:
        starts: clock in which each jet starts that is to be answered.
        jets: which jet that is.
        aborted: clock and number of each jet that a reset drops.
        resets: clocks with a reset.
        n_clocks: number of clocks.
    """

    starts: list[int] = field(default_factory=list)
    jets: list[int] = field(default_factory=list)
    aborted: list[tuple[int, int]] = field(default_factory=list)
    resets: list[int] = field(default_factory=lambda: [0])
    n_clocks: int = 0


def traffic(n_jets: int, *, fold: int, latency: int, seed: int = SEED) -> Traffic:
    """Return clocks at which ``n_jets`` jets start, in their order.

    Args:
        n_jets: number of jets.
        fold: clocks from one jet to the next, at least.
        latency: cycles from the first beat to the answer.
        seed: seed of gaps and resets.
    """
    rng = np.random.default_rng(seed)
    made, clock, jet = Traffic(), 1, 0
    resets = set(rng.choice(n_jets, min(MOST_RESETS, n_jets // ONE_RESET_IN), replace=False))
    while jet < n_jets:
        if rng.integers(ONE_GAP_IN) == 0:
            clock += int(rng.integers(1, 2 * fold + 2))
        made.starts.append(clock)
        made.jets.append(jet)
        clock += fold
        if jet in resets:
            resets.remove(jet)
            clock = _reset(made, clock - fold + int(rng.integers(1, latency + fold)), latency)
        jet = made.jets[-1] + 1 if made.jets else 0
    made.n_clocks = clock + latency + fold + 1
    return made


def _reset(made: Traffic, clock: int, latency: int) -> int:
    """Drop the jets that a reset in ``clock`` hits, and return the clock after it."""
    made.resets.append(clock)
    while made.starts and made.starts[-1] + latency >= clock:
        start, jet = made.starts.pop(), made.jets.pop()
        if start < clock:
            made.aborted.append((start, jet))
    return clock + 1


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


@dataclass(frozen=True, kw_only=True)
class FoldedSim:
    """A Verilated folded tagger; ``tables`` is the folder of its lookup tables."""

    library: ctypes.CDLL
    tables: Path
    ports: Ports

    @property
    def inputs(self) -> Ints:
        """Bits of the elements of the input port, (element, 3)."""
        return np.array(self.ports.inputs, dtype=np.int64)

    @property
    def outputs(self) -> Ints:
        """Bits of the elements of the output port, (element, 3)."""
        return np.array(self.ports.outputs, dtype=np.int64)

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit over all outputs."""
        return float(2.0 ** -self.outputs[:, 2].max())

    def run(self, x: Reals) -> Clocked:
        """Send jets and return their answers.

        Args:
            x: (jet, particle, feature).
        """
        ports = self.ports
        made = traffic(len(x), fold=ports.fold, latency=ports.latency_cycles)
        control, inputs = self._signals(x, made)
        ready, valid, values = self._clocks(control, inputs)
        return _answers(made, ready, valid, values, ports.latency_cycles)

    def _signals(self, x: Reals, made: Traffic) -> tuple[AnyArray, Words]:
        """Return control bits (clock,) and input words (clock, word)."""
        fold, rng = self.ports.fold, np.random.default_rng(SEED)
        beats = fold if self.ports.input == "beats" else 1
        packed = pack(x.reshape(len(x) * beats, -1), self.inputs).reshape(len(x), beats, -1)
        inputs = rng.integers(0, 2**32, (made.n_clocks, packed.shape[2]), dtype=np.uint32)
        inputs &= self._mask()
        control = np.zeros(made.n_clocks, dtype=np.uint8)
        control[made.resets] |= 1
        # what is sent again comes later, so that it is written last
        sent = sorted([*made.aborted, *zip(made.starts, made.jets, strict=True)])
        for start, jet in sent:
            control[start] |= 2
            # a start while a jet comes in counts for nothing
            if rng.integers(2) and start + 1 not in made.resets:
                control[start + 1] |= 2
            stop = min(start + beats, made.n_clocks)
            inputs[start:stop] = packed[jet][: stop - start]
        return control, inputs

    def _mask(self) -> Words:
        """Return the bits of the input words that the port has."""
        bits = int(self.inputs.sum(axis=1).clip(min=0).sum())
        flags = np.arange(words(self.inputs) * 32) < bits
        return np.packbits(flags, bitorder="little").view("<u4").astype(np.uint32)

    def _clocks(self, control: AnyArray, inputs: Words) -> tuple[Bools, Bools, Float64]:
        """Return ready (clock,), valid (clock,) and the outputs (clock, output)."""
        inputs = np.ascontiguousarray(inputs)
        out = np.zeros((len(inputs), words(self.outputs)), dtype=np.uint32)
        seen = np.zeros(len(inputs), dtype=np.uint8)
        with contextlib.chdir(self.tables):
            self.library.jetmix_folded_run(
                control.ctypes.data_as(ctypes.c_void_p),
                inputs.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(inputs.shape[1]),
                seen.ctypes.data_as(ctypes.c_void_p),
                out.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(out.shape[1]),
                ctypes.c_size_t(len(inputs)),
            )
        return seen & 1 > 0, seen & 2 > 0, unpack(out, self.outputs)


def _answers(made: Traffic, ready: Bools, valid: Bools, values: Float64, expected: int) -> Clocked:
    """Match answers and jets, in order; a latency that is not the ``expected`` one is stated."""
    found = np.full((len(made.jets), values.shape[1]), np.nan)
    clocks = np.flatnonzero(valid)
    # a jet that the tagger was not ready for, or an answer to none, leaves all without one
    whole = len(clocks) == len(made.starts) and bool(ready[made.starts].all())
    if not whole:
        return Clocked(values=found, latency_cycles=None, ii_cycles=None)
    found[made.jets] = values[clocks]
    took = (clocks - np.array(made.starts)).tolist()
    return Clocked(
        values=found,
        latency_cycles=next((cycles for cycles in took if cycles != expected), expected),
        ii_cycles=int(np.diff(clocks).min()) if len(clocks) > 1 else None,
    )


def build(project: FirmwareProject, folder: Path) -> FoldedSim:
    """Translate and compile the Verilog of a folded tagger, or reuse what is there.

    Raises:
        BitsDifferError: if the project was edited since it was written.
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    project.require_untouched()
    src = (project.path / "src").resolve()
    return simulation(project, sorted([*src.rglob("*.v"), *src.rglob("*.sv")]), folder)


def simulation(
    project: FirmwareProject,
    sources: list[Path],
    folder: Path,
    *,
    level: str = "rtl",
    digest: str | None = None,
    optimise: str = "-O1",
) -> FoldedSim:
    """Compile sources with the ports of a folded project.

    Args:
        project: the project.
        sources: its Verilog, or a netlist with models of its cells.
        folder: where to compile.
        level: name of the level.
        digest: digest of the sources, by default that of the project.
        optimise: option for g++.
    """
    template = shipped("firmware_templates/verilator/jetmix_folded.cpp")
    library = verilator.build(
        folder,
        sources,
        level=level,
        title=f"{level} simulation",
        digest=digest or project.digest,
        optimise=optimise,
        top=project.top,
        driver=fill(template, {"TOP": project.top}),
    )
    library.jetmix_folded_run.restype = None
    ports = read_ports(project.path)
    return FoldedSim(library=library, tables=tables_of(project), ports=ports)
