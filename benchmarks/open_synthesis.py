"""LUT from Yosys against the estimate, for published model files: benchmarks/open_synthesis.json.

    python benchmarks/open_synthesis.py --models FOLDER [--minutes 20]

Each model goes through `jetmix synth --flow rtl --run-yosys` in a process of its own, so a model
that does not finish in time is told as such. Run it before benchmarks/estimates.py, which shows
the result.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jetmix.runs import read_json, write_json

RESULT = Path(__file__).with_suffix(".json")
MODELS = (
    "openml/mlp_openml_acc75.86.h5",
    "openml/mlp_openml_acc76.86.h5",
    "mixer/mixer_64x16_acc77.26.h5",
    "gnn/gnn_32x16_acc79.83.keras",
    "mixer/mixer_64x16_acc81.39.h5",
    "gnn/gnn_32x3_acc79.18.keras",
)
TIMEOUT_EXIT = 8


def synthesise(model: Path, minutes: float) -> dict:
    """Return estimate and Yosys report of a model, None in place of one that did not finish."""
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        out = Path(scratch) / "out"
        words = ["--part", "xcvu13p", "--out", str(out), "--flow", "rtl", "--level", "ir"]
        words += ["--random", "50", "--run-yosys", "--yosys-minutes", str(minutes)]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "jetmix", "synth", str(model), *words], check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode not in (0, TIMEOUT_EXIT):
            raise SystemExit(f"{model}: jetmix synth ended with {done.returncode}")
        by_origin = {entry["origin"]: entry for entry in read_json(out / "resources.json")}
    return {
        "estimate": slim(by_origin["estimate"]),
        "yosys": slim(by_origin["yosys"]) if "yosys" in by_origin else None,
        "seconds": round(seconds, 1),
    }


def slim(report: dict) -> dict:
    """Return the figures of a resource report that the page shows."""
    return {name: report[name] for name in ("lut", "ff", "tool_version", "note")}


def main() -> None:
    """Synthesise every model, writing the result after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    options = parser.parse_args()
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in MODELS:
        if name not in results:
            results[name] = synthesise(options.models / name, options.minutes)
            write_json(RESULT, results)


if __name__ == "__main__":
    main()
