"""FF and clock of da4ml's Verilog with two adders between registers.

The only designs whose registers and clock are published with their da4ml cost are the JEDI-linear
reports (arXiv 2508.15468): Verilog, two adders a stage, 2 ns target on xcvu13p. Nothing is told
outside of that: HLS places its registers itself, and other cuts have other registers.
"""

import tomllib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jetmix.firmware.parts import Part
from jetmix.resources import packaged
from jetmix.synthesis.resource_report import Interval

COVERAGE = 0.90
# what the designs have in common
ADDERS_PER_STAGE, TARGET_NS, PART = 2, 2.0, "xcvu13p"
TARGET_TOLERANCE_NS = 0.2

Column = NDArray[np.float64]


@cache
def registers() -> tuple[Column, Column]:
    """Return da4ml cost and post-route FF of the calibration designs, each (design,)."""
    known = [design for design in _table("design") if "ff" in design]
    return _column(known, "da4ml_cost"), _column(known, "ff")


@cache
def clocks() -> tuple[Column, Column, Column]:
    """Return cycles, post-route clock period in ns and LUT of the designs, each (design,)."""
    known = _table("clock")
    return _column(known, "cycles"), _column(known, "period_ns"), _column(known, "lut")


def _table(name: str) -> list[dict[str, float]]:
    text = packaged("synthesis/calibration.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)[name])


def _column(known: list[dict[str, float]], name: str) -> Column:
    return np.array([design[name] for design in known], dtype=np.float64)


def ff_from_cost(cost: float) -> Interval:
    """Predict post-route FF from a da4ml cost, two adders a stage: FF in proportion to cost."""
    return _ff(cost, *registers())


def clock_from_cycles(cycles: int) -> Interval:
    """Predict the clock period in ns reached at a target of 2 ns: its logarithm is linear."""
    return _clock(cycles, *clocks()[:2])


def why_no_ff(*, flow: str, adders: int) -> str | None:
    """Return why FF cannot be told, or None where they can."""
    if flow != "rtl":
        return "FF not estimated: too few published HLS designs"
    if adders != ADDERS_PER_STAGE:
        return f"FF not estimated: published for {ADDERS_PER_STAGE} adders a stage only"
    return None


def knows_clock(*, flow: str, adders: int, part: Part, target_ns: float, cycles: int) -> bool:
    """Tell whether the design is of the kind, and as deep, as those whose clock is published."""
    seen = clocks()[0]
    return (
        flow == "rtl"
        and adders == ADDERS_PER_STAGE
        and part.name == PART
        and abs(target_ns - TARGET_NS) <= TARGET_TOLERANCE_NS
        and bool(seen.min() <= cycles <= seen.max())
    )


def ff_leave_one_out() -> list[tuple[float, Interval]]:
    """Return (true FF, prediction without that design) for every design."""
    cost, ff = registers()
    rest = [np.arange(len(ff)) != i for i in range(len(ff))]
    return [(float(ff[i]), _ff(cost[i], cost[k], ff[k])) for i, k in enumerate(rest)]


def clock_leave_one_out() -> list[tuple[float, Interval]]:
    """Return (true period in ns, prediction without that design) for every design."""
    cycles, period, _ = clocks()
    rest = [np.arange(len(period)) != i for i in range(len(period))]
    return [(float(period[i]), _clock(cycles[i], cycles[k], period[k])) for i, k in enumerate(rest)]


def _ff(cost: float, costs: Column, ff: Column) -> Interval:
    return _fit(np.ones((len(ff), 1)), np.log(ff / costs), np.ones(1), scale=cost, digits=1)


def _clock(cycles: float, seen: Column, period: Column) -> Interval:
    design = np.column_stack([np.ones(len(seen)), seen])
    return _fit(design, np.log(period), np.array([1.0, cycles]), scale=1.0, digits=3)


def _fit(x: Column, y: Column, at: Column, *, scale: float, digits: int) -> Interval:
    """Least squares ``y = x b``; exp of the prediction at ``at`` and its Student-t interval."""
    from scipy.stats import t

    factor, *_ = np.linalg.lstsq(x, y, rcond=None)
    freedom = len(y) - x.shape[1]
    spread = np.sqrt(np.square(y - x @ factor).sum() / freedom)
    leverage = float(at @ np.linalg.inv(x.T @ x) @ at)
    half = float(t.ppf((1 + COVERAGE) / 2, freedom)) * spread * np.sqrt(1 + leverage)
    centre = float(at @ factor)
    low, value, high = (round(scale * float(np.exp(centre + d)), digits) for d in (-half, 0, half))
    return Interval(value=value, low=low, high=high)
