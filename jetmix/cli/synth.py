"""``jetmix synth`` and the options that ``jetmix verify`` shares with it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jetmix.cli.common import PATH, finish, json_option
from jetmix.errors import DataError, UsageError
from jetmix.verification.levels.registry import LEVELS, chosen
from jetmix.verification.options import VectorOptions

if TYPE_CHECKING:
    from jetmix.firmware.project import Flow

FLOWS: dict[str, tuple["Flow", ...]] = {
    "hls4ml": ("hls4ml",), "rtl": ("rtl",), "both": ("hls4ml", "rtl"),
}  # fmt: skip
CLOCK_RANGE_NS = (0.5, 100.0)


class LevelName(click.ParamType[str]):
    """The name of a level of the table, which is read when the option is."""

    name = "level"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names for the help text."""
        return f"[{'|'.join(LEVELS)}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name.

        Raises:
            click.BadParameter: if there is no such level.
        """
        if value not in LEVELS:
            self.fail(f"'{value}' is not a level; choose from {', '.join(LEVELS)}", param, ctx)
        return value


def vector_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose levels and vectors."""
    for option in (
        click.option(
            "--seed", default=VectorOptions.seed, show_default=True,
            help="Seed of the random vectors.",
        ),
        click.option(
            "--random", "n_random", default=VectorOptions.n_random, show_default=True,
            type=click.IntRange(min=1),
            help="Random vectors within the input ranges, and again as many beyond them.",
        ),
        click.option(
            "--max-jets", default=VectorOptions.max_jets, show_default=True,
            type=click.IntRange(min=1),
            help="Use at most this many test jets of the data.",
        ),
        click.option(
            "--level", "levels", multiple=True, type=LevelName(),
            help="Level to compare with Keras; may be given several times. "
            f"[default: all but {', '.join(n for n in LEVELS if LEVELS[n].on_request)}]",
        ),
        click.option("--data", type=PATH, help="Jets whose test split is run through all levels."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.argument("run_or_model", type=PATH)
@click.option("--part", "part_name", required=True, help="FPGA, such as xcvu13p.")
@click.option("--out", required=True, type=PATH, help="Folder to write.")
@click.option("--clock-ns", default=5.0, show_default=True, help="Target clock period in ns.")
@click.option(
    "--flow", type=click.Choice(list(FLOWS)), default="hls4ml", show_default=True,
    help="Vitis HLS project through hls4ml, Verilog through da4ml, or both.",
)  # fmt: skip
@click.option("--logits", is_flag=True, help="Leave out the softmax that the model ends in.")
@click.option(
    "--run-vendor", is_flag=True, help="Run Vitis HLS and Vivado afterwards; Verilog needs Vivado."
)
@click.option(
    "--vendor-hours", default=24.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
    help="Time limit of each step of --run-vendor.",
)  # fmt: skip
@click.option("--run-yosys", is_flag=True, help="Run Yosys on the Verilog afterwards.")
@click.option(
    "--yosys-minutes", default=20.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
    help="Time limit of --run-yosys.",
)  # fmt: skip
@click.option(
    "--yosys-gb", default=8.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
    help="Memory limit of --run-yosys.",
)  # fmt: skip
@click.option(
    "--max-latency-ns", type=click.FloatRange(min=0, min_open=True),
    help="Latency to keep to: other graphs of the tagger are tried, what is missed is told.",
)  # fmt: skip
@click.option("--max-lut", type=click.IntRange(min=1), help="LUT to keep to, likewise.")
@vector_options
@json_option
def synth(
    *,
    run_or_model: Path,
    part_name: str,
    out: Path,
    clock_ns: float,
    flow: str,
    logits: bool,
    data: Path | None,
    levels: tuple[str, ...],
    max_jets: int,
    n_random: int,
    seed: int,
    run_vendor: bool,
    vendor_hours: float,
    run_yosys: bool,
    yosys_minutes: float,
    yosys_gb: float,
    max_latency_ns: float | None,
    max_lut: int | None,
    as_json: bool,
) -> None:
    """Lower RUN_OR_MODEL to firmware, prove it bit-exact and estimate its resources.

    RUN_OR_MODEL is a run directory of 'jetmix train' or any HGQ2 .keras or .h5 file.
    """
    from jetmix import words
    from jetmix.eda import vendor_tools, yosys
    from jetmix.firmware.parts import find_part
    from jetmix.resources import layers
    from jetmix.resources.utilisation import utilisation
    from jetmix.support.records import dump
    from jetmix.synthesis import budget
    from jetmix.synthesis import flow as synthesis
    from jetmix.synthesis.synth_dir import PROJECTS
    from jetmix.training.run_dir import open_source
    from jetmix.verification.proofs import proofs

    part = find_part(part_name)
    source = open_source(run_or_model)
    if run_yosys and "rtl" not in FLOWS[flow]:
        raise UsageError("--run-yosys needs the Verilog", mend="add --flow rtl or both")
    # looked for before hours of work start
    with_hls = "hls4ml" in FLOWS[flow]
    tools = vendor_tools.find_tools(with_hls=with_hls) if run_vendor else None
    program = yosys.find_yosys() if run_yosys else None
    limits = budget.Budget(max_latency_ns=max_latency_ns, max_lut=max_lut)
    wanted = None if limits == budget.Budget() else limits
    options = synthesis.SynthOptions(
        part=part,
        clock_period_ns=check_clock(clock_ns),
        flows=FLOWS[flow],
        levels=chosen(levels, FLOWS[flow]),
        vectors=vectors_of(data, max_jets, n_random, seed),
        budget=wanted,
        logits=logits,
    )
    fresh = synthesis.synthesise(source, out, options)
    if program is not None:
        synthesis.run_yosys(out, program, limit_s=60 * yosys_minutes, memory_gb=yosys_gb)
    if tools is not None:
        synthesis.run_vendor(out, tools, limit_s=3600 * vendor_hours)
    results, reports = synthesis.read_result(out)
    lines = [] if fresh else [already(program is not None or tools is not None)]
    lines += [words.level_line(result) for result in results]
    lines += words.proof_lines(proofs.read(out))
    lines += [line for report in reports for line in words.resource_lines(report, part)]
    costs = layers.read_layers(out)
    if costs:
        lines.append(f"Layers: {layers.largest(costs)} of the LUT [{layers.LAYERS_FILE}]")
    judged = budget.judge(out, wanted, reports) if wanted else None
    lines += budget.lines(judged) if judged else []
    lines += [f"Project: {out / PROJECTS[name]}" for name in options.flows]
    resources = [{**dump(r), "utilisation": dump(utilisation(r, part))} for r in reports]
    result = {"verification": dump(results), "resources": resources, "budget": judged}
    finish(lines, {**result, "out": str(out)}, as_json=as_json)


def vectors_of(data: Path | None, max_jets: int, n_random: int, seed: int) -> VectorOptions:
    """Return the vectors that were asked for, whose file of jets must be there."""
    if data is not None and not data.is_file():
        raise DataError("no such file", where=data, mend="name an HDF5 file of jets")
    return VectorOptions(data=data, max_jets=max_jets, n_random=n_random, seed=seed)


def check_clock(clock_ns: float) -> float:
    """Return the clock period, refusing what no FPGA can do."""
    low, high = CLOCK_RANGE_NS
    if not low <= clock_ns <= high:
        raise UsageError(
            f"a clock period of {clock_ns} ns", mend=f"choose one from {low} to {high} ns"
        )
    return clock_ns


def already(with_tools: bool) -> str:
    """Return what to say of a synthesis that was there, and of the tools asked for beside it."""
    done = "Already done with the same model and options; "
    return done + ("only the tools were asked." if with_tools else "nothing to do.")
