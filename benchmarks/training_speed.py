"""Jets per second of jetmix's training against the plain hgq2 loop, on the same model and data.

    python benchmarks/training_speed.py [--backend jax] [--particles 16 64] [--steps 10]
    python benchmarks/training_speed.py --lut

The plain loop is the one of hgq2's examples: its ``Dataset``, ``model.fit`` with validation, and
its callbacks FreeEBOPs and BetaScheduler. Both start from the same weights, see the same batches
in the same order with the same learning rate and beta, and validate on the same jets after every
epoch. Compilation, the first epoch, is not timed. The losses of both are printed: they agree to
rounding. jetmix's epoch includes what the plain loop does not do: batch statistics settled on
4,096 jets, guards, and the state on disk.

With ``--lut`` taggers with LUT layers are compared with their HGQ twins instead, both trained by
jetmix on the same random jets.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.taggers.registry import build_tagger, resolved_options, spec_from
from jetmix.training.jets import Jets
from jetmix.training.loop import Loop

BATCH = 2790
LUT_BATCH = 700
LUT_TWINS = {
    "gnn-lut-32x3": "gnn",
    "gnn-lut-16-quick": "gnn",
    "mixer-lut-16x3-quick": "mixer",
    "hlf-mlp-lut": "hlf-mlp",
}
LEARNING_RATE, BETA = 3e-3, 1e-7


def random_jets(n: int, shape: tuple[int, ...], seed: int) -> Jets:
    """Return jets whose mean gives the class; speed does not depend on the physics."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 5, n)
    x = rng.normal(size=(n, *shape)) + 0.3 * y.reshape(-1, *(1,) * len(shape))
    return Jets(x=x.astype(np.float32), y=y.astype(np.int64))


def recipe_for(n_particles: int, epochs: int) -> Any:
    """Return the published Mixer with a constant learning rate and beta."""
    return constant(load_recipe(f"mixer-{n_particles}x16"), epochs, BATCH)


def constant(recipe: Any, epochs: int, batch: int) -> Any:
    """Return a recipe with a constant learning rate and beta."""
    training = replace(
        recipe.training,
        epochs=epochs,
        batch_size=batch,
        learning_rate=LEARNING_RATE,
        learning_rate_floor=LEARNING_RATE,
        beta=((0.0, BETA, "constant"),),
    )
    return replace(recipe, training=training)


def fresh_model(recipe: Any) -> Any:
    """Return the model with the weights of the recipe's seed."""
    import keras

    keras.utils.set_random_seed(recipe.training.seed)
    return build_tagger(spec_from(recipe, n_classes=5))


def ours(recipe: Any, train: Jets, validation: Jets) -> tuple[float, float]:
    """Return jets per second and the last epoch's loss of jetmix."""
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(
            recipe,
            fresh_model(recipe),
            train=train,
            validation=validation,
            folder=Path(folder),
            digest="benchmark",
        )
        seconds = []
        for _ in range(recipe.training.epochs):
            start = time.perf_counter()
            loop.train_epoch()
            seconds.append(time.perf_counter() - start)
    return len(train) / float(np.mean(seconds[1:])), loop.state.history[-1]["loss"]


def plain(recipe: Any, train: Jets, validation: Jets) -> tuple[float, float]:
    """Return jets per second and the last epoch's loss of hgq2's own loop."""
    import keras
    from hgq.utils.sugar import BetaScheduler, Dataset, FreeEBOPs

    model = fresh_model(recipe)
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="entropy")],
    )
    seconds, entropy = [], 0.0
    for epoch in range(recipe.training.epochs):
        rng = np.random.default_rng([recipe.training.seed, epoch])
        order = rng.permutation(len(train))
        data = Dataset(train.x[order], train.y[order], batch_size=BATCH)
        checks = Dataset(validation.x, validation.y, batch_size=BATCH)
        callbacks = [FreeEBOPs(), BetaScheduler(lambda _: BETA)]
        start = time.perf_counter()
        done = model.fit(
            data, validation_data=checks, callbacks=callbacks, shuffle=False, verbose=0
        )
        seconds.append(time.perf_counter() - start)
        entropy = done.history["entropy"][-1]
    return len(train) / float(np.mean(seconds[1:])), entropy


def lut_pair(preset: str, twin: str, epochs: int, steps: int) -> dict[str, Any]:
    """Return jets per second of a tagger with LUT layers and of its HGQ twin."""
    recipe = constant(load_recipe(preset), epochs, LUT_BATCH)
    tagger = replace(recipe.tagger, architecture=twin, options=resolved_options(twin, {}))
    shape = spec_from(recipe, n_classes=5).input_shape
    train = random_jets(steps * LUT_BATCH, shape, seed=1)
    validation = random_jets(LUT_BATCH, shape, seed=2)
    speeds = [
        ours(chosen, train, validation)[0] for chosen in (recipe, replace(recipe, tagger=tagger))
    ]
    return {"preset": preset, "twin": twin, "lut": speeds[0], "hgq": speeds[1]}


def compare_lut(epochs: int, steps: int) -> list[dict[str, Any]]:
    """Time all pairs and print a table."""
    rows = []
    print("tagger               twin       LUT jets/s   HGQ jets/s   ratio")
    for preset, twin in LUT_TWINS.items():
        row = lut_pair(preset, twin, epochs, steps)
        rows.append(row | {"ratio": row["lut"] / row["hgq"]})
        print(
            f"{preset:<20} {twin:<10} {row['lut']:>10,.0f} {row['hgq']:>12,.0f} "
            f"{rows[-1]['ratio']:>7.3f}"
        )
    return rows


def main() -> None:
    """Time both and print a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=keras_env.BACKENDS, default="jax")
    parser.add_argument("--particles", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--lut", action="store_true", help="LUT layers against their HGQ twins.")
    options = parser.parse_args()
    keras_env.activate(options.backend)
    if options.lut:
        rows = compare_lut(options.epochs, options.steps)
        print(json.dumps({"backend": options.backend, "rows": rows}))
        return
    rows = []
    print("particles   jetmix jets/s   plain jets/s   ratio   loss jetmix   loss plain")
    for n_particles in options.particles:
        recipe = recipe_for(n_particles, options.epochs)
        train = random_jets(options.steps * BATCH, (n_particles, 16), seed=1)
        validation = random_jets(BATCH, (n_particles, 16), seed=2)
        theirs, mine = plain(recipe, train, validation), ours(recipe, train, validation)
        row = {"particles": n_particles, "jetmix": mine[0], "plain": theirs[0]}
        rows.append(row | {"ratio": mine[0] / theirs[0], "loss": mine[1], "loss_plain": theirs[1]})
        print(
            f"{n_particles:>9} {mine[0]:>15,.0f} {theirs[0]:>14,.0f} {mine[0] / theirs[0]:>7.2f} "
            f"{mine[1]:>13.6f} {theirs[1]:>12.6f}"
        )
    print(json.dumps({"backend": options.backend, "rows": rows}))


if __name__ == "__main__":
    main()
