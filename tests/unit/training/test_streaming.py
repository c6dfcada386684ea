"""Training from disk: the same jets, an order from seed and epoch, exact resume, bounded memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jetmix.data.container import Content, container_writer
from jetmix.data.dataset import JetDataset
from jetmix.data.selection import Selection
from jetmix.data.stream import gathered, pack, pieces, read_rows
from jetmix.errors import DataError
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training import feed as feeds
from jetmix.training.calibrate import calibrate
from jetmix.training.feed import Resident, Streamed
from jetmix.training.jets import Jets
from jetmix.training.loop import Loop
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir

from .conftest import separable

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
FEATURES = ("pt", "deta", "dphi")
RECIPE = """
[data]
features = ["pt", "deta", "dphi"]
targets = ["mass"]
weights = true
[tagger]
architecture = "mlp"
n_particles = 4
[tagger.options]
hidden = [8]
[training]
epochs = 4
batch_size = 64
learning_rate = 0.02
stream_jets = 200
beta = [[0.0, 1e-6, "constant"]]
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A file that is sorted by class, as a chain of samples is."""
    path = tmp_path_factory.mktemp("jets") / "mine.h5"
    x, y = separable(1500, seed=1)
    x[..., 0] = -np.sort(-np.abs(x[..., 0]), axis=1)
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    content = Content(
        constituents=FEATURES, n_constituents=4, jets=("pt",), classes=tuple("abcde"),
        targets=("mass",), has_weights=True, has_split=False,
    )  # fmt: skip
    rng = np.random.default_rng(2)
    about = {"origin": "simulated", "sorted_by": "pt", "hashed": ["pt", "deta"]}
    with container_writer(path, content, attributes=about) as writer:
        writer.append(
            constituents=x,
            jets=x[..., 0].sum(axis=1)[:, None],
            labels=y,
            targets=np.exp(x[..., 0].sum(axis=1) / 4)[:, None],
            weights=rng.exponential(size=len(y)),
        )
    return path


SELECTION = Selection(
    n_particles=4, features=FEATURES, targets=("mass",), weights=True, reweight=("pt",)
)


@pytest.mark.parametrize("normalisation", ["standard", "power-of-two"])
def test_packed_jets_are_those_of_the_loader(data, tmp_path, normalisation):
    scaling = {"deta": (0.5, 2.0)}
    packed = pack(data, SELECTION, tmp_path, normalisation=normalisation, scaling=scaling)
    for split, found in packed.items():
        loaded = JetDataset.load(
            data, SELECTION, split=split, normalisation=normalisation, scaling=scaling
        )
        assert isinstance(found.x, np.memmap)
        for name in ("x", "y", "targets", "weights"):
            np.testing.assert_array_equal(getattr(found, name), getattr(loaded, name))
        np.testing.assert_array_equal(found.columns["pt"], loaded.columns["pt"])
        for name in ("normalisation", "class_names", "target_scales", "source", "split"):
            assert getattr(found, name) == getattr(loaded, name)


def test_rows_are_read_from_the_file(tmp_path):
    values = np.random.default_rng(0).normal(size=(1000, 3, 2)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(read_rows(x, 10, 20), values[10:20])
    rows = np.array([5, 6, 7, 900, 3, 4, 999])
    np.testing.assert_array_equal(gathered(x, rows), values[rows])
    np.testing.assert_array_equal(np.concatenate(list(pieces(x))), values)


class Recorder:
    """An engine that keeps the jets as they are."""

    def hold(self, jets):
        return jets.arrays


def epoch_of(feed, epoch):
    """Return the jets of an epoch batch by batch."""
    return [jets["y"][rows] for jets, order in feed.portions(epoch) for rows in order]


def numbered(n_jets):
    """Return jets whose class is their number."""
    number = np.arange(n_jets)
    return Jets(x=number[:, None].astype(np.float32), y=number)


def test_every_epoch_has_every_jet_once_in_an_order_of_its_own():
    feed = Streamed(numbered(1000), Recorder(), 40, 7, 200)
    first, again, second = epoch_of(feed, 0), epoch_of(feed, 0), epoch_of(feed, 1)
    assert {len(batch) for batch in first} == {40}
    assert sorted(np.concatenate(first)) == list(range(1000))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    for jets, order in feed.portions(0):
        assert len(jets["y"]) == 200
        np.testing.assert_array_equal(jets["x"][:, 0], jets["y"])
        assert order.shape == (5, 40)


def test_batches_of_a_sorted_file_are_mixed():
    batches = epoch_of(Streamed(numbered(4000), Recorder(), 100, 7, 1000), 0)
    means = np.array([batch.mean() for batch in batches])
    # 100 jets drawn at random have a mean of 2000 +- 115; neighbours would be far off
    assert means.std() < 400
    assert len(set(np.concatenate(batches))) == 4000


def test_a_jet_that_fits_no_batch_waits_for_another_epoch():
    batches = epoch_of(Streamed(numbered(1050), Recorder(), 100, 7, 250), 0)
    assert [len(batch) for batch in batches] == [100] * 10


def test_an_error_of_the_reading_thread_reaches_the_training():
    jets = numbered(300)
    feed = Streamed(replace(jets, x=jets.x[:100]), Recorder(), 50, 7, 100)
    with pytest.raises(IndexError):
        epoch_of(feed, 0)


def loop_of(folder, recipe, train_jets, validation):
    folder.mkdir()
    keras.utils.set_random_seed(1)
    model = build_tagger(spec_from(recipe, n_classes=5))
    return Loop(
        recipe, model, train=train_jets, validation=validation, folder=folder, digest="digest"
    )


@pytest.mark.long
def test_streamed_training_resumes_to_the_same_bits_and_calibrates_as_in_memory(data, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "packed").mkdir()
    recipe = load_recipe(str(tmp_path / "recipe.toml"))
    packed = pack(data, replace(SELECTION, reweight=()), tmp_path / "packed")
    splits = (Jets.of(packed["train"]), Jets.of(packed["validation"]))
    whole = loop_of(tmp_path / "whole", recipe, *splits)
    whole.run()
    broken = loop_of(tmp_path / "broken", recipe, *splits)
    broken.train_epoch()
    (tmp_path / "broken").rename(tmp_path / "killed")
    (tmp_path / "again").mkdir()
    again = loop_of(tmp_path / "again" / "run", recipe, *splits)
    again.folder = tmp_path / "killed"
    again.resume()
    assert again.state.epoch == 1
    again.run()
    for one, other in zip(whole.engine.state(), again.engine.state(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert calibrate(whole.engine, whole.model, whole.feed.pieces()) == calibrate(
        again.engine, again.model, [np.array(splits[0].x)]
    )
    for one, other in zip(whole.engine.state(), again.engine.state(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_run_leaves_no_packed_jets_and_is_as_good(data, tmp_path):
    accuracies = []
    for name, text in (("streamed", RECIPE), ("resident", RECIPE.replace("= 200\n", '= "none"\n'))):
        (tmp_path / "recipe.toml").write_text(text.replace("epochs = 4", "epochs = 12"))
        recipe = load_recipe(str(tmp_path / "recipe.toml"))
        train(TrainingRun(recipe=recipe, data=data, folder=tmp_path / name))
        accuracies.append(RunDir(tmp_path / name).metrics.accuracy)
        assert RunDir(tmp_path / name).scores.predicted.shape[1] == 1
    assert accuracies[0] == pytest.approx(accuracies[1], abs=0.1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["recipe.toml", "resident", "streamed"]


def test_a_folder_that_cannot_be_written_is_named(data, tmp_path):
    with pytest.raises(DataError, match="cannot be packed there"):
        pack(data, SELECTION, tmp_path / "absent")


def test_memory_holds_the_jets_unless_the_recipe_streams(data, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    settings = load_recipe(str(tmp_path / "recipe.toml")).training
    jets = numbered(300)
    assert isinstance(feeds.make_feed(jets, Recorder(), settings), Streamed)
    resident = feeds.make_feed(jets, Recorder(), replace(settings, stream_jets=None))
    assert isinstance(resident, Resident)


def test_an_epoch_of_some_steps_goes_through_all_jets_in_the_same_order():
    jets = numbered(210)
    whole = Resident(jets, Recorder(), 40, 7, None)
    parts = Resident(jets, Recorder(), 40, 7, 3)
    passes = [batch for epoch in range(3) for batch in epoch_of(whole, epoch)]
    np.testing.assert_array_equal(
        [batch for epoch in range(5) for batch in epoch_of(parts, epoch)], passes
    )
