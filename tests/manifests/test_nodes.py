"""YAML as nodes that know their place, and as Kubernetes' reader understands it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.manifests.nodes import (
    DEEPEST,
    Mapping,
    Node,
    Scalar,
    Sequence,
    UnreadableError,
    entry,
    fields,
    get,
    items,
    plain_value,
    read,
    string,
)

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


def only(text: str) -> Node:
    (node,) = read(text)
    return node


def plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {one.key.text: plain(one.node) for one in fields(node)}


@given(DATA)
def test_json_is_read_as_what_it_says(data: Any) -> None:
    assert plain(only(json.dumps(data, ensure_ascii=False))) == data


def test_json_may_write_a_character_as_two_escapes() -> None:
    text = '{"a": "\\ud83d\\ude00", "b": 1}'
    found = get(only(text), "b")
    assert found is not None
    assert text[found.start : found.end] == "1"


@given(st.dictionaries(WORDS, DATA, min_size=1, max_size=4), st.booleans())
def test_every_scalar_stands_where_its_node_says(data: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True, width=10_000)

    def check(node: Node) -> None:
        if isinstance(node, Scalar):
            token = text[node.start : node.end]
            assert (plain(only(token)) if token else None) == node.value
            assert node.line == text.count("\n", 0, node.start) + 1
            return
        assert text[node.start : node.end].strip() == text[node.start : node.end]
        for inner in node.items if isinstance(node, Sequence) else [one.node for one in node.entries]:
            assert node.start <= inner.start <= inner.end <= node.end
            check(inner)

    check(only(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("0644", 0o644),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("-3", -3),
        ("089", 89.0),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-", "-"),
        ("0x", "0x"),
        ("9" * 200, "9" * 200),
        ("v1", "v1"),
    ],
)
def test_a_plain_word_means_what_kubernetes_reads(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


def test_quotes_and_tags_decide_before_the_look_of_a_word() -> None:
    node = only("{a: '1', b: \"yes\", c: !!str 1, d: !!int '1', e: !x 1, f: 1}")
    assert plain(node) == {"a": "1", "b": "yes", "c": "1", "d": 1, "e": "1", "f": 1}


def test_an_anchor_or_tag_before_a_value_is_not_part_of_it() -> None:
    text = "a: &x !!str word\nb: &y\n  c: 1\n"
    node = only(text)
    found = get(node, "a")
    assert found is not None
    assert text[found.start : found.end] == "word"


def test_an_alias_is_shared_and_a_merge_is_looked_through() -> None:
    node = only("base: &b {x: 1, y: 2}\nsame: *b\nmore: {<<: *b, y: 3}\nlist: [*b, 4]\nlast: 5\n")
    same, more = entry(node, "same"), get(node, "more")
    assert same is not None
    assert same.shared
    assert plain(more or node) == {"x": 1, "y": 3}
    merged = entry(more, "x")
    assert merged is not None
    assert merged.shared
    listed = get(node, "list")
    assert isinstance(listed, Sequence)
    assert listed.shared == {0}


def test_paths_that_lead_nowhere_give_nothing() -> None:
    node = only("a: {b: [1, {c: d}]}\n")
    assert string(node, "a", "b", 1, "c") == "d"
    assert get(node, "a", "b", 7) is None
    assert get(node, "a", 0) is None
    assert string(node, "a", "b") is None
    assert items(node, "a") == ()


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("a: [1,\nb: }", "did not find", 2),
        ("a: *b", "undefined alias", 1),
        ("&a [*a]", "alias", 1),
        ("[" * (DEEPEST + 1), "nested more than", 1),
        ("? [a]\n: b", "no plain word", 1),
        ("a: \x01", "forbids", 1),
        ("a: \ud800", "forbids", 1),
        ("a:\n\t- b", "cannot start any token", 2),
    ],
)
def test_what_is_no_yaml_says_why_and_where(text: str, why: str, line: int) -> None:
    with pytest.raises(UnreadableError, match=why) as caught:
        read(text)
    assert caught.value.line == line


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    with pytest.raises(UnreadableError, match="aliases written out"):
        read("\n".join(lines))


@pytest.mark.parametrize("link", ["a%d: &a%d [*a%d]", "a%d: &a%d {<<: *a%d}"])
def test_a_chain_of_aliases_is_no_deeper_than_text_may_be(link: str) -> None:
    lines = ["a0: &a0 {x: 1}"] + [link % (number, number, number - 1) for number in range(1, 600)]
    with pytest.raises(UnreadableError, match="nested more than"):
        read("\n".join(lines))


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#\n\t ,?%@`\\x0\ufeff\r\u2028"), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        nodes = read(text)
    except UnreadableError as error:
        assert error.why  # noqa: PT017 - either outcome is right
    else:
        assert all(0 <= node.start <= node.end <= len(text) for node in nodes)
