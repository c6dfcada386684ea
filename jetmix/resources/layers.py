"""Which layer of a tagger costs what: the cost of the DA graph, layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from jetmix.errors import ReportReadError
from jetmix.firmware.folding.lower import Folded, costs_of_copies
from jetmix.firmware.graph import DaGraph, Operation, Traces
from jetmix.models.prepare import shown
from jetmix.resources.lut import Costs, lut_of
from jetmix.support.records import FRACTION, MEND, NOT_NEGATIVE, Check, checked, read, write

LAYERS_FILE = "layers.json"
# what no trace of a layer holds: nothing with the locked da4ml, and never dropped in silence
REST = "(between layers)"
# rounding of the shares, over all layers
SHARE_ROUNDING = 1e-3


@dataclass(frozen=True, kw_only=True)
class LayerCost:
    """What a layer adds to the DA graph.

    An operation that several layers use counts for the first of them.

    Attributes:
        layer: its name.
        da4ml_cost: its share of the cost of the graph; sums over the layers to the whole.
        lut: its share of the estimated LUT.
        share: its fraction; sums over the layers to 1.
        depth_adders: longest chain of adders from the inputs to its outputs.
        folds_over: ``particles`` or ``channels`` for a layer that exists once for several of them,
            in a tagger that is folded; the figures above are those without folding.
        folded_lut: its share of the estimated LUT then.
    """

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "da4ml_cost", "lut", "depth_adders"),
        "share": FRACTION,
    }

    layer: str
    da4ml_cost: float
    lut: float
    share: float
    depth_adders: float
    folds_over: str | None = None
    folded_lut: float | None = None


def layer_costs(
    traces: Traces,
    graph: DaGraph,
    owners: Sequence[str],
    names: Mapping[str, str] | None = None,
) -> list[LayerCost]:
    """Return the cost of every layer, in order of data flow.

    Args:
        traces: what :func:`jetmix.firmware.da_graph.trace_layers` gave.
        graph: what :func:`jetmix.firmware.da_graph.graph_of` made of them.
        owners: the layer of every operation, from
            :func:`jetmix.firmware.da_graph.layer_of_operations`.
        names: the original name of every layer that jetmix renamed.
    """
    costs: dict[str, float] = {}
    depths: dict[str, float] = {}
    deepest = 0.0
    operations: dict[str, list[Operation]] = {}
    for layer, op in zip(owners, graph.ops, strict=True):
        operations.setdefault(layer, []).append(op)
    for place in traces:
        layer = "/".join(place.split("/")[1:-1])
        if layer and layer not in costs:
            own = operations.get(layer, [])
            costs[layer] = sum(op.cost for op in own)
            deepest = max((op.latency for op in own), default=deepest)
            depths[layer] = deepest
    total = float(graph.cost)
    rest = total - sum(costs.values())
    if abs(rest) > 1e-6 * max(total, 1.0):
        costs[REST], depths[REST] = rest, max(depths.values(), default=0.0)
    lut = lut_of(Costs.of(graph)).value / total if total else 0.0
    return [
        LayerCost(
            layer=shown(layer, names or {}),
            da4ml_cost=cost,
            lut=round(cost * lut, 1),
            share=round(cost / total, 6) if total else 0.0,
            depth_adders=depths[layer],
        )
        for layer, cost in costs.items()
    ]


def folded_costs(
    costs: Sequence[LayerCost], folded: Folded, names: Mapping[str, str]
) -> list[LayerCost]:
    """Return the costs of layers with what folding saves.

    Args:
        costs: what :func:`layer_costs` gave.
        folded: the folded tagger.
        names: the original name of every layer that jetmix renamed.
    """
    copies = {shown(name, names): cost for name, cost in costs_of_copies(folded).items()}
    over = {
        shown(layer, names): section.domain
        for section in folded.machine.folding.sections
        if section.domain != "jet"
        for layer in section.layers
    }
    total = sum(cost.da4ml_cost for cost in costs)
    per_cost = sum(cost.lut for cost in costs) / total if total else 0.0
    return [
        replace(
            cost,
            folds_over=over.get(cost.layer),
            folded_lut=round(copies.get(cost.layer, 0.0) * per_cost, 1),
        )
        for cost in costs
    ]


def write_layers(folder: Path, costs: Sequence[LayerCost]) -> None:
    """Write ``layers.json``, a list in order of data flow."""
    write(folder / LAYERS_FILE, costs)


def read_layers(folder: Path) -> tuple[LayerCost, ...] | None:
    """Return the content of a synthesis' ``layers.json``, None where it is absent.

    Raises:
        ReportReadError: if the file was damaged or edited.
    """
    path = folder / LAYERS_FILE
    if not path.exists():
        return None
    costs = read(tuple[LayerCost, ...], path)
    total = sum(cost.share for cost in costs)
    if total and abs(total - 1) > SHARE_ROUNDING:
        what = f"the shares of all layers should add up to 1 (they add up to {total:.4f})"
        raise ReportReadError(what, where=path, mend=MEND)
    return costs


def largest(costs: Sequence[LayerCost], count: int = 3) -> str:
    """Return the layers that cost most in one line, such as ``token_mix 41%, head 12%``."""
    by_cost = sorted(costs, key=lambda cost: -cost.share)[:count]
    return ", ".join(f"{cost.layer} {100 * cost.share:.0f}%" for cost in by_cost)
