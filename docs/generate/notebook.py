"""A notebook with its stored output as a page, without a browser's help or the network."""

import json
import re
from html import escape
from pathlib import Path
from typing import Any

TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def notebook_page(path: Path) -> str:
    """Return a notebook as Markdown: text as it is, code in blocks, output below its cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(_cell(cell) for cell in cells) + "\n"


def _cell(cell: dict[str, Any]) -> str:
    source = _text(cell["source"])
    if cell["cell_type"] == "markdown":
        return source
    outputs = [_output(output) for output in cell.get("outputs", [])]
    return "\n\n".join([f"```python\n{source}\n```", *filter(None, outputs)])


def _output(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return _plain(_text(output["text"]))
    data = output.get("data", {})
    if "text/html" in data:
        html = re.sub(r"\n\s*\n", "\n", _text(data["text/html"]))
        return f'<div class="output">\n{html.strip()}\n</div>'
    if "image/png" in data:
        picture = _text(data["image/png"]).replace("\n", "")
        return f'<img class="output" alt="output" src="data:image/png;base64,{picture}">'
    return _plain(_text(data.get("text/plain", "")))


def _plain(text: str) -> str:
    clean = TERMINAL_COLOUR.sub("", text).rstrip()
    return f'<pre class="output">{escape(clean)}</pre>' if clean else ""


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
