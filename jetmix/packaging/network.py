"""The Verilog of a tagger under a name of its own, and the elements of its ports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from jetmix.errors import UsageError
from jetmix.firmware.named_ports import PlacedPort
from jetmix.firmware.project import TOP
from jetmix.firmware.verilog import PORTS_FILE, TABLES, Kif, Ports, read_ports
from jetmix.packaging.order import Order

SOURCES = "src"
# ports of a wrapper, which an element may be called like
TAKEN = ("in_valid", "out_valid")
_MODULE = re.compile(r"^\s*module\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Element:
    """An element of a port of the network.

    Attributes:
        name: the feature, class or target, where it is known.
        identifier: its name in Verilog.
        signed: whether its highest bit is a sign.
        fraction: its fraction bits.
        bits: its width in bits, 0 if no bit of it is used.
    """

    name: str
    identifier: str
    signed: bool
    fraction: int
    bits: int

    @property
    def kind(self) -> str:
        """Its type in SystemVerilog."""
        return f"logic {'signed ' if self.signed else ''}[{self.bits - 1}:0]"


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network as modules that carry name and version; ``module`` is the top one."""

    module: str
    latency_cycles: int
    inputs: tuple[Element, ...]
    outputs: tuple[Element, ...]


def write_network(order: Order, folder: Path) -> Network:
    """Copy the Verilog of a synthesis, with modules and files renamed after the order.

    Raises:
        LoweringError: if the synthesis holds no Verilog.
        BitsDifferError: if it was edited.
    """
    project = order.synth.project("rtl")
    project.require_untouched()
    sources = sorted((project.path / SOURCES).rglob("*.v"))
    texts = {path: path.read_text(encoding="utf-8") for path in sources}
    modules = {name for text in texts.values() for name in _MODULE.findall(text)}
    top = f"{order.label}_network"
    names = {
        name: name.replace(TOP, top) if name.startswith(TOP) else f"{top}_{name}"
        for name in modules
    }
    # a module is named where it is declared, and where an instance of it is
    listed = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    use = re.compile(rf"(?<=\bmodule )({listed})\b|\b({listed})\b(?=\s*#\s*\(|\s+\w+\s*\()")
    (folder / SOURCES).mkdir()
    for path, text in texts.items():
        renamed = use.sub(lambda found: names[found[1] or found[2]], text)
        place = folder / SOURCES / f"{names.get(path.stem, path.stem)}.v"
        place.write_text(renamed, encoding="utf-8")
    for table in sorted((project.path / TABLES).glob("*")):
        # named by their content: several taggers can share them
        (folder / SOURCES / table.name).write_bytes(table.read_bytes())
    (folder / PORTS_FILE).write_bytes((project.path / PORTS_FILE).read_bytes())
    ports = read_ports(project.path)
    return Network(
        module=top,
        latency_cycles=ports.latency_cycles,
        inputs=_inputs(ports),
        outputs=_outputs(ports),
    )


def packed(elements: Sequence[Element]) -> str:
    """Return the elements as one vector, the first in the lowest bits."""
    return ", ".join(element.identifier for element in reversed(elements) if element.bits)


def _inputs(ports: Ports) -> tuple[Element, ...]:
    return _elements("in", ports.inputs, ports.input_elements, ports.input_ports)


def _outputs(ports: Ports) -> tuple[Element, ...]:
    return _elements("out", ports.outputs, ports.output_elements, ports.output_ports)


def _elements(
    prefix: str, kifs: Sequence[Kif], elements: Sequence[PlacedPort], ports: Sequence[PlacedPort]
) -> tuple[Element, ...]:
    """Return all elements of a flat port, named as far as their names are known."""
    if elements:
        names = [(element.name, element.identifier) for element in elements]
    elif ports:
        places = [(port, i) for port in ports for i in range(prod(port.shape))]
        names = [(f"{port.name}[{i}]", f"{port.identifier}_{i}") for port, i in places]
    else:
        names = [(f"{prefix}[{i}]", f"{prefix}_{i}") for i in range(len(kifs))]
    return tuple(
        Element(
            name=name,
            identifier=f"{identifier}_n2" if identifier in TAKEN else identifier,
            signed=bool(k),
            fraction=f,
            bits=max(k + i + f, 0),
        )
        for (name, identifier), (k, i, f) in zip(names, kifs, strict=True)
    )


def integer_threshold(score: Element, value: float) -> int:
    """Return the smallest integer of a score that is not below a value.

    Raises:
        UsageError: if no score, or every one, reaches it.
    """
    lsb = 2.0**-score.fraction
    low = -(2 ** (score.bits - 1)) if score.signed and score.bits else 0
    high = low + 2**score.bits - 1
    if not low * lsb < value <= high * lsb:
        raise UsageError(
            f"threshold {value:g} of {score.name} decides nothing: the score lies in "
            f"{low * lsb:g} ... {high * lsb:g}",
            mend="name a threshold within it",
        )
    return -int(-value // lsb)
