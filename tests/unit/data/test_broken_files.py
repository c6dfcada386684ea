"""Every kind of broken file gives one clear DataError, never anything else."""

import os
import shutil

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetmix.data.dataset import JetDataset
from jetmix.data.jet_file import open_jet_file
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.data.selection import Selection
from jetmix.errors import DataError
from tests.unit.data.conftest import JET_COLUMNS, random_jets, write_jets

PT = PARTICLE_FEATURES.index("pt")


def load(path):
    return JetDataset.load(path, Selection(n_particles=16, features=("ptrel",)), split="train")


def outcome(path, split="train"):
    """Return 'loaded', or the message of the DataError; no other error is let pass."""
    try:
        data = JetDataset.load(path, Selection(n_particles=4, features=("pt",)), split=split)
    except DataError as error:
        return str(error)
    return "loaded" if np.isfinite(data.x).all() else "loaded nonsense"


def refused(path, message):
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_missing_file_and_folder(tmp_path):
    refused(tmp_path / "none.h5", "no such file; give a file with the schema")
    refused(tmp_path, "is not a file")


def test_not_hdf5(tmp_path):
    path = tmp_path / "text.h5"
    path.write_text("px,py,pz\n1,2,3\n")
    refused(path, "not a readable HDF5 file")


def test_truncated(jet_file):
    path = jet_file()
    os.truncate(path, path.stat().st_size // 2)
    refused(path, "not a readable HDF5 file .*truncated")


def test_damaged_chunk(tmp_path):
    x, jets = random_jets()
    path = tmp_path / "jets.h5"
    write_jets(path, x, jets)
    with h5py.File(path, "a") as handle:
        del handle["jetConstituentList"]
        data = handle.create_dataset(
            "jetConstituentList", data=x, chunks=(50, 24, 16), compression="gzip", fletcher32=True
        )
        chunk = data.id.get_chunk_info(2)
    with path.open("rb+") as raw:
        raw.seek(chunk.byte_offset + 100)
        raw.write(b"\xff" * 64)
    refused(path, "the content cannot be read .*; the file is damaged")


@pytest.mark.parametrize(
    "name", ["jetConstituentList", "jets", "particleFeatureNames", "jetFeatureNames"]
)
def test_missing_dataset(jet_file, name):
    path = jet_file()
    with h5py.File(path, "a") as handle:
        del handle[name]
    refused(path, f"{name}: the dataset is missing")


def test_links_are_refused(jet_file, tmp_path):
    other = jet_file("other.h5")
    for link in (h5py.ExternalLink(str(other), "/jets"), h5py.SoftLink("/elsewhere")):
        path = jet_file()
        with h5py.File(path, "a") as handle:
            del handle["jets"]
            handle["jets"] = link
        refused(path, "jets: is an external or soft link; store the data itself")


def test_external_and_virtual_storage_is_refused(jet_file, tmp_path):
    path = jet_file()
    with h5py.File(path, "a") as handle:
        del handle["jets"]
        handle.create_dataset("jets", (200, 9), "f4", external=[("/etc/hostname", 0, 7200)])
    refused(path, "jets: keeps its values in another file")
    path = jet_file()
    layout = h5py.VirtualLayout((200, 9), "f4")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "jets", (200, 9))
    with h5py.File(path, "a") as handle:
        del handle["jets"]
        handle.create_virtual_dataset("jets", layout)
    refused(path, "jets: keeps its values in another file")


def test_group_in_place_of_a_dataset(jet_file):
    path = jet_file()
    with h5py.File(path, "a") as handle:
        del handle["jets"]
        handle.create_group("jets")
    refused(path, "jets: is a group, not a dataset")


def test_wrong_shapes_and_types(tmp_path):
    x, jets = random_jets()
    path = tmp_path / "jets.h5"
    refused(write_jets(path, x[:, :, 0], jets), r"has shape \(200, 24\), 3 axes are needed")
    refused(write_jets(path, x, jets[:, 0]), r"has shape \(200,\), 2 axes are needed")
    refused(write_jets(path, x[:100], jets), "100 jets in jetConstituentList but 200 in jets")
    refused(write_jets(path, x[:0], jets[:0]), "jetConstituentList: holds no jets")
    refused(write_jets(path, x[:, :, :15], jets), "16 names for 15 columns")
    refused(write_jets(path, x.astype("S8"), jets), "is of type .S8, floating-point")
    refused(write_jets(path, x.astype(complex), jets), "is of type complex128, floating-point")


def test_wrong_names(tmp_path):
    x, jets = random_jets()
    path = tmp_path / "jets.h5"
    names = ["j1_" + name for name in PARTICLE_FEATURES]
    other = [*names[:-1], "j1_mystery"]
    refused(write_jets(path, x, jets, other), "particleFeatureNames: has no column costhetarel")
    refused(write_jets(path, x, jets, [*names[:-1], names[0]]), "names 'px' more than once")
    columns = [name.replace("j_w", "j_h") for name in JET_COLUMNS]
    refused(write_jets(path, x, jets, names, columns), "jetFeatureNames: has no column j_w")


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_not_finite_names_row_and_column(jet_file, value, word):
    def change(x, _):
        x[123, 3, PARTICLE_FEATURES.index("ptrel")] = value

    refused(jet_file(change=change), f"jetConstituentList row 123: {word} in column ptrel; ")


def test_labels_not_one_hot_name_the_row(jet_file):
    for row, value in ((17, 1.0), (18, 0.5), (19, np.nan)):

        def change(_, jets, row=row, value=value):
            jets[row, JET_COLUMNS.index("j_g")] = value

        refused(jet_file(change=change), f"jets row {row}: the labels j_g j_q j_w j_z j_t are .*, "
                                         "not one-hot")  # fmt: skip


def test_class_without_jets_is_named(tmp_path):
    x, jets = random_jets()
    kept = jets[:, JET_COLUMNS.index("j_z")] == 0
    refused(write_jets(tmp_path / "a.h5", x[kept], jets[kept]), "no jets of class Z; ")


def test_unsorted_constituents_name_the_row(jet_file):
    def change(x, _):
        x[44, :8] = x[44, :8][::-1].copy()

    refused(jet_file(change=change), "row 44: the constituents are not sorted by falling pT")


def test_too_few_jets_for_a_split(tmp_path):
    x, jets = random_jets(n_jets=5)
    x[:] = x[0]  # copies of one jet fall into one split, so the two others are empty
    path = write_jets(tmp_path / "five.h5", x, jets)
    outcomes = [outcome(path, split) for split in ("train", "validation", "test")]
    assert sum(text == "loaded" for text in outcomes) <= 1
    assert any("none of the 5 jets falls into the split" in text for text in outcomes)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.999), damage=st.binary(min_size=1, max_size=64), cut=st.booleans())
def test_any_damage_is_a_data_error_or_harmless(tmp_path, place, damage, cut):
    whole = tmp_path / "whole.h5"
    if not whole.exists():
        x, jets = random_jets(n_jets=25, n_constituents=16)
        write_jets(whole, x, jets)
    path = tmp_path / "damaged.h5"
    shutil.copy(whole, path)
    offset = int(place * path.stat().st_size)
    if cut:
        os.truncate(path, offset)
    else:
        with path.open("rb+") as raw:
            raw.seek(offset)
            raw.write(damage)
    assert outcome(path) == "loaded" or str(path) in outcome(path)


@pytest.mark.parametrize("size", [0, 1, 100])
def test_tiny_files(tmp_path, size):
    path = tmp_path / "tiny.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n".ljust(size, b"\0")[:size])
    with pytest.raises(DataError), open_jet_file(path):
        pass
