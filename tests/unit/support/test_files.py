"""Files that appear whole or not at all."""

import os

import pytest

from jetmix.support.files import atomic_path


def half_written(path):
    with atomic_path(path) as part:
        part.write_text("half")
        raise OSError(28, os.strerror(28))  # as of a write, which knows no name


def test_a_full_disk_is_named_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "sweep.json"
    path.write_text("old")
    with pytest.raises(OSError, match="No space left") as raised:
        half_written(path)
    assert raised.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
