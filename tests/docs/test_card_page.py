"""The how-to of data cards works as it is written, and the reference shows every key."""

import re
from dataclasses import fields

import pytest

import jetmix as jm
from jetmix.data.importing.cards.card_file import read_card, shipped_cards
from jetmix.data.importing.cards.draft import draft

PAGE, CARD = "docs/how-to/my-data-card.md", "examples/flavour-card.toml"


@pytest.fixture(scope="module")
def jets(repository, tmp_path_factory):
    """The Parquet file that the page makes."""
    folder = tmp_path_factory.mktemp("jets")
    code = re.findall(r"```python\n(.*?)```", (repository / PAGE).read_text(), re.DOTALL)[0]
    exec(code.replace('"jets.parquet"', f'"{folder}/jets.parquet"'), {})  # noqa: S102
    return folder / "jets.parquet"


def test_the_card_of_the_page(repository, jets):
    done = jm.import_jets(jets, jets.parent / "out.h5", card=repository / CARD)
    assert set(done.counts) == {"b", "c", "light"}
    assert set(done.dropped) == {"not selected", "of no class"}
    assert done.n_jets + sum(done.dropped.values()) == 3000
    found = jm.load_jets(
        done.path, n_particles=16, features=["pt", "etarel", "phirel", "d0", "charge"]
    )
    assert found.class_names == ("b", "c", "light")


def test_the_draft_is_a_card(jets):
    text = draft(jets)
    card = jets.parent / "draft.toml"
    card.write_text(text)
    done = jm.import_jets(jets, jets.parent / "draft.h5", card=card)
    assert done.n_jets == 3000
    assert "cand_d0: double (var)" in text


def test_parts_of_cards_on_the_page_are_cards(repository, tmp_path):
    whole = (repository / CARD).read_text()
    blocks = re.findall(r"```toml\n(.*?)```", (repository / PAGE).read_text(), re.DOTALL)
    assert len(blocks) >= 5
    for number, block in enumerate(blocks):
        name = re.search(r"^\[(\w+)", block, re.MULTILINE)[1]
        rest = re.sub(rf"^\[{name}\].*?(?=^\[|\Z)", "", whole, flags=re.MULTILINE | re.DOTALL)
        path = tmp_path / f"{number}.toml"
        path.write_text(rest + "\n" + block)
        read_card(path)


def test_the_reference_shows_every_key_and_card():
    from cards import SECTIONS, card_keys

    page = card_keys()
    for section in SECTIONS.values():
        for entry in fields(section):
            assert f"| `{entry.name}` |" in page or entry.name in SECTIONS
    for name in shipped_cards():
        assert f"| `{name}` |" in page
