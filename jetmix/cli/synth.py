"""``jetmix synth`` and the options that ``jetmix verify`` shares with it."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jetmix.cli.common import PATH, constants_option, finish, json_option, trust_option
from jetmix.firmware.engines.registry import ENGINES
from jetmix.synthesis.options import AUTO, FLOWS, INPUTS, Budget, Placement, SynthOptions
from jetmix.verification.levels.registry import LEVELS
from jetmix.verification.options import VectorOptions

if TYPE_CHECKING:
    from jetmix.synthesis.flow import Synthesis

ABOVE_ZERO = click.FloatRange(min=0, min_open=True)
Options = TypeVar("Options")


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


class Clocks(click.ParamType[int | str]):
    """A number of clocks, or ``auto``."""

    name = "clocks"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the values for the help text."""
        return f"[INTEGER|{AUTO}]"

    def convert(
        self, value: int | str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number, or ``auto``.

        Raises:
            click.BadParameter: if it is neither.
        """
        if value == AUTO:
            return AUTO
        if not str(value).isdecimal() or int(value) < 1:
            self.fail(f"'{value}' is neither {AUTO} nor a number from 1 on", param, ctx)
        return int(value)


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
        constants_option,
        trust_option,
        click.option("--data", type=PATH, help="Jets whose test split is run through all "
            "levels; for a model of several inputs an .npz file with one array per input."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.argument("run_or_model", type=PATH)
@click.option("--part", required=True, help="FPGA, such as xcvu13p.")
@click.option("--out", required=True, type=PATH, help="Folder to write.")
@click.option(
    "--clock-ns", default=SynthOptions.clock_ns, show_default=True,
    help="Target clock period in ns.",
)  # fmt: skip
@click.option(
    "--flow", type=click.Choice(list(FLOWS)), default=SynthOptions.flow, show_default=True,
    help="Vitis HLS project through hls4ml, Verilog, or both.",
)  # fmt: skip
@click.option(
    "--engine", type=click.Choice(list(ENGINES)), default=SynthOptions.engine, show_default=True,
    help="What makes the Verilog; hls4ml always uses da4ml.",
)  # fmt: skip
@click.option(
    "--vhdl", is_flag=True,
    help="Write VHDL of the same pipeline beside the Verilog; only the Verilog is simulated.",
)  # fmt: skip
@click.option(
    "--ii", default=SynthOptions.ii, show_default=True, type=Clocks(),
    help="Clocks in which the Verilog takes a jet: above 1 it is folded, with one copy of what "
    "does the same to all particles or channels. For taggers trained with [quantiser] fold. "
    f"{AUTO} takes the fewest that meet --max-lut by the estimate.",
)  # fmt: skip
@click.option(
    "--fold-sum", is_flag=True,
    help="Fold the weighted sum over the particles of a Mixer as well: fewer LUT, and one wait for "
    "a whole jet more.",
)  # fmt: skip
@click.option(
    "--input", type=click.Choice(INPUTS), default=SynthOptions.input, show_default=True,
    help="How a jet comes into folded Verilog: a beat of particles a clock, or all at once.",
)  # fmt: skip
@click.option(
    "--top", metavar="NAME",
    help="Name of the tagger: top function, module, entity, files, namespaces. [default: "
    "jetmix_tagger]",
)  # fmt: skip
@click.option(
    "--version", type=click.IntRange(min=0), help="Version of the tagger, which stands behind NAME."
)
@click.option("--logits", is_flag=True, help="Leave out the softmax that the model ends in.")
@click.option(
    "--calibrated", is_flag=True,
    help="Take the quantisers' ranges as they are; without it a model that no data seem to have "
    "passed is refused.",
)  # fmt: skip
@click.option(
    "--run-vendor", is_flag=True, help="Run Vitis HLS and Vivado afterwards; Verilog needs Vivado."
)
@click.option(
    "--vendor-hours", default=SynthOptions.vendor_hours, show_default=True, type=ABOVE_ZERO,
    help="Time limit of each step of --run-vendor.",
)  # fmt: skip
@click.option("--run-yosys", is_flag=True, help="Run Yosys on the Verilog afterwards.")
@click.option(
    "--yosys-minutes", default=SynthOptions.yosys_minutes, show_default=True, type=ABOVE_ZERO,
    help="Time limit of --run-yosys.",
)  # fmt: skip
@click.option(
    "--yosys-gb", default=SynthOptions.yosys_gb, show_default=True, type=ABOVE_ZERO,
    help="Memory limit of --run-yosys.",
)  # fmt: skip
@click.option(
    "--max-latency-ns", type=ABOVE_ZERO,
    help="Latency budget in ns. If the default design is too slow, other adder-tree depths are "
    "tried; any excess is reported.",
)  # fmt: skip
@click.option(
    "--max-lut", type=click.IntRange(min=1), help="LUT budget; works like --max-latency-ns."
)
@click.option(
    "--slr", type=click.IntRange(min=0),
    help="Keep the tagger in this SLR of a part of several: writes placement.xdc for Vivado.",
)  # fmt: skip
@click.option(
    "--slr-registers", default=Placement.slr_registers, show_default=True,
    type=click.IntRange(min=0),
    help="Registers before and behind the pipeline of the Verilog, for crossings of SLRs.",
)  # fmt: skip
@vector_options
@json_option
def synth(*, run_or_model: Path, out: Path, as_json: bool, **chosen: Any) -> None:
    """Lower RUN_OR_MODEL to firmware, prove it bit-exact and estimate its resources.

    RUN_OR_MODEL is a run directory of 'jetmix train' or any HGQ2 .keras or .h5 file.
    """
    options = SynthOptions(
        vectors=picked(VectorOptions, chosen),
        budget=picked(Budget, chosen),
        placement=picked(Placement, chosen),
        **chosen,
    )
    from jetmix import words
    from jetmix.synthesis.flow import synthesise
    from jetmix.training.run_dir import open_source

    done = synthesise(open_source(run_or_model), out, options)
    finish(words.synthesis_lines(done), _content(done), as_json=as_json)


def picked(kind: type[Options], chosen: dict[str, Any]) -> Options:
    """Take the values of the dataclass ``kind`` out of the chosen ones."""
    return kind(**{entry.name: chosen.pop(entry.name) for entry in fields(kind)})  # type: ignore[arg-type]


def _content(done: "Synthesis") -> dict[str, Any]:
    """Return the line for programs."""
    from jetmix.resources.utilisation import utilisation
    from jetmix.support.records import dump

    device = done.options.device
    return {
        "verification": dump(done.verification),
        "resources": [
            {**dump(report), "utilisation": dump(utilisation(report, device))}
            for report in done.resources
        ],
        "budget": dump(done.judged),
        "out": str(done.path),
    }
