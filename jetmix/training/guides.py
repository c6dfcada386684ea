"""The trained taggers that guide a training: its teacher, and the one that it starts from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.errors import UsageError
from jetmix.recipes.recipe import Recipe
from jetmix.recipes.training_section import TWIN
from jetmix.taggers.registry import architecture

if TYPE_CHECKING:
    from jetmix.data.dataset import JetDataset
    from jetmix.training.teacher import Teacher


@dataclass(frozen=True, kw_only=True, eq=False)
class Guides:
    """The teacher and the start of a training, None without them.

    ``twins`` names those that are the recipe's own twin in full precision, not yet trained.
    """

    teacher: "Teacher | None" = None
    start: "Teacher | None" = None
    twins: tuple[str, ...] = ()


def named_files(recipe: Recipe) -> dict[str, str]:
    """Return the runs and models that a recipe names as guides."""
    names = _names(recipe)
    return {key: name for key, name in names.items() if name is not None and name != TWIN}


def named_guides(recipe: Recipe, train: "JetDataset") -> Guides:
    """Return the guides of a recipe, those that it names judged and opened.

    Args:
        recipe: of the tagger.
        train: its training jets as it sees them.

    Raises:
        UsageError: if one does not suit these jets.
        LoweringError: if its model cannot be loaded.
    """
    from jetmix.training.teacher import open_teacher, require_same_input

    files = {key: open_teacher(Path(name), train) for key, name in named_files(recipe).items()}
    if "start" in files:
        require_same_input(files["start"], train)
    twins = tuple(key for key, name in _names(recipe).items() if name == TWIN)
    return Guides(**files, twins=twins)


def full_precision(recipe: Recipe) -> Recipe:
    """Return the recipe of a tagger's full-precision twin, which is trained without guides."""
    training = recipe.training
    return replace(
        recipe,
        name=f"{recipe.name}-twin",
        tagger=replace(recipe.tagger, quantised=False),
        training=replace(
            training,
            epochs=training.twin_epochs or training.epochs,
            teacher=None,
            start_from=None,
            twin_epochs=None,
            cost="ebops",
            target_ebops=None,
            target_lut=None,
            select_max_ebops=None,
        ),
    )


def require_bits(recipe: Recipe) -> None:
    """Refuse what only a tagger with trained bit widths can have.

    Raises:
        UsageError: with the key.
    """
    trains_bits = architecture(recipe.tagger.architecture).trains_bits
    if recipe.training.counts_lut and not (recipe.tagger.quantised and trains_bits):
        raise UsageError(
            "only a quantised tagger whose bit widths are trained has a cost in LUT",
            where="[training] target_lut" if recipe.training.target_lut else "[training] cost",
            mend='set cost = "ebops" and no target_lut, or choose another architecture',
        )
    if recipe.tagger.quantised:
        return
    if recipe.training.teacher == TWIN:
        raise UsageError(
            "a tagger in full precision has no twin in full precision to learn from",
            where="[training] teacher",
            mend="name a trained run, or set quantised = true",
        )
    if recipe.training.start_from is not None:
        raise UsageError(
            "only a quantised tagger starts from one in full precision",
            where="[training] start_from",
            mend="leave it out, or set quantised = true",
        )


def _names(recipe: Recipe) -> dict[str, str | None]:
    return {"teacher": recipe.training.teacher, "start": recipe.training.start_from}
