"""Faults in the Verilog that da4ml writes, all planted into one copy of it; see ``faults``."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jetmix.verification.faults.cpp import SELECT, Fault, Kind, Site

PORT = f"input [15:0] {SELECT}"

_ADDER = re.compile(
    r"^    wire \[(\d+):0\] (v\d+); "
    r"shift_adder #\(([\d, -]+)\) (op_\d+) \((.+), (.+), v\d+\[\d+:0\]\);$"
)
_SLICE = re.compile(r"^    wire \[(\d+):0\] (v\d+); assign v\d+\[\d+:0\] = (v\d+)\[(\d+):(\d+)\];$")
_OUT = re.compile(r"^    assign model_out\[(\d+):(\d+)\] = (.+);$")
_LITERAL = re.compile(r"^(\d+)'b([01]+)$")
_REGISTER = re.compile(r"^        (\w+) <= (\w+);$")


@dataclass(frozen=True, kw_only=True)
class _Adder:
    """The parts of a line that makes one adder."""

    high: int
    name: str
    parameters: tuple[int, ...]  # widths, signs, width of the sum, shift, subtract
    label: str
    inputs: tuple[str, str]

    @classmethod
    def read(cls, line: str) -> "_Adder | None":
        match = _ADDER.match(line)
        if not match:
            return None
        parameters = tuple(int(word) for word in match[3].split(","))
        return cls(
            high=int(match[1]),
            name=match[2],
            parameters=parameters,
            label=match[4],
            inputs=(match[5], match[6]),
        )

    def text(self, suffix: str) -> str:
        parameters = ", ".join(str(parameter) for parameter in self.parameters)
        out = f"{self.name}{suffix}[{self.high}:0]"
        return (
            f"wire [{self.high}:0] {self.name}{suffix}; shift_adder #({parameters}) "
            f"{self.label}{suffix} ({self.inputs[0]}, {self.inputs[1]}, {out});"
        )

    def wrong(self) -> Iterable[tuple[Kind, "_Adder"]]:
        """Return faulty adders."""
        bits0, bits1, sign0, sign1, bits, shift, subtract = self.parameters
        yield "shift", self._with((bits0, bits1, sign0, sign1, bits, shift + 1, subtract))
        yield "sign", self._with((bits0, bits1, sign0, sign1, bits, shift, 1 - subtract))
        yield "bit-width", self._with((bits0, bits1, 1 - sign0, sign1, bits, shift, subtract))
        literal = _LITERAL.match(self.inputs[1])
        if literal:
            flipped = literal[2][:-1] + ("0" if literal[2][-1] == "1" else "1")
            yield "constant", self._with(self.parameters, f"{literal[1]}'b{flipped}")
        else:
            # the term stands for one bit of a weight, in the signed-digit form of the solver
            yield "weight-bit", self._with(self.parameters, f"{bits1}'b{'0' * bits1}")

    def _with(self, parameters: tuple[int, ...], second: str | None = None) -> "_Adder":
        inputs = (self.inputs[0], second or self.inputs[1])
        return replace(self, parameters=parameters, inputs=inputs)


def stage_sites(file: str, text: str) -> list[Site]:
    """Return all places for faults in the Verilog of one pipeline stage."""
    sites: list[Site] = []
    outputs: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def add(kind: Kind, number: int, right: str, wrong: str) -> None:
        fault = Fault(kind=kind, file=file, line=number + 1, right=right, wrong=wrong)
        sites.append(Site(fault=fault, wrong={number: wrong}))

    for number, line in enumerate(text.splitlines()):
        adder, piece, out = _Adder.read(line), _SLICE.match(line), _OUT.match(line)
        if adder:
            for kind, wrong in adder.wrong():
                add(kind, number, adder.text(""), wrong.text("@"))
            narrow = f"{{1'b0, {adder.name}_right[{adder.high - 1}:0]}}"
            add("bit-width", number, adder.name, narrow)
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


def plant_stage(text: str, sites: Sequence[Site], first: int) -> str:
    """Return a stage with faults numbered from ``first`` on, and the port that chooses one."""
    lines = text.splitlines()
    wrong: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for offset, site in enumerate(sites):
        for number, expression in site.wrong.items():
            wrong[number].append((first + offset, expression))
    for number, choices in wrong.items():
        adder, piece, out = (
            _Adder.read(lines[number]), _SLICE.match(lines[number]), _OUT.match(lines[number])
        )  # fmt: skip
        if adder:
            lines[number] = _planted_adder(adder, choices)
        elif piece:
            head, right = lines[number].rsplit(" = ", 1)
            lines[number] = f"{head} = {_choice(right.rstrip(';'), choices)};"
        elif out:
            head = lines[number].rsplit(" = ", 1)[0]
            lines[number] = f"{head} = {_choice(out[3], choices)};"
    planted = "\n".join(lines) + "\n"
    return planted.replace("    input [", f"    {PORT},\n    input [", 1)


def _planted_adder(adder: _Adder, choices: Sequence[tuple[int, str]]) -> str:
    lines, values = [f"    {adder.text('_right')}"], []
    for number, wrong in choices:
        if "shift_adder" in wrong:
            lines.append(f"    {wrong.replace('@', f'_{number}')}")
            values.append((number, f"{adder.name}_{number}"))
        else:
            values.append((number, wrong))
    value = _choice(f"{adder.name}_right", values)
    lines.append(f"    wire [{adder.high}:0] {adder.name}; assign {adder.name} = {value};")
    return "\n".join(lines)


def plant_top(text: str, sites: Sequence[Site], first: int) -> str:
    """Return the top module with dropped registers numbered from ``first`` on.

    The number of the fault comes in by 16 more bits at the upper end of ``model_inp``, so that
    whatever drives the tagger can choose it.
    """
    lines = text.splitlines()
    choices: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for offset, site in enumerate(sites):
        (wrong,) = site.wrong.values()
        choices[site.fault.right].append((first + offset, wrong))
    for number, line in enumerate(lines):
        for register, of_register in choices.items():
            if f".model_inp({register})" in line:
                value = _choice(register, of_register)
                line = line.replace(f"({register})", f"({value})")  # noqa: PLW2901
        lines[number] = re.sub(r"\(\.model_inp", f"(.{SELECT}({SELECT}), .model_inp", line)
    return _with_selector("\n".join(lines) + "\n")


def _with_selector(text: str) -> str:
    port = re.search(r"input \[(\d+):0\] model_inp", text)
    if port is None:
        raise ValueError("the top module has no input model_inp")
    high = int(port[1])
    wire = f"\n    wire [15:0] {SELECT} = model_inp[{high + 16}:{high + 1}];\n"
    text = text.replace("<= model_inp;", f"<= model_inp[{high}:0];")
    text = text.replace(");\n", ");\n" + wire, 1)
    return text.replace(port[0], f"input [{high + 16}:0] model_inp", 1)


def _choice(right: str, choices: Sequence[tuple[int, str]]) -> str:
    text = right
    for number, wrong in choices:
        text = f"{SELECT} == 16'd{number} ? {wrong} : ({text})"
    return text
