"""A finished synthesis judged anew: what ``verify`` does, in order."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetmix.errors import UsageError
from jetmix.firmware.graph import DELAY_CONSTRAINT
from jetmix.models import keras_env
from jetmix.models.float64 import Precision
from jetmix.models.prepare import prepare
from jetmix.support.arrays import Reals
from jetmix.support.console import progress
from jetmix.synthesis.loading import require_trust
from jetmix.synthesis.synth_dir import MODEL_FILE, SynthDir
from jetmix.verification import ladder
from jetmix.verification.bench import Bench, keras_logits
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.faults.score import score_projects
from jetmix.verification.junit import write_junit
from jetmix.verification.levels import registry
from jetmix.verification.options import FaultOptions, VectorOptions
from jetmix.verification.precision import precision_of
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.inputs import Wrapped
from jetmix.verification.result import VerificationResult, write_results
from jetmix.verification.vectors import VectorSet


def verify_again(
    folder: Path,
    wanted: Sequence[str],
    options: VectorOptions,
    *,
    junit: Path | None = None,
    faults: FaultOptions | None = None,
    waveform: Path | None = None,
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
        waveform: file for what the ports of a folded tagger carry, clock by clock at level ``ir``.
        trust: the modules that the synthesis trusted; nothing is imported because a record says so.

    Raises:
        UsageError: if the model needs a module that is not trusted now, or for a waveform of a
            tagger that is not folded, or without the level ``ir``.
        BitsDifferError: if bits differ, or the project, graph or model was edited.
        ToolMissingError: if a wanted level lacks its tool.
    """
    options.require_data()
    opened = SynthDir.open(folder)
    levels = registry.chosen(wanted, tuple(opened.projects))
    for project in opened.projects.values():
        project.require_untouched()
    if waveform is not None:
        _require_clocks(opened, levels)
    bench, data = bench_of(opened, options, trust)
    bench = replace(bench, waveform=waveform)
    if opened.proofs is not None and data is not None:
        proofs.write(folder, replace(opened.proofs, data=data))
    results = climb(bench, levels)
    if junit is not None:
        write_junit(junit, results, suite=folder.resolve().name)
    ladder.require_exact(results, folder)
    missing = ladder.missing_tool(results)
    if missing is not None:
        raise missing
    if faults is not None:
        score_projects(bench, faults, wanted=levels)
    return results


def _require_clocks(opened: SynthDir, levels: Sequence[str]) -> None:
    """Refuse a waveform where nothing runs clock by clock.

    Raises:
        UsageError: saying why.
    """
    if opened.machine is None:
        raise UsageError("the tagger is not folded: it takes a jet each clock, and every output "
                         "is that of one jet", where="--waveform", mend="leave it out")  # fmt: skip
    if "ir" not in levels:
        raise UsageError("level ir makes the waveform, and is left out", where="--waveform",
                         mend="add --level ir")  # fmt: skip


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
        reference=reference_of(prepared.model, vectors, precision),
        delay_constraint=DELAY_CONSTRAINT if taken is None else taken,
        names=prepared.names,
        outputs=ports.outputs,
        precision=precision,
        machine=opened.machine,
    )
    return bench, data


def climb(bench: Bench, wanted: Sequence[str]) -> list[VerificationResult]:
    """Climb the ladder and write ``verification.json``."""
    results = ladder.climb(bench, wanted)
    write_results(bench.folder, results)
    return results


def reference_of(model: Any, vectors: VectorSet, precision: Precision) -> Reals:
    """Return what Keras says of the vectors, (vector, output)."""
    exactly = " in float64: some sums need more than 24 bits" if precision == "float64" else ""
    with progress(f"Reference outputs from Keras{exactly}"):
        return keras_logits(model, vectors.x, precision)
