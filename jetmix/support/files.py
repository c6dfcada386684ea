"""Files and folders that appear whole or not at all, and their digests."""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jetmix.errors import ReportReadError

JSON = dict[str, Any]


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        # a full disk is met by a write, which does not name its file
        error.filename = error.filename or str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` atomically (write, fsync, rename)."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: object) -> None:
    """Write ``content`` to ``path`` atomically as indented JSON; NaN is refused."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file that jetmix wrote.

    Raises:
        ReportReadError: if the file is missing or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportReadError(
            "the file is missing", where=path, mend="run the stage that writes it again"
        ) from None
    except (ValueError, OSError) as error:
        raise ReportReadError(
            f"not a readable JSON file ({error})", where=path, mend="run the stage again"
        ) from None


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content as hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tree_digest(folder: Path, names: list[str]) -> str:
    """Return the SHA-256 over the names and contents of ``names`` inside ``folder``."""
    total = hashlib.sha256()
    for name in sorted(names):
        total.update(f"{name}\0{file_digest(folder / name)}\n".encode())
    return total.hexdigest()


def content_digest(content: object) -> str:
    """Return the SHA-256 of a JSON-serialisable object, independent of the order of keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def place_folder(source: Path, destination: Path) -> None:
    """Copy a folder; ``destination`` must not exist, and appears only when it is complete."""
    staging = destination.with_name(f".{destination.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        shutil.copytree(source, staging)
        staging.replace(destination)
    except shutil.Error as error:
        # copytree goes on after a failure and raises all of them as texts; the first one is enough
        _, target, reason = error.args[0][0]
        text = str(reason).split(": '")[0]
        number = re.match(r"\[Errno (\d+)\] ", text)
        raise OSError(
            int(number[1]) if number else None, text[number.end() if number else 0 :], target
        ) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def empty_folder(folder: Path) -> None:
    """Remove a folder that jetmix owns, with all its contents, and make it anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
