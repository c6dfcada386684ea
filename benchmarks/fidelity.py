"""Accuracy of taggers trained by others on the public set, measured on simulated jets.

    python benchmarks/fidelity.py MODELS [--data FILE | --preset NAME --jets 12000 --seed 1]

MODELS is the folder of the files named in reference_taggers.toml. The nearer the simulated jets
are to the public ones, the nearer the accuracies come to the published ones. All jets of the
file are used, standardised with their own mean and standard deviation over the leading
constituents. Nothing here is an accuracy on the public set.
"""

import argparse
import json
import os
import tempfile
import tomllib
from pathlib import Path

import numpy as np

from jetmix import words
from jetmix.data.dataset import JetDataset
from jetmix.data.describing.describe import describe
from jetmix.data.normalise import Moments, Normalisation
from jetmix.data.schema import CLASS_NAMES, PARTICLE_FEATURES
from jetmix.data.simulation.presets import read_preset
from jetmix.data.simulation.simulate import Simulation, simulate

HERE = Path(__file__).parent


def taggers() -> list[dict]:
    """Return the entries of reference_taggers.toml."""
    return tomllib.loads((HERE / "reference_taggers.toml").read_text())["tagger"]


def standardised(path: Path, n_particles: int, features: tuple[str, ...]) -> JetDataset:
    """Load all jets, with constants from all of them."""
    n = len(features)
    raw = Normalisation(kind="standard", mean=(0.0,) * n, std=(1.0,) * n)
    data = JetDataset.load(
        path, n_particles=n_particles, features=features, split="all", normalisation=raw
    )
    moments = Moments(len(features))
    moments.add(data.x)
    moments.normalisation("standard").apply(data.x, out=data.x)
    return data


def measure(path: Path, folder: Path, tagger: dict) -> dict:
    """Return accuracy in percent, its error and the confusion matrix of one tagger."""
    import hgq  # noqa: F401 - registers the layers
    import keras

    features = PARTICLE_FEATURES if tagger["features"] == "all" else tuple(tagger["features"])
    data = standardised(path, tagger["n_particles"], features)
    model = keras.models.load_model(folder / tagger["file"], compile=False)
    scores = model.predict(data.x, batch_size=2000, verbose=0)
    guess = np.asarray(scores).argmax(axis=-1)
    confusion = np.zeros((5, 5), np.int64)
    np.add.at(confusion, (data.y, guess), 1)
    accuracy = float((guess == data.y).mean())
    return {
        "tagger": tagger["name"],
        "published": tagger["published"],
        "accuracy": round(100 * accuracy, 2),
        "error": round(100 * float(np.sqrt(accuracy * (1 - accuracy) / len(guess))), 2),
        "confusion": confusion.tolist(),
    }


def show(result: dict) -> None:
    """Print one tagger's accuracy and, in percent of each true class, its confusion."""
    print(f"{result['tagger']}: {result['accuracy']:.1f} ± {result['error']:.1f} %, "
          f"published on the public set {result['published']} %")  # fmt: skip
    shares = 100 * np.array(result["confusion"]) / np.sum(result["confusion"], axis=1)[:, None]
    print("  true\\guess " + "".join(f"{name:>6}" for name in CLASS_NAMES))
    for name, row in zip(CLASS_NAMES, shares, strict=True):
        print(f"  {name:<10} " + "".join(f"{share:6.1f}" for share in row))


def main() -> None:
    """Simulate jets unless a file is given, and measure every tagger on them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path)
    parser.add_argument("--data", type=Path, help="a file with 64 constituents or more")
    parser.add_argument("--preset", default="public-like")
    parser.add_argument("--jets", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "jax")
    with tempfile.TemporaryDirectory() as folder:
        path = options.data
        if path is None:
            path = Path(folder) / "jets.h5"
            wanted = Simulation(
                n_jets=options.jets, seed=options.seed, preset=read_preset(options.preset),
                n_constituents=64, hlf=False,
            )  # fmt: skip
            simulate(path, wanted, jobs=options.jobs)
        results = [measure(path, options.models, tagger) for tagger in taggers()]
        found = describe(path)
    for result in results:
        show(result)
    print("\n".join(words.description(found)[3:7]))
    print(json.dumps({"taggers": results, "bayes": found.bayes_accuracy,
                      "multiplicity": found.multiplicity_median}))  # fmt: skip


if __name__ == "__main__":
    main()
