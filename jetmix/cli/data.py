"""``jetmix data``: simulate, import and describe jets."""

from pathlib import Path

import click

from jetmix.cli.common import PATH, finish, json_option

SHIPPED_PRESETS = "public-like (the default), full"


@click.group()
def data() -> None:
    """Simulate, import and describe jets."""


@data.command()
@click.argument("out", type=PATH)
@click.option(
    "--jets",
    "n_jets",
    type=click.IntRange(min=5),
    required=True,
    metavar="N",
    help="Number of jets, balanced over g q W Z t.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    required=True,
    metavar="S",
    help="The same seed gives the same jets, whatever --jobs is.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=None,
    metavar="J",
    help="Worker processes; all cores by default.",
)
@click.option(
    "--preset",
    default="public-like",
    show_default=True,
    metavar="NAME|FILE.toml",
    help=f"Physics and detector settings: {SHIPPED_PRESETS}, or your own TOML file.",
)
@click.option(
    "--constituents",
    "n_constituents",
    type=click.IntRange(1, 150),
    default=150,
    show_default=True,
    metavar="P",
    help="Constituents kept of each jet.",
)
@click.option("--half", is_flag=True, help="Store the constituents as float16.")
@click.option(
    "--no-hlf",
    is_flag=True,
    help="Skip the sixteen high-level features, which cost as much as the jets.",
)
@json_option
def simulate(
    *,
    out: Path, n_jets: int, seed: int, jobs: int | None, preset: str, n_constituents: int,
    half: bool, no_hlf: bool, as_json: bool,
) -> None:  # fmt: skip
    """Simulate jets with Pythia 8 and FastJet into OUT.

    A killed run goes on where it was when the same command is given again.
    """
    import os

    from jetmix.data.simulation.presets import read_preset
    from jetmix.data.simulation.simulate import Simulation, simulate

    simulation = Simulation(
        n_jets=n_jets, seed=seed, preset=read_preset(preset),
        n_constituents=n_constituents, half=half, hlf=not no_hlf,
    )  # fmt: skip
    done = simulate(out, simulation, jobs=jobs or os.cpu_count() or 1)
    rate = done.n_new / max(done.seconds, 1e-3)
    news = f"{done.seconds:.0f} s, {rate:.0f} jets/s" if done.n_new else "was complete already"
    finish(
        [f"{out}: {done.n_jets} jets, preset {preset}, seed {seed} ({news})",
         f"sha256 {done.sha256}"],
        {"path": str(out), "sha256": done.sha256, "n_jets": done.n_jets, "n_new": done.n_new,
         "seconds": done.seconds, "preset": preset, "seed": seed},
        as_json=as_json,
    )  # fmt: skip


@data.command("import")
@click.argument("sources", type=PATH, nargs=-1, required=True, metavar="SRC...")
@click.argument("out", type=PATH)
@click.option(
    "--constituents",
    "n_constituents",
    type=click.IntRange(1, 150),
    default=150,
    show_default=True,
    metavar="P",
    help="Constituents kept of each jet.",
)
@click.option("--half", is_flag=True, help="Store the constituents as float16.")
@json_option
def import_(
    *, sources: tuple[Path, ...], out: Path, n_constituents: int, half: bool, as_json: bool
) -> None:
    """Import published jets into the one file OUT.

    SRC is an .h5 file, a folder of them, or a .tar.gz archive as Zenodo 3602260 has them; or one
    file of high-level features: OpenML 42468 as .arff or .parquet, or the CERNBox HDF5 file.
    """
    from jetmix.data.importing.importer import import_jets
    from jetmix.data.importing.tabular import import_high_level
    from jetmix.data.importing.tabular_sources import is_high_level

    if len(sources) == 1 and is_high_level(sources[0]):
        done = import_high_level(sources[0], out)
    else:
        done = import_jets(list(sources), out, n_constituents=n_constituents, half=half)
    lines = [f"{out}: {done.n_jets} jets from {done.n_files} files", f"sha256 {done.sha256}"]
    result = {"path": str(out), "sha256": done.sha256, "n_jets": done.n_jets,
              "n_files": done.n_files, "origin": done.origin}  # fmt: skip
    finish(lines, result, as_json=as_json)


@data.command()
@click.argument("file", type=PATH)
@click.option(
    "--plot",
    "picture",
    type=PATH,
    default=None,
    metavar="PNG",
    help="Draw distributions of all classes on one page.",
)
@json_option
def describe(*, file: Path, picture: Path | None, as_json: bool) -> None:
    """Count and summarise the jets of FILE, beside figures of the public set."""
    from jetmix.data.describing.describe import describe
    from jetmix.data.describing.survey import survey

    found = survey(file)
    description = describe(file, found)
    lines, result = description.lines(), description.as_json()
    if picture is not None:
        from jetmix.data.describing.plot import plot

        plot(found, description, picture)
        lines.append(f"plot: {picture}")
        result["plot"] = str(picture)
    finish(lines, result, as_json=as_json)
