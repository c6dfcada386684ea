import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.report.published.baselines import load_baselines
from jetmix.report.published.comparable import Setting, nondominated, reason_left_out
from tests.unit.report.folders import SIXTEEN, THREE

ROWS = {row.id: row for row in load_baselines()}


def setting(**changes) -> Setting:
    values = {
        "data": "public jets", "public": True, "n_features": 16,
        "feature_names": tuple(SIXTEEN), "pt_gate_gev": 0.0, **changes,
    }  # fmt: skip
    return Setting(**values)


def three(gate: float | None, names: tuple[str, ...] | None = tuple(THREE)) -> Setting:
    return setting(n_features=3, feature_names=names, pt_gate_gev=gate)


@pytest.mark.parametrize(
    ("row", "where", "reason"),
    [
        ("jedi-linear-n32-f16", setting(), None),
        ("jedi-linear-n32-f16", setting(pt_gate_gev=2.0), "its pT gate is not stated"),
        ("jedi-linear-n32-f3", setting(), "uses 3 features, not 16"),
        ("jedi-linear-n32-f3", three(0.0), None),
        ("jedi-linear-n32-f3", three(2.0), "its pT gate is 0 GeV, not 2 GeV"),
        ("mlpm-3f-n64", three(2.0), None),
        ("mlpm-3f-n64", three(0.0), "its pT gate is 2 GeV, not 0 GeV"),
        (
            "mlpm-3f-n64",
            three(None),
            "its pT gate is 2 GeV and that of this tagger is not known",
        ),
        ("weitz-ds-m", three(2.0), "its pT gate is not stated"),
        (
            "jedi-linear-n32-f3",
            three(0.0, ("ptrel", "etarel", "phirel")),
            "uses the features pt, etarel, phirel, not ptrel, etarel, phirel",
        ),
        ("tn-mps-n8", three(0.0), "uses the features pt, erel, deltaR, not pt, etarel, phirel"),
        ("tn-mps-n8", three(0.0, ("deltaR", "pt", "erel")), "its pT gate is not stated"),
        (
            "kanele-openml",
            setting(),
            "measured on another data set, hls4ml LHC jets, jet features (OpenML 42468)",
        ),
        ("hgq-ae-plf-64-16-76790", setting(), "its accuracy is of validation jets"),
    ],
)
def test_a_row_is_left_out_for_the_first_rule_it_breaks(row, where, reason):
    assert reason_left_out(ROWS[row], where) == reason


def test_data_sets_never_mix_and_ten_rows_stay_for_each_common_setting():
    for where in (setting(), three(0.0), three(2.0)):
        shown = [row for row in ROWS.values() if reason_left_out(row, where) is None]
        assert {row.dataset for row in shown} == {"jsc_plf"}
        assert {row.n_features for row in shown} == {where.n_features}
        assert len(shown) >= 10
    assert sum(reason_left_out(row, setting()) is None for row in ROWS.values()) == 16


def test_simulated_and_unknown_jets_carry_a_caveat():
    assert setting().caveat is None
    simulated = setting(public=False, data="simulated jets (x.h5)").caveat
    assert simulated is not None
    assert simulated.startswith("Accuracies measured on simulated jets (x.h5) are not comparable")
    unknown = setting(public=False, data=None).caveat
    assert unknown is not None
    assert "of taggers whose jets are not known are not comparable" in unknown


def test_nondominated_points_of_an_example():
    points = [(10, 70.0), (20, 75.0), (30, 74.0), (20, 75.0), (5, 60.0), (10, 69.0)]
    assert nondominated(points) == [True, True, False, True, True, False]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=30))
def test_a_point_is_dominated_exactly_when_a_nondominated_one_beats_it(points):
    marks = nondominated(points)
    best = [point for point, mark in zip(points, marks, strict=True) if mark]
    assert best
    for point, mark in zip(points, marks, strict=True):
        beaten = any(
            other[0] <= point[0] and other[1] >= point[1] and other != point for other in best
        )
        assert mark is not beaten
