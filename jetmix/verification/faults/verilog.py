"""Faults in the Verilog that da4ml writes, all planted into one copy of it; see ``faults``."""

import re
from collections import defaultdict
from collections.abc import Sequence

from jetmix.firmware.project import TOP
from jetmix.verification.faults.cells import Cell
from jetmix.verification.faults.cpp import SELECT, Fault, Kind, Site

PORT = f"input [15:0] {SELECT}"

_SLICE = re.compile(r"^    wire \[(\d+):0\] (v\d+); assign v\d+\[\d+:0\] = (v\d+)\[(\d+):(\d+)\];$")
_OUT = re.compile(r"^    assign model_out\[(\d+):(\d+)\] = (.+);$")
_REGISTER = re.compile(r"^        (\w+) <= (\w+);$")


def stage_sites(file: str, text: str, top: str = TOP) -> list[Site]:
    """Return all places for faults in the Verilog of one pipeline stage of the module ``top``."""
    sites: list[Site] = []
    outputs: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def add(kind: Kind, number: int, right: str, wrong: str) -> None:
        fault = Fault(kind=kind, file=file, line=number + 1, right=right, wrong=wrong)
        sites.append(Site(fault=fault, wrong={number: wrong}))

    for number, line in enumerate(text.splitlines()):
        cell, piece, out = Cell.read(line, top), _SLICE.match(line), _OUT.match(line)
        if cell:
            for kind, wrong in cell.wrong():
                add(kind, number, cell.text("") if "@" in wrong else cell.name, wrong)
        elif piece and int(piece[5]) > 0:
            source, high, low = piece[3], int(piece[4]), int(piece[5])
            add("shift", number, f"{source}[{high}:{low}]", f"{source}[{high - 1}:{low - 1}]")
        elif out:
            outputs[int(out[1]) - int(out[2])].append((number, out[3]))
    for same_width in outputs.values():
        for one, other in zip(same_width[::2], same_width[1::2], strict=False):
            fault = Fault(kind="outputs", file=file, line=one[0] + 1, right=one[1], wrong=other[1])
            sites.append(Site(fault=fault, wrong={one[0]: other[1], other[0]: one[1]}))
    return sites


def register_sites(file: str, text: str) -> list[Site]:
    """Return one dropped pipeline register per stage of the top module, and half of each."""
    sites = []
    widths = {name: int(bits) for bits, name in re.findall(r"reg \[(\d+):0\] (\w+);", text)}
    for number, line in enumerate(text.splitlines()):
        match = _REGISTER.match(line)
        if match and match[1] in widths:
            register, source = match.groups()
            source = f"{source}[{widths[register]}:0]" if source == "model_inp" else source
            half = widths[register] // 2
            lower = f"{match[2]}[{half}:0]"
            mixed = f"{{{register}[{widths[register]}:{half + 1}], {lower}}}"
            for wrong in (source, mixed):
                fault = Fault(
                    kind="register", file=file, line=number + 1, right=register, wrong=wrong
                )
                sites.append(Site(fault=fault, wrong={number: wrong}))
    return sites


def plant_stage(text: str, sites: Sequence[Site], first: int, top: str = TOP) -> str:
    """Return a stage with faults numbered from ``first`` on, and the port that chooses one."""
    lines = text.splitlines()
    wrong: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for offset, site in enumerate(sites):
        for number, expression in site.wrong.items():
            wrong[number].append((first + offset, expression))
    for number, choices in wrong.items():
        cell, piece, out = (
            Cell.read(lines[number], top),
            _SLICE.match(lines[number]),
            _OUT.match(lines[number]),
        )
        if cell:
            lines[number] = _planted_cell(cell, choices)
        elif piece:
            head, right = lines[number].rsplit(" = ", 1)
            lines[number] = f"{head} = {choice(right.rstrip(';'), choices)};"
        elif out:
            head = lines[number].rsplit(" = ", 1)[0]
            lines[number] = f"{head} = {choice(out[3], choices)};"
    return with_port("\n".join(lines) + "\n")


def _planted_cell(cell: Cell, choices: Sequence[tuple[int, str]]) -> str:
    lines, values = [f"    {cell.text('_right')}"], []
    for number, wrong in choices:
        if "@" in wrong:
            lines.append(f"    {wrong.replace('@', f'_{number}')}")
            values.append((number, f"{cell.name}_{number}"))
        else:
            values.append((number, wrong))
    value = choice(f"{cell.name}_right", values)
    lines.append(f"    wire [{cell.high}:0] {cell.name}; assign {cell.name} = {value};")
    return "\n".join(lines)


def plant_top(text: str, sites: Sequence[Site], first: int) -> str:
    """Return the top module with dropped registers numbered from ``first`` on.

    The number of the fault comes in by 16 more bits at the upper end of ``model_inp``, so that
    whatever drives the tagger can choose it.
    """
    return _with_selector(_plant_registers(text, sites, first))


def pipeline_sites(file: str, text: str, _: str) -> list[Site]:
    """Return the places for faults in the registers of a pipeline of a folded tagger."""
    return register_sites(file, text)


def plant_pipeline(text: str, sites: Sequence[Site], first: int, _: str) -> str:
    """Return such a pipeline with dropped registers, and the port that chooses one."""
    return with_port(_plant_registers(text, sites, first))


def with_port(text: str) -> str:
    """Return a module with a port more: the number of the fault."""
    return text.replace("    input ", f"    {PORT},\n    input ", 1)


def _plant_registers(text: str, sites: Sequence[Site], first: int) -> str:
    lines = text.splitlines()
    choices: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for offset, site in enumerate(sites):
        (wrong,) = site.wrong.values()
        choices[site.fault.right].append((first + offset, wrong))
    for number, line in enumerate(lines):
        for register, of_register in choices.items():
            if f".model_inp({register})" in line:
                value = choice(register, of_register)
                line = line.replace(f"({register})", f"({value})")  # noqa: PLW2901
        lines[number] = re.sub(r"\(\.model_inp", f"(.{SELECT}({SELECT}), .model_inp", line)
    return "\n".join(lines) + "\n"


def _with_selector(text: str) -> str:
    port = re.search(r"input \[(\d+):0\] model_inp", text)
    if port is None:
        raise ValueError("the top module has no input model_inp")
    high = int(port[1])
    wire = f"\n    wire [15:0] {SELECT} = model_inp[{high + 16}:{high + 1}];\n"
    text = text.replace("<= model_inp;", f"<= model_inp[{high}:0];")
    text = text.replace(");\n", ");\n" + wire, 1)
    return text.replace(port[0], f"input [{high + 16}:0] model_inp", 1)


def choice(right: str, choices: Sequence[tuple[int, str]]) -> str:
    """Return an expression that is ``right``, or the one of the fault that is chosen."""
    text = right
    for number, wrong in choices:
        text = f"{SELECT} == 16'd{number} ? {wrong} : ({text})"
    return text
