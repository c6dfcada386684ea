"""The Verilog, clock by clock, in Verilator: exactness, latency and II are all measured."""

import contextlib
import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.firmware.project import FirmwareProject
from jetmix.firmware.verilog import TABLES, read_ports
from jetmix.support.arrays import Float64, Ints, Reals, Words
from jetmix.verification.simulators import verilator

WORD_BITS = 32
# how many clocks more than vectors are run; no pipeline of a trigger is longer
FLUSH_CLOCKS = 256

# sign, integer and fraction bits of each element of a port, (element, 3)
Kif = Ints


@dataclass(frozen=True, kw_only=True)
class RtlSim:
    """A Verilated tagger; ``inputs`` and ``outputs`` are (port element, k i f).

    ``tables`` is the folder of the lookup tables, which the Verilog names without a folder.
    ``latency_cycles`` is the latency that the project states, as :func:`align` counts it.
    """

    library: ctypes.CDLL
    tables: Path
    inputs: Kif
    outputs: Kif
    latency_cycles: int

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit over all outputs."""
        return float(2.0 ** -self.outputs[:, 2].max())

    def run(self, x: Reals) -> Float64:
        """Feed one vector per clock and return the outputs of every clock.

        Args:
            x: (vector, ...).

        Returns:
            float64 (vector + FLUSH_CLOCKS, output): the outputs after each rising edge.
        """
        packed = pack(x.reshape(len(x), -1), self.inputs)
        packed = np.concatenate([packed, np.repeat(packed[-1:], FLUSH_CLOCKS, axis=0)])
        packed = np.ascontiguousarray(packed)
        out = np.zeros((len(packed), words(self.outputs)), dtype=np.uint32)
        with contextlib.chdir(self.tables):
            self.library.jetmix_rtl_run(
                packed.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(packed.shape[1]),
                out.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_size_t(out.shape[1]),
                ctypes.c_size_t(len(packed)),
            )
        return unpack(out, self.outputs)


def align(clocks: Float64, reference: Reals, *, expected: int) -> int:
    """Measure the latency: the shift at which the outputs agree with the reference on most vectors.

    Args:
        clocks: outputs after each rising edge, (vector + FLUSH_CLOCKS, output).
        reference: expected outputs, (vector, output).
        expected: the latency that is taken if no other one agrees on more vectors.

    Returns:
        Latency in cycles from the edge at which the input register takes a vector to the edge at
        which the output register takes its result. Row 0 of ``clocks`` follows the edge that takes
        vector 0, so that its result is row ``latency``.
    """
    agree = [
        int((results(clocks, latency, len(reference)) == reference).all(axis=1).sum())
        for latency in range(FLUSH_CLOCKS + 1)
    ]
    best = max(agree)
    return expected if agree[expected] == best else agree.index(best)


def results(clocks: Float64, latency_cycles: int, n_vectors: int) -> Float64:
    """Return the rows of ``clocks`` that hold the results of the vectors, in their order."""
    return clocks[latency_cycles : latency_cycles + n_vectors]


def widths(kif: Kif) -> Ints:
    """Return the width of each port element in bits; k, i and f add up to it."""
    return np.asarray(kif.sum(axis=1), dtype=np.int64).clip(min=0)


def words(kif: Kif) -> int:
    """Return how many 32-bit words a port takes; Verilator's 64-bit ports take two."""
    return max(2, -(-int(widths(kif).sum()) // WORD_BITS))


def pack(values: Reals, kif: Kif) -> Words:
    """Pack real values into port words: truncate to each element's LSB and wrap to its width.

    Args:
        values: (vector, element).
        kif: (element, 3) sign, integer and fraction bits.

    Returns:
        uint32 (vector, word), element 0 in the lowest bits.
    """
    bits = np.zeros((len(values), words(kif) * WORD_BITS), dtype=np.uint8)
    start = 0
    for column, width in enumerate(widths(kif)):
        raw = np.floor(np.ldexp(values[:, column].astype(np.float64), kif[column, 2]))
        raw = raw.astype(np.int64)
        for bit in range(width):
            bits[:, start + bit] = (raw >> bit) & 1
        start += width
    return np.packbits(bits, axis=1, bitorder="little").view("<u4").astype(np.uint32)


def unpack(packed: Words, kif: Kif) -> Float64:
    """Return the real values in port words: the inverse of :func:`pack`."""
    bits = np.unpackbits(packed.astype("<u4").view(np.uint8), axis=1, bitorder="little")
    values = np.zeros((len(packed), len(kif)))
    start = 0
    for column, width in enumerate(widths(kif)):
        raw = np.zeros(len(packed), dtype=np.int64)
        for bit in range(width):
            raw |= bits[:, start + bit].astype(np.int64) << bit
        if kif[column, 0] and width:
            raw -= (raw >> (width - 1)) << width
        values[:, column] = np.ldexp(raw.astype(np.float64), -kif[column, 2])
        start += width
    return values


def build(project: FirmwareProject, folder: Path) -> RtlSim:
    """Translate and compile the Verilog of ``project`` into ``folder``, or reuse what is there.

    Raises:
        BitsDifferError: if the project was edited since it was written.
        LoweringError: if an older jetmix wrote the project.
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    project.require_untouched()
    sources = sorted((project.path / "src").resolve().rglob("*.v"))
    library = verilator.build(
        folder,
        sources,
        level="rtl",
        title="RTL simulation",
        digest=project.digest,
        top=project.top,
    )
    return simulation(project, library)


def simulation(project: FirmwareProject, library: ctypes.CDLL) -> RtlSim:
    """Return a compiled simulation with the ports and the latency that ``project`` states.

    Raises:
        LoweringError: if an older jetmix wrote the project.
    """
    ports = read_ports(project.path)
    return RtlSim(
        library=library,
        tables=tables_of(project),
        inputs=np.array(ports.inputs, dtype=np.int64),
        outputs=np.array(ports.outputs, dtype=np.int64),
        latency_cycles=ports.latency_cycles,
    )


def tables_of(project: FirmwareProject) -> Path:
    """Return the folder of the tables; an empty one may have been lost on the way here."""
    folder = project.path.resolve() / TABLES
    return folder if folder.is_dir() else project.path.resolve()
