"""From a trained tagger to a proven project: what ``synth`` and ``verify`` do, in order."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.data.record import DataUsed
from jetmix.eda import vendor, yosys
from jetmix.eda.vendor_tools import VendorTools
from jetmix.errors import LoweringError
from jetmix.firmware import da_graph
from jetmix.firmware.da_graph import DaGraph
from jetmix.firmware.hls import check_lowerable, write_project
from jetmix.firmware.parts import Part
from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.firmware.softmax import without_softmax
from jetmix.firmware.verilog import write_rtl
from jetmix.models import keras_env
from jetmix.resources.estimate import adders_per_stage, estimate
from jetmix.resources.layers import layer_costs, write_layers
from jetmix.resources.report import ResourceReport, add_resources, read_resources, write_resources
from jetmix.support import provenance
from jetmix.support.console import progress
from jetmix.support.files import atomic_path, content_digest, file_digest
from jetmix.support.records import dump, load
from jetmix.support.stages import StageRecord, StopWatch
from jetmix.synthesis import budget, synth_dir
from jetmix.synthesis.budget import Budget
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.training.run_dir import TaggerSource
from jetmix.verification import ladder
from jetmix.verification.bench import Bench, keras_logits
from jetmix.verification.emulator.emulator import GRAPH_FILE, TAGGER_FILE, Emulator
from jetmix.verification.faults.score import score_projects
from jetmix.verification.junit import write_junit
from jetmix.verification.levels import registry
from jetmix.verification.options import FaultOptions, VectorOptions
from jetmix.verification.proofs import proofs
from jetmix.verification.result import (
    VerificationResult,
    read_results,
    write_results,
)
from jetmix.verification.vectors import VectorSet


@dataclass(frozen=True, kw_only=True)
class SynthOptions:
    """How a tagger is lowered and verified."""

    part: Part
    clock_period_ns: float
    flows: tuple[Flow, ...]
    levels: tuple[str, ...]
    vectors: VectorOptions = field(default_factory=VectorOptions)
    budget: Budget | None = None
    logits: bool = False

    def estimate(self, graph: DaGraph, clock_period_ns: float | None = None) -> ResourceReport:
        """Return what a graph is estimated to take, at another clock period if one is named."""
        period = clock_period_ns or self.clock_period_ns
        return estimate(graph, part=self.part, clock_period_ns=period, flows=self.flows)

    def digest(self, model_sha256: str) -> str:
        """Digest of the model, the options and the versions that shape the result."""
        return content_digest(
            {
                "model": model_sha256,
                "part": self.part.full_name,
                "clock_period_ns": self.clock_period_ns,
                "flows": self.flows,
                "levels": self.levels,
                "data": file_digest(self.vectors.data) if self.vectors.data else None,
                "vectors": [self.vectors.max_jets, self.vectors.n_random, self.vectors.seed],
                "versions": provenance.package_versions(),
                **({"budget": asdict(self.budget)} if self.budget else {}),
                **({"logits": True} if self.logits else {}),
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
    ladder.require_tools(options.levels)
    model_sha256 = file_digest(source.model)
    digest = options.digest(model_sha256)
    if synth_dir.is_done(out, digest):
        return False
    watch = StopWatch()
    # all input is read and judged before the first file is written
    model = keras_env.load_tagger(source.model)
    if options.logits:
        model = without_softmax(model)
    check_lowerable(model)
    with progress("Lowering to a DA graph"):
        chosen, tried = budget.lower(model, options.estimate, options.budget)
        traces, graph, resources = chosen.traces, chosen.graph, chosen.report
        costs = layer_costs(traces, graph)
    proven = proofs.prove(model, traces, graph, source.model)
    shape = tuple(model.input_shape[1:])
    vectors, wrapped = ladder.vectors_of(graph, shape, source.data, options.vectors)
    reference = _reference(model, vectors)
    synth_dir.begin(out, digest)
    _write_tagger(out, source, model, model_sha256, changed=options.logits)
    da_graph.save(graph, out / GRAPH_FILE)
    if options.budget is not None:
        budget.write(out, chosen, tried, budget.clocks(chosen, options.estimate))
    write_resources(out, [resources])
    write_layers(out, costs)
    proofs.write(out, replace(proven, data=wrapped))
    projects = []
    if "hls4ml" in options.flows:
        test_bench = (vectors.x, reference)
        projects.append(_write_hls(model, out, options, test_bench, chosen.delay_constraint))
    if "rtl" in options.flows:
        projects.append(_write_rtl(graph, out, options))
    projects = [replace(p, latency_cycles=resources.latency_cycles) for p in projects]
    bench = Bench(
        folder=out,
        model=model,
        graph=graph,
        projects={project.flow: project for project in projects},
        vectors=vectors,
        reference=reference,
        delay_constraint=chosen.delay_constraint,
    )
    results = _climb(bench, options.levels)
    _record(out, projects, digest, watch.seconds, results)
    ladder.require_exact(results, out)
    return True


def verify_again(
    folder: Path,
    wanted: Sequence[str],
    options: VectorOptions,
    *,
    junit: Path | None = None,
    faults: FaultOptions | None = None,
) -> list[VerificationResult]:
    """Climb the ladder of a finished synthesis anew and rewrite ``verification.json``.

    The results also go to the file ``junit``, if it is named, whether bits differ or not. Then, if
    asked for, the vectors are tried on faults.

    Args:
        folder: a finished directory of ``jetmix synth``.
        wanted: names of levels; nothing stands for all that need no request.
        options: the vectors that the levels are compared on.
        junit: file to write.
        faults: how many faults to plant.

    Raises:
        BitsDifferError: if bits differ, or the project, graph or model was edited.
        ToolMissingError: if a wanted level lacks its tool.
    """
    opened = SynthDir.open(folder)
    levels = registry.chosen(wanted, tuple(opened.projects))
    for project in opened.projects.values():
        project.require_untouched()
    model = keras_env.load_tagger(folder / synth_dir.MODEL_FILE)
    emulator = Emulator.load(folder)
    known = opened.tagger["dataset"]
    trained_on = load(DataUsed, known, where=folder / TAGGER_FILE) if known else None
    vectors, data = ladder.vectors_of(emulator.graph, emulator.input_shape, trained_on, options)
    proven = proofs.read(folder)
    if proven is not None and data is not None:
        proofs.write(folder, replace(proven, data=data))
    bench = Bench(
        folder=folder,
        model=model,
        graph=emulator.graph,
        projects=opened.projects,
        vectors=vectors,
        reference=_reference(model, vectors),
        delay_constraint=budget.taken(folder),
    )
    results = _climb(bench, levels)
    if junit is not None:
        write_junit(junit, results, suite=folder.resolve().name)
    ladder.require_exact(results, folder)
    missing = ladder.missing_tool(results)
    if missing is not None:
        raise missing
    if faults is not None:
        score_projects(bench, faults, wanted=levels)
    return results


def run_yosys(
    folder: Path, program: tuple[Path, str], *, limit_s: float, memory_gb: float
) -> ResourceReport:
    """Synthesise the Verilog of a directory of ``jetmix synth`` and add the report to it.

    Args:
        folder: a finished directory of ``jetmix synth`` with Verilog.
        program: what :func:`jetmix.eda.yosys.find_yosys` found.
        limit_s: time limit in s.
        memory_gb: memory limit in GB; WebAssembly has its own, of 4 GB.

    Raises:
        LoweringError: if the directory holds no Verilog.
        BitsDifferError: if the Verilog was edited.
        ToolFailedError: if Yosys fails, or runs out of time or memory.
        ReportReadError: if the netlist is empty or not fully mapped.
    """
    project = SynthDir.open(folder).projects.get("rtl")
    if project is None:
        raise LoweringError(
            "the folder holds no Verilog",
            where=folder,
            mend="run 'jetmix synth' with --flow rtl or both into a new folder",
        )
    area = yosys.synthesised(folder, project, program, limit_s=limit_s, memory_gb=memory_gb)
    report = yosys.read_statistics(area, project)
    add_resources(folder, [report])
    return report


def run_vendor(folder: Path, tools: VendorTools, *, limit_s: float) -> list[ResourceReport]:
    """Run C synthesis, place and route for a directory of ``jetmix synth``.

    Its ``resources.json`` gets a report of each origin csynth, post-synthesis and post-route;
    those of other origins stay. A directory with Verilog only has no C synthesis; one with both
    is taken through HLS.

    Args:
        folder: a finished directory of ``jetmix synth``.
        tools: what :func:`jetmix.eda.vendor_tools.find_tools` found.
        limit_s: time limit of each of the two steps in s.

    Returns:
        The reports, csynth first where there is one.

    Raises:
        BitsDifferError: if the project was edited.
        RunConflictError: if a vendor tool still runs in this directory.
        ToolFailedError: if a tool fails, has no licence or memory, is killed or takes too long.
        ReportReadError: if a report is not as expected, or is not about this project.
    """
    projects = SynthDir.open(folder).projects
    reports = vendor.run(
        folder / vendor.VENDOR, projects.get("hls4ml") or projects["rtl"], tools, limit_s=limit_s
    )
    add_resources(folder, reports)
    return reports


def _climb(bench: Bench, wanted: Sequence[str]) -> list[VerificationResult]:
    results = ladder.climb(bench, wanted)
    write_results(bench.folder, results)
    return results


def _reference(model: Any, vectors: VectorSet) -> NDArray[np.float32]:
    with progress("Reference outputs from Keras"):
        return keras_logits(model, vectors.x)


def _write_hls(
    model: Any,
    out: Path,
    options: SynthOptions,
    bench: tuple[NDArray[np.float32], NDArray[np.float32]],
    delay_constraint: int,
) -> FirmwareProject:
    with progress("Lowering to a Vitis HLS project"):
        return write_project(
            model,
            out / synth_dir.PROJECTS["hls4ml"],
            part=options.part,
            clock_period_ns=options.clock_period_ns,
            inputs=bench[0],
            outputs=bench[1],
            delay_constraint=delay_constraint,
        )


def _write_rtl(graph: DaGraph, out: Path, options: SynthOptions) -> FirmwareProject:
    with progress("Lowering to Verilog"):
        return write_rtl(
            graph,
            out / synth_dir.PROJECTS["rtl"],
            part=options.part,
            clock_period_ns=options.clock_period_ns,
            adders_per_stage=adders_per_stage(options.clock_period_ns),
        )


def _write_tagger(
    out: Path, source: TaggerSource, model: Any, model_sha256: str, *, changed: bool
) -> None:
    copy = out / synth_dir.MODEL_FILE
    with atomic_path(copy) as temporary:
        if source.model.suffix == copy.suffix and not changed:
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
            "class_names": dump(source.metrics.class_names) if source.metrics else None,
            "architecture": source.recipe.tagger.architecture if source.recipe else None,
            "dataset": dump(source.data),
            "metrics": dump(source.metrics),
            "recipe": dump(source.recipe),
        },
    )


def _record(
    out: Path,
    projects: Sequence[FirmwareProject],
    digest: str,
    seconds: float,
    results: Sequence[VerificationResult],
) -> None:
    failed = any(result.status == "failed" for result in results)
    details = {
        **synth_dir.describe(out, *projects),
        "provenance": dump(
            provenance.collect(seed=None, backend=keras_env.activate().backend.backend())
        ),
    }
    StageRecord(
        stage="synth",
        digest=digest,
        seconds=seconds,
        status="failed" if failed else "done",
        details=details,
    ).write(out)


def read_result(
    folder: Path,
) -> tuple[tuple[VerificationResult, ...], tuple[ResourceReport, ...]]:
    """Return a finished synthesis' verification results and resource reports."""
    return read_results(folder), read_resources(folder) or ()
