"""Imports files as a card says, in blocks, into one container of jets."""

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from jetmix import __version__
from jetmix.data.container import Content, container_writer
from jetmix.data.importing.cards.assemble import Jets, assemble
from jetmix.data.importing.cards.card import Card
from jetmix.data.importing.cards.card_file import CardText
from jetmix.data.importing.cards.formulas import FILE_ORDER, CardFormulas
from jetmix.data.importing.cards.labels import is_named
from jetmix.data.importing.cards.naming import naming
from jetmix.data.importing.cards.readers.registry import (
    FORMATS,
    all_suffixes,
    format_of,
    table_of,
)
from jetmix.data.importing.sources import Imported, Source, each_file, expanded
from jetmix.errors import DataError, RunConflictError
from jetmix.support import console
from jetmix.support.arrays import Ints
from jetmix.support.files import JSON, atomic_path, file_digest

# bytes of the columns that are held at once, and bounds for odd files
_BLOCK_BYTES = 128 * 2**20
_FEWEST_ROWS, _MOST_ROWS = 128, 50_000


def import_with_card(
    given: Sequence[Path],
    out: Path,
    text: CardText,
    *,
    n_constituents: int | None = None,
    half: bool = False,
) -> Imported:
    """Stream the jets of files, patterns, folders and archives into the new file ``out``.

    Memory does not grow with the number of jets, and ``out`` appears only when it is whole.

    Args:
        given: files of any format in :data:`FORMATS`, folders of them, or tar archives.
        out: the file to make; its folder is made if need be.
        text: the card.
        n_constituents: constituents to keep of each jet; as many as the card says if None.
        half: store constituents as float16, exact to 0.05% of each value.

    Raises:
        RunConflictError: if ``out`` exists.
        DataError: naming file, row and card line of whatever is wrong with card or source.
        ToolMissingError: if the library for a format is not installed.
    """
    if out.exists():
        raise RunConflictError(
            "the output file already exists", where=out, mend="name another file or delete this one"
        )
    work = _Import(text=_narrowed(text, n_constituents), formulas=CardFormulas.of(text))
    paths = expanded(given)
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch,
        atomic_path(out) as temporary,
    ):
        work.run(paths, Path(scratch), temporary, half=half)
    return Imported(
        path=out,
        sha256=file_digest(out),
        n_jets=int(work.counts.sum()),
        n_files=work.n_files,
        origin=text.card.origin,
        counts=work.per_class,
        dropped=dict(work.dropped),
    )


def _narrowed(text: CardText, n_constituents: int | None) -> CardText:
    """Return the card with another number of constituents."""
    inside = text.card.constituents
    if n_constituents is None or inside is None:
        return text
    card = replace(text.card, constituents=replace(inside, keep=n_constituents))
    return replace(text, card=card)


@dataclass(kw_only=True)
class _Import:
    """One pass over all files."""

    text: CardText
    formulas: CardFormulas
    counts: Ints = field(init=False)
    dropped: dict[str, int] = field(default_factory=dict)
    n_files: int = 0

    def __post_init__(self) -> None:
        self.counts = np.zeros(len(self.classes), np.int64)

    @property
    def card(self) -> Card:
        return self.text.card

    @property
    def classes(self) -> tuple[str, ...]:
        return self.card.labels.names if self.card.labels else ()

    @property
    def per_class(self) -> dict[str, int]:
        return dict(zip(self.classes, self.counts.tolist(), strict=True))

    def run(self, given: Sequence[Path], scratch: Path, out: Path, *, half: bool) -> None:
        """Copy every file and check the whole."""
        attributes = self._attributes()
        with (
            container_writer(out, self._content(half=half), attributes=attributes) as writer,
            console.progress("importing jets") as ticker,
        ):
            for source in each_file(
                given, scratch, suffixes=self._suffixes(), wanted=self._is_wanted
            ):
                self.n_files += 1
                for found in self._jets(source):
                    with _blaming(source):
                        writer.append(**found.arrays)
                    self._count(found)
                    total = int(self.counts.sum())
                    ticker.update(total, f"{total} jets, {source.name}")
            self._check_classes(given)
            writer.writer.handle.attrs["import"] = json.dumps(self._record(given))

    def _content(self, *, half: bool) -> Content:
        inside, jets = self.card.constituents, self.card.jets
        return Content(
            constituents=inside.names if inside else (),
            n_constituents=inside.keep if inside else 0,
            jets=jets.names,
            classes=self.classes,
            targets=tuple(jets.targets),
            has_weights=bool(jets.weight),
            has_split=self.card.split.given,
            half=half,
        )

    def _attributes(self) -> dict[str, object]:
        card = self.card
        stored = card.constituents.names if card.constituents else card.jets.names
        return {
            "origin": card.origin,
            "data_set": card.data_set,
            "units": card.units,
            "card": self.text.text,
            "hashed": list(card.hashed or stored),
            "sorted_by": _sorted_by(card),
        }

    def _record(self, given: Sequence[Path]) -> JSON:
        """Return what was read and what of it was left out."""
        return {
            "sources": [path.name for path in given],
            "files": self.n_files,
            "reference": self.card.reference,
            "versions": {"jetmix": __version__, "numpy": np.__version__},
            "counts": self.per_class,
            "dropped": self.dropped,
        }

    def _jets(self, source: Source) -> Iterator[Jets]:
        format_name = self.card.source.format or format_of(source.path)
        table = table_of(source.path, format_name, self.card.source.table)
        names = naming(self.text, self.formulas, table, source.label)
        start = 0
        rows = self._block_rows(len(names.columns))
        blocks = FORMATS[format_name].blocks(source.path, table.name, names.columns, rows)
        for block in blocks:
            n_rows = len(next(iter(block.values())))
            numbers = np.arange(start, start + n_rows)
            yield assemble(
                self.text, self.formulas, names.named(block, source.label), numbers, source
            )
            start += n_rows

    def _block_rows(self, n_columns: int) -> int:
        inside = self.card.constituents
        wide = inside.keep * (n_columns + len(inside.names)) if inside else n_columns
        return int(np.clip(_BLOCK_BYTES // (8 * wide), _FEWEST_ROWS, _MOST_ROWS))

    def _suffixes(self) -> tuple[str, ...]:
        named = self.card.source.format
        return FORMATS[named].suffixes if named else all_suffixes()

    def _is_wanted(self, source: Source) -> bool:
        patterns = self.card.source.files
        return not patterns or any(is_named(source, pattern) for pattern in patterns)

    def _count(self, found: Jets) -> None:
        self.counts += np.bincount(found.labels, minlength=len(self.classes))
        for reason, count in found.dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count

    def _check_classes(self, given: Sequence[Path]) -> None:
        missing = [n for n, count in zip(self.classes, self.counts, strict=True) if not count]
        if missing:
            left_out = [f"{count:,} {reason}" for reason, count in self.dropped.items()]
            raise DataError(
                f"no jets of class {', '.join(missing)} among {self.counts.sum():,}"
                + (f" (left out: {', '.join(left_out)})" if left_out else ""),
                where=f"{given[0]}, {self.text.where('labels')}",
                mend="correct the class in the card, take it out, or give files with its jets",
            )


def _sorted_by(card: Card) -> str:
    """Return the stored feature in whose falling order constituents stand, "" if in none."""
    inside = card.constituents
    if inside is None or inside.order == FILE_ORDER:
        return ""
    order = inside.order.strip()
    if order in inside.names:
        return order
    return next((n for n, formula in inside.features.items() if formula.strip() == order), "")


@contextlib.contextmanager
def _blaming(source: Source) -> Iterator[None]:
    """Name the source, not the file that is written, where a value does not fit into float16."""
    try:
        yield
    except DataError as error:
        raise DataError(error.what, mend=error.mend, where=source.label) from error
