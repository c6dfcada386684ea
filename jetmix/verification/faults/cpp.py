"""Fault injection: wrong firmware on purpose, to see that the ladder catches it.

All faults of a project are planted into one copy of its sources, each behind a comparison with a
number: with 0 the firmware is right, with k it holds the k-th fault. So hundreds of faults cost one
compilation. This file plants them into the C++ of hls4ml and of whole graphs; ``verilog`` into the
Verilog.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal[
    "weight-bit",
    "shift",
    "sign",
    "constant",
    "bit-width",
    "rounding",
    "register",
    "outputs",
    "table",
    "choice",
    # of a folded tagger: its control, and what lies between its pipelines
    "control",
    "turn",
    "delay",
    "accumulator",
    "hold",
    "collect",
    "beats",
]
# the variable, or port, that holds the number of the fault
SELECT = "jetmix_fault"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: what is wrong, in which file and line (from 1) of the right sources."""

    kind: Kind
    file: str
    line: int
    right: str
    wrong: str

    def __str__(self) -> str:
        """Tell the fault in one line."""
        return f"{self.kind} in {self.file}:{self.line}: {self.right} -> {self.wrong}"


@dataclass(frozen=True, kw_only=True)
class Site:
    """A fault and the replacements that it needs: line number (from 0) to wrong expression.

    ``poke`` is the C++ statement that plants it where no line is replaced.
    """

    fault: Fault
    wrong: dict[int, str]
    poke: str = ""


def sample(sites: Sequence[Site], count: int, seed: int) -> list[Site]:
    """Return ``count`` sites, as many of each kind as there are and as evenly as possible."""
    rng = np.random.default_rng(seed)
    by_kind: dict[str, list[Site]] = defaultdict(list)
    for index in rng.permutation(len(sites)):
        by_kind[sites[index].fault.kind].append(sites[index])
    chosen: list[Site] = []
    while len(chosen) < count and any(by_kind.values()):
        for kind in sorted(by_kind):
            if by_kind[kind] and len(chosen) < count:
                chosen.append(by_kind[kind].pop())
    return chosen


# --- C++ of hls4ml's kernels -------------------------------------------------------------------

# numbers in hls4ml's kernels, bits in the function of a whole graph
_FIXED = r"ap_u?fixed<-?\d+,-?\d+(?:,\w+,\w+)?>"
_VALUE = re.compile(rf"^    ({_FIXED}|ap_u?int<\d+>) (v\d+) = (.+?);( //.*)?$")
_OUTPUT = re.compile(rf"^    ((?:model_)?out\[\d+\]) = ({_FIXED})\((.+)\);$")
_PORT = re.compile(rf"^    (out_\w+\[\d+\]) = bits<({_FIXED})>\((.+)\);$")
_TERM = r"(?:(?:bit_shift|shl)<-?\d+>\(v\d+\)|v\d+)"
_SUM = re.compile(rf"^({_TERM}) ([+-]) ({_TERM})$")
_SHIFT = re.compile(r"^(bit_shift|shl)<(-?\d+)>(.+)$")
_CHOICE = re.compile(r"^(v\d+\[\d+\]) \? (.+) : (.+)$")
_TABLE = re.compile(r"^table_\w+\[(?:(v\d+)\.range\(\)|ap_uint<\d+>\((v\d+)\))\]$")
_WIDTH = re.compile(r"^(ap_u?fixed)<(-?\d+),(-?\d+)(.*)>$")
_BITS = re.compile(r"^(ap_u?int)<(\d+)>$")


def cpp_sites(file: str, text: str) -> list[Site]:
    """Return all places for faults in a header of generated kernels."""
    sites: list[Site] = []
    outputs: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.splitlines()):
        value, output, port = _VALUE.match(line), _OUTPUT.match(line), _PORT.match(line)
        changes: list[tuple[Kind, str]] = []
        if value:
            kind_of_type, _, expression = value.group(1, 2, 3)
            changes = [*_wrong_sums(kind_of_type, expression), *_narrower(kind_of_type, expression)]
            changes += [*_wrong_choices(expression), *_wrong_entries(kind_of_type, expression)]
        elif port:
            expression = port[3]
            outputs.append((number, f"bits<{port[2]}>", expression))
        elif output:
            _, kind_of_type, expression = output.group(1, 2, 3)
            changes = [*_narrower(kind_of_type, expression), *_rounding(kind_of_type, expression)]
            outputs.append((number, kind_of_type, expression))
        else:
            outputs.clear()
            continue
        for kind, wrong in changes:
            fault = Fault(kind=kind, file=file, line=number + 1, right=expression, wrong=wrong)
            sites.append(Site(fault=fault, wrong={number: wrong}))
        ends = port or (output and "model_out" in line)
        if ends and len(outputs) > 1 and outputs[-2][0] == number - 1:
            sites.append(_swapped(file, outputs[-2], outputs[-1]))
    return sites


def _wrong_sums(kind_of_type: str, expression: str) -> Iterable[tuple[Kind, str]]:
    match = _SUM.match(expression)
    if not match:
        return
    first, sign, second = match.groups()
    # the term stands for one bit of a weight, in the signed-digit form that the solver uses
    yield "weight-bit", first
    yield "sign", f"{first} {'-' if sign == '+' else '+'} {second}"
    shift = _SHIFT.match(second)
    if shift is not None:
        yield "shift", f"{first} {sign} {shift[1]}<{int(shift[2]) + 1}>{shift[3]}"
    else:
        function = "bit_shift" if "fixed" in kind_of_type else "shl"
        yield "shift", f"{first} {sign} {function}<1>({second})"


def _wrong_choices(expression: str) -> Iterable[tuple[Kind, str]]:
    match = _CHOICE.match(expression)
    if match:
        yield "choice", f"!{match[1]} ? {match[2]} : {match[3]}"
        yield "choice", f"{match[1]} ? {match[3]} : {match[2]}"


def _wrong_entries(kind_of_type: str, expression: str) -> Iterable[tuple[Kind, str]]:
    """Yield the entry of zero off by one step of its type."""
    match, width = _TABLE.match(expression), _WIDTH.match(kind_of_type)
    if not match:
        return
    # bits count in ones
    step = repr(2.0 ** (int(width[3]) - int(width[2]))) if width else "1"
    wrong = f"{kind_of_type}({expression} + {kind_of_type}({step}))"
    if width and int(width[2]) == 1:  # one bit cannot hold the sum
        wrong = f"{kind_of_type}({step} - {expression})"
    yield "table", f"{match[1] or match[2]} == 0 ? {wrong} : {kind_of_type}({expression})"


def _narrower(kind_of_type: str, expression: str) -> Iterable[tuple[Kind, str]]:
    fixed, integer = _WIDTH.match(kind_of_type), _BITS.match(kind_of_type)
    if fixed and int(fixed[2]) > 1:
        name, bits, whole, rest = fixed[1], int(fixed[2]), int(fixed[3]), fixed[4]
        yield "bit-width", f"{name}<{bits - 1},{whole - 1}{rest}>({expression})"
        yield "bit-width", f"{name}<{bits - 1},{whole}{rest}>({expression})"
    if integer and int(integer[2]) > 1:
        yield "bit-width", f"{integer[1]}<{int(integer[2]) - 1}>({expression})"
        yield "bit-width", f"({kind_of_type}({expression}) >> 1) << 1"


def _rounding(kind_of_type: str, expression: str) -> Iterable[tuple[Kind, str]]:
    if "AP_RND" in kind_of_type:
        yield "rounding", f"{kind_of_type.replace('AP_RND', 'AP_TRN')}({expression})"


def _swapped(file: str, one: tuple[int, str, str], other: tuple[int, str, str]) -> Site:
    first, second = (f"{kind}({expression})" for _, kind, expression in (one, other))
    fault = Fault(kind="outputs", file=file, line=one[0] + 1, right=first, wrong=second)
    return Site(fault=fault, wrong={one[0]: second, other[0]: first})


def plant_cpp(text: str, sites: Sequence[Site], first: int) -> str:
    """Return a header with faults numbered from ``first`` on.

    A choice of the fault must have one type, so every branch is converted to the line's own.
    """
    lines = text.splitlines()
    wrong: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for offset, site in enumerate(sites):
        for number, expression in site.wrong.items():
            wrong[number].append((first + offset, expression))
    for number, choices in wrong.items():
        value, output = _VALUE.match(lines[number]), _OUTPUT.match(lines[number])
        port = _PORT.match(lines[number])
        if value:
            kind, name, expression = value.group(1, 2, 3)
            lines[number] = f"    {kind} {name} = {_choice(kind, expression, choices)};"
        elif output:
            target, kind, expression = output.group(1, 2, 3)
            out = "out_t" if target.startswith("model") else "output_t"
            right = f"{kind}({expression})"
            lines[number] = f"    {target} = {_choice(out, right, choices)};"
        elif port:
            target, kind, expression = port.group(1, 2, 3)
            lines[number] = (
                f"    {target} = {_choice(kind, f'bits<{kind}>({expression})', choices)};"
            )
    return "\n".join([f"extern int {SELECT};", *lines, ""])


def _choice(kind: str, right: str, choices: Sequence[tuple[int, str]]) -> str:
    text = f"{kind}({right})"
    for number, wrong in choices:
        text = f"{SELECT} == {number} ? {kind}({wrong}) : {text}"
    return text


_BIAS = re.compile(r"^(\w+) (b\d+)\[(\d+)\] = \{(.*)\};$", re.MULTILINE)


def bias_sites(file: str, text: str, defines: str) -> list[Site]:
    """Return one fault a bias of a weight header: its value off by one step of its type.

    Args:
        file: name of the header.
        text: its content.
        defines: content of ``defines.h``, which has the type.
    """
    match = _BIAS.search(text)
    if not match:
        return []
    kind, name, _, values = match.groups()
    width = re.search(rf"typedef ap_u?fixed<(-?\d+),(-?\d+)> {kind};", defines)
    if width is None or not any(float(value) for value in values.split(",")):
        return []  # biases that are all zero have no type of their own
    step = 2.0 ** (int(width[2]) - int(width[1]))
    line = text[: match.start()].count("\n") + 1
    sites = []
    for index, value in enumerate(values.split(",")):
        element, right = f"{name}[{index}]", value.strip()
        fault = Fault(
            kind="constant",
            file=file,
            line=line,
            right=f"{element} = {right}",
            wrong=f"{element} = {float(right) + step!r}",
        )
        poke = f"{element} = {right} + ({SELECT} == @ ? {step!r} : 0.0);"
        # the arrays are variables, so that they can be set: no line is replaced
        sites.append(Site(fault=fault, wrong={}, poke=poke))
    return sites


def bias_setter(sites: Sequence[Site], first: int) -> str:
    """Return C++ to append to the top function: what chooses a fault, biases included.

    Those of biases are numbered from ``first`` on.
    """
    pokes = [site.poke.replace("@", str(first + i)) for i, site in enumerate(sites)]
    body = "\n".join(f"    {poke}" for poke in (f"{SELECT} = number;", *pokes))
    return f'\nint {SELECT} = 0;\nextern "C" void jetmix_set_fault(int number) {{\n{body}\n}}\n'
