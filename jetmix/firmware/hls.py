"""The only place that talks to hls4ml: a Keras HGQ model in, a sealed Vitis HLS project out."""

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.graph import DELAY_CONSTRAINT
from jetmix.firmware.hls4ml_patches import mended
from jetmix.firmware.hls_names import name_project
from jetmix.firmware.parts import Part
from jetmix.firmware.project import (
    TOP,
    FirmwareProject,
    require_line,
    seal,
    substitute,
    write_templates,
)
from jetmix.support.arrays import Floats
from jetmix.support.files import place_folder

STRATEGY = "distributed_arithmetic"
# A precision that no value fits in: whatever propagation does not reach fails loudly.
POISON = "fixed<-1,0>"
POISON_IN_CPP = re.compile(r"ap_u?fixed<\s*-1\s*,")
TEST_BENCH_JETS = 100


def write_project(
    model: Any,
    destination: Path,
    *,
    part: Part,
    clock_period_ns: float,
    inputs: Floats,
    outputs: Floats,
    delay_constraint: int = DELAY_CONSTRAINT,
    top: str = TOP,
) -> FirmwareProject:
    """Lower ``model`` through hls4ml and write a Vitis HLS project.

    The project appears at ``destination`` only when it is complete.

    Args:
        model: Keras HGQ model that emits logits.
        destination: folder that does not exist yet.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        inputs: test-bench jets, float32 (jet, ...).
        outputs: what the Keras model gives for them, float32 (jet, output).
        delay_constraint: how many adders deeper than the shallowest an adder tree may be; -1 for
            any depth.
        top: name of the top function.

    Raises:
        LoweringError: if hls4ml cannot lower the model, or its output is not as expected.
    """
    # hls4ml writes its paths into files and scripts, so it works at a path without odd characters
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch) / "project"
        with _da_environment(delay_constraint):
            stamp = _convert(model, folder, part=part, clock_period_ns=clock_period_ns, top=top)
        remove_traces(folder, stamp)
        complete(folder, part=part, clock_period_ns=clock_period_ns, top=top)
        write_test_bench(folder / "tb_data", inputs, outputs)
        place_folder(folder, destination)
    return seal(destination, part=part.full_name, clock_period_ns=clock_period_ns, top=top)


def settings(folder: Path, *, part: Part, clock_period_ns: float, top: str) -> dict[str, Any]:
    """Return what hls4ml is given for every project, written into ``folder``."""
    return {
        "io_type": "io_parallel",
        "part": part.full_name,
        "clock_period": clock_period_ns,
        "clock_uncertainty": 0,
        "project_name": top,
        "output_dir": str(folder),
        # weights stay in the headers: csim then reads the very constants of synthesis
        "write_weights_txt": False,
    }


def _convert(model: Any, folder: Path, *, part: Part, clock_period_ns: float, top: str) -> str:
    """Let hls4ml write its project, and return the random stamp that it drew for it."""
    from hls4ml.converters import convert_from_keras_model

    try:
        # hls4ml prints to standard output, which here carries results only
        with mended(), contextlib.redirect_stdout(io.StringIO()):
            lowered = convert_from_keras_model(
                model,
                hls_config={"Model": {"Precision": POISON, "ReuseFactor": 1, "Strategy": STRATEGY}},
                backend="vitis",
                **settings(folder, part=part, clock_period_ns=clock_period_ns, top=top),
            )
            lowered.write()
            return str(lowered.config.config["Stamp"])
    except (OSError, LoweringError):
        raise  # a full disk is no fault of the model
    except Exception as error:
        # hls4ml raises plain Exception, KeyError, AssertionError ... for what it cannot lower
        raise LoweringError(
            "hls4ml cannot lower the model",
            mend="use the layers that jetmix taggers use, with their ranges calibrated",
        ) from error


@contextlib.contextmanager
def _da_environment(delay_constraint: int) -> Iterator[None]:
    """Set the variable that hls4ml reads for the depth of its adder trees, and put it back."""
    before = os.environ.get("DA_HARD_DC")
    os.environ["DA_HARD_DC"] = str(delay_constraint)
    try:
        yield
    finally:
        if before is None:
            del os.environ["DA_HARD_DC"]
        else:
            os.environ["DA_HARD_DC"] = before


def remove_traces(folder: Path, stamp: str) -> None:
    """Take the random stamp and the machine's paths out, so that equal models give equal files.

    A project that was made from a Keras model names its file, which lies beside the project.
    """
    substitute(folder / "build_lib.sh", f"LIB_STAMP={stamp}", "LIB_STAMP=jetmix")
    config = folder / "hls4ml_config.yml"
    # YAML quotes a stamp of digits alone, which would read as a number
    quoted = f"Stamp: '{stamp}'"
    is_quoted = quoted in config.read_text(encoding="utf-8")
    substitute(config, quoted if is_quoted else f"Stamp: {stamp}", "Stamp: jetmix")
    substitute(config, f"OutputDir: {folder}", "OutputDir: .")
    model = folder / "keras_model.keras"
    if model.exists():
        substitute(config, f"'{model}'", "'../tagger.keras'")
        model.unlink()


def complete(folder: Path, *, part: Part, clock_period_ns: float, top: str) -> None:
    """Add to the generated project what hls4ml leaves out, each place checked."""
    substitute(
        folder / "firmware" / f"{top}.cpp",
        "#pragma HLS PIPELINE\n",
        "#pragma HLS PIPELINE II=1\n    #pragma HLS INLINE recursive\n",
    )
    if POISON_IN_CPP.search((folder / "firmware" / "defines.h").read_text(encoding="utf-8")):
        raise LoweringError(
            "hls4ml found no precision for some layer",
            mend="give every layer HGQ quantisers and calibrate the model's ranges",
        )
    substitute(folder / "build_prj.tcl", "-format ip_catalog", "-flow impl -format ip_catalog")
    require_line(folder / "project.tcl", f'set part "{part.full_name}"')
    require_line(folder / "project.tcl", f"set clock_period {clock_period_ns}")
    values = {"PART": part.full_name, "CLOCK_PERIOD_NS": clock_period_ns, "TOP": top}
    write_templates("vitis", folder, values)
    name_project(folder, top)


def write_test_bench(folder: Path, inputs: Floats, outputs: Floats) -> None:
    """Write the vectors of the C test bench of the project, with enough digits to be exact."""
    for name, values in (
        ("tb_input_features.dat", inputs),
        ("tb_output_predictions.dat", outputs),
    ):
        rows = values[:TEST_BENCH_JETS].reshape(min(len(values), TEST_BENCH_JETS), -1)
        digits = 9 if rows.dtype == np.float32 else 17
        np.savetxt(folder / name, rows, fmt=f"%.{digits}g")
