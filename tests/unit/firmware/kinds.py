"""Small models of one kind each, and whether their graph equals Keras."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import ENGINES, EngineName
from jetmix.models import keras_env
from jetmix.models.prepare import prepare

keras = keras_env.activate()
# hgq would import Keras on the backend of its own choice before
hgq = importlib.import_module("hgq.layers")


def calibrated(
    build: Callable[[Any], Any],
    shape: Sequence[int] = (5,),
    *,
    overflow: str = "WRAP",
    rounding: str = "RND",
    f0: int = 4,
) -> Any:
    """Return a model from one input, of random weights, calibrated on random jets.

    The input is quantised as every port can, and the modes hold behind it.
    """
    from hgq.config import QuantizerConfigScope
    from hgq.quantizer import Quantizer
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(7)
    inputs = keras.Input(tuple(shape), name="jets")
    weights = QuantizerConfigScope(place="weight", b0=6, i0=1)
    lane = {"place": "datalane", "f0": f0, "i0": 2}
    with weights, QuantizerConfigScope(**lane, overflow_mode="WRAP", round_mode="RND"):
        port = Quantizer(name="port")(inputs)
    with weights, QuantizerConfigScope(**lane, overflow_mode=overflow, round_mode=rounding):
        model = keras.Model(inputs, build(port))
    trace_minmax(model, jets(shape, 600), batch_size=200, verbose=False)
    return model


def jets(shape: Sequence[int], n: int, scale: float = 3.0) -> Any:
    """Return random vectors float32 (vector, *shape)."""
    rng = np.random.default_rng(n)
    return rng.normal(0, scale, (n, *shape)).astype(np.float32)


def differing(model: Any, *, by: EngineName = "da4ml") -> int:
    """Return how many of 1,000 vectors, within and beyond the ranges, the graph differs on."""
    prepared = prepare(model).model
    graph = da_graph.trace(prepared, by=by)
    x = np.concatenate(
        [jets(prepared.input_shape[1:], 500), jets(prepared.input_shape[1:], 500, 9)]
    )
    right = prepared.predict(x, verbose=0, batch_size=500).reshape(len(x), -1)
    got = np.asarray(graph.predict(x.reshape(len(x), -1).astype(np.float64)))
    return int((got.reshape(right.shape) != right).any(axis=1).sum())


def differing_by_engine(model: Any) -> dict[str, int]:
    """Return what :func:`differing` gives for every engine."""
    return {by: differing(model, by=by) for by in ENGINES}
