"""The jets of a run: all splits in memory, or packed beside the run while it trains."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from jetmix.data.dataset import JetDataset
from jetmix.data.for_tagger import load_jets
from jetmix.data.selection import Selection
from jetmix.data.stream import PACKED, pack
from jetmix.errors import DataError
from jetmix.recipes.recipe import Recipe
from jetmix.support import console


@contextlib.contextmanager
def loaded(recipe: Recipe, data: Path, run: Path) -> Iterator[dict[str, JetDataset]]:
    """Give the jets of train, validation and test as the recipe takes them.

    Args:
        recipe: says what is read, and whether it is streamed.
        data: the file of jets.
        run: folder of the run; packed jets lie beside it until the block ends.

    Raises:
        DataError: if the data are broken, or cannot be packed there.
    """
    selection, section = Selection.of(recipe.data, recipe.tagger.n_particles), recipe.data
    if recipe.training.stream_jets is None:
        console.say(f"reading {data}")
        yield {
            split: load_jets(
                data,
                selection,
                split=split,
                normalisation=section.normalisation,
                scaling=section.scaling,
            )
            for split in PACKED
        }
        return
    place = run.resolve().parent / f".{run.resolve().name}-packed"
    console.say(f"packing the jets of {data} into {place}")
    _empty(place)
    try:
        yield pack(
            data, selection, place, normalisation=section.normalisation, scaling=section.scaling
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _empty(place: Path) -> None:
    """Make an empty folder; what a killed run left there goes."""
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    except OSError as error:
        raise DataError(
            f"the jets cannot be packed there ({error.strerror})",
            where=place,
            mend="name a run directory in a folder that can be written",
        ) from None
