"""Predicted against published LUT, and the cost of the reference taggers: docs/estimates.md.

    python docs/generate/estimates.py --models FOLDER [--docs docs]

Predictions are leave-one-out: each design is predicted from the others. FOLDER holds the published
model files that the page shows by layer (see REFERENCES). The same input gives the same page, but
for the seconds.
"""

import argparse
import json
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import estimate_tables
import numpy as np
from estimate_tables import Registers, cut_values, registers_of, table
from pages import filled, trimmed

from jetmix.report.figures.style import COLOURS, OURS, drawing, finished
from jetmix.resources.layers import LayerCost
from jetmix.resources.lut import (
    COVERAGE,
    Costs,
    calibration,
    conversions,
    leave_one_out,
    lut_from_cost,
    lut_of,
    per_adder_cost,
    per_table_cost,
    table_designs,
    tables_leave_one_out,
)
from jetmix.resources.report import Interval
from jetmix.support.files import write_text
from jetmix.support.packaged import packaged

# published model files and what they are, from calad0i/da4ml-ae and calad0i/hgq-ae
REFERENCES = {
    "openml/mlp_openml_acc75.86.h5": "MLP, OpenML features, 75.86%",
    "openml/mlp_openml_acc76.86.h5": "MLP, OpenML features, 76.86%",
    "mixer/mixer_64x16_acc77.26.h5": "Mixer 64x16, 77.26%",
    "mixer/mixer_64x16_acc81.39.h5": "Mixer 64x16, 81.39%",
    "gnn/gnn_32x3_acc79.18.keras": "GNN 32x3, 79.18%",
    "gnn/gnn_32x16_acc79.83.keras": "GNN 32x16, 79.83%",
}
BY_LAYER = "mixer/mixer_64x16_acc81.39.h5"
MLP = "openml/mlp_openml_acc76.86.h5"
CLOCK_NS = 5.0
OPEN = Path(__file__).with_name("open_synthesis.json")
PAGE = Path(__file__).with_name("estimates.md.in")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What the estimate says about a published model file."""

    title: str
    cost: float
    interval: Interval
    cycles: int
    seconds: float
    layers: list[LayerCost]
    registers: Registers


def calibration_file() -> dict:
    """Return the content of the calibration."""
    return tomllib.loads(packaged("resources/calibration.toml").read_text(encoding="utf-8"))


def design_names() -> list[str]:
    """Return the names of the calibration designs, in the order of the calibration."""
    return [design["name"] for design in calibration_file()["design"]]


def measure(path: Path, title: str) -> Reference:
    """Estimate a model file, timing everything after its import."""
    from jetmix.firmware import da_graph
    from jetmix.firmware.parts import find_part
    from jetmix.models import keras_env
    from jetmix.resources.estimate import estimate
    from jetmix.resources.layers import layer_costs

    start = time.perf_counter()
    model = keras_env.load_tagger(path)
    traces = da_graph.trace_layers(model)
    graph = da_graph.graph_of(traces)
    report = estimate(graph, part=find_part("xcvu13p"), clock_period_ns=CLOCK_NS)
    layers = layer_costs(traces, graph, da_graph.layer_of_operations(traces, graph))
    seconds = time.perf_counter() - start
    return Reference(
        title=title,
        cost=float(graph.cost),
        interval=lut_of(Costs.of(graph)),
        cycles=report.latency_cycles or 0,
        seconds=seconds,
        layers=layers,
        registers=registers_of(graph),
    )


def published_table(names: list[str], outcomes: list[tuple[float, Interval]]) -> str:
    """Return one row per calibration design, with its leave-one-out prediction."""
    costs, _ = calibration()
    rows = [
        [
            name,
            f"{cost:,.1f}",
            f"{lut:,.0f}",
            f"{seen.value:,.0f}",
            f"{seen.low:,.0f} to {seen.high:,.0f}",
            f"{100 * (seen.value / lut - 1):+.1f}%",
            "yes" if seen.low <= lut <= seen.high else "no",
        ]
        for name, cost, (lut, seen) in zip(names, costs, outcomes, strict=True)
    ]
    head = ["Design", "da4ml cost", "Published LUT", "Predicted LUT", "90% interval", "Error"]
    return table([*head, "Inside"], rows)


def reference_table(references: list[Reference]) -> str:
    """Return one row per published model file."""
    rows = [
        [
            one.title,
            f"{one.cost:,.1f}",
            f"{one.interval.value:,.0f}",
            f"{one.interval.low:,.0f} to {one.interval.high:,.0f}",
            str(one.cycles),
            f"{one.seconds:.0f}",
        ]
        for one in references
    ]
    head = ["Model", "da4ml cost", "Estimated LUT", "90% interval", "Cycles at 5 ns", "Seconds"]
    return table(head, rows)


def engine_values() -> dict[str, str]:
    """Return what the page says of tables and of alkaid's cost."""
    tables, alkaid, others = (
        per_table_cost("da4ml"), per_adder_cost("alkaid"), per_table_cost("alkaid"),
    )  # fmt: skip
    ratios = conversions()
    return {
        "TABLE_N": str(len(table_designs("da4ml"))),
        "TABLE_FREEDOM": str(len(table_designs("da4ml")) - 1),
        "TABLE_RATIO": f"{tables.value:.2f}",
        "TABLE_LOW": f"{tables.low:.2f}",
        "TABLE_HIGH": f"{tables.high:.2f}",
        "TABLE_DESIGNS": table_designs_table(),
        "CONVERSION": f"{float(np.exp(np.log(ratios).mean())):.3f}",
        "CONVERSION_MIN": f"{ratios.min():.3f}",
        "CONVERSION_MAX": f"{ratios.max():.3f}",
        "CONVERSION_N": str(len(ratios)),
        "ALKAID_LOW": f"{100 * (alkaid.low / alkaid.value - 1):+.1f}%",
        "ALKAID_HIGH": f"{100 * (alkaid.high / alkaid.value - 1):+.1f}%",
        "ALKAID_TABLES": f"{others.value:.2f}",
        "ALKAID_TABLES_LOW": f"{others.low:.2f}",
        "ALKAID_TABLES_HIGH": f"{others.high:.2f}",
    }


def table_designs_table() -> str:
    """Return one row per published tagger with LUT layers."""
    names = [design["name"] for design in calibration_file()["table_design"]]
    rows = []
    pairs = zip(names, table_designs("da4ml"), tables_leave_one_out("da4ml"), strict=True)
    for name, (costs, lut), (_, seen) in pairs:
        span = lut_of(costs)
        rows.append(
            [
                name,
                f"{costs.adders:,.0f}",
                f"{costs.tables:,.0f}",
                f"{lut:,.0f}",
                f"{seen:,.0f}",
                f"{100 * (seen / lut - 1):+.1f}%",
                f"{span.low:,.0f} to {span.high:,.0f}",
            ]
        )
    head = ["Design", "Cost of sums", "Cost of tables", "Published LUT", "Predicted LUT", "Error"]
    return table([*head, "90% interval"], rows)


def layer_table(reference: Reference) -> str:
    """Return one row per layer of one model."""
    rows = [
        [
            f"`{one.layer}`",
            f"{one.da4ml_cost:,.1f}",
            f"{one.lut:,.0f}",
            f"{100 * one.share:.1f}%",
            f"{one.depth_adders:.0f}",
        ]
        for one in reference.layers
    ]
    total = [
        "all",
        f"{reference.cost:,.1f}",
        f"{reference.interval.value:,.0f}",
        "100%",
        f"{max(one.depth_adders for one in reference.layers):.0f}",
    ]
    head = ["Layer", "da4ml cost", "Estimated LUT", "Share", "Adders from the input"]
    return table(head, [*rows, total])


def open_table(results: dict) -> str:
    """Return one row per model that Yosys was given."""
    rows = []
    for file, result in results.items():
        found, lut = result["yosys"], result["estimate"]["lut"]
        cells = ["not in 20 minutes", "", "", ""]
        if found is not None:
            carries = found["note"].split(" CARRY4")[0]
            ratio = f"{found['lut'] / lut:.3f}"
            cells = [f"{found['lut']:,}", ratio, f"{found['ff']:,}", f"{int(carries):,}"]
        cpu = f" ({result['cpu_seconds'] / 60:.1f} of CPU)" if "cpu_seconds" in result else ""
        minutes = f"{result['seconds'] / 60:.1f}{cpu}"
        rows.append([REFERENCES[file], f"{lut:,}", *cells, minutes])
    rows += [
        [title, *("",) * 5, "not measured"]
        for file, title in REFERENCES.items()
        if file not in results
    ]
    head = ["Given to Yosys", "Estimated LUT", "Yosys LUT", "Yosys / estimate", "FF", "CARRY4"]
    return table([*head, "Minutes"], rows)


def plot(outcomes: list[tuple[float, Interval]]) -> str:
    """Return predicted against published LUT as SVG, the error below."""
    published = np.array([lut for lut, _ in outcomes])
    value, low, high = (
        np.array([getattr(seen, name) for _, seen in outcomes]) for name in ("value", "low", "high")
    )
    with drawing(5.6, 5.6) as canvas:
        above, below = canvas.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        line = np.array([published.min() / 1.4, published.max() * 1.4])
        above.plot(line, line, color=COLOURS[6], label="predicted = published")
        for axis, scale in ((above, 1.0), (below, published)):
            axis.errorbar(
                published,
                value / scale,
                yerr=[(value - low) / scale, (high - value) / scale],
                fmt="o",
                color=OURS,
                markersize=4,
                capsize=2,
                label="leave-one-out, 90% interval",
            )
        above.set(xscale="log", yscale="log", ylabel="Predicted LUT", xlim=line, ylim=line)
        above.legend(loc="upper left")
        below.axhspan(0.9, 1.1, color=COLOURS[6], alpha=0.3, linewidth=0)
        below.axhline(1.0, color=COLOURS[6])
        below.set(
            xlabel="Published LUT after routing", ylabel="Predicted /\npublished", ylim=(0.8, 1.2)
        )
        picture = finished(canvas, name="estimates", title="Estimates", alt="")
    return trimmed(picture.svg)


def page(references: list[Reference]) -> str:
    """Return the page, every number filled in."""
    outcomes = leave_one_out()
    errors = np.array([abs(seen.value / lut - 1) for lut, seen in outcomes])
    inside = sum(seen.low <= lut <= seen.high for lut, seen in outcomes)
    costs, luts = calibration()
    whole = lut_from_cost(1e6)
    shown = next(one for one in references if one.title == REFERENCES[BY_LAYER])
    mlp = next(one for one in references if one.title == REFERENCES[MLP])
    mlp_lut = luts[design_names().index("HGQ MLP on OpenML features, 76.9%")]
    opened = json.loads(OPEN.read_text(encoding="utf-8"))
    done = [r for r in opened.values() if r["yosys"] is not None]
    ratios = [r["yosys"]["lut"] / r["estimate"]["lut"] for r in done]
    values = {
        "N_OPEN": len(done),
        "OPEN_MIN": f"{min(ratios):.2f}",
        "OPEN_MAX": f"{max(ratios):.2f}",
        "OPEN_KNOWN": f"{100 * (opened[MLP]['yosys']['lut'] / mlp_lut - 1):+.1f}%",
        "YOSYS": done[0]["yosys"]["tool_version"],
        "OPEN": open_table(opened),
        "N_DESIGNS": len(outcomes),
        "PER_COST": f"{whole.value / 1e6:.3f}",
        "LOW": f"{100 * (whole.low / whole.value - 1):+.1f}%",
        "HIGH": f"{100 * (whole.high / whole.value - 1):+.1f}%",
        "RATIO_MIN": f"{(luts / costs).min():.3f}",
        "RATIO_MAX": f"{(luts / costs).max():.3f}",
        "MEAN_ERROR": f"{100 * errors.mean():.1f}%",
        "MAX_ERROR": f"{100 * errors.max():.1f}%",
        "WITHIN_TEN": int((errors <= 0.1).sum()),
        "INSIDE": inside,
        "COVERAGE": f"{100 * COVERAGE:.0f}%",
        "PUBLISHED": published_table(design_names(), outcomes),
        "REFERENCES": reference_table(references),
        "SLOWEST": f"{max(one.seconds for one in references):.0f}",
        "LAYERS_OF": shown.title,
        "LAYERS": layer_table(shown),
        **engine_values(),
        **cut_values(REFERENCES, mlp.registers),
        **estimate_tables.values(
            calibration_file(), [(one.title, one.registers) for one in references]
        ),
    }
    return filled(PAGE, values)


def main() -> None:
    """Measure the reference models and write page and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    options = parser.parse_args()
    references = [measure(options.models / file, title) for file, title in REFERENCES.items()]
    write_text(options.docs / "estimates.svg", plot(leave_one_out()))
    write_text(options.docs / "estimates.md", page(references))


if __name__ == "__main__":
    main()
