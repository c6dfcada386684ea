"""Simulation: physics of the jets, the same jets in every way of making them, resume."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from jetmix.cluster.options import ClusterOptions
from jetmix.data.describing.describe import describe
from jetmix.data.simulation import simulate as module
from jetmix.data.simulation.generator import BlockMaker, block_seed, jet_columns
from jetmix.data.simulation.presets import read_preset
from jetmix.data.simulation.simulate import Simulation, simulate
from jetmix.errors import DataError, RunConflictError, ToolMissingError, UsageError

PRESET = read_preset("public-like")


def simulation(n_jets=40, seed=11, **options):
    return Simulation(n_jets=n_jets, seed=seed, preset=PRESET, **({"n_constituents": 32} | options))


def content(path: Path):
    with h5py.File(path) as handle:
        return handle["jetConstituentList"][:], handle["jets"][:]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    # workers are told the sizes of their blocks, so the parent's constants decide
    monkeypatch.setattr(module, "BLOCK_JETS", 4)
    monkeypatch.setattr(module, "ROUND_JETS", 20)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Return a file of 40 jets; its folder has nothing else."""
    path = tmp_path_factory.mktemp("made") / "jets.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_JETS", 4)
        patch.setattr(module, "ROUND_JETS", 20)
        simulate(path, simulation(), jobs=1)
    return path


def test_classes_take_turns_and_the_settings_are_recorded(made):
    x, jets = content(made)
    assert x.shape == (40, 32, 16)
    assert jets[:, -6:-1].argmax(axis=1).tolist() == [0, 1, 2, 3, 4] * 8
    with h5py.File(made) as handle:
        record = json.loads(handle.attrs["simulation"])
        assert handle.attrs["origin"] == "simulated"
        assert handle["jetFeatureNames"][:].astype(str).tolist() == list(jet_columns(hlf=True))
    assert record["seed"] == 11
    assert record["preset"]["jets"]["radius"] == 0.4
    assert set(record["versions"]) == {"jetmix", "numpy", "pythia8mc", "fastjet"}
    assert [p.name for p in made.parent.iterdir()] == ["jets.h5"]


def test_what_the_selection_dropped_is_in_the_file(made, tmp_path):
    with h5py.File(made) as handle:
        whole = json.loads(handle.attrs["selection"])
    assert list(whole) == list("gqWZt")
    for name, counts in whole.items():
        assert counts["events"] >= 8 + counts["unmatched"] + counts["anisotropic"]
        assert name in "WZ" or counts["anisotropic"] == 0
    assert whole["W"]["anisotropic"] + whole["Z"]["anisotropic"] > 0
    done = simulate(tmp_path / "short.h5", simulation(n_jets=27), jobs=2)
    with h5py.File(done.path) as handle:
        short = json.loads(handle.attrs["selection"])
    assert all(0 < short[name]["events"] < whole[name]["events"] for name in "gqWZt")


def test_jobs_length_and_precision_do_not_matter(made, tmp_path):
    simulate(tmp_path / "short.h5", simulation(n_jets=27, half=True), jobs=2)
    x, jets = content(tmp_path / "short.h5")
    assert x.dtype == np.float16
    np.testing.assert_array_equal(x, content(made)[0][:27].astype(np.float16))
    np.testing.assert_array_equal(jets, content(made)[1][:27])


@pytest.mark.filterwarnings("ignore:.*SWIG.*|builtin type:DeprecationWarning")
def test_a_cluster_gives_the_same_file(made, tmp_path, in_process):
    done = simulate(tmp_path / "jets.h5", simulation(), cluster=ClusterOptions(workers=1))
    assert done.n_new == 40
    assert (tmp_path / "jets.h5").read_bytes() == made.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["jets.h5"]


def test_another_seed_gives_other_jets():
    one, other = (
        BlockMaker(preset=PRESET, seed=seed, n_constituents=16, hlf=False).make(2, 0, 5).jets[:, 0]
        for seed in (11, 12)
    )
    assert not np.isin(one, other).any()


def test_a_killed_run_goes_on_and_ends_the_same(made, tmp_path, monkeypatch):
    path = tmp_path / "jets.h5"
    made_blocks = module._made

    def killed(*arguments):
        for number, done in enumerate(made_blocks(*arguments)):
            yield done
            if number == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "_made", killed)
    with pytest.raises(KeyboardInterrupt):
        simulate(path, simulation(), jobs=1)
    assert not path.exists()
    (tmp_path / "jets.h5.parts" / "g-000000.npz").write_bytes(b"half a block")
    monkeypatch.setattr(module, "_made", made_blocks)
    done = simulate(path, simulation(), jobs=1)
    assert 0 < done.n_new < 40
    assert path.read_bytes() == made.read_bytes()
    assert not (tmp_path / "jets.h5.parts").exists()


def test_a_complete_file_is_left_alone_and_another_refused(made):
    assert simulate(made, simulation(), jobs=1).n_new == 0
    with pytest.raises(RunConflictError, match="comes from a different simulation"):
        simulate(made, simulation(seed=12), jobs=1)


def test_blocks_of_another_simulation_are_refused(tmp_path):
    parts = tmp_path / "jets.h5.parts"
    parts.mkdir()
    (parts / "run.json").write_text(json.dumps(simulation(seed=1).manifest()))
    with pytest.raises(RunConflictError, match="blocks of a simulation with another seed"):
        simulate(tmp_path / "jets.h5", simulation(seed=2), jobs=1)


def test_without_high_level_features_the_rest_is_the_same(made, tmp_path):
    simulate(tmp_path / "plain.h5", simulation(n_jets=10, hlf=False), jobs=1)
    plain = dict(zip(jet_columns(hlf=False), content(tmp_path / "plain.h5")[1].T, strict=True))
    rich = dict(zip(jet_columns(hlf=True), content(made)[1][:10].T, strict=True))
    assert len(rich) == len(plain) + 15
    for name, values in plain.items():
        np.testing.assert_array_equal(values, rich[name])


def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch):
    def full(*_):
        yield 4
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_made", full)
    with pytest.raises(DataError, match="the disk is full; free some space") as caught:
        simulate(tmp_path / "jets.h5", simulation(n_jets=10), jobs=1)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "jets.h5").exists()


def test_missing_pythia_says_how_to_install_it(tmp_path, monkeypatch):
    import importlib.metadata

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(ToolMissingError, match=r"pythia8mc is not installed.*jetmix\[simulate\]"):
        simulate(tmp_path / "jets.h5", simulation(), jobs=1)


def test_a_line_that_pythia_does_not_know_is_named(tmp_path):
    spoilt = replace(PRESET, pythia=dict.fromkeys("gqWZt", ("Nonsense:x = 1",)))
    with pytest.raises(UsageError, match="Pythia refuses 'Nonsense:x = 1'"):
        simulate(tmp_path / "jets.h5", replace(simulation(), preset=spoilt), jobs=1)


def test_useless_requests_are_refused():
    with pytest.raises(UsageError, match="4 jets; ask for 5 or more"):
        simulation(n_jets=4)
    with pytest.raises(UsageError, match="151 constituents; keep 1 to 150"):
        simulation(n_constituents=151)


def test_a_block_does_not_hang_on_what_was_made_before():
    fresh = BlockMaker(preset=PRESET, seed=5, n_constituents=16)
    used = BlockMaker(preset=PRESET, seed=5, n_constituents=16)
    for class_index in range(5):
        used.make(class_index, 0, 30)
    for class_index in range(5):
        first, second = fresh.make(class_index, 3, 7), used.make(class_index, 3, 12)
        np.testing.assert_array_equal(first.constituents, second.constituents[:7])


def test_block_seeds_differ_and_suit_pythia():
    seeds = {block_seed(s, c, b) for s in (0, 1) for c in range(5) for b in range(1000)}
    assert len(seeds) == 10_000
    assert min(seeds) >= 1
    assert max(seeds) <= 900_000_000


def test_w_and_z_masses_peak_where_they_should(tmp_path):
    maker = BlockMaker(preset=PRESET, seed=3, n_constituents=150)
    for class_index, peak in ((2, 80.4), (3, 91.2)):
        jets = maker.make(class_index, 0, 300)
        inside = abs(jets.jets[:, 2] - peak) < 15
        assert np.median(jets.jets[inside, 2]) == pytest.approx(peak, abs=2)
        distance = jets.constituents[..., 13]
        assert np.quantile(distance[distance > 0], 0.99) < 0.4


def test_describe_counts_what_was_made(made):
    found = describe(made)
    assert found.counts == dict.fromkeys("gqWZt", 8)
    assert found.origin == "simulated"
    assert (found.n_not_finite, found.n_duplicates) == (0, 0)


def test_parts_of_an_aborted_write_are_not_trusted(made, tmp_path):
    path = tmp_path / "copy.h5"
    shutil.copy(made, path)
    with path.open("rb+") as raw:
        raw.truncate(path.stat().st_size // 2)
    with pytest.raises(RunConflictError, match="comes from a different simulation"):
        simulate(path, simulation(), jobs=1)
