"""Adds the pages that are made from the code to the site, so that they are never stale."""

import re
from pathlib import Path

from cards import card_keys
from formats import file_formats
from kinds import kinds_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from notebook import notebook_page
from reference import command_line, exit_codes, recipe_keys, top_page

# what a browser fetches by itself; a link that people click on is none
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]+src=["']?(?:https?:)?//[^"'>]*"""
    r"""|<link[^>]+href=["']?(?:https?:)?//[^"'>]*"""
)
REPOSITORY = Path(__file__).parents[2]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {
        "quickstart.md": notebook_page(REPOSITORY / "examples" / "quickstart.ipynb"),
        "reference/command-line.md": command_line(),
        "reference/exit-codes.md": exit_codes(),
        "reference/recipe.md": recipe_keys(),
        "reference/card.md": card_keys(),
        "reference/kinds.md": kinds_page(),
        "reference/files.md": file_formats(),
        "changelog.md": top_page(REPOSITORY, "CHANGELOG.md"),
        "contributing.md": top_page(REPOSITORY, "CONTRIBUTING.md"),
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_content(html: str, **_: object) -> str:
    """Show cross-references of docstrings as the plain names that they are."""
    return re.sub(r":\w+:<code>~?(?:[\w.]+\.)?(\w+)</code>", r"<code>\1</code>", html)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a page that loads a script, style, font or picture from the network."""
    for page in Path(config.site_dir).rglob("*.html"):
        found = LOADED.search(page.read_text(encoding="utf-8"))
        if found:
            raise PluginError(f"{page} loads {found.group(0)}")
