"""Distillation: what may be a teacher, what it answers, and what enters the loss and the run."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import jetmix as jm
from jetmix.data.dataset import JetDataset
from jetmix.data.selection import Selection
from jetmix.data.stream import pack
from jetmix.errors import JetmixError, TrainingError, UsageError
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.report.collect import collect
from jetmix.report.sections.reproduce import reproduce
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training import teacher_answers
from jetmix.training.evaluate import evaluate
from jetmix.training.finish import save_model
from jetmix.training.loop import Loop
from jetmix.training.losses import taught_loss
from jetmix.training.run import TrainingRun, train
from jetmix.training.run_dir import RunDir
from jetmix.training.teacher import open_teacher
from jetmix.training.teacher_answers import LOGITS, logits_of, read_teacher

from .conftest import TINY, jetmix, public_file

keras = keras_env.activate()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
# in full precision they train in a second
TINY_FLOAT = TINY.replace("n_particles", "quantised = false\nn_particles")
STUDENT = TINY.replace('["pt", "etarel", "phirel"]', '["pt", "etarel"]')
LARGER = TINY_FLOAT.replace("n_particles = 4", "n_particles = 6")
DIGEST = "488a69f5565a56095df7830d846f22cb2fedd502730f63c281403c34913373e0"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a file of jets, recipes, and a teacher of more particles and features."""
    folder = tmp_path_factory.mktemp("teacher")
    public_file(folder / "jets.h5")
    float_student = STUDENT.replace("n_particles", "quantised = false\nn_particles")
    for name, text in (("student", STUDENT), ("float", float_student), ("larger", LARGER)):
        (folder / f"{name}.toml").write_text(text)
    trained(folder, "larger", "teacher")
    return folder


def trained(place, recipe, name, **training):
    found = load_recipe(str(place / f"{recipe}.toml"), {"training": training})
    run = TrainingRun(recipe=found, data=place / "jets.h5", folder=place / name)
    return train(run).run


def seen(place, **changes):
    selection = replace(Selection(n_particles=4, features=("pt", "etarel")), **changes)
    return JetDataset.load(place / "jets.h5", selection, split="train")


def test_the_loss_is_that_of_labels_and_softened_answers():
    rng = np.random.default_rng(0)
    logits, teacher = rng.normal(size=(2, 50, 3)).astype(np.float32)
    weights = rng.exponential(size=50).astype(np.float32)
    settings = replace(load_recipe("mixer-8-demo").training, teacher_weight=0.7)

    def soft(values):
        found = np.exp(values / 2.0)
        return found / found.sum(axis=1, keepdims=True)

    apart = (soft(teacher) * np.log(soft(teacher) / soft(logits))).sum(axis=1)
    for given, mean in ((None, apart.mean()), (weights, (apart * weights).mean())):
        found = float(taught_loss(1.5, logits, teacher, settings, given))
        assert found == pytest.approx(0.3 * 1.5 + 0.7 * 4 * mean, rel=1e-5)
    # the same answers are no distance
    assert float(taught_loss(1.5, teacher, teacher, settings)) == pytest.approx(0.45, abs=1e-6)


def test_a_larger_teacher_is_shown_what_it_takes(place):
    teacher = RunDir(place / "teacher")
    train_jets = seen(place)
    opened = open_teacher(teacher.path, train_jets)
    logits = logits_of(opened, train_jets, place)
    jets = JetDataset.load(
        place / "jets.h5", teacher.data.selection, split="train",
        normalisation=teacher.data.normalisation,
    )  # fmt: skip
    assert jets.x.shape[1:] == (6, 3)
    wanted = keras_env.load_tagger(teacher.model, quantised_only=False).predict(jets.x, verbose=0)
    np.testing.assert_allclose(logits, wanted, atol=1e-5)
    judged = evaluate(teacher.model, place / "jets.h5", split="train", trained_on=teacher.data)
    assert read_teacher(place).accuracy == judged.metrics.accuracy


def test_answers_are_found_once(place, tmp_path, monkeypatch):
    train_jets = seen(place)
    teacher = open_teacher(place / "teacher", train_jets)
    first = logits_of(teacher, train_jets, tmp_path)
    judged = []
    find = teacher_answers._judged
    monkeypatch.setattr(teacher_answers, "_judged", lambda *a: judged.append(a) or find(*a))
    np.testing.assert_array_equal(logits_of(teacher, train_jets, tmp_path), first)
    assert not judged
    (tmp_path / LOGITS).write_bytes((tmp_path / LOGITS).read_bytes()[:200])  # damaged
    np.testing.assert_array_equal(logits_of(teacher, train_jets, tmp_path), first)
    assert len(judged) == 1
    other = replace(teacher, sha256="of another model")
    logits_of(other, train_jets, tmp_path)
    assert len(judged) == 2


def test_streamed_jets_have_the_same_answers(place, tmp_path):
    (tmp_path / "packed").mkdir()
    train_jets = seen(place)
    packed = pack(place / "jets.h5", train_jets.selection, tmp_path / "packed")["train"]
    teacher = open_teacher(place / "teacher", packed)
    np.testing.assert_array_equal(
        logits_of(teacher, packed, tmp_path), logits_of(teacher, train_jets, place)
    )


def test_a_run_learns_from_its_twin(place, capsys):
    told = []
    recipe = load_recipe(str(place / "student.toml"), {"training": {"teacher": "auto"}})
    asked = TrainingRun(
        recipe=recipe, data=place / "jets.h5", folder=place / "auto",
        twin_epoch=lambda row, _: told.append(row["epoch"]),
    )  # fmt: skip
    done = train(asked)
    twin = RunDir(place / "auto" / "twin")
    assert told == [1, 2, 3]
    assert (twin.recipe.tagger.quantised, twin.recipe.training.teacher) == (False, None)
    assert twin.metrics.ebops is None
    assert done.metrics.ebops > 0
    used = read_teacher(done.run.data_folder)
    made = done.run.provenance
    assert (made.teacher, made.teacher_sha256) == (str(twin.path), twin.model_sha256)
    assert used.sha256 == twin.model_sha256
    assert np.load(done.run.data_folder / LOGITS).shape == (done.run.data.n_train, 5)
    capsys.readouterr()
    assert train(asked).metrics == done.metrics
    assert "nothing to do" in capsys.readouterr().err
    facts = dict(reproduce(collect([done.run.path])[0]))
    assert facts["Teacher"].startswith(f"{twin.path} (SHA-256 {twin.model_sha256}")
    assert "weight 0.9, temperature 2.0" in facts["Teacher"]


def test_a_teacher_changes_the_training_and_another_one_is_another_run(place):
    plain = trained(place, "float", "plain")
    run = jm.train(
        str(place / "float.toml"), data=place / "jets.h5", out=place / "taught",
        teacher=place / "teacher",
    )  # fmt: skip
    losses = [
        np.genfromtxt(folder / "2-train" / "history.csv", delimiter=",", names=True)["loss"]
        for folder in (plain.path, run.path)
    ]
    assert not np.allclose(*losses)
    assert read_teacher(plain.data_folder) is None
    assert plain.provenance.teacher is None
    model = place / "teacher" / "2-train" / "tagger.keras"
    kept = model.read_bytes()
    try:
        model.write_bytes((place / "plain" / "2-train" / "tagger.keras").read_bytes())
        with pytest.raises(JetmixError, match="finished run on other data"):
            trained(place, "float", "taught", teacher=str(place / "teacher"))
    finally:
        model.write_bytes(kept)


def test_targets_keep_their_own_loss(jets, tmp_path):
    recipe = load_recipe("mlp-16-quick")
    recipe = replace(
        recipe,
        data=replace(recipe.data, targets=("sum",), features=("a", "b", "c")),
        tagger=replace(recipe.tagger, n_particles=4, quantised=False, options={"hidden": (8,)}),
        training=replace(recipe.training, batch_size=320, epochs=1, target_weight=0.5),
    )
    rng = np.random.default_rng(0)
    held = {
        name: replace(found, targets=found.x[..., 0].sum(axis=1, keepdims=True))
        for name, found in jets.items()
    }
    teacher = rng.normal(size=(320, 5)).astype(np.float32)
    held["train"] = replace(held["train"], teacher=teacher)
    model = build_tagger(spec_from(recipe, n_classes=5))
    loop = Loop(recipe, model, **held, folder=tmp_path, digest="digest")
    logits, targets = (np.asarray(v) for v in model(held["train"].x, training=True))
    found = loop.engine.train_epoch(loop.feed.portions(0), 1e-9, 0.0)
    shifted = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = -shifted[np.arange(320), held["train"].y].mean()
    apart = np.abs(targets - held["train"].targets)
    huber = np.where(apart <= 1, apart**2 / 2, apart - 0.5).mean()
    wanted = float(taught_loss(labels, logits, teacher, recipe.training)) + 0.5 * huber
    assert found == pytest.approx(wanted, rel=1e-4)


def simple(n_classes, n_features=3):
    layers = [keras.layers.Flatten(), keras.layers.Dense(n_classes, activation="softmax")]
    return keras.Sequential([keras.Input((4, n_features)), *layers])


def test_a_model_file_of_others_is_taken_with_a_warning(place, tmp_path, capsys):
    model = simple(5)
    save_model(model, tmp_path / "theirs.keras")
    train_jets = seen(place)
    teacher = open_teacher(tmp_path / "theirs.keras", train_jets)
    assert "does not record its jets" in capsys.readouterr().err
    logits = logits_of(teacher, train_jets, tmp_path)
    assert "logarithms" in capsys.readouterr().err
    jets = seen(place, features=("pt", "etarel", "phirel"))
    np.testing.assert_allclose(np.exp(logits), model.predict(jets.x, verbose=0), atol=1e-6)
    # a file inside a run is known by that run
    inside = open_teacher(place / "teacher" / "2-train" / "tagger.keras", train_jets)
    assert inside.normalisation == RunDir(place / "teacher").data.normalisation
    assert "warning" not in capsys.readouterr().err


def edited(place, **changes):
    """Return a copy of the teacher's run whose record of its jets was changed."""
    folder = place / "edited"
    shutil.copytree(place / "teacher", folder, dirs_exist_ok=True)
    path = folder / "1-data" / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def no_model(place):
    (place / "letter.keras").write_text("nothing")
    return place / "letter.keras"


def three_classes(place):
    save_model(simple(3), place / "three.keras")
    return place / "three.keras"


def four_features(place):
    save_model(simple(5, n_features=4), place / "four.keras")
    return place / "four.keras"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda place: edited(place, class_names=["b", "g", "q", "W", "Z"]),
            "classes are b g q W Z, the tagger's are g q W Z t",
        ),
        (
            lambda place: edited(place, classes={name: [name] for name in "gqWZt"}),
            "classes are of the same name, made of other classes",
        ),
        (three_classes, r"answers with the shapes \[\(3,\)\], not with 5 classes"),
        (
            lambda place: edited(place, n_particles=16),
            "does not take these jets: .*16 constituents",
        ),
        (
            lambda place: edited(place, feature_names=["pt", "etarel", "charge"]),
            "does not take these jets: .*charge",
        ),
        (four_features, r"inputs of shape \(4, 4\) but does not record"),
        (lambda place: edited(place, split_digest="another"), "trained on test jets of the tagger"),
        (
            lambda place: edited(place, split_digest="", sha256="of another file"),
            "trained on test jets of the tagger",
        ),
        (no_model, r"letter\.keras"),
        (lambda place: place / "absent", "no such run or model"),
        (lambda place: place, "not a run with a trained tagger"),
    ],
)
def test_what_is_no_teacher_is_refused_before_anything_is_written(made, message, place):
    teacher = str(made(place))
    with pytest.raises(JetmixError, match=message):
        trained(place, "student", "refused", teacher=teacher)
    assert not (place / "refused").exists()


def test_an_old_run_on_the_same_jets_and_split_is_taken(place):
    old = edited(place, split_digest="")
    assert open_teacher(old, seen(place)).sha256


def test_answers_that_are_not_finite_are_refused(place, tmp_path):
    train_jets = seen(place)
    teacher = open_teacher(place / "teacher", train_jets)
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.Flatten(), keras.layers.Dense(5)])
    model.layers[-1].bias.assign([np.inf] * 5)
    with pytest.raises(TrainingError, match="answers are not finite"):
        logits_of(replace(teacher, model=model), train_jets, tmp_path)
    assert not (tmp_path / LOGITS).exists()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("teacher_weight = 0.0", "must be above 0 and at most 1"),
        ("teacher_weight = 1.5", "must be above 0 and at most 1"),
        ("teacher_temperature = 0.0", "must lie in 0.1 ... 100"),
        ('teacher = ""', "must not be empty"),
    ],
)
def test_keys_out_of_range_are_refused(keys, message, tmp_path):
    (tmp_path / "r.toml").write_text(f"{TINY}{keys}\n")
    with pytest.raises(UsageError, match=f"{keys.split()[0]} = .* {message}"):
        load_recipe(str(tmp_path / "r.toml"))


def test_a_twin_needs_a_quantised_tagger(place):
    with pytest.raises(UsageError, match="no twin in full precision"):
        trained(place, "float", "refused", teacher="auto")
    assert not (place / "refused").exists()


def test_recipes_without_a_teacher_keep_their_digest(tmp_path):
    (tmp_path / "r.toml").write_text(TINY)
    plain = load_recipe(str(tmp_path / "r.toml"))
    taught = load_recipe(str(tmp_path / "r.toml"), {"training": {"teacher": "auto"}})
    again = load_recipe(str(tmp_path / "r.toml"), {"training": {"teacher": "none"}})
    assert plain.digest() == again.digest() != taught.digest()
    assert plain.digest() == DIGEST


@pytest.mark.long
def test_tensorflow_trains_with_a_teacher(place, tmp_path):
    done = jetmix(
        "train", place / "student.toml", "--data", place / "jets.h5", "--run", tmp_path / "run",
        "--backend", "tensorflow", "--teacher", place / "teacher", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_teacher(tmp_path / "run" / "1-data").path == str(place / "teacher")
