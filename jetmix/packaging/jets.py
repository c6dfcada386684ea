"""The jets that a package brings with their answers."""

import numpy as np

from jetmix.packaging.order import Order
from jetmix.support.arrays import Reals
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.ladder import jets_of
from jetmix.verification.options import VectorOptions
from jetmix.verification.vectors import InputRange, build_vectors


def jets_with_answers(order: Order, most: int) -> tuple[Reals, Reals]:
    """Return jets (jet, element) and their scores (jet, output).

    They are jets of the test split, random vectors and corners where no file is given.

    Args:
        order: what is packaged.
        most: the number of jets.

    Raises:
        DataError: if the jets cannot be read.
    """
    emulator = Emulator.load(order.synth.path).flat
    x = _jets(order, emulator.input_shape, most)
    return x.reshape(len(x), -1), emulator.run(x)


def _jets(order: Order, shape: tuple[int, ...], most: int) -> Reals:
    tagger = order.synth.tagger
    if order.data is not None:
        VectorOptions(data=order.data).require_data()
        jets, _ = jets_of(order.data, tagger.ports, tagger.dataset)
        return jets[:most]
    ranges = InputRange.of(order.graph)
    x = build_vectors(ranges, shape, jets=None, n_random=most, seed=1).x
    return x[np.random.default_rng(1).permutation(len(x))[:most]]
