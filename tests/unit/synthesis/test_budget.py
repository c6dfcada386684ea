import pytest

from jetmix.firmware import da_graph
from jetmix.resources.report import ResourceReport
from jetmix.synthesis import budget
from jetmix.synthesis.budget import Budget

# depth of the adder trees -> LUT and cycles at 5 ns, as da4ml trades them
GRAPHS = {2: (1000, 4), 0: (1100, 3), -1: (950, 5)}


def report(constraint, clock_ns=5.0):
    lut, cycles = GRAPHS[constraint]
    cycles = max(cycles, round(12 / clock_ns))
    return ResourceReport(
        origin="estimate", part=None, lut=lut, latency_cycles=cycles, clock_target_ns=clock_ns
    )


@pytest.fixture(autouse=True)
def da4ml(monkeypatch):
    monkeypatch.setattr(da_graph, "trace_layers", lambda _, *, delay_constraint: delay_constraint)
    monkeypatch.setattr(da_graph, "graph_of", lambda traces: traces)


@pytest.mark.parametrize(
    ("limits", "taken", "n_tried"),
    [
        (None, 2, 1),
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


def test_misses_are_told_by_origin(tmp_path):
    limits = Budget(max_latency_ns=18, max_lut=1000)
    chosen, tried = budget.lower(None, report, limits)
    budget.write(tmp_path, chosen, tried, budget.clocks(chosen, report))
    routed = ResourceReport(origin="post-route", part=None, lut=1200.0)
    outcome = budget.judge(tmp_path, limits, [chosen.report, routed])
    assert (outcome["met"], outcome["taken"], len(outcome["tried"])) == (False, 0, 3)
    assert outcome["judged"] == [
        {"origin": "estimate", "missed_by": {"latency_ns": 0.0, "lut": 100}},
        {"origin": "post-route", "missed_by": {"lut": 200.0}},
    ]
    graphs = "1000 LUT in 20 ns, 1100 LUT in 15 ns, 950 LUT in 25 ns"
    assert budget.lines(outcome) == [
        "Budget of 18 ns: met [estimate]",
        "Budget of 1000 LUT: missed by 100 [estimate]",
        "Budget of 1000 LUT: missed by 200 [post-route]",
        f"Graphs tried for the budget: {graphs} [budget.json]",
        "A smaller tagger may meet the budget.",
    ]


@pytest.mark.parametrize(
    ("limit", "advice"),
    [
        (13, "--clock-ns 3 would take 12 ns [estimate]"),
        (11, "A smaller tagger may meet the budget, no clock from 3 to 10 ns does."),
    ],
)
def test_a_clock_that_meets_the_latency_is_named(tmp_path, limit, advice):
    limits = Budget(max_latency_ns=limit)
    chosen, tried = budget.lower(None, report, limits)
    budget.write(tmp_path, chosen, tried, budget.clocks(chosen, report))
    outcome = budget.judge(tmp_path, limits, [chosen.report])
    assert outcome["judged"][0]["missed_by"] == {"latency_ns": 15.0 - limit}
    assert budget.lines(outcome)[-1] == advice


def test_met_without_a_search(tmp_path):
    outcome = budget.judge(tmp_path, Budget(max_lut=5000), [report(2)])
    assert (outcome["met"], outcome["tried"]) == (True, [])
    assert budget.lines(outcome) == ["Budget of 5000 LUT: met [estimate]"]
