"""The only place that chooses the Keras backend, and that opens model files.

Keras reads its backend once, when it is first imported. Everything in jetmix that needs Keras
calls :func:`activate` first, and imports ``keras`` or ``hgq`` only after it.
"""

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError, UsageError
from jetmix.models.safety import check_model_file

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
        import hgq  # noqa: F401  (registers its layers with Keras)
        import keras
        import qkeras.quantizers  # noqa: F401  (and so does hgq2's QKeras form)
    running = str(keras.backend.backend())
    if backend is not None and running != backend:
        raise UsageError(
            f"Keras already runs on {running}, not on {backend}",
            mend=f"start a new process, with KERAS_BACKEND={backend} or --backend {backend}",
        )
    return keras


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


def load_tagger(path: Path, *, quantised_only: bool = True) -> Any:
    """Load an HGQ2 model file (``.keras`` or ``.h5``) without running anything that it carries.

    The file's own description is checked before Keras reads it: only layers of keras, hgq and
    qkeras are let in, and Keras' safe mode stays on.

    Args:
        path: the model file; any HGQ2 model, also one that jetmix did not train.
        quantised_only: refuse a model without any HGQ layer, such as a full-precision twin.

    Returns:
        The Keras model, not compiled.

    Raises:
        LoweringError: if the file is missing, damaged, carries executable or foreign parts, or
            holds no HGQ layer.
    """
    check_model_file(path)
    keras = activate()
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras and h5py raise a dozen unrelated types for a damaged file
        raise LoweringError(
            f"Keras cannot load the model ({type(error).__name__}: {_first_line(error)})",
            where=path,
            mend="give an undamaged model file written by Keras 3 with hgq2",
        ) from error
    if quantised_only and not has_hgq_layers(model):
        raise LoweringError(
            "the model has no HGQ layer, so its bit widths are not known",
            where=path,
            mend="give a model trained with HGQ2 (tagger.quantised = true in the recipe)",
        )
    return model


def has_hgq_layers(model: Any) -> bool:
    """Return whether a loaded model holds at least one layer of hgq or its qkeras module."""
    modules = (type(layer).__module__.split(".")[0] for layer in model.layers)
    return any(name in ("hgq", "qkeras") for name in modules)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"
