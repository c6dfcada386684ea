"""The payload of an EMP board, in GHDL: its own patterns, and vectors in further runs of patterns.

The packages of the framework are stand-ins, with as much in them as a payload names.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jetmix.firmware.project import fill
from jetmix.packaging.emp import LEAD, MAPPING_FILE, PATTERNS, SOURCES, TAKING
from jetmix.packaging.links import Mapping, Slot, mapping_of
from jetmix.packaging.network import Network, network_in
from jetmix.packaging.patterns import FRAMES, Pattern, read_pattern, values_of, words_of
from jetmix.packaging.trials.trial import TEMPLATES, Trial
from jetmix.support.arrays import Bools, Ints
from jetmix.support.console import say
from jetmix.support.packaged import shipped
from jetmix.verification.bench import Outputs
from jetmix.verification.simulators import ghdl

LINKS_PER_REGION = 4
# share of the frames that hold a jet
VALID = 0.8
SEED = 1


@dataclass(frozen=True, kw_only=True)
class _Got:
    """What the payload gave: words, valid and start flags, each (frame, link)."""

    words: npt.NDArray[np.uint64]
    valid: Bools
    start: Bools


def run(trial: Trial) -> Outputs:
    """Return the answers that the payload gives, and the latency to the first of them.

    All are NaN if a word or a flag stands where none belongs, or the payload differs from the
    package's own patterns.

    Raises:
        ToolMissingError: if there is no GHDL.
        ToolFailedError: if it fails.
    """
    network = network_in(trial.folder, trial.order)
    mapping = mapping_of(network, trial.folder / MAPPING_FILE)
    own, expected = (read_pattern(trial.folder / PATTERNS / f"{n}.txt") for n in ("in", "out"))
    delay = network.latency_cycles + TAKING
    taken = FRAMES + _frames(len(trial.x), delay)
    given = _given(trial, network, mapping, own, taken)
    start = time.monotonic()
    got = _simulated(trial, mapping, given)
    seconds = time.monotonic() - start
    # an answer comes one clock after the edge that puts it out
    latency = int(np.argmax(got.valid[FRAMES:].any(axis=1))) + FRAMES - int(taken[0]) - TAKING
    values = values_of(got.words[taken + delay], network.outputs, mapping.outputs)
    problem = _problem(got, given, mapping, delay) or _differs(got, expected)
    if problem is not None:
        say(problem)
        values[:] = np.nan
    return trial.outputs(values, seconds, latency_cycles=latency, expected=network.latency_cycles)


def _frames(n: int, delay: int) -> Ints:
    """Return the frames of jets: in each run a random choice of those that a pattern can fill."""
    rng = np.random.default_rng(SEED)
    room = FRAMES - LEAD - delay
    most = max(1, int(VALID * room))
    runs = [
        index * FRAMES + LEAD + np.sort(rng.choice(room, size=min(most, n - first), replace=False))
        for index, first in enumerate(range(0, n, most))
    ]
    return np.concatenate(runs)


def _given(trial: Trial, network: Network, mapping: Mapping, own: Pattern, taken: Ints) -> Pattern:
    """Return the package's own pattern and behind it as many more as the vectors need."""
    n_frames = FRAMES * -(-int(taken[-1] + 1) // FRAMES)
    words = np.zeros((n_frames, own.words.shape[1]), dtype=np.uint64)
    valid = np.zeros(words.shape, dtype=np.bool_)
    words[:FRAMES], valid[:FRAMES] = own.words, own.valid
    words[taken] = words_of(trial.x, network.inputs, mapping.inputs)
    valid[np.ix_(taken, _links(mapping.inputs))] = True
    return Pattern(words=words, valid=valid)


def _links(slots: Sequence[Slot]) -> Ints:
    return np.unique(np.array([slot.link for slot in slots], dtype=np.int64))


def _simulated(trial: Trial, mapping: Mapping, given: Pattern) -> _Got:
    """Play a pattern, one frame a clock; a row of the answer is what stands there in its frame."""
    area = trial.area
    for path in (trial.folder / SOURCES).iterdir():  # tables are named without a folder
        (area / path.name).write_bytes(path.read_bytes())
    n_links = max(slot.link for slot in (*mapping.inputs, *mapping.outputs)) + 1
    values = {"N_REGION": -(-n_links // LINKS_PER_REGION), "N_IN": given.words.shape[1]}
    for name in ("framework.vhd", "bench.vhd"):
        text = fill(shipped(TEMPLATES) / "emp" / name, values)
        (area / name).write_text(text, encoding="utf-8")
    rows = (
        " ".join(f"{flag:d} {int(word):016x}" for flag, word in zip(*row, strict=True))
        for row in zip(given.valid, given.words, strict=True)
    )
    (area / "given.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    ghdl.simulate(area, "bench", title="payload")
    return _read((area / "got.txt").read_text(encoding="utf-8"))


def _read(text: str) -> _Got:
    """Return what the bench wrote: two flags and a word for each link, a row for each frame."""
    # a bit is neither 0 nor 1: a start flag without a valid one, which is right nowhere
    rows = [
        re.sub(r"\S+ \S+", "01 0", row).split() if re.search(r"[^0-9A-F ]", row) else row.split()
        for row in text.splitlines()
    ]
    flags = np.array([[int(two, 2) for two in row[::2]] for row in rows])
    words = np.array([[int(word, 16) for word in row[1::2]] for row in rows], dtype=np.uint64)
    return _Got(words=words, valid=flags >= 2, start=flags % 2 == 1)


def _problem(got: _Got, given: Pattern, mapping: Mapping, delay: int) -> str | None:
    """Return what stands where it does not belong, whatever the answers are."""
    first = min(slot.link for slot in mapping.inputs)
    taken = np.flatnonzero(given.valid[:, first])
    where = np.ix_(taken + delay, _links(mapping.outputs))
    valid, start = np.zeros_like(got.valid), np.zeros_like(got.start)
    valid[where] = True
    # the bench sets the start flag by the lowest bit of the word
    start[where] = (given.words[taken, first] & np.uint64(1)).astype(np.bool_)[:, None]
    if not np.array_equal(got.valid, valid):
        return "Words of the payload are valid at other clocks than the answers."
    if not np.array_equal(got.start, start):
        return "A flag does not come out with the answer of its jet."
    used = np.zeros(got.words.shape[1], dtype=np.uint64)
    for slot in mapping.outputs:
        used[slot.link] |= np.uint64((1 << slot.element.bits) - 1 << slot.low)
    if np.any(got.words & ~np.where(valid, used, np.uint64(0))):
        return "The payload sets a bit that holds no answer."
    return None


def _differs(got: _Got, expected: Pattern) -> str | None:
    """Return whether the payload differs from the package's own patterns."""
    n_links = expected.words.shape[1]
    same = np.array_equal(got.words[:FRAMES, :n_links], expected.words)
    if same and np.array_equal(got.valid[:FRAMES, :n_links], expected.valid):
        return None
    return "The payload differs from the patterns of the package."
