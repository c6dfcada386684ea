"""A folded tagger's Verilog, clock by clock in Verilator."""

import contextlib
import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jetmix.firmware.project import FirmwareProject, fill
from jetmix.firmware.verilog import Ports, read_ports
from jetmix.support.arrays import AnyArray, Ints, Reals, Words
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import verilator
from jetmix.verification.simulators.rtl import tables_of, unpack, words
from jetmix.verification.simulators.traffic import signals, traffic
from jetmix.verification.simulators.waveform import Clocked, Waveform, answers

OUTPUT = "model_out"


@dataclass(frozen=True, kw_only=True)
class FoldedSim:
    """A Verilated folded tagger; ``tables`` is the folder of its lookup tables."""

    library: ctypes.CDLL
    tables: Path
    ports: Ports

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
        made = traffic(len(x), fold=self.ports.fold, latency=self.ports.latency_cycles)
        return answers(made, self.clocks(*signals(x, made, self.ports)), self.ports)

    def clocks(self, control: AnyArray, inputs: Words) -> Waveform:
        """Return what the ports carry.

        Args:
            control: of each clock, (clock,); see :mod:`.traffic`.
            inputs: words of the input, (clock, word).
        """
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
        values = unpack(out, self.outputs)
        return Waveform(ready=seen & 1 > 0, valid=seen & 2 > 0, outputs=values)


def build(project: FirmwareProject, folder: Path) -> FoldedSim:
    """Translate and compile the Verilog of a folded tagger, or reuse what is there.

    Raises:
        BitsDifferError: if the project was edited since it was written.
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    project.require_untouched()
    return simulation(project, sources_of(project), folder)


def sources_of(project: FirmwareProject) -> list[Path]:
    """Return the Verilog of a folded tagger."""
    src = (project.path / "src").resolve()
    return sorted([*src.rglob("*.v"), *src.rglob("*.sv")])


def simulation(
    project: FirmwareProject,
    sources: list[Path],
    folder: Path,
    *,
    level: str = "rtl",
    digest: str | None = None,
    optimise: str = "-O1",
    output: str = OUTPUT,
    setup: str = "",
) -> FoldedSim:
    """Compile sources with the ports of a folded project.

    Args:
        project: the project.
        sources: its Verilog, or a netlist with models of its cells.
        folder: where to compile.
        level: name of the level.
        digest: digest of the sources, by default that of the project.
        optimise: option for g++.
        output: the port that is taken for the outputs.
        setup: C++ before the first clock.
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
        driver=fill(template, {"TOP": project.top, "OUTPUT": output, "SETUP": setup}),
    )
    library.jetmix_folded_run.restype = None
    ports = read_ports(project.path)
    return FoldedSim(library=library, tables=tables_of(project), ports=ports)
