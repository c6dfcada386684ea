"""A library is loaded as it is now, not as the same path was before."""

import subprocess

import pytest

from jetmix.support import libraries


def compiled(folder, answer):
    source, library = folder / "answer.cpp", folder / "libanswer.so"
    source.write_text(f'extern "C" int answer() {{ return {answer}; }}')
    subprocess.run(["g++", "-shared", "-fPIC", source, "-o", library], check=True)
    return library


def test_a_path_that_holds_another_library_by_now(tmp_path):
    assert libraries.load(compiled(tmp_path, 1)).answer() == 1
    assert libraries.load(compiled(tmp_path, 2)).answer() == 2


def test_what_is_no_library_is_an_os_error(tmp_path):
    (tmp_path / "libanswer.so").write_text("text")
    with pytest.raises(OSError, match="libanswer"):
        libraries.load(tmp_path / "libanswer.so")
