"""From a trained tagger to a proven project: what ``synth`` does, in order."""

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from jetmix.data.record import DataUsed
from jetmix.eda import vendor_tools, yosys
from jetmix.firmware import da_graph
from jetmix.models import keras_env
from jetmix.models.signature import Signature
from jetmix.resources.layers import folded_costs, layer_costs, write_layers
from jetmix.resources.report import write_resources
from jetmix.support import provenance
from jetmix.support.files import atomic_path, file_digest
from jetmix.support.records import dump
from jetmix.support.stages import StopWatch
from jetmix.synthesis import budget, folds, synth_dir
from jetmix.synthesis.budget import BudgetOutcome
from jetmix.synthesis.folds import Choice
from jetmix.synthesis.loading import load
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.projects import write_projects
from jetmix.synthesis.synth_dir import MODEL_FILE, SynthDir, TaggerRecord
from jetmix.synthesis.tools import run_vendor, run_yosys
from jetmix.synthesis.verify import climb, reference_of
from jetmix.training.run_dir import TaggerSource
from jetmix.verification import ladder
from jetmix.verification.bench import Bench
from jetmix.verification.emulator.emulator import GRAPH_FILE
from jetmix.verification.precision import precision_of, require_exact_numbers
from jetmix.verification.proofs import proofs


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
    choice = folds.lower(loaded, options)
    lowered, folded = choice.lowered, choice.folded
    options = options.at(choice.ii)
    require_exact_numbers(lowered.traces, lowered.graph, prepared.names)
    precision = precision_of(lowered.graph)
    proven = proofs.prove(prepared, lowered.traces, lowered.graph, lowered.owners, source.model)
    if folded is not None:
        proven = proofs.with_accumulators(proven, folded.machine, prepared.names, source.model)
    vectors, wrapped = ladder.vectors_of(lowered.graph, ports, source.data, options.vectors)
    reference = reference_of(model, vectors, precision)
    synth_dir.begin(out, digest)
    with atomic_path(out / MODEL_FILE) as temporary:
        temporary.write_bytes(loaded.saved)
    record = _tagger_record(source, ports, model_sha256)
    trusted = tuple(sorted(options.trust))
    replace(record, names=dict(prepared.names), trusted=trusted).write(out)
    _write_graph(out, choice, options)
    if folded is not None:
        folded.machine.write(out)
    costs = layer_costs(lowered.traces, lowered.graph, lowered.owners, prepared.names)
    write_layers(out, folded_costs(costs, folded, prepared.names) if folded else costs)
    proofs.write(out, replace(proven, data=wrapped))
    names = (source.data.input_names, source.data.output_names) if source.data else ((), ())
    projects = write_projects(
        out,
        loaded,
        lowered,
        options,
        test_bench=(vectors.x, reference),
        names=names,
        machine=folded.machine if folded else None,
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
        machine=folded.machine if folded else None,
    )
    results = climb(bench, options.wanted_levels)
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


def _write_graph(out: Path, choice: Choice, options: SynthOptions) -> None:
    """Write the graph and what it is estimated to take."""
    lowered = choice.lowered
    da_graph.save(lowered.graph, out / GRAPH_FILE)
    if options.budget.limited and (choice.folds or choice.ii == 1):
        latency_at = (
            budget.clocks(lowered, partial(folds.estimated, options)) if choice.ii == 1 else {}
        )
        budget.write_search(out, lowered, choice.tried, latency_at, choice.folds)
    write_resources(out, [lowered.report])


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
