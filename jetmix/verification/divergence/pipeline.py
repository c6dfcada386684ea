"""Where Verilog or its netlist first differs from the DA graph: the pipeline stage, and its layers.

da4ml's Verilog keeps no layers, but every stage of the pipeline is a graph of its own whose values
lie in registers. One vector is held at the inputs until every register has settled; the first
register with wrong bits gives the stage, and the operations between it and the registers before
give the layers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.dais import reached
from jetmix.firmware.graph import DaGraph, watching
from jetmix.firmware.project import INSTALL, TOP, FirmwareProject
from jetmix.firmware.verilog import read_ports
from jetmix.support.arrays import Float64, Floats
from jetmix.support.files import content_digest, empty_folder
from jetmix.verification.simulators import rtl, verilator
from jetmix.verification.vectors import InputRange, uniform

PROBE = "jetmix_probe"
# the values of so many random vectors distinguish an operation from all others
SIGNATURES = 64
ONE_BIT = (0, 1, 0)
STANDING = "a register: the outputs are right once the inputs stand still"

Values = list[Float64]


@dataclass(frozen=True, kw_only=True)
class Register:
    """What lies before stage ``stage``, or after the last one; ``kif`` is (element, k i f)."""

    name: str
    stage: int
    kif: rtl.Kif

    @property
    def bits(self) -> int:
        """Width in bits."""
        return int(rtl.widths(self.kif).sum())

    def element(self, bit: int) -> int:
        """Return the element that a bit belongs to."""
        return int(np.searchsorted(np.cumsum(rtl.widths(self.kif)), bit, side="right"))


class Pipeline:
    """The stages of a project's pipeline, its registers, and what they hold."""

    def __init__(self, graph: DaGraph, project: FirmwareProject) -> None:
        """Cut ``graph`` as the Verilog of ``project`` was cut."""
        adders = read_ports(project.path).adders_per_stage
        self.graph = graph
        self.stages = da_graph.cut_into_stages(graph, adders_per_stage=adders).solutions
        kifs = [self.stages[0].inp_kifs, *(stage.out_kifs for stage in self.stages)]
        last = len(self.stages)
        self.registers = [
            Register(
                name=f"stage{stage}_inp" if stage < last else "model_out",
                stage=stage,
                kif=np.asarray(kif.T, dtype=np.int64),
            )
            for stage, kif in enumerate(kifs)
        ]

    def values(self, x: Floats) -> Values:
        """Return what each register holds for vectors (vector, ...), each (vector, element)."""
        found = [x.reshape(len(x), -1).astype(np.float64)]
        for stage in self.stages:
            found.append(np.asarray(stage.predict(found[-1])).reshape(len(x), -1))
        return found

    def layers(self, register: Register, elements: Sequence[int], layers: Sequence[str]) -> str:
        """Return the layers between the registers before and ``elements`` of ``register``.

        Args:
            register: a register after a stage.
            elements: which of its elements.
            layers: the layer of every operation of the graph.
        """
        n = len(self.graph.ops)
        x = uniform(InputRange.of(self.graph), SIGNATURES, np.random.default_rng(1), stretch=1.0)
        # a zero has no sign here
        operations = np.asarray(watching(self.graph, range(n)).predict(x.astype(float))) + 0.0
        known: dict[bytes, list[int]] = {}
        for index in range(n):
            known.setdefault(operations[:, index].tobytes(), []).append(index)
        held = [values + 0.0 for values in self.values(x)]
        before = held[register.stage - 1]
        stops = {i for column in before.T for i in known.get(column.tobytes(), [])}
        if register.stage == len(self.stages):
            ends = {self.graph.out_idxs[element] for element in elements}
        else:
            columns = held[register.stage].T
            found = (known.get(columns[element].tobytes(), []) for element in elements)
            ends = {same[0] for same in found if same}
        seen = _between(self.graph, ends, stops)
        names = dict.fromkeys(layers[index] for index in sorted(seen))
        return ", ".join(name for name in names if name != "inputs") or "no operation"


def _between(graph: DaGraph, ends: set[int], stops: set[int]) -> set[int]:
    """Return the operations from ``stops`` (not included) to ``ends`` (included)."""
    return set(reached(graph, sorted(ends), stops - ends))


def first_difference(
    project: FirmwareProject,
    graph: DaGraph,
    layers: Sequence[str],
    x: Floats,
    folder: Path,
    *,
    netlist: Path | None = None,
    models: Sequence[Path] = (),
) -> str:
    """Return the first stage at which Verilog or netlist differ from the graph, and its layers.

    Args:
        project: the Verilog; it is not changed.
        graph: the ``CombLogic`` that it was made of.
        layers: the layer of every operation of ``graph``.
        x: one vector, float32 (1, *input shape).
        folder: where to compile; it is emptied.
        netlist: the netlist, None for the Verilog itself.
        models: what else Verilator reads for a netlist.

    Raises:
        LoweringError: if the Verilog is not such as da4ml writes it.
    """
    pipeline = Pipeline(graph, project)
    top = netlist or project.path / "src" / f"{project.top}.v"
    text, probes = probed(top.read_text(encoding="utf-8"), pipeline.registers, project.top)
    empty_folder(folder)
    (folder / top.name).write_text(text, encoding="utf-8")
    others = models if netlist else sorted((project.path / "src").resolve().rglob("*.v"))
    sources = [folder / top.name, *(path for path in others if path.name != top.name)]
    found = _settled(project, sources, len(probes), x, folder)
    values = pipeline.values(x)
    for register, held in zip(pipeline.registers, values, strict=True):
        right = np.unpackbits(rtl.pack(held, register.kif).view(np.uint8), bitorder="little")
        wrong = {
            register.element(bit)
            for place, (stage, bit) in enumerate(probes)
            if stage == register.stage and found[place] != right[bit]
        }
        if wrong:
            return _named(pipeline, register, sorted(wrong), layers)
    return STANDING


def _named(
    pipeline: Pipeline, register: Register, wrong: Sequence[int], layers: Sequence[str]
) -> str:
    if register.stage == 0:
        return "the registers of the inputs"
    between = pipeline.layers(register, wrong, layers)
    return f"stage {register.stage} of {len(pipeline.stages)} ({between})"


def _settled(
    project: FirmwareProject, sources: Sequence[Path], n_probes: int, x: Floats, folder: Path
) -> Float64:
    """Return the probed bits, (probe,), once all registers hold what comes from ``x``."""
    library = verilator.build(
        folder / "sim",
        [path.resolve() for path in sources],
        level="traced",
        title="RTL simulation of every stage",
        digest=content_digest([path.read_text(encoding="utf-8") for path in sources]),
        optimise="-O0",
        output=PROBE,
        top=project.top,
    )
    bits = np.array([ONE_BIT] * n_probes, dtype=np.int64)
    settled = replace(rtl.simulation(project, library), outputs=bits).run(x)[-1]
    return np.asarray(settled, dtype=np.float64)


def probed(
    text: str, registers: Sequence[Register], top: str = TOP
) -> tuple[str, list[tuple[int, int]]]:
    """Return the top module with a port of the bits of all registers, and (stage, bit) of each.

    Args:
        text: Verilog of da4ml, or a netlist of it. In a netlist every bit has a name of its own,
            and a bit that nothing reads is not there.
        registers: the registers.
        top: the top module.

    Raises:
        LoweringError: if the ports are not where da4ml and Yosys put them.
    """
    # a netlist may hold other modules too
    module = re.search(rf"module {top}\b.*?(?=endmodule)", text, re.DOTALL)
    body = module[0] if module else ""
    is_netlist = body.startswith(f"module {top}(clk")
    probes, names = [], []
    for register in registers:
        for bit in range(register.bits):
            name = f"{register.name}[{bit}]"
            if is_netlist and register.name != "model_out":
                name = f"\\{name} "
                if f"wire {name}" not in body:
                    continue
            probes.append((register.stage, bit))
            names.append(name)
    port = f"output [{len(names) - 1}:0] {PROBE}"
    if is_netlist:
        head = (rf"(module {top}\([^)]*)\);", rf"\1, {PROBE});\n  {port};")
    else:
        head = (r"(output (?:reg|logic) \[[-\d]+:0\] model_out)\s*\);", rf"\1,\n    {port}\n);")
    changed, found = re.subn(*head, body, count=1)
    if module is None or not found:
        raise LoweringError(
            "the ports of the top module were not found",
            mend=INSTALL,
        )
    probe = f"    assign {PROBE} = {{{', '.join(reversed(names))}}};\n"
    return f"{text[: module.start()]}{changed}{probe}{text[module.end() :]}", probes
