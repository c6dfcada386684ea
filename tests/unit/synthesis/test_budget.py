import pytest

from jetmix import words
from jetmix.firmware import da_graph
from jetmix.resources.report import ResourceReport
from jetmix.support.records import dump
from jetmix.synthesis import budget
from jetmix.synthesis.options import Budget
from jetmix.verification.result import VerificationResult

# depth of the adder trees -> LUT and cycles at 5 ns, as da4ml trades them
GRAPHS = {2: (1000, 4), 0: (1100, 3), -1: (950, 5)}
MEASURED = VerificationResult(
    reference="keras", candidate="rtl", status="passed", n_vectors=1, n_mismatch=0,
    max_diff_lsb=0.0, lsb=0.5, first_mismatch=None, vectors={"jet": 1}, seconds=1.0,
    latency_cycles=6, ii_cycles=1,
)  # fmt: skip


def report(constraint, clock_ns=5.0):
    lut, cycles = GRAPHS[constraint]
    cycles = max(cycles, round(12 / clock_ns))
    return ResourceReport(
        origin="estimate", part=None, lut=lut, latency_cycles=cycles, clock_target_ns=clock_ns
    )


@pytest.fixture(autouse=True)
def da4ml(monkeypatch):
    monkeypatch.setattr(da_graph, "trace_layers", lambda _, **chosen: chosen["delay_constraint"])
    monkeypatch.setattr(da_graph, "graph_of", lambda traces: traces)


@pytest.mark.parametrize(
    ("limits", "taken", "n_tried"),
    [
        (Budget(), 2, 1),
        (Budget(max_latency_ns=20, max_lut=1000), 2, 1),
        (Budget(max_latency_ns=15), 0, 2),
        (Budget(max_lut=960), -1, 3),
        (Budget(max_latency_ns=10), 0, 3),
        (Budget(max_lut=900), -1, 3),
        # 15 ns cost 200 LUT too many, 20 ns cost a third of the latency
        (Budget(max_latency_ns=15, max_lut=900), 0, 3),
    ],
)
def test_nearest_graph_is_taken(limits, taken, n_tried):
    chosen, tried = budget.lower(None, report, limits)
    assert (chosen.delay_constraint, len(tried)) == (taken, n_tried)


def searched(tmp_path, limits):
    chosen, tried = budget.lower(None, report, limits)
    budget.write_search(tmp_path, chosen, tried, budget.clocks(chosen, report), {})
    return chosen.report, budget.read_search(tmp_path)


def test_excess_is_reported_by_origin(tmp_path):
    limits = Budget(max_latency_ns=18, max_lut=1000)
    estimate, search = searched(tmp_path, limits)
    routed = ResourceReport(origin="post-route", part=None, lut=1200.0)
    outcome = budget.judge(limits, [routed, estimate], search=search)
    assert (outcome.met, outcome.taken, len(outcome.tried)) == (False, 0, 3)
    assert dump(outcome)["judged"] == [
        {"origin": "estimate", "missed_by": {"latency_ns": 0.0, "lut": 100}},
        {"origin": "post-route", "missed_by": {"lut": 200.0}},
    ]
    latency, lut, routed_lut, tried, advice = words.budget_lines(outcome)
    assert latency == "Budget of 18 ns: met [estimate]"
    assert lut == "Budget of 1,000 LUT: exceeded by 100 LUT [estimate]"
    assert routed_lut.endswith("exceeded by 200 LUT [post-route]")
    assert "1,000 LUT at 20 ns, 1,100 LUT at 15 ns, 950 LUT at 25 ns [budget.json]" in tried
    assert "smaller tagger" in advice


def test_a_measured_latency_is_judged_before_the_estimate():
    limits = Budget(max_latency_ns=25)
    assert budget.judge(limits, [report(2)]).met
    outcome = budget.judge(limits, [report(2)], [MEASURED])
    assert not outcome.met
    assert dump(outcome.judged) == [{"origin": "rtl", "missed_by": {"latency_ns": 5.0}}]
    assert words.budget_lines(outcome)[0] == "Budget of 25 ns: exceeded by 5 ns [rtl]"


def test_cycles_that_a_tool_scheduled_are_not_replaced():
    csynth = ResourceReport(
        origin="csynth", part=None, lut=9.0, latency_cycles=3, clock_target_ns=5.0
    )
    outcome = budget.judge(Budget(max_latency_ns=20), [csynth, report(2)], [MEASURED])
    assert dump(outcome.judged) == [
        {"origin": "rtl", "missed_by": {"latency_ns": 10.0}},
        {"origin": "csynth", "missed_by": {"latency_ns": 0.0}},
    ]
    assert outcome.met  # the more trusted one has the last word


@pytest.mark.parametrize(
    ("limit", "advice"),
    [(13, "--clock-ns 3 would take 12 ns [estimate]"), (11, "No clock period from 3 to 10 ns")],
)
def test_a_clock_that_meets_the_latency_is_named(tmp_path, limit, advice):
    limits = Budget(max_latency_ns=limit)
    estimate, search = searched(tmp_path, limits)
    outcome = budget.judge(limits, [estimate], search=search)
    assert outcome.judged[0].missed_by == {"latency_ns": 15.0 - limit}
    assert words.budget_lines(outcome)[-1].startswith(advice)


def test_met_without_a_search(tmp_path):
    outcome = budget.judge(Budget(max_lut=5000), [report(2)])
    assert (outcome.met, outcome.tried, budget.read_search(tmp_path)) == (True, (), None)
    assert words.budget_lines(outcome) == ["Budget of 5,000 LUT: met [estimate]"]
