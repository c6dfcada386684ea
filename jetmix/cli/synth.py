"""``jetmix synth`` and the options that ``jetmix verify`` shares with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from jetmix.cli.common import PATH, finish, json_option
from jetmix.errors import UsageError

LEVELS = ("ir", "csim", "rtl", "netlist")
FLOWS = {"hls4ml": ("hls4ml",), "rtl": ("rtl",), "both": ("hls4ml", "rtl")}
CLOCK_RANGE_NS = (0.5, 100.0)


def vector_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose levels and vectors."""
    for option in (
        click.option("--seed", default=1, show_default=True, help="Seed of the random vectors."),
        click.option(
            "--random", "n_random", default=2000, show_default=True,
            type=click.IntRange(min=1), help="Random vectors, and as many beyond the ranges.",
        ),
        click.option(
            "--max-jets", default=20000, show_default=True, type=click.IntRange(min=1),
            help="Use at most this many test jets of the data.",
        ),
        click.option(
            "--level", "levels", multiple=True, type=click.Choice(LEVELS),
            help="Level to compare with Keras; may be given several times. "
            "[default: all but netlist]",
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
    options = options_of(
        budget=wanted,
        part=part,
        clock_ns=check_clock(clock_ns),
        flows=FLOWS[flow],
        data=data,
        levels=levels,
        max_jets=max_jets,
        n_random=n_random,
        seed=seed,
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


def options_of(
    *,
    part: Any,
    clock_ns: float,
    flows: tuple[str, ...],
    data: Path | None,
    levels: tuple[str, ...],
    max_jets: int,
    n_random: int,
    seed: int,
    budget: Any = None,
    logits: bool = False,
) -> Any:
    """Return ``SynthOptions`` from checked command-line values."""
    from jetmix.synthesis.flow import SynthOptions

    if data is not None and not data.is_file():
        from jetmix.errors import DataError

        raise DataError("no such file", where=data, mend="name an HDF5 file of jets")
    return SynthOptions(
        part=part,
        clock_period_ns=clock_ns,
        flows=flows,  # type: ignore[arg-type]
        levels=_chosen_levels(flows, levels),
        data=data,
        max_jets=max_jets,
        n_random=n_random,
        seed=seed,
        budget=budget,
        logits=logits,
    )


def _chosen_levels(flows: tuple[str, ...], levels: tuple[str, ...]) -> tuple[Any, ...]:
    """Return the wanted levels from the lowest to the highest, all that there are by default."""
    from jetmix.verification.levels.level import LEVELS_OF, ON_REQUEST

    there = {level for flow, of_flow in LEVELS_OF.items() if flow in flows for level in of_flow}
    for level in levels:
        if level not in there:
            flow = next(flow for flow, of_flow in LEVELS_OF.items() if level in of_flow)
            raise UsageError(
                f"level {level} needs the flow {flow}",
                mend=f"run 'jetmix synth' with --flow {flow}",
            )
    wanted = levels or there.difference(ON_REQUEST)
    return tuple(level for level in LEVELS if level in wanted)


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
