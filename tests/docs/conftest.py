"""The modules of docs/generate/ can be imported as its scripts import them."""

import pytest


@pytest.fixture(autouse=True)
def generators(monkeypatch, repository):
    monkeypatch.syspath_prepend(str(repository / "docs" / "generate"))
