"""Jets for taggers that derive their features: the trigger's integers, of two inputs in one row."""

import numpy as np
import pytest

from jetmix.data.dataset import JetDataset
from jetmix.data.for_tagger import load_for_tagger
from jetmix.data.record import DataUsed
from jetmix.data.selection import Selection
from jetmix.data.stream import pack
from jetmix.errors import DataError
from jetmix.recipes.data_section import HardwareInput
from jetmix.support.records import dump
from tests.trigger_jets import PHI_UNIT, content, turned, write_trigger_jets

N_JETS, N = 400, 3
ANGLE = HardwareInput(bits=11, signed=True, lsb=PHI_UNIT)
PHI = HardwareInput(bits=11, signed=True, lsb=PHI_UNIT, turn=1440)
HARDWARE = {
    "pt": HardwareInput(bits=8, lsb=0.25), "eta": ANGLE, "phi": PHI, "jet_eta": ANGLE,
    "jet_phi": PHI,
}  # fmt: skip
SELECTION = Selection(
    n_particles=N,
    features=("pt", "deta", "dphi"),
    hardware=HARDWARE,
    derived={"deta": "eta - jet_eta", "dphi": "phi - jet_phi"},
    occupied="pt",
)
UNITS = np.array([0.25, PHI_UNIT, PHI_UNIT])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_trigger_jets(tmp_path_factory.mktemp("made") / "jets.h5", N_JETS)


def loaded(path, split="all", **options):
    return JetDataset.load(path, SELECTION, split=split, normalisation="power-of-two", **options)


def test_both_inputs_are_integers_in_one_row(path):
    jets, rows = loaded(path), content(N_JETS, 0)
    assert jets.x.shape == (N_JETS, N * 3 + 2)
    assert jets.x.dtype == np.float32
    inside = np.rint(rows["constituents"][:, :N] / UNITS)
    inside[..., 0] = np.clip(inside[..., 0], 0, 255)
    np.testing.assert_array_equal(jets.x[:, : N * 3], inside.reshape(N_JETS, -1))
    np.testing.assert_array_equal(jets.x[:, N * 3 :], np.rint(rows["jets"][:, 1:] / PHI_UNIT))


def test_features_are_those_of_the_angles_within_a_unit(path):
    jets, rows = loaded(path), content(N_JETS, 0)
    found = SELECTION.of_tagger(jets.x) * UNITS
    raw, axis = rows["constituents"][:, :N], rows["jets"]
    right = np.stack([raw[..., 1] - axis[:, 1:2], turned(raw[..., 2] - axis[:, 2:])], axis=-1)
    there = raw[..., 0] > 0.125  # what is not rounded to an empty slot
    # either column is rounded by half a unit
    assert np.abs(found[..., 1:] - right)[there].max() <= 1.001 * PHI_UNIT
    assert (found[~there] == 0).all()
    crossing = np.abs(raw[..., 2] - axis[:, 2:]) > np.pi
    assert (crossing & there & (raw[..., 2] > 0)).any()
    assert (crossing & there & (raw[..., 2] < 0)).any()


def test_constants_are_those_of_the_features(path):
    train = loaded(path, "train")
    seen = train.seen(train.x)
    assert seen.shape == (len(train.y), N, 3)
    assert (np.log2(train.normalisation.std) % 1 == 0).all()
    spread = seen.reshape(-1, 3).std(axis=0)
    assert ((spread > 0.7) & (spread < 1.5)).all()
    again = loaded(path, "train", scaling={"deta": [0, 64]})
    assert again.normalisation.std[1] == 64
    np.testing.assert_array_equal(again.x, train.x)


def test_streamed_jets_are_the_same(path, tmp_path):
    packed = pack(path, SELECTION, tmp_path, normalisation="power-of-two")
    for split, jets in packed.items():
        right = loaded(path, split)
        np.testing.assert_array_equal(jets.x, right.x)
        assert jets.normalisation == right.normalisation


def used(path, jets):
    return DataUsed(
        **dump(jets.source), n_train=3, n_validation=3, n_test=3, class_names=jets.class_names,
        feature_names=jets.feature_names, n_particles=N, pt_gate_gev=None,
        normalisation=jets.normalisation, hardware=HARDWARE, derived=SELECTION.derived,
        occupied="pt",
    )  # fmt: skip


def test_a_run_records_what_its_tagger_takes(path):
    jets = loaded(path)
    record = used(path, jets)
    assert record.input_names[:4] == ("pt[0]", "eta[0]", "phi[0]", "pt[1]")
    assert record.input_names[-2:] == ("jet_eta", "jet_phi")
    again = load_for_tagger(
        path, trained_on=record, features=jets.feature_names, input_shape=(11,), split="all"
    )
    np.testing.assert_array_equal(again.x, jets.x)


def test_arrays_hold_no_axis_of_the_jet(path, tmp_path):
    jets = loaded(path)
    given = tmp_path / "jets.npz"
    np.savez(given, x=jets.x[:, :9].reshape(-1, 3, 3), y=jets.y, feature_names=["pt", "eta", "phi"])
    with pytest.raises(DataError, match="arrays hold no columns of the jet"):
        load_for_tagger(
            given, trained_on=used(path, jets), features=(), input_shape=(11,), split="all"
        )


def test_a_column_that_the_file_lacks_is_named(path):
    from dataclasses import replace

    hardware = HARDWARE | {"jet_tilt": ANGLE}
    asked = replace(SELECTION, hardware=hardware, derived={**SELECTION.derived, "pt": "jet_tilt"})
    with pytest.raises(DataError, match="tilt"):
        JetDataset.load(path, asked, split="all", normalisation="power-of-two")
