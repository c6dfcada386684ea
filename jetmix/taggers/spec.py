"""What a tagger is before it is built."""

from dataclasses import dataclass

from jetmix.recipe import QuantiserSection, Recipe
from jetmix.runs import JSON


@dataclass(frozen=True, kw_only=True)
class TaggerSpec:
    """An architecture with its input and output sizes, options and quantiser settings.

    ``options`` holds all options of the architecture, resolved. Jets come as
    (particle, feature); the tagger answers with one logit a class.
    """

    architecture: str
    n_particles: int
    n_features: int
    n_classes: int
    quantised: bool
    options: JSON
    quantiser: QuantiserSection

    @property
    def input_shape(self) -> tuple[int, int]:
        """(particle, feature) of one jet."""
        return self.n_particles, self.n_features


def spec_from(recipe: Recipe, *, n_classes: int = 5) -> TaggerSpec:
    """Return the specification that a resolved recipe describes.

    Raises:
        UsageError: for an unknown architecture or option.
    """
    from jetmix.taggers.registry import resolved_options

    return TaggerSpec(
        architecture=recipe.tagger.architecture,
        n_particles=recipe.tagger.n_particles,
        n_features=len(recipe.data.features),
        n_classes=n_classes,
        quantised=recipe.tagger.quantised,
        options=resolved_options(recipe.tagger.architecture, recipe.tagger.options),
        quantiser=recipe.quantiser,
    )
