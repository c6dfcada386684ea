from pathlib import Path

import pytest

from jetmix.errors import LoweringError
from jetmix.firmware.hls import remove_traces


def project(folder: Path, line: str) -> Path:
    (folder / "build_lib.sh").write_text("LIB_STAMP=36849347\n")
    config = f"OutputDir: {folder}\n{line}\nKerasModel: '{folder}/keras_model.keras'\n"
    (folder / "hls4ml_config.yml").write_text(config)
    (folder / "keras_model.keras").touch()
    return folder


@pytest.mark.parametrize("line", ["Stamp: 36849347", "Stamp: '36849347'"])
def test_a_stamp_of_digits_alone_is_taken_out_though_yaml_quotes_it(tmp_path: Path, line: str):
    remove_traces(project(tmp_path, line), "36849347")
    assert "Stamp: jetmix\n" in (tmp_path / "hls4ml_config.yml").read_text()
    assert (tmp_path / "build_lib.sh").read_text() == "LIB_STAMP=jetmix\n"


def test_a_stamp_that_is_not_there_is_an_error(tmp_path: Path):
    with pytest.raises(LoweringError, match="'Stamp: 36849347' found 0 times, expected once"):
        remove_traces(project(tmp_path, "Stamp: other"), "36849347")
