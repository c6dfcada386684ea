"""What the report knows about one tagger: plain data, read by :mod:`jetmix.report.collect`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jetmix.data.record import DataUsed
from jetmix.data.schema import CLASS_NAMES
from jetmix.eda.reports.record import Report
from jetmix.firmware.named_ports import PlacedPort
from jetmix.firmware.project import FirmwareProject
from jetmix.models.signature import Signature
from jetmix.packaging.package import Package
from jetmix.resources.layers import LayerCost
from jetmix.resources.report import ResourceReport
from jetmix.support.files import JSON
from jetmix.support.provenance import Provenance
from jetmix.synthesis.timing import Timing, best_resources, measured, timing_of
from jetmix.taggers.registry import permutation_invariant
from jetmix.training.evaluate import Evaluation
from jetmix.training.experts import Experts
from jetmix.training.metrics import Metrics
from jetmix.training.pareto import FrontPoint
from jetmix.training.scores import Scores
from jetmix.verification.faults.score import FaultScore
from jetmix.verification.proofs.proofs import Proofs
from jetmix.verification.result import VerificationResult


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something the report cannot show: what, why, and how to get it."""

    what: str
    why: str
    mend: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Kinematics:
    """Labels, transverse momentum and mass of the test jets, (jet,); None where not known."""

    y: NDArray[np.int64]
    pt_gev: NDArray[np.float64] | None
    mass_gev: NDArray[np.float64] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerBits:
    """Bit widths of one HGQ layer, all without the sign.

    ``inputs`` holds the widths of each input: (particle, feature) or (feature,). A width of 0
    means that the tagger ignores the value. ``weight_bits`` is the mean over weights that are not
    zero, None if there are none.
    """

    name: str
    kind: str
    ebops: int
    inputs: tuple[NDArray[np.float32], ...]
    n_weights: int
    n_nonzero: int
    weight_bits: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Packaged:
    """A package of a tagger: its record, what network and wrapper take, whether it was verified."""

    record: Package
    resources: tuple[ResourceReport, ...]
    verification: tuple[VerificationResult, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tagger:
    """One tagger with everything that its directories tell; what is not known is None."""

    name: str
    folders: tuple[Path, ...]
    architecture: str | None
    n_particles: int | None
    n_features: int | None
    data: DataUsed | None
    metrics: Metrics | None
    scores: Scores | None
    front: tuple[FrontPoint, ...] = ()
    experts: Experts | None = None
    resources: tuple[ResourceReport, ...] = ()
    verification: tuple[VerificationResult, ...] = ()
    recipe: JSON | None = None
    provenance: Provenance | None = None
    synthesis: Provenance | None = None
    model_sha256: str | None = None
    trusted: tuple[str, ...] = ()
    layers: tuple[LayerBits, ...] = ()
    costs: tuple[LayerCost, ...] = ()
    proofs: Proofs | None = None
    faults: tuple[FaultScore, ...] = ()
    hls: FirmwareProject | None = None
    rtl: FirmwareProject | None = None
    ports: Signature | None = None
    placed: tuple[PlacedPort, ...] = ()
    vendor: tuple[Report, ...] = ()
    packages: tuple[Packaged, ...] = ()
    kinematics: Kinematics | None = None
    other_jets: Evaluation | None = None
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def places(self) -> tuple[str, ...]:
        """The folders as they were named; bytes that are no text are replaced."""
        return tuple(str(f).encode("utf-8", "replace").decode("utf-8") for f in self.folders)

    @property
    def scores_classes(self) -> bool:
        """Whether the model can be a jet tagger: one input, one score per class, its targets."""
        if self.ports is None or self.metrics is not None:
            return True
        names = self.data.target_names if self.data else ()
        expected = [(len(self.class_names or CLASS_NAMES),), *[(len(names),)] * bool(names)]
        shapes = [port.shape for port in self.ports.outputs]
        return len(self.ports.inputs) == 1 and shapes == expected

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The classes of its scores, None where they are not known."""
        known = self.metrics or self.data
        return known.class_names if known else None

    @property
    def permutation_invariant(self) -> bool | None:
        """Whether the order of the constituents is irrelevant; None where it is not known."""
        return permutation_invariant(self.architecture or "", shared_bits=self._shared_bits)

    @property
    def _shared_bits(self) -> bool | None:
        """Whether all constituents have the same bit widths, as those in full precision have."""
        recipe = self.recipe or {}
        if recipe.get("tagger", {}).get("quantised") is False:
            return True
        quantiser = recipe.get("quantiser", {})
        shared = quantiser.get("uniform_particles")
        return shared or quantiser.get("fold", 1) > 1 if isinstance(shared, bool) else None

    @property
    def best_resources(self) -> ResourceReport | None:
        """The resource report of the most trusted origin that states LUT."""
        return best_resources(self.resources)

    @property
    def estimated(self) -> ResourceReport | None:
        """The report that no synthesis tool made."""
        return next((report for report in self.resources if not report.made_by.by_tool), None)

    @property
    def measured(self) -> VerificationResult | None:
        """The level that measured the latency by its clock."""
        return measured(self.verification)

    @property
    def timing(self) -> Timing | None:
        """Latency and II: measured ones, where the best report only has those of the model."""
        report = self.best_resources
        return timing_of(report, self.measured) if report else None

    @property
    def ebops(self) -> float | None:
        """EBOPs of the deployed model, from its layers where no metrics state them."""
        if self.metrics:
            return self.metrics.ebops
        return sum(layer.ebops for layer in self.layers) if self.layers else None

    def verified(self, status: str) -> list[VerificationResult]:
        """Return the levels of the ladder with a status."""
        return [result for result in self.verification if result.status == status]


def models(taggers: Sequence[Tagger]) -> list[tuple[int, Tagger]]:
    """Return the first tagger of each model with its number: projects of one share its figures."""
    first: dict[str, tuple[int, Tagger]] = {}
    for index, tagger in enumerate(taggers, 1):
        first.setdefault(tagger.model_sha256 or tagger.name, (index, tagger))
    return list(first.values())
