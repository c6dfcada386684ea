"""Imports files of the public schema, loose, in folders or in archives, into one compact file."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jetmix import __version__
from jetmix.data import checks
from jetmix.data.importing.cards.card import Card
from jetmix.data.importing.cards.card_file import read_card
from jetmix.data.importing.cards.run import import_with_card
from jetmix.data.importing.manifest import Manifest, read_manifest
from jetmix.data.importing.sources import GIVE, Imported, Source, each_file, is_archive
from jetmix.data.importing.tabular import import_high_level
from jetmix.data.importing.tabular_sources import high_level_set, is_high_level
from jetmix.data.jet_file import open_jet_file
from jetmix.data.jet_table import JetFile
from jetmix.data.reader import block_rows
from jetmix.data.schema import (
    CLASS_NAMES,
    CONSTITUENTS,
    MAX_CONSTITUENTS,
    PARTICLE_FEATURES,
)
from jetmix.data.writer import CACHE_BYTES, JetWriter, jet_writer
from jetmix.errors import DataError, RunConflictError
from jetmix.support import console
from jetmix.support.arrays import Ints, Reals
from jetmix.support.files import JSON, atomic_path, file_digest


def import_jets(
    given: Sequence[Path],
    out: Path,
    *,
    card: Card | Mapping[str, Any] | str | Path | None = None,
    n_constituents: int | None = None,
    half: bool = False,
    manifest: Manifest | None = None,
) -> Imported:
    """Stream all jets of files, folders and archives into the new file ``out``.

    With a card, files are read as it says (:func:`import_with_card`). Without, they are those of
    the published sets.

    A single file of high-level features becomes a file of them, without constituents.

    Nothing is written but ``out`` and one member at a time in a temporary folder beside it.
    Memory does not grow with the number of jets.

    Args:
        given: .h5 files of the public schema, folders of them, or tar archives; or one file of
            high-level features, as :func:`import_high_level` takes it.
        out: the file to make; its folder is made if need be.
        card: name of a shipped card, a file, or the card itself, as an object or a mapping.
        n_constituents: constituents to keep of each jet; by default as many as the card says, and
            150 of published jets.
        half: store constituents as float16, exact to 0.05% of each value.
        manifest: what is known of published archives; that of Zenodo 3602260 by default.

    Raises:
        RunConflictError: if ``out`` exists.
        DataError: naming file, dataset and row of whatever is wrong with a source.
    """
    if card is not None:
        text = read_card(card)
        if not text.card.importer:
            return import_with_card(given, out, text, n_constituents=n_constituents, half=half)
        _check_set(text.card.importer, given)
    if len(given) == 1 and is_high_level(given[0]):
        return import_high_level(given[0], out)
    if out.exists():
        raise RunConflictError(
            "the output file already exists", where=out, mend="name another file or delete this one"
        )
    manifest = manifest or read_manifest()
    for path in given:
        if not path.exists():
            raise DataError("no such file or folder", where=path, mend=GIVE)
        known = manifest.find(path)
        if known is not None and path.is_file():
            known.check_download(path)
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch,
        atomic_path(out) as temporary,
    ):
        merge = _Merge(
            out=temporary,
            scratch=Path(scratch),
            n_constituents=n_constituents or MAX_CONSTITUENTS,
            half=half,
            manifest=manifest,
        )
        merge.run(given)
    return Imported(
        path=out,
        sha256=file_digest(out),
        n_jets=int(merge.counts.sum()),
        n_files=sum(merge.n_files.values()),
        origin=merge.origin,
    )


def _check_set(name: str, given: Sequence[Path]) -> None:
    """Refuse files that are not of the published set that a card names."""
    path = given[0]
    high_level = len(given) == 1 and is_high_level(path)
    found = f"{high_level_set(path)}" if high_level else "zenodo-3602260"
    if path.exists() and found != name:
        raise DataError(
            f"is laid out as {found}, the card is for {name}",
            where=path,
            mend="give the files of that set, or another card",
        )


@dataclass(kw_only=True)
class _Merge:
    """One pass over all sources into one file."""

    out: Path
    scratch: Path
    n_constituents: int
    half: bool
    manifest: Manifest
    counts: Ints = field(default_factory=lambda: np.zeros(5, np.int64))
    n_files: dict[Path, int] = field(default_factory=dict)
    labels: dict[Path, dict[str, Ints]] = field(default_factory=dict)
    origin: str = ""
    jet_names: tuple[str, ...] = ()

    def run(self, given: Sequence[Path]) -> None:
        """Copy every file and check the whole."""
        writer: JetWriter | None = None
        with contextlib.ExitStack() as stack:
            ticker = stack.enter_context(console.progress("importing jets"))
            for source in each_file(given, self.scratch):
                with _blaming(source), open_jet_file(source.path) as jets:
                    self._same_kind(source, jets)
                    if writer is None:
                        writer = stack.enter_context(self._writer(jets, given))
                    self._copy(jets, writer, source, ticker)
            checks.check_all_classes(self.counts, CLASS_NAMES, path=given[0])
            self._check_archives(given)

    def _writer(
        self, first: JetFile, given: Sequence[Path]
    ) -> contextlib.AbstractContextManager[JetWriter]:
        record: JSON = {
            "sources": [path.name for path in given],
            "doi": self.manifest.doi if self.origin == "public" else None,
            "precision": "float16" if self.half else "float32",
            "versions": {"jetmix": __version__, "numpy": np.__version__},
        }
        return jet_writer(
            self.out,
            n_constituents=min(self.n_constituents, first.n_constituents),
            jet_columns=first.jet_names,
            half=self.half,
            attributes={"origin": self.origin, "import": record},
            cache_bytes=CACHE_BYTES,
        )

    def _same_kind(self, source: Source, jets: JetFile) -> None:
        """Refuse what does not belong into one file with the sources before."""
        origin = self._origin(source, jets)
        if not self.jet_names:
            self.jet_names, self.origin = jets.jet_names, origin
        if jets.jet_names != self.jet_names:
            raise DataError(
                "names other jet columns than the first file",
                where=source.label,
                mend="import files of one kind at a time",
            )
        if origin != self.origin:
            raise DataError(
                f"holds {origin} jets, the files before {self.origin} ones",
                where=source.label,
                mend="import jets of one origin at a time",
            )

    def _origin(self, source: Source, jets: JetFile) -> str:
        """Return the origin that the file states, or public for what is named like the record's."""
        if jets.origin != "unknown":
            return jets.origin
        if is_archive(source.given):
            return "public" if self.manifest.find(source.given) else "unknown"
        return "public" if self.manifest.is_member(source.name) else "unknown"

    def _copy(
        self, jets: JetFile, writer: JetWriter, source: Source, ticker: console.Ticker
    ) -> None:
        columns = jets.feature_columns(PARTICLE_FEATURES)
        wide = min(writer.handle[CONSTITUENTS].shape[1], jets.n_constituents)
        rows = block_rows(jets, jets.n_constituents)
        labels: list[Ints] = []
        for start in range(0, jets.n_jets, rows):
            stop = min(start + rows, jets.n_jets)
            x = _checked_block(jets, start, stop, wide, columns)
            table = jets.read_jets(start, stop)
            with _blaming_rows(jets.path, start, stop):
                writer.append(_widened(x, writer), table)
            y = jets.classes(start, stop, table)
            labels.append(y)
            self.counts += np.bincount(y, minlength=len(CLASS_NAMES))
            ticker.update(int(self.counts.sum()), f"{self.counts.sum()} jets, {source.name}")
        self.n_files[source.given] = self.n_files.get(source.given, 0) + 1
        self.labels.setdefault(source.given, {})[source.name] = np.concatenate(labels)

    def _check_archives(self, given: Sequence[Path]) -> None:
        for path in given:
            known = self.manifest.find(path)
            if known is not None:
                labels = self.labels[path]
                n_jets = sum(len(y) for y in labels.values())
                known.check_content(path, n_jets, self.n_files[path])
                if known.check_labels(path, labels):
                    console.say(f"{path.name}: the classes of all {n_jets:,} jets match the record")


def _checked_block(jets: JetFile, start: int, stop: int, wide: int, columns: list[int]) -> Reals:
    x = jets.read(start, stop, wide, columns)
    checks.check_finite(
        x, path=jets.path, dataset=CONSTITUENTS, start=start, columns=PARTICLE_FEATURES
    )
    pt = x[..., PARTICLE_FEATURES.index("pt")]
    checks.check_sorted(pt, path=jets.path, start=start)
    return x


def _widened(x: Reals, writer: JetWriter) -> Reals:
    """Pad jets of a file that keeps fewer constituents than the first one."""
    missing = writer.handle[CONSTITUENTS].shape[1] - x.shape[1]
    return np.pad(x, ((0, 0), (0, missing), (0, 0))) if missing else x


@contextlib.contextmanager
def _blaming_rows(path: Path, start: int, stop: int) -> Iterator[None]:
    """Name the rows of the source, not the file that is written, in an error."""
    try:
        yield
    except DataError as error:
        where = f"{path} rows {start} to {stop - 1}"
        raise DataError(error.what, mend=error.mend, where=where) from error


@contextlib.contextmanager
def _blaming(source: Source) -> Iterator[None]:
    """Name the member of the archive, not the temporary file, in an error."""
    try:
        yield
    except DataError as error:
        where = error.where.replace(str(source.path), source.label)
        raise DataError(error.what, mend=error.mend, where=where) from error
