"""The only place that writes Verilog: the DA graph pipelined by its engine, as a sealed project."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from jetmix.errors import LoweringError
from jetmix.firmware.engines.registry import Language, engine_of, name_of
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.named_ports import PlacedPort, placed, places_of, write_wrapper
from jetmix.firmware.naming import SUFFIXES, name_sources
from jetmix.firmware.parts import Part
from jetmix.firmware.placement import add_registers
from jetmix.firmware.project import TOP, FirmwareProject, seal, write_templates
from jetmix.models.signature import Signature, elements
from jetmix.support import records
from jetmix.support.arrays import Ints
from jetmix.support.files import place_folder, read_json, write_json
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, POSITIVE, Check, checked

PORTS_FILE = "ports.json"
# what ports.json says it is; before it, the latency counted the registers at both ends
FORMAT = "jetmix-ports-2"
AGAIN = "run 'jetmix synth' again into a new folder"
# folder of the lookup tables, empty for a graph that has none
TABLES = "src/memfiles"
# folder of the VHDL; its sources and tables lie in it as those of the Verilog lie in the project
VHDL = "vhdl"
NAMES: dict[Language, str] = {"verilog": "Verilog", "vhdl": "VHDL"}
MENDS: dict[Language, str] = {
    "verilog": "use --flow hls4ml for this tagger",
    "vhdl": "leave out --vhdl",
}

# sign, integer and fraction bits (k, i, f)
Kif = tuple[int, int, int]
ElementNames = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Content of ``ports.json``: how the Verilog is cut, and how its ports are packed.

    Attributes:
        inputs: the elements of ``model_inp``, lowest bits first.
        outputs: the elements of ``model_out``, lowest bits first.
        adders_per_stage: most adders between two registers.
        latency_cycles: clock cycles from the edge at which the input register takes a jet to the
            edge at which the output register takes its result, which are the pipeline's stages
            and the registers for crossings at both ends.
        format: version of the file.
        input_ports: which elements of ``model_inp`` are which input of the model.
        output_ports: which elements of ``model_out`` are which output of the model.
        input_elements: which feature each element of ``model_inp`` is, where that is known.
        output_elements: which class or target each element of ``model_out`` is.
        top: name of the top module, left out of the file where it has no name of its own.
        slr_registers: registers for crossings of SLRs at each end, which the latency counts; left
            out of the file where there are none.
        fold: beats of a jet, which are the clock cycles from one jet to the next; left out of the
            file where it is 1.
        input: how a jet comes in where it is folded: ``beats``, or ``parallel`` for all at once.
    """

    inputs: tuple[Kif, ...]
    outputs: tuple[Kif, ...]
    adders_per_stage: int
    latency_cycles: int
    format: str = FORMAT
    input_ports: tuple[PlacedPort, ...] = ()
    output_ports: tuple[PlacedPort, ...] = ()
    input_elements: tuple[PlacedPort, ...] = ()
    output_elements: tuple[PlacedPort, ...] = ()
    top: str = TOP
    slr_registers: int = 0
    fold: int = 1
    input: Literal["beats", "parallel"] | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_EMPTY, "inputs", "outputs"),
        **checked(POSITIVE, "adders_per_stage", "latency_cycles"),
        "slr_registers": NOT_NEGATIVE,
    }

    def write(self, folder: Path) -> None:
        """Write the file into a project's folder."""
        content = records.dump(self)
        for name, usual in (("top", TOP), ("slr_registers", 0), ("fold", 1), ("input", None)):
            if content[name] == usual:
                del content[name]
        write_json(folder / PORTS_FILE, content)


def _elements(
    names: ElementNames, graph: DaGraph
) -> tuple[tuple[PlacedPort, ...], tuple[PlacedPort, ...]]:
    """Return where each named element lies; nothing where names are not those of the graph."""
    inputs, outputs = (elements(names[0], "in"), elements(names[1], "out"))
    if (len(inputs), len(outputs)) != (graph.inp_kifs.shape[1], graph.out_kifs.shape[1]):
        return (), ()
    return placed(inputs, graph.inp_kifs), placed(outputs, graph.out_kifs)


def read_ports(folder: Path) -> Ports:
    """Read the file of a project's folder.

    Raises:
        ReportReadError: if it is missing or damaged.
        LoweringError: if an older jetmix wrote it, which stated another latency or none.
    """
    path = folder / PORTS_FILE
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise LoweringError(
            "the Verilog was written by a version of jetmix that counted latency in another way",
            where=path,
            mend=AGAIN,
        )
    return records.load(Ports, content, where=path)


def write_rtl(
    graph: DaGraph,
    destination: Path,
    *,
    part: Part,
    clock_period_ns: float,
    adders_per_stage: int,
    vhdl: bool = False,
    ports: Signature | None = None,
    names: ElementNames = ((), ()),
    top: str = TOP,
    slr_registers: int = 0,
) -> FirmwareProject:
    """Write the Verilog project of a DA graph; it appears only when it is complete.

    Args:
        graph: the graph.
        destination: folder that does not exist yet.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        adders_per_stage: adders between two registers.
        vhdl: whether VHDL of the same pipeline is written beside it.
        ports: the inputs and outputs of the model, where they are known.
        names: names of all elements of the inputs and of the outputs, where they are known.
        top: name of the top module and entity.
        slr_registers: registers before and behind the pipeline for crossings of SLRs.

    Raises:
        LoweringError: if the engine cannot write the graph as Verilog.
    """
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch) / "rtl"
        written = _Sources(
            graph=graph, adders_per_stage=adders_per_stage, top=top, slr_registers=slr_registers
        )
        stages = written.write(folder, "verilog")
        if vhdl:
            written.write(folder / VHDL, "vhdl")
        places = places_of(ports, graph.inp_kifs, graph.out_kifs)
        named = _elements(names, graph)
        write_wrapper(folder, *(named if all(named) else places), top)
        # a register lies before every stage and one after the last: as many cycles as stages, and
        # the crossings at both ends
        Ports(
            inputs=packed_ports(graph.inp_kifs),
            outputs=packed_ports(graph.out_kifs),
            adders_per_stage=adders_per_stage,
            latency_cycles=stages + 2 * slr_registers,
            input_ports=places[0],
            output_ports=places[1],
            input_elements=named[0],
            output_elements=named[1],
            top=top,
            slr_registers=slr_registers,
        ).write(folder)
        values = {"PART": part.full_name, "CLOCK_PERIOD_NS": clock_period_ns, "TOP": top}
        write_templates("rtl", folder, values)
        place_folder(folder, destination)
    return seal(
        destination,
        part=part.full_name,
        flow="rtl",
        clock_period_ns=clock_period_ns,
        engine=name_of(graph),
        top=top,
    )


def packed_ports(kifs: Ints) -> tuple[Kif, ...]:
    """Return the elements of a port from an array (3, element), lowest bits first."""
    return tuple((int(k), int(i), int(f)) for k, i, f in kifs.T)


@dataclass(frozen=True, kw_only=True)
class _Sources:
    """What the sources of a project are made from, in either language."""

    graph: DaGraph
    adders_per_stage: int
    top: str
    slr_registers: int

    def write(self, folder: Path, language: Language) -> int:
        """Write the sources into ``folder/src``, and return how many stages the engine made."""
        stages = self._generate(folder, language)
        _keep_only_sources(folder, SUFFIXES[language])
        if self.slr_registers:
            kifs = (self.graph.inp_kifs, self.graph.out_kifs)
            bits = tuple(int(kif.sum(axis=0).clip(min=0).sum()) for kif in kifs)
            add_registers(folder / "src", self.slr_registers, (bits[0], bits[1]), language)
        if self.top != TOP:
            name_sources(folder / "src", self.top, language)
        return stages

    def _generate(self, folder: Path, language: Language) -> int:
        # the engines' modules could be called like the tagger, so that it is named afterwards
        try:
            return engine_of(self.graph).write_hdl(
                self.graph,
                folder,
                top=TOP,
                adders_per_stage=self.adders_per_stage,
                language=language,
            )
        except OSError:
            raise
        except Exception as error:
            raise LoweringError(
                f"the engine {name_of(self.graph)} cannot write the graph as {NAMES[language]}",
                mend=MENDS[language],
            ) from error


def _keep_only_sources(folder: Path, suffix: str) -> None:
    """Keep the sources; scripts and constraints are jetmix' own."""
    for path in list(folder.iterdir()):
        if path.name != "src":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in [*(folder / "src").glob("*.xdc"), *(folder / "src").glob("*.sdc")]:
        path.unlink()
    (folder / "src" / f"{TOP}_wrapper{suffix}").unlink()
