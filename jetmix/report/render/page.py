"""The report as one self-contained page: nothing is fetched, nothing is trusted as markup."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jetmix import __version__
from jetmix.report.figures.style import Picture
from jetmix.report.render.model import Section
from jetmix.support.packaged import packaged

TEMPLATES = "report/render/templates"
SCRIPTS = ("table.js", "plot.js")
MAX_BYTES = 5_000_000


def page(title: str, sections: Sequence[Section], *, with_pictures: bool = True) -> str:
    """Return the page; all text passes through jinja2's autoescape.

    Args:
        title: title of the page.
        sections: what it shows.
        with_pictures: whether figures stand in the page or only their descriptions.
    """
    folder = packaged(TEMPLATES)
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = _inline
    return environment.get_template("report.html.j2").render(
        title=title,
        sections=sections,
        with_pictures=with_pictures,
        version=__version__,
        css=_ours(folder / "report.css"),
        scripts=[_ours(folder / name) for name in SCRIPTS],
    )


def fitting_page(title: str, sections: Sequence[Section]) -> str:
    """Return the page with its figures, or without them where they would not fit in 5 MB."""
    whole = page(title, sections)
    return whole if len(whole.encode()) <= MAX_BYTES else page(title, sections, with_pictures=False)


def _ours(path: Path) -> Markup:
    # style and scripts ship with jetmix and hold nothing of the user's
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704


def _inline(picture: Picture) -> Markup:
    # the SVG is matplotlib's, which escapes the text that it is given
    return Markup(picture.inline)  # noqa: S704
