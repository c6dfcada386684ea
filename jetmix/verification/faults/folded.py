"""Faults in what a folded tagger has beside its pipelines: its control, and what lies between them.

A wrong buffer stands beside the right one, and the number of the fault chooses between the two.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jetmix.verification.faults.cpp import SELECT, Fault, Kind, Site
from jetmix.verification.faults.verilog import choice, with_port

# kinds of the modules between the pipelines, by their names
KINDS: dict[str, Kind] = {
    "fold_turn_step": "turn",
    "fold_delay": "delay",
    "fold_sum": "accumulator",
    "fold_hold": "hold",
    "fold_collect": "collect",
    "fold_send": "beats",
}
# of the control: what a value is given to, the value, and a wrong one
CONTROL = (
    ("ready = ", "left == 0 && !rst", "left == 0"),
    ("past, ", "start && ready", "start"),
    ("left <= ", "0", "left"),
    ("past <= ", "0", "at[CLOCKS-1:0]"),
    ("left <= ", "FOLD - 1", "FOLD - 2"),
    ("left <= ", "left - 1", "left"),
)
_INSTANCE = re.compile(
    r"^    (\w+) (?:#\(([^\n]*)\) )?(\w+) \(\s*(\.\w+\(.*?)\s*\);$", re.MULTILINE | re.DOTALL
)
_WIRED = re.compile(r"\.(\w+)\(([^()]*)\)")
_VALID = re.compile(r"(?<=assign model_valid = )at\[(\d+)\](?=;)")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance of a module between the pipelines; its last port is its output."""

    line: int
    module: str
    kind: Kind
    name: str
    parameters: Mapping[str, str]
    ports: Mapping[str, str]

    @property
    def output(self) -> str:
        """What its output is wired to."""
        return list(self.ports.values())[-1]

    def text(self, suffix: str, **changed: str) -> str:
        """Return a copy with other parameters or ports, whose output is a wire of its own."""
        wire = f"{self.name}{suffix}"
        ports = {**self.ports, list(self.ports)[-1]: wire}
        parameters, wired = (
            ", ".join(f".{key}({changed.get(key, value)})" for key, value in given.items())
            for given in (self.parameters, ports)
        )
        return (
            f"logic [$bits({self.output})-1:0] {wire}; "
            f"{self.module} #({parameters}) {wire}_copy ({wired});"
        )

    def wrong(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is right, what is wrong instead, and the text of a copy or another value."""
        for key, value in self._wrong_values():
            right = self.ports.get(key) or self.parameters[key]
            yield f".{key}({right})", f".{key}({value})", self.text("@", **{key: value})
        bits = f"$bits({self.output})"
        highest = f"({bits}'(1) << ({bits} - 1))"
        yield "its highest bit", "0", f"({self.name}_right & ~{highest})"
        if self.kind == "collect":
            width = int(self.parameters["WIDTH"])
            rest = f"{self.name}_right[{bits}-1:{width}]"
            yield "the order of beats", "another", f"{{{self.name}_right[{width - 1}:0], {rest}}}"

    def _wrong_values(self) -> Iterator[tuple[str, str]]:
        """Yield ports and parameters with wrong values: a clock early or late, another sign."""
        for port, value in self.ports.items():
            at = re.fullmatch(r"at\[(\d+)\]", value)
            if at:
                yield port, f"at[{int(at[1]) + 1}]"
                if int(at[1]) > 0:
                    yield port, f"at[{int(at[1]) - 1}]"
        if "SIGNED" in self.parameters:
            yield "SIGNED", str(1 - int(self.parameters["SIGNED"]))
        if self.kind == "hold":
            yield "load", "1'b1"
        if self.kind == "delay":
            clocks = int(self.parameters["CLOCKS"])
            yield "CLOCKS", str(clocks + 1)
            if clocks > 1:
                yield "CLOCKS", str(clocks - 1)


def instances(text: str, top: str) -> Iterator[Instance]:
    """Yield the modules between the pipelines, from the text of the top module."""
    for found in _INSTANCE.finditer(text):
        kind = KINDS.get(found[1].removeprefix(f"{top}_"))
        if kind is not None:
            yield Instance(
                line=text.count("\n", 0, found.start()),
                module=found[1],
                kind=kind,
                name=found[3],
                parameters=dict(_WIRED.findall(found[2])),
                ports=dict(_WIRED.findall(found[4])),
            )


def top_sites(file: str, text: str, top: str) -> list[Site]:
    """Return all places for faults between the pipelines, and in what says that there is an answer.

    Args:
        file: name of the file of the top module.
        text: its text.
        top: name of the module.
    """
    sites = []
    for one in instances(text, top):
        for right, wrong, planted in one.wrong():
            fault = Fault(
                kind=one.kind,
                file=file,
                line=one.line + 1,
                right=f"{one.name} {right}",
                wrong=wrong,
            )
            sites.append(Site(fault=fault, wrong={one.line: planted}))
    valid = _VALID.search(text)
    if valid:
        line, early = text.count("\n", 0, valid.start()), f"at[{int(valid[1]) - 1}]"
        fault = Fault(kind="control", file=file, line=line + 1, right=valid[0], wrong=early)
        sites.append(Site(fault=fault, wrong={line: early}))
    return sites


def plant_top(text: str, sites: Sequence[Site], first: int, top: str) -> str:
    """Return the top module with faults numbered from ``first`` on, and the port that chooses."""
    chosen: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for offset, site in enumerate(sites):
        for line, wrong in site.wrong.items():
            chosen[line].append((first + offset, wrong))
    known = {one.line: one for one in instances(text, top)}

    def replaced(found: re.Match[str]) -> str:
        line = text.count("\n", 0, found.start())
        if line in known:
            return _planted(known[line], chosen[line]) if line in chosen else found[0]
        if not found[1].startswith(f"{top}_"):
            return found[0]
        return found[0].replace(".clk(clk)", f".clk(clk), .{SELECT}({SELECT})", 1)

    planted = _INSTANCE.sub(replaced, text)
    valid = _VALID.search(text)
    if valid:
        choices = chosen[text.count("\n", 0, valid.start())]
        planted = _VALID.sub(lambda found: choice(found[0], choices), planted)
    return with_port(planted)


def _planted(one: Instance, choices: Sequence[tuple[int, str]]) -> str:
    """Return an instance, its wrong copies beside it, and the choice of one of them."""
    lines, values = [one.text("_right")], []
    for number, wrong in choices:
        if "@" in wrong:
            lines.append(wrong.replace("@", f"_{number}"))
            values.append((number, f"{one.name}_{number}"))
        else:
            values.append((number, wrong))
    lines.append(f"assign {one.output} = {choice(f'{one.name}_right', values)};")
    return "\n".join(f"    {line}" for line in lines)


def control_sites(file: str, text: str, _: str) -> list[Site]:
    """Return all places for faults in the control of a folded tagger."""
    sites = []
    for head, right, wrong in CONTROL:
        line = text[: text.index(head + right)].count("\n")
        fault = Fault(kind="control", file=file, line=line + 1, right=right, wrong=wrong)
        sites.append(Site(fault=fault, wrong={line: wrong}))
    return sites


def plant_control(text: str, sites: Sequence[Site], first: int, _: str) -> str:
    """Return the control with faults numbered from ``first`` on, and the port that chooses."""
    lines = text.splitlines()
    for number, site in enumerate(sites, start=first):
        ((line, wrong),) = site.wrong.items()
        right = site.fault.right
        head, _, rest = lines[line].rpartition(right)
        lines[line] = f"{head}({choice(right, [(number, wrong)])}){rest}"
    return with_port("\n".join(lines) + "\n")
