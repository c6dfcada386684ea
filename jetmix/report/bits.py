"""Where the bits go: the widths that HGQ gave to each activation and weight of a model."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import JetmixError
from jetmix.models.calls import Call, calls_of
from jetmix.report.tagger import Gap, LayerBits, Tagger

# layers within an attention layer
INNER = ("_lin_k_proj", "_lin_v_proj", "_query_dense", "_key_dense", "_value_dense", "_softmax",
         "_output_dense")  # fmt: skip
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
    found = [bits for call in calls_of(prepared.model) for bits in bits_of(call)]
    return tuple(replace(bits, name=shown(bits.name, prepared.names)) for bits in found)


def bits_of(call: Call) -> Iterator[LayerBits]:
    """Yield the bit widths of a layer, or of the layers within; a layer used again comes once."""
    layer = call.layer
    if "#" in call.name or not type(layer).__module__.startswith("hgq"):
        return
    if hasattr(layer, "toq"):
        yield _tables(call)
        return
    shapes = [tuple(tensor.shape[1:]) for tensor in call.inputs]
    own = _layer(call.name, layer, shapes)
    if own is not None:
        yield own
        return
    for attribute in INNER:
        inner = getattr(layer, attribute, None)
        built = getattr(inner, "_build_shapes_dict", None) or {}
        shape = tuple(built.get("input_shape") or ())[1:]
        bits = _layer(f"{call.name}/{attribute.strip('_')}", inner, [shape]) if shape else None
        if bits is not None:
            yield bits


def _layer(name: str, layer: Any, shapes: Sequence[tuple[int, ...]]) -> LayerBits | None:
    inputs = tuple(_input_bits(layer, shapes))
    has_kernel = hasattr(layer, "kq") and hasattr(layer, "qkernel")
    if not inputs and not has_kernel:
        return None
    kernel = _numbers(layer.qkernel) if has_kernel else np.zeros(0)
    widths = _numbers(layer.kq.bits_(kernel.shape)) if has_kernel else kernel
    used = np.broadcast_to(widths, kernel.shape)[kernel != 0]
    return LayerBits(
        name=name,
        kind=type(layer).__name__,
        ebops=int(_numbers(layer.ebops)),
        inputs=inputs,
        n_weights=kernel.size,
        n_nonzero=int((kernel != 0).sum()),
        weight_bits=float(used.mean()) if used.size else None,
    )


def _tables(call: Call) -> LayerBits:
    """Return the widths of a layer of lookup tables: a table counts as a weight.

    An input has the bits of the widest table that it goes into.
    """
    layer, shape = call.layer, tuple(call.inputs[0].shape[1:])
    if hasattr(layer, "rank"):
        shape = (*tuple(layer.output_shape[1:-1]), layer.n_in)
    wide = (1, *shape, layer.n_out)
    taken = np.broadcast_to(_numbers(layer.iq.bits_(wide)), wide)[0]
    given = np.broadcast_to(_numbers(layer.toq.bits_(wide)), wide)[0]
    live = (taken > 0) & (given > 0)
    return LayerBits(
        name=call.name,
        kind=type(layer).__name__,
        ebops=int(_numbers(layer.ebops)),
        inputs=(taken.max(axis=-1).astype(np.float32),),
        n_weights=live.size,
        n_nonzero=int(live.sum()),
        weight_bits=float(given[live].mean()) if live.any() else None,
    )


def _input_bits(layer: Any, shapes: Sequence[tuple[int, ...]]) -> Iterator[NDArray[np.float32]]:
    """Yield the bit widths of each input of a layer, without the dimension of the jets."""
    quantisers = getattr(layer, "iq", None) if getattr(layer, "enable_iq", False) else None
    if quantisers is None:
        return
    # a layer of several inputs holds several quantisers, one of a single input holds just one
    each = list(quantisers) if hasattr(quantisers, "__iter__") else [quantisers]
    for quantiser, inner in zip(each, shapes, strict=False):
        shape = (1, *inner)
        yield np.broadcast_to(_numbers(quantiser.bits_(shape)).astype(np.float32), shape)[0]


def _numbers(tensor: Any) -> NDArray[Any]:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(tensor))
