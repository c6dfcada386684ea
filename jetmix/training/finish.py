"""From the raw front of a training to calibrated model files and the chosen tagger."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jetmix.models.calibration import with_mark
from jetmix.models.run import fed
from jetmix.recipes.recipe import Recipe
from jetmix.support import console
from jetmix.support.arrays import Floats
from jetmix.support.files import JSON, atomic_path, write_text
from jetmix.training.answers import Answers
from jetmix.training.calibrate import calibrate
from jetmix.training.checkpoint import load_arrays
from jetmix.training.engine import unfolded_ebops
from jetmix.training.experts import use_of_experts
from jetmix.training.loop import Loop
from jetmix.training.lut_cost import lut_of_tagger
from jetmix.training.metrics import Metrics, Truth, measured
from jetmix.training.pareto import Front, FrontPoint, lut_limit, pruned, select, size_limit
from jetmix.training.run_dir import TAGGER
from jetmix.training.scores import Scores

POINTS = "points"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def calibrated_front(loop: Loop, truth: Truth) -> list[FrontPoint]:
    """Calibrate every raw point, measure it on the validation split again, and prune.

    The points that remain are written as ``points/*.keras``, and what they reach on the
    validation split as the table ``pareto.csv``.

    Args:
        loop: a training that has ended.
        truth: of the validation jets.
    """
    found: dict[FrontPoint, list[Any]] = {}
    rows: dict[FrontPoint, JSON] = {}
    with console.progress("calibrating the front", len(loop.state.front)) as ticker:
        for done, raw in enumerate(loop.state.front, start=1):
            point, answers = _calibrated(loop, raw)
            found[point] = loop.engine.state()[: loop.n_model]
            rows[point] = _row(point, measured(answers, truth, ebops=None))
            ticker.update(done, f"{point.val_accuracy:.1%}, {point.ebops:,} EBOPs")
    front = pruned(found)
    with console.progress("writing the front", len(front)) as ticker:
        for done, point in enumerate(front, start=1):
            restore(loop, found[point])
            calibrated = loop.recipe.tagger.quantised
            save_model(loop.model, loop.folder / point.path, calibrated=calibrated)
            ticker.update(done)
    write_text(loop.folder / "pareto.csv", _table([rows[point] for point in front]))
    return front


def _row(point: FrontPoint, found: Metrics) -> JSON:
    return {
        "epoch": point.epoch,
        "ebops": point.ebops,
        **({} if point.lut is None else {"lut": point.lut}),
        "val_accuracy": point.val_accuracy,
        "val_accuracy_error": found.accuracy_error,
        **{f"val_auc_{name}": area for name, area in found.auc.items()},
        **{f"val_resolution_{one.name}": one.overall.resolution for one in found.targets},
        "path": point.path,
    }


def _table(rows: Sequence[JSON]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def restore(loop: Loop, model_values: list[Any]) -> None:
    """Put the variables of a point into the engine and the Keras model."""
    loop.engine.load_state([*model_values, *loop.engine.state()[loop.n_model :]])
    loop.engine.sync()


def _calibrated(loop: Loop, raw: FrontPoint) -> tuple[FrontPoint, Answers]:
    values, _ = load_arrays(loop.folder / raw.path)
    restore(loop, values)
    ebops = 0
    if loop.recipe.tagger.quantised:
        ebops = calibrate(loop.engine, loop.model, loop.feed.pieces())
    answers = loop.engine.answers(loop.validation.x)
    accuracy = float((answers.logits.argmax(axis=1) == loop.validation.y).mean())
    name = f"epoch-{raw.epoch:06d}_acc-{100 * accuracy:.2f}_ebops-{ebops}.keras"
    point = FrontPoint(
        val_accuracy=accuracy,
        ebops=ebops,
        epoch=raw.epoch,
        path=f"{POINTS}/{name}",
        lut=round(lut_of_tagger(loop.model)) if loop.settings.counts_lut else None,
    )
    return point, answers


def save_model(model: Any, path: Path, *, calibrated: bool = False) -> None:
    """Write a Keras model atomically, the same bytes for the same model.

    Keras puts the time of saving and addresses of Python objects into the archive: the time is
    taken out, and the addresses are replaced by running numbers. That the model is
    ``calibrated`` is noted in the file.
    """
    with atomic_path(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        metadata = json.loads(parts["metadata.json"])
        metadata.pop("date_saved", None)
        parts["metadata.json"] = json.dumps(metadata).encode()
        if calibrated:
            parts["metadata.json"] = with_mark(parts["metadata.json"])
        numbers: dict[int, int] = {}
        config = json.loads(parts["config.json"], object_hook=partial(_numbered, numbers))
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)


def _numbered(numbers: dict[int, int], entry: JSON) -> JSON:
    if "shared_object_id" in entry:
        address = entry["shared_object_id"]
        entry["shared_object_id"] = numbers.setdefault(address, len(numbers))
    return entry


def write_results(
    loop: Loop, recipe: Recipe, front: list[FrontPoint], x: Floats, truth: Truth
) -> tuple[FrontPoint, Metrics]:
    """Choose the tagger, measure it on the test split, and write all of the stage's results.

    Args:
        loop: a training that has ended.
        recipe: what was trained.
        front: its calibrated points.
        x: the test jets.
        truth: what they are.

    Returns:
        The chosen point and its metrics on the test jets.
    """
    settings, folder = recipe.training, loop.folder
    limits = {"ebops": size_limit(settings), "lut": lut_limit(settings)}
    chosen = select(
        front,
        max_ebops=limits["ebops"],
        max_lut=limits["lut"],
        within=settings.select_within,
    )
    for name, unit in (("ebops", "EBOPs"), ("lut", "LUT")):
        limit, size = limits[name], getattr(chosen, name)
        if limit is not None and size > limit:
            console.say(
                f"warning: no tagger of the front has at most {limit:,} {unit}; the smallest one, "
                f"with {size:,}, is taken. Train longer or end with a larger beta to get below"
            )
    from jetmix.models.keras_env import load_tagger

    model = load_tagger(folder / chosen.path, quantised_only=recipe.tagger.quantised)
    with atomic_path(folder / TAGGER) as temporary:
        temporary.write_bytes((folder / chosen.path).read_bytes())
    answers = predict(model, x)
    ebops = chosen.ebops if recipe.tagger.quantised else None
    result = measured(answers, truth, ebops=ebops)
    result = replace(result, ebops_unfolded=unfolded_ebops(model))
    Scores.of(answers, truth).write(folder)
    write_text(folder / "history.csv", _table(loop.state.history))
    Front(points=tuple(front)).write(folder)
    loop.picture.draw(front, loop.seen, chosen)
    result.write(folder)
    experts = use_of_experts(model, x)
    if experts is not None:
        experts.write(folder)
    return chosen, result


def predict(model: Any, x: Floats) -> Answers:
    """Return the answers of a loaded Keras model on jets."""
    return Answers.of(model.predict(fed(model, x), batch_size=min(4096, len(x)), verbose=0))
