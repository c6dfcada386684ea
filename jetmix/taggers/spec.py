"""What a tagger is before it is built."""

from dataclasses import dataclass

from jetmix.recipes.derivation import Derivation
from jetmix.recipes.recipe import QuantiserSection
from jetmix.support.files import JSON

# sign, integer and fraction bits
Bits = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class TaggerSpec:
    """An architecture with its input and output sizes, options and quantiser settings.

    ``options`` holds all options of the architecture, resolved. Jets come as
    (particle, feature), or as a row of jet-level features if ``n_particles`` is None; the tagger
    answers with one logit per class, and beside them with ``n_targets`` numbers, if any.
    ``delivered`` holds sign, integer and fraction bits in which each feature comes, nothing where
    they are not known. With a ``derivation`` the tagger takes the integers that it names, which
    come in the bits ``delivered`` and ``delivered_beside`` of each constituent and of the jet, and
    divides the features that it makes of them by ``scales``.
    """

    architecture: str
    n_particles: int | None
    n_features: int
    n_classes: int
    quantised: bool
    options: JSON
    quantiser: QuantiserSection
    n_targets: int = 0
    delivered: tuple[Bits, ...] = ()
    derivation: Derivation | None = None
    delivered_beside: tuple[Bits, ...] = ()
    scales: tuple[float, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(particle, feature) or (feature,) of one jet, as the network sees it."""
        particles = () if self.n_particles is None else (self.n_particles,)
        return (*particles, self.n_features)
