import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jetmix.cli.report import report as command
from jetmix.errors import LimitMissedError, ReportReadError, UsageError
from jetmix.report.collect import collect
from jetmix.report.gate.regression import against_old, load_old
from jetmix.report.gate.rules import Require, Rules, Tolerance, check, figures, load_rules
from jetmix.report.published.baselines import load_baselines
from jetmix.report.published.comparable import fields
from jetmix.report.render.data import content
from jetmix.report.render.markdown import markdown
from jetmix.report.sections.order import sections
from jetmix.report.summary import summary
from jetmix.resources.origins import ORIGINS, PIPELINE_MODEL, Origin
from jetmix.support.files import write_json
from jetmix.verification.levels.registry import LEVELS, Level
from tests.unit.report.folders import edit, make_run, make_synth, resources, verification


def rules(tmp_path: Path, text: str) -> Path:
    (tmp_path / "rules.toml").write_text(text)
    return tmp_path / "rules.toml"


def outcomes(tmp_path: Path, folders: list[Path], text: str) -> dict[str, bool]:
    return {o.check: o.passed for o in check(collect(folders), load_rules(rules(tmp_path, text)))}


def test_figures_take_the_upper_end_of_an_interval(run: Path, synth: Path):
    (tagger,) = collect([run, synth])
    assert figures(tagger) == {
        "accuracy_pct": pytest.approx(62.8),
        "mean_auc": pytest.approx(0.8861, abs=1e-4),
        "ebops": 12345,
        "lut": 13400.0,
        "ff": None,
        "dsp": 0,
        "latency_cycles": 9,
        "latency_ns": 45.0,
        "ii_cycles": 1,
    }


def test_limits_hold_or_break(tmp_path: Path, run: Path, synth: Path):
    text = """
        [require]
        min_accuracy_pct = 62.8
        min_mean_auc = 0.9
        max_lut = 13000
        max_dsp = 0
        max_ff = 100000
        max_latency_ns = 45
        max_ii_cycles = 1
        bit_exact = ["csim", "rtl"]
        origin = ["post-route", "estimate"]
    """
    assert outcomes(tmp_path, [run, synth], text) == {
        "min_accuracy_pct": True,
        "min_mean_auc": False,
        "max_lut": False,
        "max_dsp": True,
        "max_ff": False,  # not known
        "max_latency_ns": True,
        "max_ii_cycles": True,
        "bit_exact at csim": True,
        "bit_exact at rtl": False,  # not run
        "origin": True,
    }


def test_what_is_not_known_fails_in_words(run: Path):
    found = check(collect([run]), Rules(require=Require(max_lut=5.0, origin=("estimate",))))
    assert [outcome.line for outcome in found] == [
        "FAILED: demo: max_lut: not known, required: at most 5 LUT",
        "FAILED: demo: origin: \u2014, required: estimate",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[require]\nmax_luts = 5", "require: unknown key 'max_luts'; did you mean 'max_lut'?"),
        ("[require]\nzzz = 5", "unknown key 'zzz'; take a key of: min_accuracy_pct, "),
        ("[requires]\nmax_lut = 5", "unknown key 'requires'; did you mean 'require'?"),
        ("[tolerance]\nluts = 5", "tolerance: unknown key 'luts'; did you mean 'lut'?"),
        ("[require]\nmax_lut = 'few'", "require: 'max_lut' should be a number but is"),
        ("[require]\nmax_lut = nan", "'max_lut' should be a finite number but is nan"),
        ("[tolerance]\nlut = -1", "tolerance: lut = -1.0 must not be negative"),
        (
            "[require]\nbit_exact = true",
            "'bit_exact' should be a list but is true",
        ),
        ("[require]\nbit_exact = ['x']", "must hold names out of ir, csim, rtl, netlist"),
        ("require = 5", "'require' should be a group of named values but is 5"),
        ("", "holds no rule; set a limit under [require]"),
        ("[", "not a readable TOML file"),
    ],
)
def test_wrong_rules_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(UsageError) as caught:
        load_rules(rules(tmp_path, text))
    assert message in str(caught.value)
    assert "rules.toml" in str(caught.value)


def test_absent_rules_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="not a readable TOML file"):
        load_rules(tmp_path / "absent.toml")


def old_report(tmp_path: Path, *folders: Path) -> Path:
    taggers = collect(folders)
    write_json(tmp_path / "old.json", content(taggers, fields(taggers, load_baselines())))
    return tmp_path / "old.json"


def failed(tmp_path: Path, old: Path, *folders: Path, **tolerance: float) -> list[str]:
    found = against_old(collect(folders), load_old(old), Tolerance(**tolerance))
    return [outcome.line for outcome in found if not outcome.passed]


def test_the_same_report_is_no_step_back(tmp_path: Path, run: Path, synth: Path):
    old = old_report(tmp_path, run, synth)
    found = against_old(collect([run, synth]), load_old(old), Tolerance())
    assert len(found) == 10, [outcome.line for outcome in found]
    assert all(outcome.passed for outcome in found)


def test_steps_back_fail_beyond_the_tolerance(tmp_path: Path, run: Path, synth: Path):
    old = old_report(tmp_path, run, synth)
    checks = [verification("ir")]
    reports = [resources(lut_high=13900.0, latency_cycles=10, dsp=None)]
    worse = make_synth(tmp_path / "worse", run=run, checks=checks, reports=reports)
    assert failed(tmp_path, old, run, worse) == [
        "FAILED: demo: lut against the baseline: 13,900 LUT (+500), required: at most 13,400 LUT",
        "FAILED: demo: dsp against the baseline: not known, required: at most 0 DSP",
        (
            "FAILED: demo: latency_cycles against the baseline: 10 cycles (+1), "
            "required: at most 9 cycles"
        ),
        "FAILED: demo: latency_ns against the baseline: 50 ns (+5), required: at most 45 ns",
        "FAILED: demo: bit_exact at csim: not proven, required: bit-exact",
    ]
    lines = failed(tmp_path, old, run, worse, lut=500, latency_cycles=1, latency_ns=5)
    assert [line.split(": ")[2] for line in lines] == [
        "dsp against the baseline",
        "bit_exact at csim",
    ]


def test_a_better_tagger_passes(tmp_path: Path, run: Path, synth: Path):
    old = old_report(tmp_path, run, synth)
    better = make_synth(
        tmp_path / "better", run=run, reports=[resources(lut=100.0, lut_low=90.0, lut_high=110.0)]
    )
    assert failed(tmp_path, old, run, better) == []


def test_other_origins_are_not_compared_in_silence(tmp_path: Path, run: Path, synth: Path):
    old = old_report(tmp_path, run, synth)
    reports = [resources(origin="csynth", lut_low=None, lut_high=None)]
    lines = failed(tmp_path, old, run, make_synth(tmp_path / "s", run=run, reports=reports))
    assert "FAILED: demo: origin: csynth, required: estimate" in lines
    assert "FAILED: demo: origin of the latency: csynth, required: estimate" in lines


def test_other_jets_are_an_error(tmp_path: Path, run: Path, synth: Path):
    old = old_report(tmp_path, run, synth)
    other = make_run(tmp_path / "demo2", origin="public")
    with pytest.raises(UsageError) as caught:
        failed(tmp_path, old, other)
    assert "'demo2' is on jets of SHA-256 cdcdcdcdc, in the older report on ababababa" in str(
        caught.value
    )


def test_another_part_is_an_error(tmp_path: Path, run: Path, synth: Path):
    old = old_report(tmp_path, run, synth)
    reports = [resources(part="xcvu9p-flga2104-2L-e")]
    with pytest.raises(UsageError, match=r"is on the part xcvu9p.*in the older report on xcvu13p"):
        failed(tmp_path, old, run, make_synth(tmp_path / "s", run=run, reports=reports))


@pytest.mark.parametrize(
    ("changes", "cycles", "source"),
    [
        ({}, 10, "RTL simulation"),
        ({"origin": "yosys"}, 10, "RTL simulation"),
        ({"origin": "post-route", "latency_from": PIPELINE_MODEL}, 10, "RTL simulation"),
        ({"origin": "post-route", "latency_from": "csynth"}, 9, "post-route"),
    ],
)
def test_latency_is_checked_as_measured(tmp_path, changes: dict, cycles: int, source: str):
    checks = [verification("ir"), verification("rtl", latency_cycles=10, ii_cycles=1)]
    synth = make_synth(tmp_path / "s", checks=checks, reports=[resources(**changes)])
    found = check(collect([synth]), Rules(require=Require(max_latency_cycles=9, max_latency_ns=50)))
    assert [(outcome.passed, outcome.found) for outcome in found] == [
        (cycles == 9, f"{cycles} cycles [{source}]"),
        (True, f"{5 * cycles} ns [{source}]"),
    ]


def test_a_made_up_level_and_origin_are_shown_and_checked(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(LEVELS, "chip", Level(name="chip", title="the chip itself", module="none"))
    origin = Origin(name="tape-out", title="counted on the chip", trust=99, made_by="none")
    monkeypatch.setitem(ORIGINS, "tape-out", origin)
    counted = resources(origin="tape-out", lut=9999.0, lut_low=None, lut_high=None)
    levels, reports = [verification("chip")], [resources(), counted]
    synth = make_synth(tmp_path / "s", run=run, checks=levels, reports=reports)
    text = "[require]\nbit_exact = ['chip']\norigin = ['tape-out']\nmax_lut = 10000\n"
    assert all(outcomes(tmp_path, [run, synth], text).values())
    shown = "\n".join(summary(collect([run, synth])))
    assert "chip: equal to Keras on 3,500 jets" in shown
    assert "9,999 [counted on the chip]" in shown
    taggers = collect([run, synth])
    page = markdown("x", sections(taggers, fields(taggers, [])))
    assert "the chip itself" in page
    assert "9,999 \\[counted on the chip\\]" in page


def test_a_lost_tagger_is_a_step_back(tmp_path: Path):
    one, two, three = (make_run(tmp_path / name, seed=i) for i, name in enumerate("abc"))
    old = old_report(tmp_path, one, two)
    assert failed(tmp_path, old, one, three) == ["FAILED: b: tagger: absent, required: present"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "not a report that this version of jetmix can compare with"),
        ({"taggers": 5}, "'taggers' should be a list"),
        ({"taggers": [{"name": "x"}]}, "taggers[0]: 'figures' should be"),
    ],
)
def test_an_old_report_that_is_none_is_refused(
    tmp_path: Path, run: Path, changes: dict, message: str
):
    old = old_report(tmp_path, run)
    edit(old, **changes)
    with pytest.raises(ReportReadError) as caught:
        load_old(old)
    assert message in str(caught.value)


@pytest.mark.usefixtures("no_drawing")
def test_a_missed_limit_exits_11_and_still_writes(tmp_path: Path, run: Path, synth: Path):
    limits = rules(tmp_path, "[require]\nmax_lut = 13000\nbit_exact = ['csim']\n")
    options = ["--no-bits", "--out", str(tmp_path / "out"), "--check", str(limits), "--json"]
    done = CliRunner().invoke(command, [str(run), str(synth), *options])
    assert isinstance(done.exception, LimitMissedError)
    assert done.exception.exit_code == 11
    lines = done.stdout.splitlines()
    assert lines[-5:-2] == [
        "FAILED: demo: max_lut: 13,400 LUT, required: at most 13,000 LUT",
        "passed: demo: bit_exact at csim: bit-exact on 4,000 vectors, required: bit-exact",
        "Checks: 1 of 2 passed",
    ]
    assert json.loads(lines[-1])["passed"] is False
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [entry["passed"] for entry in told["checks"]] == [False, True]
    assert (
        "max\\_lut: 13,400 LUT, required: at most 13,000 LUT"
        in (tmp_path / "out/report.md").read_text()
    )


@pytest.mark.usefixtures("no_drawing")
def test_the_command_passes_against_itself(tmp_path: Path, run: Path):
    old = old_report(tmp_path, run)
    options = ["--no-bits", "--out", str(tmp_path / "out"), "--baseline", str(old)]
    done = CliRunner().invoke(command, [str(run), *options])
    assert done.exit_code == 0, done.output
    assert "Checks: 3 of 3 passed" in done.stdout


def test_the_help_shows_a_file_of_rules_line_by_line():
    done = CliRunner().invoke(command, ["--help"])
    assert "\n    min_accuracy_pct = 60.0\n" in done.output
    assert '\n    origin = ["post-route", "estimate"]\n' in done.output
