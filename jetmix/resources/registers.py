"""FF and clock of da4ml's Verilog.

The only designs whose registers and clock are published with their da4ml cost are the JEDI-linear
reports (arXiv 2508.15468): Verilog, two adders per stage, 2 ns target on xcvu13p. FF of other
cuts are estimated from the cut's register bits, with a wider interval; their clock is not. HLS
chooses its own registers, and too few of its designs are published.
"""

import tomllib
from functools import cache

import numpy as np

from jetmix.firmware.parts import Part
from jetmix.resources.report import Interval
from jetmix.support.arrays import Float64
from jetmix.support.packaged import packaged

COVERAGE = 0.90
# what the designs have in common
ADDERS_PER_STAGE, TARGET_NS, PART = 2, 2.0, "xcvu13p"
TARGET_TOLERANCE_NS = 0.2
SAME_CUT = "FF of the Verilog, 90% prediction interval from published designs of the same cut"
OTHER_CUT = (
    "FF of the Verilog from the {bits} register bits of its cut, 90% prediction interval from "
    "published designs of another cut"
)
HLS_UNKNOWN = (
    "HLS chooses its own registers, and {n} published designs, with {ratios} FF per LUT, are too "
    "few to fit a model"
)


@cache
def ff_designs() -> tuple[Float64, Float64]:
    """Return da4ml cost and post-route FF of the calibration designs, each (design,)."""
    known = [design for design in _table("design") if "ff" in design]
    return _column(known, "da4ml_cost"), _column(known, "ff")


@cache
def clocks() -> tuple[Float64, Float64, Float64]:
    """Return cycles, post-route clock period in ns and LUT of the designs, each (design,)."""
    known = _table("clock")
    return _column(known, "cycles"), _column(known, "period_ns"), _column(known, "lut")


@cache
def bits_per_cost() -> Float64:
    """Return register bits / da4ml cost of published models cut at two adders, (model,)."""
    known = _table("registers")
    return _column(known, "bits") / _column(known, "da4ml_cost")


@cache
def hls_designs() -> tuple[Float64, Float64]:
    """Return post-route LUT and FF of the published DA designs of HLS, each (design,)."""
    known = _table("hls")
    return _column(known, "lut"), _column(known, "ff")


def _table(name: str) -> list[dict[str, float]]:
    text = packaged("resources/calibration.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)[name])


def _column(known: list[dict[str, float]], name: str) -> Float64:
    return np.array([design[name] for design in known], dtype=np.float64)


def ff_from_cost(cost: float) -> Interval:
    """Predict post-route FF from a da4ml cost, two adders per stage: FF in proportion to cost."""
    return _ff(cost, *ff_designs())


def ff_from_bits(bits: int) -> Interval:
    """Predict post-route FF of Verilog from the register bits of its cut.

    FF / bits is FF / cost of the published designs over bits / cost of published model files, both
    at two adders per stage, since no graph is published with its FF there. The interval is that of
    the difference of two logarithms that are normal, with the fewer degrees of freedom of the two.
    """
    cost, ff = ff_designs()
    return _ratio(float(bits), np.log(ff / cost), np.log(bits_per_cost()))


def why_unknown() -> str:
    """Return why FF of HLS are not estimated."""
    lut, ff = hls_designs()
    ratios = " and ".join(f"{ratio:.2f}" for ratio in sorted(ff / lut))
    return HLS_UNKNOWN.format(n=len(lut), ratios=ratios)


def ff_of(*, adders: int, cost: float, bits: int) -> tuple[Interval, str]:
    """Return FF of Verilog, and what they are from."""
    if adders == ADDERS_PER_STAGE:
        return ff_from_cost(cost), SAME_CUT
    return ff_from_bits(bits), OTHER_CUT.format(bits=bits)


def clock_from_cycles(cycles: int) -> Interval:
    """Predict the clock period in ns reached at a target of 2 ns: its logarithm is linear."""
    return _clock(cycles, *clocks()[:2])


def knows_clock(*, adders: int, part: Part, target_ns: float, cycles: int) -> bool:
    """Return whether Verilog is of the kind, and as deep, as designs whose clock is published."""
    seen = clocks()[0]
    return (
        adders == ADDERS_PER_STAGE
        and part.name == PART
        and abs(target_ns - TARGET_NS) <= TARGET_TOLERANCE_NS
        and bool(seen.min() <= cycles <= seen.max())
    )


def ff_leave_one_out() -> list[tuple[float, Interval]]:
    """Return (true FF, prediction without that design) for every design."""
    cost, ff = ff_designs()
    rest = [np.arange(len(ff)) != i for i in range(len(ff))]
    return [(float(ff[i]), _ff(cost[i], cost[k], ff[k])) for i, k in enumerate(rest)]


def clock_leave_one_out() -> list[tuple[float, Interval]]:
    """Return (true period in ns, prediction without that design) for every design."""
    cycles, period, _ = clocks()
    rest = [np.arange(len(period)) != i for i in range(len(period))]
    return [(float(period[i]), _clock(cycles[i], cycles[k], period[k])) for i, k in enumerate(rest)]


def _ff(cost: float, costs: Float64, ff: Float64) -> Interval:
    return _fit(np.ones((len(ff), 1)), np.log(ff / costs), np.ones(1), scale=cost, digits=1)


def _ratio(scale: float, above: Float64, below: Float64) -> Interval:
    """Return ``scale`` times the ratio of two log-normal figures, with its interval."""
    from scipy.stats import t

    variance = sum(float(one.var(ddof=1)) * (1 + 1 / len(one)) for one in (above, below))
    freedom = min(len(above), len(below)) - 1
    half = float(t.ppf((1 + COVERAGE) / 2, freedom)) * np.sqrt(variance)
    return _interval(float(above.mean() - below.mean()), half, scale=scale, digits=1)


def _clock(cycles: float, seen: Float64, period: Float64) -> Interval:
    design = np.column_stack([np.ones(len(seen)), seen])
    return _fit(design, np.log(period), np.array([1.0, cycles]), scale=1.0, digits=3)


def _fit(x: Float64, y: Float64, at: Float64, *, scale: float, digits: int) -> Interval:
    """Least squares ``y = x b``; exp of the prediction at ``at`` and its Student-t interval."""
    from scipy.stats import t

    factor, *_ = np.linalg.lstsq(x, y, rcond=None)
    freedom = len(y) - x.shape[1]
    spread = np.sqrt(np.square(y - x @ factor).sum() / freedom)
    leverage = float(at @ np.linalg.inv(x.T @ x) @ at)
    half = float(t.ppf((1 + COVERAGE) / 2, freedom)) * spread * np.sqrt(1 + leverage)
    return _interval(float(at @ factor), half, scale=scale, digits=digits)


def _interval(centre: float, half: float, *, scale: float, digits: int) -> Interval:
    low, value, high = (round(scale * float(np.exp(centre + d)), digits) for d in (-half, 0, half))
    return Interval(value=value, low=low, high=high)
