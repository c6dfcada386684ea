"""Running a Keras model on flat vectors, with any number of inputs and outputs."""

from typing import Any

import numpy as np

from jetmix.models import keras_env
from jetmix.models.calls import keras_graph
from jetmix.models.signature import Signature, join, slices, split
from jetmix.support.arrays import AnyArray, Reals

BATCH = 1024


def outputs_of(model: Any, x: Reals) -> AnyArray:
    """Return all outputs of a model, (vector, output), for vectors (vector, ...).

    They have the number format that the model computes in.
    """
    if not len(x):
        return np.zeros((0, Signature.of(model).n_outputs), dtype=np.float32)
    given = keras_graph(model).predict(fed(model, x), batch_size=BATCH, verbose=0)
    return join(np.asarray(values) for values in keras_env.activate().tree.flatten(given))


def taken(model: Any, x: Any) -> Any:
    """Return vectors (vector, ...) as a model of a list of inputs takes them, in any backend.

    Args:
        model: a functional model that takes an array, or a list of several.
        x: a tensor, flat where the model has several inputs.
    """
    if len(model.inputs) == 1:
        return x
    ops, ports = keras_env.activate().ops, Signature.of(model).inputs
    return [
        ops.reshape(x[:, place], (-1, *port.shape))
        for port, place in zip(ports, slices(ports), strict=True)
    ]


def fed(model: Any, x: Reals) -> Any:
    """Return flat vectors in the structure that a model takes: an array, a list or a dict."""
    inner = keras_graph(model)
    arrays = split(x, Signature.of(inner).inputs)
    return keras_env.activate().tree.pack_sequence_as(inner._inputs_struct, arrays)
