"""The parametrised detector: tracks, cells, smearing."""

from dataclasses import replace

import numpy as np
import pytest

from jetmix.data.simulation.detector import Particles, counter_normals, observe
from jetmix.data.simulation.features import polar
from jetmix.data.simulation.presets import read_preset

EXACT = read_preset("public-like").detector


def event(*particles, number=0):
    """Return particles given as (pdg, pt, eta, phi), massless."""
    kind, pt, eta, phi = (np.array(v) for v in zip(*particles, strict=True))
    p4 = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], 1)
    return Particles(event=np.full(len(pt), number), kind=kind, momenta=p4)


def seen(*particles, settings=EXACT, key=1):
    return observe(event(*particles), settings, key)


def test_tracks_keep_their_momentum_and_neutrinos_vanish():
    true = event((211, 50.0, 0.512, 1.234))
    both = seen((211, 50.0, 0.512, 1.234), (12, 100.0, 0.0, 0.0))
    np.testing.assert_array_equal(both.momenta, true.momenta)
    assert both.kind.tolist() == [211]


def test_photons_of_one_cell_merge_at_its_centre():
    square = replace(EXACT, ecal_cells_in_phi=0)
    photons = ((22, 10.0, 0.5012, 1.0012), (22, 20.0, 0.5039, 1.0031))
    objects = seen(*photons, settings=square)
    pt, eta, phi = polar(objects.momenta)
    assert eta.tolist() == pytest.approx([0.5025])
    assert phi.tolist() == pytest.approx([1.0025])
    energy = 10 * np.cosh(0.5012) + 20 * np.cosh(0.5039)
    assert objects.momenta[0, 3] == pytest.approx(energy)
    assert pt[0] == pytest.approx(energy / np.cosh(0.5025))


def test_layers_do_not_merge_and_cells_have_their_sizes():
    objects = seen((22, 10.0, 0.5012, 1.0012), (130, 10.0, 0.5012, 1.0012))
    _, eta, phi = polar(objects.momenta)
    assert sorted(eta.tolist()) == pytest.approx([0.5025, 0.505])
    # in phi there are 1256 and 628 cells around
    assert sorted((phi * 1256 / np.pi).tolist()) == pytest.approx([401, 402])
    square = seen((22, 10.0, 0.5012, 1.0012), settings=read_preset("full").detector)
    assert polar(square.momenta)[2].tolist() == pytest.approx([1.0025], abs=0.003)


def test_hard_charged_particles_are_hcal_cells_and_acceptance_ends():
    hard = seen((211, 221.0, 0.5012, 1.0012))
    assert hard.kind.tolist() == [0]
    assert polar(hard.momenta)[1].tolist() == pytest.approx([0.505])
    assert len(seen((211, 10.0, 5.1, 0.0), (22, 10.0, 3.1, 0.0)).event) == 0
    assert len(seen((211, 10.0, 4.9, 0.0), (22, 10.0, 2.9, 0.0)).event) == 2


def test_events_do_not_mix():
    two = [event((22, 10.0, 0.5012, 1.0012), number=n) for n in (0, 1)]
    merged = Particles(**{name: np.concatenate([getattr(e, name) for e in two])
                          for name in ("event", "kind", "momenta")})  # fmt: skip
    assert observe(merged, EXACT, 1).event.tolist() == [0, 1]


def test_smearing_has_the_nominal_width_and_hangs_on_the_event_alone():
    settings = replace(EXACT, smearing=1.0)
    n = 4000
    tracks = Particles(event=np.arange(n), kind=np.full(n, 211),
                       momenta=np.tile(event((211, 100.0, 0.0, 0.0)).momenta, (n, 1)))  # fmt: skip
    ratio = observe(tracks, settings, 5).momenta[:, 0] / 100
    width = np.hypot(0.00025 * 100, 0.015)
    assert ratio.mean() == pytest.approx(1, abs=4 * width / np.sqrt(n))
    assert ratio.std() == pytest.approx(width, rel=0.05)
    late = slice(3000, None)
    part = Particles(event=tracks.event[late], kind=tracks.kind[late], momenta=tracks.momenta[late])
    np.testing.assert_array_equal(observe(part, settings, 5).momenta[:, 0] / 100, ratio[late])


def test_counter_normals_are_standard_normal_and_differ_by_every_argument():
    item = np.arange(200_000)
    values = counter_normals(3, item // 50, item % 50)
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.std() == pytest.approx(1, abs=0.01)
    assert (abs(values) > 2).mean() == pytest.approx(0.0455, abs=0.003)
    one = np.array([1])
    four = [counter_normals(k, e * one, i * one)[0] for k, e, i in
            ((1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2))]  # fmt: skip
    assert len(set(four)) == 4
