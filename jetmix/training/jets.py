"""Jets in memory as the engines train on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jetmix.data.stream import pieces
from jetmix.support.arrays import AnyArray, Float64, Floats, Ints

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset

STATISTICS_JETS = 4096
# beyond this many binomial standard deviations the first jets are no sample of all
SORTED_SIGMAS = 6.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Jets:
    """Jets of one split.

    Attributes:
        x: normalised, float32 (jet, particle, feature) or (jet, feature).
        y: classes, int64 (jet,).
        weights: float32 (jet,) weight of each jet in the loss; None: all alike.
        targets: float32 (jet, target) in units of their scales; None without regression.
        teacher: float32 (jet, class), logits of a teacher; None without one.
    """

    x: Floats
    y: Ints
    weights: Floats | None = None
    targets: Floats | None = None
    teacher: Floats | None = None

    def __len__(self) -> int:
        """Return the number of jets."""
        return len(self.y)

    @classmethod
    def of(cls, dataset: "JetDataset") -> "Jets":
        """Return the jets of one split that was loaded."""
        targets = dataset.targets
        if targets is not None:
            # powers of two: nothing is rounded
            targets = np.divide(targets, dataset.target_scales, dtype=np.float32)
        return cls(x=dataset.x, y=dataset.y, weights=dataset.weights, targets=targets)

    def feature_means(self, seen: Callable[[Floats], Floats]) -> Float64:
        """Return the mean of each feature over jets and particles.

        Args:
            seen: what the network sees of jets ``x``.
        """
        if not isinstance(self.x, np.memmap):
            x = seen(self.x)
            return np.asarray(x.mean(axis=tuple(range(x.ndim - 1)), dtype=np.float64))
        sums, count = [], 0
        for part in map(seen, pieces(self.x)):
            rows = part.reshape(-1, part.shape[-1])
            sums.append(rows.sum(0, np.float64))
            count += len(rows)
        return np.asarray(sum(sums) / count)

    @property
    def arrays(self) -> dict[str, AnyArray]:
        """What a training step takes, by name."""
        found: dict[str, AnyArray | None] = {
            "x": self.x,
            "y": self.y,
            "weights": self.weights,
            "targets": self.targets,
            "teacher": self.teacher,
        }
        return {name: values for name, values in found.items() if values is not None}


def statistics_rows(y: Ints) -> Ints:
    """Return the jets that the batch normalisations are set from.

    The first ones; evenly spaced ones if those are no sample of all, as in a file that is sorted
    by class.
    """
    first = y[:STATISTICS_JETS]
    share = np.bincount(y) / len(y)
    seen = np.bincount(first, minlength=len(share)) / len(first)
    if (np.abs(seen - share) <= SORTED_SIGMAS * np.sqrt(share * (1 - share) / len(first))).all():
        return np.arange(len(first))
    return np.linspace(0, len(y) - 1, len(first)).astype(np.int64)
