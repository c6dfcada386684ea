"""The sweep file: TOML that says which runs are trained, turned into frozen dataclasses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from jetmix.recipes.recipe import presets, read_toml
from jetmix.support.records import (
    NOT_EMPTY,
    POSITIVE,
    Check,
    checked,
    rule,
    section_from,
)

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What changes from run to run; keys are ``recipe`` or ``section.key`` of a recipe.

    Attributes:
        grid: the values of each key; every combination is trained.
        list: groups of values that belong together; each group goes with every combination.
    """

    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    list: tuple[Values, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        for key, values in self.grid.items():
            if not values:
                yield "grid", f"a table without empty lists ('{key}' is one)"
            if any(key in group for group in self.list):
                yield "grid", f"a table of keys that are not in the list as well ('{key}' is)"
        if not all(self.list):
            yield "list", "a list without empty groups"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a sweep may take; None is no limit.

    Attributes:
        runs: more runs than this are refused; of a search, how many are tried.
        hours: wall time of one command; what is left is done by the next one.
    """

    runs: int | None = None
    hours: float | None = None

    CHECKS: ClassVar[dict[str, Check]] = checked(POSITIVE, "runs", "hours")


@dataclass(frozen=True, kw_only=True)
class SweepFile:
    """Content of a sweep file.

    Attributes:
        recipe: the base: a preset, or a recipe file beside the sweep file.
        seeds: every combination is trained with each; empty for the recipe's own.
        axes: what changes.
        limits: what it may take.
    """

    recipe: str
    seeds: tuple[int, ...] = ()
    axes: Axes = field(default_factory=Axes)
    limits: Limits = field(default_factory=Limits)

    CHECKS: ClassVar[dict[str, Check]] = {
        "recipe": NOT_EMPTY,
        "seeds": rule(
            lambda seeds: len(set(seeds)) == len(seeds) and all(seed >= 0 for seed in seeds),
            "must be different seeds of at least 0",
        ),
    }


def read_sweep_file(path: Path) -> SweepFile:
    """Read a sweep file; the names of recipe files in it count from its folder.

    Raises:
        UsageError: if it cannot be read, or a key or value is refused.
    """
    content = read_toml(path, what="sweep file")
    return section_from(SweepFile, content, where=str(path))


def recipe_path(name: str, folder: Path) -> str:
    """Return a preset's name as it is, and a recipe file as a path from ``folder``."""
    return name if name in presets() or not (folder / name).is_file() else str(folder / name)
