import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.errors import BitsDifferError, LoweringError, ReportReadError, RunConflictError
from jetmix.firmware.project import seal
from jetmix.firmware.verilog import Ports
from jetmix.resources.report import ResourceReport
from jetmix.support.files import read_json, write_json
from jetmix.support.records import dump, load
from jetmix.support.stages import StageRecord
from jetmix.synthesis import synth_dir
from jetmix.synthesis.budget import BudgetSearch, TriedGraph
from jetmix.synthesis.synth_dir import SynthDir, TaggerRecord
from jetmix.verification.result import compare, write_results
from tests.unit.synthesis.folders import TAGGER, finish_synthesis

PART = "xcvu13p-flga2577-2-e"
ESTIMATE = ResourceReport(origin="estimate", part=PART, lut=12600)
NUMBER = st.floats(0, 1e6)


@pytest.fixture
def folder(tmp_path):
    out = tmp_path / "synth"
    (out / "rtl" / "src").mkdir(parents=True)
    (out / "rtl" / "src" / "a.v").write_text("module a; endmodule\n")
    project = seal(out / "rtl", part=PART, clock_period_ns=5.0, flow="rtl")
    return finish_synthesis(out, replace(project, latency_cycles=4), resources=[ESTIMATE])


def test_what_was_written_is_read_wherever_the_folder_is(folder, tmp_path):
    moved = folder.rename(tmp_path / "moved")
    opened = SynthDir.open(moved)
    assert opened.tagger == TAGGER
    assert opened.resources == (ESTIMATE,)
    assert (opened.project("rtl").path, opened.project("rtl").latency_cycles) == (moved / "rtl", 4)
    opened.project("rtl").require_untouched()
    assert (opened.verification, opened.faults) == ((), ())
    assert (opened.proofs, opened.costs, opened.budget, opened.provenance) == (None,) * 4


def test_a_flow_that_was_not_asked_for_is_named(folder):
    with pytest.raises(LoweringError, match=r"holds no HLS project.*--flow hls4ml"):
        SynthDir.open(folder).project("hls4ml")


def test_a_folder_that_is_unfinished_or_not_exact_can_be_looked_into(folder):
    finish_synthesis(folder, exact=False)
    assert SynthDir(folder).record.status == "failed"
    (folder / "stage.json").unlink()
    half = SynthDir(folder)
    assert (half.record, half.projects, half.tagger) == (None, {}, TAGGER)
    with pytest.raises(LoweringError, match="not a finished directory"):
        SynthDir.open(folder)


def test_a_latency_that_an_older_jetmix_measured_is_refused(folder):
    values = np.zeros((3, 2))
    measured = replace(
        compare(values, values, lsb=1.0, level="rtl", origins=[("random", 3)]),
        latency_cycles=4, ii_cycles=1, latency_expected_cycles=4,
    )  # fmt: skip
    write_results(folder, [measured])
    ends = ((0, 1, 1),)
    Ports(inputs=ends, outputs=ends, adders_per_stage=5, latency_cycles=4).write(folder / "rtl")
    assert SynthDir.open(folder).verification == (measured,)
    older = read_json(folder / "rtl" / "ports.json")
    del older["format"]
    write_json(folder / "rtl" / "ports.json", older)
    with pytest.raises(LoweringError, match="counted latency in another way"):
        _ = SynthDir.open(folder).verification


def test_another_model_is_refused(folder):
    (folder / "tagger.keras").write_text("other")
    with pytest.raises(BitsDifferError, match=r"tagger\.keras is missing or is not the one"):
        SynthDir.open(folder)


def test_a_record_without_digests_is_not_trusted(folder):
    StageRecord(stage="synth", digest="d", seconds=1.0).write(folder)
    with pytest.raises(BitsDifferError, match=r"tagger\.keras"):
        SynthDir.open(folder)
    StageRecord(stage="2-train", digest="d", seconds=1.0).write(folder)
    with pytest.raises(LoweringError, match="not a finished directory"):
        SynthDir.open(folder)


def test_a_lost_file_of_resources_is_named(folder):
    (folder / "resources.json").unlink()
    with pytest.raises(ReportReadError, match=r"resources\.json: the file is missing"):
        _ = SynthDir.open(folder).resources


def test_other_options_do_not_overwrite(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    synth_dir.begin(out, "d")
    assert json.loads((out / "synth.json").read_text()) == {"digest": "d"}
    finish_synthesis(out)
    with pytest.raises(RunConflictError, match="with other options"):
        synth_dir.is_done(out, "e")


@given(
    n_particles=st.none() | st.integers(1, 128),
    names=st.none() | st.lists(st.text(), max_size=3).map(tuple),
    recipe=st.none() | st.just({"name": "demo", "tagger": {"architecture": "mixer"}}),
)
def test_what_is_lowered_reads_back_equal(n_particles, names, recipe):
    record = replace(TAGGER, n_particles=n_particles, class_names=names, recipe=recipe)
    content = json.loads(json.dumps(dump(record)))
    assert load(TaggerRecord, content, where="tagger.json") == record


GRAPHS = st.builds(
    TriedGraph,
    delay_constraint=st.integers(-1, 9),
    lut=st.none() | NUMBER,
    latency_ns=st.none() | NUMBER,
)


@given(
    st.builds(
        BudgetSearch,
        tried=st.lists(GRAPHS).map(tuple),
        taken=st.none() | st.integers(-1, 9),
        latency_ns_at_clock_ns=st.dictionaries(st.text(), NUMBER),
    )
)
def test_a_search_reads_back_equal(search):
    content = json.loads(json.dumps(dump(search)))
    assert load(BudgetSearch, content, where="budget.json") == search
