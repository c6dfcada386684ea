"""The only place that chooses the Keras backend, and that opens model files.

Keras reads its backend once, when it is first imported. Everything in jetmix that needs Keras
calls :func:`activate` first, and imports ``keras`` or ``hgq`` only after it.
"""

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError, UsageError
from jetmix.models.classes import known_objects
from jetmix.models.safety import check_model_file
from jetmix.models.sound import (
    all_layers,
    require_finite,
    require_fixed_shapes,
    require_full_floats,
)
from jetmix.models.writers import loading_error

BACKENDS = ("jax", "tensorflow")
DEFAULT_BACKEND = "jax"
# Log levels are the libraries' own variables: nothing else can reach their C++ side.
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "GRPC_VERBOSITY": "ERROR",
}


def activate(backend: str | None = None) -> Any:
    """Import Keras on ``backend`` and return the module.

    Args:
        backend: "jax" or "tensorflow"; None takes the one already running, else KERAS_BACKEND,
            else jax, which trains several times faster on a CPU.

    Raises:
        UsageError: for an unknown backend, or if Keras already runs on another one.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = chosen_backend(backend)
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import hgq.layers  # noqa: F401  (registers its layers with Keras)
        import keras
        import qkeras.quantizers  # noqa: F401  (and so does hgq2's QKeras form)

        import jetmix.models.derive_layer
        import jetmix.models.expert_layers  # noqa: F401  (and jetmix' own)
    running = str(keras.backend.backend())
    if running == "jax":
        _leave_tensorflow_out()
    if backend is not None and running != backend:
        raise UsageError(
            f"Keras already runs on {running}, not on {backend}",
            mend=f"start a new process, with KERAS_BACKEND={backend} or --backend {backend}",
        )
    return keras


def _leave_tensorflow_out() -> None:
    """Keep Keras on JAX from importing TensorFlow, which takes it seconds in every process.

    Keras imports it when it writes or copies a layer, to ask whether a value is of TensorFlow.
    """
    from keras.src.utils.module_utils import tensorflow

    if tensorflow.name not in sys.modules:
        tensorflow._available = False


def chosen_backend(backend: str | None) -> str:
    """Return ``backend``, or what KERAS_BACKEND says, or the default, without importing Keras.

    Raises:
        UsageError: if it is no backend that jetmix supports.
    """
    chosen = backend or os.environ.get("KERAS_BACKEND") or DEFAULT_BACKEND
    if chosen not in BACKENDS:
        raise UsageError(
            f"unknown Keras backend '{chosen}'",
            mend=f"set --backend or KERAS_BACKEND to one of {', '.join(BACKENDS)}",
        )
    return chosen


def load_tagger(path: Path, *, quantised_only: bool = True, trust: Sequence[str] = ()) -> Any:
    """Load an HGQ2 model file (``.keras`` or ``.h5``) without running anything that it carries.

    The file's own description is checked before Keras reads it: only layers of keras, hgq,
    qkeras and the trusted modules are let in, and Keras' safe mode stays on. Nothing is imported
    because a file names it.

    Args:
        path: the model file; any HGQ2 model, also one that jetmix did not train.
        quantised_only: refuse what cannot be lowered whatever its layers: a model without any HGQ
            layer (such as a full-precision twin), in half precision, or with inputs of any length.
        trust: modules that the user trusts; they are imported, and their classes let in.

    Returns:
        The Keras model as it is in the file, not compiled.

    Raises:
        LoweringError: if the file is missing, damaged, carries executable or foreign parts, was
            written by something else than Keras 3, holds weights that are not finite, or is
            refused by ``quantised_only``.
        UsageError: if a trusted module cannot be imported.
    """
    file = check_model_file(path, trust)
    keras = activate()
    known = known_objects(trust)
    try:
        model = keras.models.load_model(path, custom_objects=known, compile=False, safe_mode=True)
    except Exception as error:
        # Keras and h5py raise a dozen unrelated types for a damaged file
        raise loading_error(file, error, str(keras.__version__)) from error
    _require_graph(model, path)
    if quantised_only:
        _require_hgq_layers(model, path)
        require_full_floats(model, path)
        require_fixed_shapes(model, path)
    require_finite(model, path)
    return model


def has_hgq_layers(model: Any) -> bool:
    """Return whether a loaded model holds at least one layer of hgq or its qkeras module.

    Layers inside nested models count, and so do layers derived from those of hgq.
    """
    return any(is_hgq_layer(layer) for layer in all_layers(model))


def is_hgq_layer(layer: Any) -> bool:
    """Return whether a layer is one of hgq or its qkeras module, or is derived from one."""
    roots = (kind.__module__.split(".", maxsplit=1)[0] for kind in type(layer).__mro__)
    return any(root in ("hgq", "qkeras") for root in roots)


def _require_hgq_layers(model: Any, path: Path) -> None:
    if not has_hgq_layers(model):
        raise LoweringError(
            "the model has no HGQ layer, so its bit widths are not known",
            where=path,
            mend="give a model trained with HGQ2 (tagger.quantised = true in the recipe)",
        )


def _require_graph(model: Any, path: Path) -> None:
    """Refuse a model whose layers and shapes are not known before it is called."""
    if not getattr(model, "inputs", None):
        raise LoweringError(
            f"the model ({type(model).__name__}) was saved without an input shape or a graph",
            where=path,
            mend="build it from keras.Input(shape) and layers, and save it again",
        )
