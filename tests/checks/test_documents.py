"""YAML documents as values: by the rules of YAML 1.2, with lines, and safe from bombs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.documents import read_documents, strings


def value_of(text: str) -> Any:
    (document,) = read_documents(text)
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: yes", {"on": "yes"}),
        ("a: [1, 0x1f, 0o17, 1.5, .5, 1e3, -2]", {"a": [1, 31, 15, 1.5, 0.5, 1000.0, -2]}),
        ("a: [true, False, null, ~, ]", {"a": [True, False, None, None]}),
        ("a: ['true', \"1\", 2020-01-01, 1_000, 0123]", {"a": ["true", "1", "2020-01-01", "1_000", 123]}),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: {<<: [{b: 1}, {b: 2, c: 3}], c: 4}", {"a": {"b": 1, "c": 4}}),
        ("a: !!python/object/apply:os.system [id]", {"a": ["id"]}),
        ("? [a]\n: 1\n", {"?": 1}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_values_are_read(text: str, value: Any) -> None:
    assert value_of(text) == value


def test_each_value_has_its_line() -> None:
    (document,) = read_documents("a:\n  b:\n    - c\n    - d: |\n        e\n")
    places: list[list[str | int]] = [[], ["a", "b"], ["a", "b", 1, "d"], ["a", "no", "such"]]
    assert [document.line(place) for place in places] == [1, 3, 4, 2]
    assert document.is_block(["a", "b", 1, "d"])


def test_texts_come_with_their_places() -> None:
    assert dict(strings({"a": ["b", {"c": "d", "e": 1}]})) == {("a", 0): "b", ("a", 1, "c"): "d"}


@pytest.mark.parametrize(
    "text", ["a: [", "a: *x", "\x00", "\ud800", "{" * 100_000, "a: &a [*a]", "[" * 201 + "]" * 201]
)
def test_what_is_no_document_is_none(text: str) -> None:
    assert read_documents(text) == ()


def test_a_bomb_of_aliases_is_no_document() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    started = time.thread_time()
    assert read_documents("a0: &a0 [lol]\n" + levels) == ()
    assert time.thread_time() - started < 5  # written out it has 9 to the power of 39 values


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_as_json_is_read_back(value: Any) -> None:
    assert value_of(json.dumps(value, ensure_ascii=False)) == value
