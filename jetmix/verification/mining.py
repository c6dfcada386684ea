"""Rare jets: those of a data file that come nearest to the ends of any internal range."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.console import progress
from jetmix.verification import ranges
from jetmix.verification.emulator import Emulator
from jetmix.verification.vectors import Floats

CHUNK = 8192


def rare_jets(graph: Any, jets: Floats, *, count: int) -> Floats:
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


def _nearest(
    emulator: Emulator, jets: Floats, ports: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
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
            left = np.concatenate(
                [(high - values[last, columns]) / size, (values[first, columns] - low) / size]
            )
            nearer = left < room
            room[nearer] = left[nearer]
            owner[nearer] = start + np.concatenate([last, first])[nearer]
            ticker.update(start + len(values))
    return room, owner
