"""The directory of a synthesis: what is in it, how it is begun and finished, and its one reader."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from jetmix.data.record import DataUsed
from jetmix.errors import BitsDifferError, LoweringError, ReportReadError, RunConflictError
from jetmix.firmware.folding.machine import Machine, folded_files
from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.firmware.verilog import PORTS_FILE, read_ports
from jetmix.models.signature import Port, Signature
from jetmix.resources.layers import LayerCost, read_layers
from jetmix.resources.report import RESOURCES_FILE, ResourceReport, read_resources
from jetmix.support.files import JSON, empty_folder, file_digest
from jetmix.support.provenance import Provenance
from jetmix.support.records import NOT_EMPTY, POSITIVE, Check, checked, dump, load, read, write
from jetmix.support.stages import STAGE_FILE, StageRecord, check_folder, read_stage
from jetmix.synthesis.budget import BudgetSearch, read_search
from jetmix.training.metrics import Metrics
from jetmix.verification.emulator.emulator import GRAPH_FILE, TAGGER_FILE
from jetmix.verification.faults.score import FaultScore, read_faults
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.proofs import Proofs
from jetmix.verification.result import VERIFICATION_FILE, VerificationResult, read_results

STAGE = "synth"
REQUEST_FILE = "synth.json"
MODEL_FILE = "tagger.keras"
PROJECTS: dict[Flow, str] = {"hls4ml": "project", "rtl": "rtl"}
# files that must be those that were lowered
LOWERED = (MODEL_FILE, GRAPH_FILE, TAGGER_FILE)
SIGNS = (REQUEST_FILE, TAGGER_FILE, VERIFICATION_FILE, RESOURCES_FILE, PROJECTS["hls4ml"])
AGAIN = "run 'jetmix synth' again into a new folder"


@dataclass(frozen=True, kw_only=True)
class Request:
    """Content of ``synth.json``, the first file of a synthesis.

    Attributes:
        digest: digest of the model and of all options.
    """

    digest: str


@dataclass(frozen=True, kw_only=True)
class TaggerRecord:
    """Content of ``tagger.json``: what was lowered; what is not known of it is None.

    Attributes:
        source: where the model came from.
        model_sha256: SHA-256 of the model file.
        n_particles: particles of an input, None for jet-level features.
        n_features: features per particle, or of the jet; None for several inputs.
        input_shape: shape of one vector, flat for several inputs.
        class_names: the classes, in the order of the outputs.
        architecture: name of the architecture.
        dataset: the jets that it was trained on.
        metrics: its performance on the test jets.
        recipe: recipe of the training, as it was written.
        inputs: the inputs of the model, in order; nothing in a folder of an older version.
        outputs: its outputs.
        names: the original name of every layer and input that jetmix renamed, by the name that the
            firmware carries.
        trusted: modules that the user let the model file use; without them it cannot be loaded.
    """

    source: str
    model_sha256: str
    n_particles: int | None
    n_features: int | None
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...] | None = None
    architecture: str | None = None
    dataset: DataUsed | None = None
    metrics: Metrics | None = None
    recipe: dict[str, Any] | None = None
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    trusted: tuple[str, ...] = ()

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_EMPTY, "model_sha256", "input_shape"),
        **checked(POSITIVE, "n_particles", "n_features"),
    }

    @property
    def ports(self) -> Signature:
        """The inputs and outputs; those of an older version have no names."""
        if self.inputs and self.outputs:
            return Signature(inputs=self.inputs, outputs=self.outputs)
        return Signature.single(self.input_shape, len(self.class_names or ()) or 1)

    def write(self, folder: Path) -> None:
        """Write ``tagger.json``."""
        write(folder / TAGGER_FILE, self)


@dataclass(frozen=True)
class SynthDir:
    """A directory of ``jetmix synth``; its files are read when they are asked for.

    The constructor takes any folder, also one that is unfinished or whose bits differed, and
    :meth:`open` only one that is whole. Reading a damaged file, or one that is absent though every
    synthesis writes it, raises :class:`ReportReadError`.
    """

    path: Path

    @classmethod
    def open(cls, path: Path) -> "SynthDir":
        """Open a directory that ``jetmix synth`` finished.

        Raises:
            LoweringError: if it is none, or is half-written.
            BitsDifferError: if the model or the graph is not the one that was lowered.
        """
        opened = SynthDir(path)
        record = opened.record
        if record is None or record.stage != STAGE:
            raise LoweringError(
                "not a finished directory of 'jetmix synth'",
                where=path,
                mend="run 'jetmix synth' into it again",
            )
        for name in (*LOWERED, *opened._folded):
            there = file_digest(path / name) if (path / name).is_file() else None
            if there is None or there != opened._details.files.get(name):
                raise BitsDifferError(
                    f"{name} is missing or is not the one that was lowered", where=path, mend=AGAIN
                )
        return opened

    @staticmethod
    def is_synth(path: Path) -> bool:
        """Return whether ``path`` looks like a directory of ``jetmix synth``, finished or not."""
        return any((path / sign).exists() for sign in SIGNS)

    @cached_property
    def record(self) -> StageRecord | None:
        """The record of the stage, None if it did not finish; its status is done or failed."""
        return read_stage(self.path)

    @cached_property
    def _details(self) -> "Details":
        content = self.record.details if self.record else {}
        return load(Details, content, where=self.path / STAGE_FILE)

    @cached_property
    def tagger(self) -> TaggerRecord:
        """What was lowered."""
        return read(TaggerRecord, self.path / TAGGER_FILE)

    @property
    def _folded(self) -> list[str]:
        """The files of a folded tagger, as they were recorded."""
        return [name for name in self._details.files if name not in LOWERED]

    @cached_property
    def machine(self) -> Machine | None:
        """The folded tagger, None for one that takes a jet each clock."""
        return Machine.read(self.path)

    @cached_property
    def projects(self) -> dict[Flow, FirmwareProject]:
        """The projects that were written, by flow."""
        where = self.path / STAGE_FILE
        # the folder may have been moved
        entries = [
            {**entry, "path": self.path / PROJECTS.get(entry.get("flow", ""), "")}
            for entry in self._details.projects
        ]
        projects = load(tuple[FirmwareProject, ...], dump(entries), where=where)
        return {project.flow: project for project in projects}

    def project(self, flow: Flow) -> FirmwareProject:
        """Return the project of a flow.

        Raises:
            LoweringError: if the synthesis was not asked for it.
        """
        if flow not in self.projects:
            what = "Verilog" if flow == "rtl" else "HLS project"
            raise LoweringError(
                f"the folder holds no {what}",
                where=self.path,
                mend=f"run 'jetmix synth' with --flow {flow} or both into a new folder",
            )
        return self.projects[flow]

    @cached_property
    def resources(self) -> tuple[ResourceReport, ...]:
        """Resources and latency, one report per origin."""
        reports = read_resources(self.path)
        if reports is None:
            path = self.path / RESOURCES_FILE
            raise ReportReadError("the file is missing", where=path, mend=AGAIN)
        return reports

    @cached_property
    def verification(self) -> tuple[VerificationResult, ...]:
        """The outcome of every level that was climbed.

        Raises:
            LoweringError: if an older jetmix measured a latency, which it counted in another way.
        """
        results = read_results(self.path)
        clocked = any(result.latency_expected_cycles is not None for result in results)
        rtl = self.projects.get("rtl")
        if clocked and rtl is not None and (rtl.path / PORTS_FILE).exists():
            read_ports(rtl.path)
        return results

    @cached_property
    def proofs(self) -> Proofs | None:
        """What is proven for all inputs, and which jets wrap."""
        return proofs.read(self.path)

    @cached_property
    def faults(self) -> tuple[FaultScore, ...]:
        """Faults that were planted and caught; nothing where none were planted."""
        return read_faults(self.path)

    @cached_property
    def costs(self) -> tuple[LayerCost, ...] | None:
        """What each layer costs."""
        return read_layers(self.path)

    @cached_property
    def budget(self) -> BudgetSearch | None:
        """The graphs that were tried for a budget."""
        return read_search(self.path)

    @property
    def top(self) -> str | None:
        """The name that the tagger was given, None for none."""
        return self._details.top

    @property
    def version(self) -> int | None:
        """The version that it was given, None for none."""
        return self._details.version

    @property
    def provenance(self) -> Provenance | None:
        """Versions and command of the synthesis."""
        return self._details.provenance


@dataclass(frozen=True, kw_only=True)
class Details:
    """What the stage record of a synthesis holds.

    Attributes:
        files: SHA-256 of its files.
        projects: its projects.
        provenance: versions and command.
        top: the name that the tagger was given, None for none.
        version: its version, None for none.
    """

    files: dict[str, str] = field(default_factory=dict)
    projects: tuple[JSON, ...] = ()
    provenance: Provenance | None = None
    top: str | None = None
    version: int | None = None


def is_done(out: Path, digest: str) -> bool:
    """Return whether ``out`` holds the finished, exact synthesis of ``digest``; writes nothing.

    Raises:
        RunConflictError: if the folder is foreign, or holds a finished synthesis of something else.
    """
    check_folder(out, owned_by=REQUEST_FILE)
    there = SynthDir(out)
    if there.record is None or there.record.status != "done":
        return False
    if there.record.digest != digest:
        raise RunConflictError(
            "the folder holds a synthesis of another model or with other options",
            where=out,
            mend="name another --out, or remove this folder",
        )
    results = there.verification
    return bool(results) and all(result.status != "failed" for result in results)


def begin(out: Path, digest: str) -> None:
    """Empty ``out`` of what an unfinished synthesis left, and mark it as ours."""
    empty_folder(out)
    write(out / REQUEST_FILE, Request(digest=digest))


def finish(
    out: Path,
    projects: Sequence[FirmwareProject],
    *,
    digest: str,
    seconds: float,
    exact: bool,
    provenance: Provenance | None,
    top: str | None = None,
    version: int | None = None,
) -> None:
    """Record that a synthesis is finished, so that :meth:`SynthDir.open` takes it.

    Args:
        out: the folder, with all other files in place.
        projects: the projects that were written.
        digest: of the model and the options.
        seconds: wall time of the synthesis in s.
        exact: whether no level differs.
        provenance: versions and command.
        top: the name that the tagger was given.
        version: its version.
    """
    entries = [dump(project) for project in projects]
    for entry in entries:
        del entry["path"]  # the folder may be moved
    details = Details(
        files={name: file_digest(out / name) for name in (*LOWERED, *folded_files(out))},
        projects=tuple(entries),
        provenance=provenance,
        top=top,
        version=version,
    )
    status = "done" if exact else "failed"
    StageRecord(
        stage=STAGE, digest=digest, seconds=seconds, status=status, details=dump(details)
    ).write(out)
