"""LUT from the cost of a graph: of its sums, and of its lookup tables, for each engine.

Post-route LUT are proportional to the cost that an engine gives to sums (about one LUT per bit of
an adder). The ratio is known for da4ml, from published designs. alkaid's cost has another formula,
and no design is published with it: its ratio is da4ml's times the ratio of LUT per cost that Yosys
shows for the same models by both engines. Lookup tables are counted in LUT6 before they are merged,
so they have a ratio of their own, from the published taggers with LUT layers. All numbers are in
``calibration.toml``.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from jetmix.firmware import dais
from jetmix.firmware.engines.registry import name_of
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.project import DA4ML, EngineName
from jetmix.resources.report import Interval
from jetmix.support.arrays import Float64
from jetmix.support.packaged import packaged

COVERAGE = 0.90


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What an engine counts for a graph: its sums with all else, and its lookup tables."""

    adders: float
    tables: float = 0.0
    engine: EngineName = DA4ML

    @property
    def whole(self) -> float:
        """The cost of the graph."""
        return self.adders + self.tables

    @classmethod
    def of(cls, graph: DaGraph) -> "Costs":
        """Return the costs of a graph."""
        tables = sum(op.cost for op in graph.ops if op.opcode == dais.TABLE)
        adders = max(float(graph.cost) - tables, 0.0)
        return cls(adders=adders, tables=float(tables), engine=name_of(graph))


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(packaged("resources/calibration.toml").read_text(encoding="utf-8"))


@cache
def calibration() -> tuple[Float64, Float64]:
    """Return da4ml cost and post-route LUT of the calibration designs, each (design,)."""
    designs = _file()["design"]
    cost = np.array([design["da4ml_cost"] for design in designs])
    return cost, np.array([design["lut"] for design in designs], dtype=np.float64)


def conversions() -> Float64:
    """Return LUT per cost of alkaid over that of da4ml, by Yosys, of the same models, (model,)."""
    rows = _file()["both_engines"]
    ratios = [
        row["alkaid_lut"] / row["alkaid_cost"] * row["da4ml_cost"] / row["da4ml_lut"]
        for row in rows
    ]
    return np.array(ratios)


def table_designs(engine: EngineName) -> list[tuple[Costs, float]]:
    """Return costs and post-route LUT of the published taggers with LUT layers."""
    return [
        (
            Costs(
                adders=design[f"{engine}_adders"],
                tables=design[f"{engine}_tables"],
                engine=engine,
            ),
            float(design["lut"]),
        )
        for design in _file()["table_design"]
    ]


def lut_from_cost(cost: float) -> Interval:
    """Predict post-route LUT from a da4ml cost without lookup tables.

    ``log(LUT / cost)`` is taken as normal with unknown mean and variance; the interval is the
    prediction interval of Student's t for a design that the fit has not seen.

    Args:
        cost: da4ml cost of the whole graph, not negative.

    Returns:
        Value and 90% prediction interval in LUT.

    Raises:
        ValueError: if the cost is negative or not finite.
    """
    return lut_of(Costs(adders=cost))


def lut_of(costs: Costs) -> Interval:
    """Predict post-route LUT of a graph with its 90% prediction interval.

    The ends for sums and for tables are added, as if both erred the same way.

    Raises:
        ValueError: if a cost is negative or not finite.
    """
    for cost in (costs.adders, costs.tables):
        if not np.isfinite(cost) or cost < 0:
            raise ValueError(f"the cost must be a number that is not negative, got {cost}")
    adders, tables = per_adder_cost(costs.engine), per_table_cost(costs.engine)
    ends = (
        costs.adders * getattr(adders, end) + costs.tables * getattr(tables, end)
        for end in ("low", "value", "high")
    )
    low, value, high = (round(end, 1) for end in ends)
    return Interval(value=value, low=low, high=high)


@cache
def per_adder_cost(engine: EngineName) -> Interval:
    """Return LUT per cost of an engine for graphs without lookup tables."""
    costs, luts = calibration()
    designs = np.log(luts / costs)
    return _predicted([designs] if engine == DA4ML else [designs, np.log(conversions())])


@cache
def per_table_cost(engine: EngineName, leave_out: int | None = None) -> Interval:
    """Return LUT per cost of lookup tables, where wanted without one of the designs."""
    designs = table_designs(engine)
    if leave_out is not None:
        del designs[leave_out]
    sums = per_adder_cost(engine).value
    ratios = [(lut - sums * costs.adders) / costs.tables for costs, lut in designs]
    return _predicted([np.log(np.array(ratios))])


def _predicted(logs: Sequence[Float64]) -> Interval:
    """Return the product of ratios, each with its mean and spread, for a design not seen.

    Degrees of freedom of several ratios are those of Welch and Satterthwaite.
    """
    from scipy.stats import t

    centre = sum(float(log.mean()) for log in logs)
    parts = [float(log.var(ddof=1)) * (1 + 1 / len(log)) for log in logs]
    variance = sum(parts)
    spread = float(np.sqrt(variance))
    freedom = sum(part**2 / (len(log) - 1) for part, log in zip(parts, logs, strict=True))
    half = float(t.ppf((1 + COVERAGE) / 2, variance**2 / freedom)) * spread
    low, value, high = (float(np.exp(centre + by)) for by in (-half, 0.0, half))
    return Interval(value=value, low=low, high=high)


def leave_one_out() -> list[tuple[float, Interval]]:
    """Return (true LUT, prediction without that design) for every calibration design."""
    costs, luts = calibration()
    found = []
    for index, (cost, lut) in enumerate(zip(costs, luts, strict=True)):
        kept = np.arange(len(costs)) != index
        ratio = _predicted([np.log(luts[kept] / costs[kept])])
        ends = (round(float(cost) * end, 1) for end in (ratio.value, ratio.low, ratio.high))
        value, low, high = ends
        found.append((float(lut), Interval(value=value, low=low, high=high)))
    return found


def tables_leave_one_out(engine: EngineName) -> list[tuple[float, float]]:
    """Return (true LUT, predicted LUT without that design) of every tagger with LUT layers."""
    sums = per_adder_cost(engine).value
    return [
        (lut, costs.adders * sums + costs.tables * per_table_cost(engine, index).value)
        for index, (costs, lut) in enumerate(table_designs(engine))
    ]
