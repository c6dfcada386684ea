"""What the makers of pages share: templates and tables."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path


def filled(template: Path, values: Mapping[str, object]) -> str:
    """Return a template with every ``@NAME@`` replaced; each name must be there, none left over."""
    text = template.read_text(encoding="utf-8")
    for name, words in values.items():
        assert f"@{name}@" in text, name
        text = text.replace(f"@{name}@", str(words))
    assert "@" not in text
    return text


def with_error(mean: float, error: float | None, form: str) -> str:
    """Return a figure with its error, if it has one."""
    return f"{mean:{form}}" if error is None else f"{mean:{form}} ± {error:{form.lstrip('+')}}"


def spread(values: Sequence[float], form: str) -> str:
    """Return the mean with the standard deviation over seeds, if there are several."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return with_error(statistics.mean(values), deviation, form)


def trimmed(svg: str) -> str:
    """Return a picture without blanks at the ends of its lines."""
    return "\n".join(row.rstrip() for row in svg.splitlines()) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"
