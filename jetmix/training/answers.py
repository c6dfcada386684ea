"""What a tagger answers: class scores, and beside them what its regression heads predict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jetmix.support.arrays import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """Logits float32 (jet, class), and targets float32 (jet, target) or None."""

    logits: Floats
    targets: Floats | None = None

    @classmethod
    def of(cls, outputs: Any) -> "Answers":
        """Return the answers in what a Keras model gives: logits, or logits and targets."""
        if isinstance(outputs, list | tuple):
            logits, targets = (np.asarray(values, np.float32) for values in outputs)
            return cls(logits=logits, targets=targets)
        return cls(logits=np.asarray(outputs, np.float32))

    @classmethod
    def joined(cls, parts: Sequence["Answers"]) -> "Answers":
        """Return the answers on jets that were judged in parts."""
        targets = [part.targets for part in parts if part.targets is not None]
        return cls(
            logits=np.concatenate([part.logits for part in parts]),
            targets=np.concatenate(targets) if targets else None,
        )

    def in_units(self, scales: Sequence[float]) -> "Answers":
        """Return the answers with the targets in the unit of the data; no scales: they are."""
        if self.targets is None or not scales:
            return self
        return replace(self, targets=self.targets * np.array(scales, np.float32))
