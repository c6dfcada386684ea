"""Where folded Verilog or its netlist first differs from the machine: pipeline, beat and bit.

One jet is sent several times, on end, after gaps and after a reset, and what every pipeline takes
and gives is looked at in the clocks in which it works on that jet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jetmix.firmware.folding.machine import Machine, SectionRecord
from jetmix.firmware.project import FirmwareProject
from jetmix.support.arrays import Bools, Float64, Floats, Reals
from jetmix.support.files import content_digest, empty_folder
from jetmix.verification.divergence.pipeline import ONE_BIT, PROBE, Register, probed
from jetmix.verification.simulators import folded, rtl
from jetmix.verification.simulators.traffic import ONE_RESET_IN, signals, traffic

# one of so many jets is hit by a reset
COPIES = ONE_RESET_IN + 7
BESIDE = "the control, or what other jets leave behind: alone, this jet is right in every pipeline"


@dataclass(frozen=True, kw_only=True)
class Wire:
    """What a pipeline takes, or what it gives.

    Attributes:
        register: its name, and the bits of its elements.
        section: the pipeline.
        gives: whether it is what the pipeline gives.
        right: what it must carry for the jet, (beat, element).
        clock: in which clock of a jet the first beat is there.
    """

    register: Register
    section: SectionRecord
    gives: bool
    right: Float64
    clock: int

    @property
    def right_bits(self) -> Bools:
        """The bits of ``right``, (beat, bit)."""
        words = rtl.pack(self.right, self.register.kif)
        bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
        return bits[:, : self.register.bits] > 0

    def place(self, beat: int, bit: int) -> str:
        """Return where a bit is, for people; beats are counted from 1, bits and elements from 0."""
        element = self.register.element(bit)
        low = int(rtl.widths(self.register.kif)[:element].sum())
        end = "output" if self.gives else "input"
        layers = ", ".join(self.section.layers)
        return (
            f"{end} {element} of pipeline {self.section.name} ({layers}), bit {bit - low}, "
            f"in beat {beat + 1} of {len(self.right)}"
        )


def first_difference(
    machine: Machine,
    project: FirmwareProject,
    x: Floats,
    folder: Path,
    *,
    netlist: Path | None = None,
    models: Sequence[Path] = (),
) -> str:
    """Return the first input or output of a pipeline that is wrong, in order of data flow.

    A wrong input of a pipeline whose sources are right comes from what lies between them.

    Args:
        machine: the machine that the Verilog was made of.
        project: the Verilog; it is not changed.
        x: one jet, float32 (1, particle, feature).
        folder: where to compile; it is emptied.
        netlist: the netlist, None for the Verilog itself.
        models: what else Verilator reads for a netlist.

    Raises:
        LoweringError: if the ports of the top module are not found.
        ToolFailedError: if Verilator or a compiler fails.
    """
    wires = list(_wires(machine, x))
    top = netlist or project.path / "src" / f"{project.top}.sv"
    registers = [wire.register for wire in wires]
    text, probes = probed(top.read_text(encoding="utf-8"), registers, project.top)
    empty_folder(folder)
    (folder / top.name).write_text(text, encoding="utf-8")
    others = models if netlist else folded.sources_of(project)
    sources = [folder / top.name, *(path for path in others if path.name != top.name)]
    starts, found = _sent(project, [path.resolve() for path in sources], len(probes), x, folder)
    for wire in wires:
        places = [n for n, (stage, _) in enumerate(probes) if stage == wire.register.stage]
        bits = [probes[n][1] for n in places]
        right = wire.right_bits[:, bits]
        clocks = np.array(starts)[:, None] + wire.clock + np.arange(len(right))
        wrong = (found[clocks][:, :, places] != right).any(axis=0)
        for beat, place in np.argwhere(wrong):
            return wire.place(int(beat), bits[place])
    return BESIDE


def _wires(machine: Machine, x: Reals) -> Iterator[Wire]:
    """Yield what every pipeline takes and gives, in order of data flow."""
    for number, (section, taken, given) in enumerate(machine.beats(x)):
        graph = machine.graphs[number]
        for gives, name, kifs, right, clock in (
            (False, "inp", graph.inp_kifs, taken, section.begins),
            (True, "out", graph.out_kifs, given, section.ends),
        ):
            register = Register(
                name=f"{section.name}_{name}",
                stage=2 * number + gives,
                kif=np.asarray(kifs.T, dtype=np.int64),
            )
            yield Wire(register=register, section=section, gives=gives, right=right[0], clock=clock)


def _sent(
    project: FirmwareProject, sources: list[Path], n_probes: int, x: Reals, folder: Path
) -> tuple[list[int], Bools]:
    """Return the clocks in which the jet starts, and the probed bits of each clock."""
    simulation = folded.simulation(
        project,
        sources,
        folder / "sim",
        level="traced",
        digest=content_digest([path.read_text(encoding="utf-8") for path in sources]),
        optimise="-O0",
        output=PROBE,
    )
    ports = simulation.ports
    probing = replace(simulation, ports=replace(ports, outputs=(ONE_BIT,) * n_probes))
    made = traffic(COPIES, fold=ports.fold, latency=ports.latency_cycles)
    seen = probing.clocks(*signals(np.repeat(x, COPIES, axis=0), made, ports))
    return made.starts, seen.outputs > 0
