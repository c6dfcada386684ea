import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jetmix import words
from jetmix.errors import ReportReadError, UsageError
from jetmix.report.collect import collect
from jetmix.report.gate.rules import figures
from jetmix.support.files import write_json
from jetmix.support.stages import StageRecord
from tests.unit.report.folders import (
    edit,
    logits_and_labels,
    make_run,
    make_synth,
    metrics,
    resources,
)


def test_a_project_joins_the_run_of_its_model(run: Path, synth: Path):
    (tagger,) = collect([synth, run])
    assert tagger.name == "demo"
    assert tagger.folders == (run, synth)
    assert tagger.gaps == ()
    assert tagger.architecture == "mixer"
    assert tagger.permutation_invariant is False
    assert [result.candidate for result in tagger.verification] == ["ir", "csim", "rtl"]
    assert [point.ebops for point in tagger.front] == [9000, 20000]
    assert tagger.provenance is not None
    assert tagger.provenance.seed == 42
    assert tagger.scores is not None
    assert tagger.scores.logits.shape == (500, 5)


@pytest.mark.parametrize(
    ("architecture", "uniform", "expected"),
    [
        ("gnn", True, True),
        ("gnn", False, False),
        ("deepsets", True, True),
        ("deepsets", False, False),
        ("mixer", True, False),
        ("mlp", True, False),
        ("hlf-mlp", True, None),
        ("unheard-of", True, None),
    ],
)
def test_which_taggers_ignore_the_order(
    tmp_path: Path, architecture: str, uniform: bool, expected: bool | None
):
    run = make_run(tmp_path / "r", architecture=architecture, uniform=uniform)
    assert collect([run])[0].permutation_invariant is expected


def test_without_a_recipe_an_order_free_network_is_not_known_to_be_one(run: Path):
    (run / "recipe.toml").unlink()
    (tagger,) = collect([run])
    assert replace(tagger, architecture="gnn").permutation_invariant is None
    assert replace(tagger, architecture="mixer").permutation_invariant is False


def test_a_project_inside_the_run_is_found(run: Path, synth: Path):
    shutil.move(synth, run / "3-synth")
    (tagger,) = collect([run])
    assert tagger.best_resources is not None
    assert tagger.best_resources.lut == 12500
    (named,) = collect([run, run / "3-synth"])
    assert named.folders == (run, run / "3-synth")


def test_two_projects_of_one_run_are_two_taggers(tmp_path: Path, run: Path, synth: Path):
    other = make_synth(tmp_path / "fast", run=run, reports=[resources(lut=14000.0, lut_high=15000)])
    names = [tagger.name for tagger in collect([run, synth, other])]
    assert names == ["demo / demo-synth", "demo / fast"]


def test_a_project_alone_knows_its_metrics_but_no_scores(synth: Path):
    (tagger,) = collect([synth])
    assert tagger.metrics is not None
    assert tagger.metrics.n_test == 500
    assert tagger.scores is None
    assert [gap.what for gap in tagger.gaps] == ["ROC curves and how to reproduce the training"]


def test_a_foreign_model_has_gaps_instead_of_numbers(tmp_path: Path):
    (tagger,) = collect([make_synth(tmp_path / "foreign")])
    assert (tagger.metrics, tagger.data, tagger.ebops) == (None, None, None)
    assert [gap.what for gap in tagger.gaps] == [
        "accuracy, AUC and confusion matrix",
        "the data used",
        "ROC curves and how to reproduce the training",
    ]


def test_equal_names_are_numbered(tmp_path: Path):
    one, two = make_run(tmp_path / "a" / "demo"), make_run(tmp_path / "b" / "demo", seed=2)
    assert [tagger.name for tagger in collect([one, two])] == ["demo (1)", "demo (2)"]


def test_the_most_trusted_origin_comes_first(tmp_path: Path):
    reports = [
        resources(),
        resources(origin="post-route", lut=13000.0, lut_low=None, lut_high=None),
        resources(origin="csynth", lut=40000.0, lut_low=None, lut_high=None),
    ]
    (tagger,) = collect([make_synth(tmp_path / "s", reports=reports)])
    assert tagger.best_resources is not None
    assert tagger.best_resources.origin == "post-route"


def test_ff_and_clock_are_read_with_their_intervals(tmp_path: Path):
    spans = {"ff_low": 6000, "ff_high": 7100, "clock_achieved_low_ns": 2.4}
    told = resources(ff=6500, clock_achieved_ns=2.8, clock_achieved_high_ns=3.4, **spans)
    (tagger,) = collect([make_synth(tmp_path / "s", reports=[told])])
    assert words.ff(tagger.best_resources) == "6,500 (90%: 6,000 to 7,100)"
    assert words.latency(tagger.best_resources) == (
        "9 cycles, 25.2 ns at 2.8 ns (expected clock, 90%: 2.4 to 3.4; target 5 ns)"
    )
    assert figures(tagger)["ff"] == 7100


def test_ff_outside_of_their_interval_are_refused(tmp_path: Path):
    synth = make_synth(tmp_path / "s", reports=[resources(ff=6500, ff_low=6600, ff_high=7100)])
    with pytest.raises(ReportReadError, match=r"'ff' should be inside its interval from 6600"):
        collect([synth])


def test_an_unfinished_training_is_a_gap(run: Path):
    (run / "2-train" / "stage.json").unlink()
    (run / "2-train" / "metrics.json").write_text("{half")
    (tagger,) = collect([run])
    assert tagger.metrics is None
    assert tagger.n_features == 16
    assert tagger.gaps[0].what == "accuracy, AUC and confusion matrix"
    assert tagger.gaps[0].why == "2-train has no stage.json, so the stage did not finish"
    assert tagger.gaps[0].mend == "run 'jetmix train --resume' to the end"


def test_an_unfinished_project_is_a_gap(synth: Path):
    (synth / "stage.json").unlink()
    (tagger,) = collect([synth])
    assert tagger.resources == ()
    assert [gap.what for gap in tagger.gaps] == ["resources, latency and bit-exactness"]


def test_absent_scores_recipe_and_provenance_are_gaps(run: Path):
    for name in ("2-train/test_scores.npz", "recipe.toml", "provenance.json"):
        (run / name).unlink()
    (tagger,) = collect([run])
    assert [gap.what for gap in tagger.gaps] == [
        "the recipe",
        "ROC curves and score distributions",
        "versions and seed",
        "resources, latency and bit-exactness",
    ]


def test_a_run_on_jet_level_features_is_read(run: Path):
    edit(run / "1-data" / "dataset.json", n_particles=None)
    (tagger,) = collect([run])
    assert tagger.data is not None
    assert (tagger.n_particles, tagger.n_features) == (None, 16)


def test_no_folder_or_one_twice_is_a_usage_error(run: Path):
    with pytest.raises(UsageError, match="no run was given"):
        collect([])
    with pytest.raises(UsageError, match="the folder is named twice"):
        collect([run, run / ".." / "demo"])


def test_a_folder_of_something_else_is_refused(tmp_path: Path):
    with pytest.raises(ReportReadError, match="neither a run nor a synthesised project"):
        collect([tmp_path])
    with pytest.raises(ReportReadError, match="there is no such folder"):
        collect([tmp_path / "absent"])
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportReadError, match="there is no such folder"):
        collect([tmp_path / "file"])


@pytest.mark.parametrize("stage", ["1-data", "2-train"])
def test_a_failed_stage_is_refused(run: Path, stage: str):
    StageRecord(stage=stage, digest="d", seconds=1.0, status="failed").write(run / stage)
    with pytest.raises(ReportReadError, match="the stage ended as 'failed'; see its log"):
        collect([run])


def test_a_failed_synthesis_is_refused(synth: Path):
    StageRecord(stage="synth", digest="d", seconds=1.0, status="failed").write(synth)
    with pytest.raises(
        ReportReadError, match=r"demo-synth/stage\.json: the stage ended as 'failed'"
    ):
        collect([synth])


def test_the_metrics_of_the_helper_are_right():
    logits, y = logits_and_labels()
    assert metrics(logits, y).accuracy == pytest.approx(0.628)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accuracy": 0.99}, "'accuracy' should be 0.6280, as the confusion matrix says"),
        ({"accuracy": 1.5}, "accuracy = 1.5 must lie between 0 and 1"),
        ({"accuracy": "high"}, "'accuracy' should be a number but is \"high\""),
        ({"accuracy": None}, "'accuracy' should be a number but is null"),
        ({"n_test": 600}, "'confusion' should be counts of 600 jets (they add up to 500)"),
        ({"n_test": 0}, "n_test = 0 must be above zero"),
        ({"confusion": [[1]]}, "'confusion' should be a matrix of 5 x 5 counts"),
        ({"confusion": [[-1] * 5] * 5}, "'confusion' should be a matrix of 5 x 5 counts"),
        ({"auc": {"g": 0.5}}, "'auc' should be one number per class (g, q, W, Z, t)"),
        ({"auc": []}, "'auc' should be a group of named values"),
        ({"class_names": "gqWZt"}, "'class_names' should be a list"),
        ({"ebops": -1}, "ebops = -1 must not be negative"),
        ({"ebops": float("nan")}, "holds a number or text that no file of jetmix holds"),
    ],
)
def test_edited_metrics_are_refused(run: Path, changes: dict, message: str):
    edit(run / "2-train" / "metrics.json", **changes)
    with pytest.raises(ReportReadError) as caught:
        collect([run])
    assert message in str(caught.value)
    assert "metrics.json" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("2-train/metrics.json", "[1]", "should be a group of named values"),
        ("2-train/metrics.json", "{", "not a readable JSON file"),
        ("2-train/pareto.json", '{"points": 3}', "'points' should be a list"),
        ("2-train/pareto.json", '{"points": [3]}', "'points[0]' should be a group of named values"),
        ("1-data/dataset.json", "{}", "'path' should be a text but is absent"),
        ("1-data/dataset.json", '{"path": "\\ud800"}', "no file of jetmix holds"),
        ("recipe.toml", "a = [", "cannot read the recipe"),
        ("recipe.toml", "a = nan", "unknown key 'a'"),
        ("provenance.json", "[]", "should be a group of named values"),
        ("2-train/stage.json", '{"who": 1}', "unknown key 'who'"),
    ],
)
def test_damaged_files_are_refused(run: Path, name: str, text: str, message: str):
    (run / name).write_text(text)
    with pytest.raises(ReportReadError) as caught:
        collect([run])
    assert message in str(caught.value)
    assert Path(name).name in str(caught.value)


def save_scores(run: Path, **arrays: np.ndarray) -> None:
    np.savez(run / "2-train" / "test_scores.npz", **arrays)


def test_scores_must_fit_the_metrics(run: Path):
    logits, y = logits_and_labels()
    save_scores(run, y=y, logits=-logits)
    with pytest.raises(
        ReportReadError, match=r"the scores give accuracy 0\.0180, metrics.json says 0\.6280"
    ):
        collect([run])
    save_scores(run, y=y[:10], logits=logits[:10])
    save_scores(run, y=y - 1, logits=logits)
    with pytest.raises(ReportReadError, match="should hold labels from 0 to 4"):
        collect([run])
    save_scores(run, y=y[:10], logits=logits[:10])
    with pytest.raises(ReportReadError, match=r"finite logits of shape \(500, 5\)"):
        collect([run])
    save_scores(run, y=y, logits=np.where(logits > 3, np.nan, logits))
    with pytest.raises(ReportReadError, match="finite logits"):
        collect([run])
    save_scores(run, labels=y)
    with pytest.raises(ReportReadError, match="not readable test scores"):
        collect([run])
    save_scores(run, y=np.array([{}] * 500), logits=logits)
    with pytest.raises(ReportReadError, match="not readable test scores"):
        collect([run])
    (run / "2-train" / "test_scores.npz").write_bytes(b"nothing")
    with pytest.raises(ReportReadError, match="not readable test scores"):
        collect([run])


def test_an_edited_auc_is_found_by_the_scores(run: Path):
    content = json.loads((run / "2-train" / "metrics.json").read_text())
    edit(run / "2-train" / "metrics.json", auc={**content["auc"], "W": 0.99})
    with pytest.raises(
        ReportReadError, match=r"scores give auc W 0\.9030, metrics.json says 0.9900"
    ):
        collect([run])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_mismatch": 3}, "'passed' only with vectors compared and none different"),
        ({"n_vectors": 0}, "'passed' only with vectors compared and none different"),
        ({"status": "failed"}, "'failed' only where vectors"),
        ({"status": "not-run"}, "'not-run' only without vectors"),
        ({"status": "fine"}, "'status' should be one of passed, failed, not-run"),
        ({"candidate": "silicon"}, "must be one of ir, csim, rtl, netlist"),
        ({"n_vectors": 10}, "'vectors' should be counts that add up to 10"),
        ({"first_mismatch": {"vector": -1}}, "first_mismatch: 'origin' should be"),
    ],
)
def test_an_edited_verification_is_refused(synth: Path, changes: dict, message: str):
    edit(synth / "verification.json", 1, **changes)
    with pytest.raises(ReportReadError) as caught:
        collect([synth])
    assert message in str(caught.value)
    assert "verification.json[1]" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"origin": "guess"}, "'origin' should be one of post-route, post-synthesis, csynth"),
        ({"lut": -1}, "lut = -1.0 must not be negative"),
        ({"lut": 99999.0}, "'lut' should be inside its interval from 11800.0 to 13400.0"),
        ({"latency_cycles": 2.5}, "'latency_cycles' should be an integer"),
        ({"ii_cycles": 0}, "ii_cycles = 0 must be an integer of at least 1"),
    ],
)
def test_edited_resources_are_refused(synth: Path, changes: dict, message: str):
    edit(synth / "resources.json", 0, **changes)
    with pytest.raises(ReportReadError) as caught:
        collect([synth])
    assert message in str(caught.value)


def test_lists_must_be_lists(synth: Path):
    write_json(synth / "resources.json", {"lut": 5})
    with pytest.raises(ReportReadError, match=r"resources\.json: should be a list"):
        collect([synth])
    (synth / "resources.json").unlink()
    with pytest.raises(ReportReadError, match=r"resources\.json: the file is missing"):
        collect([synth])
