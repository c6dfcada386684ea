"""Small runs and syntheses for the tests of the report, written by those who write real ones."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data.normalise import Normalisation
from jetmix.data.record import DataUsed
from jetmix.recipes.recipe import load_recipe
from jetmix.resources.layers import LayerCost, write_layers
from jetmix.resources.report import ResourceReport, write_resources
from jetmix.support.provenance import Provenance
from jetmix.support.stages import StageRecord
from jetmix.synthesis import synth_dir
from jetmix.synthesis.synth_dir import GRAPH_FILE, MODEL_FILE, TaggerRecord
from jetmix.training.metrics import Metrics
from jetmix.training.metrics import metrics as computed
from jetmix.training.pareto import Front, FrontPoint
from jetmix.training.run_dir import RunDir
from jetmix.training.scores import Scores
from jetmix.verification import result
from jetmix.verification.faults.score import FaultScore
from jetmix.verification.proofs import proofs as proofs_file
from jetmix.verification.proofs.inputs import Wrapped, WrappedInput
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.proofs import Proofs
from jetmix.verification.proofs.ranges import RangeProof
from jetmix.verification.result import VerificationResult, write_results

CLASSES = ("g", "q", "W", "Z", "t")
SIXTEEN = [
    "px", "py", "pz", "e", "erel", "pt", "ptrel", "eta", "etarel", "etarot", "phi", "phirel",
    "phirot", "deltaR", "costheta", "costhetarel",
]  # fmt: skip
THREE = ["pt", "etarel", "phirel"]


def logits_and_labels(n_jets: int = 500, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n_jets) % len(CLASSES)
    logits = rng.normal(size=(n_jets, len(CLASSES))).astype(np.float32)
    logits[np.arange(n_jets), y] += 1.5
    return logits, y.astype(np.int64)


def dataset(
    origin: str = "simulated", features: Sequence[str] = SIXTEEN, n_particles: int | None = 16
) -> DataUsed:
    return DataUsed(
        path=f"{origin}.h5",
        sha256=("ab" if origin == "simulated" else "cd") * 32,
        origin=origin,
        n_train=14000,
        n_validation=2000,
        n_test=500,
        class_names=CLASSES,
        feature_names=tuple(features),
        n_particles=n_particles,
        pt_gate_gev=None,
        normalisation=Normalisation(
            kind="standard", mean=(0.0,) * len(features), std=(1.0,) * len(features)
        ),
    )


def metrics(logits: np.ndarray, y: np.ndarray) -> Metrics:
    return computed(logits, y, CLASSES, ebops=12345)


def make_run(
    folder: Path,
    *,
    seed: int = 1,
    origin: str = "simulated",
    features: Sequence[str] = SIXTEEN,
    architecture: str = "mixer",
    n_particles: int | None = 16,
    uniform: bool = False,
) -> Path:
    """Write a finished run and return its folder."""
    logits, y = logits_and_labels(seed=seed)
    run = RunDir(folder)
    run.train_folder.mkdir(parents=True)
    write_recipe(folder, architecture, uniform)
    Provenance(
        versions={"jetmix": "0.1.0", "keras": "3.15.1", "tensorflow-cpu": None},
        git_revision="0123abc",
        python="3.11.2",
        platform="Linux",
        seed=42,
        backend="jax",
        command=("jetmix", "train", "demo"),
    ).write(folder)
    dataset(origin, features, n_particles).write(run.data_folder)
    points = [(0.60, 9000, 9), (0.70, 20000, 3)]
    Front(
        points=tuple(
            FrontPoint(
                val_accuracy=accuracy, ebops=ebops, epoch=epoch, path=f"points/{epoch}.keras"
            )
            for accuracy, ebops, epoch in points
        )
    ).write(run.train_folder)
    change_scores(folder, logits, y)
    run.model.write_bytes(f"model {seed} {origin}".encode())
    for stage in (run.data_folder, run.train_folder):
        StageRecord(stage=stage.name, digest="d", seconds=1.0).write(stage)
    return folder


def write_recipe(folder: Path, architecture: str, uniform: bool) -> None:
    """Write a recipe with all its values, as a training does."""
    path = folder / "recipe.toml"
    path.write_text(
        f'name = "demo"\n[tagger]\narchitecture = "{architecture}"\n'
        f"[quantiser]\nuniform_particles = {str(uniform).lower()}\n"
    )
    path.write_text(load_recipe(str(path)).to_toml())


def verification(candidate: str = "csim", **changes: Any) -> VerificationResult:
    passed = VerificationResult(
        reference="keras",
        candidate=candidate,
        status="passed",
        n_vectors=4000,
        n_mismatch=0,
        max_diff_lsb=0.0,
        lsb=0.00390625,
        first_mismatch=None,
        vectors={"jet": 3500, "corner": 500},
        seconds=9.5,
    )
    return replace(passed, **changes)


not_run = result.not_run


def resources(**changes: Any) -> ResourceReport:
    estimate = ResourceReport(
        origin="estimate",
        part="xcvu13p-flga2577-2-e",
        lut=12500.0,
        lut_low=11800.0,
        lut_high=13400.0,
        dsp=0,
        latency_cycles=9,
        ii_cycles=1,
        clock_target_ns=5.0,
    )
    return replace(estimate, **changes)


def layer_costs() -> list[LayerCost]:
    costs = {
        "channel_mixing": (7500.0, 7.0),
        "token_mixing": (4000.0, 12.0),
        "head": (1000.0, 15.0),
    }
    return [
        LayerCost(layer=name, da4ml_cost=lut, lut=lut, share=lut / 12500, depth_adders=depth)
        for name, (lut, depth) in costs.items()
    ]


def faults() -> FaultScore:
    return FaultScore(
        flow="hls4ml",
        project_digest="d",
        seed=1,
        planted=120,
        judged=110,
        caught=106,
        missed=1,
        silent=3,
        n_vectors=4000,
        n_fresh=20000,
        seconds=90.5,
        by_kind={
            "sign": {"caught": 60, "missed": 0, "silent": 0},
            "bit-width": {"caught": 46, "missed": 1, "silent": 3},
        },
        not_caught=("missed: bit-width in a.h:7: x -> y",),
    )


def proofs() -> Proofs:
    linear = (
        LinearProof(layer="channel_mixing", outputs=16, coefficients=272, wrong=0),
        LinearProof(layer="odd", outputs=4, coefficients=0, wrong=0, reason="it is odd"),
    )
    ranges = RangeProof(
        operations=5523,
        overflows=(),
        unproven=(),
        quantisers=1431,
        can_wrap=820,
        can_wrap_by_layer={"channel_mixing": 800, "head": 20},
        wraps=(),
    )
    worst = WrappedInput(
        input=33,
        particle=2,
        feature="eta",
        jets=7,
        port=(-2.0, 1.875),
        data=(-2.5, 1.0),
        step=0.125,
    )
    wrapped = Wrapped(
        path="jets.h5",
        n_jets=4055,
        n_jets_that_wrap=7,
        n_values_that_wrap=9,
        first_jets=(3,),
        inputs=(worst,),
    )
    return Proofs(proof=ranges, linear=linear, data=wrapped)


def make_synth(
    folder: Path,
    *,
    run: Path | None = None,
    checks: Sequence[VerificationResult] | None = None,
    reports: Sequence[ResourceReport] | None = None,
    n_features: int | None = None,
) -> Path:
    """Write a finished synthesis, made from ``run`` when one is given, and return its folder."""
    folder.mkdir(parents=True)
    made = RunDir(run) if run else None
    data = made.data if made else None
    for name in (MODEL_FILE, GRAPH_FILE):
        (folder / name).write_text("no content")
    TaggerRecord(
        source="a model",
        model_sha256=(made.model_sha256 if made else None) or "ee" * 32,
        n_particles=data.n_particles if data else 16,
        n_features=n_features or (len(data.feature_names) if data else 16),
        input_shape=(16, 16),
        class_names=CLASSES,
        dataset=data,
        metrics=made.metrics if made else None,
    ).write(folder)
    levels = [verification("ir"), verification(), not_run("rtl", "Verilator is not installed")]
    write_results(folder, levels if checks is None else checks)
    write_resources(folder, [resources()] if reports is None else reports)
    write_layers(folder, layer_costs())
    proofs_file.write(folder, proofs())
    synth_dir.finish(folder, [], digest="d", seconds=1.0, exact=True, provenance=None)
    return folder


def change_scores(run: Path, logits: np.ndarray, y: np.ndarray) -> None:
    """Give a run other test scores, and the metrics that go with them."""
    folder = RunDir(run).train_folder
    Scores(y, logits).write(folder)
    metrics(logits, y).write(folder)


def edit(path: Path, /, *place: str | int, **changes: Any) -> None:
    """Change values of a JSON file by hand, at a place inside of it."""
    content = json.loads(path.read_text())
    target = content
    for step in place:
        target = target[step]
    target.update(changes)
    path.write_text(json.dumps(content))
