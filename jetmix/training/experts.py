"""How much each expert of a tagger does: which tokens its routers send where."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from jetmix.models.run import fed
from jetmix.support.arrays import Floats
from jetmix.support.records import FRACTION, Check, read, rule, write

FILE = "experts.json"
BATCH = 4096


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """One mixture of experts.

    Attributes:
        name: of its layer.
        shares: of the tokens of all test jets, those that each expert takes, 0 ... 1.
        fixed: number of tokens of a jet that go to the same expert in all test jets.
        tokens: number of tokens of a jet: particles in channel mixing, channels in token mixing.
    """

    name: str
    shares: tuple[float, ...]
    fixed: int
    tokens: int

    CHECKS: ClassVar[dict[str, Check]] = {
        "shares": rule(lambda shares: not any(map(FRACTION, shares)), "must hold shares of 0 to 1"),
    }


@dataclass(frozen=True, kw_only=True)
class Experts:
    """Content of ``experts.json``.

    Attributes:
        mixtures: the mixtures of the tagger, in order of data flow.
    """

    mixtures: tuple[Mixture, ...]

    def write(self, folder: Path) -> None:
        """Write ``experts.json`` into the folder of a training."""
        write(folder / FILE, self)


def read_experts(folder: Path) -> Experts | None:
    """Return the use of the experts, None where the tagger has none.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(Experts, folder / FILE) if (folder / FILE).exists() else None


def use_of_experts(model: Any, x: Floats) -> Experts | None:
    """Return what each expert of a Keras model takes of jets, None for a model without any."""
    found = tuple(_mixtures(model, x))
    return Experts(mixtures=found) if found else None


def _mixtures(model: Any, x: Floats) -> Iterator[Mixture]:
    import keras

    from jetmix.models.expert_layers import Choose, Route

    routes = {
        layer.name: layer.input[0]
        for layer in model.layers
        if isinstance(layer, Choose) and isinstance(layer.input[0]._keras_history[0], Route)
    }
    for name, bits in routes.items():
        router = keras.Model(model.inputs, bits)
        chosen = np.asarray(router.predict(fed(model, x), batch_size=BATCH, verbose=0))
        shares = chosen.mean(axis=0, dtype=np.float64)
        yield Mixture(
            name=name,
            shares=tuple(map(float, shares.mean(axis=0))),
            fixed=int((shares == 1).any(axis=1).sum()),
            tokens=len(shares),
        )
