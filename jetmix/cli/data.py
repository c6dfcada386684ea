"""``jetmix data``: simulate, import and describe jets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from jetmix.cli.cluster import cluster_of, cluster_options
from jetmix.cli.common import PATH, finish, given, json_option
from jetmix.data.schema import CLASS_NAMES, MAX_CONSTITUENTS
from jetmix.data.simulation.presets import DEFAULT_PRESET, preset_names
from jetmix.errors import UsageError

half_option: Callable[[Any], Any] = click.option(
    "--half", is_flag=True, help="Store the constituents as float16."
)


def storage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what of each jet is stored."""
    for option in (
        half_option,
        click.option(
            "--constituents", "n_constituents", type=click.IntRange(1, MAX_CONSTITUENTS),
            metavar="P", help=f"Constituents kept of each jet; {MAX_CONSTITUENTS} by default.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group()
def data() -> None:
    """Simulate, import and describe jets."""


@data.command()
@click.argument("out", type=PATH)
@click.option(
    "--jets", "n_jets", type=click.IntRange(min=len(CLASS_NAMES)), required=True, metavar="N",
    help=f"Number of jets, balanced over {' '.join(CLASS_NAMES)}.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), required=True, metavar="S",
    help="The same seed gives the same jets for any number of --jobs.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="J",
    help="Worker processes, or workers of --cluster; one per core by default.",
)  # fmt: skip
@click.option(
    "--preset", metavar="NAME|FILE.toml",
    help=f"Physics and detector settings: {', '.join(preset_names())}, or your own TOML file; "
    f"{DEFAULT_PRESET} by default.",
)  # fmt: skip
@storage_options
@click.option(
    "--no-hlf", is_flag=True,
    help="Leave out the sixteen high-level features, which take half of the time.",
)  # fmt: skip
@cluster_options
@json_option
def simulate(
    *,
    out: Path, n_jets: int, seed: int, jobs: int | None, preset: str | None,
    n_constituents: int | None, half: bool, no_hlf: bool, as_json: bool, **chosen: Any,
) -> None:  # fmt: skip
    """Simulate jets with Pythia 8 and FastJet into OUT.

    An interrupted run goes on where it was when the same command is given again. The jets are the
    same for any number of processes and on any cluster.
    """
    cluster = cluster_of(chosen, jobs)
    if cluster.cluster is None and cluster.memory_gb is not None:
        raise UsageError("--memory-gb is for workers of a cluster", mend="leave it out")
    from jetmix import words
    from jetmix.data.simulation.presets import read_preset
    from jetmix.data.simulation.simulate import Simulation, simulate

    settings = None if preset is None else read_preset(preset)
    simulation = Simulation(
        n_jets=n_jets, seed=seed, half=half, hlf=not no_hlf,
        **given(preset=settings, n_constituents=n_constituents),
    )  # fmt: skip
    done = simulate(out, simulation, jobs=jobs, cluster=cluster if cluster.cluster else None)
    name = preset or simulation.preset.name
    result = {"path": str(out), "sha256": done.sha256, "n_jets": done.n_jets, "n_new": done.n_new,
              "seconds": done.seconds, "preset": name, "seed": seed}  # fmt: skip
    finish(words.simulated(done, preset=name, seed=seed), result, as_json=as_json)


@data.command("import")
@click.argument("sources", type=PATH, nargs=-1, required=True, metavar="SRC...")
@click.argument("out", type=PATH)
@click.option(
    "--card", metavar="NAME|FILE.toml",
    help="Data card that says how SRC becomes jets: a shipped one ('jetmix data cards'), or your "
    "own ('jetmix data card').",
)  # fmt: skip
@click.option(
    "--constituents", "n_constituents", type=click.IntRange(1), metavar="P",
    help=f"Constituents kept of each jet; as the card says, or {MAX_CONSTITUENTS}, by default.",
)  # fmt: skip
@half_option
@json_option
def import_(
    *, sources: tuple[Path, ...], out: Path, card: str | None, n_constituents: int | None,
    half: bool, as_json: bool,
) -> None:  # fmt: skip
    """Import jets into the one file OUT: published ones, or any with a data card.

    SRC is a file, a pattern, a folder or a .tar.gz archive. Without --card, it holds jets as Zenodo
    3602260 has them; or it is one file of high-level features: OpenML 42468 as .arff or .parquet,
    or the CERNBox HDF5 file.
    """
    from jetmix import words
    from jetmix.data.importing.importer import import_jets

    done = import_jets(sources, out, half=half, **given(card=card, n_constituents=n_constituents))
    result = {"path": str(out), "sha256": done.sha256, "n_jets": done.n_jets,
              "n_files": done.n_files, "origin": done.origin,
              "dropped": dict(done.dropped)}  # fmt: skip
    finish(words.imported(done), result, as_json=as_json)


@data.command()
@click.argument("name", required=False)
@json_option
def cards(*, name: str | None, as_json: bool) -> None:
    """List the shipped data cards, or print the one called NAME."""
    from jetmix import words
    from jetmix.data.importing.cards.card_file import read_card, shipped_cards

    if name is not None:
        text = read_card(name)
        finish(text.text.splitlines(), {"name": name, "text": text.text}, as_json=as_json)
        return
    titles = {name: read_card(name).card.title for name in shipped_cards()}
    finish(words.cards(titles), titles, as_json=as_json)


@data.command()
@click.argument("file", type=PATH)
@click.option("--table", default="", metavar="NAME", help="Table of FILE; the largest by default.")
@click.option(
    "--out", type=PATH, metavar="TOML", help="Write the draft here instead of printing it."
)
def card(*, file: Path, table: str, out: Path | None) -> None:
    """Look into FILE and draft a data card for it.

    Correct the draft, then import with "jetmix data import --card".
    """
    from jetmix.data.importing.cards.draft import draft
    from jetmix.errors import RunConflictError
    from jetmix.support.files import write_text

    text = draft(file, table)
    if out is None:
        click.echo(text, nl=False)
        return
    if out.exists():
        raise RunConflictError(
            "the file already exists", where=out, mend="name another file or delete this one"
        )
    write_text(out, text)
    click.echo(f"{out}: draft of a data card; check every line")


@data.command()
@click.argument("file", type=PATH)
@click.option(
    "--plot", "picture", type=PATH, metavar="PNG",
    help="Draw distributions of all classes on one page.",
)  # fmt: skip
@json_option
def describe(*, file: Path, picture: Path | None, as_json: bool) -> None:
    """Count and summarise the jets of FILE, beside figures of the public set."""
    from jetmix import words
    from jetmix.data.describing.describe import describe
    from jetmix.data.describing.survey import survey

    found = survey(file)
    description = describe(file, found)
    lines, result = words.description(description), description.as_json()
    if picture is not None:
        from jetmix.data.describing.plot import plot

        plot(found, description, picture)
        lines.append(f"plot: {picture}")
        result["plot"] = str(picture)
    finish(lines, result, as_json=as_json)
