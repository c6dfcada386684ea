"""From a sweep file to its runs: every combination of the axes, each with a whole recipe."""

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

from jetmix.errors import JetmixError, UsageError
from jetmix.recipes.recipe import SECTIONS, Recipe, load_recipe
from jetmix.support.records import suggestion
from jetmix.sweeps.sweep_file import SweepFile, Values, recipe_path
from jetmix.taggers.registry import ARCHITECTURES, check_recipe, resolved, resolved_options

RECIPE, OPTIONS = "recipe", "tagger.options"
SEED = "training.seed"


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run of a sweep.

    Attributes:
        name: name of its folder, ``0001`` and on, in the order of the sweep file.
        values: what the axes set, by key.
        recipe: what is trained, every key resolved.
    """

    name: str
    values: Values
    recipe: Recipe

    @property
    def title(self) -> str:
        """How it differs from the others, in one line."""
        named = (f"{key.rpartition('.')[2]} {value}" for key, value in self.values.items())
        return ", ".join([*named, f"seed {self.recipe.training.seed}"])


def planned(sweep: SweepFile, where: Path) -> tuple[PlannedRun, ...]:
    """Return all runs of a sweep, judged before anything is trained.

    Args:
        sweep: the sweep.
        where: its file, for messages and as the place that recipe files are looked for from.

    Raises:
        UsageError: if a key is not known (the nearest is named), a recipe is refused, two runs are
            the same, or there are more than the limit.
    """
    _refuse_too_many(sweep, where)
    runs: list[PlannedRun] = []
    for values in _combinations(sweep):
        base = recipe_of(sweep.recipe, values, where)
        for seed in sweep.seeds or (base.training.seed,):
            recipe = seeded(base, seed)
            runs.append(PlannedRun(name=f"{len(runs) + 1:04d}", values=values, recipe=recipe))
    _refuse_twins(runs, where)
    return tuple(runs)


def recipe_of(base: str, values: Values, where: Path) -> Recipe:
    """Return the recipe of one combination of values, every key resolved.

    Raises:
        UsageError: naming the key that is not known or the value that is refused.
    """
    given = dict(values)
    name = recipe_path(str(given.pop(RECIPE, base)), where.parent)
    for key in given:
        _require_key(key, where)
    overrides: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    options: dict[str, Any] = {}
    for key, value in given.items():
        table, _, last = key.rpartition(".")
        (options if table == OPTIONS else overrides[table])[last] = value
    try:
        if "architecture" not in overrides["tagger"] and options:
            options = {**load_recipe(name).tagger.options, **options}
        if options or "architecture" in overrides["tagger"]:
            overrides["tagger"]["options"] = options
        recipe = resolved(load_recipe(name, overrides))
        check_recipe(recipe)
    except JetmixError as error:
        shown = ", ".join(f"{key} = {value}" for key, value in values.items())
        place = f"{where}: {shown}" if shown else str(where)
        about = f"{error.where}: {error.what}" if error.where else error.what
        raise UsageError(about, where=place, mend=error.mend) from None
    return recipe


def seeded(recipe: Recipe, seed: int) -> Recipe:
    """Return a recipe with another seed."""
    return replace(recipe, training=replace(recipe.training, seed=seed))


def _combinations(sweep: SweepFile) -> Iterator[Values]:
    grid = sweep.axes.grid
    for group in sweep.axes.list or ({},):
        for values in itertools.product(*grid.values()):
            yield {**group, **dict(zip(grid, values, strict=True))}


def _refuse_too_many(sweep: SweepFile, where: Path) -> None:
    axes = (sweep.seeds, sweep.axes.list, *sweep.axes.grid.values())
    found = math.prod(len(values) or 1 for values in axes)
    if sweep.limits.runs is not None and found > sweep.limits.runs:
        raise UsageError(
            f"{found} runs are more than the limit of {sweep.limits.runs}",
            where=where,
            mend="take fewer values or seeds, or raise [limits] runs",
        )


@functools.cache
def keys() -> tuple[str, ...]:
    """Return all keys that an axis can have."""
    own = [
        f"{section}.{entry.name}" for section, kind in SECTIONS.items() for entry in fields_of(kind)
    ]
    options = {f"{OPTIONS}.{name}" for kind in ARCHITECTURES for name in resolved_options(kind, {})}
    return RECIPE, *(key for key in own if key not in (OPTIONS, SEED)), *sorted(options)


def _require_key(key: str, where: Path) -> None:
    known = keys()
    if key in known:
        return
    if key in (SEED, "seed", "seeds"):
        mend = "write seeds = [...] at the top of the file"
    else:
        # "epochs" stands for "training.epochs"
        ends = [name for name in known if name.rpartition(".")[2] == key]
        mend = f"did you mean '{ends[0]}'?" if ends else suggestion(key, known, "key")
    raise UsageError(f"unknown key '{key}'", where=f"{where}: [axes]", mend=mend)


def _refuse_twins(runs: list[PlannedRun], where: Path) -> None:
    seen: dict[str, PlannedRun] = {}
    for run in runs:
        twin = seen.setdefault(run.recipe.digest(), run)
        if twin is not run:
            raise UsageError(
                f"the runs {twin.name} and {run.name} are the same ({run.title})",
                where=where,
                mend="name each value once",
            )
