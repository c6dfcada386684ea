"""Real jets of the public sets at hand, and simulated jets in the same form.

The real jets lie in the folder ``data/real`` of the reference material, which the environment
variable JETMIX_REFERENCE names; they are only measured, never copied.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from jetmix.data.schema import CLASS_NAMES, HIGH_LEVEL_FEATURES, PARTICLE_FEATURES

SLICE, CONSTANTS = "plf_1500_jets_32x3.npz", "plf_constants_10_constituents.json"
HIGH_LEVEL = "openml_512_jets_hlf.npz"
N_LEADING = 32
GATE_GEV = 2.0  # the real slice has no softer constituents
OPENML_CLASSES = "gqtWZ"  # OpenML's order; CLASS_NAMES is the public set's


class MissingJetsError(Exception):
    """The real jets are not here; the message says what is missing."""


@dataclass(frozen=True)
class Sample:
    """Jets in the form that the comparisons take.

    Attributes:
        x: (jet, 32, 3) with pt, etarel and phirel of constituents above 2 GeV.
        y: class of each jet, in the order of CLASS_NAMES.
        high_level: (jet, 16) high-level features in OpenML's order, standardised.
        high_level_y: class of each of them.
        leading: (jet, 10, 16) all features of the ten leading constituents; simulated jets only.
        record: where the jets are from.
    """

    x: np.ndarray
    y: np.ndarray
    high_level: np.ndarray
    high_level_y: np.ndarray
    leading: np.ndarray | None
    record: dict


def real_folder() -> Path:
    """Return the folder of the real jets.

    Raises:
        MissingJetsError: if it or a file of it is missing.
    """
    named = os.environ.get("JETMIX_REFERENCE")
    if not named:
        raise MissingJetsError(
            "the environment variable JETMIX_REFERENCE is not set: it names the folder with "
            f"data/real/{SLICE}, {HIGH_LEVEL} and {CONSTANTS}"
        )
    folder = Path(named) / "data" / "real"
    missing = [name for name in (SLICE, HIGH_LEVEL, CONSTANTS) if not (folder / name).is_file()]
    if missing:
        raise MissingJetsError(f"{folder} lacks {', '.join(missing)}")
    return folder


def real_sample(folder: Path) -> tuple[Sample, dict]:
    """Return the real jets and the published constants of ten leading constituents."""
    jets, high_level = np.load(folder / SLICE), np.load(folder / HIGH_LEVEL)
    order = np.array([CLASS_NAMES.index(name) for name in OPENML_CLASSES])
    sample = Sample(
        x=jets["x"].astype(np.float32),
        y=jets["y"].astype(np.int64),
        high_level=standardised(high_level["x"]),
        high_level_y=order[high_level["y"]],
        leading=None,
        record={"files": [SLICE, HIGH_LEVEL, CONSTANTS], "jets": len(jets["y"])},
    )
    return sample, json.loads((folder / CONSTANTS).read_text())


def simulated_sample(path: Path) -> Sample:
    """Return all jets of a file of ``jetmix data simulate`` with 32 constituents or more."""
    with h5py.File(path) as handle:
        names = [n.removeprefix("j1_") for n in handle["particleFeatureNames"][:].astype(str)]
        columns = [n.removeprefix("j_") for n in handle["jetFeatureNames"][:].astype(str)]
        leading = handle["jetConstituentList"][:, :N_LEADING].astype(np.float32)
        jets = handle["jets"][:]
        record = json.loads(handle.attrs["simulation"])
        record["selection"] = json.loads(handle.attrs.get("selection", "{}"))
    x = leading[..., [names.index(n) for n in ("pt", "etarel", "phirel")]]
    x = x * (x[..., :1] >= GATE_GEV)
    y = jets[:, [columns.index(c.lower()) for c in CLASS_NAMES]].argmax(axis=1)
    high_level = jets[:, [columns.index(name) for name in HIGH_LEVEL_FEATURES]]
    ten = leading[:, :10, [names.index(n) for n in PARTICLE_FEATURES]]
    return Sample(
        x=x, y=y, high_level=standardised(high_level), high_level_y=y, leading=ten, record=record
    )


def standardised(values: np.ndarray) -> np.ndarray:
    """Return (jet, feature) with mean 0 and standard deviation 1 of each feature."""
    values = values.astype(np.float64)
    return (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)
