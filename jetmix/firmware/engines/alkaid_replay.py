"""Keras layers traced by alkaid: its own handlers, and jetmix's where they are lacking or wrong.

alkaid's handlers take and give arrays with an axis of jets, of size 1, which is left out elsewhere.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jetmix.errors import LoweringError
from jetmix.firmware.engines.alkaid_graph import NAME, OTHER_ENGINE
from jetmix.firmware.replay.kit import Deferred, Kit
from jetmix.firmware.replay.layers import replayed, require_quantised
from jetmix.firmware.replay.rounding import require_at_input
from jetmix.firmware.replay.walk import walk

# what alkaid itself makes of -1 when it states the cost of a graph
NO_CARRY_LIMIT = 65534
ROUNDING = ("TRN", "RND", "RND_CONV")


class AlkaidKit(Kit):
    """The operations of alkaid that go beyond NumPy's."""

    def quantise(self, quantiser: Any, x: Any) -> Any:
        """Return ``x`` as HGQ's ``Quantizer`` takes it."""
        from hgq._alkaid_keras_plugin._base import mirror_quantizer

        return mirror_quantizer(quantiser, x)

    def array(self, elements: Any, like: Any) -> Any:
        """Return traced values and zeros as an array of alkaid."""
        from alkaid.trace import FVArray

        return FVArray(elements, like.solver_options, hwconf=like.hwconf)

    def elements(self, x: Any) -> Any:
        """Return the traced values of an array as an array of objects."""
        return np.asarray(x)

    def is_raw(self, x: Any) -> bool:
        """Return whether an array holds inputs of the model that nothing has quantised."""
        from alkaid.trace.fixed_variable import FVariableInput

        return any(isinstance(v, FVariableInput) for v in self.elements(x).ravel())


def trace(model: Any, delay_constraint: int) -> dict[str, Any]:
    """Return the traces of a flat Keras model after every layer, 'inputs' first.

    Raises:
        LoweringError: naming the layer that cannot be traced.
    """
    from alkaid.trace import FVArrayInput, HWConfig

    config, solver = HWConfig(1, NO_CARRY_LIMIT, -1), {"hard_dc": delay_constraint}
    inputs = tuple(FVArrayInput(tuple(tensor.shape[1:]), config, solver) for tensor in model.inputs)
    with _checked_modes():
        return {"inputs": inputs, **walk(model, inputs, _replay, by=NAME, mend=OTHER_ENGINE)}


@contextlib.contextmanager
def _checked_modes() -> Iterator[None]:
    """Run a block in which a mode that alkaid or a port lacks is named, not asserted."""
    from alkaid.trace.fixed_variable import FVariable, FVariableInput

    inside, at_input = FVariable.quantize, FVariableInput.quantize
    FVariable.quantize = _checked(inside, _require_rounding)
    FVariableInput.quantize = _checked(at_input, require_at_input)
    try:
        yield
    finally:
        FVariable.quantize, FVariableInput.quantize = inside, at_input


def _checked(cut: Callable[..., Any], check: Callable[[str, str], None]) -> Callable[..., Any]:
    def quantize(x: Any, *given: Any, **named: Any) -> Any:
        modes = dict(zip(("overflow_mode", "round_mode"), given[3:], strict=False)) | named
        overflow, mode = modes.get("overflow_mode", "WRAP"), modes.get("round_mode", "TRN")
        check(overflow.upper(), mode.upper())
        return cut(x, *given, **named)

    return quantize


def _require_rounding(overflow: str, mode: str) -> None:
    del overflow  # alkaid knows all of them
    if mode not in ROUNDING:
        raise LoweringError(
            f"the engine alkaid cannot round by {mode}, only by {', '.join(ROUNDING)}",
            mend=OTHER_ENGINE,
        )


def _replay(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    kit: Kit = AlkaidKit()
    x = args[0] if len(args) == 1 else list(args)
    require_quantised(op, x, kit)
    handler = _handler(op)
    shipped = None
    if handler is not None and not getattr(handler, "__input_quantizer_handled__", False):

        def shipped(given: Any) -> Any:
            return _without_axis(handler(op).call(_with_axis(given)))

    parts: Mapping[str, Any] | None = replayed(op, x, kit, shipped)
    if parts is not None:
        return parts
    if handler is None:
        what = f"the engine alkaid has no form for a {type(op).__name__}"
        raise LoweringError(what, mend=f"{OTHER_ENGINE}, or use other layers of hgq")
    given = {name: _with_axis(value) for name, value in kwargs.items()}
    traced: dict[str, Any] = handler(op)(*map(_with_axis, args), **given)
    return {part: _without_axis(arrays) for part, arrays in traced.items()}


def _handler(op: Any) -> Any:
    from alkaid.converter._plugin_loader import maybe_load_for
    from alkaid.converter.builtin.keras.layers import _registry

    maybe_load_for(type(op), "keras", lax=True)
    return _registry.get(type(op))


def _with_axis(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_with_axis(one) for one in value)
    return value[None] if isinstance(value, np.ndarray) else value


def _without_axis(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_without_axis(one) for one in value)
    return value if isinstance(value, Deferred) else value[0]
