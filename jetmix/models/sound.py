"""What every model must be before anything is done with it: finite, and for hardware also fixed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError

# infinite by default, or of training alone
NO_VALUES = ("i_decay_speed", "beta")
FULL_FLOATS = ("float32", "float64")


def all_layers(model: Any) -> Iterator[Any]:
    """Yield the layers of a model in order, with those inside nested models."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from all_layers(layer)


def require_finite(model: Any, path: Path) -> None:
    """Refuse a model whose weights hold NaN or infinity.

    Raises:
        LoweringError: with the layer and the weight.
    """
    import numpy as np

    for layer in all_layers(model):
        for weight in () if hasattr(layer, "layers") else layer.weights:
            values = np.asarray(weight)
            n_bad = int((~np.isfinite(values)).sum())
            if n_bad and weight.name not in NO_VALUES:
                raise LoweringError(
                    f"its weight '{weight.name}' holds {n_bad} NaN or infinite of {values.size} "
                    "values",
                    where=f"{path}: layer {layer.name}",
                    mend="take an earlier checkpoint, or train again with a lower learning rate",
                )


def require_full_floats(model: Any, path: Path) -> None:
    """Refuse a model that computes in half precision: its sums round where the firmware's do not.

    Raises:
        LoweringError: with the layer and its policy.
    """
    for layer in all_layers(model):
        policy = getattr(layer, "dtype_policy", None)
        if policy is not None and policy.compute_dtype not in FULL_FLOATS and layer.weights:
            raise LoweringError(
                f"it computes in {policy.compute_dtype} (dtype policy {policy.name}), so Keras "
                "rounds where firmware does not",
                where=f"{path}: layer {layer.name}",
                mend="build the model again after keras.config.set_dtype_policy('float32'), "
                "take its weights over with set_weights(model.get_weights()), calibrate it and "
                "save it",
            )


def require_fixed_shapes(model: Any, path: Path) -> None:
    """Refuse a model with an input of any length; the batch may be of any size or fixed.

    Raises:
        LoweringError: with the input.
    """
    for tensor in model.inputs:
        if None in tensor.shape[1:]:
            raise LoweringError(
                f"its shape {tuple(tensor.shape[1:])} leaves a length open, and firmware has a "
                "fixed number of inputs",
                where=f"{path}: input {tensor.name}",
                mend="give keras.Input the full shape, such as (16, 3), and save the model again",
            )
