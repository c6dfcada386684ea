"""What a tagger is before it is built."""

from dataclasses import dataclass

from jetmix.errors import UsageError
from jetmix.recipes.recipe import QuantiserSection, Recipe
from jetmix.support.files import JSON


@dataclass(frozen=True, kw_only=True)
class TaggerSpec:
    """An architecture with its input and output sizes, options and quantiser settings.

    ``options`` holds all options of the architecture, resolved. Jets come as
    (particle, feature), or as a row of jet-level features if ``n_particles`` is None; the tagger
    answers with one logit a class.
    """

    architecture: str
    n_particles: int | None
    n_features: int
    n_classes: int
    quantised: bool
    options: JSON
    quantiser: QuantiserSection

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(particle, feature) or (feature,) of one jet."""
        particles = () if self.n_particles is None else (self.n_particles,)
        return (*particles, self.n_features)


def spec_from(recipe: Recipe, *, n_classes: int = 5) -> TaggerSpec:
    """Return the specification that a resolved recipe describes.

    Raises:
        UsageError: for an unknown architecture or option, or one that takes other inputs.
    """
    from jetmix.taggers.registry import architecture, resolved_options

    name, takes_particles = recipe.tagger.architecture, recipe.tagger.n_particles is not None
    if architecture(name).takes_particles != takes_particles:
        mend = "set n_particles" if not takes_particles else 'set n_particles = "none"'
        raise UsageError(
            f"{name} takes {'jet-level features' if takes_particles else 'particles'}",
            where="[tagger]",
            mend=f"{mend} and name such features, or choose another architecture",
        )

    return TaggerSpec(
        architecture=recipe.tagger.architecture,
        n_particles=recipe.tagger.n_particles,
        n_features=len(recipe.data.features),
        n_classes=n_classes,
        quantised=recipe.tagger.quantised,
        options=resolved_options(recipe.tagger.architecture, recipe.tagger.options),
        quantiser=recipe.quantiser,
    )
