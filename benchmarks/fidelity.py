"""How near simulated jets come to real ones of the public sets.

    JETMIX_REFERENCE=FOLDER python benchmarks/fidelity.py --out fidelity
        [--data FILE ... | --preset NAME --jets 20000] [--seed 1] [--public-taggers]

Measures of every file: (a) per class, the AUC of a classifier that separates real from simulated
jets; (b) per class, Kolmogorov-Smirnov distances of 20 simple variables; (c) the accuracy on real
jets of small taggers trained on simulated ones, beside the same taggers trained on real jets; (d)
the leak: the accuracy of the sum of pT alone; (e) mean and standard deviation of each of the
sixteen features. Writes OUT.json and OUT.md; every figure has its statistical error. With
--public-taggers also the older score: taggers of others on simulated jets, which cannot see (d).
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import comparison as compare
import numpy as np
import sklearn
from public_taggers import accuracies
from real_jets import MissingJetsError, Sample, real_folder, real_sample, simulated_sample

from jetmix import __version__
from jetmix.data.schema import CLASS_NAMES, PARTICLE_FEATURES
from jetmix.data.simulation.presets import read_preset
from jetmix.data.simulation.simulate import Simulation, simulate

TAGGERS = {
    "simple_variables": "boosting on 20 simple variables",
    "high_level": "boosting on 16 high-level features (OpenML)",
    "high_level_mlp": "network of `hlf-mlp` in floating point (OpenML)",
}
PER_CLASS = 2500  # more simulated jets than that do not make the comparison with 300 sharper


def main() -> None:
    """Measure every file and write the results."""
    options = arguments()
    try:
        folder = real_folder()
    except MissingJetsError as missing:
        sys.exit(f"fidelity: {missing}")
    real, constants = real_sample(folder)
    models = Path(os.environ["JETMIX_REFERENCE"]) / "models"
    with tempfile.TemporaryDirectory() as scratch:
        columns = [
            measured(path, real, constants, options.seed)
            | ({"public_taggers": accuracies(path, models)} if options.public_taggers else {})
            for path in options.data or [simulated(Path(scratch), options)]
        ]
    result = {
        "real": of_real(real, options.seed),
        "simulated": columns,
        "seed": options.seed,
        "versions": {"jetmix": __version__, "scikit-learn": sklearn.__version__},
    }
    options.out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    options.out.with_suffix(".md").write_text("\n".join(table(result)) + "\n")
    print("\n".join(table(result)))


def arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="OUT.json and OUT.md are written")
    parser.add_argument("--data", type=Path, nargs="+", help="files of jetmix data simulate")
    parser.add_argument("--preset", default="public-like")
    parser.add_argument("--jets", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of jets and classifiers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--public-taggers", action="store_true")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    return parser.parse_args()


def simulated(folder: Path, options: argparse.Namespace) -> Path:
    """Simulate a file with what the comparisons need."""
    path = folder / "jets.h5"
    wanted = Simulation(
        n_jets=options.jets, seed=options.seed, preset=read_preset(options.preset),
        n_constituents=64,
    )  # fmt: skip
    simulate(path, wanted, jobs=options.jobs)
    return path


def of_real(real: Sample, seed: int) -> dict:
    """Return what can be measured on the real jets alone."""
    variables = compare.simple_variables(real.x)
    return {
        "jets": len(real.y),
        "leak": compare.leak(variables[:, 0], real.y, seed=seed)._asdict(),
        "simple_variables": compare.cross_validated(variables, real.y, seed=seed)._asdict(),
        "high_level": compare.cross_validated(real.high_level, real.high_level_y, seed=seed)
        ._asdict(),
    }  # fmt: skip


def measured(path: Path, real: Sample, constants: dict, seed: int) -> dict:
    """Return all measures of one file."""
    jets = simulated_sample(path)
    ours, theirs = (compare.simple_variables(sample.x) for sample in (jets, real))
    high_level = (jets.high_level, jets.high_level_y, real.high_level, real.high_level_y)
    return {
        "preset": jets.record["preset"]["name"],
        "preset_sha256": jets.record["preset_sha256"],
        "jets": len(jets.y),
        "jets_seed": jets.record["seed"],
        "versions": jets.record["versions"],
        "selection": jets.record["selection"],
        "auc": distinguished(theirs, real.y, ours, jets.y, seed),
        "ks": distances(theirs, real.y, ours, jets.y),
        "leak": compare.leak(ours[:, 0], jets.y, seed=seed)._asdict(),
        "transfer": {
            "simple_variables": transfer(compare.boosting(seed), ours, jets.y, theirs, real.y),
            "high_level": transfer(compare.boosting(seed), *high_level),
            "high_level_mlp": transfer(compare.perceptron(seed), *high_level),
        },
        "constants": deviations(jets, constants, seed),
    }


def distinguished(
    theirs: np.ndarray, their_y: np.ndarray, ours: np.ndarray, our_y: np.ndarray, seed: int
) -> dict:
    """Return the AUC of real against simulated jets of each class, mean of three foldings."""
    found = {}
    for index, name in enumerate(CLASS_NAMES):
        pair = theirs[their_y == index], ours[our_y == index][:PER_CLASS]
        figures = [compare.real_or_simulated(*pair, seed=seed + k) for k in range(3)]
        found[name] = {
            "value": float(np.mean([f.value for f in figures])), "error": figures[0].error
        }  # fmt: skip
    return found


def distances(theirs: np.ndarray, their_y: np.ndarray, ours: np.ndarray, our_y: np.ndarray) -> dict:
    """Return Kolmogorov-Smirnov distance and p-value of each variable of each class."""
    return {
        name: {
            variable: dict(zip(("distance", "p"), compare.ks_distance(
                theirs[their_y == index, k], ours[our_y == index, k]), strict=True))
            for k, variable in enumerate(compare.SIMPLE_VARIABLES)
        }
        for index, name in enumerate(CLASS_NAMES)
    }  # fmt: skip


def transfer(
    model: Any, ours: np.ndarray, our_y: np.ndarray, theirs: np.ndarray, their_y: np.ndarray
) -> dict:
    """Return accuracies of a tagger trained on half of the simulated jets, in percent."""
    half = len(our_y) // 2
    model.fit(ours[:half], our_y[:half])
    return {
        "on_simulated": compare.share(model.predict(ours[half:]) == our_y[half:])._asdict(),
        "on_real": compare.share(model.predict(theirs) == their_y)._asdict(),
    }


def deviations(jets: Sample, constants: dict, seed: int) -> dict:
    """Return how far mean and standard deviation of each feature are from the published ones.

    In percent of the published standard deviation, over the ten leading constituents.
    """
    assert jets.leading is not None
    mean, mean_error, std, std_error = compare.moments(jets.leading, seed=seed)
    scale = 100 / np.array(constants["std"])
    columns = {
        "mean": (mean - constants["mean"]) * scale, "mean_error": mean_error * scale,
        "std": (std - constants["std"]) * scale, "std_error": std_error * scale,
    }  # fmt: skip
    return {
        name: {key: float(values[k]) for key, values in columns.items()}
        for k, name in enumerate(PARTICLE_FEATURES)
    }


def table(result: dict) -> list[str]:
    """Return the results as a Markdown table with one column per file."""
    columns = result["simulated"]
    real, lines = result["real"], ["| measure | real | " + " | ".join(map(_title, columns)) + " |"]
    lines.append("|" + "---|" * (2 + len(columns)))

    def row(name: str, reference: str, cells: list[str]) -> None:
        lines.append(f"| {name} | {reference} | " + " | ".join(cells) + " |")

    for name in CLASS_NAMES:
        row(f"AUC, real against simulated, {name}", "0.5",
            [_pm(c["auc"][name], 3) for c in columns])  # fmt: skip
    row("accuracy of the sum of pT alone, %", _pm(real["leak"]), [_pm(c["leak"]) for c in columns])
    for kind, title in TAGGERS.items():
        if kind in real:
            row(f"{title}, trained and tested on real jets, %", _pm(real[kind]),
                [""] * len(columns))  # fmt: skip
        for place in ("on_simulated", "on_real"):
            row(f"{title}, trained on simulated, tested {place.replace('_', ' ')}, %", "",
                [_pm(c["transfer"][kind][place]) for c in columns])  # fmt: skip
    for name in CLASS_NAMES:
        row(f"largest KS distance, {name}", "", [_worst(c["ks"][name]) for c in columns])
    for name in PARTICLE_FEATURES:
        row(f"{name}: mean and std, % of the std", "0, 0", [
            f"{_signed(c['constants'][name], 'mean')}, {_signed(c['constants'][name], 'std')}"
            for c in columns])  # fmt: skip
    for k, tagger in enumerate(columns[0].get("public_taggers", [])):
        row(f"{tagger['tagger']}, trained by others on real jets, %", str(tagger["published"]),
            [_pm(c["public_taggers"][k]["accuracy"]) for c in columns])  # fmt: skip
    return lines


def _title(column: dict) -> str:
    return f"`{column['preset']}`, {column['jets']:,} jets, seed {column['jets_seed']}"


def _pm(figure: dict, digits: int = 1) -> str:
    return f"{figure['value']:.{digits}f} ± {figure['error']:.{digits}f}"


def _signed(feature: dict, what: str) -> str:
    return f"{feature[what]:+.1f} ± {feature[what + '_error']:.1f}"


def _worst(distances: dict) -> str:
    name, worst = min(distances.items(), key=lambda item: item[1]["p"])
    return f"{name} {worst['distance']:.3f} (p = {worst['p']:.0e})"


if __name__ == "__main__":
    main()
