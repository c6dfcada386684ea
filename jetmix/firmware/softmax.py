"""Cuts the softmax off a tagger: it does not change which class scores highest."""

from typing import Any

from jetmix.errors import LoweringError

SOFTMAX_LAYERS = ("Softmax", "QSoftmax")


def is_softmax(layer: Any) -> bool:
    """Tell whether a layer gives a softmax, by itself or as its activation."""
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return type(layer).__name__ in SOFTMAX_LAYERS or activation == "softmax"


def without_softmax(model: Any) -> Any:
    """Return the model up to the input of its last layer, a softmax.

    Args:
        model: a Keras model; it is not changed.

    Raises:
        LoweringError: if the last layer is no softmax, or is one that does more.
    """
    import keras

    last = model.layers[-1]
    if not is_softmax(last):
        raise LoweringError(
            "does not end in a softmax, so it gives its logits already",
            where=f"model {model.name}",
            mend="leave out --logits",
        )
    if last.weights and type(last).__name__ not in SOFTMAX_LAYERS:
        raise LoweringError(
            "the softmax is the activation of a layer with weights, so no layer gives logits",
            where=f"layer {last.name}",
            mend="save the model with that activation linear",
        )
    return keras.Model(model.input, last.input, name=model.name)
