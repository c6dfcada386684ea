"""From a trained tagger to a proven project: what ``synth`` and ``verify`` do, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from jetmix.data.record import DataUsed
from jetmix.eda import vendor_tools, yosys
from jetmix.firmware import da_graph
from jetmix.firmware.graph import DELAY_CONSTRAINT, DaGraph
from jetmix.firmware.hls_ways import write_hls
from jetmix.firmware.placement import place
from jetmix.firmware.project import FirmwareProject
from jetmix.firmware.verilog import ElementNames, write_rtl
from jetmix.models import keras_env
from jetmix.models.float64 import Precision
from jetmix.models.prepare import prepare, speaking
from jetmix.models.signature import Signature
from jetmix.resources.estimate import adders_per_stage, estimate
from jetmix.resources.layers import layer_costs, write_layers
from jetmix.resources.report import ResourceReport, write_resources
from jetmix.resources.utilisation import beyond_one_slr
from jetmix.support import provenance
from jetmix.support.arrays import Reals
from jetmix.support.console import progress
from jetmix.support.files import atomic_path, file_digest
from jetmix.support.records import dump
from jetmix.support.stages import StopWatch
from jetmix.synthesis import budget, synth_dir
from jetmix.synthesis.budget import BudgetOutcome, Lowered
from jetmix.synthesis.loading import Loaded, load, require_trust
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.synth_dir import MODEL_FILE, PROJECTS, SynthDir, TaggerRecord
from jetmix.synthesis.tools import run_vendor, run_yosys
from jetmix.training.run_dir import TaggerSource
from jetmix.verification import ladder
from jetmix.verification.bench import Bench, keras_logits
from jetmix.verification.emulator.emulator import GRAPH_FILE, Emulator
from jetmix.verification.faults.score import score_projects
from jetmix.verification.junit import write_junit
from jetmix.verification.levels import registry
from jetmix.verification.options import FaultOptions, VectorOptions
from jetmix.verification.precision import precision_of, require_exact_numbers
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.inputs import Wrapped
from jetmix.verification.result import VerificationResult, write_results
from jetmix.verification.vectors import VectorSet


@dataclass(frozen=True)
class Synthesis(SynthDir):
    """What :func:`synthesise` made, or found to be there already (``fresh`` is False)."""

    options: SynthOptions = field(kw_only=True)
    fresh: bool = field(kw_only=True)

    @cached_property
    def judged(self) -> BudgetOutcome | None:
        """Whether the budget is met, None where there is none."""
        if not self.options.budget.limited:
            return None
        return budget.judge(self.options.budget, self.resources, self.verification, self.budget)


def synthesise(source: TaggerSource, out: Path, options: SynthOptions) -> Synthesis:
    """Lower a tagger into ``out``, verify it, estimate its resources and run the wanted tools.

    Args:
        source: the tagger, from :func:`jetmix.training.run_dir.open_source`.
        out: folder to write; a synthesis of the same tagger and options in it is not repeated.
        options: how.

    Raises:
        JetmixError: see the exit codes; after bits that differ the folder holds the evidence, with
            a record that later runs do not trust.
    """
    # all tools are looked for before hours of work start
    with_hls = "hls4ml" in options.flows
    tools = vendor_tools.find_tools(with_hls=with_hls) if options.run_vendor else None
    program = yosys.find_yosys() if options.run_yosys else None
    ladder.require_tools(options.wanted_levels)
    model_sha256 = file_digest(source.model)
    digest = options.digest(model_sha256)
    fresh = not synth_dir.is_done(out, digest)
    if fresh:
        _synthesise(source, out, options, model_sha256, digest)
    if program is not None:
        run_yosys(out, program, limit_s=60 * options.yosys_minutes, memory_gb=options.yosys_gb)
    if tools is not None:
        run_vendor(out, tools, limit_s=3600 * options.vendor_hours)
    return Synthesis(out, options=options, fresh=fresh)


def _synthesise(
    source: TaggerSource, out: Path, options: SynthOptions, model_sha256: str, digest: str
) -> None:
    watch = StopWatch()
    # all input is read and judged before the first file is written
    loaded = load(source, options)
    prepared, ports, model = loaded.prepared, loaded.ports, loaded.prepared.model
    with progress("Lowering to a DA graph"), speaking(prepared.names):
        lowered, tried = budget.lower(
            model, partial(_estimate, options), options.budget, by=options.engine
        )
    require_exact_numbers(lowered.traces, lowered.graph, prepared.names)
    precision = precision_of(lowered.graph)
    proven = proofs.prove(prepared, lowered.traces, lowered.graph, lowered.owners, source.model)
    vectors, wrapped = ladder.vectors_of(lowered.graph, ports, source.data, options.vectors)
    reference = _reference(model, vectors, precision)
    synth_dir.begin(out, digest)
    with atomic_path(out / MODEL_FILE) as temporary:
        temporary.write_bytes(loaded.saved)
    record = _tagger_record(source, ports, model_sha256)
    trusted = tuple(sorted(options.trust))
    replace(record, names=dict(prepared.names), trusted=trusted).write(out)
    _write_graph(out, lowered, tried, options)
    costs = layer_costs(lowered.traces, lowered.graph, lowered.owners, prepared.names)
    write_layers(out, costs)
    proofs.write(out, replace(proven, data=wrapped))
    names = (source.data.input_names, source.data.output_names) if source.data else ((), ())
    projects = _write_projects(
        out, loaded, lowered, options, test_bench=(vectors.x, reference), names=names
    )
    bench = Bench(
        folder=out,
        model=model,
        graph=lowered.graph,
        projects={project.flow: project for project in projects},
        vectors=vectors,
        reference=reference,
        delay_constraint=lowered.delay_constraint,
        names=prepared.names,
        outputs=ports.outputs,
        precision=precision,
    )
    results = _climb(bench, options.wanted_levels)
    synth_dir.finish(
        out,
        projects,
        digest=digest,
        seconds=watch.seconds,
        exact=all(result.status != "failed" for result in results),
        provenance=provenance.collect(seed=None, backend=keras_env.activate().backend.backend()),
        top=options.top,
        version=options.version,
    )
    ladder.require_exact(results, out)


def _estimate(
    options: SynthOptions, graph: DaGraph, clock_ns: float | None = None
) -> ResourceReport:
    """Return what a graph is estimated to take, at another clock period if one is named."""
    period = options.clock_ns if clock_ns is None else clock_ns
    return estimate(
        graph,
        part=options.device,
        clock_period_ns=period,
        flows=options.flows,
        slr_registers=options.placement.slr_registers,
    )


def _write_graph(
    out: Path, lowered: Lowered, tried: Sequence[Lowered], options: SynthOptions
) -> None:
    """Write the graph and what it is estimated to take."""
    da_graph.save(lowered.graph, out / GRAPH_FILE)
    if options.budget.limited:
        latency_at = budget.clocks(lowered, partial(_estimate, options))
        budget.write_search(out, lowered, tried, latency_at)
    write_resources(out, [lowered.report])


def verify_again(
    folder: Path,
    wanted: Sequence[str],
    options: VectorOptions,
    *,
    junit: Path | None = None,
    faults: FaultOptions | None = None,
    trust: Sequence[str] = (),
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
        trust: the modules that the synthesis trusted; nothing is imported because a record says so.

    Raises:
        UsageError: if the model needs a module that is not trusted now.
        BitsDifferError: if bits differ, or the project, graph or model was edited.
        ToolMissingError: if a wanted level lacks its tool.
    """
    options.require_data()
    opened = SynthDir.open(folder)
    levels = registry.chosen(wanted, tuple(opened.projects))
    for project in opened.projects.values():
        project.require_untouched()
    bench, data = bench_of(opened, options, trust)
    if opened.proofs is not None and data is not None:
        proofs.write(folder, replace(opened.proofs, data=data))
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


def bench_of(
    opened: SynthDir, options: VectorOptions, trust: Sequence[str]
) -> tuple[Bench, Wrapped | None]:
    """Return what a finished synthesis is judged with, and what the jets do at its input ports.

    Args:
        opened: the synthesis.
        options: the vectors.
        trust: the modules that the synthesis trusted.

    Raises:
        UsageError: if the model needs a module that is not trusted now.
        DataError: if the jets cannot be read or are of another shape than the tagger's.
    """
    folder = opened.path
    require_trust(opened, trust)
    prepared = prepare(keras_env.load_tagger(folder / MODEL_FILE, trust=trust))
    graph, ports = Emulator.load(folder).graph, opened.tagger.ports
    vectors, data = ladder.vectors_of(graph, ports, opened.tagger.dataset, options)
    taken = opened.budget.taken if opened.budget else None
    precision = precision_of(graph)
    bench = Bench(
        folder=folder,
        model=prepared.model,
        graph=graph,
        projects=opened.projects,
        vectors=vectors,
        reference=_reference(prepared.model, vectors, precision),
        delay_constraint=DELAY_CONSTRAINT if taken is None else taken,
        names=prepared.names,
        outputs=ports.outputs,
        precision=precision,
    )
    return bench, data


def _climb(bench: Bench, wanted: Sequence[str]) -> list[VerificationResult]:
    results = ladder.climb(bench, wanted)
    write_results(bench.folder, results)
    return results


def _reference(model: Any, vectors: VectorSet, precision: Precision) -> Reals:
    exactly = " in float64: some sums need more than 24 bits" if precision == "float64" else ""
    with progress(f"Reference outputs from Keras{exactly}"):
        return keras_logits(model, vectors.x, precision)


def _write_projects(
    out: Path,
    loaded: Loaded,
    lowered: Lowered,
    options: SynthOptions,
    *,
    test_bench: tuple[Reals, Reals],
    names: ElementNames,
) -> list[FirmwareProject]:
    """Write the projects of the wanted flows; ``test_bench`` are inputs and outputs for HLS."""
    projects = []
    if "hls4ml" in options.flows:
        with progress("Lowering to a Vitis HLS project"):
            hls = write_hls(
                loaded.prepared.model,
                lowered.graph,
                loaded.ports,
                out / PROJECTS["hls4ml"],
                part=options.device,
                clock_period_ns=options.clock_ns,
                test_bench=test_bench,
                delay_constraint=lowered.delay_constraint,
                names=loaded.prepared.names,
                top=options.label,
            )
        projects.append(hls)
    if "rtl" in options.flows:
        with progress("Lowering to Verilog"):
            rtl = write_rtl(
                lowered.graph,
                out / PROJECTS["rtl"],
                part=options.device,
                clock_period_ns=options.clock_ns,
                adders_per_stage=adders_per_stage(options.clock_ns),
                vhdl=options.vhdl,
                ports=loaded.ports,
                names=names,
                top=options.label,
                slr_registers=options.placement.slr_registers,
            )
        projects.append(rtl)
    return [_finished(project, lowered.report, options) for project in projects]


def _finished(
    project: FirmwareProject, report: ResourceReport, options: SynthOptions
) -> FirmwareProject:
    """Return a project with its latency, and with its placement where one is wanted and fits."""
    slr, cycles = options.placement.slr, report.latency_cycles
    if cycles is not None and project.flow == "hls4ml":
        cycles -= 2 * options.placement.slr_registers
    if slr is not None and not beyond_one_slr(report, options.device):
        project = place(project, options.device, slr)
    return replace(project, latency_cycles=cycles)


def _tagger_record(source: TaggerSource, ports: Signature, model_sha256: str) -> TaggerRecord:
    metrics, recipe, shape = source.metrics, source.recipe, ports.input_shape
    n_particles, n_features = _sizes(source.data, ports)
    return TaggerRecord(
        source=source.origin,
        model_sha256=model_sha256,
        n_particles=n_particles,
        n_features=n_features,
        input_shape=shape,
        inputs=ports.inputs,
        outputs=ports.outputs,
        class_names=metrics.class_names if metrics else None,
        architecture=recipe.tagger.architecture if recipe else None,
        dataset=source.data,
        metrics=metrics,
        recipe=dump(recipe),
    )


def _sizes(data: DataUsed | None, ports: Signature) -> tuple[int | None, int | None]:
    """Return the particles and features that a network sees, None for none or not known."""
    if data is not None and data.derived:
        return data.n_particles, len(data.feature_names)
    shape, single = ports.input_shape, len(ports.inputs) == 1
    return shape[0] if len(shape) > 1 else None, shape[-1] if single else None
