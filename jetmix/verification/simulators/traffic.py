"""Jets on their way into a folded tagger: on end, with gaps, and with resets.

Most jets come on end, some after a gap, and at some clocks a reset drops what is on its way, which
is sent again. Between jets, and where a jet is not due, the ports carry noise.
"""

from dataclasses import dataclass, field

import numpy as np

from jetmix.firmware.verilog import Ports
from jetmix.support.arrays import AnyArray, Bools, Reals, Words
from jetmix.verification.simulators.rtl import WORD_BITS, Kif, pack, widths, words

# one jet in so many comes after a gap
ONE_GAP_IN = 8
# one jet in so many is hit by a reset, but no more than so many jets
ONE_RESET_IN, MOST_RESETS = 25, 40
SEED = 5
# bits of a word of control
RESET, START = 1, 2


@dataclass
class Traffic:
    """What is sent in each clock.

    Attributes:
        starts: clock in which each jet starts that is to be answered.
        jets: which jet that is.
        aborted: clock and number of each jet that a reset drops.
        resets: clocks with a reset.
        n_clocks: number of clocks.
    """

    starts: list[int] = field(default_factory=list)
    jets: list[int] = field(default_factory=list)
    aborted: list[tuple[int, int]] = field(default_factory=list)
    resets: list[int] = field(default_factory=lambda: [0])
    n_clocks: int = 0

    @property
    def sent(self) -> list[tuple[int, int]]:
        """Clock and number of each jet that is sent, also of those that a reset drops."""
        return sorted([*self.aborted, *zip(self.starts, self.jets, strict=True)])

    def ready(self, fold: int) -> Bools:
        """Return the clocks in which a jet may start, (clock,)."""
        ready = np.ones(self.n_clocks, dtype=np.bool_)
        resets = np.sort(self.resets)
        for start, _ in self.sent:
            later = resets[np.searchsorted(resets, start) :]
            ready[start + 1 : min(start + fold, *later[:1] + 1, self.n_clocks)] = False
        ready[self.resets] = False
        return ready


def traffic(n_jets: int, *, fold: int, latency: int, seed: int = SEED) -> Traffic:
    """Return clocks at which ``n_jets`` jets start, in their order.

    Args:
        n_jets: number of jets.
        fold: clocks from one jet to the next, at least.
        latency: cycles from the first beat to the answer.
        seed: seed of gaps and resets.
    """
    rng = np.random.default_rng(seed)
    made, clock, jet = Traffic(), 1, 0
    resets = set(rng.choice(n_jets, min(MOST_RESETS, n_jets // ONE_RESET_IN), replace=False))
    while jet < n_jets:
        if rng.integers(ONE_GAP_IN) == 0:
            clock += int(rng.integers(1, 2 * fold + 2))
        made.starts.append(clock)
        made.jets.append(jet)
        clock += fold
        if jet in resets:
            resets.remove(jet)
            # half of the resets come while the jet comes in
            latest = fold if rng.integers(2) else latency + fold
            clock = _reset(made, clock - fold + int(rng.integers(1, latest)), latency)
        jet = made.jets[-1] + 1 if made.jets else 0
    made.n_clocks = clock + latency + fold + 2
    return made


def _reset(made: Traffic, clock: int, latency: int) -> int:
    """Drop the jets that a reset in ``clock`` hits, and return the clock after it."""
    made.resets.append(clock)
    while made.starts and made.starts[-1] + latency >= clock:
        start, jet = made.starts.pop(), made.jets.pop()
        if start < clock:
            made.aborted.append((start, jet))
    return clock + 1


def signals(x: Reals, made: Traffic, ports: Ports) -> tuple[AnyArray, Words]:
    """Return what the ports carry in each clock.

    Args:
        x: jets (jet, particle, feature).
        made: when they are sent.
        ports: the ports of the tagger.

    Returns:
        Control (clock,) of :data:`RESET` and :data:`START`, and words of the input (clock, word).
    """
    kif, rng = np.array(ports.inputs, dtype=np.int64), np.random.default_rng(SEED)
    beats = ports.fold if ports.input == "beats" else 1
    packed = pack(x.reshape(len(x) * beats, -1), kif).reshape(len(x), beats, -1)
    inputs = rng.integers(0, 2**WORD_BITS, (made.n_clocks, packed.shape[2]), dtype=np.uint32)
    inputs &= _mask(kif)
    # a start counts for nothing while the tagger is not ready
    noise = rng.integers(2, size=made.n_clocks, dtype=np.uint8)
    control = START * noise * ~made.ready(ports.fold)
    control[made.resets] |= RESET
    # what is sent again comes later, so that it is written last
    for start, jet in made.sent:
        control[start] |= START
        stop = min(start + beats, made.n_clocks)
        inputs[start:stop] = packed[jet][: stop - start]
    return control.astype(np.uint8), inputs


def _mask(kif: Kif) -> Words:
    """Return the bits of the input words that the port has."""
    flags = np.arange(words(kif) * WORD_BITS) < widths(kif).sum()
    return np.packbits(flags, bitorder="little").view("<u4").astype(np.uint32)
