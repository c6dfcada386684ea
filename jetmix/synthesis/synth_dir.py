"""The directory that ``jetmix synth`` writes, and that ``jetmix verify`` reads again."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jetmix.errors import BitsDifferError, LoweringError, RunConflictError
from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.support.files import JSON, empty_folder, file_digest, read_json, write_json
from jetmix.support.stages import check_folder, read_stage
from jetmix.verification.emulator.emulator import GRAPH_FILE, TAGGER_FILE
from jetmix.verification.result import read_results

REQUEST_FILE = "synth.json"
MODEL_FILE = "tagger.keras"
PROJECTS: dict[Flow, str] = {"hls4ml": "project", "rtl": "rtl"}


def is_done(out: Path, digest: str) -> bool:
    """Tell whether ``out`` holds the finished, exact synthesis of ``digest``; writes nothing.

    Raises:
        RunConflictError: if the folder is foreign, or holds a finished synthesis of something else.
    """
    check_folder(out, owned_by=REQUEST_FILE)
    record = read_stage(out)
    if record is None or record.status != "done":
        return False
    if record.digest != digest:
        raise RunConflictError(
            "the folder holds a synthesis of another model or with other options",
            where=out,
            mend="name another --out, or remove this folder",
        )
    results = read_results(out)
    return bool(results) and all(result.status != "failed" for result in results)


def begin(out: Path, digest: str) -> None:
    """Empty ``out`` of what an unfinished synthesis left, and mark it as ours."""
    empty_folder(out)
    write_json(out / REQUEST_FILE, {"digest": digest})


@dataclass(frozen=True, kw_only=True)
class SynthDir:
    """A finished synthesis, opened and checked."""

    path: Path
    tagger: JSON
    projects: dict[Flow, FirmwareProject]

    @property
    def project(self) -> FirmwareProject:
        """The HLS project.

        Raises:
            LoweringError: if the synthesis was asked for Verilog only.
        """
        if "hls4ml" not in self.projects:
            raise LoweringError(
                "the folder holds no HLS project",
                where=self.path,
                mend="run 'jetmix synth' with --flow hls4ml or both into a new folder",
            )
        return self.projects["hls4ml"]

    @classmethod
    def open(cls, path: Path) -> "SynthDir":
        """Open a directory that ``jetmix synth`` finished.

        Raises:
            LoweringError: if it is none, or is half-written.
            BitsDifferError: if the model or the graph is not the one that was lowered.
        """
        record = read_stage(path)
        if record is None or record.stage != "synth":
            raise LoweringError(
                "not a finished directory of 'jetmix synth'",
                where=path,
                mend="run 'jetmix synth' into it again",
            )
        for name in (MODEL_FILE, GRAPH_FILE, TAGGER_FILE):
            wanted = record.details["files"][name]
            if not (path / name).is_file() or file_digest(path / name) != wanted:
                raise BitsDifferError(
                    f"{name} is missing or is not the one that was lowered",
                    where=path,
                    mend="run 'jetmix synth' again into a new folder",
                )
        projects = [_project(path, entry) for entry in record.details["projects"]]
        return cls(
            path=path,
            tagger=read_json(path / TAGGER_FILE),
            projects={project.flow: project for project in projects},
        )


def _project(folder: Path, entry: JSON) -> FirmwareProject:
    return FirmwareProject(
        **{**entry, "files": tuple(entry["files"]), "path": folder / PROJECTS[entry["flow"]]}
    )


def describe(out: Path, *projects: FirmwareProject) -> JSON:
    """Return what :meth:`SynthDir.open` needs, for the stage record."""
    entries = []
    for project in projects:
        entry = asdict(project)
        del entry["path"]  # the folder may be moved
        entries.append(entry)
    return {
        "files": {n: file_digest(out / n) for n in (MODEL_FILE, GRAPH_FILE, TAGGER_FILE)},
        "projects": entries,
    }


def write_tagger(out: Path, content: dict[str, Any]) -> None:
    """Write ``tagger.json``: what was lowered and what is known of it."""
    write_json(out / TAGGER_FILE, content)
