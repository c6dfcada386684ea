"""What the accumulators of a folded tagger can hold, and what they ever do: for all inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log2, prod
from typing import ClassVar

import numpy as np

from jetmix.errors import BitsDifferError
from jetmix.firmware.dais import Interval, Width, port_of
from jetmix.firmware.folding.machine import Link, Machine
from jetmix.firmware.graph import DaGraph
from jetmix.support.records import NOT_NEGATIVE, POSITIVE, Check, checked
from jetmix.verification.proofs import ranges


@dataclass(frozen=True, kw_only=True)
class Accumulator:
    """One accumulator, in real units.

    Attributes:
        layer: the layer whose beats are added up.
        element: which of its outputs, counted from 0.
        bits: width of the accumulator.
        reached: where its values lie after each beat of a jet, proven.
        port: what its bits can hold.
    """

    layer: str
    element: int
    bits: int
    reached: Interval
    port: Interval

    CHECKS: ClassVar[dict[str, Check]] = {
        "element": NOT_NEGATIVE,
        **checked(POSITIVE, "bits"),
    }

    @property
    def overflows(self) -> bool:
        """Whether some value needs more bits."""
        return self.reached[0] < self.port[0] or self.reached[1] > self.port[1]


def prove(machine: Machine) -> tuple[Accumulator, ...]:
    """Work out the range of every accumulator, from the ports of the pipeline before it.

    After j of K beats that each lie in [a, b] a sum lies in [j a, j b].
    """
    found: list[Accumulator] = []
    for section, graph in zip(machine.folding.sections, machine.graphs, strict=True):
        sums = [link for link in machine.folding.out_of(section) if link.kind == "sum"]
        if sums:
            known = list(_outputs(graph))
            for link in sums:
                found += _of_link(machine, link, graph, known)
    return tuple(found)


def _of_link(
    machine: Machine, link: Link, graph: DaGraph, known: Sequence[Interval]
) -> Iterator[Accumulator]:
    folding = machine.folding
    source = folding.section(link.source)
    kifs = np.asarray(graph.out_kifs, np.int64)
    for element in range(prod(folding.beat_shape(link, source.domain))):
        k, i, f = (int(n) for n in kifs[:, link.source_first + element])
        if k + i + f <= 0:
            continue
        low, high = known[link.source_first + element]
        width = Width(sign=k, fraction=f, bits=k + i + f + ceil(log2(folding.fold)))
        yield Accumulator(
            layer=link.giver,
            element=element,
            bits=width.bits,
            reached=(min(low, folding.fold * low), max(high, folding.fold * high)),
            port=port_of(width),
        )


def _outputs(graph: DaGraph) -> Iterator[Interval]:
    """Yield where every output of a graph lies."""
    known = ranges.intervals_of(graph)
    for place, shift, negated in zip(graph.out_idxs, graph.out_shifts, graph.out_negs, strict=True):
        scale = 2.0**shift * (-1 if negated else 1)
        low, high = sorted(scale * end for end in (known[place] if place >= 0 else (0.0, 0.0)))
        yield low + 0.0, high + 0.0  # no negative zero


def require_room(accumulators: Sequence[Accumulator], where: object) -> None:
    """Raise if an accumulator can overflow.

    Raises:
        BitsDifferError: naming it.
    """
    for one in accumulators:
        if one.overflows:
            raise BitsDifferError(
                f"the accumulator of output {one.element} of {one.layer} can overflow its "
                f"{one.bits} bits",
                where=where,
                mend="do not use this firmware; report the model",
            )
