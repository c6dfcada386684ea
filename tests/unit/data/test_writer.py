"""Writing: layout of the files, and a full disk that ends in one clear error."""

import errno

import h5py
import numpy as np
import pytest

from jetmix.data.writer import PatientFile, jet_writer
from jetmix.errors import DataError
from tests.unit.data.conftest import JET_COLUMNS, random_jets


def fill(path, n_jets=3000, half=False):
    x, jets = random_jets(n_jets=n_jets, n_constituents=20)
    with jet_writer(
        path,
        n_constituents=20,
        jet_columns=JET_COLUMNS,
        half=half,
        attributes={"origin": "simulated", "record": {"seed": 1}},
    ) as writer:
        for start in range(0, n_jets, 700):
            writer.append(x[start : start + 700], jets[start : start + 700])
    return x, jets


def test_a_file_reads_back_and_keeps_one_feature_a_chunk(tmp_path):
    x, jets = fill(tmp_path / "jets.h5")
    with h5py.File(tmp_path / "jets.h5") as handle:
        np.testing.assert_array_equal(handle["jetConstituentList"][:], x)
        np.testing.assert_array_equal(handle["jets"][:], jets)
        assert handle["jetConstituentList"].chunks == (2500, 16, 1)
        assert handle["jetConstituentList"].dtype == np.float32
        assert handle.attrs["record"] == '{"seed": 1}'


def test_half_precision_keeps_eleven_bits(tmp_path):
    x, _ = fill(tmp_path / "jets.h5", half=True)
    with h5py.File(tmp_path / "jets.h5") as handle:
        found = handle["jetConstituentList"][:]
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, x, rtol=2**-11, atol=1e-7)


@pytest.mark.parametrize("room", [0, 10_000, 400_000])
def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch, room):
    class FullDisk(PatientFile):
        left = room

        def _put(self, view):
            if len(view) > self.left:
                raise OSError(errno.ENOSPC, "No space left on device")
            FullDisk.left -= len(view)
            return super()._put(view)

    monkeypatch.setattr("jetmix.data.writer.PatientFile", FullDisk)
    with pytest.raises(DataError, match="the disk is full; free some space") as caught:
        fill(tmp_path / "jets.h5")
    assert str(tmp_path) in str(caught.value)


def test_a_forbidden_folder_is_one_clear_error(tmp_path):
    with pytest.raises(DataError, match=r"cannot be written \(.*No such file or directory"):
        fill(tmp_path / "none" / "jets.h5")
