"""Names in files of jets; they are read by the command line, and import no NumPy.

jetmix' own layout holds any jets: their classes, features and targets are named in the file
(:mod:`jetmix.data.layout`). The public one is that of Zenodo record 3602260 (hls4ml LHC jets, 150
particles): a dataset ``jetConstituentList`` (jet, particle, feature), a dataset ``jets`` (jet,
column) that holds the jet-level features and the one-hot labels, and the names of the columns of
both. Columns are always found by name, so their order in a file does not matter.
"""

import difflib
from collections.abc import Sequence
from typing import Literal

CONSTITUENTS, JETS = "jetConstituentList", "jets"
PARTICLE_NAMES, JET_NAMES = "particleFeatureNames", "jetFeatureNames"
PARTICLE_PREFIX, JET_PREFIX = "j1_", "j_"

PARTICLE_FEATURES = (
    "px", "py", "pz", "e", "erel", "pt", "ptrel", "eta", "etarel", "etarot",
    "phi", "phirel", "phirot", "deltaR", "costheta", "costhetarel",
)  # fmt: skip
# what published 3-feature taggers take: columns 5, 8 and 11 of the public set
THREE_FEATURES = ("pt", "etarel", "phirel")
MAX_CONSTITUENTS = 150
CLASS_NAMES = ("g", "q", "W", "Z", "t")
DataOrigin = Literal["simulated", "public", "unknown"]
LABEL_COLUMNS = ("j_g", "j_q", "j_w", "j_z", "j_t")
UNDEFINED_LABEL = "j_undef"

# name of the public set, as files and reports have it
ZENODO = "zenodo-3602260"
# the layout that imports by a data card write
LAYOUT = "jetmix-jets-1"
OWN_CONSTITUENTS, CONSTITUENT_NAMES, OWN_JET_NAMES = (
    "constituents",
    "constituent_names",
    "jet_names",
)
LABELS, OWN_CLASS_NAMES = "labels", "class_names"
TARGETS, TARGET_NAMES, WEIGHTS, SPLIT = "targets", "target_names", "weights", "split"
PT, MASS = KINEMATICS = ("pt", "mass")

SPLITS = ("train", "validation", "test", "all")
DEFAULT_SPLIT = "test"

# the sixteen inputs of the classic high-level tagger, in the order of OpenML 42468
HIGH_LEVEL_FEATURES = (
    "zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt",
    "d2_b1_mmdt", "d2_b2_mmdt", "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt",
    "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt", "multiplicity",
)  # fmt: skip


def kinematics(names: Sequence[str]) -> dict[str, str]:
    """Return the jet columns that hold pT and mass of a jet, by ``pt`` and ``mass``."""
    known = {role: [n for n in (role, f"jet_{role}") if n in names] for role in KINEMATICS}
    return {role: found[0] for role, found in known.items() if found}


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ' (did you mean ...?)' for the known name most like ``name``, or nothing."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f" (did you mean {close[0]!r}?)" if close else ""
