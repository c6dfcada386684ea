"""Names files that are no Keras model, and the way from each to one that can be lowered."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from jetmix.errors import LoweringError

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
SAVE = "save the whole model with model.save('model.keras')"
REBUILD = (
    "build it in Keras 3 with the layers of hgq2, copy the weights, calibrate it "
    f"(hgq.utils.trace_minmax) and {SAVE}"
)
FROM_WEIGHTS = f"build the model in Python, load these weights with model.load_weights and {SAVE}"
FROM_JSON = (
    "build the model with keras.models.model_from_json after 'import hgq', load its weights with "
    f"model.load_weights and {SAVE}"
)
NO_MODEL = "give a .keras or .h5 file written by Keras 3 with hgq2"
TORCH = ("a PyTorch file, not a Keras model", REBUILD)
PICKLE = ("a Python pickle, which can run code when it is opened", f"open it yourself and {SAVE}")
# what protocol 2 writes first of PyTorch's number for files older than 1.6
TORCH_PICKLE = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
SUFFIXES = {
    ".onnx": ("an ONNX file, not a Keras model", REBUILD),
    ".pb": ("a TensorFlow graph without Keras layers", f"take the Keras model itself: {SAVE}"),
    ".tflite": ("a TensorFlow Lite file without Keras layers", REBUILD),
    ".pt": TORCH,
    ".pth": TORCH,
    ".pkl": PICKLE,
    ".pickle": PICKLE,
    ".joblib": PICKLE,
}


def refuse_other(path: Path, start: bytes) -> NoReturn:
    """Refuse a file that is neither a zip nor an HDF5 file; ``start`` are its first 16 bytes.

    Raises:
        LoweringError: with what it is.
    """
    if start.startswith(TORCH_PICKLE):
        _refuse(path, *TORCH)
    # 0x80 opens every pickle of protocol 2 and later, the protocol follows
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        _refuse(path, *PICKLE)
    if start[4:8] == b"TFL3":
        _refuse(path, *SUFFIXES[".tflite"])
    if path.suffix.lower() in SUFFIXES:
        _refuse(path, *SUFFIXES[path.suffix.lower()])
    if start.lstrip()[:1] == b"{":
        _refuse_json(path)
    _refuse(path, "neither a Keras zip nor an HDF5 file", NO_MODEL)


def refuse_zip(path: Path, names: Sequence[str]) -> NoReturn:
    """Refuse a zip archive that holds no ``config.json`` of Keras.

    Raises:
        LoweringError: with what it is.
    """
    if any(name.endswith("/data.pkl") for name in names):
        _refuse(path, *TORCH)
    if any(name.endswith(".npy") for name in names):
        _refuse(path, "an .npz file of arrays, not a model", NO_MODEL)
    _refuse(path, "a zip archive without a Keras model", NO_MODEL)


def refuse_hdf5(path: Path, handle: Any) -> NoReturn:
    """Refuse an open HDF5 file that holds no description of a model.

    Raises:
        LoweringError: with what it is.
    """
    groups = set(handle)
    kinds: tuple[Callable[[], bool], ...] = (
        lambda: "layer_names" in handle.attrs,  # Keras 2
        lambda: "layers" in groups and bool(groups & {"vars", "optimizer"}),
        lambda: "_layer_checkpoint_dependencies" in groups,
        lambda: path.name.endswith(".weights.h5"),
    )
    if any(kind() for kind in kinds):
        _refuse(path, "the file holds weights only, not the layers", FROM_WEIGHTS)
    found = f"only {', '.join(sorted(groups)[:3])}" if groups else "nothing"
    _refuse(path, f"an HDF5 file without a Keras model (it holds {found})", NO_MODEL)


def refuse_folder(path: Path) -> None:
    """Refuse a folder that another program saved a model in; any other folder is left alone.

    Raises:
        LoweringError: with what it is.
    """
    if (path / "saved_model.pb").is_file():
        what = "a TensorFlow SavedModel, a graph without Keras layers"
        _refuse(path, what, f"take the Keras model itself: {SAVE}")
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        _refuse(path, "an unpacked .keras file", "pack its files into a zip named model.keras")


def _refuse_json(path: Path) -> NoReturn:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        _refuse(path, f"a JSON file that cannot be read ({error})", NO_MODEL)
    if isinstance(content, dict) and {"class_name", "config"} <= set(content):
        _refuse(path, "the file holds the layers only, without their weights", FROM_JSON)
    if isinstance(content, dict) and "weight_map" in content:
        _refuse(path, "the file lists the parts of a model's weights only", FROM_WEIGHTS)
    _refuse(path, "a JSON file without a Keras model", NO_MODEL)


def _refuse(path: Path, what: str, mend: str) -> NoReturn:
    raise LoweringError(what, where=path, mend=mend)
