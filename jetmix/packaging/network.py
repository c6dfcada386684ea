"""The Verilog or VHDL of a tagger under a name of its own, and the elements of its ports."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from jetmix.errors import LoweringError, UsageError
from jetmix.firmware.engines.registry import Language
from jetmix.firmware.named_ports import PlacedPort
from jetmix.firmware.naming import SUFFIXES, renamed_sources
from jetmix.firmware.verilog import (
    NAMES,
    PORTS_FILE,
    TABLES,
    VHDL,
    Kif,
    Ports,
    read_ports,
)
from jetmix.packaging.order import Order, Threshold

SOURCES = "src"
# ports of a wrapper, which an element may be called like
TAKEN = ("in_valid", "out_valid")


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


def write_network(
    order: Order, folder: Path, language: Language = "verilog", sources: str = SOURCES
) -> Network:
    """Copy the sources of a synthesis, with modules and files renamed after the order.

    Args:
        order: what is packaged.
        folder: the package.
        language: language of the sources.
        sources: where in the package they are put.

    Raises:
        LoweringError: if the synthesis holds none of this language.
        BitsDifferError: if it was edited.
    """
    project = order.synth.project("rtl")
    project.require_untouched()
    there = project.path if language == "verilog" else project.path / VHDL
    paths = sorted((there / "src").rglob(f"*{SUFFIXES[language]}"))
    if not paths:
        raise LoweringError(
            f"the folder holds no {NAMES[language]}",
            where=order.synth.path,
            mend="run 'jetmix synth' with --flow rtl --vhdl into a new folder",
        )
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    top = network_of(order)
    (folder / sources).mkdir(parents=True)
    for path, text in renamed_sources(texts, top, language, old=project.top).items():
        (folder / sources / path.name).write_text(text, encoding="utf-8")
    for table in sorted((there / TABLES).glob("*")):
        # named by their content: several taggers can share them
        (folder / sources / table.name).write_bytes(table.read_bytes())
    (folder / PORTS_FILE).write_bytes((project.path / PORTS_FILE).read_bytes())
    return network_in(folder, order)


def network_in(folder: Path, order: Order) -> Network:
    """Return the network that a package holds, by its ``ports.json``.

    Raises:
        ReportReadError: if that is missing or damaged.
    """
    ports = read_ports(folder)
    return Network(
        module=network_of(order),
        latency_cycles=ports.latency_cycles,
        inputs=inputs_of(ports),
        outputs=outputs_of(ports),
    )


def network_of(order: Order) -> str:
    """Return the name of the network's top module."""
    return f"{order.label}_network"


def packed(elements: Sequence[Element]) -> str:
    """Return the elements as one vector, the first in the lowest bits."""
    return ", ".join(element.identifier for element in reversed(elements) if element.bits)


def inputs_of(ports: Ports) -> tuple[Element, ...]:
    """Return all elements of the input, named as far as their names are known."""
    return _elements("in", ports.inputs, ports.input_elements, ports.input_ports)


def outputs_of(ports: Ports) -> tuple[Element, ...]:
    """Return all elements of the output, named as far as their names are known."""
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


def score_of(outputs: Sequence[Element], threshold: Threshold) -> Element:
    """Return the output that decides, by its name or its identifier.

    Raises:
        UsageError: if there is none, naming the nearest.
    """
    for score in outputs:
        if threshold.score in (score.name, score.identifier):
            return score
    names = [score.name for score in outputs]
    near = difflib.get_close_matches(threshold.score, names, n=1) or names
    raise UsageError(
        f"there is no score {threshold.score!r}", mend=f"choose from {', '.join(near)}"
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
