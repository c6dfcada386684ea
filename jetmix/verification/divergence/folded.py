"""Where a folded machine first differs from Keras: at which value between two sections."""

from typing import Any

import numpy as np

from jetmix.firmware.folding.machine import Machine
from jetmix.models.calls import calls_of
from jetmix.support.arrays import Float64, Reals
from jetmix.verification.bench import Bench
from jetmix.verification.divergence.layers import (
    LayerInputs,
    keras_inputs,
    quantisers_of,
)
from jetmix.verification.divergence.layers import (
    first_difference as first_of,
)


def first_difference(bench: Bench, x: Reals) -> str:
    """Return the layers between which the machine first differs from Keras, for one vector."""
    model, machine = bench.model, bench.machine
    if machine is None:
        raise ValueError("the tagger is not folded")
    return first_of(
        model, keras_inputs(model, x, bench.precision), machine_inputs(machine, model, x)
    )


def machine_inputs(machine: Machine, model: Any, x: Reals) -> LayerInputs:
    """Return what layers take from other sections, as their quantisers take it."""
    calls = {call.name: call for call in calls_of(model)}
    found: dict[str, list[Float64 | None]] = {
        name: [None] * len(call.inputs) for name, call in calls.items()
    }
    for link, value in machine.linked(x):
        quantisers = quantisers_of(calls[link.taker].layer)
        if quantisers:
            found[link.taker][link.place] = _taken(quantisers[link.place], value)
    return found


def _taken(quantiser: Any, value: Float64) -> Float64:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(quantiser(value)), np.float64).ravel()
