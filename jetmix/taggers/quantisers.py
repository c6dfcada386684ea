"""Sets HGQ2's quantisers up, the same way for every architecture."""

import contextlib
from collections.abc import Iterator

from jetmix.recipes.recipe import QuantiserSection

# Bounds of hgq2 itself on the bits of weights: [-23, 23] integer and [-24, 24] fraction bits.
MAX_WEIGHT_INTEGER_BITS = 23
MAX_FRACTION_BITS = 24
MAX_TABLE_BITS = 23


@contextlib.contextmanager
def quantiser_scope(settings: QuantiserSection) -> Iterator[None]:
    """Build HGQ layers inside this block with the recipe's quantisers.

    Every weight has its own bit width; every activation has one per particle and feature, or with
    ``uniform_particles`` or a fold one per feature (arXiv 2503.03103 and 2508.15468). All are fixed
    point with trained fraction bits; integer bits follow the range that is seen, so overflow wraps
    and costs nothing in firmware. EBOPs start with beta 0: the training loop sets it.
    """
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.constraints import MinMax
    from hgq.regularizers import MonoL1

    regulariser = MonoL1(settings.bit_regularisation)
    weights = QuantizerConfigScope(
        place=("weight", "bias"),
        default_q_type="kif",
        overflow_mode="wrap",
        i0=settings.weight_integer_bits,
        f0=settings.weight_fraction_bits,
        ic=MinMax(-MAX_WEIGHT_INTEGER_BITS, MAX_WEIGHT_INTEGER_BITS),
        fc=MinMax(-MAX_FRACTION_BITS, MAX_FRACTION_BITS),
        ir=regulariser,
        fr=regulariser,
        homogeneous_axis=(),
        # the range of a weight is known at every step, so its integer bits need no memory
        i_decay_speed=float("inf"),
        # never wrap on the range of the step before: hgq2's default for biases would
        is_weight=True,
    )
    axes: dict[str, tuple[int, ...]] = (
        {"heterogeneous_axis": (-1,)} if settings.shares_bits else {"homogeneous_axis": (0,)}
    )
    activations = QuantizerConfigScope(
        place="datalane",
        default_q_type="kif",
        overflow_mode="wrap",
        i0=settings.activation_integer_bits,
        f0=settings.activation_fraction_bits,
        ic=MinMax(0, settings.activation_max_integer_bits),
        fc=MinMax(-MAX_FRACTION_BITS, MAX_FRACTION_BITS),
        ir=regulariser,
        fr=regulariser,
        i_decay_speed=settings.activation_integer_decay,
        **axes,
    )
    tables = QuantizerConfigScope(
        place="table",
        default_q_type="kbi",
        overflow_mode="wrap",
        i0=0,
        bc=MinMax(0, MAX_TABLE_BITS),
        br=regulariser,
        # the range of a table is known at every step, as that of a weight
        i_decay_speed=float("inf"),
    )
    with weights, activations, tables, LayerConfigScope(beta0=0.0):
        yield
