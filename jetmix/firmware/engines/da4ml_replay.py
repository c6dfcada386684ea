"""Keras layers traced by da4ml: its own handlers, and jetmix's where they are lacking or wrong."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.project import DA4ML
from jetmix.firmware.replay import rounding
from jetmix.firmware.replay.kit import Kit
from jetmix.firmware.replay.layers import replayed, require_quantised
from jetmix.firmware.replay.walk import walk

OTHERWISE = (
    "try --engine alkaid with --flow rtl, whose bits are verified in the same way, or use other "
    "layers of hgq"
)


class Da4mlKit(Kit):
    """The operations of da4ml that go beyond NumPy's."""

    def quantise(self, quantiser: Any, x: Any) -> Any:
        """Return ``x`` as HGQ's ``Quantizer`` takes it."""
        from hgq._dais_tracer.layers._base import mirror_quantizer

        return mirror_quantizer(quantiser, x)

    def array(self, elements: Any, like: Any) -> Any:
        """Return traced values and zeros as an array of da4ml."""
        from da4ml.trace import FixedVariableArray

        return FixedVariableArray(elements, like.solver_options, hwconf=like.hwconf)

    def elements(self, x: Any) -> Any:
        """Return the traced values of an array as an array of objects."""
        return x._vars

    def is_raw(self, x: Any) -> bool:
        """Return whether an array holds inputs of the model that nothing has quantised."""
        from da4ml.trace.fixed_variable import FixedVariableInput

        return any(isinstance(v, FixedVariableInput) for v in self.elements(x).ravel())


def trace(model: Any, delay_constraint: int) -> dict[str, Any]:
    """Return the traces of a flat Keras model after every layer, 'inputs' first.

    Raises:
        LoweringError: naming the layer that cannot be traced.
    """
    from da4ml.trace import FixedVariableArrayInput, HWConfig

    config, solver = HWConfig(1, -1, -1), {"hard_dc": delay_constraint}
    inputs = tuple(
        FixedVariableArrayInput(tuple(tensor.shape[1:]), config, solver) for tensor in model.inputs
    )
    with exact_quantisers():
        return {"inputs": inputs, **walk(model, inputs, _replay, by=DA4ML, mend=OTHERWISE)}


def _replay(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    from hgq._dais_tracer.layers import _registry

    kit: Kit = Da4mlKit()
    x = args[0] if len(args) == 1 else list(args)
    require_quantised(op, x, kit)
    handler = _registry.get(type(op))
    shipped = None
    if handler is not None and not handler.__input_quantizer_handled__:
        shipped = handler(op).call
    parts: Mapping[str, Any] | None = replayed(op, x, kit, shipped)
    if parts is not None:
        return parts
    if handler is None:
        raise LoweringError(
            f"the engine da4ml has no form for a {type(op).__name__}", mend=OTHERWISE
        )
    traced: dict[str, Any] = handler(op)(*_tuples(args), **kwargs)
    return {part: arrays for part, arrays in traced.items() if not _is_ephemeral(arrays)}


def _tuples(args: Sequence[Any]) -> list[Any]:
    """Return arguments with lists as the tuples that da4ml's handlers expect."""
    return [tuple(arg) if isinstance(arg, list) else arg for arg in args]


def _is_ephemeral(arrays: Any) -> bool:
    """Return whether da4ml holds functions there that only a quantiser turns into values."""
    from da4ml.trace.fixed_variable_array import RetardedFixedVariableArray

    return any(isinstance(array, RetardedFixedVariableArray) for array in arrays)


@contextlib.contextmanager
def exact_quantisers() -> Iterator[None]:
    """Run a block with quantisers as HGQ has them.

    da4ml knows two of the rounding modes, and loses the sign of what wraps.
    """
    from da4ml.trace.fixed_variable import FixedVariable, FixedVariableInput

    before, at_input = FixedVariable.quantize, FixedVariableInput.quantize
    FixedVariable.quantize = _rounding(_with_sign(before))
    FixedVariableInput.quantize = _checked(at_input)
    try:
        yield
    finally:
        FixedVariable.quantize, FixedVariableInput.quantize = before, at_input


def _rounding(cut: Callable[..., Any]) -> Callable[..., Any]:
    def quantize(x: Any, k: int, i: int, f: int, *modes: str, **options: Any) -> Any:
        k, i, f = int(k), int(i), int(f)
        overflow, mode = _modes(modes, options)
        if f < int(x.kif[2]) and k + i + f > 0:
            x = rounding.nudged(x, f, mode, cut)
        return cut(x, k, i, f, overflow, "TRN", **options)

    return quantize


def _with_sign(cut: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``cut`` with negative values wrapped to all bits of an unsigned result.

    da4ml gives such a result one bit more than the value has: -0.25 of two bits modulo 1 came out
    as 0.25, not 0.75. Whatever reads the graph extends the sign as far as the result asks.
    """

    def quantize(x: Any, k: int, i: int, f: int, *modes: str, **options: Any) -> Any:
        kept = min(f, int(x.kif[2]))
        wraps = modes[:1] in ((), ("WRAP",)) and not k and x.low < 0 and x.low != x.high
        if wraps and i + kept > 0 and i > _integer_bits(x, kept) + 1:
            return _wrapped(x, i, kept)
        return cut(x, k, i, f, *modes, **options)

    return quantize


def _integer_bits(x: Any, f: int) -> int:
    """Return the integer bits of a value that is cut off at 2^-f."""
    low = math.floor(float(x.low) * 2.0**f) / 2.0**f
    return max(int(x.kif[1]), math.ceil(math.log2(-low)))


def _wrapped(x: Any, i: int, f: int) -> Any:
    from da4ml.trace.fixed_variable import FixedVariable

    step = Decimal(2) ** -f
    return FixedVariable(
        Decimal(0), Decimal(2) ** i - step, step, _from=(x,), _factor=abs(x._factor),
        opr="wrap", latency=x.latency, hwconf=x.hwconf,
    )  # fmt: skip


def _checked(cut: Callable[..., Any]) -> Callable[..., Any]:
    def quantize(x: Any, k: int, i: int, f: int, *modes: str, **options: Any) -> Any:
        overflow, mode = _modes(modes, options)
        rounding.require_at_input(overflow, mode)
        return cut(x, int(k), int(i), int(f), overflow, mode)

    return quantize


def _modes(given: Sequence[str], options: dict[str, Any]) -> tuple[str, str]:
    """Return the modes of overflow and rounding, which da4ml gives by place or by name."""
    overflow, mode = (*given, *("WRAP", "TRN")[len(given) :])
    overflow = options.pop("overflow_mode", overflow)
    return overflow.upper(), rounding.base(options.pop("round_mode", mode))
