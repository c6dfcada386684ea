"""The MLP-Mixer with mixtures of experts, after Sparse-MLP (arXiv 2109.02008).

Input (particle N, feature n). A re-represent layer, which is a linear map over the particles (to
``particles``) and one over the features (to ``channels``); each is left out where the number stays.
A mixture of ``experts`` in channel mixing: a router sends every particle to one of them, and each
is the pair of dense layers with ReLU of the Mixer (to ``width`` and back). A mixture of as many in
token mixing: a router sends every channel to one of them, and each is a linear map over the
particles. A second re-represent layer restores N and n, and the result is added to the input. The
rest is that of :mod:`jetmix.taggers.mixer`: two dense layers on every particle, a learned weighted
sum over the particles, ``head`` and the output. The answer depends on the order of the particles.

A router is one linear layer whose scores are compared: the highest wins, of equal ones that of the
expert with the lowest number. In firmware it is a comparison of exact fixed-point numbers, and what
the experts give goes through a multiplexer. All experts exist in firmware and compute every jet.

What differs from the paper, and why:

- One expert for each token (top-1), and its output is not multiplied by its softmax score: that
  would take a multiplier for each channel. Training passes the gradient of the softmax on
  (straight-through).
- The scores are relative to the last expert's, which changes no softmax and saves one score. They
  have the batch normalisation of every dense layer here, and no noise is added to them.
- ``capacity`` limits an expert in training alone, with ``capacity`` / ``experts`` of a batch's
  tokens; tokens beyond it get zero, and the residual carries them. In firmware a limit would have
  to count the tokens of other jets. The loss adds ``balance`` times the mean of the importance and
  load losses, for each router.
- Channel mixing comes before token mixing, as in the Mixer of arXiv 2503.03103.
- The re-represent layers shrink only: by default to half of the particles, which pays for a second
  expert. The paper uses them to balance the numbers of tokens and channels of images. The map over
  the particles has one bias for all channels: where features are scaled but not shifted, it takes
  the mean of their shifts (:mod:`jetmix.taggers.shift`).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jetmix.errors import UsageError
from jetmix.support.records import NOT_NEGATIVE, POSITIVE, POSITIVE_SIZES, Check
from jetmix.taggers.layers import Layers
from jetmix.taggers.spec import TaggerSpec


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the Mixer with experts.

    ``particles`` and ``channels`` are the sizes between the re-represent layers: by default half of
    the particles, and as many channels as features. ``capacity`` None is without limit. With
    ``isolate`` only its expert sees a token in firmware, and the others zeros.
    """

    width: int = 16
    head: tuple[int, ...] = (16, 16, 16)
    experts: int = 2
    capacity: float | None = 1.25
    balance: float = 0.01
    particles: int | None = None
    channels: int | None = None
    isolate: bool = False

    CHECKS: ClassVar[dict[str, Check]] = {
        "width": POSITIVE,
        "head": POSITIVE_SIZES,
        "experts": POSITIVE,
        "capacity": POSITIVE,
        "balance": NOT_NEGATIVE,
        "particles": POSITIVE,
        "channels": POSITIVE,
    }


def build(spec: TaggerSpec, options: Options, layers: Layers) -> Any:
    """Return the Keras model: (jet, particle, feature) to the outputs."""
    particles, features = spec.input_shape
    jets = layers.input(spec.input_shape)
    x = _represented(jets, *_sizes(spec.input_shape, options), layers, name="represent")
    x = _channel_experts(x, options, layers, name="channel_experts")
    x = _token_experts(x, options, layers, name="token_experts")
    x = _represented(x, particles, features, layers, name="restore")
    x = layers.add([jets, x], name="residual")
    x = layers.per_particle(x, options.width, name="channel_mixing_1")
    x = layers.per_particle(x, options.width, name="channel_mixing_2")
    x = layers.weighted_sum(x, bias=not spec.quantised, relu=False)
    return layers.model(jets, layers.head(x, options.head, spec), name="sparse_mixer")


def _sizes(input_shape: tuple[int, ...], options: Options) -> tuple[int, int]:
    particles, features = input_shape
    return options.particles or (particles + 1) // 2, options.channels or features


def _represented(x: Any, particles: int, channels: int, layers: Layers, *, name: str) -> Any:
    """Map (jet, n, c) linearly to (jet, particles, channels)."""
    if particles != x.shape[1]:
        shape = (particles, x.shape[2])
        x = layers.dense(
            x, "bnc,nN->bNc", shape, bias_axes="N", relu=False, name=f"{name}_particles"
        )
    if channels != x.shape[2]:
        shape = (particles, channels)
        x = layers.dense(
            x, "bnc,cC->bnC", shape, bias_axes="C", relu=False, name=f"{name}_channels"
        )
    return x


def _channel_experts(x: Any, options: Options, layers: Layers, *, name: str) -> Any:
    """Mix the channels of each particle by its expert: (jet, n, c) to the same."""
    _, particles, channels = x.shape
    n, width = options.experts, options.width
    chosen = _routed(x, "bnc,cs->bns", particles, options, layers, name=name)
    axes = "bnc"
    if options.isolate and n > 1:
        x, axes = layers.isolate(chosen, x, name=f"{name}_isolated"), "bnec"
    shapes = (particles, n, width), (particles, n, channels)
    first, second = f"{axes},ceh->bneh", "bneh,ehC->bneC"
    y = layers.dense(x, first, shapes[0], bias_axes="eh", relu=True, name=f"{name}_1")
    y = layers.dense(y, second, shapes[1], bias_axes="eC", relu=True, name=f"{name}_2")
    return _chosen(chosen, y, layers, name=name)


def _token_experts(x: Any, options: Options, layers: Layers, *, name: str) -> Any:
    """Mix the particles of each channel by its expert: (jet, n, c) to the same."""
    _, particles, channels = x.shape
    chosen = _routed(x, "bnc,ns->bcs", channels, options, layers, name=name)
    axes = "bnc"
    if options.isolate and options.experts > 1:
        x = layers.permute(x, name=f"{name}_rows")
        x, axes = layers.isolate(chosen, x, name=f"{name}_isolated"), "bcen"
    shape = (channels, options.experts, particles)
    y = layers.dense(x, f"{axes},neN->bceN", shape, bias_axes="eN", relu=False, name=f"{name}_1")
    y = _chosen(chosen, y, layers, name=name)
    return layers.permute(y, name=f"{name}_back")


def _routed(
    x: Any, equation: str, tokens: int, options: Options, layers: Layers, *, name: str
) -> Any:
    """Return the expert of each token as (jet, token, expert) of 0 and 1; None for one expert."""
    if options.experts == 1:
        return None
    shape = (tokens, options.experts - 1)
    scores = layers.dense(x, equation, shape, bias_axes="s", relu=False, name=f"{name}_scores")
    return layers.route(
        scores, capacity=options.capacity, balance=options.balance, name=f"{name}_route"
    )


def _chosen(chosen: Any, values: Any, layers: Layers, *, name: str) -> Any:
    """Return of each token what its expert gives: (jet, token, expert, c) to (jet, token, c)."""
    if chosen is None:
        _, tokens, _, channels = values.shape
        return layers.reshape(values, (tokens, channels), name=f"{name}_only")
    return layers.choose(chosen, values, name=name)


def check(input_shape: tuple[int, ...], options: Options) -> None:
    """Refuse a re-represent layer that would make more particles than there are.

    Raises:
        UsageError: with the numbers.
    """
    particles, _ = input_shape
    if options.particles is not None and options.particles > particles:
        raise UsageError(
            f"{options.particles} re-represented particles are more than the {particles} of a jet",
            where="[tagger.options] particles",
            mend=f"choose 1 to {particles}, or other n_particles",
        )
