import json
import shutil

import pytest
from click.testing import CliRunner

from jetmix.cli.main import cli
from jetmix.errors import BitsDifferError, LoweringError, RunConflictError, UsageError
from jetmix.packaging.package import PACKAGE_FILE, open_package, package
from jetmix.packaging.registry import TARGETS
from jetmix.support.files import read_json, write_json
from jetmix.support.records import dump
from jetmix.support.stages import STAGE_FILE


def made(synth_dir, out, **changed):
    return package(synth_dir, out, **{"target": "c-api", "name": "mine", "version": 1, **changed})


@pytest.fixture(scope="module")
def whole(synth_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("package") / "out"
    return out, made(synth_dir, out)


def test_what_is_written_reads_back(whole):
    out, record = whole
    assert open_package(out) == record
    assert {PACKAGE_FILE, *record.files} == {
        str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()
    }


def test_the_command_writes_the_same(synth_dir, whole, tmp_path):
    out = tmp_path / "out"
    options = ["--target", "c-api", "--name", "mine", "--version", "1", "--out", str(out)]
    done = CliRunner().invoke(cli, ["package", str(synth_dir), *options, "--json"])
    assert done.exit_code == 0, done.output
    record = open_package(out)
    assert json.loads(done.stdout.splitlines()[-1]) == dump(record) | {"resources": []}
    assert (record.synth_sha256, set(record.files)) == (
        whole[1].synth_sha256, set(whole[1].files),
    )  # fmt: skip


def test_an_edited_package_is_refused(whole, tmp_path):
    copy = shutil.copytree(whole[0], tmp_path / "copy")
    (copy / "include" / "mine_v1.h").write_text("edited")
    with pytest.raises(BitsDifferError, match=r"include/mine_v1\.h is missing or was edited"):
        open_package(copy)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"target": "capi"}, "did you mean 'c-api'"),
        ({"target": "xyzzy"}, "choose from " + ", ".join(TARGETS)),
        ({"name": "my tagger"}, "name it my_tagger"),
        ({"name": "entity"}, "name it l_entity"),
        ({"version": -1}, "number versions from 0"),
    ],
)
def test_what_nobody_can_name_so_is_refused(synth_dir, tmp_path, changed, message):
    with pytest.raises(UsageError, match=message):
        made(synth_dir, tmp_path / "out", **changed)
    assert not (tmp_path / "out").exists()


def test_a_package_has_the_name_of_its_synthesis_unless_another_is_given(synth_dir, tmp_path):
    named = shutil.copytree(synth_dir, tmp_path / "named")
    record = read_json(named / STAGE_FILE)
    write_json(
        named / STAGE_FILE, record | {"details": record["details"] | {"top": "mu", "version": 4}}
    )
    made = package(named, tmp_path / "out", target="emulator")
    assert (made.label, (tmp_path / "out" / "mu_v4").is_dir()) == ("mu_v4", True)
    assert package(named, tmp_path / "other", target="emulator", version=5).label == "mu_v5"
    with pytest.raises(UsageError, match="--name: the synthesis has none to take; add --name"):
        package(synth_dir, tmp_path / "none", target="emulator", version=5)


def test_an_occupied_folder_is_left_alone(synth_dir, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunConflictError, match="not empty"):
        made(synth_dir, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_synthesis_that_was_edited_is_refused(synth_dir, tmp_path):
    copy = shutil.copytree(synth_dir, tmp_path / "copy")
    graph = json.loads((copy / "ir.json").read_text())
    (copy / "ir.json").write_text(json.dumps(graph) + " ")
    with pytest.raises(BitsDifferError, match=r"ir\.json is missing or is not the one"):
        made(copy, tmp_path / "out")


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        ({"status": "not-run", "n_vectors": 0, "vectors": {}}, LoweringError, "not verified"),
        ({"status": "failed", "n_mismatch": 1}, BitsDifferError, "level ir differs"),
    ],
)
def test_a_synthesis_that_was_not_shown_to_be_exact_is_refused(
    synth_dir, tmp_path, status, error, message
):
    copy = shutil.copytree(synth_dir, tmp_path / "copy")
    (result,) = json.loads((copy / "verification.json").read_text())
    (copy / "verification.json").write_text(json.dumps([result | status]))
    with pytest.raises(error, match=message):
        made(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()
