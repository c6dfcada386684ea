"""Pattern files of EMP boards: the words of links, frame by frame."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jetmix.errors import DataError
from jetmix.packaging.links import LINK_BITS, Slot
from jetmix.packaging.network import Element
from jetmix.support.arrays import Float64

# frames that the buffers of a board hold
FRAMES = 1024
CHANNELS_PER_QUAD = 4
_FRAME = re.compile(r"Frame (\d+) :((?: [01]v[0-9a-fA-F]{16})+)")


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Words of links, uint64 (frame, link), and which of them are valid, bool (frame, link)."""

    words: npt.NDArray[np.uint64]
    valid: npt.NDArray[np.bool_]


def words_of(
    values: Float64, elements: Sequence[Element], slots: Sequence[Slot]
) -> npt.NDArray[np.uint64]:
    """Return real values as words: cut to each element's LSB and wrapped to its width.

    Args:
        values: (jet, element).
        elements: all elements, in the order of the values.
        slots: the places of those that have any.

    Returns:
        uint64 (jet, link).
    """
    words = np.zeros((len(values), max(slot.link for slot in slots) + 1), dtype=np.uint64)
    column = {element.identifier: i for i, element in enumerate(elements)}
    for slot in slots:
        element = slot.element
        raw = np.floor(np.ldexp(values[:, column[element.identifier]], element.fraction))
        mask = np.uint64(2**element.bits - 1)
        bits = raw.astype(np.int64).view(np.uint64) & mask
        words[:, slot.link] |= bits << np.uint64(slot.low)
    return words


def values_of(
    words: npt.NDArray[np.uint64], elements: Sequence[Element], slots: Sequence[Slot]
) -> Float64:
    """Return the real values in words: the inverse of :func:`words_of`.

    Elements without a place are 0.
    """
    values = np.zeros((len(words), len(elements)))
    column = {element.identifier: i for i, element in enumerate(elements)}
    for slot in slots:
        element = slot.element
        # the highest bit of the element to the highest of the word, and back with its sign
        top = words[:, slot.link] << np.uint64(LINK_BITS - 1 - slot.high)
        raw = (top.view(np.int64) if element.signed else top) >> (LINK_BITS - element.bits)
        values[:, column[element.identifier]] = np.ldexp(raw.astype(float), -element.fraction)
    return values


def write_pattern(path: Path, board: str, pattern: Pattern) -> None:
    """Write a pattern file of links 0, 1, ..."""
    n_links = pattern.words.shape[1]
    quads = [divmod(link, CHANNELS_PER_QUAD) for link in range(n_links)]
    lines = [
        f"Board {board}",
        " Quad/Chan : " + " ".join(f"{f'q{quad:02}c{channel}':^18}" for quad, channel in quads),
        "      Link : " + " ".join(f"{f'{link:02}':^18}" for link in range(n_links)),
    ]
    for frame, (words, valid) in enumerate(zip(pattern.words, pattern.valid, strict=True)):
        shown = (f"{flag:d}v{int(word):016x}" for word, flag in zip(words, valid, strict=True))
        lines.append(f"Frame {frame:04} : {' '.join(shown)}")
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def read_pattern(path: Path) -> Pattern:
    """Read a pattern file.

    Raises:
        DataError: if it is none, or its frames are not numbered in order.
    """
    digits = LINK_BITS // 4
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [_FRAME.fullmatch(line.strip()) for line in lines if line.startswith("Frame")]
    frames = [row[2].split() for row in rows if row is not None and int(row[1]) >= 0]
    if not frames or len(frames) != len(rows) or len({len(frame) for frame in frames}) != 1:
        raise DataError("not a pattern file of words of 64 bits", where=path, mend="write it anew")
    return Pattern(
        words=np.array([[int(w[-digits:], 16) for w in row] for row in frames], dtype=np.uint64),
        valid=np.array([[w[0] == "1" for w in row] for row in frames]),
    )
