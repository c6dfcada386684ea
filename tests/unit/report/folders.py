"""Small run and synth directories as the other stages write them, for the tests of the report."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.support.files import file_digest, write_json
from jetmix.support.records import dump
from jetmix.support.stages import StageRecord
from jetmix.training.metrics import metrics as computed

CLASSES = ["g", "q", "W", "Z", "t"]
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


def dataset(origin: str = "simulated", features: list[str] | None = None, **changes: Any) -> dict:
    names = SIXTEEN if features is None else features
    return {
        "path": f"{origin}.h5",
        "sha256": ("ab" if origin == "simulated" else "cd") * 32,
        "origin": origin,
        "n_train": 14000,
        "n_validation": 2000,
        "n_test": 500,
        "class_names": CLASSES,
        "feature_names": names,
        "n_particles": 16,
        "pt_gate_gev": None,
        "normalisation": {
            "kind": "standard",
            "mean": [0.0] * len(names),
            "std": [1.0] * len(names),
        },
        **changes,
    }


def metrics(logits: np.ndarray, y: np.ndarray, **changes: Any) -> dict:
    return {**dump(computed(logits, y, CLASSES, ebops=12345)), **changes}


def make_run(
    folder: Path,
    *,
    seed: int = 1,
    origin: str = "simulated",
    features: list[str] | None = None,
    architecture: str = "mixer",
    n_particles: int | None = 16,
    uniform: bool = False,
) -> Path:
    """Write a finished run and return its folder."""
    logits, y = logits_and_labels(seed=seed)
    data, train = folder / "1-data", folder / "2-train"
    train.mkdir(parents=True)
    (folder / "recipe.toml").write_text(
        f'name = "demo"\n[tagger]\narchitecture = "{architecture}"\n'
        f"[quantiser]\nuniform_particles = {str(uniform).lower()}\n"
    )
    write_json(
        folder / "provenance.json",
        {
            "versions": {"jetmix": "0.1.0", "keras": "3.15.1", "tensorflow-cpu": None},
            "git_revision": "0123abc",
            "python": "3.11.2",
            "platform": "Linux",
            "seed": 42,
            "backend": "jax",
            "command": ["jetmix", "train", "demo"],
        },
    )
    write_json(data / "dataset.json", dataset(origin, features, n_particles=n_particles))
    write_json(
        train / "pareto.json",
        {
            "points": [
                {"val_accuracy": 0.70, "ebops": 20000, "epoch": 3, "path": "points/3.keras"},
                {"val_accuracy": 0.60, "ebops": 9000, "epoch": 9, "path": "points/9.keras"},
            ]
        },
    )
    write_json(train / "metrics.json", metrics(logits, y))
    np.savez(train / "test_scores.npz", y=y, logits=logits)
    (train / "tagger.keras").write_bytes(f"model {seed} {origin}".encode())
    for stage in (data, train):
        StageRecord(stage=stage.name, digest="d", seconds=1.0).write(stage)
    return folder


def verification(candidate: str = "csim", **changes: Any) -> dict:
    return {
        "reference": "keras",
        "candidate": candidate,
        "status": "passed",
        "n_vectors": 4000,
        "n_mismatch": 0,
        "max_diff_lsb": 0.0,
        "lsb": 0.00390625,
        "first_mismatch": None,
        "vectors": {"jet": 3500, "corner": 500},
        "seconds": 9.5,
        "reason": None,
        **changes,
    }


def not_run(candidate: str, reason: str) -> dict:
    return verification(
        candidate, status="not-run", n_vectors=0, max_diff_lsb=None, lsb=None, vectors={},
        seconds=None, reason=reason,
    )  # fmt: skip


def resources(**changes: Any) -> dict:
    return {
        "origin": "estimate",
        "part": "xcvu13p-flga2577-2-e",
        "lut": 12500.0,
        "lut_low": 11800.0,
        "lut_high": 13400.0,
        "dsp": 0,
        "latency_cycles": 9,
        "ii_cycles": 1,
        "clock_target_ns": 5.0,
        "latency_ns": 45.0,
        **changes,
    }


def layer_costs() -> list[dict]:
    costs = {
        "channel_mixing": (7500.0, 7.0),
        "token_mixing": (4000.0, 12.0),
        "head": (1000.0, 15.0),
    }
    return [
        {"layer": name, "da4ml_cost": lut, "lut": lut, "share": lut / 12500, "depth_adders": depth}
        for name, (lut, depth) in costs.items()
    ]


def faults(**changes: Any) -> dict:
    return {
        "flow": "hls4ml",
        "project_digest": "d",
        "seed": 1,
        "planted": 120,
        "judged": 110,
        "caught": 106,
        "missed": 1,
        "silent": 3,
        "n_vectors": 4000,
        "n_fresh": 20000,
        "seconds": 90.5,
        "by_kind": {
            "sign": {"caught": 60, "missed": 0, "silent": 0},
            "bit-width": {"caught": 46, "missed": 1, "silent": 3},
        },
        "not_caught": ["missed: bit-width in a.h:7: x -> y"],
        **changes,
    }


def proofs(**changes: Any) -> dict:
    linear = [
        {"layer": "channel_mixing", "outputs": 16, "coefficients": 272, "wrong": 0, "reason": None},
        {"layer": "odd", "outputs": 4, "coefficients": 0, "wrong": 0, "reason": "it is odd"},
    ]
    return {
        "proof": {
            "operations": 5523,
            "overflows": [],
            "unproven": [],
            "quantisers": 1431,
            "can_wrap": 820,
            "can_wrap_by_layer": {"channel_mixing": 800, "head": 20},
            "wraps": [],
        },
        "linear": linear,
        "data": {
            "path": "jets.h5",
            "n_jets": 4055,
            "n_jets_that_wrap": 7,
            "n_values_that_wrap": 9,
            "first_jets": [3],
            "inputs": [
                {
                    "input": 33, "particle": 2, "feature": "eta", "jets": 7,
                    "port": [-2.0, 1.875], "data": [-2.5, 1.0],
                }
            ],
        },
        **changes,
    }  # fmt: skip


def make_synth(
    folder: Path,
    *,
    run: Path | None = None,
    checks: list[dict] | None = None,
    reports: list[dict] | None = None,
    **about: Any,
) -> Path:
    """Write a finished project, made from ``run`` when one is given, and return its folder."""
    folder.mkdir(parents=True)
    known = json.loads((run / "1-data" / "dataset.json").read_text()) if run else None
    tagger = {
        "source": "a model",
        "model_sha256": file_digest(run / "2-train" / "tagger.keras") if run else "ee" * 32,
        "n_particles": known["n_particles"] if known else 16,
        "n_features": len(known["feature_names"]) if known else 16,
        "input_shape": [16, 16],
        "class_names": CLASSES,
        "dataset": known,
        "metrics": json.loads((run / "2-train" / "metrics.json").read_text()) if run else None,
        "architecture": None,
        "recipe": None,
        **about,
    }
    reason = "Verilator is not installed"
    levels = [verification("ir"), verification("csim"), not_run("rtl", reason)]
    write_json(folder / "tagger.json", tagger)
    write_json(folder / "verification.json", levels if checks is None else checks)
    write_json(folder / "resources.json", [resources()] if reports is None else reports)
    write_json(folder / "layers.json", layer_costs())
    write_json(folder / "ranges.json", proofs())
    StageRecord(stage="synth", digest="d", seconds=1.0).write(folder)
    return folder


def change_scores(run: Path, logits: np.ndarray, y: np.ndarray) -> None:
    """Give a run other test scores, and the metrics that go with them."""
    np.savez(run / "2-train" / "test_scores.npz", y=y, logits=logits)
    write_json(run / "2-train" / "metrics.json", metrics(logits, y))


def edit(path: Path, /, **changes: Any) -> None:
    """Change values of a JSON object by hand."""
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))
