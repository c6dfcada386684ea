"""Asks Pythia 8 for events: their stable particles and the partons of the hard process."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jetmix.data.simulation.detector import Particles
from jetmix.errors import ToolFailedError, UsageError
from jetmix.support.arrays import Float64, Ints

Z, W = 23, 24
_HEAVIEST_QUARK = 5  # of those that do not decay before they radiate
_INCOMING_ROW = 3  # of the first of the two colliding partons in every event record of Pythia
_DECAYING = 22  # status of an outgoing particle of the hard process that decays
_OUTGOING = (_DECAYING, 23)


@dataclass(frozen=True, kw_only=True)
class Partons:
    """Outgoing particles of the hard processes of many events, sorted by event.

    Attributes:
        event: number of the event of each.
        kind: absolute PDG code.
        momenta: (parton, 4) with px, py, pz, e in GeV: of W, Z and t where they decay, of others
            before all radiation.
        cos_theta: for W and Z the cosine of the angle between the first decay quark in the rest
            frame of the boson and the boson's direction of flight; NaN for all others.
    """

    event: Ints
    kind: Ints
    momenta: Float64
    cos_theta: Float64


@dataclass(frozen=True, kw_only=True)
class Events:
    """Events from one call: ``n`` of them, numbered from ``first``."""

    first: int
    n: int
    particles: Particles
    partons: Partons


@dataclass(frozen=True, kw_only=True)
class _Record:
    """Event records, one after the other; ``start`` is the first row of the event of each row."""

    event: Ints
    start: Ints
    table: dict[str, Any]

    def momenta(self, rows: Any) -> Float64:
        """Return (row, 4) with px, py, pz, e in GeV."""
        return np.stack([self.table[name][rows] for name in ("px", "py", "pz", "e")], axis=1)

    def daughters(self, rows: Ints) -> tuple[Ints, Ints]:
        """Return the rows of the first and the last daughter of each row."""
        first, last = (self.table[name][rows] for name in ("daughter1", "daughter2"))
        return self.start[rows] + first, self.start[rows] + last


def start_pythia(lines: tuple[str, ...], *, where: str, quark_pairs_only: bool = False) -> Any:
    """Return Pythia, initialised with settings lines.

    Args:
        lines: settings as Pythia reads them.
        where: names the source of the lines in errors.
        quark_pairs_only: see :class:`jetmix.data.simulation.presets.JetSettings`.

    Raises:
        UsageError: if Pythia does not know a line.
        ToolFailedError: if it cannot be initialised.
    """
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    for line in ("Print:quiet = on", "Random:setSeed = on", "Random:seed = 1", *lines):
        if not pythia.readString(line):
            raise UsageError(f"Pythia refuses {line!r}", where=where, mend="correct this line")
    if quark_pairs_only:
        _hooks.append(_quark_pairs_hook())
        pythia.setUserHooksPtr(_hooks[-1])
    if not pythia.init():
        raise ToolFailedError(
            "Pythia cannot be initialised with these settings",
            where=where,
            mend="correct the preset, or run without Print:quiet to see why",
        )
    return pythia


_hooks: list[Any] = []  # Pythia itself does not keep the Python half of its hooks alive


def _quark_pairs_hook() -> Any:
    """Return a hook that drops events with two quarks that are not a pair, before any radiation."""
    import pythia8mc

    class QuarkPairs(pythia8mc.UserHooks):  # type: ignore[misc]
        def canVetoProcessLevel(self) -> bool:  # noqa: N802 - Pythia's name
            return True

        def doVetoProcessLevel(self, process: Any) -> bool:  # noqa: N802
            one, other = (process[_INCOMING_ROW + 2 + k].id() for k in (0, 1))
            return bool(max(abs(one), abs(other)) <= _HEAVIEST_QUARK and one != -other)

    return QuarkPairs()


def next_events(pythia: Any, n_events: int, *, first_event: int) -> Events:
    """Return the next events, numbered from ``first_event``.

    Raises:
        ToolFailedError: if Pythia gives up.
    """
    try:
        batch = pythia.nextBatch(n_events).prt
    except RuntimeError as error:
        raise ToolFailedError(
            f"Pythia stopped making events ({error})", mend="try another seed"
        ) from error
    record = _read(batch, first_event)
    stable = np.flatnonzero(record.table["status"] > 0)
    particles = Particles(
        event=record.event[stable],
        kind=np.abs(record.table["id"][stable]).astype(np.int64),
        momenta=record.momenta(stable),
    )
    return Events(
        first=first_event, n=len(batch), particles=particles, partons=_hard_partons(record)
    )


def _read(batch: Any, first_event: int) -> _Record:
    import awkward as ak

    sizes = ak.to_numpy(ak.num(batch.id)).astype(np.int64)
    names = ("id", "status", "mother1", "daughter1", "daughter2")
    table = {name: ak.to_numpy(ak.flatten(batch[name])) for name in names}
    table |= {name: ak.to_numpy(ak.flatten(batch.p[name])) for name in ("px", "py", "pz", "e")}
    return _Record(
        event=np.repeat(np.arange(first_event, first_event + len(sizes)), sizes),
        start=np.repeat(np.cumsum(sizes) - sizes, sizes),
        table=table,
    )


def _hard_partons(record: _Record) -> Partons:
    table = record.table
    outgoing = (table["mother1"] == _INCOMING_ROW) & np.isin(np.abs(table["status"]), _OUTGOING)
    rows = np.flatnonzero(outgoing)
    decaying = np.abs(table["status"][rows]) == _DECAYING
    rows[decaying] = _last_copies(record, rows[decaying])
    kind = np.abs(table["id"][rows]).astype(np.int64)
    boson = np.isin(kind, (Z, W))
    cos_theta = np.full(len(rows), np.nan)
    cos_theta[boson] = _cos_theta(record, rows[boson])
    return Partons(
        event=record.event[rows], kind=kind, momenta=record.momenta(rows), cos_theta=cos_theta
    )


def _last_copies(record: _Record, rows: Ints) -> Ints:
    """Return the rows of the same particles after all recoil, where they decay."""
    identity = record.table["id"]
    first = record.daughters(rows)[0]
    while (copied := identity[first] == identity[rows]).any():
        rows = np.where(copied, first, rows)
        first = record.daughters(rows)[0]
    return rows


def _cos_theta(record: _Record, rows: Ints) -> Float64:
    """Return cos theta* of bosons that decay to two massless particles.

    In the rest frame of the boson both carry half of its mass, so cos theta* is the difference of
    their energies over the boson's momentum, in whatever frame that the boson flies in.
    """
    first, last = record.daughters(rows)
    one, other = record.momenta(first), record.momenta(last)
    flight = np.linalg.norm((one + other)[:, :3], axis=1)
    return np.asarray(np.clip((one[:, 3] - other[:, 3]) / flight, -1, 1))
