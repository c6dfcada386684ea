import json
import re

import numpy as np
import pytest

from jetmix.errors import UsageError
from jetmix.packaging import vhdl
from jetmix.packaging.network import Element
from jetmix.packaging.order import Threshold
from jetmix.packaging.package import package
from tests.unit.packaging.verilated import run

PORT = re.compile(r"^    (input|output) logic signed \[(\d+):0\] (\w+)", re.MULTILINE)
DECIDING, LEAST = "logits[1]", 1.3


def made(synth_dir, out, **changed):
    named = {"name": "mine", "version": 3, "threshold": Threshold(score=DECIDING, value=LEAST)}
    return package(synth_dir, out, target="rtl-wrapper", **{**named, **changed})


@pytest.fixture(scope="module")
def wrapper(synth_dir, tmp_path_factory):
    out = tmp_path_factory.mktemp("wrapper") / "out"
    made(synth_dir, out)
    return out


def driver(text):
    """Give every clock a row of rst, in_valid and inputs; write valid, decision and outputs."""
    ports = PORT.findall(text)
    inputs = [(int(high) + 1, name) for kind, high, name in ports if kind == "input"]
    outputs = [(int(high) + 1, name) for kind, high, name in ports if kind == "output"]
    lines = [f"    int32_t row[{2 + len(inputs)}], out[{2 + len(outputs)}];"]
    lines += ["    while (std::fread(row, sizeof row, 1, stdin)) {"]
    lines += ["        top.clk = 0;", "        top.rst = row[0];", "        top.in_valid = row[1];"]
    lines += [f"put(top.{name}, row[{2 + i}], {bits});" for i, (bits, name) in enumerate(inputs)]
    lines += ["        top.eval();", "        top.clk = 1;", "        top.eval();"]
    lines += ["        out[0] = top.out_valid;", "        out[1] = top.decision;"]
    lines += [f"out[{2 + i}] = get(top.{name}, {bits});" for i, (bits, name) in enumerate(outputs)]
    lines += ["        std::fwrite(out, sizeof out, 1, stdout);", "    }"]
    return "\n".join(lines), len(outputs) + 2


def test_valid_jets_come_out_after_the_latency_and_a_reset_drops_the_rest(
    wrapper, integers, tmp_path
):
    x, y = integers
    rng = np.random.default_rng(1)
    n = len(x)
    valid = rng.random(n) < 0.6
    rst = rng.random(n) < 0.01
    rst[0] = True  # registers begin unknown
    body, columns = driver((wrapper / "src" / "mine_v3.sv").read_text())
    given = np.column_stack([rst, valid, x])
    got = run(wrapper / "src", "mine_v3", body, tmp_path, given=given, columns=columns)
    latency = json.loads((wrapper / "ports.json").read_text())["latency_cycles"]
    assert latency > 1
    expected = np.zeros(n, dtype=bool)
    for clock in range(latency, n):
        taken = clock - latency
        expected[clock] = valid[taken] and not rst[taken : clock + 1].any()
    assert expected.sum() > 1000
    assert (valid[: n - latency] & ~expected[latency:]).any()
    assert np.array_equal(got[:, 0], expected)
    answers = np.flatnonzero(expected)
    assert np.array_equal(got[answers, 2:], y[answers - latency])
    decisions = expected.copy()
    decisions[answers] = y[answers - latency, 1] >= np.ceil(LEAST * 64)
    assert 0 < decisions.sum() < expected.sum()
    assert np.array_equal(got[:, 1], decisions)


def test_every_module_and_file_carries_name_and_version(wrapper):
    sources = list((wrapper / "src").iterdir())
    modules = [name for path in sources for name in re.findall(r"^module (\w+)", path.read_text())]
    assert all(path.name.startswith("mine_v3") for path in sources)
    assert all(name.startswith("mine_v3") for name in modules)
    assert "jetmix_tagger" not in "".join(path.read_text() for path in sources)


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        (Threshold(score="logit[1]", value=1), "choose from logits"),
        (
            Threshold(score=DECIDING, value=1e6),
            "threshold 1e\\+06 of logits\\[1\\] decides nothing",
        ),
        (Threshold(score=DECIDING, value=-1e6), "decides nothing"),
    ],
)
def test_a_threshold_that_decides_nothing_is_refused(synth_dir, tmp_path, threshold, message):
    with pytest.raises(UsageError, match=message):
        made(synth_dir, tmp_path / "out", threshold=threshold)
    assert not (tmp_path / "out").exists()


def test_a_target_without_a_decision_takes_no_threshold(synth_dir, tmp_path):
    with pytest.raises(UsageError, match="'c-api' has no decision"):
        package(
            synth_dir, tmp_path / "out", target="c-api", name="mine", version=1,
            threshold=Threshold(score=DECIDING, value=1.0),
        )  # fmt: skip


@pytest.mark.parametrize(("target", "language"), [("emp", "vhdl"), ("rtl-wrapper", "VHDL")])
def test_a_language_that_a_target_does_not_have_is_refused(synth_dir, tmp_path, target, language):
    with pytest.raises(UsageError, match=r"one language|no language 'VHDL'"):
        package(
            synth_dir, tmp_path / "out", target=target, name="mine", version=1, language=language
        )


def test_a_threshold_beyond_the_integers_of_vhdl_is_refused():
    wide = Element(name="a", identifier="out_a", signed=True, fraction=30, bits=40)
    with pytest.raises(UsageError, match="those of VHDL end at 2147483647"):
        vhdl.limit_of([wide], Threshold(score="a", value=3.0))
    assert vhdl.limit_of([wide], Threshold(score="a", value=1.5))[1:] == ("integer", 3 << 29)


@pytest.mark.parametrize("text", ["5", "=5", "a=", "a=x", "a=nan"])
def test_what_is_no_threshold_is_refused(text):
    with pytest.raises(UsageError, match="write SCORE=VALUE"):
        Threshold.parse(text)
