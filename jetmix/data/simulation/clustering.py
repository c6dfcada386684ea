"""Anti-kT jets with FastJet, a batch of events at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jetmix.data.simulation.detector import Particles
from jetmix.data.simulation.features import polar
from jetmix.data.simulation.presets import JetSettings
from jetmix.support.arrays import Bools, Float64, Ints

SOFTEST_JET_GEV = 20.0  # softer jets are never kept, whatever a preset says


@dataclass(frozen=True, kw_only=True)
class Jets:
    """Jets of a batch with their constituents padded to the longest.

    Attributes:
        event: number of the event of each jet.
        momenta: (jet, particle, 4) in GeV, sorted by falling pT, zeros for padding.
    """

    event: Ints
    momenta: Float64


def cluster(objects: Particles, settings: JetSettings) -> Jets:
    """Return the selected jets of each event, hardest first (Cacciari, Salam, Soyez, 0802.1189).

    Args:
        objects: what the detector saw, sorted by event.
        settings: radius, selection, and the pT below which constituents are dropped.
    """
    events, starts, counts = np.unique(objects.event, return_index=True, return_counts=True)
    event, jet, rows = _leading_members(objects.momenta, counts, settings)
    rows += starts[event[jet]]
    momenta = _padded(objects.momenta[rows], jet, len(event), settings)
    chosen = _selected(momenta, settings)
    return Jets(event=events[event][chosen], momenta=momenta[chosen])


def _leading_members(
    momenta: Float64, counts: Ints, settings: JetSettings
) -> tuple[Ints, Ints, Ints]:
    """Cluster events of ``counts`` objects each and keep the leading jets.

    Returns:
        the event of each jet; and for each constituent the number of its jet and its place
        within the event.
    """
    import fastjet

    # hundreds of soft jets per event would cost more to hand over than to find
    floor = max(settings.jet_pt_min_gev, SOFTEST_JET_GEV)
    sequence = cluster_flat(momenta, counts, fastjet.antikt_algorithm, settings.radius)
    px, py, _, _, _ = sequence.to_numpy(floor)
    ends, index, firsts = sequence.to_numpy_with_constituents(floor)
    event = np.repeat(np.arange(len(counts)), np.diff(firsts))
    order = np.lexsort((-np.hypot(px, py), event))
    leading = order[np.arange(len(order)) - firsts[event] < settings.jets_per_event]
    sizes = np.diff(ends)[leading]
    jet = np.repeat(np.arange(len(leading)), sizes)
    within = np.arange(len(jet)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return event[leading], jet, index[ends[leading][jet] + within].astype(np.int64)


def cluster_flat(flat: Float64, sizes: Ints, algorithm: int, radius: float) -> Any:
    """Return FastJet's clustering of many events in one call.

    FastJet's Python interface for many events, without the awkward arrays around it that its
    public functions build and take apart in every call.

    Args:
        flat: (particle, 4) with px, py, pz, e in GeV of all events, one after the other.
        sizes: particles of each event.
        algorithm: one of FastJet's algorithms.
        radius: its radius.
    """
    import fastjet
    from fastjet._ext import interfacemulti

    stops = np.cumsum(sizes)
    columns = (np.ascontiguousarray(column) for column in flat.T)
    return interfacemulti(*columns, stops - sizes, stops, fastjet.JetDefinition(algorithm, radius))


def _padded(momenta: Float64, jet: Ints, n_jets: int, settings: JetSettings) -> Float64:
    """Return the constituents of each jet above the threshold, sorted by falling pT."""
    pt = np.hypot(momenta[:, 0], momenta[:, 1])
    hard = np.flatnonzero(pt > settings.constituent_pt_min_gev)
    order = hard[np.lexsort((-pt[hard], jet[hard]))]
    sizes = np.bincount(jet[order], minlength=n_jets)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    padded = np.zeros((n_jets, int(sizes.max(initial=0)), 4))
    padded[jet[order], place] = momenta[order]
    return padded


def _selected(momenta: Float64, settings: JetSettings) -> Bools:
    total = momenta.sum(axis=1)
    pt, eta, _ = polar(total)
    chosen = ((momenta[..., 3] > 0).sum(axis=1) >= settings.min_constituents) & (pt > 0)
    chosen &= pt >= settings.jet_pt_min_gev
    if settings.jet_pt_max_gev:
        chosen &= pt <= settings.jet_pt_max_gev
    if settings.jet_abs_eta_max:
        chosen &= abs(eta) < settings.jet_abs_eta_max
    return np.asarray(chosen)


def joined(batches: Sequence[Float64]) -> Float64:
    """Return the jets of several batches, each (jet, particle, 4), padded to the longest."""
    width = max(momenta.shape[1] for momenta in batches)
    return np.concatenate(
        [np.pad(momenta, ((0, 0), (0, width - momenta.shape[1]), (0, 0))) for momenta in batches]
    )
