"""Trained folded taggers beside taggers for a jet per clock: LUT by Yosys, latency, exactness.

    python benchmarks/folded_taggers.py JETS.h5 OUT.json SWEEP [SWEEP ...] [--runs SWEEP/RUN ...]
        [--level ir rtl] [--work FOLDER] [--yosys-minutes 40]

Each SWEEP is a folder of ``jetmix sweep``, of examples/sweeps/fold-16.toml for one. Every tagger is
lowered to Verilog for as many clocks as it was trained for, compared with Keras at levels ir and
rtl on 20,000 test jets and made-up vectors, and synthesised by Yosys. A folded tagger is lowered
for a jet per clock as well, up to the estimate: what the same bits cost where every particle has
its own copy. Taggers that are in OUT already are kept.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetmix.support import console
from jetmix.support.files import read_json, write_json
from jetmix.sweeps.records import RUNS, RunRecord, read_sweep
from jetmix.synthesis.flow import synthesise
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.taggers.registry import resolved
from jetmix.training.run_dir import RunDir, open_source
from jetmix.verification.options import VectorOptions

PART, CLOCK_NS = "xcvu13p", 5.0


def measured(run: RunRecord, folder: Path, work: Path, options: SynthOptions) -> dict[str, Any]:
    """Return what a tagger is as firmware, in as many clocks as it was trained for."""
    opened = RunDir(folder)
    recipe, data = opened.recipe, opened.data
    assert data is not None
    fold = recipe.quantiser.fold
    source = open_source(folder)
    made = synthesise(source, work / f"ii{fold}", replace(options, ii=fold))
    unfolded = made
    if fold > 1:
        flat = SynthOptions(part=PART, clock_ns=CLOCK_NS, flow="rtl", levels=("ir",))
        unfolded = synthesise(source, work / "ii1", flat)
    return {
        "architecture": recipe.tagger.architecture,
        "n_particles": recipe.tagger.n_particles,
        "n_features": len(data.feature_names),
        "fold": fold,
        "uniform_particles": recipe.quantiser.shares_bits,
        "target_lut": recipe.training.target_lut,
        "seed": recipe.training.seed,
        "steps": recipe.training.epochs * (recipe.training.epoch_steps or 0),
        "recipe": resolved(recipe).digest(),
        "data_sha256": data.sha256,
        "accuracy": run.accuracy,
        "accuracy_error": run.accuracy_error,
        "ebops": run.ebops,
        **_firmware(made),
        "lut_ii1": unfolded.resources[0].lut,
    }


def _firmware(made: SynthDir) -> dict[str, Any]:
    by_origin = {report.origin: report for report in made.resources}
    estimate, yosys = by_origin["estimate"], by_origin["yosys"]
    return {
        "lut_estimate": estimate.lut,
        "lut": yosys.lut,
        "ff": yosys.ff,
        "lut_by_section": yosys.lut_by_section,
        "latency_cycles": estimate.latency_cycles,
        "yosys": yosys.tool_version,
        "levels": {
            one.candidate: {
                "vectors": one.n_vectors,
                "differ": one.n_mismatch,
                "latency_cycles": one.latency_cycles,
                "ii_cycles": one.ii_cycles,
            }
            for one in made.verification
        },
    }


def main() -> None:
    """Measure every tagger that is not measured yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("sweeps", type=Path, nargs="+")
    parser.add_argument("--runs", nargs="+", metavar="SWEEP/RUN", help="these alone")
    parser.add_argument("--work", type=Path, default=Path("folded-taggers"))
    parser.add_argument("--level", nargs="+", choices=("ir", "rtl"), default=["ir", "rtl"])
    parser.add_argument("--yosys-minutes", type=float, default=40.0)
    given = parser.parse_args()
    options = SynthOptions(
        part=PART, clock_ns=CLOCK_NS, flow="rtl", levels=tuple(given.level),
        vectors=VectorOptions(data=given.jets), run_yosys=True, yosys_minutes=given.yosys_minutes,
    )  # fmt: skip
    found = dict(read_json(given.out)) if given.out.exists() else {}
    for sweep in given.sweeps:
        record = read_sweep(sweep)
        assert record is not None, sweep
        for run in record.of("done"):
            name = f"{sweep.name}/{run.name}"
            if name in found or (given.runs and name not in given.runs):
                continue
            console.say(name)
            work = given.work / sweep.name / run.name
            found[name] = measured(run, sweep / RUNS / run.name, work, options)
            write_json(given.out, found)


if __name__ == "__main__":
    main()
