import json
import shutil

import pytest

from jetmix.errors import ReportReadError, RunConflictError
from jetmix.support.files import (
    atomic_path,
    content_digest,
    place_folder,
    read_json,
    tree_digest,
    write_json,
)
from jetmix.support.stages import StageRecord, claim_folder, read_stage


def test_atomic_path_leaves_the_old_file_when_the_block_fails(tmp_path):
    target = tmp_path / "result.json"
    target.write_text("old")

    def write_and_fail():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_atomic_path_keeps_the_suffix(tmp_path):
    with atomic_path(tmp_path / "tagger.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("new")
    assert (tmp_path / "tagger.keras").read_text() == "new"


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"accuracy": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_read_json_names_the_file(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ReportReadError, match=r"x\.json: not a readable JSON file"):
        read_json(tmp_path / "x.json")
    with pytest.raises(ReportReadError, match="the file is missing"):
        read_json(tmp_path / "y.json")


def test_stage_record_round_trip(tmp_path):
    record = StageRecord(stage="synth", digest="abc", seconds=1.5, details={"n": 3})
    assert read_stage(tmp_path) is None
    record.write(tmp_path)
    assert read_stage(tmp_path) == record


def test_foreign_stage_record_is_refused(tmp_path):
    (tmp_path / "stage.json").write_text(json.dumps({"stage": "synth", "extra": 1}))
    with pytest.raises(ReportReadError, match="unknown key 'extra'"):
        read_stage(tmp_path)


def test_tree_digest_sees_contents_and_names(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = tree_digest(tmp_path, ["a", "b"])
    assert tree_digest(tmp_path, ["b", "a"]) == before
    assert tree_digest(tmp_path, ["a"]) != before
    (tmp_path / "b").write_text("3")
    assert tree_digest(tmp_path, ["a", "b"]) != before


def test_content_digest_ignores_the_order_of_keys():
    assert content_digest({"a": 1, "b": 2}) == content_digest({"b": 2, "a": 1})
    assert content_digest({"a": 1}) != content_digest({"a": 2})


def test_claim_folder(tmp_path):
    fresh = tmp_path / "fresh"
    claim_folder(fresh, owned_by="mark")
    assert fresh.is_dir()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("precious")
    with pytest.raises(RunConflictError, match="not empty and was not made by this command"):
        claim_folder(foreign, owned_by="mark")
    (foreign / "mark").touch()
    claim_folder(foreign, owned_by="mark")
    with pytest.raises(RunConflictError, match="is a file"):
        claim_folder(foreign / "thesis.tex", owned_by="mark")


def test_placed_folder_is_whole_or_not_there(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    for name in "ab":
        (source / name).write_text(name)
    place_folder(source, tmp_path / "placed")
    assert sorted(p.name for p in (tmp_path / "placed").iterdir()) == ["a", "b"]

    def full(src, dst):
        dst.mkdir()
        reason = f"[Errno 28] No space left on device: '{src}/a' -> '{dst}/a'"
        raise shutil.Error([(f"{src}/{name}", f"{dst}/{name}", reason) for name in "ab"])

    monkeypatch.setattr("jetmix.support.files.shutil.copytree", full)
    with pytest.raises(OSError, match=r"No space left on device") as caught:
        place_folder(source, tmp_path / "other")
    assert caught.value.filename.endswith("/a")
    assert "[('" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["placed", "source"]
