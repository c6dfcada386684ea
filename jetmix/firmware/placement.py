"""Where a tagger lies in a device of several dies (SLRs): registers for crossings, and a hint.

A path from one SLR to another is slow. Registers before and behind the pipeline give the tool
places at both ends of it (UG949, on devices of stacked silicon).
"""

import re
from dataclasses import replace
from pathlib import Path

from jetmix.errors import LoweringError
from jetmix.firmware.engines.registry import Language
from jetmix.firmware.naming import SUFFIXES
from jetmix.firmware.parts import Part
from jetmix.firmware.project import INSTALL, TOP, FirmwareProject, fill, seal, substitute
from jetmix.support.packaged import shipped

PLACEMENT_FILE = "placement.xdc"
TEMPLATES = "firmware_templates/crossing"
# a pipeline and its crossings, on both sides, stay within what the simulation waits for
MOST_REGISTERS = 16
_CLOCK = "read_xdc [file join $project_dir clock.xdc]\n"
# the only assignments from the input and to the output, in both languages and of both engines
_INPUT = re.compile(r"<= model_inp\b")
_OUTPUT = re.compile(r"(\bmodel_out(?:\([^)]*\))? <= )(\w+)")
_BODY = {
    "verilog": re.compile(r"(?=^    always @\(posedge clk\))", re.MULTILINE),
    "vhdl": re.compile(r"^begin\n", re.MULTILINE),
}
_SIGNAL = {
    "verilog": "    wire [{high}:0] crossed_{end};\n",
    "vhdl": "    signal crossed_{end}:std_logic_vector({high} downto 0);\n",
}
# a planted fault widens the port of the input, so that its bits are named
_INSTANCE = {
    "verilog": "    {top}_crossing #(.WIDTH({width}), .STAGES({stages})) crossing_{end} "
    "(.clk(clk), .d({source}[{high}:0]), .q(crossed_{end}));\n",
    "vhdl": "    crossing_{end}:entity work.{top}_crossing generic map(WIDTH=>{width},"
    "STAGES=>{stages}) port map(clk=>clk,d=>{source},q=>crossed_{end});\n",
}


def add_registers(src: Path, stages: int, widths: tuple[int, int], language: Language) -> None:
    """Put registers before and behind the pipeline that an engine wrote.

    Args:
        src: folder of the sources, of a tagger without a name of its own.
        stages: registers on each side.
        widths: bits of input and output.
        language: language of the sources.

    Raises:
        LoweringError: if the engine wrote something else than is known.
    """
    suffix = SUFFIXES[language]
    path = src / f"{TOP}{suffix}"
    text = path.read_text(encoding="utf-8")
    last = _OUTPUT.search(text)
    text, inputs = _INPUT.subn("<= crossed_inp", text)
    text, outputs = _OUTPUT.subn(r"\1crossed_out", text)
    body = _BODY[language].search(text)
    if (inputs, outputs) != (1, 1) or last is None or body is None:
        raise LoweringError(
            "the registers at the ends of the pipeline were not found", where=path.name,
            mend=INSTALL,
        )  # fmt: skip
    values = [
        {"end": end, "source": source, "width": width, "high": width - 1}
        for end, source, width in zip(("inp", "out"), ("model_inp", last[2]), widths, strict=True)
    ]
    signals = "".join(_SIGNAL[language].format(**value) for value in values)
    instances = "".join(
        _INSTANCE[language].format(top=TOP, stages=stages, **value) for value in values
    )
    parts = (text[: body.start()], signals, body[0], instances, text[body.end() :])
    path.write_text("".join(parts), encoding="utf-8")
    template = shipped(f"{TEMPLATES}/{language}{suffix}")
    text = fill(template, {"TOP": TOP})
    (src / f"{TOP}_crossing{suffix}").write_text(text, encoding="utf-8")


def place(project: FirmwareProject, part: Part, slr: int) -> FirmwareProject:
    """Add a placement in one SLR to a project, which its ``implement.tcl`` then reads.

    Args:
        project: a project as it was written.
        part: its FPGA, of several SLRs.
        slr: number of the SLR.

    Returns:
        The project, sealed anew.
    """
    values = {"TOP": project.top, "SLR": slr, "PART": part.name}
    text = fill(shipped("firmware_templates/placement/slr.xdc"), values)
    (project.path / PLACEMENT_FILE).write_text(text, encoding="utf-8")
    line = _CLOCK.replace("clock.xdc", PLACEMENT_FILE)
    substitute(project.path / "implement.tcl", _CLOCK, f"{_CLOCK}{line}")
    sealed = seal(project.path, part=project.part, clock_period_ns=project.clock_period_ns)
    return replace(project, files=sealed.files, digest=sealed.digest)
