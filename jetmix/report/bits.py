"""Where the bits go: the widths that HGQ gave to each activation and weight of a model."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import JetmixError
from jetmix.report.tagger import Gap, LayerBits, Tagger

MODEL_PLACES = ("2-train/tagger.keras", "tagger.keras")


def with_bits(taggers: Sequence[Tagger], trust: Sequence[str] = ()) -> tuple[Tagger, ...]:
    """Return the taggers with the bit widths of their models; each model is read once.

    A model that cannot be read leaves a gap with the reason: all else can still be reported.
    ``trust`` names the modules whose classes the models may use.
    """
    known: dict[Path, tuple[LayerBits, ...] | Gap] = {}
    found = []
    for tagger in taggers:
        path = model_of(tagger.folders)
        if path is None:
            found.append(tagger)
            continue
        if path not in known:
            known[path] = _read(path, trust)
        result = known[path]
        if isinstance(result, Gap):
            found.append(replace(tagger, gaps=(*tagger.gaps, result)))
        else:
            found.append(replace(tagger, layers=result))
    return tuple(found)


def model_of(folders: Iterable[Path]) -> Path | None:
    """Return the model of the first folder whose stage has finished."""
    for folder in folders:
        for place in MODEL_PLACES:
            path = folder / place
            if path.exists() and (path.parent / "stage.json").exists():
                return path
    return None


def _read(path: Path, trust: Sequence[str]) -> tuple[LayerBits, ...] | Gap:
    try:
        return read_bits(path, trust)
    except JetmixError as error:
        return Gap(what="bit widths of the model", why=error.what, mend=error.mend)


def read_bits(path: Path, trust: Sequence[str] = ()) -> tuple[LayerBits, ...]:
    """Load a model file with Keras and return the bit widths of its HGQ layers, in order.

    Raises:
        LoweringError: if the file is damaged, carries foreign parts or holds no HGQ layer.
    """
    from jetmix.models.keras_env import load_tagger
    from jetmix.models.prepare import prepare, shown

    prepared = prepare(load_tagger(path, trust=trust))
    layers = [_layer(layer) for layer in prepared.model.layers]
    return tuple(
        replace(layer, name=shown(layer.name, prepared.names))
        for layer in layers
        if layer is not None
    )


def _layer(layer: Any) -> LayerBits | None:
    inputs = tuple(_input_bits(layer))
    has_kernel = hasattr(layer, "kq") and hasattr(layer, "qkernel")
    if not inputs and not has_kernel:
        return None
    kernel = np.asarray(layer.qkernel) if has_kernel else np.zeros(0)
    widths = np.asarray(layer.kq.bits_(kernel.shape)) if has_kernel else kernel
    used = np.broadcast_to(widths, kernel.shape)[kernel != 0]
    return LayerBits(
        name=str(layer.name),
        kind=type(layer).__name__,
        ebops=int(layer.ebops),
        inputs=inputs,
        n_weights=kernel.size,
        n_nonzero=int((kernel != 0).sum()),
        weight_bits=float(used.mean()) if used.size else None,
    )


def _input_bits(layer: Any) -> Iterable[NDArray[np.float32]]:
    """Yield the bit widths of each input of a layer, without the dimension of the jets."""
    if not getattr(layer, "enable_iq", False):
        return
    given = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    # a layer of several inputs holds several quantisers, one of a single input holds just one
    quantisers = list(layer.iq) if hasattr(layer.iq, "__iter__") else [layer.iq]
    for quantiser, tensor in zip(quantisers, given, strict=True):
        shape = (1, *tensor.shape[1:])
        bits = np.broadcast_to(np.asarray(quantiser.bits_(shape), np.float32), shape)
        yield bits[0]
