"""LUT and FF of folded taggers: the estimate against Yosys, pipeline by pipeline.

    python benchmarks/folded_estimate.py cells [--write]
    python benchmarks/folded_estimate.py designs OUT.json
    python benchmarks/folded_estimate.py table OUT.json

`cells` synthesises what lies between pipelines, a module at a time, and prints the LUT and FF of
its parts; `--write` puts them where the estimate takes them from. `designs` lowers taggers that
were never trained, of several sizes and folds, and writes what the estimate and Yosys give for each
pipeline and for all that lies between them. Designs that are there already are kept. `table` prints
them as Markdown.
"""

import argparse
import dataclasses
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.eda import yosys
from jetmix.eda.reports.yosys import FLIP_FLOPS, LUTS
from jetmix.firmware.folding.lower import fold
from jetmix.firmware.folding.machine import Machine
from jetmix.firmware.folding.plan import plan
from jetmix.firmware.folding.turns import steps_of
from jetmix.firmware.folding.verilog import write_folded
from jetmix.firmware.parts import find_part
from jetmix.firmware.project import fill
from jetmix.models.prepare import prepare
from jetmix.recipes.recipe import load_recipe
from jetmix.resources.estimate import adders_per_stage, estimate
from jetmix.resources.folded import between_sections
from jetmix.support.files import write_json, write_text
from jetmix.support.packaged import packaged, shipped
from jetmix.taggers.registry import build_tagger, spec_from
from jetmix.training.engine import Tracing

PART, CLOCK_NS = "xcvu13p", 5.0
# architecture, particles, features, fold
DESIGNS = (
    ("mixer", 8, 4, 2), ("mixer", 8, 4, 4), ("mixer", 8, 8, 8), ("mixer", 16, 8, 8),
    ("gnn", 8, 4, 4), ("gnn", 8, 4, 8), ("gnn", 16, 3, 16),
    ("deepsets", 8, 4, 2), ("deepsets", 8, 4, 8), ("deepsets", 16, 3, 4),
)  # fmt: skip
FEATURES = {
    3: ["pt", "etarel", "phirel"],
    4: ["pt", "etarel", "phirel", "e"],
    8: ["pt", "etarel", "phirel", "e", "px", "py", "pz", "erel"],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "mixer": {"width": 8, "head": [8]},
    "gnn": {"width": 8, "head": [8]},
    "deepsets": {"phi": [8, 8], "rho": [8]},
}
# fewer bits than trainings begin with, as trained taggers have them
BITS = {"activation_fraction_bits": 3, "weight_fraction_bits": 3}


def tagger(architecture: str, n_particles: int, n_features: int, factor: int) -> Any:
    """Return a tagger that was never trained, calibrated on random jets."""
    import keras

    changes: dict[str, Any] = {
        "tagger": {"architecture": architecture, "n_particles": n_particles},
        "quantiser": {"fold": factor, **BITS},
    }
    changes["data"] = {"features": FEATURES[n_features]}
    recipe = load_recipe("mixer-8-demo", changes)
    section = dataclasses.replace(recipe.tagger, options=OPTIONS[architecture])
    keras.utils.set_random_seed(1)
    model = build_tagger(spec_from(dataclasses.replace(recipe, tagger=section), n_classes=5))
    jets = np.random.default_rng(1).normal(0, 1.5, (500, n_particles, n_features))
    model(jets.astype(np.float32), training=Tracing())
    return model


def machine_of(architecture: str, n_particles: int, n_features: int, factor: int) -> Machine:
    """Return the folded machine of a tagger."""
    model = prepare(tagger(architecture, n_particles, n_features, factor)).model
    return fold(plan(model, factor), adders_per_stage=adders_per_stage(CLOCK_NS)).machine


def synthesised(machine: Machine, limit_s: float = 3600) -> dict[str, dict[str, int]]:
    """Return the cells of every pipeline, and of all else under an empty name."""
    part = find_part(PART)
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch)
        project = write_folded(machine, folder / "rtl", part=part, clock_period_ns=CLOCK_NS,
                               adders_per_stage=adders_per_stage(CLOCK_NS))  # fmt: skip
        yosys.synthesise(folder / "yosys", project, yosys.find_yosys(), limit_s=limit_s)
        content = json.loads((folder / "yosys" / yosys.STATISTICS).read_text())
    found = {}
    for name, module in content["modules"].items():
        section = name.lstrip("\\").removeprefix(project.top).removeprefix("_")
        found[section] = dict(module["num_cells_by_type"])
    return found


def design(architecture: str, n_particles: int, n_features: int, factor: int) -> dict[str, Any]:
    """Return estimate and Yosys' figures of a design."""
    start = time.perf_counter()
    machine = machine_of(architecture, n_particles, n_features, factor)
    cells = synthesised(machine)
    between = between_sections(machine)
    rows = [{"section": "", "lut": between.lut, "ff": between.ff, **counted(cells[""])}]
    for section, graph in zip(machine.folding.sections, machine.graphs, strict=True):
        seen = estimate(graph, part=find_part(PART), clock_period_ns=CLOCK_NS, flows=("rtl",))
        rows.append({"section": section.name, "lut": seen.lut, "ff": seen.ff,
                     **counted(cells[section.name])})  # fmt: skip
    return {
        "architecture": architecture, "n_particles": n_particles, "n_features": n_features,
        "fold": factor, "latency_cycles": machine.folding.latency_cycles,
        "seconds": round(time.perf_counter() - start, 1), "parts": rows,
    }  # fmt: skip


def counted(cells: dict[str, int]) -> dict[str, int]:
    """Return LUT, those of them that are shift registers, and FF of Yosys' cells."""
    return {
        "yosys_lut": sum(n for kind, n in cells.items() if kind in LUTS),
        "yosys_srl": sum(n for kind, n in cells.items() if kind.startswith("SRL")),
        "yosys_ff": sum(n for kind, n in cells.items() if kind in FLIP_FLOPS),
    }


def measure_designs(out: Path) -> None:
    """Add the designs that are not there yet, writing the file after each."""
    rows = json.loads(out.read_text(encoding="utf-8")) if out.exists() else []
    keys = ("architecture", "n_particles", "n_features", "fold")
    done = {tuple(row[key] for key in keys) for row in rows}
    for one in DESIGNS:
        if one not in done:
            rows.append(design(*one))
            write_json(out, rows)
            show(rows[-1])


def show(row: dict[str, Any]) -> None:
    """Print how far the estimate is from Yosys."""
    title = f"{row['architecture']} {row['n_particles']}x{row['n_features']} by {row['fold']}"
    for part in row["parts"]:
        print(f"{title:22} {part['section'] or 'between':18} "
              f"LUT {part['lut']:7.0f} {part['yosys_lut']:6d}  FF {part['ff']:7.0f} "
              f"{part['yosys_ff']:6d}", flush=True)  # fmt: skip


# clocks per jet at which turns, and the inputs of all particles at once, are measured
FOLDS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 32)
BITS_OF_LANE = 4
TURN = """module x (
    input logic clk, input logic [{fold}:0] at,
    input logic [{last}:0] given, output logic [{last}:0] turned
);
{steps}
    assign turned = {given};
endmodule
"""
STEP = """    logic [{last}:0] by_{apart};
    x_fold_turn_step #(.WIDTH({width}), .LANES({fold}), .RADIX({radix}), .APART({apart})) s_{apart}
        (.clk(clk), .next_start(at[{clock}]), .given({given}), .turned(by_{apart}));"""
HEAD = """\
# LUT of what lies between the pipelines of folded Verilog, for each bit of a beat by the clocks per
# jet, measured by benchmarks/folded_estimate.py with {version}.
"""


def turn(factor: int) -> str:
    """Return the Verilog of a corner turn."""
    steps, given, clock = [], "given", 0
    sizes = {"fold": factor, "last": factor * BITS_OF_LANE - 1, "width": BITS_OF_LANE}
    for step in steps_of(factor):
        one = {"radix": step.radix, "apart": step.apart, "clock": clock, "given": given}
        steps.append(STEP.format(**sizes, **one))
        given, clock = f"by_{step.apart}", clock + step.clocks
    return TURN.format(**sizes, steps="\n".join(steps), given=given)


def lut_of_module(top: str, text: str = "", **parameters: int) -> int:
    """Return the LUT of a module that lies between pipelines, or of a text that holds some."""
    program, _ = yosys.find_yosys()
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch)
        for path in shipped("firmware_templates/folded_modules").iterdir():
            if path.name != "tagger.sv":
                write_text(folder / path.name, fill(path, {"TOP": "x"}))
        write_text(folder / "x.sv", text)
        values = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
        script = (
            f"read_verilog -sv -defer *.sv; hierarchy -check -top {top} {values}; "
            "synth_xilinx -family xcup -nobram -noiopad -flatten; tee -q -o s.json stat -json"
        )
        subprocess.run([program, "-q", "-p", script], cwd=folder, check=True)
        (found,) = json.loads((folder / "s.json").read_text())["modules"].values()
    return counted(found["num_cells_by_type"])["yosys_lut"]


def measure_cells(*, write: bool) -> None:
    """Print the LUT per bit of turns, sent beats and sums, and write them where that is wanted."""
    found: dict[str, dict[str, float]] = {"turn": {}, "send": {}, "sum": {}}
    for factor in FOLDS:
        bits = factor * BITS_OF_LANE
        found["turn"][str(factor)] = round(lut_of_module("x", turn(factor)) / bits, 2)
        sent = lut_of_module("x_fold_send", WIDTH=bits, FOLD=factor)
        found["send"][str(factor)] = round(sent / bits, 2)
        print(factor, found["turn"][str(factor)], found["send"][str(factor)], flush=True)
    total = 16
    found["sum"]["each"] = lut_of_module("x_fold_sum", IN=total - 3, OUT=total, SIGNED=1) / total
    print(found["sum"])
    if write:
        text = HEAD.format(version=yosys.find_yosys()[1])
        for name, values in found.items():
            rows = "\n".join(f"{key} = {value}" for key, value in values.items())
            text += f"\n[{name}]\n{rows}\n"
        write_text(packaged("resources/folded.toml"), text)


def table(path: Path) -> str:
    """Return a row for each design: estimate, Yosys and error of pipelines, buffers and all."""
    lines = [
        "| tagger, particles x features | K | pipelines: LUT | between them: LUT | FF | all: LUT |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in json.loads(path.read_text(encoding="utf-8")):
        between = [part for part in row["parts"] if not part["section"]]
        pipelines = [part for part in row["parts"] if part["section"]]
        title = f"{row['architecture']}, {row['n_particles']} x {row['n_features']}"
        cells = [compared(pipelines, "lut"), compared(between, "lut"), compared(between, "ff"),
                 compared(row["parts"], "lut")]  # fmt: skip
        lines.append(f"| {title} | {row['fold']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def compared(parts: list[dict[str, Any]], name: str) -> str:
    """Return estimate, Yosys' figure and the error of the former, over parts of a design."""
    seen = sum(part[name] for part in parts)
    true = sum(part[f"yosys_{name}"] for part in parts)
    return f"{seen:,.0f}, {true:,} ({100 * (seen / true - 1):+.0f}%)"


def main() -> None:
    """Measure cells, or designs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    cells = commands.add_parser("cells", help="LUT of what lies between pipelines")
    cells.add_argument("--write", action="store_true", help="put them where the estimate is made")
    designs = commands.add_parser("designs", help="the estimate against Yosys")
    designs.add_argument("out", type=Path)
    shown = commands.add_parser("table", help="what was measured, as Markdown")
    shown.add_argument("out", type=Path)
    options = parser.parse_args()
    if options.command == "cells":
        measure_cells(write=options.write)
    elif options.command == "table":
        print(table(options.out))
    else:
        measure_designs(options.out)


if __name__ == "__main__":
    main()
