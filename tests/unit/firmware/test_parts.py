import pytest

from jetmix.errors import UsageError
from jetmix.firmware.parts import find_part, known_parts


def test_short_name_gives_full_name_and_resources():
    part = find_part("xcvu13p")
    assert part.full_name == "xcvu13p-flga2577-2-e"
    assert (part.lut, part.ff, part.dsp, part.slr_count) == (1728000, 3456000, 12288, 4)


@pytest.mark.parametrize("name", ["xcvu9p-flga2104-2L-e", "xcvu9p-flgb2104-1-i", "xc7z020clg484-2"])
def test_full_names_of_any_package_and_grade(name):
    assert find_part(name).full_name == name


def test_every_full_name_in_the_table_is_one():
    for part in known_parts().values():
        assert find_part(part.full_name) == part


@pytest.mark.parametrize(
    "name",
    [
        "xcvu13",
        "xcvu13p; exec rm",
        'xcvu13p-flga2577-2-e"',
        "xcvu13p-flga2577-2-e\nexit",
        "",
        "[exit]",
    ],
)
def test_unknown_or_malicious_names_are_refused(name):
    with pytest.raises(UsageError, match="the nearest known ones are"):
        find_part(name)
