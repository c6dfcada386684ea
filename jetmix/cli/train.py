"""``jetmix train``."""

from pathlib import Path
from typing import Any

import click

from jetmix.cli.common import PATH, backend_option, finish, json_option
from jetmix.errors import UsageError


@click.command()
@click.argument("recipe", required=False)
@click.option("--data", type=PATH, help="HDF5 file of jets.")
@click.option("--run", type=PATH, help="Run directory to create or continue.")
@backend_option
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs; all schedules scale with them.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of weights and order of jets.")
@click.option(
    "--target-ebops",
    type=click.IntRange(min=1),
    help="EBOPs that beta is controlled to.",
)
@click.option(
    "--target-lut",
    type=click.IntRange(min=1),
    help="Estimated LUT that beta is controlled to, instead of EBOPs.",
)
@click.option(
    "--teacher", help="Run or model to learn from; auto trains a full-precision twin first."
)
@click.option(
    "--start-from",
    help="Run or model in full precision to start from; auto trains a full-precision twin first.",
)
@click.option("--resume", is_flag=True, help="Continue an interrupted run.")
@click.option("--tensorboard", type=PATH, help="Folder for TensorBoard logs of every epoch.")
@click.option("--list", "list_presets", is_flag=True, help="List presets and architectures.")
@json_option
def train(
    *,
    recipe: str | None,
    data: Path | None,
    run: Path | None,
    backend: str | None,
    epochs: int | None,
    seed: int | None,
    target_ebops: int | None,
    target_lut: int | None,
    teacher: str | None,
    start_from: str | None,
    resume: bool,
    tensorboard: Path | None,
    list_presets: bool,
    as_json: bool,
) -> None:
    """Train a tagger with HGQ by RECIPE: a preset's name or a TOML file."""
    if list_presets:
        finish(*_listing(), as_json=as_json)
        return
    if recipe is None or data is None or run is None:
        missing = [
            name
            for name, value in (("RECIPE", recipe), ("--data", data), ("--run", run))
            if value is None
        ]
        raise UsageError(
            f"{', '.join(missing)} not given",
            mend="try `jetmix train mixer-8-demo --data datasets/sample/jets.h5 --run demo/run`, "
            "or `jetmix train --list`",
        )
    from jetmix import words
    from jetmix.recipes.recipe import load_recipe
    from jetmix.training.run import TrainingRun
    from jetmix.training.run import train as run_training

    training = {
        "epochs": epochs,
        "seed": seed,
        "target_ebops": target_ebops,
        "target_lut": target_lut,
        "teacher": teacher,
        "start_from": start_from,
    }
    result = run_training(
        TrainingRun(
            recipe=load_recipe(recipe, {"training": training}),
            data=data,
            folder=run,
            backend=backend,
            resume=resume,
            event_folder=tensorboard,
        )
    )
    finish(words.trained(result), result.as_json(), as_json=as_json)


def _listing() -> tuple[list[str], dict[str, Any]]:
    from jetmix.recipes.recipe import load_recipe, presets
    from jetmix.taggers.registry import ARCHITECTURES, resolved_options

    recipes = {name: load_recipe(name).description for name in presets()}
    lines = ["presets:", *(f"  {name:<18} {text}" for name, text in recipes.items())]
    lines.append("architectures and their options:")
    options = {name: resolved_options(name, {}) for name in ARCHITECTURES}
    for name, entry in ARCHITECTURES.items():
        lines.append(f"  {name:<18} {entry.source}")
        lines += [f"    {key} = {value}" for key, value in options[name].items()]
    return lines, {"presets": recipes, "architectures": options}
