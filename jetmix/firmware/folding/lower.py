"""From a trained tagger to its folded machine, section by section."""

from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.folding.beats import beat_model, name_of_edge
from jetmix.firmware.folding.machine import (
    Folding,
    Link,
    Machine,
    SectionRecord,
    kind_of_link,
    permutation,
    scheduled,
)
from jetmix.firmware.folding.plan import Edge, FoldPlan, SectionPlan
from jetmix.firmware.graph import DELAY_CONSTRAINT, DaGraph, Traces
from jetmix.firmware.project import DA4ML, EngineName
from jetmix.support.arrays import Ints


@dataclass(frozen=True, kw_only=True)
class Folded:
    """A machine, and the traces of its sections, from which the costs of layers are found."""

    machine: Machine
    traces: tuple[Traces, ...]


def fold(
    plan: FoldPlan,
    *,
    adders_per_stage: int,
    delay_constraint: int = DELAY_CONSTRAINT,
    by: EngineName = DA4ML,
) -> Folded:
    """Lower each section of a tagger to the graph of one beat.

    Args:
        plan: how it folds.
        adders_per_stage: adders between two registers.
        delay_constraint: how many adders deeper than the shallowest an adder tree may be.
        by: the engine.

    Raises:
        LoweringError: for a layer that differs from beat to beat, or that cannot be lowered.
    """
    sections: list[SectionRecord] = []
    graphs: dict[SectionPlan, DaGraph] = {}
    traced: list[Traces] = []
    links: dict[Edge, Link] = {}
    for section in plan.sections:
        held, first = {}, _first(plan, section)
        for edge in plan.edges:
            if edge.target is section:
                links[edge], held[edge] = _linked(plan, edge, graphs[edge.source], first)
                first += held[edge][0].size
        model = beat_model(plan, section, held)
        traces = da_graph.trace_layers(model, delay_constraint=delay_constraint, by=by)
        graph = da_graph.graph_of(traces)
        _require_ports(graph, section)
        graphs[section] = graph
        traced.append(traces)
        stages = len(da_graph.cut_into_stages(graph, adders_per_stage=adders_per_stage).solutions)
        sections.append(
            SectionRecord(
                name=section.name,
                domain=section.domain,
                layers=tuple(call.name for call in section.calls),
                stages=stages,
            )
        )
    shape = tuple(int(size) for size in plan.model.inputs[0].shape[1:])
    folding = Folding(
        fold=plan.fold,
        input_shape=(shape[0], shape[1]),
        sections=tuple(sections),
        links=tuple(links[edge] for edge in plan.edges),
    )
    machine = Machine(folding=scheduled(folding), graphs=tuple(graphs.values()))
    return Folded(machine=machine, traces=tuple(traced))


def _first(plan: FoldPlan, section: SectionPlan) -> int:
    """Return how many elements of the model's own input a section takes."""
    if section is not plan.sections[0]:
        return 0
    return int(np.prod(plan.beat_shape(plan.model.inputs[0].shape, section.domain)))


def _require_ports(graph: DaGraph, section: SectionPlan) -> None:
    """Refuse a section whose inputs or outputs are all constant, which has no ports.

    Raises:
        LoweringError: naming it.
    """
    for kifs in (graph.inp_kifs, graph.out_kifs):
        if not int(np.asarray(kifs).sum(axis=0).clip(min=0).sum()):
            raise LoweringError(
                "its values are constant, so there is nothing to fold",
                where=f"layer {section.name}", mend="leave out --ii, or train the tagger again",
            )  # fmt: skip


def _linked(plan: FoldPlan, edge: Edge, graph: DaGraph, target_first: int) -> tuple[Link, Ints]:
    """Return the link of an edge, and the bits in which its target takes a beat, (3, *beat)."""
    kind = kind_of_link(edge.source.domain, edge.target.domain, sums=edge.sums)
    given = plan.beat_shape(edge.tensor.shape, edge.source.domain)
    taken = plan.beat_shape(edge.tensor.shape, edge.target.domain)
    size, first = int(np.prod(given)), _place_of(plan, edge)
    kifs = np.asarray(graph.out_kifs, dtype=np.int64)[:, first : first + size]
    link = Link(
        name=name_of_edge(edge),
        kind=kind,
        source=edge.source.name,
        target=edge.target.name,
        shape=tuple(int(n) for n in edge.tensor.shape[1:]),
        source_first=first,
        target_first=target_first,
        giver=edge.giver,
        taker=edge.taker.name,
        place=edge.place,
    )
    if kind == "turn":
        k, i, f = _common(kifs)
        link = Link(**{**vars(link), "bits": k + i + f, "fraction": f, "signed": bool(k)})
        held = np.tile(np.array([[k], [i], [f]]), int(np.prod(taken)))
    elif kind == "sum":
        # a sum of K values of these bits, exactly
        held = kifs + np.array([[0], [ceil(log2(plan.fold))], [0]]) * (kifs.sum(axis=0) > 0)
    elif kind == "collect":
        held = _collected(plan, link, kifs, edge)
    else:
        held = kifs
    return link, held.reshape(3, *taken)


def _place_of(plan: FoldPlan, edge: Edge) -> int:
    """Return the first element of an edge among the outputs of its source."""
    before = 0
    for other in plan.edges:
        if other is edge:
            break
        if other.source is edge.source:
            before += int(np.prod(plan.beat_shape(other.tensor.shape, other.source.domain)))
    return before


def _common(kifs: Ints) -> tuple[int, int, int]:
    """Return sign, integer and fraction bits that hold all elements; at least one bit."""
    live = kifs[:, kifs.sum(axis=0) > 0]
    if not live.size:
        return 0, 1, 0
    k, i, f = (int(n) for n in live.max(axis=1))
    return k, i, f


def _collected(plan: FoldPlan, link: Link, kifs: Ints, edge: Edge) -> Ints:
    """Return the bits of all elements of a value whose beats each come in the same bits."""
    shape = (1, 1)
    bare = Folding(fold=plan.fold, input_shape=shape, sections=(), links=())
    order = permutation(bare, link, edge.source.domain, edge.target.domain)
    collected: Ints = np.tile(kifs, plan.fold)[:, order]
    return collected


def costs_of_copies(folded: Folded) -> dict[str, float]:
    """Return the cost of every layer in its one copy."""
    # quantisers at the ends of a section are those of the layer that takes the value
    takers = {
        f"{side}_{link.name}": link.taker
        for link in folded.machine.folding.links
        for side in ("to", "held")
    }
    costs: dict[str, float] = {}
    for traces, graph in zip(folded.traces, folded.machine.graphs, strict=True):
        owners = da_graph.layer_of_operations(traces, graph)
        for owner, op in zip(owners, graph.ops, strict=True):
            layer = takers.get(owner, owner)
            costs[layer] = costs.get(layer, 0.0) + float(op.cost)
    return costs
