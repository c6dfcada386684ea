"""Measures any trained tagger on a file of jets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data.dataset import JetDataset
from jetmix.data.for_tagger import features_of, load_for_tagger
from jetmix.data.record import DataUsed, JetSource
from jetmix.data.schema import DEFAULT_SPLIT
from jetmix.errors import UsageError
from jetmix.models import keras_env
from jetmix.models.signature import Signature
from jetmix.support.files import JSON
from jetmix.support.records import dump
from jetmix.training.engine import hgq_variables, unfolded_ebops
from jetmix.training.finish import predict
from jetmix.training.metrics import Metrics, Truth, measured


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Performance of a model file on one split of a data file."""

    model: Path
    data: JetSource
    split: str
    metrics: Metrics

    def as_json(self) -> JSON:
        """Return model, data, split, and all that metrics hold."""
        about = {"model": str(self.model), "data": dump(self.data), "split": self.split}
        return {**about, **dump(self.metrics)}


def evaluate(
    model_path: Path,
    data: Path,
    *,
    split: str = DEFAULT_SPLIT,
    trained_on: DataUsed | None = None,
    constants: Path | None = None,
    trust: Sequence[str] = (),
) -> Evaluation:
    """Return the performance of a tagger on one split of a file.

    Args:
        model_path: the model file.
        data: HDF5 file of jets, or .npz file of arrays.
        split: train, validation, test or all.
        trained_on: what the tagger's run recorded of its jets; with None the features follow from
            the number of inputs, and the normalisation is standard, from this file's training jets.
        constants: JSON file of normalisation constants instead, for a tagger of others.
        trust: modules whose classes the model file may use; they are imported.

    Raises:
        LoweringError: if the model cannot be loaded.
        UsageError: if its input is no (particle, feature) that jetmix can fill.
        DataError: if the data cannot be read or do not hold enough particles or features.
    """
    model = keras_env.load_tagger(model_path, quantised_only=False, trust=trust)
    n_targets = len(trained_on.target_names) if trained_on else 0
    n_inputs = 2 if trained_on and trained_on.selection.jet_columns else 1
    _require_ports(model, model_path, n_inputs=n_inputs, n_outputs=2 if n_targets else 1)
    jets = _load(model, model_path, data, split, trained_on=trained_on, constants=constants)
    _require_sizes(model, model_path, [len(jets.class_names), *[n_targets] * bool(n_targets)])
    truth = Truth.of(jets, trained_on.target_scales if trained_on else ())
    found = measured(predict(model, jets.x), truth, ebops=_ebops(model))
    found = replace(found, ebops_unfolded=unfolded_ebops(model))
    return Evaluation(model=model_path, data=jets.source, split=jets.split, metrics=found)


def _require_ports(model: Any, where: Path, *, n_inputs: int, n_outputs: int) -> None:
    """Refuse a model that is no jet tagger by its number of inputs or outputs.

    Raises:
        UsageError: if it has more of one of them.
    """
    for ports, wanted, kind in (
        (model.inputs, n_inputs, "input"),
        (model.outputs, n_outputs, "output"),
    ):
        if len(ports) != wanted:
            raise UsageError(
                f"the model has {len(ports)} {kind}s, and only a tagger with one input and its "
                "class scores as output can be evaluated, or also targets that its run recorded",
                where=where,
                mend="give the run's directory, or a model of the class scores alone; "
                "'jetmix synth' takes this one",
            )


def _require_sizes(model: Any, where: Path, sizes: list[int]) -> None:
    """Refuse a model whose outputs are not one number per class, and one per target.

    Raises:
        UsageError: naming the first output of another size.
    """
    for output, size, kind in zip(model.outputs, sizes, ("classes", "targets"), strict=False):
        if tuple(output.shape[1:]) != (size,):
            raise UsageError(
                f"the model answers with shape {tuple(output.shape[1:])}, not with {size} {kind}",
                where=where,
                mend=f"give a tagger of these {size} {kind}",
            )


def _load(
    model: Any,
    where: Path,
    data: Path,
    split: str,
    *,
    trained_on: DataUsed | None,
    constants: Path | None,
) -> JetDataset:
    shape = Signature.of(model).input_shape
    features = features_of(trained_on, shape)
    if features is None:
        raise UsageError(
            f"the model takes inputs of shape {shape} but does not record which features they are",
            where=where,
            mend="give a run directory, or a model with 16 or 3 particle or 16 jet features",
        )
    return load_for_tagger(
        data,
        trained_on=trained_on,
        features=features,
        input_shape=shape,
        split=split,
        constants=constants,
    )


def _ebops(model: Any) -> int | None:
    """Return the EBOPs that the model file holds, None in full precision."""
    if not keras_env.has_hgq_layers(model):
        return None
    return sum(int(np.asarray(v)) for v in hgq_variables(model, "_ebops"))
