"""The Keras model of one beat of a section: its layers, on N/K particles or C/K channels.

It holds copies of the layers with the same weights and bit widths, which must therefore be the
same for all beats. What comes from other sections goes through a quantiser of the bits that it
comes in; what goes to others goes through the quantiser of the layer that takes it where that is
the same for all beats, so that no more bits wait than are used.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.folding.plan import Edge, FoldPlan, SectionPlan
from jetmix.support.arrays import AnyArray, Ints

# variables of hgq's quantisers that hold bit widths, in different forms of numbers
BITS = {"k": "sign bit", "i": "integer bits", "f": "fraction bits", "b": "bits"}
TRAIN = "train the tagger with [quantiser] fold = {fold}, or leave out --ii"


def beat_model(plan: FoldPlan, section: SectionPlan, held: Mapping[Edge, Ints]) -> Any:
    """Return the flat Keras model of one beat.

    Its inputs are the model's, for the first section, and then those of ``held``; its outputs are
    the values that go to other sections, in order, or for the last section those of the model.

    Args:
        plan: how the tagger folds.
        section: the section.
        held: sign, integer and fraction bits of what comes from other sections, (3, *beat).

    Raises:
        LoweringError: for a layer whose bit widths or weights differ from beat to beat.
    """
    import keras

    known: dict[tuple[int, str | None, int], Any] = {}
    inputs = []
    if section is plan.sections[0]:
        tensor = plan.model.inputs[0]
        inputs.append(keras.Input(plan.beat_shape(tensor.shape, section.domain), name="inputs"))
        known[id(tensor), None, 0] = inputs[0]
    for edge, kifs in held.items():
        inputs.append(keras.Input(kifs.shape[1:], name=f"from_{name_of_edge(edge)}"))
        known[id(edge.tensor), edge.taker.name, edge.place] = _held_as(inputs[-1], kifs, edge)
    for call in section.calls:
        layer = _copy(plan, section, call.layer, call.outputs[0], call.name)
        taken = [
            known.get((id(t), call.name, n), known.get((id(t), None, 0)))
            for n, t in enumerate(call.inputs)
        ]
        out = layer(taken if _takes_list(call) else taken[0])
        _set(layer, call.layer, plan, section, call.name)
        known[id(call.outputs[0]), None, 0] = out
    outputs = [
        _given(plan, section, edge, known[id(edge.tensor), None, 0])
        for edge in plan.edges if edge.source is section
    ]  # fmt: skip
    outputs = outputs or [known[id(tensor), None, 0] for tensor in plan.model.outputs]
    return keras.Model(inputs, outputs, name=section.name)


def name_of_edge(edge: Edge) -> str:
    """Return what a value between sections is called."""
    return f"{edge.giver}_to_{edge.taker.name}_{edge.place}".replace("#", "_")


def _takes_list(call: Any) -> bool:
    given = call.layer.input if "#" not in call.name else call.inputs
    return isinstance(given, list | tuple)


def _held_as(x: Any, kifs: Ints, edge: Edge) -> Any:
    """Return values in the bits that they come in, which changes none."""
    from hgq.quantizer import Quantizer, QuantizerConfig

    config = QuantizerConfig(
        "kif", "datalane", round_mode="TRN", overflow_mode="WRAP", trainable=False,
        homogeneous_axis=(0,), ic=None, fc=None, ir=None, fr=None,
    )  # fmt: skip
    layer = Quantizer(config, name=f"held_{name_of_edge(edge)}", trainable=False)
    out = layer(x)
    inner = layer.quantizer
    for variable, values in zip((inner._k, inner._i, inner._f), kifs, strict=True):
        variable.assign(np.asarray(values, np.float32).reshape(variable.shape))
    return out


def _copy(plan: FoldPlan, section: SectionPlan, layer: Any, out: Any, name: str) -> Any:
    """Return a new layer of the same kind for one beat."""
    config = {**layer.get_config(), "name": name.replace("#", "_")}
    if "equation" in config:
        config["output_shape"] = plan.beat_shape(out.shape, section.domain)
    return type(layer).from_config(config)


def _given(plan: FoldPlan, section: SectionPlan, edge: Edge, x: Any) -> Any:
    """Return a value as it goes to another section: rounded already, where that can be."""
    quantiser = None if edge.sums else _taking(edge)
    if quantiser is None:
        return x
    copy = type(quantiser).from_config(
        {**quantiser.get_config(), "name": f"to_{name_of_edge(edge)}"}
    )
    out = copy(x)
    try:
        _set(copy, quantiser, plan, section, edge.taker.name)
    except LoweringError:
        # it differs from beat to beat on this side, and is applied on the other one
        return x
    return out


def _taking(edge: Edge) -> Any:
    """Return the quantiser through which a layer takes a value, None where it has none."""
    layer = edge.taker.layer
    if not getattr(layer, "enable_iq", False):
        return None
    quantisers = getattr(layer.iq, "quantizers", None)
    return layer.iq if quantisers is None else quantisers[edge.place]


def _set(new: Any, old: Any, plan: FoldPlan, section: SectionPlan, name: str) -> None:
    """Give a copy the values of its original, which must be the same for all beats.

    Raises:
        LoweringError: if they differ, saying by how much.
    """
    for target, source in zip(new.variables, old.variables, strict=True):
        values, shape = np.asarray(source), tuple(target.shape)
        if shape != values.shape:
            beats = _beats(values, shape, plan.fold)
            _require_same(beats, str(source.name).strip("_"), plan, section, name)
            values = beats[0]
        target.assign(values)


def _beats(values: AnyArray, shape: tuple[int, ...], fold: int) -> AnyArray:
    """Return values cut into beats along the axis that is longer than in ``shape``."""
    axis = next(n for n, size in enumerate(values.shape) if size != shape[n])
    split = (*values.shape[:axis], fold, shape[axis], *values.shape[axis + 1 :])
    return np.moveaxis(values.reshape(split), axis, 0)


def _require_same(
    beats: AnyArray, kind: str, plan: FoldPlan, section: SectionPlan, name: str
) -> None:
    """Refuse values that differ from beat to beat.

    Raises:
        LoweringError: if they do, saying by how much.
    """
    bits = BITS.get(kind)
    # trained widths are rounded where they are used
    gap = float(np.ptp(np.round(beats) if bits else beats, axis=0).max(initial=0.0))
    if gap:
        what = f"its {bits} differ by up to {gap:g}" if bits else f"its {kind} differs"
        raise LoweringError(f"{what} along the {section.domain}, so it does not fold",
                            where=f"layer {name}", mend=TRAIN.format(fold=plan.fold))  # fmt: skip
