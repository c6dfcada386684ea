"""Pages of docs/ that are made from a template beside the benchmark."""

from collections.abc import Mapping
from pathlib import Path


def filled(template: Path, values: Mapping[str, object]) -> str:
    """Return a template with every ``@NAME@`` replaced; each name must be there, none left over."""
    text = template.read_text(encoding="utf-8")
    for name, words in values.items():
        assert f"@{name}@" in text, name
        text = text.replace(f"@{name}@", str(words))
    assert "@" not in text
    return text
