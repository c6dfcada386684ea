"""How figures look, and how they become files and parts of a page."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jetmix.support.files import JSON

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

# Paul Tol's 'vibrant' colours: distinct for the common kinds of colour blindness, and readable
# on light and dark ground alike; every use of them is doubled by a line style, marker or label
COLOURS = ("#0077bb", "#ee7733", "#009988", "#cc3311", "#aa4499", "#33bbee", "#bbbbbb")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
OURS, THEIRS = "#cc3311", "#0077bb"
# colours of no other use, which a page replaces by those of its theme
INK, GRID, PAPER = "#111112", "#c9c9ca", "#fffffe"
THEMED = ((INK, "currentColor"), (GRID, "var(--rule)"), (PAPER, "none"), (OURS, "var(--mark)"))
PNG_DPI = 160
FONT_SIZES = {"font.size": 11, "axes.labelsize": 11, "axes.titlesize": 11, "legend.fontsize": 9}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A finished figure: ``name`` is that of its files, ``alt`` says in words what it shows.

    ``points`` describes, for a page, the parts of the SVG whose ids start with ``point-0-``,
    ``point-1-`` and so on.
    """

    name: str
    title: str
    alt: str
    svg: str
    png: bytes
    points: tuple[JSON, ...] = ()

    @property
    def inline(self) -> str:
        """The SVG for a page: themed, without XML header, its ids distinct from other figures'."""
        body = self.svg[self.svg.index("<svg") :]
        for colour, themed in THEMED:
            body = body.replace(colour, themed)
        body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
        body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.name}-", body)
        return re.sub(r"<svg ", '<svg aria-hidden="true" focusable="false" ', body, count=1)


def plain(text: str, length: int = 40) -> str:
    """Return ``text`` fit for a figure: printable, short, and without mathematics markup."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in text)
    short = printable if len(printable) <= length else printable[: length - 1] + "…"
    return short.replace("$", r"\$")


@contextmanager
def drawing(width: float = 5.2, height: float = 4.2) -> Iterator["Canvas"]:
    """Yield an empty figure (inches) in the style of the report, without pyplot's global state."""
    import matplotlib as mpl
    import mplhep
    from matplotlib.figure import Figure

    with mpl.rc_context(), warnings.catch_warnings():
        # a name may hold signs that the font lacks: they are drawn as boxes
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        mpl.rcParams.update(_settings(mplhep.style.ROOT))
        yield Figure(figsize=(width, height), layout="constrained")


def _settings(base: dict[str, Any]) -> Any:
    """Return mplhep's style at the size of a page's column, in the colours of the report."""
    inks = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    return {
        **base,
        **FONT_SIZES,
        **dict.fromkeys(inks, INK),
        **{f"{axis}tick.labelsize": 9 for axis in "xy"},
        **{f"{axis}tick.major.size": 6 for axis in "xy"},
        **{f"{axis}tick.minor.size": 3 for axis in "xy"},
        "axes.linewidth": 1.0,
        "axes.titlelocation": "left",
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "axes.facecolor": "none",
        "svg.fonttype": "none",
        "svg.hashsalt": "jetmix",
        "legend.frameon": False,
    }


def finished(
    canvas: "Canvas", *, name: str, title: str, alt: str, points: tuple[JSON, ...] = ()
) -> Picture:
    """Render a figure; the same figure gives the same bytes."""
    svg, png = io.StringIO(), io.BytesIO()
    canvas.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    canvas.set_layout_engine("none")  # the layout stands; finding it again costs as much as drawing
    canvas.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return Picture(
        name=name, title=title, alt=alt, svg=svg.getvalue(), png=png.getvalue(), points=points
    )
