"""From a trained tagger to a proven project: what ``synth`` and ``verify`` do, in order."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix import keras_env, provenance, toolchain
from jetmix.console import progress, say
from jetmix.errors import DataError
from jetmix.firmware import da_graph
from jetmix.firmware.hls4ml_adapter import check_lowerable, write_project
from jetmix.firmware.jets import load_test_jets
from jetmix.firmware.parts import Part
from jetmix.firmware.plan import FirmwareProject
from jetmix.firmware.source import TaggerSource
from jetmix.runs import (
    JSON,
    StageRecord,
    StopWatch,
    atomic_path,
    content_digest,
    file_digest,
    read_json,
)
from jetmix.synthesis import synth_dir
from jetmix.synthesis.estimate import estimate
from jetmix.synthesis.resource_report import ResourceReport
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification import csim, levels
from jetmix.verification.compare import Level, VerificationResult
from jetmix.verification.emulator import GRAPH_FILE, Emulator
from jetmix.verification.vectors import InputRange, VectorSet, build_vectors


@dataclass(frozen=True, kw_only=True)
class SynthOptions:
    """How a tagger is lowered and verified."""

    part: Part
    clock_period_ns: float
    levels: tuple[Level, ...]
    data: Path | None
    max_jets: int
    n_random: int
    seed: int

    def digest(self, model_sha256: str) -> str:
        """Digest of the model, the options and the versions that shape the result."""
        return content_digest(
            {
                "model": model_sha256,
                "part": self.part.full_name,
                "clock_period_ns": self.clock_period_ns,
                "levels": self.levels,
                "data": file_digest(self.data) if self.data else None,
                "vectors": [self.max_jets, self.n_random, self.seed],
                "versions": provenance.package_versions(),
            }
        )


def synthesise(source: TaggerSource, out: Path, options: SynthOptions) -> bool:
    """Lower a tagger into ``out``, verify it and estimate its resources.

    Returns:
        False if the very same synthesis was there already and nothing was done.

    Raises:
        JetmixError: see the exit codes; after bits that differ the folder holds the evidence, with
            a record that later runs do not trust.
    """
    if "csim" in options.levels:
        toolchain.require("g++")
    model_sha256 = file_digest(source.model)
    digest = options.digest(model_sha256)
    if synth_dir.is_done(out, digest):
        return False
    watch = StopWatch()
    # all input is read and judged before the first file is written
    model = keras_env.load_tagger(source.model)
    check_lowerable(model)
    with progress("Lowering to a DA graph"):
        graph = da_graph.trace(model)
    vectors = _vectors(graph, model.input_shape[1:], source.dataset, options)
    reference = _reference(model, vectors)
    synth_dir.begin(out, digest)
    _write_tagger(out, source, model, model_sha256)
    da_graph.save(graph, out / GRAPH_FILE)
    resources = estimate(graph, part=options.part, clock_period_ns=options.clock_period_ns)
    synth_dir.write_resources(out, [resources])
    with progress("Lowering to a Vitis HLS project"):
        project = write_project(
            model,
            out / synth_dir.PROJECT,
            part=options.part,
            clock_period_ns=options.clock_period_ns,
            inputs=vectors.x,
            outputs=reference,
        )
    project = replace(project, latency_cycles=resources.latency_cycles)
    results = _climb(out, project, vectors, reference, options.levels)
    _record(out, project, digest, watch.seconds, results)
    levels.require_exact(results, out)
    return True


def verify_again(folder: Path, options: SynthOptions) -> list[VerificationResult]:
    """Climb the ladder of a finished synthesis anew and rewrite ``verification.json``.

    Raises:
        BitsDifferError: if bits differ, or the project, graph or model was edited.
        ToolMissingError: if a wanted level lacks its tool.
    """
    opened = SynthDir.open(folder)
    opened.project.require_untouched()
    model = keras_env.load_tagger(folder / synth_dir.MODEL_FILE)
    emulator = Emulator.load(folder)
    vectors = _vectors(emulator.graph, emulator.input_shape, opened.tagger["dataset"], options)
    reference = _reference(model, vectors)
    results = _climb(folder, opened.project, vectors, reference, options.levels)
    levels.require_exact(results, folder)
    missing = levels.missing_tool(results)
    if missing is not None:
        raise missing
    return results


def _reference(model: Any, vectors: VectorSet) -> NDArray[np.float32]:
    with progress("Reference outputs from Keras"):
        return levels.keras_logits(model, vectors.x)


def _climb(
    out: Path,
    project: FirmwareProject,
    vectors: VectorSet,
    reference: NDArray[np.float32],
    wanted: Sequence[Level],
) -> list[VerificationResult]:
    results = levels.climb(
        reference,
        vectors,
        emulator=Emulator.load(out),
        csim=lambda: csim.build(project, out / synth_dir.CSIM),
        levels=wanted,
    )
    synth_dir.write_verification(out, results)
    return results


def _vectors(
    graph: Any, shape: tuple[int, ...], dataset: JSON | None, options: SynthOptions
) -> VectorSet:
    jets = None
    if options.data is not None:
        jets = load_test_jets(options.data, dataset=dataset, input_shape=shape)
        if jets.shape[1:] != tuple(shape):
            raise DataError(
                f"jets of shape {jets.shape[1:]}, the tagger takes {tuple(shape)}",
                where=options.data,
                mend="give the data that the tagger was trained for",
            )
        jets = jets[: options.max_jets]
    else:
        say("No --data given: random and corner vectors only, no jets.")
    return build_vectors(
        InputRange.of(graph), shape, jets=jets, n_random=options.n_random, seed=options.seed
    )


def _write_tagger(out: Path, source: TaggerSource, model: Any, model_sha256: str) -> None:
    copy = out / synth_dir.MODEL_FILE
    with atomic_path(copy) as temporary:
        if source.model.suffix == copy.suffix:
            shutil.copyfile(source.model, temporary)
        else:
            model.save(temporary)
    shape = tuple(model.input_shape[1:])
    synth_dir.write_tagger(
        out,
        {
            "source": source.origin,
            "model_sha256": model_sha256,
            "n_particles": shape[0] if len(shape) > 1 else None,
            "n_features": shape[-1],
            "input_shape": list(shape),
            "class_names": (source.metrics or {}).get("class_names"),
            "architecture": (source.recipe or {}).get("tagger", {}).get("architecture"),
            "dataset": source.dataset,
            "metrics": source.metrics,
            "recipe": source.recipe,
        },
    )


def _record(
    out: Path,
    project: FirmwareProject,
    digest: str,
    seconds: float,
    results: Sequence[VerificationResult],
) -> None:
    failed = any(result.status == "failed" for result in results)
    details = {
        **synth_dir.describe(out, project),
        "provenance": provenance.collect(seed=None, backend=keras_env.activate().backend.backend()),
    }
    StageRecord(
        stage="synth",
        digest=digest,
        seconds=seconds,
        status="failed" if failed else "done",
        details=details,
    ).write(out)


def read_result(folder: Path) -> tuple[list[JSON], list[ResourceReport]]:
    """Return a finished synthesis' verification results (as JSON) and resource reports."""
    reports = read_json(folder / synth_dir.RESOURCES_FILE)
    return read_json(folder / synth_dir.VERIFICATION_FILE), [
        ResourceReport(**{k: v for k, v in report.items() if k != "latency_ns"})
        for report in reports
    ]
