"""The ``jetmix`` command: a lazy group, so that ``--help`` never imports numpy or Keras."""

import errno
import importlib
import sys
import traceback

import click

from jetmix import __version__
from jetmix.errors import DataError, JetmixError

# command -> (module, function, one line of help); modules are imported only when they are run
COMMANDS = {
    "data": ("jetmix.cli.data", "data", "Simulate, import and describe jets."),
    "train": ("jetmix.cli.train", "train", "Train a tagger with HGQ and keep its Pareto front."),
    "sweep": ("jetmix.cli.sweep", "sweep", "Train many taggers on worker processes or a cluster."),
    "evaluate": ("jetmix.cli.evaluate", "evaluate", "Measure accuracy, AUC and EBOPs of a tagger."),
    "synth": ("jetmix.cli.synth", "synth", "Lower a tagger to bit-exact firmware."),
    "verify": ("jetmix.cli.verify", "verify", "Verify the firmware of a tagger again."),
    "package": ("jetmix.cli.package", "package", "Package firmware for another system."),
    "report": ("jetmix.cli.report", "report", "Compare taggers with published ones."),
    "report-read": ("jetmix.cli.report_read", "report_read", "Show reports of Vitis and Vivado."),
    "doctor": ("jetmix.cli.doctor", "doctor", "Show versions and tools, and what can run here."),
}


# what the operating system refused about a file -> how to mend it
CURES = {
    errno.ENOSPC: "free some space on that disk, or write to another one",
    errno.EDQUOT: "free some space in your quota, or write to another disk",
    errno.EACCES: "check the permissions of the file and of its folder",
    errno.EPERM: "check the owner and the permissions of the file and of its folder",
    errno.EROFS: "the disk is read-only: write to another folder",
    errno.EMFILE: "raise the limit of open files, for example with 'ulimit -n 4096'",
    errno.ENFILE: "close other programs: the system has no more open files to give",
    errno.EISDIR: "this is a folder: name a file",
    errno.ENOTDIR: "a part of the path is a file: name a path of folders",
    errno.ENOENT: "check that the path exists and is spelt as you mean it",
    errno.EEXIST: "name another path, or move what is there",
    errno.ENAMETOOLONG: "name a shorter path",
    errno.EIO: "check the disk: reading or writing failed in the hardware or the network",
}
OTHER_CURE = "check that the file can be read and its folder written"


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
        _fail("interrupted; run the same command again to continue (train: add --resume)", 130)
    except Exception as error:
        # a full disk or a forbidden folder is the user's to mend, whichever stage met it
        if isinstance(error, OSError) and about_a_file(error):
            _fail(file_message(error), DataError.exit_code)
        traceback.print_exc()
        _fail("this is a bug in jetmix; please report it with the lines above", 1)
    sys.exit(code if isinstance(code, int) else 0)


def about_a_file(error: OSError) -> bool:
    """Tell whether a file was refused, rather than a connection, a process or memory."""
    return bool(error.filename or error.filename2) or error.errno in CURES


def file_message(error: OSError) -> str:
    """Return the file, what was refused and the cure."""
    name = error.filename2 or error.filename
    place = f"{name}: " if name else ""
    cure = CURES.get(error.errno or 0, OTHER_CURE)
    return " ".join(f"{place}{error.strerror or error}; {cure}".split())


def _fail(message: str, code: int) -> None:
    click.echo(f"jetmix: error: {message}", err=True)
    sys.exit(code)
