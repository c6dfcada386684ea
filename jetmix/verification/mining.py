"""Vectors that reach what few do: jets and random inputs at the ends of internal ranges."""

import tempfile
from pathlib import Path

import numpy as np

from jetmix.firmware.dais import COPY_INPUT, port_of, widths_of
from jetmix.firmware.graph import DaGraph, watching
from jetmix.support.arrays import Float64, Floats, Ints
from jetmix.support.console import progress
from jetmix.verification.emulator.emulator import Emulator
from jetmix.verification.proofs import ranges
from jetmix.verification.vectors import InputRange, uniform

CHUNK = 8192
# values looked at in the search for extreme vectors, and the bounds of its number of candidates
VALUES = 3e8
CANDIDATES = (4096, 262144)
# an end that more than one candidate in so many reaches is reached by the random vectors anyway
RARE = 50


def rare_jets(graph: DaGraph, jets: Floats, *, count: int) -> Floats:
    """Return the jets whose internal values come nearest to where a quantiser wraps, or beyond.

    The jet that comes nearest to each end that some input can reach is found, and of all these the
    ``count`` that come nearest are returned, in the file's order.

    Args:
        graph: da4ml ``CombLogic``.
        jets: normalised jets, float32 (jet, *input shape).
        count: how many jets to return at most.
    """
    watched, ports = ranges.operand_graph(graph, ranges.prove(graph))
    if not len(jets) or not len(ports):
        return jets[:0]
    with tempfile.TemporaryDirectory(prefix="jetmix-") as folder:
        emulator = Emulator.of(watched, jets.shape[1:], Path(folder))
        room, owner = _nearest(emulator, jets, ports)
    order = np.argsort(room, kind="stable")
    chosen = list(dict.fromkeys(owner[order].tolist()))[:count]
    return jets[sorted(chosen)]


def _nearest(emulator: Emulator, jets: Floats, ports: Float64) -> tuple[Float64, Ints]:
    """Return for every end the least room left, in units of the end's own size, and its jet."""
    low, high = ports.T
    size = np.max(np.abs(ports), axis=1, where=np.isfinite(ports), initial=0.0)
    room = np.full(2 * len(ports), np.inf)
    owner = np.zeros(2 * len(ports), dtype=np.int64)
    with progress("Mining rare jets", len(jets)) as ticker:
        for start in range(0, len(jets), CHUNK):
            values = emulator.predict(jets[start : start + CHUNK])
            last, first = values.argmax(axis=0), values.argmin(axis=0)
            columns = np.arange(len(ports))
            # a port that holds nothing but zero has no size: 0 / 0 is NaN, which is never nearer
            with np.errstate(divide="ignore", invalid="ignore"):
                left = np.concatenate(
                    [(high - values[last, columns]) / size, (values[first, columns] - low) / size]
                )
            nearer = left < room
            room[nearer] = left[nearer]
            owner[nearer] = start + np.concatenate([last, first])[nearer]
            ticker.update(start + len(values))
    return room, owner


def extreme_vectors(graph: DaGraph, *, count: int, seed: int) -> Floats:
    """Return random inputs that bring internal values into a rarely used half of their widths.

    The topmost bit of a value matters only there, so that a missing one goes unseen elsewhere.

    Args:
        graph: da4ml ``CombLogic``.
        count: how many vectors to return at most, those for the rarest ends.
        seed: seed of the candidates.

    Returns:
        float32 (vector, input).
    """
    watched = [index for index, op in enumerate(graph.ops) if op.opcode != COPY_INPUT]
    n = int(np.clip(VALUES / max(len(watched), 1), *CANDIDATES))
    candidates = uniform(InputRange.of(graph), n, np.random.default_rng(seed), stretch=1.0)
    if not watched:
        return candidates[:0]
    widths = widths_of(graph)
    ports = np.array([port_of(widths[index]) for index in watched])
    shown = watching(graph, watched)
    with tempfile.TemporaryDirectory(prefix="jetmix-") as folder:
        emulator = Emulator.of(shown, candidates.shape[1:], Path(folder))
        seen, owner = _rarely_reached(emulator, candidates, ports)
    rare = np.flatnonzero((seen > 0) & (seen * RARE <= n))
    order = rare[np.argsort(seen[rare], kind="stable")]
    chosen = list(dict.fromkeys(owner[order].tolist()))[:count]
    return candidates[sorted(chosen)]


def _rarely_reached(emulator: Emulator, candidates: Floats, ports: Float64) -> tuple[Ints, Ints]:
    """Return how many candidates reach the outer half of each end, and which goes farthest."""
    low, high = (end.astype(np.float32) for end in ports.T)
    seen = np.zeros(2 * len(ports), dtype=np.int64)
    owner = np.zeros(2 * len(ports), dtype=np.int64)
    best = np.zeros(2 * len(ports), dtype=np.float32)
    columns = np.arange(len(ports))
    step = max(1, CHUNK * 1024 // max(len(ports), 1024))
    with progress("Searching extreme vectors", len(candidates)) as ticker:
        for start in range(0, len(candidates), step):
            values = emulator.predict(candidates[start : start + step])
            seen += np.concatenate(
                [(values > high / 2).sum(axis=0), ((values < low / 2) & (low < 0)).sum(axis=0)]
            )
            last, first = values.argmax(axis=0), values.argmin(axis=0)
            farthest = np.concatenate([values[last, columns], -values[first, columns]])
            better = farthest > best
            best[better] = farthest[better]
            owner[better] = start + np.concatenate([last, first])[better]
            ticker.update(start + len(values))
    return seen, owner
