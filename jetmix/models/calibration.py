"""Whether the ranges of a model's quantisers come from data: recorded, or guessed.

HGQ finds the integer bits of a wrapping quantiser from the jets that pass through it in training
or in ``hgq.utils.trace_minmax``. A model that no jet has passed wraps nearly everywhere.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.models.model_file import METADATA, OWN_KEY, read_model_file
from jetmix.models.sound import all_layers
from jetmix.support.arrays import Floats
from jetmix.support.files import JSON

MARK: JSON = {"calibrated": True}


def is_recorded(path: Path) -> bool:
    """Return whether a model file records that jetmix calibrated it."""
    own = read_model_file(path).metadata.get(OWN_KEY)
    return isinstance(own, dict) and own.get("calibrated") is True


def record(path: Path) -> None:
    """Note in a ``.keras`` file that its model is calibrated; saving by Keras drops the note."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in parts.items():
            noted = with_mark(content) if entry.filename == METADATA else content
            archive.writestr(entry, noted)


def with_mark(metadata: bytes) -> bytes:
    """Return the content of ``metadata.json`` with the note that the model is calibrated."""
    return json.dumps({**json.loads(metadata), OWN_KEY: MARK}).encode()


def require_calibrated(model: Any) -> None:
    """Refuse a model whose ranges were, by all signs, never calibrated.

    The signs are two: every wrapping quantiser still has the integer bits that it was made with,
    and no layer has EBOPs, which HGQ counts only while it finds ranges. Ranges that come out as
    they started are no sign alone: few quantisers, each of a whole tensor, may do so by chance.

    Raises:
        LoweringError: with the number of values that were never set.
    """
    bits = [entry for layer in all_layers(model) for entry in _integer_bits(layer)]
    n = sum(now.size for now, _ in bits)
    counted = any(_ebops(layer) for layer in all_layers(model))
    if n > 1 and not counted and all((now == first).all() for now, first in bits):
        raise LoweringError(
            f"the ranges of its quantisers ({n} values) were never calibrated",
            where=f"model {model.name}",
            mend="train it, or run hgq.utils.trace_minmax with jets, and save it again; if its "
            "ranges are as you want them, add --calibrated (calibrated=True in Python)",
        )


def _ebops(layer: Any) -> float:
    """Return the EBOPs that a layer holds, 0 if it does not count them."""
    counted = getattr(layer, "_ebops", None)
    return 0.0 if counted is None else float(np.asarray(counted))


def _integer_bits(layer: Any) -> Iterator[tuple[Floats, float]]:
    """Yield the integer bits, now and at first, of every wrapping quantiser of values."""
    for name in ("iq", "oq"):
        outer = getattr(layer, name, None)
        # a recurrent layer leaves its quantisers to its cell
        if outer is None or not getattr(layer, f"enable_{name}", False):
            continue
        for quantiser in getattr(outer, "quantizers", [outer]):
            inner = quantiser.quantizer
            first = getattr(getattr(inner, "_i0", None), "value", None)
            if getattr(inner, "overflow_mode", None) == "WRAP" and first is not None:
                yield np.asarray(inner._i), first
