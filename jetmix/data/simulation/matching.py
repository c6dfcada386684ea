"""Which jets of an event stand for its class: matched to the hard process, isotropic decays.

With initial-state radiation the leading jet of an event is often a radiated gluon, and a jet of
an unknown kind under the label of the class. So jets are matched to the outgoing particles of the
hard process. W and Z from quark annihilation are polarised: the angles of their decays follow
1 + k cos^2 theta*, k = 1 for purely transverse ones. Keeping a boson with the inverse probability
leaves a flat distribution, as of bosons whose decays know nothing of their production.
"""

from dataclasses import dataclass

import numpy as np

from jetmix.data.simulation.clustering import Jets
from jetmix.data.simulation.detector import counter_uniforms
from jetmix.data.simulation.events import Events, Partons, W, Z
from jetmix.data.simulation.features import polar, wrapped
from jetmix.data.simulation.presets import JetSettings
from jetmix.support.arrays import Float64, Ints

_DECAYS = 1 << 50  # beyond the numbers of all detector objects, which draw from the same source


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Jets that stand for their class, and the numbers of the events that gave none.

    Attributes:
        jets: the jets.
        partner: row of the hard parton of each jet; empty without matching.
        unmatched: events in which no jet is near an outgoing particle of the hard process.
        anisotropic: events dropped to make the decays of W and Z isotropic.
    """

    jets: Jets
    partner: Ints
    unmatched: Ints
    anisotropic: Ints


def choose(jets: Jets, events: Events, settings: JetSettings, key: int) -> Chosen:
    """Return the jets of ``events`` that stand for their class.

    What is random hangs on ``key`` and the number of the event alone.
    """
    none = np.zeros(0, np.int64)
    if not settings.match_radius:
        return Chosen(jets=jets, partner=none, unmatched=none, anisotropic=none)
    rows, partner = matched(jets, events.partons, settings.match_radius)
    unmatched = np.setdiff1d(np.arange(events.first, events.first + events.n), jets.event[rows])
    odds = isotropic_odds(events.partons, settings)[partner]
    kept = counter_uniforms(key, jets.event[rows], np.full(len(rows), _DECAYS)) <= odds
    return Chosen(
        jets=Jets(event=jets.event[rows[kept]], momenta=jets.momenta[rows[kept]]),
        partner=partner[kept],
        unmatched=unmatched,
        anisotropic=jets.event[rows[~kept]],
    )


def isotropic_odds(partons: Partons, settings: JetSettings) -> Float64:
    """Return the probability to keep each hard parton for decays to be isotropic."""
    slope = np.zeros(len(partons.kind))
    slope[partons.kind == W] = settings.w_anisotropy
    slope[partons.kind == Z] = settings.z_anisotropy
    return np.asarray(1 / (1 + slope * np.nan_to_num(partons.cos_theta) ** 2))


def matched(jets: Jets, partons: Partons, radius: float) -> tuple[Ints, Ints]:
    """Return the first jet of each event that is near a hard parton, and that parton.

    Args:
        jets: sorted by event, the hardest of each event first.
        partons: sorted by event.
        radius: the largest distance in eta and phi.
    """
    distance, first = _distances(jets, partons)
    nearest = distance.argmin(axis=1)
    near = np.flatnonzero(distance[np.arange(len(nearest)), nearest] < radius)
    rows = near[np.unique(jets.event[near], return_index=True)[1]]
    return rows, first[rows] + nearest[rows]


def _distances(jets: Jets, partons: Partons) -> tuple[Float64, Ints]:
    """Return the distances (jet, parton of its event) and the row of its event's first parton."""
    first, end = (np.searchsorted(partons.event, jets.event, side) for side in ("left", "right"))
    most = int((end - first).max(initial=1))
    _, eta, phi = polar(jets.momenta.sum(axis=1))
    _, parton_eta, parton_phi = polar(partons.momenta)
    distance = np.full((len(eta), most), np.inf)
    for place in range(most):
        there = np.flatnonzero(first + place < end)
        row = first[there] + place
        distance[there, place] = np.hypot(
            eta[there] - parton_eta[row], wrapped(phi[there] - parton_phi[row])
        )
    return distance, first.astype(np.int64)
