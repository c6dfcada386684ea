"""Small separable jets, a tiny recipe, and the command line in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from jetmix.data.schema import LABEL_COLUMNS, PARTICLE_FEATURES
from jetmix.training.jets import Jets

TINY = """
description = "tiny"
[data]
features = ["pt", "etarel", "phirel"]
[tagger]
architecture = "mlp"
n_particles = 4
[tagger.options]
hidden = [8]
[training]
epochs = 3
batch_size = 64
beta = [[0.0, 1e-6, "constant"]]
"""


def separable(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (jet, 4 particles, 3 features) whose mean gives the class away, and the class."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 5
    centres = np.random.default_rng(0).normal(size=(5, 4, 3))
    return (centres[y] + rng.normal(size=(n, 4, 3))).astype(np.float32), y


@pytest.fixture
def jets() -> dict[str, Jets]:
    """Train and validation jets in memory."""
    sizes = {"train": 320, "validation": 200}
    made = {name: separable(n, seed) for seed, (name, n) in enumerate(sizes.items(), start=1)}
    return {name: Jets(x=x, y=y) for name, (x, y) in made.items()}


def public_file(path: Path) -> Path:
    """Write 600 separable jets in the public schema."""
    values, y = separable(600, seed=3)
    x = np.zeros((600, 12, len(PARTICLE_FEATURES)), np.float32)
    rng = np.random.default_rng(5)
    x[:, :, PARTICLE_FEATURES.index("pt")] = -np.sort(-rng.exponential(50, (600, 12))) + 1
    for column, name in enumerate(("px", "etarel", "phirel")):
        x[:, :4, PARTICLE_FEATURES.index(name)] = values[:, :, column]
    with h5py.File(path, "w") as handle:
        handle["jetConstituentList"] = x
        handle["jets"] = np.eye(5, dtype=np.float32)[y]
        handle["particleFeatureNames"] = np.array(["j1_" + n for n in PARTICLE_FEATURES], "S")
        handle["jetFeatureNames"] = np.array(LABEL_COLUMNS, "S")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of 600 separable jets in the public schema."""
    return public_file(tmp_path / "jets.h5")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe that trains in a second."""
    (tmp_path / "tiny.toml").write_text(TINY)
    return tmp_path / "tiny.toml"


def jetmix(*arguments: object, timeout: int = 180) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as Keras keeps its backend for life."""
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    command = [sys.executable, "-m", "jetmix", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, check=False, env=environment
    )
