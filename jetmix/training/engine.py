"""What runs the epochs of a training: one engine per Keras backend.

The engine of a backend stands in ``engine_<backend>.py``, and its name in the one table of
backends, :data:`jetmix.models.keras_env.BACKENDS`.

An engine runs an epoch in one call per portion of jets: all of them where they fit on the device.
It knows nothing of schedules, fronts or files.
"""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from jetmix.recipes.training_section import TrainingSection
from jetmix.support.arrays import AnyArray, Floats, Ints
from jetmix.training.answers import Answers
from jetmix.training.jets import Jets
from jetmix.training.losses import target_loss

ENGINE = "jetmix.training.engine_"
EVALUATION_BATCH = 8192
# jets that an engine holds on the device, and the order of training: (step, jet of the batch)
Portion = tuple[Any, Ints]


@dataclass(frozen=True, kw_only=True)
class Validation:
    """How the model does on jets that it is not trained on.

    ``spread`` is the largest standard deviation over the jets of any logit: 0 when the model
    gives all jets the same answer. ``loss`` is the whole loss but for the bits and a teacher; its
    part from regression is ``target_loss``, None without targets.
    """

    accuracy: float
    loss: float
    spread: float
    target_loss: float | None = None


class Tracing:
    """The value of ``training`` that makes hgq2's quantisers record ranges without training.

    hgq2 asks for something that is false and equals "tracing" (see hgq.utils.trace_minmax).
    """

    def __bool__(self) -> bool:
        """Return False: nothing is trained."""
        return False

    def __eq__(self, other: object) -> bool:
        """Tell whether ``other`` is the word that hgq2 looks for."""
        return other == "tracing"

    def __hash__(self) -> int:
        """Return the hash of that word."""
        return hash("tracing")


class Engine(Protocol):
    """Trains one model; the model's own variables are stale until :meth:`sync`."""

    def hold(self, jets: Jets) -> Any:
        """Return the jets on the device, for the portions of :meth:`train_epoch`."""

    def train_epoch(
        self,
        portions: Iterable[Portion],
        learning_rate: float,
        beta: float,
        *,
        trains_bits: bool = True,
    ) -> float:
        """Train on the portions one after the other; return the mean loss without the bits.

        Without ``trains_bits`` the bit widths stay as they are.
        """

    def answers(self, x: Floats, *, wrapping: bool = True) -> Answers:
        """Return the answers on jets, with the quantisers in inference mode.

        Without ``wrapping`` the activations have all the integer bits that they need, as after
        a calibration; the model is not changed.
        """

    def settle(self, x: Any) -> None:
        """Set the batch normalisations to what training jets give with today's weights.

        In training each step normalises with its own batch. The running averages, which
        inference uses, mix steps whose low-bit weights differ, and jump; so they are replaced by
        the statistics of the one large batch ``x`` ("precise batch norm", arXiv 2105.07576).
        Nothing else changes.
        """

    def trace(self, x: Floats) -> None:
        """Widen the integer bits of all quantisers to the range that they see on jets ``x``."""

    def ebops(self) -> int:
        """Return the EBOPs of the last training step or trace; 0 for a full-precision model."""

    def state(self) -> list[AnyArray]:
        """Return every variable: the model's trained ones, its others, the optimiser's."""

    def load_state(self, values: list[AnyArray]) -> None:
        """Continue from what :meth:`state` returned."""

    def sync(self) -> None:
        """Write the trained values into the Keras model."""


def make_engine(model: Any, optimizer: Any, settings: TrainingSection) -> Engine:
    """Return the engine of the running backend; the settings say how targets enter the loss."""
    import keras

    module = importlib.import_module(f"{ENGINE}{keras.backend.backend()}")
    engine: Engine = module.make(model, optimizer, settings)
    return engine


def hgq_variables(model: Any, name: str) -> list[Any]:
    """Return the variables ``name`` ("_beta" or "_ebops") of all HGQ layers, at any depth."""
    found = (getattr(layer, name, None) for layer in model._flatten_layers())
    return [variable for variable in found if variable is not None]


def trained_quantisers(model: Any) -> list[Any]:
    """Return the quantisers whose bits are trained or follow ranges, at any depth."""
    layers = model._flatten_layers()
    return [layer for layer in layers if hasattr(layer, "_i_decay_speed") and layer.trainable]


def bit_variables(model: Any) -> list[Any]:
    """Return the bit widths that are trained."""
    return [bits for layer in trained_quantisers(model) for bits in layer.trainable_variables]


def unfolded_ebops(model: Any) -> int | None:
    """Return the EBOPs with every copy of folded layers counted, None where nothing is folded."""
    layers = [
        layer for layer in model._flatten_layers() if getattr(layer, "_ebops", None) is not None
    ]
    if all(layer.ebops_factor == 1 for layer in layers):
        return None
    whole = sum(int(np.asarray(layer._ebops)) / float(layer.ebops_factor) for layer in layers)
    return round(whole)


def normalisation_variables(model: Any) -> list[tuple[Any, float]]:
    """Return every running mean and variance with the momentum of its layer."""
    layers = [layer for layer in model._flatten_layers() if hasattr(layer, "moving_mean")]
    return [
        (variable, float(layer.momentum))
        for layer in layers
        for variable in (layer.moving_mean, layer.moving_variance)
    ]


def validate(
    engine: Engine, jets: Jets, *, wrapping: bool, settings: TrainingSection
) -> Validation:
    """Return accuracy, loss and spread of the engine's model on jets.

    The accuracy counts every jet alike, the loss uses the jets' weights as training does.
    ``wrapping`` is that of :meth:`Engine.answers`.
    """
    found = engine.answers(jets.x, wrapping=wrapping)
    logits = found.logits.astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    losses = log_sum - shifted[np.arange(len(jets)), jets.y]
    loss = float((losses if jets.weights is None else losses * jets.weights).mean())
    regression = None
    if jets.targets is not None:
        regression = float(
            target_loss(settings.target_loss, found.targets, jets.targets, jets.weights)
        )
        loss += settings.target_weight * regression
    return Validation(
        accuracy=float((logits.argmax(axis=1) == jets.y).mean()),
        loss=loss,
        spread=float(logits.std(axis=0).max()),
        target_loss=regression,
    )
