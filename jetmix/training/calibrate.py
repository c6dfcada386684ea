"""Calibration: the integer bits of every quantiser, from the ranges of the training jets.

During training they follow the last batches and decay; firmware wraps what does not fit. So
before a tagger is measured or lowered, they are set to what all training jets need.
"""

from collections.abc import Iterable
from typing import Any

from jetmix.support.arrays import Floats
from jetmix.training.engine import Engine, trained_quantisers

BELOW_ANY_RANGE = -1e9


def calibrate(engine: Engine, model: Any, pieces: Iterable[Floats]) -> int:
    """Set the integer bits and signs from jets, and return the EBOPs that result.

    Gives what ``hgq.utils.trace_minmax`` gives, compiled. The model's variables are updated.

    Args:
        engine: that of the model.
        model: the tagger.
        pieces: all training jets ``x``, in one or more arrays (jet, ...).
    """
    engine.sync()
    values = engine.state()
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    places = {id(variable): place for place, variable in enumerate(variables)}
    for quantiser in trained_quantisers(model):
        integer, sign = places[id(quantiser._i)], places[id(quantiser._k)]
        values[integer] = values[integer] * 0 + BELOW_ANY_RANGE
        values[sign] = values[sign] * 0
    engine.load_state(values)
    for x in pieces:
        engine.trace(x)
    engine.sync()
    return engine.ebops()
