"""The ``jetmix`` command: a lazy group, so that ``--help`` never imports numpy or Keras."""

import importlib
import sys
import traceback

import click

from jetmix import __version__
from jetmix.errors import JetmixError

# command -> (module, function, one line of help); modules are imported only when they are run
COMMANDS = {
    "data": ("jetmix.cli.data", "data", "Simulate, import and describe jets."),
    "train": ("jetmix.cli.train", "train", "Train a tagger with HGQ and keep its Pareto front."),
    "evaluate": ("jetmix.cli.evaluate", "evaluate", "Accuracy, AUC and EBOPs of a tagger."),
    "synth": ("jetmix.cli.synth", "synth", "Lower a tagger to a Vitis HLS project, bit-exact."),
    "verify": ("jetmix.cli.verify", "verify", "Climb the ladder of bit-exactness again."),
    "report": ("jetmix.cli.report", "report", "Write the report beside published taggers."),
    "report-read": ("jetmix.cli.report_read", "report_read", "Show reports of Vitis and Vivado."),
    "doctor": ("jetmix.cli.doctor", "doctor", "Tools and versions, and what can run here."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jetmix")
def cli() -> None:
    """From jets to bit-exact jet-tagging firmware."""


def main() -> None:
    """Run the command line and turn every outcome into its exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except JetmixError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted; run the same command again (train: with --resume to go on)", 130)
    except OSError as error:
        # a full disk or a forbidden folder is the user's to mend, whichever stage met it
        name = error.filename2 or error.filename
        place = f"{name}: " if name else ""
        _fail(f"{place}{error.strerror or error}; free some space or check the permissions", 3)
    except Exception:
        traceback.print_exc()
        _fail("this is a bug in jetmix; please report it with the lines above", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    click.echo(f"jetmix: error: {message}", err=True)
    sys.exit(code)
