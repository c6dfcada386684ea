"""Vectors for the ladder: real jets, random inputs, and the corners where firmware breaks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jetmix.firmware.dais import Width, port_of
from jetmix.firmware.graph import DaGraph
from jetmix.support.arrays import Floats, Reals
from jetmix.verification.precision import dtype_of

# values between two steps of a wide input that random vectors take
OFF_GRID = 16


@dataclass(frozen=True, kw_only=True)
class VectorSet:
    """Input vectors (vector, *input shape); ``origins`` name and count them in order.

    They are float32, and float64 where an input takes more bits than that holds.
    """

    x: Reals
    origins: list[tuple[str, int]]

    def one(self, origin: str, index: int) -> Reals:
        """Return vector ``index`` of an origin, (1, *input shape)."""
        names = [name for name, _ in self.origins]
        start = sum(count for _, count in self.origins[: names.index(origin)]) + index
        return self.x[start : start + 1]


@dataclass(frozen=True, kw_only=True)
class InputRange:
    """Smallest and largest value and step of every input, each (input,); dead inputs are 0, 0.

    They have the number format of the vectors, float32 or float64.
    """

    low: Reals
    high: Reals
    step: Reals

    @classmethod
    def of(cls, graph: DaGraph) -> "InputRange":
        """Read the ranges of the input ports from a DA graph."""
        from da4ml.types import minimal_kif

        kifs = [[int(bits) for bits in minimal_kif(interval)] for interval in graph.inp_qint]
        widths = [Width(sign=k, fraction=f, bits=k + i + f) for k, i, f in kifs]
        dtype = dtype_of(widths)
        low, high = np.array([port_of(width) for width in widths], dtype=dtype).T
        step: Reals = np.array([2.0**-width.fraction for width in widths], dtype=dtype)
        return cls(low=low, high=high, step=step)


def build_vectors(
    ranges: InputRange,
    shape: tuple[int, ...],
    *,
    jets: Floats | None,
    n_random: int,
    seed: int,
    mined: Mapping[str, Reals] | None = None,
) -> VectorSet:
    """Put together all vectors of a verification.

    Args:
        ranges: range of each input, in the order of the flattened input.
        shape: shape of one input, such as (particle, feature).
        jets: normalised test jets, float32 (jet, *shape), or None.
        n_random: number of uniform random vectors, and again as many beyond the ranges.
        seed: seed of the random vectors.
        mined: vectors that were searched for, (vector, ...), by the name of their origin.
    """
    rng = np.random.default_rng(seed)
    parts: list[tuple[str, Reals]] = [
        ("corner", corners(ranges)),
        ("random", uniform(ranges, n_random, rng, stretch=1.0)),
        # wrap or saturate: what the quantiser does there is part of the function
        ("beyond-range", uniform(ranges, n_random, rng, stretch=2.0)),
    ]
    for name, values in (mined or {}).items():
        parts.append((name, values.reshape(len(values), len(ranges.low))))
    if jets is not None:
        parts.insert(0, ("jet", jets.reshape(len(jets), -1)))
    x = np.concatenate([values for _, values in parts]).astype(ranges.low.dtype)
    return VectorSet(
        x=np.ascontiguousarray(x.reshape(-1, *shape)),
        origins=[(name, len(values)) for name, values in parts],
    )


def corners(ranges: InputRange) -> Reals:
    """Return zeros, all minima, all maxima, one step beyond both, and each input alone at its ends.

    Returns:
        Vectors (vector, input).
    """
    low, high, step = ranges.low, ranges.high, ranges.step
    together = np.stack([np.zeros_like(low), low, high, low - step, high + step])
    live = np.flatnonzero(high > low)
    alone = np.zeros((2 * len(live), len(low)), dtype=low.dtype)
    alone[np.arange(len(live)), live] = low[live]
    alone[len(live) + np.arange(len(live)), live] = high[live]
    return np.concatenate([together, alone]).astype(low.dtype)


def uniform(ranges: InputRange, n: int, rng: np.random.Generator, *, stretch: float) -> Reals:
    """Return ``n`` random vectors over ``stretch`` times each input's range.

    Values lie off the quantiser's grid, so that its rounding is exercised too. Dead inputs, which
    the firmware must ignore, get values of the size of the live ones.
    """
    dead_size = float(np.abs(np.concatenate([ranges.low, ranges.high])).max()) or 1.0
    dead = ranges.high <= ranges.low
    low = np.where(dead, -dead_size, ranges.low)
    high = np.where(dead, dead_size, ranges.high)
    centre, half = (high + low) / 2, (high - low) / 2 * stretch
    values = (centre + half * rng.uniform(-1, 1, (n, len(low)))).astype(low.dtype)
    if low.dtype == np.float32:
        return values
    # Keras adds half a step to round, which must not round by itself: a few bits below the step
    fine = ranges.step / OFF_GRID
    return np.asarray(np.floor(values / fine) * fine)
