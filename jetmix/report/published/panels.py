"""Which points stand on which axes: one panel per data set and origin of resources."""

from dataclasses import dataclass, replace
from typing import Literal

from jetmix.report.published.baselines import Baseline
from jetmix.report.published.comparable import Field, nondominated
from jetmix.report.tagger import Tagger
from jetmix.resources.origins import ORIGINS
from jetmix.resources.report import ResourceReport

Cost = Literal["lut", "latency_ns"]
COST_TITLES: dict[Cost, str] = {"lut": "LUT", "latency_ns": "Latency [ns]"}
PUBLIC = "public jets"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One tagger on a panel; accuracies in per cent, ``low`` and ``high`` bound the cost."""

    id: str
    label: str
    ours: bool
    accuracy_pct: float
    accuracy_error_pct: float | None
    cost: float
    low: float | None = None
    high: float | None = None
    permutation_invariant: bool | None = None
    n_particles: int | None = None
    seen: str | None = None
    nondominated: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Points that may share axes: same data set, features, gate and origin of resources."""

    data: str
    origin: str
    cost: Cost
    public: bool
    points: tuple[Point, ...]

    @property
    def title(self) -> str:
        """Title of the panel: data set and origin."""
        return f"{self.data} · {self.origin}"


def panels(field: Field, cost: Cost) -> tuple[Panel, ...]:
    """Return the panels of one setting: the public ones first, then those of other jets.

    Published rows whose origin of resources is not stated are on no panel.
    """
    groups: dict[tuple[str, str, bool], list[Point]] = {}
    for row in field.rows:
        point = _published(row, cost)
        if point is not None and row.origin != "unstated":
            groups.setdefault((PUBLIC, row.origin, True), []).append(point)
    for tagger in field.taggers:
        point = _ours(tagger, cost)
        report = tagger.best_resources
        if point is not None and report is not None:
            data = PUBLIC if field.setting.public else field.setting.data or "jets not known"
            key = (data, _origin(report, cost), field.setting.public)
            groups.setdefault(key, []).append(point)
    keys = sorted(groups, key=lambda key: (not key[2], -ORIGINS[key[1]].trust))
    return tuple(_panel(key, groups[key], cost) for key in keys)


def _origin(report: ResourceReport, cost: Cost) -> str:
    """Return the origin of a cost: a tool that times no pipeline has the estimate's cycles."""
    untimed = cost == "latency_ns" and report.made_by.modelled
    return "estimate" if untimed else report.origin


def _panel(key: tuple[str, str, bool], points: list[Point], cost: Cost) -> Panel:
    marks = nondominated([(point.cost, point.accuracy_pct) for point in points])
    marked = [_marked(point, best) for point, best in zip(points, marks, strict=True)]
    return Panel(data=key[0], origin=key[1], public=key[2], cost=cost, points=tuple(marked))


def _marked(point: Point, best: bool) -> Point:
    return replace(point, nondominated=best)


def _published(row: Baseline, cost: Cost) -> Point | None:
    value = row.lut if cost == "lut" else row.latency_ns
    if value is None:
        return None
    return Point(
        id=row.id,
        label=row.name,
        ours=False,
        accuracy_pct=row.accuracy_pct,
        accuracy_error_pct=None,
        cost=value,
        permutation_invariant=row.permutation_invariant,
        n_particles=row.n_particles,
        seen=row.seen,
    )


def _ours(tagger: Tagger, cost: Cost) -> Point | None:
    report, metrics = tagger.best_resources, tagger.metrics
    if report is None or metrics is None:
        return None
    value = report.lut if cost == "lut" else report.latency_ns
    if value is None:
        return None
    return Point(
        id=tagger.name,
        label=tagger.name,
        ours=True,
        accuracy_pct=100 * metrics.accuracy,
        accuracy_error_pct=100 * metrics.accuracy_error,
        cost=value,
        low=report.lut_low if cost == "lut" else None,
        high=report.lut_high if cost == "lut" else None,
        permutation_invariant=tagger.permutation_invariant,
        n_particles=tagger.n_particles,
    )
