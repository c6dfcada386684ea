"""Reading run directories and synthesised projects, complete or partial."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from jetmix.eda.reports.found import outcomes_in
from jetmix.eda.vendor import VENDOR
from jetmix.errors import ReportReadError, UsageError
from jetmix.firmware.named_ports import PlacedPort
from jetmix.firmware.verilog import PORTS_FILE, read_ports
from jetmix.packaging.package import is_package
from jetmix.report.packages import with_packages
from jetmix.report.tagger import Gap, Tagger
from jetmix.resources.layers import LAYERS_FILE
from jetmix.support.records import dump
from jetmix.support.stages import STAGE_FILE, StageRecord
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.training.run_dir import RunDir
from jetmix.verification.proofs.proofs import RANGES_FILE

SYNTH = "3-synth"
NO_SYNTH = Gap(
    what="resources, latency and bit-exactness",
    why="no synthesised project of this tagger was given",
    mend="run 'jetmix synth' on it and name the folder that it wrote as well",
)
NAME_RUN = "name the run of 'jetmix train' that the model comes from as well"
AGAIN = "run 'jetmix synth' on the model again"
COSTS = "LUT by layer"
PROOFS = "range proof, linear proof and inputs that would wrap"


def collect(folders: Sequence[Path]) -> tuple[Tagger, ...]:
    """Read runs and synthesised projects; a project joins the run whose model it was made from.

    A package joins the synthesis that it was made of, which is read as well if it is not named.

    Args:
        folders: directories of ``jetmix train``, ``synth`` and ``package``, in any order.

    Raises:
        UsageError: if no folder is named, or one stands twice.
        ReportReadError: if a folder is none of these, a stage of it failed, or a file in it
            is damaged or was edited.
    """
    if not folders:
        raise UsageError(
            "no run was given", mend="name at least one folder of 'jetmix train' or 'jetmix synth'"
        )
    places = [folder.resolve() for folder in folders]
    for place in places:
        if places.count(place) > 1:
            raise UsageError("the folder is named twice", where=place, mend="name it once")
    runs, synths, packages = [], [], []
    for folder, place in zip(folders, places, strict=True):
        if is_package(folder):
            packages.append(folder)
        elif _is_run(folder):
            runs.append(_run(folder))
            inner = folder / SYNTH
            if (inner / STAGE_FILE).exists() and place / SYNTH not in places:
                synths.append(_synth(inner))
        else:
            synths.append(_synth(folder))
    return _numbered(_joined(runs, with_packages(synths, packages, opened=_synth)))


def _is_run(folder: Path) -> bool:
    """Tell a run from a synthesised project; refuse everything else."""
    if not folder.is_dir():
        raise ReportReadError(
            "there is no such folder", where=folder, mend="name a run or a synthesised project"
        )
    if SynthDir.is_synth(folder):
        return False
    if RunDir.is_run(folder):
        return True
    raise ReportReadError(
        "neither a run nor a synthesised project of jetmix",
        where=folder,
        mend="name a folder that 'jetmix train' or 'jetmix synth' wrote",
    )


def _joined(runs: list[Tagger], synths: list[Tagger]) -> list[Tagger]:
    """Give each run its projects, found by the hash of the model; the rest stand alone."""
    taggers: list[Tagger] = []
    used: list[Tagger] = []
    for run in runs:
        own = [
            synth
            for synth in synths
            if synth.model_sha256 and synth.model_sha256 == run.model_sha256
        ]
        used += own
        taggers += [_join(run, synth, alone=len(own) == 1) for synth in own]
        if not own:
            taggers.append(replace(run, gaps=(*run.gaps, NO_SYNTH)))
    return taggers + [synth for synth in synths if not any(synth is other for other in used)]


def _join(run: Tagger, synth: Tagger, *, alone: bool) -> Tagger:
    return replace(
        run,
        name=run.name if alone else f"{run.name} / {_name(synth.folders[0])}",
        folders=(*run.folders, *synth.folders),
        architecture=synth.architecture or run.architecture,
        resources=synth.resources,
        verification=synth.verification,
        synthesis=synth.synthesis,
        trusted=synth.trusted,
        costs=synth.costs,
        proofs=synth.proofs,
        faults=synth.faults,
        hls=synth.hls,
        rtl=synth.rtl,
        ports=synth.ports,
        placed=synth.placed,
        vendor=synth.vendor,
        packages=synth.packages,
        gaps=(*run.gaps, *(gap for gap in synth.gaps if gap.mend != NAME_RUN)),
    )


def _numbered(taggers: list[Tagger]) -> tuple[Tagger, ...]:
    """Number taggers whose names are the same."""
    names = [tagger.name for tagger in taggers]
    return tuple(
        tagger
        if names.count(tagger.name) == 1
        else replace(tagger, name=f"{tagger.name} ({names[: index + 1].count(tagger.name)})")
        for index, tagger in enumerate(taggers)
    )


def _finished(record: StageRecord | None, folder: Path, *, what: str, command: str) -> Gap | None:
    """Return None for a finished stage, a gap for one that never finished."""
    if record is None:
        why = f"{folder.name} has no {STAGE_FILE}, so the stage did not finish"
        return Gap(what=what, why=why, mend=f"run '{command}' to the end")
    if record.status != "done":
        raise ReportReadError(
            f"the stage ended as '{record.status}'",
            where=folder / STAGE_FILE,
            mend=f"see its log and run '{command}' again",
        )
    return None


def _run(folder: Path) -> Tagger:
    run = RunDir(folder)
    data, metrics, recipe = run.data, run.metrics, run.recipe
    front = run.front.points if run.front else ()
    return Tagger(
        name=_name(folder),
        folders=(folder,),
        architecture=recipe.tagger.architecture if recipe else None,
        n_particles=data.n_particles if data else None,
        n_features=len(data.feature_names) if data else None,
        data=data,
        metrics=metrics,
        scores=run.scores,
        front=tuple(sorted(front, key=lambda point: point.size)),
        experts=run.experts,
        recipe=dump(recipe),
        provenance=run.provenance,
        model_sha256=run.model_sha256,
        gaps=tuple(_run_gaps(run)),
    )


def _run_gaps(run: RunDir) -> Iterator[Gap]:
    """Yield what a run lacks."""
    scores = "ROC curves and score distributions"
    stages = (
        (run.data_stage, run.data_folder, "the data used"),
        (run.train_stage, run.train_folder, "accuracy, AUC and confusion matrix"),
    )
    for stage, folder, what in stages:
        if stage is None:
            why = f"{folder.name} has no {STAGE_FILE}, so the stage did not finish"
            yield Gap(what=what, why=why, mend="run 'jetmix train --resume' to the end")
    if run.recipe is None:
        yield Gap(what="the recipe", why="recipe.toml is absent", mend="train again")
    if run.metrics and run.scores is None:
        mend = "run 'jetmix train --resume' so that the test scores are written"
        yield Gap(what=scores, why="test_scores.npz is absent", mend=mend)
    if run.provenance is None:
        why = "provenance.json is absent"
        yield Gap(what="versions and seed", why=why, mend="train again")


def _name(folder: Path) -> str:
    """Return the name of a folder; bytes that are no text are replaced."""
    return folder.resolve().name.encode("utf-8", "replace").decode("utf-8") or "tagger"


def _synth(folder: Path) -> Tagger:
    name = _name(folder.resolve().parent if folder.resolve().name == SYNTH else folder)
    made = SynthDir(folder)
    what = "resources, latency and bit-exactness"
    gap = _finished(made.record, folder, what=what, command="jetmix synth")
    if gap is not None:
        return _unfinished(folder, name, gap)
    about = made.tagger
    gaps = _synth_gaps(has_data=about.dataset is not None, has_metrics=about.metrics is not None)
    for what, file, known in ((COSTS, LAYERS_FILE, made.costs), (PROOFS, RANGES_FILE, made.proofs)):
        if known is None:
            gaps.append(Gap(what=what, why=f"{file} is absent", mend=AGAIN))
    return Tagger(
        name=name,
        folders=(folder,),
        architecture=about.architecture,
        n_particles=about.n_particles,
        n_features=about.n_features,
        data=about.dataset,
        metrics=about.metrics,
        scores=None,
        resources=made.resources,
        verification=made.verification,
        recipe=about.recipe,
        synthesis=made.provenance,
        model_sha256=about.model_sha256,
        trusted=about.trusted,
        costs=made.costs or (),
        proofs=made.proofs,
        faults=made.faults,
        hls=made.projects.get("hls4ml"),
        rtl=made.projects.get("rtl"),
        ports=about.ports if about.outputs else None,
        placed=_placed(made),
        vendor=outcomes_in(folder / VENDOR),
        gaps=tuple(gaps),
    )


def _placed(made: SynthDir) -> tuple[PlacedPort, ...]:
    """Return where the inputs and outputs lie in the Verilog, if there is any."""
    rtl = made.projects.get("rtl")
    if rtl is None or not (rtl.path / PORTS_FILE).exists():
        return ()
    ports = read_ports(rtl.path)
    return (*ports.input_ports, *ports.output_ports)


def _unfinished(folder: Path, name: str, gap: Gap) -> Tagger:
    return Tagger(
        name=name,
        folders=(folder,),
        architecture=None,
        n_particles=None,
        n_features=None,
        data=None,
        metrics=None,
        scores=None,
        gaps=(gap,),
    )


def _synth_gaps(*, has_data: bool, has_metrics: bool) -> list[Gap]:
    gaps = []
    mend = NAME_RUN
    if not has_metrics:
        why = "the project was made from a model without a record of its performance"
        gaps.append(Gap(what="accuracy, AUC and confusion matrix", why=why, mend=mend))
    if not has_data:
        why = "the project does not say which jets its model was trained on"
        gaps.append(Gap(what="the data used", why=why, mend=mend))
    why = "test scores, seed and versions stay in the run"
    gaps.append(Gap(what="ROC curves and how to reproduce the training", why=why, mend=mend))
    return gaps
