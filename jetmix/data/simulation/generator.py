"""Makes blocks of simulated jets of one class: Pythia 8, detector, anti-kT, features."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jetmix.data.schema import (
    CLASS_NAMES,
    HIGH_LEVEL_FEATURES,
    JET_PREFIX,
    LABEL_COLUMNS,
    UNDEFINED_LABEL,
)
from jetmix.data.simulation.clustering import cluster, joined
from jetmix.data.simulation.detector import observe
from jetmix.data.simulation.events import next_events, start_pythia
from jetmix.data.simulation.features import mass, particle_features, polar
from jetmix.data.simulation.highlevel import high_level_features
from jetmix.data.simulation.matching import Chosen, choose
from jetmix.data.simulation.presets import Preset
from jetmix.errors import DataError, ToolMissingError
from jetmix.support.arrays import AnyArray, Float64, Floats, Ints

BLOCK_JETS = 500
_HIGH_LEVEL_COLUMNS = tuple(JET_PREFIX + name for name in HIGH_LEVEL_FEATURES)

_BATCH_EVENTS = 250
_MAX_PYTHIA_SEED = 900_000_000
_FUTILE_EVENTS = 20_000  # so many events without a single jet mean that no jet can pass
_HOW_TO_INSTALL = "pip install 'jetmix[simulate]', or make simulate in a checkout"


def jet_columns(*, hlf: bool) -> tuple[str, ...]:
    """Return the columns of ``jets``, in the order of the public set."""
    high_level = _HIGH_LEVEL_COLUMNS if hlf else ("j_multiplicity",)
    return ("j_pt", "j_eta", "j_mass", *high_level, *LABEL_COLUMNS, UNDEFINED_LABEL)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Jets of one class, in the order in which they were generated.

    Attributes:
        constituents: float32 (jet, particle, feature).
        jets: float32 (jet, column) with the columns of :func:`jet_columns`.
        spent: (jet, 3), up to and including the event of each jet: events that Pythia made, those
            without a jet near the hard process, those dropped for isotropic decays.
    """

    constituents: Floats
    jets: Floats
    spent: Ints


def require_tools() -> dict[str, str]:
    """Return the versions of Pythia and FastJet.

    Raises:
        ToolMissingError: if one of them is not installed.
    """
    import importlib.metadata

    versions = {}
    for package in ("pythia8mc", "fastjet"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            raise ToolMissingError(
                f"{package} is not installed, and simulating jets needs it", mend=_HOW_TO_INSTALL
            ) from None
    return versions


def block_seed(seed: int, class_index: int, block: int) -> int:
    """Return the Pythia seed of a block: no two blocks of a run share one."""
    base = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    step = block * len(CLASS_NAMES) + class_index
    return (base + step) % _MAX_PYTHIA_SEED + 1


@dataclass
class BlockMaker:
    """Makes any block of a run; keeps one initialised Pythia for each class.

    Jet k of a block hangs on the run's seed, the class and the block alone, not on the process
    that makes it nor on what that process made before.
    """

    preset: Preset
    seed: int
    n_constituents: int
    hlf: bool = True
    _pythias: dict[int, Any] = field(default_factory=dict)

    def make(self, class_index: int, block: int, n_jets: int) -> Block:
        """Return the first ``n_jets`` jets of a block.

        Raises:
            UsageError: if Pythia does not know a setting of the preset.
            ToolFailedError: if Pythia cannot be initialised or stops making events.
            DataError: if no jet passes the selection.
        """
        seed = block_seed(self.seed, class_index, block)
        parts: list[Chosen] = []
        found = 0
        for chosen in self._batches(class_index, seed, n_jets):
            parts.append(chosen)
            found += len(chosen.jets.event)
            if found >= n_jets:
                break
        # in one go: the more jets side by side, the faster their high-level features
        momenta = joined([chosen.jets.momenta for chosen in parts])[:n_jets]
        constituents, columns = self._tables(momenta, class_index)
        return Block(constituents=constituents, jets=columns, spent=_spent(parts)[:n_jets])

    def _batches(self, class_index: int, seed: int, n_jets: int) -> Iterator[Chosen]:
        pythia = self._pythia(class_index)
        pythia.rndm.init(seed)
        done = found = 0
        while True:
            size = min(_BATCH_EVENTS, max(n_jets - found, 10))
            events = next_events(pythia, size, first_event=done)
            objects = observe(events.particles, self.preset.detector, seed)
            jets = cluster(objects, self.preset.jets)
            chosen = choose(jets, events, self.preset.jets, seed)
            done, found = done + size, found + len(chosen.jets.event)
            yield chosen
            if found == 0 and done > _FUTILE_EVENTS:
                raise DataError(
                    f"no jet of class {CLASS_NAMES[class_index]} passed in {done} events",
                    where=f"preset {self.preset.name}",
                    mend="widen the jet selection of the preset",
                )

    def _pythia(self, class_index: int) -> Any:
        if class_index not in self._pythias:
            lines = self.preset.pythia[CLASS_NAMES[class_index]]
            self._pythias[class_index] = start_pythia(
                lines,
                where=f"preset {self.preset.name}",
                quark_pairs_only=self.preset.jets.quark_pairs_only,
            )
        return self._pythias[class_index]

    def _tables(self, momenta: Float64, class_index: int) -> tuple[AnyArray, AnyArray]:
        n_jets, width, _ = momenta.shape
        constituents = np.zeros((n_jets, self.n_constituents, 16), np.float32)
        kept = min(width, self.n_constituents)
        constituents[:, :kept] = particle_features(momenta)[:, :kept]
        total = momenta.sum(axis=1)
        pt, eta, _ = polar(total)
        columns = jet_columns(hlf=self.hlf)
        table = dict.fromkeys(columns, np.zeros(n_jets))
        table |= {"j_pt": pt, "j_eta": eta, "j_mass": mass(total)}
        table["j_multiplicity"] = (momenta[..., 3] > 0).sum(axis=1)
        table[LABEL_COLUMNS[class_index]] = np.ones(n_jets)
        if self.hlf:
            values = high_level_features(momenta)
            table |= dict(zip(_HIGH_LEVEL_COLUMNS, values.T, strict=True))
        return constituents, np.stack([table[name] for name in columns], 1).astype(np.float32)


def _spent(parts: Sequence[Chosen]) -> Ints:
    """Return the counts of ``Block.spent`` for all jets of consecutive batches."""
    event = np.concatenate([chosen.jets.event for chosen in parts])
    counts = [event + 1]
    for dropped in ("unmatched", "anisotropic"):
        numbers = np.concatenate([getattr(chosen, dropped) for chosen in parts])
        counts.append(np.searchsorted(numbers, event))
    return np.stack(counts, axis=1).astype(np.int64)
