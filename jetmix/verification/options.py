"""What a user can choose about a verification."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class VectorOptions:
    """The vectors that all levels are compared on.

    Args:
        data: file of jets whose test split is used, None for made-up vectors alone.
        max_jets: use at most this many jets.
        n_random: number of random vectors within the input ranges, and again beyond them.
        seed: seed of the random vectors.
    """

    data: Path | None = None
    max_jets: int = 20_000
    n_random: int = 2_000
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class FaultOptions:
    """How many faults are planted per project.

    Args:
        count: number of faults.
        seed: seed of their choice.
        limit_s: time limit per project in s.
    """

    count: int
    seed: int = 1
    limit_s: float = 600.0
