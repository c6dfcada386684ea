"""The folded machine as data: the graph of one beat of each section, and what lies between them.

Time is static. A jet begins with its ``start``; its beats follow on consecutive clocks, and so do
those of every section, a fixed number of clocks later. The next jet may start ``fold`` clocks
later. Clock 0 is the one with the first beat at the input.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from jetmix.firmware import da_graph
from jetmix.firmware.folding.plan import Domain, beat_shape
from jetmix.firmware.graph import DaGraph
from jetmix.support import records
from jetmix.support.arrays import Float64, Reals
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, POSITIVE, Check, checked

FOLDING_FILE = "folding.json"
GRAPHS = "sections"

# delay: beats go on as they are. turn: particles are sent, channels taken, or the other way round.
# collect: all beats at once. sum: their sum. hold: what comes once is taken with every beat.
LinkKind = Literal["delay", "turn", "collect", "sum", "hold"]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A value between two sections.

    Attributes:
        name: the layers that give and take it.
        kind: how it gets there.
        source: the section that gives it.
        target: the section that takes it.
        shape: its shape, without the axis of the jets.
        source_first: its first element among the outputs of ``source``.
        target_first: its first element among the inputs of ``target``.
        bits: width of every element of a turn; they are the same for all.
        fraction: fraction bits of a turn.
        signed: whether those of a turn have a sign.
        ready: clock at which its first beat can be taken.
        waits: clocks that it waits beyond that, for other inputs of its section.
        giver: the layer that gives it.
        taker: the layer that takes it.
        place: which of its inputs it is.
    """

    name: str
    kind: LinkKind
    source: str
    target: str
    shape: tuple[int, ...]
    source_first: int
    target_first: int
    bits: int = 0
    fraction: int = 0
    signed: bool = False
    ready: int = 0
    waits: int = 0
    giver: str
    taker: str
    place: int

    CHECKS: ClassVar[dict[str, Check]] = {
        "shape": NOT_EMPTY,
        **checked(NOT_NEGATIVE, "source_first", "target_first", "bits", "ready", "waits"),
    }


@dataclass(frozen=True, kw_only=True)
class SectionRecord:
    """A section of the machine.

    Attributes:
        name: its name, that of its first layer.
        domain: what it folds over; ``jet`` for what runs once per jet.
        layers: its layers in order of data flow.
        stages: stages of its pipeline.
        begins: clock at which the first beat is at its input.
    """

    name: str
    domain: Domain
    layers: tuple[str, ...]
    stages: int
    begins: int = 0

    @property
    def ends(self) -> int:
        """The clock at which its first beat is at its output."""
        return self.begins + self.stages + 1


@dataclass(frozen=True, kw_only=True)
class Folding:
    """Content of ``folding.json``: the machine without its graphs.

    Attributes:
        fold: beats of a jet, which are the clocks from one jet to the next.
        input_shape: particles and features of a jet.
        sections: in order of data flow.
        links: the values between them.
    """

    fold: int
    input_shape: tuple[int, int]
    sections: tuple[SectionRecord, ...]
    links: tuple[Link, ...]

    CHECKS: ClassVar[dict[str, Check]] = {"fold": POSITIVE, "sections": NOT_EMPTY}

    @property
    def latency_cycles(self) -> int:
        """Clocks from the edge that takes the first beat to the one that gives the answer."""
        return self.sections[-1].ends - 1

    def section(self, name: str) -> SectionRecord:
        """Return a section by its name."""
        return next(section for section in self.sections if section.name == name)

    def into(self, section: SectionRecord) -> list[Link]:
        """Return the links into a section, in the order of its inputs."""
        return [link for link in self.links if link.target == section.name]

    def out_of(self, section: SectionRecord) -> list[Link]:
        """Return the links out of a section, in the order of its outputs."""
        return [link for link in self.links if link.source == section.name]

    def beats(self, domain: Domain) -> int:
        """Return how often a section works for a jet."""
        return 1 if domain == "jet" else self.fold

    def beat_shape(self, link: Link, domain: Domain) -> tuple[int, ...]:
        """Return the shape of a link's value in one beat of a section."""
        return beat_shape(link.shape, domain, self.fold)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A folded tagger; ``graphs`` are those of one beat, in the order of the sections."""

    folding: Folding
    graphs: tuple[DaGraph, ...]

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit over all outputs."""
        return float(min(interval.step for interval in self.graphs[-1].out_qint))

    def predict(self, x: Reals) -> Float64:
        """Return what the machine answers, beat by beat.

        Args:
            x: (jet, particle, feature).

        Returns:
            float64 (jet, output).
        """
        return self._given(x)[self.folding.sections[-1].name][:, 0]

    def linked(self, x: Reals) -> Iterator[tuple[Link, Float64]]:
        """Yield every value between two sections, whole, (jet, *shape)."""
        given = self._given(x)
        for link in self.folding.links:
            domain: Domain = "jet" if link.kind != "hold" else "particles"
            value = self._taken(link, given, domain)
            first = value[:, :1] if link.kind in ("sum", "hold") else value
            yield link, first.reshape(len(value), *link.shape)

    def beats(self, x: Reals) -> Iterator[tuple[SectionRecord, Float64, Float64]]:
        """Yield what every section takes and gives, each (jet, beat, element).

        Args:
            x: (jet, particle, feature).
        """
        folding = self.folding
        given: dict[str, Float64] = {}
        for section, graph in zip(folding.sections, self.graphs, strict=True):
            parts = [self._taken(link, given, section.domain) for link in folding.into(section)]
            if section is folding.sections[0]:
                beats = np.asarray(x, np.float64).reshape(len(x), folding.fold, -1)
                parts.insert(0, beats)
            taken = np.ascontiguousarray(np.concatenate(parts, axis=2))
            flat = np.asarray(graph.predict(taken.reshape(-1, graph.shape[0])))
            given[section.name] = flat.reshape(*taken.shape[:2], graph.shape[1])
            yield section, taken, given[section.name]

    def _given(self, x: Reals) -> dict[str, Float64]:
        """Return what every section gives, (jet, beat, element)."""
        return {section.name: given for section, _, given in self.beats(x)}

    def _taken(self, link: Link, given: dict[str, Float64], domain: Domain) -> Float64:
        """Return the beats of a link's value as a section takes them, (jet, beat, element)."""
        folding = self.folding
        source = folding.section(link.source)
        shape = folding.beat_shape(link, source.domain)
        stop = link.source_first + prod(shape)
        beats = given[link.source][:, :, link.source_first : stop]
        if link.kind == "sum":
            return np.asarray(beats.sum(axis=1, keepdims=True))
        if link.kind == "hold":
            return np.repeat(beats, folding.fold, axis=1)
        if source.domain == domain:
            return beats
        order = permutation(folding, link, source.domain, domain)
        flat = beats.reshape(len(beats), -1)[:, order]
        return np.asarray(flat.reshape(len(beats), folding.beats(domain), -1))

    def write(self, folder: Path) -> None:
        """Write ``folding.json`` and the graphs."""
        (folder / GRAPHS).mkdir(parents=True, exist_ok=True)
        for section, graph in zip(self.folding.sections, self.graphs, strict=True):
            da_graph.save(graph, folder / graph_file(section))
        records.write(folder / FOLDING_FILE, self.folding)

    @classmethod
    def read(cls, folder: Path) -> "Machine | None":
        """Return the machine of a synthesis, None for one that is not folded.

        Raises:
            ReportReadError: if a file is missing or damaged.
        """
        path = folder / FOLDING_FILE
        if not path.exists():
            return None
        folding = records.read(Folding, path)
        graphs = tuple(da_graph.load(folder / graph_file(one)) for one in folding.sections)
        return cls(folding=folding, graphs=graphs)


def folded_files(folder: Path) -> list[str]:
    """Return the files of a machine in the folder of a synthesis, none for one without."""
    graphs = sorted(f"{GRAPHS}/{path.name}" for path in (folder / GRAPHS).glob("*.json"))
    return [FOLDING_FILE, *graphs] if (folder / FOLDING_FILE).exists() else []


def graph_file(section: SectionRecord) -> str:
    """Return the path of the graph of a section in the folder of a synthesis."""
    return f"{GRAPHS}/{section.name}.json"


def permutation(folding: Folding, link: Link, source: Domain, target: Domain) -> list[int]:
    """Return which element of the source's beats each element of the target's beats is.

    Both are counted beat after beat.
    """
    elements = np.arange(prod(link.shape)).reshape(link.shape)
    given = _in_beats(folding, elements, source).ravel()
    taken = _in_beats(folding, elements, target).ravel()
    return [int(n) for n in np.argsort(given)[taken]]


def _in_beats(folding: Folding, whole: np.ndarray, domain: Domain) -> np.ndarray:
    """Return an array (particle, channel) cut into beats, (beat, *shape of a beat)."""
    if domain == "jet":
        return whole[None]
    axis = 0 if domain == "particles" else whole.ndim - 1
    return np.stack(np.split(whole, folding.fold, axis=axis))


def scheduled(folding: Folding) -> Folding:
    """Return a machine with the clocks at which its sections begin: as early as they can."""
    sections: dict[str, SectionRecord] = {}
    links: list[Link] = []
    for section in folding.sections:
        into = [replace(one, ready=_ready(folding, sections[one.source], one))
                for one in folding.into(section)]  # fmt: skip
        begins = max((link.ready for link in into), default=0)
        links += [replace(link, waits=begins - link.ready) for link in into]
        sections[section.name] = replace(section, begins=begins)
    order = [link.name for link in folding.links]
    links.sort(key=lambda link: order.index(link.name))
    return replace(folding, sections=tuple(sections.values()), links=tuple(links))


def _ready(folding: Folding, source: SectionRecord, link: Link) -> int:
    """Return the clock at which the first beat of a link is there.

    A turn, a collection and a sum wait for the last beat, which is used as it comes; what is held
    is held in a register.
    """
    waits = {"delay": 0, "hold": 1}.get(link.kind, folding.fold - 1)
    return source.ends + waits


def kind_of_link(source: Domain, target: Domain, *, sums: bool) -> LinkKind:
    """Return how a value gets from one kind of section to another."""
    if sums:
        return "sum"
    if source == target:
        return "delay"
    if source == "jet":
        return "hold"
    return "collect" if target == "jet" else "turn"
