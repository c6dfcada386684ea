"""The classic perceptron with one bit width throughout, as with QKeras (arXiv 2006.10159).

The network of :mod:`jetmix.taggers.hlf_mlp` with weights, biases and ReLUs of ``bits`` bits, which
are not trained: ``quantized_bits(6, 0, alpha=1)`` of the ``qkeras`` module of hgq2, and ReLUs that
saturate as ``quantized_relu(6, 0)`` does. QKeras counts the sign into the bits of a weight, hgq2
does not.

What differs from arXiv 2006.10159: the inputs are rounded to ``input_bits`` with
``input_integer_bits`` (hls4ml's usual ap_fixed<16,6>) and wrap; ReLUs round halves up instead of
to even, which costs less and is what da4ml lowers; the logits are the output. There is no batch
normalisation. The full-precision twin is that of :mod:`jetmix.taggers.hlf_mlp`.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from jetmix.support.records import POSITIVE_SIZES, Check, between
from jetmix.taggers import hlf_mlp
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the hidden layers, and bits; those of weights and inputs include the sign."""

    hidden: tuple[int, ...] = (64, 32, 32)
    bits: int = 6
    input_bits: int = 16
    input_integer_bits: int = 6

    CHECKS: ClassVar[dict[str, Check]] = {
        "hidden": POSITIVE_SIZES,
        "bits": between(2, 16),
        "input_bits": between(2, 24),
        "input_integer_bits": between(1, 16),
    }


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, feature) to logits (jet, class)."""
    if not spec.quantised:
        return hlf_mlp.build(spec, hlf_mlp.Options(hidden=options.hidden), layers)
    from hgq.layers import QDense
    from qkeras.quantizers import quantized_bits

    # the layers of qkeras.qlayers are not used: importing them rewrites hgq2's own classes
    x = jets = layers.input(spec.input_shape)
    weight = partial(quantized_bits, options.bits - 1, 0, alpha=1)
    activation = _fixed(
        bits=options.input_bits - 1, integer=options.input_integer_bits - 1, sign=True
    )
    names = [f"head_{number}" for number in range(1, len(options.hidden) + 1)] + ["logits"]
    for name, units in zip(names, (*options.hidden, spec.n_classes), strict=True):
        x = QDense(
            units,
            activation="linear" if name == "logits" else "relu",
            kq_conf=weight(),
            bq_conf=weight(),
            iq_conf=activation,
            name=name,
        )(x)
        activation = _fixed(bits=options.bits, integer=0, sign=False)
    return layers.model(jets, x, name="hlf_mlp_qkeras")


def _fixed(*, bits: int, integer: int, sign: bool) -> Any:
    """Return the quantiser of inputs (signed, they wrap) or ReLUs (unsigned, they saturate)."""
    from hgq.config import QuantizerConfig

    return QuantizerConfig(
        "kbi",
        "datalane",
        k0=sign,
        b0=bits,
        i0=integer,
        round_mode="RND",
        overflow_mode="WRAP" if sign else "SAT",
        br=None,
        homogeneous_axis=None,
        heterogeneous_axis=(),
        trainable=False,
    )
