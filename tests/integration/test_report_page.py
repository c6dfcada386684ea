"""The report in a real browser: it sorts, tells, filters, prints, and needs no network."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetmix.report.build import write_report
from tests.unit.report.folders import make_run, make_synth

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TABLE = "#field-1 tbody:not(.ours) tr:not(.break)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page")
    run = make_run(place / "demo <b>run")
    write_report([run, make_synth(place / "synth", run=run)], place / "out", bits=False)
    return place / "out" / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; apt-get install chromium")
    with sync_api.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: "sync_api.Browser", report: Path) -> Iterator["sync_api.Page"]:
    """The page at 1280 pixels; a message on the console or a request fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    trouble: list[str] = []
    opened.on("console", lambda message: trouble.append(message.text))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("request", lambda request: trouble.append(request.url))
    opened.goto(report.as_uri())
    yield opened
    assert trouble == [report.as_uri()]
    opened.close()


def column(page: "sync_api.Page", index: int) -> list[str]:
    cells = page.locator(f"{TABLE} > :nth-child({index})")
    return [text.strip() for text in cells.all_inner_texts()]


def shown_rows(page: "sync_api.Page") -> int:
    return page.locator(f"{TABLE}:visible").count()


def test_tables_sort_both_ways_and_keep_the_break(page):
    heading = page.locator("#field-1 thead th", has_text="LUT")
    heading.locator("button").press("Enter")
    rising = column(page, 4)
    assert rising[:3] == ["37,675", "39,765", "51,670"]
    assert rising[-4:] == ["\u2014"] * 4
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert column(page, 4)[:2] == ["244,515", "242,979"]
    assert column(page, 4)[-4:] == ["\u2014"] * 4
    bodies = page.locator("#field-1 tbody")
    assert "This report" in bodies.nth(0).locator("tr").nth(0).inner_text()
    assert "demo <b>run" in bodies.nth(0).locator("tr").nth(1).inner_text()
    assert "not comparable" in bodies.nth(1).locator("tr").nth(0).inner_text()


def test_a_point_tells_itself_under_the_pointer(page):
    plot = page.locator("#pareto-lut-1-1")
    plot.scroll_into_view_if_needed()
    page.locator("[id='pareto-lut-1-1-point-0-0']").hover()
    tip = plot.locator(".tip")
    assert "LUT:" in tip.inner_text()
    page.mouse.move(2, 2)
    assert tip.is_hidden()


def test_the_keyboard_walks_filters_and_resets(page):
    plot = page.locator("#pareto-lut-1-1")
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert plot.locator(".tip").inner_text().splitlines()[:3] == [
        "JEDI-linear",
        "Accuracy: 77.60%",
        "LUT: 37,675",
    ]
    page.keyboard.press("ArrowLeft")
    assert "LUT: 244,515" in plot.locator(".tip").inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert set(page.locator(f"{TABLE}:visible > :first-child").all_inner_texts()) == {"JEDI-linear"}
    assert shown_rows(page) == 10
    page.keyboard.press("Escape")
    assert shown_rows(page) == 16


def test_a_click_on_a_point_shows_its_family_alone(page):
    point = page.locator("[id='pareto-lut-1-1-point-0-0']")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*middle)
    alone = set(page.locator(f"{TABLE}:visible > :first-child").all_inner_texts())
    assert len(alone) == 1
    page.mouse.click(*middle)
    assert shown_rows(page) == 16


def test_layers_sort_by_their_lut_and_back(page):
    names = page.locator("#costs tbody tr:not(.break) > :first-child")
    page.locator("#costs thead th", has_text="LUT").locator("button").click()
    assert names.all_inner_texts() == ["head", "token_mixing", "channel_mixing"]
    page.locator("#costs thead th", has_text="Depth").locator("button").click()
    assert names.all_inner_texts() == ["channel_mixing", "token_mixing", "head"]


def test_chips_filter_plots_and_table(page):
    chip = page.locator(".chips button", has_text="MLP-Mixer (HGQ)")
    assert chip.get_attribute("aria-pressed") == "true"
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert shown_rows(page) == 12
    page.locator(".chips button", has_text="all").click()
    assert shown_rows(page) == 16


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_and_text_can_be_read(page, theme, width):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert contrast(ink, paper) > 7


def test_the_first_screen_shows_the_figures_that_matter(page):
    first = page.locator(".lead")
    box = first.bounding_box()
    assert box["y"] + box["height"] <= page.viewport_size["height"]
    values = first.locator(".value").all_inner_texts()
    assert values == ["62.80 ± 2.16%", "yes", "12,500", "45.0 ns"]
    assert "11,800 to 13,400" in first.inner_text()
    assert first.locator("figure svg").count() == 1


def test_every_table_fits_at_1280_pixels(page):
    widths = page.evaluate(
        "[...document.querySelectorAll('section > .scroller')]"
        ".map((part) => [part.scrollWidth, part.clientWidth, part.ariaLabel])"
    )
    assert len(widths) >= 8
    assert [label for needed, there, label in widths if needed > there] == []


def test_a_narrow_screen_scrolls_tables_and_keeps_their_first_column(page):
    page.set_viewport_size({"width": 390, "height": 844})
    scroller = page.locator(".scroller", has=page.locator("#field-1"))
    name = page.locator(f"{TABLE} > :first-child").first
    before = name.bounding_box()["x"]
    scroller.evaluate("(part) => { part.scrollLeft = 300; }")
    assert scroller.evaluate("(part) => part.scrollLeft") == 300
    assert name.bounding_box()["x"] == pytest.approx(before, abs=2)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two CSS colours (WCAG 2.1)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_paper_shows_what_is_folded_away(page):
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    assert page.locator("details").count() == 3


def test_it_prints_to_pdf(page, tmp_path):
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_it_can_be_read_without_scripts(browser, report):
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(report.as_uri())
    assert plain.locator("#field-1 tbody tr").count() == 19
    assert plain.locator("figure svg").count() == 10
    plain.close()
