"""Taggers of this report against each other, on the very same test jets.

Two taggers that judge the same jets are compared by the jets on which only one of them is right.
Under the hypothesis of equal accuracy each such jet is a fair coin: McNemar's test in its exact
form (Q. McNemar, Psychometrika 12 (1947) 153). The error of the difference comes from the same
counts. Several comparisons are corrected by Holm's method (Scand. J. Stat. 6 (1979) 65).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jetmix.report.tagger import Tagger
from jetmix.support.files import JSON

SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A tagger against the reference, the most accurate one on these jets.

    ``difference`` is its accuracy minus the reference's, with one standard error; ``only_rival``
    and ``only_reference`` count the jets that just one of them gets right; ``p_value`` is
    corrected for the number of comparisons. ``recipe_differs`` names the settings in which the
    recipes differ beside the architecture, None where a recipe is not known.
    """

    rival: str
    reference: str
    n_jets: int
    difference: float
    error: float
    only_rival: int
    only_reference: int
    p_value: float
    recipe_differs: tuple[str, ...] | None

    DERIVED: ClassVar[tuple[str, ...]] = ("verdict",)

    @property
    def verdict(self) -> str:
        """What follows from the numbers."""
        if self.p_value >= SIGNIFICANT:
            return "no significant difference"
        return "better" if self.difference > 0 else "worse"


def rivals(taggers: Sequence[Tagger]) -> tuple[Rival, ...]:
    """Compare taggers within each group that was tested on the same jets in the same order."""
    found: list[Rival] = []
    for group in _groups(taggers):
        best = max(group, key=lambda tagger: tagger.metrics.accuracy if tagger.metrics else 0.0)
        others = [tagger for tagger in group if tagger is not best]
        found += _corrected([_rival(tagger, best) for tagger in others])
    return tuple(found)


def _groups(taggers: Sequence[Tagger]) -> list[list[Tagger]]:
    """Return groups of two or more; several projects of one model count once."""
    groups: list[list[Tagger]] = []
    models: set[str] = set()
    for tagger in taggers:
        if tagger.scores is None or tagger.data is None or tagger.model_sha256 in models:
            continue
        models.add(tagger.model_sha256 or "")
        for group in groups:
            if _same_jets(tagger, group[0]):
                group.append(tagger)
                break
        else:
            groups.append([tagger])
    return [group for group in groups if len(group) > 1]


def _same_jets(one: Tagger, other: Tagger) -> bool:
    if one.data is None or other.data is None or one.scores is None or other.scores is None:
        return False
    return one.data.sha256 == other.data.sha256 and np.array_equal(one.scores.y, other.scores.y)


def _rival(rival: Tagger, reference: Tagger) -> Rival:
    assert rival.scores is not None  # noqa: S101 (groups hold taggers with scores only)
    assert reference.scores is not None  # noqa: S101
    y = rival.scores.y
    right = rival.scores.logits.argmax(axis=1) == y
    right_reference = reference.scores.logits.argmax(axis=1) == y
    gained = int((right & ~right_reference).sum())
    lost = int((~right & right_reference).sum())
    share = (gained - lost) / len(y)
    return Rival(
        rival=rival.name,
        reference=reference.name,
        n_jets=len(y),
        difference=share,
        error=math.sqrt(max((gained + lost) / len(y) - share**2, 0.0) / len(y)),
        only_rival=gained,
        only_reference=lost,
        p_value=mcnemar(gained, lost),
        recipe_differs=_recipe_differs(rival.recipe, reference.recipe),
    )


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test for the discordant counts."""
    total = gained + lost
    logs = [
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
        for k in range(min(gained, lost) + 1)
    ]
    return min(1.0, 2.0 * sum(math.exp(value - total * math.log(2.0)) for value in logs))


def _corrected(found: list[Rival]) -> list[Rival]:
    """Return the comparisons with p-values corrected by Holm's method, in their order."""
    order = sorted(range(len(found)), key=lambda index: found[index].p_value)
    corrected: dict[int, float] = {}
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(found) - rank) * found[index].p_value))
        corrected[index] = largest
    return [Rival(**{**vars(entry), "p_value": corrected[i]}) for i, entry in enumerate(found)]


def _recipe_differs(one: JSON | None, other: JSON | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return None
    flat, flat_other = _flat(one), _flat(other)
    names = sorted(set(flat) | set(flat_other))
    own = ("name", "description", "tagger.architecture", "tagger.options")
    return tuple(
        name
        for name in names
        if flat.get(name) != flat_other.get(name) and not name.startswith(own)
    )


def _flat(recipe: JSON, prefix: str = "") -> JSON:
    flat: JSON = {}
    for key, value in recipe.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
