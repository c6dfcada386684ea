"""Layers for folded firmware: which of them fold over what, their bit widths, and their EBOPs.

Folded firmware takes a jet in K clocks. A layer that does the same to every particle exists for
N/K particles, one that mixes the particles, the same way for every channel, for C/K channels. So
the bit widths must be the same along the axis that is folded. Where values go from one kind of
layer to the other, all of them wait in a buffer: they share one bit width, so that they are
rounded before they wait.
"""

from collections.abc import Mapping
from typing import Any

from jetmix.errors import UsageError
from jetmix.recipes.recipe import Recipe

# (jet, particle, channel)
RANK = 3


class Folding:
    """What a fold changes in the layers of one tagger; nothing for a ``factor`` of 1.

    Args:
        factor: clocks for each jet.
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor
        # outputs of layers that fold over channels
        self._by_channel: list[Any] = []

    def dense(self, x: Any, equation: str) -> dict[str, Any]:
        """Return the arguments of an einsum dense layer."""
        return self._arguments(x, over_channels=_mixes_particles(equation))

    def weighted_sum(self, x: Any) -> dict[str, Any]:
        """Return the arguments of a weighted sum over the particles.

        Firmware works it out once per jet, or folded over channels: its EBOPs count in full, and
        its input has one width.
        """
        found = self._arguments(x, over_channels=True)
        return {name: value for name, value in found.items() if name != "ebops_factor"}

    def sum(self, x: Any) -> dict[str, Any]:
        """Return the arguments of a sum over the particles."""
        return self._arguments(x, over_channels=False)

    def add(self, inputs: list[Any]) -> dict[str, Any]:
        """Return the arguments of an addition: of particles, wherever its inputs are from."""
        if not any(self._folds(x) for x in inputs):
            return {}
        waits = [self._waits(x, over_channels=False) for x in inputs]
        confs = {"iq_confs": [_one_width() if one else _default() for one in waits]}
        return {"ebops_factor": 1 / self.factor, **(confs if any(waits) else {})}

    def given(self, out: Any, equation: str) -> Any:
        """Note what kind of layer an output is from, and return it."""
        if _mixes_particles(equation):
            self._by_channel.append(out)
        return out

    def _arguments(self, x: Any, *, over_channels: bool) -> dict[str, Any]:
        if not self._folds(x):
            return {}
        waits = self._waits(x, over_channels=over_channels)
        return {"ebops_factor": 1 / self.factor, **({"iq_conf": _one_width()} if waits else {})}

    def _folds(self, x: Any) -> bool:
        return self.factor > 1 and len(x.shape) == RANK and x.shape[1] > 1

    def _waits(self, x: Any, *, over_channels: bool) -> bool:
        """Return whether values wait for all of their jet before the layer takes them."""
        return any(x is one for one in self._by_channel) != over_channels


def _mixes_particles(equation: str) -> bool:
    given, kernel = equation.split("->", maxsplit=1)[0].split(",")
    return len(given) == RANK and given[1] in kernel


def _default() -> Any:
    from hgq.config import QuantizerConfig

    return QuantizerConfig("default", "datalane")


def _one_width() -> Any:
    from hgq.config import QuantizerConfig

    return QuantizerConfig("default", "datalane", homogeneous_axis=None, heterogeneous_axis=())


def check_fold(recipe: Recipe, sizes: Mapping[str, int] | None) -> None:
    """Refuse a fold that a tagger cannot have.

    Args:
        recipe: the recipe.
        sizes: the sizes that the fold must divide by their keys, None for an architecture without
            layers that repeat.

    Raises:
        UsageError: naming the size.
    """
    fold, name = recipe.quantiser.fold, recipe.tagger.architecture
    if fold == 1:
        return
    where = "[quantiser] fold"
    if not recipe.tagger.quantised:
        raise UsageError("a tagger in full precision has no firmware to fold", where=where,
                         mend="leave out fold, or set quantised = true")  # fmt: skip
    if sizes is None:
        raise UsageError(f"{name} has no layers that fold, or not with these options", where=where,
                         mend="leave out fold, or choose mixer, gnn or deepsets")  # fmt: skip
    if recipe.data.derived:
        raise UsageError("a tagger that derives its features in firmware does not fold",
                         where=where, mend="leave out fold or [data] derived")  # fmt: skip
    for key, size in sizes.items():
        if size % fold:
            fits = [k for k in range(2, size + 1) if not any(s % k for s in sizes.values())]
            choice = f"choose from {', '.join(map(str, fits))}" if fits else "leave it out"
            problem = "is above" if fold > size else "does not divide"
            raise UsageError(f"{fold} {problem} the {size} of {key}", where=where, mend=choice)
