"""Which normalisation constants the public taggers want: exact ones, or those of their loader.

    python benchmarks/constants.py MODELS DATA.h5 [--jets 558000]

MODELS is the folder of the files named in reference_taggers.toml, DATA.h5 a file of simulated jets
with 64 constituents. The loader behind some of them converts jets to float16 and takes mean and
standard deviation over jets and constituents in float32. NumPy then adds millions of numbers one
after the other, and the sum loses what is smaller than its last bit. Here the training jets are
repeated to as many as the loader had, and both kinds of constants are tried on the test jets.
"""

import argparse
from pathlib import Path

import numpy as np
from comparison import share
from public_taggers import taggers

from jetmix.data.dataset import JetDataset
from jetmix.data.normalise import Normalisation
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.data.selection import Selection


def as_given(path: Path, tagger: dict, split: str) -> JetDataset:
    """Load one split as the tagger takes it, neither shifted nor scaled."""
    features = PARTICLE_FEATURES if tagger["features"] == "all" else tuple(tagger["features"])
    zeros, ones = (0.0,) * len(features), (1.0,) * len(features)
    raw = Normalisation(kind="standard", mean=zeros, std=ones)
    selection = Selection(n_particles=tagger["n_particles"], features=tuple(features))
    return JetDataset.load(path, selection, split=split, normalisation=raw)


def exact(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation per feature in float64."""
    flat = x.reshape(-1, x.shape[-1]).astype(np.float64)
    return flat.mean(axis=0), flat.std(axis=0)


def of_the_loader(x: np.ndarray, n_jets: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation as float32 sums over ``n_jets`` jets give them."""
    many = np.concatenate([x.astype(np.float16)] * -(-n_jets // len(x)))[:n_jets]
    many = many.astype(np.float32)
    return many.mean(axis=(0, 1)), many.std(axis=(0, 1))


def main() -> None:
    """Print a Markdown table: accuracy with both kinds of constants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--jets", type=int, default=558_000, help="jets that the loader had")
    options = parser.parse_args()
    import hgq  # noqa: F401 - registers the layers
    import keras

    print("| tagger | published | exact constants | constants of the loader | std of pt, ratio |")
    print("|---|---|---|---|---|")
    for tagger in taggers():
        train, test = (as_given(options.data, tagger, split) for split in ("train", "test"))
        model = keras.models.load_model(options.models / tagger["file"], compile=False)
        cells, spreads = [], []
        for constants in (exact(train.x), of_the_loader(train.x, options.jets)):
            mean, std = (values.astype(np.float32) for values in constants)
            scores = model.predict((test.x - mean) / std, batch_size=2000, verbose=0)
            found = share(np.asarray(scores).argmax(axis=-1) == test.y)
            cells.append(f"{found.value:.1f} ± {found.error:.1f}")
            spreads.append(std[train.feature_names.index("pt")])
        ratio = f"{spreads[1] / spreads[0]:.3f}"
        cells = [tagger["name"], f"{tagger['published']}", *cells, ratio]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
