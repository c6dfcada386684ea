"""What a tagger is before it is built."""

from dataclasses import dataclass

from jetmix.recipes.recipe import QuantiserSection
from jetmix.support.files import JSON


@dataclass(frozen=True, kw_only=True)
class TaggerSpec:
    """An architecture with its input and output sizes, options and quantiser settings.

    ``options`` holds all options of the architecture, resolved. Jets come as
    (particle, feature), or as a row of jet-level features if ``n_particles`` is None; the tagger
    answers with one logit per class, and beside them with ``n_targets`` numbers, if any.
    ``delivered`` holds sign, integer and fraction bits in which each feature comes, nothing where
    they are not known.
    """

    architecture: str
    n_particles: int | None
    n_features: int
    n_classes: int
    quantised: bool
    options: JSON
    quantiser: QuantiserSection
    n_targets: int = 0
    delivered: tuple[tuple[int, int, int], ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(particle, feature) or (feature,) of one jet."""
        particles = () if self.n_particles is None else (self.n_particles,)
        return (*particles, self.n_features)
