"""Parquet files, read with pyarrow in batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.data.importing.cards.columns import Block, Column, Field, Jagged, Table
from jetmix.data.importing.cards.readers.common import needed, reading, texts
from jetmix.errors import DataError

KIND = "Parquet"


def tables(path: Path) -> tuple[Table, ...]:
    """Return the one table of a file."""
    parquet = needed("pyarrow.parquet")
    with reading(path, KIND), parquet.ParquetFile(path) as file:
        fields = tuple(_field(entry.name, entry.type) for entry in file.schema_arrow)
        return (Table("", int(file.metadata.num_rows), fields),)


def _field(name: str, kind: Any) -> Field:
    types = needed("pyarrow.types")
    sizes = []
    while _is_list(types, kind):
        sizes.append(str(kind.list_size) if types.is_fixed_size_list(kind) else "var")
        kind = kind.value_type
    return Field(name, str(kind), ", ".join(sizes))


def _is_list(types: Any, kind: Any) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def blocks(path: Path, _table: str, columns: Sequence[str], rows: int) -> Iterator[Block]:
    """Yield the columns, ``rows`` rows at a time."""
    parquet = needed("pyarrow.parquet")
    with reading(path, KIND), parquet.ParquetFile(path) as file:
        start = 0
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            yield {
                name: _column(batch.column(name), f"{path} {name}, rows from {start}")
                for name in columns
            }
            start += batch.num_rows


def _column(array: Any, where: str) -> Column:
    types = needed("pyarrow.types")
    if array.null_count:
        raise DataError("has empty entries", where=where, mend="fill or remove these rows")
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if _is_list(types, array.type):
        counts = np.asarray(array.value_lengths(), np.int64)
        inner = _column(array.flatten(), where)
        if isinstance(inner, Jagged):
            inner = _rectangular(inner, where)
        return Jagged(inner, counts)
    if types.is_string(array.type) or types.is_large_string(array.type):
        return texts(array.to_pylist())
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _rectangular(inner: Jagged, where: str) -> Any:
    width = int(inner.counts[0]) if len(inner.counts) else 0
    if (inner.counts != width).any():
        raise DataError(
            "holds lists of lists whose inner lengths differ",
            where=where,
            mend="store one list per jet and column",
        )
    return inner.values.reshape(len(inner.counts), width, *inner.values.shape[1:])
