"""What sparsity saves in switching: a small Mixer and Mixers with experts, with fresh weights.

    python benchmarks/switching_of_experts.py jets.h5 switching_of_experts.json [--jets 2000]

A training decides how much of each layer is left; fresh weights show what the architecture itself
does. Each tagger sees the 8 leading constituents with 3 features, has the weights of one seed, and
ranges that are calibrated on the test jets; a normalisation in the routers keeps the experts about
equally busy. Isolated experts see their own tokens alone, and zeros otherwise. ``switching.py``
says what is counted.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

from switching import count

import jetmix
from jetmix.data.schema import THREE_FEATURES
from jetmix.firmware import da_graph
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import write_rtl
from jetmix.models import keras_env
from jetmix.recipes.recipe import load_recipe
from jetmix.resources.lut import Costs, lut_of
from jetmix.support.arrays import Reals
from jetmix.taggers.registry import build_tagger, resolved_options, spec_from
from jetmix.training.experts import use_of_experts

PARTICLES = 8
SMALL: dict[str, Any] = {"width": 8, "head": [8]}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "mixer": ("mixer", {}),
    "1 expert": ("sparse-mixer", {"experts": 1}),
    "2 experts": ("sparse-mixer", {"experts": 2}),
    "2 experts, isolated": ("sparse-mixer", {"experts": 2, "isolate": True}),
    "4 experts": ("sparse-mixer", {"experts": 4}),
    "4 experts, isolated": ("sparse-mixer", {"experts": 4, "isolate": True}),
}


def tagger(name: str, options: dict[str, Any], x: Reals) -> Any:
    """Return a calibrated Keras model with fresh weights."""
    keras = keras_env.activate()
    from hgq.utils import trace_minmax

    recipe = load_recipe("mixer-16-quick")
    section = dataclasses.replace(recipe.tagger, n_particles=PARTICLES, architecture=name)
    data = dataclasses.replace(recipe.data, features=tuple(THREE_FEATURES))
    spec = spec_from(dataclasses.replace(recipe, tagger=section, data=data), n_classes=5)
    spec = dataclasses.replace(spec, options=resolved_options(name, {**SMALL, **options}))
    keras.utils.set_random_seed(1)
    model = build_tagger(spec)
    # predictions normalise by running averages: here those of the jets themselves
    for layer in model._flatten_layers():
        if hasattr(layer, "moving_mean"):
            layer.momentum = 0.0
    model(x, training=True)
    trace_minmax(model, x, batch_size=len(x))
    return model


def measured(name: str, options: dict[str, Any], x: Reals) -> dict[str, Any]:
    """Return LUT and switching of one tagger."""
    model = tagger(name, options, x)
    graph = da_graph.trace(model)
    with tempfile.TemporaryDirectory(prefix="switching-") as scratch:
        project = write_rtl(
            graph, Path(scratch) / "rtl", part=find_part("xcvu13p"), clock_period_ns=5.0,
            adders_per_stage=5,
        )  # fmt: skip
        found = count(project, x)
    use = use_of_experts(model, x)
    toggles = found["register_toggles"] + found["logic_toggles"]
    return {
        "lut": round(lut_of(Costs.of(graph)).value),
        **found,
        "toggles_per_jet": round(toggles / found["jets"], 1),
        "shares": {one.name: one.shares for one in use.mixtures} if use else {},
    }


def main() -> None:
    """Write the figures of all variants as JSON and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jets", type=int, default=2000)
    options = parser.parse_args()
    jets = jetmix.load_jets(
        options.data, n_particles=PARTICLES, features=THREE_FEATURES, split="test"
    )
    x, rows = jets.x[: options.jets], []
    for title, (name, own) in VARIANTS.items():
        rows.append({"name": title, **measured(name, own, x)})
        print(json.dumps(rows[-1]), flush=True)
        options.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
