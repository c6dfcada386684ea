"""The sweep file: TOML that says which runs are trained, turned into frozen dataclasses."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from jetmix.recipes.recipe import presets, read_toml
from jetmix.support.records import (
    MAX_SEED,
    NOT_EMPTY,
    POSITIVE,
    SEED,
    Check,
    checked,
    rule,
    section_from,
)

Values = Mapping[str, Any]
Objective = Literal["accuracy", "ebops", "lut", "latency_ns"]


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


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def _are_plain(values: object) -> bool:
    """Tell whether values can be kept as JSON: all of TOML but times, and numbers that are none."""
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Range:
    """The values that a search may give a key: ``choices``, or ``low`` to ``high``.

    Attributes:
        choices: values of any type.
        low: the lowest number; if it and ``high`` are integers, only integers are taken.
        high: the highest number.
        log: whether numbers are spread evenly in their logarithm.
        step: distance between numbers, None for any.
    """

    choices: tuple[Any, ...] = ()
    low: Any = None
    high: Any = None
    log: bool = False
    step: float | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "step": POSITIVE,
        "choices": rule(_are_plain, "must be finite numbers, texts, booleans or lists of them"),
        **checked(rule(_is_number, "must be a finite number"), "low", "high"),
    }

    @property
    def whole(self) -> bool:
        """Whether only integers are taken."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if self.choices and (self.low is not None or self.high is not None):
            yield "choices", "absent where low and high are given"
        elif not self.choices and (self.low is None or self.high is None):
            yield "choices", "a list, or low and high given instead"
        elif self.low is not None and self.high is not None:
            if self.low > self.high:
                yield "low", "at most high"
            if self.whole and self.step is not None and self.step % 1:
                yield "step", "an integer, as low and high are"
            if self.log and (self.low <= 0 or self.step is not None):
                yield "log", "without a step and above zero"


@dataclass(frozen=True, kw_only=True)
class SearchSection:
    """How the next runs are chosen from what is known of the others, by Optuna.

    Attributes:
        space: the values that each key may have.
        objectives: what is made better; accuracy grows, costs shrink.
        sampler: Optuna's way to choose.
        sampler_seed: seed of the choices.
        pruner: Optuna's way to end hopeless runs early; for one objective, which is the accuracy.
        storage: any storage of Optuna by URL; None is a SQLite file in the folder of the sweep.
    """

    space: Mapping[str, Range]
    objectives: tuple[Objective, ...] = ("accuracy", "ebops")
    sampler: Literal["tpe", "nsga2", "random"] = "tpe"
    sampler_seed: int = 1
    pruner: Literal["none", "median", "hyperband"] = "none"
    storage: str | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "space": NOT_EMPTY,
        "sampler_seed": SEED,
        "objectives": rule(
            lambda names: names and len(set(names)) == len(names), "must name objectives, each once"
        ),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if self.pruner != "none" and self.objectives != ("accuracy",):
            yield (
                "pruner",
                (
                    "'none' unless accuracy is the one objective (Optuna prunes by one value, and "
                    "runs under way report their accuracy)"
                ),
            )


@dataclass(frozen=True, kw_only=True)
class SweepFile:
    """Content of a sweep file.

    Attributes:
        recipe: the base: a preset, or a recipe file beside the sweep file.
        seeds: every combination is trained with each; empty for the recipe's own.
        axes: what changes.
        limits: what it may take.
        search: how runs are chosen instead of axes.
    """

    recipe: str
    seeds: tuple[int, ...] = ()
    axes: Axes = field(default_factory=Axes)
    limits: Limits = field(default_factory=Limits)
    search: SearchSection | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        "recipe": NOT_EMPTY,
        "seeds": rule(
            lambda seeds: len(set(seeds)) == len(seeds) and not any(map(SEED, seeds)),
            f"must be different seeds from 0 to {MAX_SEED}",
        ),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if self.search is None:
            return
        if self.axes != Axes():
            yield "axes", "absent where there is a search"
        if len(self.seeds) > 1:
            yield "seeds", "one seed at most where there is a search"
        if self.limits == Limits():
            yield "limits", "given for a search, as runs, hours or both"


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
