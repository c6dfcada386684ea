"""The sixteen jet-level features of the classic tagger: mMDT grooming, energy correlators.

Named as in the public sets; :mod:`jetmix.data.simulation.correlators` defines the correlators,
which are taken over the constituents that the groomer leaves (mMDT: Dasgupta, Fregoso, Marzani,
Salam 1307.0007).
"""

from typing import Any

import numpy as np

from jetmix.data.schema import HIGH_LEVEL_FEATURES
from jetmix.data.simulation.clustering import cluster_flat
from jetmix.data.simulation.correlators import correlator_ratios
from jetmix.data.simulation.features import mass, over_particles
from jetmix.support.arrays import AnyArray, Bools, Float64, Floats, Ints

MMDT_Z_CUT = 0.1


def high_level_features(momenta: Float64) -> Floats:
    """Return the features in the order of ``HIGH_LEVEL_FEATURES``, without their prefix.

    ``zlogz`` and ``multiplicity`` are those of the whole jet, all others those of the groomed
    one. A groomed jet of too few constituents for a correlator has 0 there.

    Args:
        momenta: (jet, particle, 4) in GeV, zeros for padding.

    Returns:
        float32 (jet, 16).
    """
    table: dict[str, Any] = dict.fromkeys(HIGH_LEVEL_FEATURES)
    present = momenta[..., 3] > 0
    pt = np.hypot(momenta[..., 0], momenta[..., 1])
    z = pt / over_particles(pt)[:, None]
    table["zlogz"] = over_particles(z * np.log(np.where(present, z, 1)))
    table["multiplicity"] = present.sum(axis=1)
    groomed, sizes = groom(momenta[present], present.sum(axis=1))
    starts = np.cumsum(sizes) - sizes
    table["mass_mmdt"] = mass(np.add.reduceat(groomed, starts, axis=0))
    names = [name for name in HIGH_LEVEL_FEATURES if table[name] is None]
    table |= dict(zip(names, correlator_ratios(groomed, sizes).T, strict=True))
    return np.stack([table[name] for name in HIGH_LEVEL_FEATURES], axis=1).astype(np.float32)


def groom(flat: Float64, sizes: Ints) -> tuple[Float64, Ints]:
    """Return what the modified mass-drop tagger leaves of each jet.

    FastJet clusters the jet with Cambridge/Aachen; from the last step back, the softer branch is
    dropped until it carries more than a tenth of the pT of the two (soft drop with beta = 0,
    z_cut = 0.1, which has no radius). A jet that never passes ends as one constituent.

    Args:
        flat: (constituent, 4) of all jets, one after the other.
        sizes: constituents of each jet.

    Returns:
        the same two for the groomed jets.
    """
    import fastjet

    # a radius beyond every distance keeps all constituents in one jet
    sequence = cluster_flat(flat, sizes, fastjet.cambridge_algorithm, 100.0)
    px, py, _, _, firsts = sequence.to_numpy_jets()
    tree = _Trees(sequence.to_numpy_unique_history_order()[0], sizes)
    pt = np.hypot(px, py)
    node = tree.roots.copy()
    jets = np.arange(len(sizes))
    while len(jets := jets[~tree.leaf[node[jets]]]):
        one, other = tree.branches(node[jets])
        pts = [pt[firsts[jets] + tree.number[branch]] for branch in (one, other)]
        soft = np.minimum(*pts) <= MMDT_Z_CUT * (pts[0] + pts[1])
        jets, harder = jets[soft], np.where(pts[0] >= pts[1], one, other)[soft]
        node[jets] = harder
    kept = tree.constituents(node)
    return flat[kept], np.add.reduceat(kept, np.cumsum(sizes) - sizes, dtype=np.int64)


class _Trees:
    """Clustering trees of many jets, read from FastJet's unique history order.

    FastJet lists a tree with both branches of a step before the step, so every branch is one
    piece of the list and ends with its last step. ``n`` constituents make 2n entries: n leaves,
    n - 1 steps, the end.

    Attributes:
        number: number of each entry in the history of its jet; leaves are the constituents.
        leaf: whether the entry is a constituent.
        roots: place of the last step of each jet.
    """

    def __init__(self, order: AnyArray, sizes: Ints) -> None:
        ends = np.cumsum(2 * sizes)
        self.number = order
        self.leaf = order < np.repeat(sizes, 2 * sizes)
        self.roots = ends - 2
        self._first_constituent = np.cumsum(sizes) - sizes
        self._jet_of_entry = np.repeat(np.arange(len(sizes)), 2 * sizes)
        # branches open after each entry: a leaf opens one, a step joins two, the end closes one
        self._open = np.cumsum(np.where(self.leaf, 1, -1))
        self._span = len(order) + 1
        before = np.concatenate([[0], self._open])
        self._sorted = np.sort(before * self._span + np.arange(self._span))

    def first(self, node: Ints) -> Ints:
        """Return where the branches that end at these entries begin."""
        key = (self._open[node] - 1) * self._span + node
        return np.asarray(
            self._sorted[np.searchsorted(self._sorted, key, "right") - 1] % self._span
        )

    def branches(self, node: Ints) -> tuple[Ints, Ints]:
        """Return the last entries of the two branches that these steps join."""
        second = node - 1
        return self.first(second) - 1, second

    def constituents(self, node: Ints) -> Bools:
        """Return which constituents of all jets are below one entry of each jet."""
        place, jet = np.arange(len(self.leaf)), self._jet_of_entry
        below = self.leaf & (place >= self.first(node)[jet]) & (place <= node[jet])
        kept = np.zeros(np.count_nonzero(self.leaf), bool)
        kept[self._first_constituent[jet[below]] + self.number[below]] = True
        return kept
