"""docs/estimates.md says what the estimate does today."""

import tomllib

import pytest

from jetmix.resources import registers
from jetmix.resources.lut import leave_one_out
from jetmix.support.packaged import packaged


def rows(page, title):
    lines = page.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {title} |")) + 2
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]


def test_page_shows_every_design_with_its_leave_one_out_prediction(repository):
    page = (repository / "docs" / "estimates.md").read_text()
    calibration = packaged("resources/calibration.toml").read_text()
    names = [design["name"] for design in tomllib.loads(calibration)["design"]]
    shown = rows(page, "Design")
    assert [row[0] for row in shown] == names
    for row, (lut, seen) in zip(shown, leave_one_out(), strict=True):
        inside = "yes" if seen.low <= lut <= seen.high else "no"
        assert row[2:] == [
            f"{lut:,.0f}",
            f"{seen.value:,.0f}",
            f"{seen.low:,.0f} to {seen.high:,.0f}",
            f"{100 * (seen.value / lut - 1):+.1f}%",
            inside,
        ]
    assert "(estimates.svg)" in page
    assert (repository / "docs" / "estimates.svg").read_text().lstrip().startswith("<?xml")


def test_layers_on_the_page_sum_to_their_model(repository):
    page = (repository / "docs" / "estimates.md").read_text()
    *layers, total = rows(page, "Layer")
    cost = [float(row[1].replace(",", "")) for row in (*layers, total)]
    assert sum(cost[:-1]) == cost[-1]
    (model,) = (row for row in rows(page, "Model") if row[0] == "Mixer 64x16, 81.39%")
    assert model[1] == total[1]


@pytest.mark.parametrize(
    ("title", "outcomes", "spec"),
    [
        ("Design (FF)", registers.ff_leave_one_out(), ",.0f"),
        ("Design (ns)", registers.clock_leave_one_out(), ".2f"),
    ],
)
def test_page_shows_ff_and_clock_leave_one_out(repository, title, outcomes, spec):
    shown = rows((repository / "docs" / "estimates.md").read_text(), title)
    for row, (true, seen) in zip(shown, outcomes, strict=True):
        assert row[1:4] == [
            f"{true:{spec}}",
            f"{seen.value:{spec}}",
            f"{seen.low:{spec}} to {seen.high:{spec}}",
        ]
        assert row[5] == ("yes" if seen.low <= true <= seen.high else "no")


def test_page_shows_the_registers_of_the_calibration_and_yosys_at_other_cuts(repository):
    page = (repository / "docs" / "estimates.md").read_text()
    known = tomllib.loads(packaged("resources/calibration.toml").read_text())["registers"]
    shown = {row[0]: row[3] for row in rows(page, "Registers of") if row[1] == "2"}
    assert shown == {one["name"]: f"{one['bits']:,}" for one in known}
    for row in rows(page, "Yosys at other cuts"):
        bits, ff = (int(cell.replace(",", "")) for cell in row[2:4])
        seen = registers.ff_from_bits(bits)
        assert row[5] == f"{seen.low:,.0f} to {seen.high:,.0f}"
        assert row[6] == ("yes" if seen.low <= ff <= seen.high else "no")
