"""The architectures: one literal line each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from jetmix.data.selection import Selection
from jetmix.errors import UsageError
from jetmix.recipes.data_section import HardwareInput
from jetmix.recipes.recipe import Recipe
from jetmix.support.files import JSON
from jetmix.support.records import section_from, suggestion
from jetmix.taggers import (
    deepsets,
    gnn,
    gnn_lut,
    hlf_mlp,
    hlf_mlp_lut,
    hlf_mlp_qkeras,
    mixer,
    mixer_lut,
    mlp,
    sparse_mixer,
)
from jetmix.taggers.folding import check_fold
from jetmix.taggers.spec import Bits, TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What an architecture's module offers: its options, its builder, and its source.

    ``takes_particles`` distinguishes (particle, feature) inputs from rows of jet-level features,
    ``takes_targets`` says whether it may have regression outputs,
    ``trains_bits`` HGQ from fixed bit widths. A ``permutation_invariant`` network does not depend
    on the order of the particles, provided that they share their bit widths. ``check`` refuses
    options that do not suit the shape of the input, ``folded_sizes`` gives the sizes that a
    fold must divide, for one whose layers repeat.
    """

    options: type[Any]
    build: Callable[..., Any]
    source: str
    takes_particles: bool = True
    takes_targets: bool = True
    trains_bits: bool = True
    permutation_invariant: bool = False
    check: Callable[..., None] | None = None
    folded_sizes: Callable[[int, int, Any], Mapping[str, int] | None] | None = None


ARCHITECTURES = {
    "mixer": Architecture(
        options=mixer.Options,
        build=mixer.build,
        source="arXiv 2503.03103, MLP-Mixer",
        check=mixer.check,
        folded_sizes=mixer.folded_sizes,
    ),
    "deepsets": Architecture(
        options=deepsets.Options,
        build=deepsets.build,
        source="arXiv 2402.01876, Deep Sets",
        permutation_invariant=True,
        folded_sizes=deepsets.folded_sizes,
    ),
    "gnn": Architecture(
        options=gnn.Options,
        build=gnn.build,
        source="arXiv 2508.15468, JEDI-linear",
        permutation_invariant=True,
        folded_sizes=gnn.folded_sizes,
    ),
    "hlf-mlp": Architecture(
        options=hlf_mlp.Options,
        build=hlf_mlp.build,
        source="arXiv 1804.06913 and 2405.00645, perceptron on jet-level features",
        takes_particles=False,
    ),
    "hlf-mlp-qkeras": Architecture(
        options=hlf_mlp_qkeras.Options,
        build=hlf_mlp_qkeras.build,
        source="arXiv 2006.10159, the same with fixed bit widths",
        takes_particles=False,
        takes_targets=False,
        trains_bits=False,
    ),
    "gnn-lut": Architecture(
        options=gnn_lut.Options,
        build=gnn_lut.build,
        source="arXiv 2604.22293, JEDI-linear with LUT layers",
        permutation_invariant=True,
    ),
    "mixer-lut": Architecture(
        options=mixer_lut.Options,
        build=mixer_lut.build,
        source="arXiv 2503.03103 with the LUT layers of arXiv 2604.22293",
    ),
    "sparse-mixer": Architecture(
        options=sparse_mixer.Options,
        build=sparse_mixer.build,
        source="arXiv 2503.03103 with the mixtures of experts of arXiv 2109.02008 (Sparse-MLP)",
        check=sparse_mixer.check,
    ),
    "hlf-mlp-lut": Architecture(
        options=hlf_mlp_lut.Options,
        build=hlf_mlp_lut.build,
        source="arXiv 2604.22293, perceptron of LUT layers on jet-level features",
        takes_particles=False,
    ),
    "mlp": Architecture(
        options=mlp.Options, build=mlp.build, source="arXiv 2402.01876, multi-layer perceptron"
    ),
}


def architecture(name: str) -> Architecture:
    """Return an architecture by name.

    Raises:
        UsageError: if there is none; the nearest name is given.
    """
    if name not in ARCHITECTURES:
        raise UsageError(
            f"unknown architecture '{name}'",
            mend=suggestion(name, list(ARCHITECTURES), "architecture"),
        )
    return ARCHITECTURES[name]


def permutation_invariant(name: str, *, shared_bits: bool | None) -> bool | None:
    """Return whether a tagger's answer is independent of the order of the particles.

    Args:
        name: an architecture; one that is not known gives None.
        shared_bits: whether all particles have the same bit widths, None where it is not known.

    Returns:
        None where it is not known, or where there are no particles.
    """
    known = ARCHITECTURES.get(name)
    if known is None or not known.takes_particles:
        return None
    return known.permutation_invariant and shared_bits


def resolved_options(name: str, given: Mapping[str, Any]) -> JSON:
    """Return all options of an architecture: its defaults with ``given`` laid over them.

    Raises:
        UsageError: for an unknown option, a wrong type or an impossible value.
    """
    kind = architecture(name).options
    return asdict(section_from(kind, given, where=f"[tagger.options] of {name}"))


def recorded_options(name: str, given: Mapping[str, Any]) -> JSON:
    """Return the options that a run records: all but those that came later and hold their default.

    Raises:
        UsageError: as :func:`resolved_options`.
    """
    later, defaults = getattr(architecture(name).options, "LATER", ()), resolved_options(name, {})
    found = resolved_options(name, given).items()
    return {key: value for key, value in found if key not in later or value != defaults[key]}


def resolved(recipe: Recipe) -> Recipe:
    """Return the recipe with all options of its architecture checked and filled in.

    Raises:
        UsageError: as :func:`resolved_options`.
    """
    options = recorded_options(recipe.tagger.architecture, recipe.tagger.options)
    return replace(recipe, tagger=replace(recipe.tagger, options=options))


def check_recipe(recipe: Recipe) -> None:
    """Refuse an architecture that cannot take the recipe's input or regression targets.

    Raises:
        UsageError: for an unknown architecture, or one that takes other inputs or no targets, and
            for features that are none or that firmware cannot derive.
    """
    name, takes_particles = recipe.tagger.architecture, recipe.tagger.n_particles is not None
    if architecture(name).takes_particles != takes_particles:
        mend = "set n_particles" if not takes_particles else 'set n_particles = "none"'
        raise UsageError(
            f"{name} takes {'jet-level features' if takes_particles else 'particles'}",
            where="[tagger]",
            mend=f"{mend} and name such features, or choose another architecture",
        )
    kind = architecture(name)
    if kind.check is not None:
        particles = () if recipe.tagger.n_particles is None else (recipe.tagger.n_particles,)
        options = kind.options(**resolved_options(name, recipe.tagger.options))
        kind.check((*particles, len(recipe.data.features)), options)
    Selection.of(recipe.data, recipe.tagger.n_particles).check()
    if recipe.data.targets and not architecture(name).takes_targets:
        raise UsageError(
            f"{name} has no regression outputs",
            where="[data] targets",
            mend="name no targets, or choose another architecture",
        )
    check_fold(recipe, _folded_sizes(recipe))


def _folded_sizes(recipe: Recipe) -> Mapping[str, int] | None:
    section = recipe.tagger
    sizes = architecture(section.architecture).folded_sizes
    if sizes is None or section.n_particles is None:
        return None
    known = architecture(section.architecture)
    options = known.options(**resolved_options(section.architecture, section.options))
    return sizes(section.n_particles, len(recipe.data.features), options)


def spec_from(recipe: Recipe, *, n_classes: int, scales: Sequence[float] = ()) -> TaggerSpec:
    """Return the specification that a resolved recipe describes.

    Args:
        recipe: the recipe.
        n_classes: classes of the jets.
        scales: what each feature is divided by, where a trigger delivers it as an integer.

    Raises:
        UsageError: for an unknown architecture or option, or one that takes other inputs.
    """
    check_recipe(recipe)
    name, ports = recipe.tagger.architecture, recipe.data.hardware
    selection = Selection.of(recipe.data, recipe.tagger.n_particles)
    derivation = selection.derivation
    # integers that a tagger derives from come as they are
    shifts = [1.0] * len(selection.columns) if derivation else scales
    return TaggerSpec(
        architecture=name,
        n_particles=recipe.tagger.n_particles,
        n_features=len(recipe.data.features),
        n_classes=n_classes,
        n_targets=len(recipe.data.targets),
        delivered=_delivered(selection.columns, ports, shifts) if ports else (),
        derivation=derivation,
        delivered_beside=_delivered(
            selection.jet_columns, ports, [1.0] * len(selection.jet_columns)
        ),
        scales=tuple(scales) if derivation else (),
        quantised=recipe.tagger.quantised,
        options=resolved_options(name, recipe.tagger.options),
        quantiser=recipe.quantiser,
    )


def _delivered(
    columns: Sequence[str], ports: Mapping[str, HardwareInput], scales: Sequence[float]
) -> tuple[Bits, ...]:
    pairs = zip(columns, scales, strict=True)
    return tuple(ports[name].fixed_point(scale) for name, scale in pairs)


def build_tagger(spec: TaggerSpec) -> Any:
    """Build the Keras model of a specification, with fresh weights.

    Seed Keras before (``keras.utils.set_random_seed``) to get the same weights again.

    Returns:
        A model from float32 (jet, particle, feature) to logits (jet, class), or to a list of these
        and of targets (jet, target). One that derives its features takes integers (jet, particle,
        column), or a list of these and of (jet, column).
    """
    from jetmix.models import keras_env
    from jetmix.taggers.full_precision_layers import FullPrecisionLayers
    from jetmix.taggers.quantised_layers import QuantisedLayers
    from jetmix.taggers.quantisers import quantiser_scope

    keras_env.activate()
    chosen = architecture(spec.architecture)
    options = chosen.options(**spec.options)
    if not spec.quantised:
        return chosen.build(spec, options, FullPrecisionLayers(spec))
    with quantiser_scope(spec.quantiser):
        return chosen.build(spec, options, QuantisedLayers(spec))
