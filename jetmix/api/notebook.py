"""How runs, firmware and reports look in a notebook: a table of the main figures and a picture."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

Rows = Sequence[tuple[str, str]]
_TABLE = "border-collapse: collapse; margin: 0 1.5em 0.5em 0"
_CELL = "padding: 0.2em 0.8em; border-bottom: 1px solid #8884; text-align: left"
_BAR = "background: #3b76af; height: 0.9em; display: inline-block; vertical-align: middle"


def page(title: str, rows: Rows, picture: str = "") -> str:
    """Return HTML of a title, a table of (what, value), and a picture beside it."""
    body = "".join(
        f'<tr><th style="{_CELL}">{escape(what)}</th><td style="{_CELL}">{escape(value)}</td></tr>'
        for what, value in rows
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; align-items: flex-start">'
        f'<table style="{_TABLE}"><caption style="text-align: left; font-weight: bold">'
        f"{escape(title)}</caption><tbody>{body}</tbody></table>{picture}</div>"
    )


def png(path: Path, description: str, *, width_px: int = 420) -> str:
    """Return a PNG file as an inline picture, nothing if there is no such file."""
    if not path.is_file():
        return ""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    source = f"data:image/png;base64,{content}"
    return f'<img alt="{escape(description)}" width="{width_px}" src="{source}">'


def bars(title: str, shares: Sequence[tuple[str, float]]) -> str:
    """Return horizontal bars of named shares (0 to 1), each with its per cent."""
    rows = "".join(
        f'<tr><td style="padding: 0 0.6em">{escape(name)}</td><td>'
        f'<span style="{_BAR}; width: {12 * share:.2f}em"></span> {100 * share:.0f}%</td></tr>'
        for name, share in shares
    )
    caption = f'<caption style="text-align: left">{escape(title)}</caption>'
    return f"<table>{caption}<tbody>{rows}</tbody></table>"
