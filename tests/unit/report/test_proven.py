import json
from dataclasses import replace
from pathlib import Path

import pytest

from jetmix import words
from jetmix.errors import ReportReadError
from jetmix.report.collect import collect
from jetmix.report.figures import bits as bit_plots
from jetmix.report.published.comparable import fields
from jetmix.report.published.panels import panels
from jetmix.report.render.model import Table
from jetmix.report.sections import bits, trust
from jetmix.report.sections import proofs as proof_tables
from jetmix.report.sections.glance import glance
from jetmix.report.sections.order import sections
from jetmix.report.tagger import Tagger
from jetmix.support.records import write
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.accumulators import Accumulator
from tests.unit.report.folders import (
    edit,
    faults,
    layer_costs,
    make_synth,
    resources,
    verification,
)


def one(synth: Path) -> Tagger:
    (tagger,) = collect([synth])
    return tagger


def rows(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for group in table.groups for row in group.rows]


def test_the_proofs_of_a_project(synth: Path):
    table = proof_tables.proofs([one(synth)])
    assert rows(table) == [
        ["Sums that keep all their bits", "proven", "5,523 operations", ""],
        [
            "Quantisers that cannot wrap", "611 proven", "1,431 quantisers",
            "820 may wrap: channel_mixing 800, head 20",
        ],
        [
            "Adder graphs that equal the weight matrix", "proven",
            "1 of 2 layers, 272 coefficients", "not compared: odd: it is odd",
        ],
        [
            "Jets that exceed an input range", "7, in 9 values", "4,055 jets of jets.h5",
            "eta of particle 2, 7 jets outside [-2, 2)",
        ],
    ]  # fmt: skip
    assert [row[1].mark for row in table.groups[0].rows] == ["good", "", "good", ""]


def test_a_failed_proof_is_marked(synth: Path):
    edit(synth / "ranges.json", "proof", overflows=[4, 5])
    edit(synth / "ranges.json", "linear", 0, wrong=3)
    shown = proof_tables.proofs([one(synth)]).groups[0].rows
    assert [(shown[i][1].text, shown[i][1].mark) for i in (0, 2)] == [
        ("2 operations can overflow", "bad"),
        ("3 coefficients differ", "bad"),
    ]


def test_the_accumulators_of_a_folded_tagger_have_a_row(synth: Path):
    proven = proofs.read(synth)
    found = [
        Accumulator(layer="mean", element=n, bits=9, reached=(-8.0, 7.5 + n), port=(-8.0, 7.96875))
        for n in range(2)
    ]
    proofs.write(synth, replace(proven, accumulators=(found[0], found[0])))
    assert [
        "Accumulators that keep all their bits", "proven", "2 accumulators",
        "mean reaches -8 to 7.5 in up to 9 bits",
    ] in rows(proof_tables.proofs([one(synth)]))  # fmt: skip
    proofs.write(synth, replace(proven, accumulators=tuple(found)))
    assert words.proof_lines(proofs.read(synth))[2] == (
        "Accumulators: 1 of 2 can overflow; mean reaches -8 to 8.5 in up to 9 bits"
    )


def test_faults_that_were_never_planted_are_not_run(synth: Path):
    table = proof_tables.faults([one(synth)])
    (row,) = rows(table)
    assert (row[1], row[-2]) == ("not run", "\u2014")
    assert "jetmix verify DIR --faults 200" in row[-1]


def test_the_score_of_faults_is_shown(synth: Path):
    write(synth / "faults.json", [faults()])
    details = (
        "4,000 vectors, 20,000 other random ones, seed 1; missed: bit-width 1; "
        "silent: bit-width 3; 10 not run within the time limit"
    )
    assert rows(proof_tables.faults([one(synth)])) == [
        ["C++ of hls4ml", "106", "1", "3", "96.36%", details]
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"caught": 107}, "'caught' should be the sum over 'by_kind' but is 107"),
        ({"judged": 111}, "'judged' should be the sum of the verdicts but is 111"),
        ({"planted": 100}, "'judged' should be at most the 100 that were planted"),
        ({"flow": "x"}, "'flow' should be one of hls4ml, rtl"),
        ({"extra": 1}, "unknown key 'extra'"),
        ({"by_kind": {"sign": 5}}, "'sign' should be a group of named values"),
    ],
)
def test_an_edited_score_is_refused(synth: Path, changes: dict, message: str):
    write(synth / "faults.json", [faults()])
    edit(synth / "faults.json", 0, **changes)
    with pytest.raises(ReportReadError, match=message):
        one(synth)


def test_without_jets_none_are_said_to_wrap(synth: Path):
    edit(synth / "ranges.json", data=None)
    assert rows(proof_tables.proofs([one(synth)]))[-1][1:] == [
        "not run",
        "\u2014",
        "not run: name jets with 'jetmix synth --data' or 'jetmix verify --data'",
    ]


def test_absent_proofs_and_costs_are_told_with_the_command(run: Path, synth: Path):
    (synth / "ranges.json").unlink()
    (synth / "layers.json").unlink()
    (tagger,) = collect([run, synth])
    assert [(gap.what, gap.why) for gap in tagger.gaps] == [
        ("LUT by layer", "layers.json is absent"),
        ("range proof, linear proof and inputs that would wrap", "ranges.json is absent"),
    ]
    assert [row[1] for row in rows(proof_tables.proofs([tagger]))] == ["not run"] * 3
    assert "jetmix synth" in rows(proof_tables.proofs([tagger]))[0][3]
    assert bit_plots.lut_by_layer(tagger, "x") is None
    assert not bits.costs([tagger]).groups


def test_a_run_without_project_has_no_table_of_proofs(run: Path):
    (tagger,) = collect([run])
    assert not proof_tables.proofs([tagger]).groups
    assert not trust.beside([tagger]).groups


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("operations", -1, "operations = -1 must not be negative"),
        ("overflows", 0, "'overflows' should be a list but is 0"),
        ("can_wrap", 821, "'can_wrap' should be the sum of 'can_wrap_by_layer' but is 821"),
        ("quantisers", 10, "'can_wrap' should be at most the 10 quantisers but is 820"),
    ],
)
def test_an_edited_proof_is_refused(synth: Path, key: str, value: object, message: str):
    edit(synth / "ranges.json", "proof", **{key: value})
    with pytest.raises(ReportReadError) as caught:
        collect([synth])
    assert message in str(caught.value)
    assert "ranges.json: proof" in str(caught.value)


def test_edited_jets_and_ports_are_refused(synth: Path):
    edit(synth / "ranges.json", "data", n_jets_that_wrap=5000)
    with pytest.raises(ReportReadError, match="at most the 4055 jets but is 5000"):
        collect([synth])
    edit(synth / "ranges.json", "data", n_jets_that_wrap=7)
    edit(synth / "ranges.json", "data", "inputs", 0, port=[2.0, -2.0])
    with pytest.raises(ReportReadError, match="must hold the smaller end first"):
        collect([synth])


def test_a_layer_counted_as_proven_without_a_matrix_is_refused(synth: Path):
    edit(synth / "ranges.json", "linear", 1, reason=None)
    with pytest.raises(ReportReadError, match="'coefficients' should be more than 0"):
        collect([synth])


def test_the_cost_of_each_layer(synth: Path):
    tagger = one(synth)
    assert rows(bits.costs([tagger])) == [
        ["channel_mixing", "7,500", "60.0", "7,500.0", "7"],
        ["token_mixing", "4,000", "32.0", "4,000.0", "12"],
        ["head", "1,000", "8.0", "1,000.0", "15"],
    ]
    picture = bit_plots.lut_by_layer(tagger, "lut-by-layer-1")
    assert picture is not None
    assert picture.alt == (
        "Bars of the estimated LUT of each layer of demo-synth: channel_mixing 7,500 (60%), "
        "token_mixing 4,000 (32%), head 1,000 (8%)."
    )


def test_shares_that_do_not_add_up_are_refused(synth: Path):
    write(synth / "layers.json", layer_costs()[:2])
    with pytest.raises(ReportReadError, match=r"add up to 1 \(they add up to 0\.9200\)"):
        collect([synth])


def test_the_estimate_beside_tools_and_the_measured_latency(tmp_path: Path):
    plain = {"lut_low": None, "lut_high": None}
    reports = [
        resources(ff=5000, ff_low=4500, ff_high=5600),
        resources(origin="yosys", lut=15000.0, ff=5500, **plain),
        resources(origin="csynth", lut=25000.0, latency_cycles=12, **plain),
        resources(origin="post-route", lut=12000.0, ff=4000, **plain),
    ]
    levels = [verification("ir"), verification("rtl", latency_cycles=10, ii_cycles=1)]
    tagger = one(make_synth(tmp_path / "s", reports=reports, checks=levels))
    assert rows(trust.beside([tagger])) == [
        ["Yosys synthesis", "LUT", "12,500", "15,000", "1.20", "no"],
        ["Yosys synthesis", "FF", "5,000", "5,500", "1.10", "yes"],
        ["HLS estimate (csynth)", "LUT", "12,500", "25,000", "2.00", "no"],
        ["HLS estimate (csynth)", "Cycles", "9", "12", "1.33", "\u2014"],
        ["post-route", "LUT", "12,500", "12,000", "0.96", "yes"],
        ["post-route", "FF", "5,000", "4,000", "0.80", "no"],
        ["RTL simulation (measured)", "Cycles", "9", "10", "1.11", "\u2014"],
    ]
    assert "measured latency 10 cycles, II 1" in rows(trust.ladder([tagger]))[1][-1]


def test_without_an_estimate_there_is_nothing_to_compare(tmp_path: Path):
    routed = resources(origin="post-route", lut_low=None, lut_high=None)
    tagger = one(make_synth(tmp_path / "s", reports=[routed]))
    assert not trust.beside([tagger]).groups


def test_vectors_are_named_for_people(tmp_path: Path):
    kinds = {"jet": 3500, "rare-jet": 400, "corner": 100}
    tagger = one(make_synth(tmp_path / "s", checks=[verification(vectors=kinds)]))
    (row,) = rows(trust.ladder([tagger]))
    assert row[-1] == "3,500 jets, 400 rare jets, 100 corner cases"
    assert row[1] == "Keras"


def test_the_costs_and_proofs_are_in_the_json(synth: Path):
    from jetmix.report.render.data import content

    (told,) = content([one(synth)], [])["taggers"]
    assert [cost["lut"] for cost in told["layer_costs"]] == [7500, 4000, 1000]
    assert told["proofs"]["can_wrap"] == 820
    assert told["proofs"]["data"]["inputs"][0]["particle"] == 2
    assert told["measured_latency_cycles"] is None
    json.dumps(told)


def test_the_latency_of_yosys_is_told_to_be_the_estimate(tmp_path: Path):
    reports = [resources(origin="yosys", lut_low=None, lut_high=None, ff=7166)]
    tagger = one(make_synth(tmp_path / "s", reports=reports))
    facts = dict(rows(glance([tagger])))
    assert facts["FF"] == "7,166 [Yosys synthesis]"
    assert facts["Latency"] == (
        "9 cycles, 45.0 ns at 5 ns (target clock) [Yosys synthesis, cycles: pipeline model]"
    )
    assert facts["II"] == "1 cycle [Yosys synthesis, cycles: pipeline model]"


def test_the_latency_beside_yosys_stands_with_the_estimates(tmp_path: Path, run: Path):
    yosys = resources(origin="yosys", lut=15000.0, lut_low=None, lut_high=None)
    one_synth = make_synth(tmp_path / "a", run=run)
    other = make_synth(tmp_path / "b", run=run, reports=[resources(), yosys])
    (field,) = fields(collect([run, one_synth, other]), [])
    lut, latency = panels(field, "lut"), panels(field, "latency_ns")
    assert [(p.origin, len(p.points)) for p in lut] == [("yosys", 1), ("estimate", 1)]
    assert [(p.origin, len(p.points)) for p in latency] == [("estimate", 2)]


def test_cycles_of_a_routed_design_tell_their_source(tmp_path: Path):
    routed = resources(origin="post-route", lut_low=None, lut_high=None, latency_from="csynth")
    facts = dict(rows(glance([one(make_synth(tmp_path / "s", reports=[routed]))])))
    assert facts["Latency"].endswith("[post-route, cycles: HLS estimate (csynth)]")


def test_projects_of_one_model_share_its_figures(tmp_path: Path, run: Path, synth: Path):
    (run / "3-synth").symlink_to(synth, target_is_directory=True)
    other = make_synth(tmp_path / "fast", run=run)
    taggers = collect([run, other])
    shown = {section.name: section for section in sections(taggers, [])}
    drawn = [picture.name for picture in shown["physics"].pictures]
    assert drawn == ["roc-1", "confusion-1", "scores-1", "front-1"]
    assert [picture.name for picture in shown["bits"].pictures] == [
        "lut-by-layer-1",
        "lut-by-layer-2",
    ]
    one_name, other_name = (tagger.name for tagger in taggers)
    assert shown["physics"].text.startswith(f"{other_name}: same model as {one_name}")
