"""How well EBOPs and the LUT of jetmix.training.lut_cost predict the cost of a tagger's graph.

    python benchmarks/lut_cost.py measure OUT.jsonl RUN... [--points 5]
    python benchmarks/lut_cost.py fit OUT.jsonl [--write]

`measure` lowers points of the fronts of runs by da4ml, evenly over each front, and writes a JSON
line for each: its EBOPs, the LUT of its graph, and of each layer the amounts of lut_cost and the
cost of sums and of lookup tables. Points that are there already are not measured again. `fit` finds
the LUT of one of each amount, layer by layer, every run with the same weight. It prints how far
EBOPs and the estimate are from the LUT of graphs, for each run by constants of the other runs:
the mean, the scatter about it, and the correlation of ranks. `--write` puts the constants where
trainings take them from.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from jetmix.firmware import da_graph, dais
from jetmix.firmware.project import DA4ML
from jetmix.models.keras_env import load_tagger
from jetmix.models.prepare import prepare, shown
from jetmix.resources.lut import Costs, lut_of, per_adder_cost, per_table_cost
from jetmix.support.files import write_text
from jetmix.support.packaged import packaged
from jetmix.training import lut_cost
from jetmix.training.engine import hgq_variables
from jetmix.training.run_dir import RunDir

# amount of a layer, and which cost of the layer it makes
KINDS = {
    "products": "adders",
    "summed": "adders",
    "added": "adders",
    "tables": "tables",
    "looked_up": "adders",
}
HEAD = """\
# LUT of one of each amount of a tagger (jetmix/training/lut_cost.py), fitted by
# benchmarks/lut_cost.py to {points} taggers of {runs} runs: {names}.
[lut_per]
"""


def measure(path: Path) -> dict[str, Any]:
    """Return EBOPs, the LUT of the graph, and amounts and costs of every layer of a model file."""
    tagger = load_tagger(path)
    prepared = prepare(tagger)
    traces = da_graph.trace_layers(prepared.model)
    graph = da_graph.graph_of(traces)
    costs: dict[str, dict[str, float]] = {}
    for owner, op in zip(da_graph.layer_of_operations(traces, graph), graph.ops, strict=True):
        own = costs.setdefault(shown(owner, prepared.names), {"adders": 0.0, "tables": 0.0})
        own["tables" if op.opcode == dais.TABLE else "adders"] += op.cost
    layers = []
    for layer, shapes in lut_cost.counted(tagger):
        amounts = {k: float(v) for k, v in lut_cost.amounts_of(layer, *shapes).items()}
        layers.append({"layer": layer.name, "amounts": amounts, **costs.get(layer.name, {})})
    return {
        "ebops": sum(int(np.asarray(v)) for v in hgq_variables(tagger, "_ebops")),
        "lut": lut_of(Costs.of(graph)).value,
        "layers": layers,
    }


def spread(points: Sequence[Any], wanted: int) -> list[Any]:
    """Return points evenly over a front, both ends among them."""
    places = np.linspace(0, len(points) - 1, min(wanted, len(points))).round().astype(int)
    return [points[place] for place in places]


def measure_all(out: Path, runs: Sequence[Path], wanted: int) -> None:
    """Append the points that are not measured yet."""
    done = {(row["run"], row["point"]) for row in read(out)}
    for folder in runs:
        run = RunDir.open(folder)
        for point in spread(run.front.points, wanted):
            if (folder.name, point.path) not in done:
                row = {"run": folder.name, "point": point.path, **measure(run.model_of(point))}
                with out.open("a") as handle:
                    handle.write(json.dumps(row) + "\n")
                print(f"{folder.name}: {row['ebops']:,} EBOPs, {row['lut']:,.0f} LUT", flush=True)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file, none if it is not there."""
    return [json.loads(line) for line in path.open()] if path.exists() else []


def fitted(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the LUT of one of each amount; an amount that no run has is missing."""
    lut = {"adders": per_adder_cost(DA4ML).value, "tables": per_table_cost(DA4ML).value}
    ratios: dict[str, list[float]] = {}
    for name in runs_of(rows):
        layers = [layer for row in rows if row["run"] == name for layer in row["layers"]]
        for kind, cost in KINDS.items():
            own = [layer for layer in layers if kind in layer["amounts"] and cost in layer]
            amount = sum(layer["amounts"][kind] for layer in own)
            if amount:
                ratios.setdefault(kind, []).append(sum(x[cost] for x in own) / amount)
    return {
        kind: lut[KINDS[kind]] * float(np.exp(np.mean(np.log(found))))
        for kind, found in ratios.items()
    }


def estimate(row: dict[str, Any], per: dict[str, float]) -> float:
    """Return the LUT of a tagger by constants, NaN if one is missing."""
    return sum(
        per.get(kind, np.nan) * amount
        for layer in row["layers"]
        for kind, amount in layer["amounts"].items()
    )


def runs_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the names of the runs."""
    return list(dict.fromkeys(row["run"] for row in rows))


def figures(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, for each run, how far both measures of size are from the LUT of the graph."""
    found = []
    for name in runs_of(rows):
        own = [row for row in rows if row["run"] == name]
        others = [row for row in rows if row["run"] != name]
        lut = np.array([row["lut"] for row in own])
        # EBOPs become LUT by the mean ratio of the other runs, each of which counts alike
        ratios = [
            np.mean([np.log(row["lut"] / row["ebops"]) for row in others if row["run"] == other])
            for other in runs_of(others)
        ]
        sizes = {
            "ebops": np.exp(np.mean(ratios)) * np.array([row["ebops"] for row in own]),
            "estimate": np.array([estimate(row, fitted(others)) for row in own]),
        }
        entry: dict[str, Any] = {"run": name, "points": len(own)}
        entry |= {"lowest": float(lut.min()), "highest": float(lut.max())}
        for kind, size in sizes.items():
            logs = np.log(size / lut)
            known = bool(np.isfinite(logs).all())
            entry[kind] = {
                "off": float(np.exp(logs.mean()) - 1) if known else None,
                "scatter": float(logs.std(ddof=1)) if known and len(own) > 1 else None,
                "rank": float(spearmanr(size, lut)[0]) if known and len(own) > 2 else None,
            }
        found.append(entry)
    return found


def show(rows: list[dict[str, Any]]) -> None:
    """Print the constants and the table."""
    per = fitted(rows)
    print("LUT per", ", ".join(f"{kind} {value:.3f}" for kind, value in per.items()))
    print(f"{'':<41}{'EBOPs x ratio':^27}   {'estimate':^27}")
    about = f"{'off':>9} {'scatter':>9} {'rank':>7}"
    print(f"{'run':<16} {'points':>6} {'LUT of graphs':>17} {about}   {about}")
    table = figures(rows)
    for row in table:
        span = f"{row['lowest']:,.0f}-{row['highest']:,.0f}"
        cells = "   ".join(
            f"{or_dash(row[kind]['off'], '+.1%'):>9} {or_dash(row[kind]['scatter'], '.1%'):>9} "
            f"{or_dash(row[kind]['rank'], '.2f'):>7}"
            for kind in ("ebops", "estimate")
        )
        print(f"{row['run']:<16} {row['points']:>6} {span:>17} {cells}")
    print(json.dumps({"lut_per": per, "runs": table}))


def or_dash(value: float | None, form: str) -> str:
    """Return a figure, or a dash where there is none."""
    return "-" if value is None else format(value, form)


def write_constants(rows: list[dict[str, Any]]) -> None:
    """Write the file that trainings read."""
    names = sorted(runs_of(rows))
    text = HEAD.format(points=len(rows), runs=len(names), names=", ".join(names))
    lines = [f"{kind} = {value:.3f}" for kind, value in fitted(rows).items()]
    write_text(packaged(lut_cost.FILE), text + "\n".join(lines) + "\n")


def main() -> None:
    """Measure points, or fit to those that were measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("measure", "fit"))
    parser.add_argument("out", type=Path, help="file of JSON lines")
    parser.add_argument("runs", type=Path, nargs="*", help="run directories to measure")
    parser.add_argument("--points", type=int, default=5, help="points of each front at most")
    parser.add_argument("--write", action="store_true", help="write the constants")
    options = parser.parse_args()
    if options.action == "measure":
        measure_all(options.out, options.runs, options.points)
        return
    rows = read(options.out)
    if not rows:
        sys.exit(f"{options.out}: no lines; measure some runs first")
    show(rows)
    if options.write:
        write_constants(rows)


if __name__ == "__main__":
    main()
