"""The codec: what is written reads back equal, and what was edited is refused by its key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.errors import ReportReadError, UsageError
from jetmix.support.records import (
    NOT_NEGATIVE,
    checked,
    dump,
    load,
    read,
    section_from,
    write,
)


@dataclass(frozen=True, kw_only=True)
class Inner:
    n: int
    x: float | None = None
    names: tuple[str, ...] = ()
    counts: dict[str, int] | None = None
    kind: Literal["a", "b"] = "a"

    CHECKS: ClassVar = checked(NOT_NEGATIVE, "n", "x")
    DERIVED: ClassVar = ("twice",)

    @property
    def twice(self) -> int:
        return 2 * self.n


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner
    more: tuple[Inner, ...]
    pair: tuple[float, str]

    def problems(self) -> Iterator[tuple[str, str]]:
        if len(self.more) > self.inner.n:
            yield "more", f"at most {self.inner.n} entries"


def good(**changes):
    return {"inner": {"n": 1}, "more": [], "pair": [0.5, "x"]} | changes


inners = st.builds(
    Inner,
    n=st.integers(0, 2**70),
    x=st.none() | st.floats(0, allow_nan=False, allow_infinity=False),
    names=st.lists(st.text()).map(tuple),
    counts=st.none() | st.dictionaries(st.text(), st.integers()),
    kind=st.sampled_from(["a", "b"]),
)


@given(inners, st.lists(inners, max_size=2).map(tuple), st.tuples(st.floats(0, 1), st.text()))
def test_what_is_dumped_loads_equal(inner, more, pair):
    outer = Outer(inner=inner, more=more[: inner.n], pair=pair)
    assert load(Outer, dump(outer), where="x") == outer


def test_files_round_trip_with_derived_values_for_other_programs(tmp_path):
    records = (Inner(n=2), Inner(n=3, x=0.5))
    write(tmp_path / "file.json", records)
    assert '"twice": 6' in (tmp_path / "file.json").read_text()
    assert read(tuple[Inner, ...], tmp_path / "file.json") == records


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (good(inner={"n": -1}), "inner: n = -1 must not be negative"),
        (good(inner={"n": True}), "inner: 'n' should be an integer but is true"),
        (good(inner={}), "inner: 'n' should be an integer but is absent"),
        (good(inner={"n": 1, "namse": []}), "inner: unknown key 'namse'; did you mean 'names'"),
        (good(inner={"n": 1, "kind": "c"}), "'kind' should be one of a, b but is \"c\""),
        (good(more=[{"n": 1, "counts": {"k": "x"}}]), r"more\[0\]: counts: 'k' should be an int"),
        (good(more=[{"n": 1}, {"n": 1}]), "'more' should be at most 1 entries"),
        (good(more=3), "'more' should be a list but is 3"),
        (good(pair=[1.0]), "'pair' should be a list of 2 entries"),
        (good(pair=[float("inf"), ""]), "should be a finite number but is inf"),
        ([], "should be a group of named values"),
    ],
)
def test_an_edited_file_is_refused_with_the_key(content, message):
    with pytest.raises(ReportReadError, match=message) as caught:
        load(Outer, content, where="file.json")
    assert caught.value.exit_code == 9
    assert str(caught.value).startswith("file.json: ")


def test_nan_and_damage_are_refused(tmp_path):
    path = tmp_path / "file.json"
    for text in ('{"n": NaN}', "{", '{"n": 1, "names": ["\\ud800"]}'):
        path.write_text(text)
        with pytest.raises(ReportReadError, match=r"file\.json"):
            read(Inner, path)


def test_toml_tables_are_usage_and_write_none_as_a_word():
    assert section_from(Inner, {"n": 1, "x": "none"}, where="[s]").x is None
    with pytest.raises(UsageError, match=r"\[s\]: 'n' should be an integer"):
        section_from(Inner, {"n": "none"}, where="[s]")
