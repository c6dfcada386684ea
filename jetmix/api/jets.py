"""Jets: simulated, imported, loaded."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jetmix.api.paths import PathLike
from jetmix.data.dataset import JetDataset
from jetmix.data.for_tagger import load_jets as load_split
from jetmix.data.importing.cards.card import Card
from jetmix.data.importing.importer import import_jets as import_files
from jetmix.data.importing.sources import Imported
from jetmix.data.normalise import Normalisation
from jetmix.data.schema import DEFAULT_SPLIT
from jetmix.data.selection import Selection
from jetmix.data.simulation.presets import read_preset
from jetmix.data.simulation.simulate import Simulated, Simulation
from jetmix.data.simulation.simulate import simulate as run_simulation
from jetmix.support.packaged import shipped

SAMPLE = "datasets/sample/jets.h5"


def sample() -> Path:
    """Return the shipped sample: 20,000 simulated jets of five classes, 16 constituents each."""
    return shipped(SAMPLE)


def load_jets(
    path: PathLike,
    *,
    n_particles: int | None,
    features: Sequence[str],
    split: str = DEFAULT_SPLIT,
    pt_gate_gev: float | None = None,
    normalisation: str | Normalisation = "standard",
    classes: Mapping[str, Sequence[str]] | None = None,
    targets: Sequence[str] = (),
    weights: bool = False,
    split_by: str = "hash",
) -> JetDataset:
    """Load one split of a file of jets as arrays.

    Args:
        path: HDF5 file of jets.
        n_particles: leading constituents of each jet, or None for jet-level features.
        features: names of particle features such as ``pt``, or of jet-level ones.
        split: train, validation, test or all; fixed by a hash of each jet's content.
        pt_gate_gev: constituents softer than this are set to zero.
        normalisation: ``standard`` or ``power-of-two``, with constants of the training split, or
            the constants of a trained tagger (see :meth:`Run.load_jets`).
        classes: classes to make of those of the file, such as ``{"light": ["u", "d"]}``; those
            of the file by default.
        targets: regression targets by name.
        weights: whether to read the weights of the jets to train on.
        split_by: ``hash``, or ``file`` for the split that the file holds.

    Returns:
        Jets with ``x`` float32 (jet, particle, feature) and ``y`` int64 (jet,).

    Raises:
        DataError: if the file is broken or lacks particles or features.
    """
    return load_split(
        Path(path),
        Selection(
            n_particles=n_particles,
            features=tuple(features),
            pt_gate_gev=pt_gate_gev,
            classes={name: tuple(parts) for name, parts in (classes or {}).items()},
            targets=tuple(targets),
            weights=weights,
            split_by=split_by,
        ),
        split=split,
        normalisation=normalisation,
    )


def simulate(
    out: PathLike,
    *,
    jets: int,
    seed: int,
    preset: str | None = None,
    n_constituents: int = Simulation.n_constituents,
    half: bool = Simulation.half,
    hlf: bool = Simulation.hlf,
    jobs: int | None = None,
) -> Simulated:
    """Simulate jets with Pythia 8 and FastJet (``pip install jetmix[simulate]``).

    Args:
        out: HDF5 file to make.
        jets: number of jets, balanced over g q W Z t.
        seed: the same seed gives the same jets, whatever ``jobs`` is.
        preset: name of a preset or a TOML file, instead of the default one.
        n_constituents: constituents kept of each jet.
        half: store the constituents as float16.
        hlf: add the sixteen high-level features, which take half of the time.
        jobs: worker processes; one per core by default.

    Raises:
        ToolMissingError: if the simulator is not installed.
        UsageError, RunConflictError: if a setting or ``out`` is refused.
    """
    settings = {} if preset is None else {"preset": read_preset(preset)}
    simulation = Simulation(
        n_jets=jets, seed=seed, n_constituents=n_constituents, half=half, hlf=hlf, **settings
    )
    return run_simulation(Path(out), simulation, jobs=jobs)


def import_jets(
    sources: PathLike | Sequence[PathLike],
    out: PathLike,
    *,
    card: Card | Mapping[str, Any] | PathLike | None = None,
    n_constituents: int | None = None,
    half: bool = False,
) -> Imported:
    """Import jets into one file: published ones, or any as a data card says.

    Args:
        sources: files, patterns such as ``jets_*.root``, folders or archives. Without a card, those
            of Zenodo 3602260, or one file of high-level features.
        out: HDF5 file to make.
        card: name of a shipped data card, a TOML file, or what it would hold as a mapping.
        n_constituents: constituents kept of each jet; as many as the card says by default, and 150
            of published jets.
        half: store the constituents as float16.

    Raises:
        DataError: if the card or a source is broken.
        RunConflictError: if ``out`` is there.
        ToolMissingError: if the library for a format is not installed.
    """
    given = [sources] if isinstance(sources, str | os.PathLike) else sources
    paths = [Path(source) for source in given]
    chosen = Path(card) if isinstance(card, str | os.PathLike) else card
    return import_files(paths, Path(out), card=chosen, n_constituents=n_constituents, half=half)
