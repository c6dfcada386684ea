"""The layers of quantised taggers: those of HGQ2."""

from collections.abc import Sequence
from typing import Any

from jetmix.taggers.delivered import delivered_as
from jetmix.taggers.folding import Folding
from jetmix.taggers.full_precision_layers import pair_initialisers
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


class QuantisedLayers(Layers):
    """HGQ layers; make them inside :func:`jetmix.taggers.quantisers.quantiser_scope`."""

    def __init__(self, spec: TaggerSpec) -> None:
        super().__init__(spec)
        self._folding = Folding(spec.quantiser.fold)

    def input(self, shape: tuple[int, ...]) -> Any:
        """Return the input, in the fixed bits in which the features come, where they are known."""
        jets, spec = super().input(shape), self.spec
        known = spec.delivered and spec.derivation is None
        return delivered_as(jets, spec.delivered) if known else jets

    def dense(
        self,
        x: Any,
        equation: str,
        output_shape: tuple[int, ...],
        *,
        bias_axes: str,
        relu: bool,
        name: str,
    ) -> Any:
        """Add a dense layer with its batch normalisation fused in."""
        from hgq.layers import QEinsumDenseBatchnorm

        layer = QEinsumDenseBatchnorm(
            equation,
            output_shape,
            bias_axes=bias_axes,
            activation="relu" if relu else "linear",
            name=name,
            **self._folding.dense(x, equation),
        )
        return self._folding.given(layer(x), equation)

    def isolate(self, chosen: Any, x: Any, *, name: str) -> Any:
        """Give each token to its expert, quantised: the jets themselves may come here."""
        from hgq.quantizer import Quantizer, QuantizerConfig

        quantiser = Quantizer(QuantizerConfig("default", "datalane"), name=f"{name}_bits")
        return super().isolate(chosen, quantiser(x), name=name)

    def weighted_sum(self, x: Any, *, bias: bool, relu: bool) -> Any:
        """Add the learned sum over the particles."""
        import keras
        from hgq.layers import QEinsumDense

        # a scalar bias needs an axis of its own: one output particle
        equation = "bnc,nN->bNc" if bias else "bnc,n->bc"
        layer = QEinsumDense(
            equation,
            (1, x.shape[2]) if bias else (x.shape[2],),
            bias_axes="N" if bias else None,
            activation="relu" if relu else "linear",
            name="sum",
            **self._folding.weighted_sum(x),
        )
        out = layer(x)
        return keras.layers.Reshape((x.shape[2],), name="squeeze")(out) if bias else out

    def sum(self, x: Any, *, scale: float, name: str, keep_axis: bool = False) -> Any:
        """Add the scaled sum over the particles."""
        from hgq.layers import QSum

        folded = self._folding.sum(x)
        return QSum(axes=1, scale=scale, keepdims=keep_axis, name=name, **folded)(x)

    def add(self, inputs: Sequence[Any], *, name: str) -> Any:
        """Add tensors."""
        from hgq.layers import QAdd

        return QAdd(name=name, **self._folding.add(list(inputs)))(list(inputs))

    def lut(self, x: Any, units: int, *, neurons: int, bits: int, name: str) -> Any:
        """Add a LUT layer with a batch normalisation inside, which the tables absorb."""
        from hgq.config import QuantizerConfig
        from hgq.layers import QDenseT

        uniform = self.spec.quantiser.uniform_particles and len(x.shape) == 3
        # a pair of input and output has its own bits, which all particles share if wanted
        axes = {"homogeneous_axis": (0, 1) if uniform else (0,)}
        layer = QDenseT(
            units,
            n_hl=1,
            d_hl=neurons,
            batch_norm=True,
            iq_conf=QuantizerConfig("kif", "datalane", **axes),
            toq_conf=QuantizerConfig("kbi", "table", b0=bits, **axes),
            name=name,
        )
        out = layer(x)
        _spread(*layer.module.layers)
        return out


def _spread(hidden: Any, output: Any) -> None:
    """Start the networks of a LUT layer so; its normalisation divides by the number of pairs."""
    first, bias, last = pair_initialisers(hidden.kernel.shape[-1])
    hidden.kernel.assign(first(hidden.kernel.shape))
    hidden.bias.assign(bias(hidden.bias.shape))
    output.kernel.assign(last(1)(output.kernel.shape))
