"""Import: archives, folders and files; what is unsafe, damaged or of another kind is refused."""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from jetmix.data.importing.importer import import_jets
from jetmix.data.importing.manifest import Manifest, PublishedFile, read_manifest
from jetmix.data.schema import PARTICLE_FEATURES
from jetmix.errors import DataError, RunConflictError
from tests.unit.data.conftest import random_jets, write_jets


def write_member(folder: Path, number: int, n_jets: int = 50) -> Path:
    x, jets = random_jets(n_jets=n_jets, seed=number)
    folder.mkdir(exist_ok=True)
    return write_jets(folder / f"jetImage_{number}_150p_0_10000.h5", x, jets)


def archive(path: Path, *members: Path, prefix="train/") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.add(member, prefix + member.name)
    return path


@pytest.fixture
def members(tmp_path):
    return [write_member(tmp_path / "train", number) for number in (1, 2, 3)]


def content(path):
    with h5py.File(path) as handle:
        return handle["jetConstituentList"][:], handle["jets"][:]


def test_archive_folder_and_files_give_the_same_jets(tmp_path, members):
    tar = archive(tmp_path / "jets.tar.gz", *members)
    outs = {}
    for name, given in (("tar", [tar]), ("folder", [members[0].parent]), ("files", members)):
        done = import_jets(given, tmp_path / f"{name}.h5")
        assert (done.n_jets, done.n_files) == (150, 3)
        outs[name] = content(tmp_path / f"{name}.h5")
    expected = [np.concatenate(parts) for parts in zip(*map(content, members), strict=True)]
    for found in outs.values():
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "files.h5", "folder.h5", "jets.tar.gz", "tar.h5", "train"]  # fmt: skip


def test_names_decide_the_columns_and_fewer_constituents_are_kept(tmp_path):
    x, jets = random_jets()
    order = list(reversed(range(16)))
    names = ["j1_" + PARTICLE_FEATURES[i] for i in order]
    path = write_jets(tmp_path / "a.h5", x[:, :, order], jets, [*names, "j1_pdgid"])
    import_jets([path], tmp_path / "out.h5", n_constituents=10, half=True)
    found, _ = content(tmp_path / "out.h5")
    np.testing.assert_array_equal(found, x[:, :10].astype(np.float16))
    with h5py.File(tmp_path / "out.h5") as handle:
        assert handle["particleFeatureNames"][0] == b"j1_px"


def test_origin_is_public_for_what_is_named_and_shaped_like_the_record(tmp_path, members):
    def known(**figures):
        file = PublishedFile(name="hls4ml_LHCjet_150p_val.tar.gz", **figures)
        return Manifest(doi="10.5281/x", members="jetImage_*_150p_*.h5", files=(file,))

    tar = archive(tmp_path / "hls4ml_LHCjet_150p_val.tar.gz", *members)
    good = known(size=tar.stat().st_size, jets=150, n_members=3)
    done = import_jets([tar], tmp_path / "out.h5", manifest=good)
    assert done.origin == "public"
    with h5py.File(tmp_path / "out.h5") as handle:
        assert json.loads(handle.attrs["import"])["doi"] == "10.5281/x"
    assert import_jets(members, tmp_path / "loose.h5").origin == "public"
    other = archive(tmp_path / "mine.tar.gz", *members)
    assert import_jets([other], tmp_path / "mine.h5").origin == "unknown"
    for wrong, message in (
        ({"size": 12345}, "bytes, the record's file has 12,345; download it again"),
        ({"md5": "0" * 32}, "its md5 is not that of the record"),
        ({"jets": 260000}, "holds 150 jets, the record's file 260,000"),
        ({"n_members": 26}, "holds 3 members, the record's file 26"),
    ):
        with pytest.raises(DataError, match=message):
            import_jets([tar], tmp_path / "bad.h5", manifest=known(**wrong))
        assert not (tmp_path / "bad.h5").exists()


def test_labels_of_the_record_are_compared_and_it_is_said(tmp_path, members, capsys):
    def known(**figures):
        file = PublishedFile(name="hls4ml_LHCjet_150p_val.tar.gz", **figures)
        return Manifest(doi="10.5281/x", members="jetImage_*_150p_*.h5", files=(file,))

    tar = archive(tmp_path / "hls4ml_LHCjet_150p_val.tar.gz", *reversed(members))
    labels = [content(path)[1][:, -6:-1].argmax(axis=1) for path in sorted(members)]
    digest = hashlib.sha256(np.concatenate(labels).astype(np.int8).tobytes()).hexdigest()
    counts = tuple(tuple(np.bincount(y, minlength=5).tolist()) for y in labels)
    right = known(labels_sha256=digest, class_counts=counts)
    import_jets([tar], tmp_path / "out.h5", manifest=right)
    assert "classes of all 150 jets match the record" in capsys.readouterr().err
    swapped = (counts[0], (counts[1][0] + 1, *counts[1][1:]), counts[2])
    for wrong, message in (
        ({"labels_sha256": "0" * 64, "class_counts": counts}, "its labels are not those"),
        ({"labels_sha256": digest, "class_counts": swapped}, f"{sorted(members)[1].name} has"),
    ):
        with pytest.raises(DataError, match=message):
            import_jets([tar], tmp_path / "bad.h5", manifest=known(**wrong))


def test_the_shipped_manifest_names_both_archives():
    manifest = read_manifest()
    assert manifest.doi == "10.5281/zenodo.3602260"
    jets = {file.name: file.jets for file in manifest.files}
    assert jets == {
        "hls4ml_LHCjet_150p_train.tar.gz": 620_000,
        "hls4ml_LHCjet_150p_val.tar.gz": 260_000,
    }
    validation = manifest.files[1]
    assert np.array(validation.class_counts).shape == (26, 5)
    assert np.array(validation.class_counts).sum(axis=1).tolist() == [10_000] * 26
    assert len(validation.labels_sha256) == 64
    assert manifest.is_member("train/jetImage_7_150p_0_10000.h5")
    assert not manifest.is_member("train/jetImage_7_100p_0_10000.h5")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("../evil.h5", tarfile.REGTYPE, "'../evil.h5' leaves the archive's folder"),
        ("a/../../evil.h5", tarfile.REGTYPE, "leaves the archive's folder"),
        ("/etc/evil.h5", tarfile.REGTYPE, "'/etc/evil.h5' leaves the archive's folder"),
        ("train/link.h5", tarfile.SYMTYPE, "is a link or a device"),
        ("train/link.h5", tarfile.LNKTYPE, "is a link or a device"),
        ("train/pipe.h5", tarfile.FIFOTYPE, "is a link or a device"),
    ],
)
def test_unsafe_members_are_refused(tmp_path, name, kind, message):
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member, io.BytesIO(b""))
    with pytest.raises(DataError, match=message):
        import_jets([path], tmp_path / "out.h5")
    assert [p.name for p in tmp_path.iterdir()] == ["evil.tar.gz"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_archive_cut_short(tmp_path, members, share):
    path = archive(tmp_path / "cut.tar.gz", *members)
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(DataError, match=r"not a whole archive .*download it again"):
        import_jets([path], tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.tar.gz", "train"]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_archive_with_a_damaged_byte(tmp_path, members, share):
    path = archive(tmp_path / "damaged.tar.gz", *members)
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged\.tar\.gz"):
        import_jets([path], tmp_path / "out.h5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["damaged.tar.gz", "train"]


def test_damage_behind_the_last_jet_is_found_by_the_checksum(tmp_path, members):
    path = archive(tmp_path / "damaged.tar.gz", *members)
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # the stored checksum itself
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a whole archive \(CRC check failed"):
        import_jets([path], tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_a_value_too_large_for_the_file_names_the_source(tmp_path, jet_file):
    def change(x, _):
        x[5, 0, 0] = 1e5

    path = jet_file(change=change)
    with pytest.raises(DataError, match=r"1e\+05 does not fit into float16") as error:
        import_jets([path], tmp_path / "out.h5", half=True)
    assert error.value.where == f"{path} rows 0 to 199"


def test_no_archive_no_file_nothing_inside(tmp_path):
    text = tmp_path / "text.tar.gz"
    text.write_text("not an archive")
    (tmp_path / "empty").mkdir()
    for path, message in (
        (text, "not a whole archive"),
        (tmp_path / "empty", "holds no .h5 file; give .h5 files"),
        (tmp_path / "none.h5", "no such file or folder"),
        (archive(tmp_path / "hollow.tar.gz"), "holds no .h5 file"),
    ):
        with pytest.raises(DataError, match=message):
            import_jets([path], tmp_path / "out.h5")


def test_an_error_names_the_member_of_the_archive(tmp_path):
    good = write_member(tmp_path / "train", 1)
    x, jets = random_jets()
    x[9, 0, 0] = np.nan
    bad = write_jets(tmp_path / "train" / "jetImage_2_150p_0_10000.h5", x, jets)
    tar = archive(tmp_path / "jets.tar.gz", good, bad)
    place = (
        "jets.tar.gz:train/jetImage_2_150p_0_10000.h5 jetConstituentList row 9: NaN in column px"
    )
    with pytest.raises(DataError, match=place):
        import_jets([tar], tmp_path / "out.h5")


def test_files_of_different_kinds_are_refused(tmp_path):
    x, jets = random_jets()
    first = write_jets(tmp_path / "a.h5", x, jets)
    names = ("j_eta", "j_mass", "j_multiplicity", "j_g", "j_q", "j_w", "j_z", "j_t", "j_undef")
    second = write_jets(tmp_path / "b.h5", x, jets, jet_names=names)
    with pytest.raises(DataError, match="names other jet columns than the first file"):
        import_jets([first, second], tmp_path / "out.h5")
    with h5py.File(first, "a") as handle:
        handle.attrs["origin"] = "simulated"
    with pytest.raises(DataError, match="holds unknown jets, the files before simulated ones"):
        import_jets([first, write_jets(tmp_path / "c.h5", x, jets)], tmp_path / "out.h5")


def test_an_existing_file_is_never_overwritten(tmp_path, members):
    out = tmp_path / "out.h5"
    out.write_text("precious")
    with pytest.raises(RunConflictError, match=r"out\.h5: .* already exists"):
        import_jets(members, out)
    assert out.read_text() == "precious"


def test_half_precision_refuses_what_does_not_fit(tmp_path):
    x, jets = random_jets()
    x[5, 0, 0] = 1e6
    path = write_jets(tmp_path / "a.h5", x, jets)
    with pytest.raises(DataError, match=r"1e.06 does not fit into float16; store in full"):
        import_jets([path], tmp_path / "out.h5", half=True)
