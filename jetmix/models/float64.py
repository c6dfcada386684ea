"""A twin of a Keras HGQ model that computes in float64, for sums that float32 cannot hold.

float32 holds integers of 24 bits and float64 of 53. What the firmware has as a constant or a table
is taken from the model as it is: the twin would round some entries otherwise than training did.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from jetmix.errors import LoweringError
from jetmix.models import keras_env
from jetmix.models.calls import keras_graph
from jetmix.models.run import fed, outputs_of
from jetmix.models.signature import Signature
from jetmix.support.arrays import Float64, Reals

Precision = Literal["float32", "float64"]
# bits of the integers that each holds, without the sign
BITS: dict[Precision, int] = {"float32": 24, "float64": 53}
# quantisers of constants: kernel and bias
WEIGHTS = ("kq", "bq")


def float64_outputs(model: Any, x: Reals) -> Float64:
    """Return what a model would answer in float64, (vector, output), for vectors (vector, ...).

    Raises:
        LoweringError: if Keras cannot build the model in float64.
    """
    with float64_twin(model) as twin:
        return np.asarray(outputs_of(twin, np.asarray(x, dtype=np.float64)), dtype=np.float64)


@contextlib.contextmanager
def float64_twin(model: Any) -> Iterator[Any]:
    """Give a functional model's twin that computes in float64, for use within the block.

    Raises:
        LoweringError: if Keras cannot build the model in float64.
    """
    constants = _constants(model)
    with _float64():
        twin = _twin(model)
        _share(_layers(model), _layers(twin), constants)
        yield twin


@contextlib.contextmanager
def _float64() -> Iterator[None]:
    """Let Keras make and run float64 models, and put its settings back."""
    keras = keras_env.activate()
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    with contextlib.ExitStack() as stack:
        if keras.backend.backend() == "jax":
            import jax
            from keras.src.backend.common import dtypes

            stack.enter_context(jax.enable_x64())
            # on JAX, Keras makes float32 of what some of its operations return as float64
            stack.enter_context(_without(dtypes.BIT64_TO_BIT32_DTYPE, "float64"))
        try:
            keras.config.set_floatx("float64")
            keras.config.set_dtype_policy("float64")
            yield
        finally:
            keras.config.set_floatx(floatx)
            keras.config.set_dtype_policy(policy)


@contextlib.contextmanager
def _without(table: dict[str, str], key: str) -> Iterator[None]:
    value = table.pop(key)
    try:
        yield
    finally:
        table[key] = value


def _twin(model: Any) -> Any:
    inner = keras_graph(model)
    try:
        twin = type(inner).from_config(_widened(inner.get_config()))
        twin.set_weights(inner.get_weights())
    except Exception as error:
        raise LoweringError(
            f"some sums need more than {BITS['float32']} bits, and Keras cannot build the model in "
            "float64 to check them",
            where=f"model {model.name}",
            mend="give its quantisers fewer bits",
        ) from error
    return twin


def _widened(config: Any) -> Any:
    """Return a config with float32 replaced wherever it is the type of a layer."""
    if isinstance(config, dict):
        return {
            key: "float64" if value == "float32" and key in ("dtype", "name") else _widened(value)
            for key, value in config.items()
        }
    return type(config)(map(_widened, config)) if isinstance(config, list | tuple) else config


def _layers(model: Any) -> list[Any]:
    return list(keras_graph(model)._flatten_layers(include_self=False))


def _constants(model: Any) -> dict[int, Any]:
    """Return what the quantisers of constants give, by their place among all layers."""
    layers = _layers(model)
    places = {id(layer): place for place, layer in enumerate(layers)}
    seen: dict[int, Any] = {}
    watched = [
        quantiser
        for layer in layers
        for name, quantiser in vars(layer).items()
        if name.endswith(WEIGHTS) and id(quantiser) in places
    ]
    for quantiser in watched:
        _replace(quantiser, _recorder(quantiser, seen, places[id(quantiser)]))
    try:
        keras_graph(model)(
            fed(model, np.zeros((1, Signature.of(model).n_inputs), dtype=np.float32))
        )
    finally:
        for quantiser in watched:
            object.__delattr__(quantiser, "call")
    return seen


def _recorder(quantiser: Any, seen: dict[int, Any], place: int) -> Callable[..., Any]:
    plain = quantiser.call

    def call(inputs: Any, **_options: Any) -> Any:
        given = plain(inputs, training=False)
        with contextlib.suppress(Exception):  # inside a loop that is being compiled: no value yet
            seen[place] = np.asarray(given)
        return given

    return call


def _replace(layer: Any, call: Callable[..., Any]) -> None:
    # Keras' own attributes are tracked and closed once a layer is built
    object.__setattr__(layer, "call", call)


def _share(layers: list[Any], twins: list[Any], constants: dict[int, Any]) -> None:
    """Give the twin's layers the constants and tables of the model's."""
    for place, (layer, twin) in enumerate(zip(layers, twins, strict=True)):
        if place in constants:
            _replace(twin, _constant(constants[place]))
        elif hasattr(getattr(twin, "quantizer", None), "stateless_quantizer"):
            _replace(twin.quantizer, _exact(layer.quantizer))
    for layer, twin in zip(layers, twins, strict=True):
        _share_tables(layer, twin)


def _constant(value: Any) -> Callable[..., Any]:
    return lambda *_inputs, **_options: value


def _share_tables(layer: Any, twin: Any) -> None:
    """Let the model's own float32 make the tables; their operands are quantised by the twin."""
    for name in ("module", "bn_module", "_toq"):
        if hasattr(twin, "_toq") and hasattr(twin, name):
            _replace(getattr(twin, name), _in_float32(getattr(layer, name).call))
    if hasattr(twin, "_apply_batch_norm"):
        object.__setattr__(twin, "_apply_batch_norm", _in_float32(layer._apply_batch_norm))
    if type(twin).__name__ == "QUnaryFunctionLUT":
        object.__setattr__(twin, "activation", _in_float32(layer.activation))
        if twin.enable_oq:
            _replace(twin._oq, _in_float32(layer._oq.call))


def _in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    ops = keras_env.activate().ops

    def call(inputs: Any, **options: Any) -> Any:
        return function(ops.cast(inputs, "float32"), **options)

    return call


def _exact(quantiser: Any) -> Callable[..., Any]:
    """Return the function of a quantiser with its powers of two worked out by numpy.

    Those of JAX are off by an ulp in float64.
    """
    ops = keras_env.activate().ops
    k, i, f = (np.asarray(bits, dtype=np.float64) for bits in quantiser.kif)
    i, live = np.maximum(i, -f), k + i + f > 0

    def call(inputs: Any, **_options: Any) -> Any:
        given = quantiser.stateless_quantizer.forward(inputs, k, i, f)
        return ops.where(live, given, ops.zeros_like(given))

    return call
