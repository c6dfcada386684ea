"""The mixture of experts in firmware: scores are compared, and bits choose among values."""

from collections.abc import Sequence
from typing import Any

from jetmix.firmware.replay.kit import Kit


def route(_: Any, scores: Any, kit: Kit) -> Any:
    """Replay ``Route``: scores (..., expert - 1) to a bit for each expert, (..., expert)."""
    last = scores.shape[-1]
    # bits: whether an expert's score is above those of all experts before it
    best, above = scores[..., 0], []
    for expert in range(1, last + 1):
        lead = best if expert == last else best - scores[..., expert]
        above.append(kit.is_negative(lead))
        if expert < last:
            best = kit.choose(lead, scores[..., expert], best)
    # an expert is chosen if its bit is set and none behind it
    behind = above[-1]
    bits = [behind]
    for bit in reversed(above[:-1]):
        bits.append(kit.where(behind, 0.0, bit))
        behind = kit.where(behind, 1.0, bit)
    bits.append(kit.where(behind, 0.0, 1.0))
    return kit.joined([bit[..., None] for bit in reversed(bits)])


def isolate(_: Any, inputs: Sequence[Any], kit: Kit) -> Any:
    """Replay ``Isolate``: bits (..., expert) and x (..., channel) to (..., expert, channel)."""
    bits, x = inputs
    return kit.where(bits[..., None], x[..., None, :], 0.0)


def choose(_: Any, inputs: Sequence[Any], kit: Kit) -> Any:
    """Replay ``Choose``: bits (..., expert) and values (..., expert, channel) to (..., channel)."""
    bits, values = inputs
    found = values[..., 0, :]
    for expert in range(1, values.shape[-2]):
        found = kit.where(bits[..., expert : expert + 1], values[..., expert, :], found)
    return found
