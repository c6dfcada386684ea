"""A parametrised detector: tracks, ECAL cells and HCAL cells from stable particles."""

from dataclasses import dataclass

import numpy as np

from jetmix.data.normalise import mix
from jetmix.data.simulation.features import polar
from jetmix.data.simulation.presets import DetectorSettings
from jetmix.support.arrays import Bools, Float64, Hashes, Ints

NEUTRINOS = (12, 14, 16)
PHOTON, NEUTRAL_PION = 22, 111
# charged particles that can be stable in Pythia 8: leptons, pions, kaons, protons, hyperons
CHARGED = (11, 13, 211, 321, 2212, 3112, 3222, 3312, 3334)
_ECAL, _HCAL = 0, 1
_LEAST_GEV = 1e-9
_HALF_CELLS = 1 << 20  # cell numbers are shifted by this to be positive


@dataclass(frozen=True, kw_only=True)
class Particles:
    """Particles or detector objects of many events, in one flat list sorted by event.

    Attributes:
        event: number of the event of each.
        kind: absolute PDG code, 0 for a cell.
        momenta: (particle, 4) with px, py, pz, e in GeV.
    """

    event: Ints
    kind: Ints
    momenta: Float64


def observe(particles: Particles, settings: DetectorSettings, key: int) -> Particles:
    """Return what the detector sees of ``particles``.

    Charged particles up to ``track_pt_max_gev`` are tracks with their true direction; photons and
    neutral pions hit the ECAL, all else but neutrinos the HCAL. A cell is massless and sits at
    its centre. The random numbers of the smearing hang on ``key``, the event and the object
    alone, so an event looks the same in whatever batch it comes.
    """
    pt, eta, _ = polar(particles.momenta)
    charged = np.isin(particles.kind, CHARGED)
    visible = ~np.isin(particles.kind, NEUTRINOS)
    track = charged & (pt <= settings.track_pt_max_gev) & (abs(eta) < settings.track_abs_eta_max)
    hard = charged & (pt > settings.track_pt_max_gev)
    cell = visible & (hard | ~charged) & (abs(eta) < settings.cell_abs_eta_max)
    seen = _tracks(particles, track, settings, key)
    hits = _cells(particles, cell, settings, key)
    return _merged(seen, hits, settings.object_pt_min_gev)


def _tracks(particles: Particles, chosen: Bools, settings: DetectorSettings, key: int) -> Particles:
    momenta = particles.momenta[chosen]
    if settings.smearing:
        pt = np.hypot(momenta[:, 0], momenta[:, 1])
        width = np.hypot(settings.track_resolution_per_gev * pt, settings.track_resolution_constant)
        ordinal = _ordinal(particles.event)[chosen]
        scale = 1 + settings.smearing * width * counter_normals(
            key, particles.event[chosen], ordinal
        )
        momenta = momenta * np.maximum(scale, 0)[:, None]
    return Particles(event=particles.event[chosen], kind=particles.kind[chosen], momenta=momenta)


def _ordinal(event: Ints) -> Ints:
    """Return the place of each particle within its event."""
    place = np.arange(len(event))
    starts = np.r_[True, event[1:] != event[:-1]] if len(event) else np.zeros(0, bool)
    return np.asarray(place - np.maximum.accumulate(np.where(starts, place, 0)))


def _cells(particles: Particles, chosen: Bools, settings: DetectorSettings, key: int) -> Particles:
    event, energy = particles.event[chosen], particles.momenta[chosen, 3]
    _, eta, phi = polar(particles.momenta[chosen])
    in_ecal = np.isin(particles.kind[chosen], (PHOTON, NEUTRAL_PION))
    layer = np.where(in_ecal, _ECAL, _HCAL)
    size = np.where(layer == _ECAL, settings.ecal_cell_size, settings.hcal_cell_size)
    width = np.where(layer == _ECAL, *(_width_in_phi(settings, name) for name in ("ecal", "hcal")))
    along_eta = np.floor(eta / size).astype(np.int64) + _HALF_CELLS
    along_phi = np.floor(phi / width).astype(np.int64) + _HALF_CELLS
    number = ((layer << 21 | along_eta) << 21) | along_phi
    order = np.lexsort((number, event))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(number[order]) != 0) | (np.diff(event[order]) != 0)
    starts = np.flatnonzero(first)
    one_each = order[starts]
    total = np.add.reduceat(energy[order], starts) if len(starts) else np.zeros(0)
    total = np.maximum(total, _LEAST_GEV)  # Pythia lets through photons without energy
    if settings.smearing:
        resolution = _cell_resolution(total, layer[one_each], settings)
        normals = counter_normals(key, event[one_each], number[one_each])
        total = total * np.maximum(1 + settings.smearing * resolution * normals, 0)
    centre_eta = (along_eta[one_each] - _HALF_CELLS + 0.5) * size[one_each]
    centre_phi = (along_phi[one_each] - _HALF_CELLS + 0.5) * width[one_each]
    pt = total / np.cosh(centre_eta)
    momenta = np.stack(
        [pt * np.cos(centre_phi), pt * np.sin(centre_phi), total * np.tanh(centre_eta), total], -1
    )
    return Particles(event=event[one_each], kind=np.zeros(len(one_each), np.int64), momenta=momenta)


def _width_in_phi(settings: DetectorSettings, layer: str) -> float:
    """Return the size in phi of the cells of ``layer``, which is ecal or hcal."""
    cells: int = getattr(settings, f"{layer}_cells_in_phi")
    size: float = getattr(settings, f"{layer}_cell_size")
    return 2 * np.pi / cells if cells else size


def _cell_resolution(energy: Float64, layer: Ints, settings: DetectorSettings) -> Float64:
    """Return the nominal relative resolution of cells of ``energy`` in GeV."""
    ecal = np.sqrt(
        settings.ecal_stochastic**2 * settings.ecal_reference_gev / energy
        + (settings.ecal_noise * settings.ecal_reference_gev / energy) ** 2
        + settings.ecal_constant**2
    )
    hcal = np.sqrt(
        settings.hcal_stochastic**2 * settings.hcal_reference_gev / energy
        + settings.hcal_constant**2
    )
    return np.where(layer == _ECAL, ecal, hcal)


def _merged(tracks: Particles, cells: Particles, pt_min_gev: float) -> Particles:
    event = np.concatenate([tracks.event, cells.event])
    kind = np.concatenate([tracks.kind, cells.kind])
    momenta = np.concatenate([tracks.momenta, cells.momenta])
    kept = np.flatnonzero(np.hypot(momenta[:, 0], momenta[:, 1]) > pt_min_gev)
    kept = kept[np.argsort(event[kept], kind="stable")]
    return Particles(event=event[kept], kind=kind[kept], momenta=momenta[kept])


def counter_normals(key: int, event: Ints, item: Ints) -> Float64:
    """Return standard normal numbers that are a function of key, event and item alone.

    Box-Muller on two SplitMix64 hashes of the three numbers.
    """
    first = _hashed(key, event, item)
    radius = np.sqrt(-2 * np.log(_unit(first)))
    second = mix(first) >> np.uint64(11)
    return np.asarray(radius * np.cos(2 * np.pi * 2.0**-53 * second))


def counter_uniforms(key: int, event: Ints, item: Ints) -> Float64:
    """Return uniform numbers in (0, 1] that are a function of key, event and item alone."""
    return _unit(_hashed(key, event, item))


def _hashed(key: int, event: Ints, item: Ints) -> Hashes:
    seed = mix(np.uint64(key % 2**64) ^ mix(event.astype(np.uint64)))
    return mix(seed ^ item.astype(np.uint64))


def _unit(hashes: Hashes) -> Float64:
    return np.asarray(((hashes >> np.uint64(11)) + np.uint64(1)) * 2.0**-53)
