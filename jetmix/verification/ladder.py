"""The vectors of a synthesis, and its levels climbed one after the other.

Levels are never judged against one another: a compiler that makes a wrong intermediate form and
wrong hardware from it would agree with itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jetmix.data.array_file import SUFFIX
from jetmix.data.for_tagger import features_of, load_for_tagger
from jetmix.data.input_arrays import element_names, is_for_inputs, load_inputs
from jetmix.data.record import DataUsed
from jetmix.errors import BitsDifferError, DataError, JetmixError, ToolMissingError
from jetmix.firmware.graph import DaGraph
from jetmix.models.prepare import shown
from jetmix.models.signature import Signature
from jetmix.support.arrays import Floats
from jetmix.support.console import progress, say
from jetmix.verification.bench import Bench
from jetmix.verification.levels.registry import LEVELS, Level
from jetmix.verification.mining import extreme_vectors, rare_jets
from jetmix.verification.options import VectorOptions
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.inputs import Wrapped
from jetmix.verification.result import VerificationResult, judged, not_run
from jetmix.verification.vectors import InputRange, VectorSet, build_vectors

# vectors searched for at the ends of internal ranges, among jets and again among random inputs
EXTREMES = 500


def vectors_of(
    graph: DaGraph, ports: Signature, trained_on: DataUsed | None, options: VectorOptions
) -> tuple[VectorSet, Wrapped | None]:
    """Return all vectors, and what the jets of the data file do at the input ports.

    Args:
        graph: the adder graph.
        ports: the inputs and outputs of the model.
        trained_on: the data that the tagger was trained on, where known.
        options: which vectors.

    Raises:
        DataError: if the file cannot be read or is of another shape than the tagger's.
    """
    jets = wrapped = None
    mined = {"extreme": extreme_vectors(graph, count=EXTREMES, seed=options.seed)}
    if options.data is not None:
        jets, features = jets_of(options.data, ports, trained_on, options.constants)
        wrapped = proofs.judge_data(graph, jets, features, options.data)
        mined["rare-jet"] = rare_jets(graph, jets, count=EXTREMES)
        jets = jets[: options.max_jets]
    else:
        say("No jets (--data): comparing on random, corner and searched vectors only.")
    vectors = build_vectors(
        InputRange.of(graph),
        ports.input_shape,
        jets=jets,
        n_random=options.n_random,
        seed=options.seed,
        mined=mined,
    )
    return vectors, wrapped


def jets_of(
    path: Path, ports: Signature, trained_on: DataUsed | None, constants: Path | None = None
) -> tuple[Floats, tuple[str, ...] | None]:
    """Return the jets of a file as a tagger takes them, and the names of its features.

    Args:
        path: file of jets whose test split is taken, or ``.npz`` file of the tagger's inputs.
        ports: the inputs and outputs of the model.
        trained_on: the data that the tagger was trained on, where known.
        constants: JSON file of normalisation constants, for a tagger that no run recorded.

    Returns:
        Normalised jets (jet, *input shape), and one name for each of the last axis, if known.

    Raises:
        DataError: if the file cannot be read or is of another shape than the tagger's.
    """
    shape = ports.input_shape
    known = len(ports.inputs) == 1 or (trained_on is not None and trained_on.derived)
    features = features_of(trained_on, shape) if known else None
    if is_for_inputs(path, ports.inputs) and not (known and path.suffix != SUFFIX):
        jets = load_inputs(path, ports.inputs).reshape(-1, *shape)
        return jets, features or element_names(ports.inputs)
    jets = _jets(path, shape, trained_on, features, constants)
    return jets, element_names(ports.inputs) or features


def _jets(
    path: Path,
    shape: tuple[int, ...],
    trained_on: DataUsed | None,
    features: tuple[str, ...] | None,
    constants: Path | None,
) -> Floats:
    if features is None:
        raise DataError(
            f"the model takes inputs of shape {shape} but does not record which features they are",
            where=path,
            mend="leave out --data (random and corner vectors are used), lower a jetmix run, or "
            "give an .npz file with one array per input of the model, by its name",
        )
    jets = load_for_tagger(
        path,
        trained_on=trained_on,
        features=features,
        input_shape=shape,
        split="test",
        constants=constants,
    ).x
    if jets.shape[1:] != shape:
        raise DataError(
            f"jets of shape {jets.shape[1:]}, the tagger takes {shape}",
            where=path,
            mend="give the data that the tagger was trained for",
        )
    return jets


def require_tools(wanted: Sequence[str]) -> None:
    """Look for the tools of the wanted levels before hours of work start.

    Raises:
        ToolMissingError: if one is not installed.
    """
    for name in wanted:
        LEVELS[name].steps.require_tools()


def climb(bench: Bench, wanted: Sequence[str]) -> list[VerificationResult]:
    """Run the wanted levels, each against Keras.

    A level that differs names the layer where it does, and one whose tool is missing is 'not-run'
    with the reason.
    """
    return [_climbed(LEVELS[name], bench) for name in wanted]


def _climbed(level: Level, bench: Bench) -> VerificationResult:
    try:
        outputs = level.steps.run(bench)
    except ToolMissingError as error:
        return not_run(level.name, str(error))
    result = judged(
        level.name,
        outputs,
        bench.vectors,
        bench.reference,
        heads=bench.outputs,
        precision=bench.precision,
    )
    return _traced(level, result, bench)


def _traced(level: Level, result: VerificationResult, bench: Bench) -> VerificationResult:
    """Return a result with the layer at which its first differing vector differs from Keras."""
    first = result.first_mismatch
    if first is None:
        return result
    try:
        with progress("Tracing the layers"):
            layer = level.steps.trace(bench, bench.vectors.one(first.origin, first.vector))
    except JetmixError as error:
        say(f"The layers could not be traced: {error}")
        return result
    return replace(result, first_mismatch=replace(first, layer=shown(layer, bench.names)))


def require_exact(results: Sequence[VerificationResult], where: object) -> None:
    """Raise if any level differs, naming the first vector and output that does.

    Raises:
        BitsDifferError: exit code 7.
    """
    for result in results:
        if result.status == "failed":
            raise BitsDifferError(
                f"{result.candidate} {result.difference}",
                where=where,
                mend="do not use this firmware; keep the folder and report the model",
            )


def missing_tool(results: Sequence[VerificationResult]) -> ToolMissingError | None:
    """Return the error of the first level that could not be run, or None."""
    for result in results:
        if result.status == "not-run":
            return ToolMissingError(
                f"level {result.candidate} was not run ({result.reason})",
                mend="install the tool, or leave the level out with --level",
            )
    return None
