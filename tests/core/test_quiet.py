from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import quiet

hostile = st.lists(
    st.sampled_from(
        [
            "@maria",
            "![x](",
            "](http://evil.example/a)",
            "`",
            "``",
            "```",
            "<img src=x>",
            "<!--",
            "-->",
            "fixes #12",
            "|",
            "https://evil.example",
            "www.evil.example",
            "\u200b",
            "\u202e",
            "\U000e0041",
            "text ",
            "\n",
            "&lt;",
            "#1",
        ]
    ),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("`code` stays", "`code` stays"),
        ("ask @maria", "ask @<!-- -->maria"),
        ("`@property` stays", "`@property` stays"),
        ("a@b.example", "a@<!-- -->b.example"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("see https://evil.example/x now", "see `https://evil.example/x` now"),
        ("![pixel](x)", "!\\[pixel]\\(x)"),
        ("hid\u200bden \u202eword", "hidden word"),
        ("tag \U000e0041block", "tag block"),
        ("`a < b` and c < d", "`a < b` and c &lt; d"),
        ("`unclosed @maria", "&#96;unclosed @<!-- -->maria"),
        ("\\`@maria`", "`@maria`"),
        ("`a\n\n@maria`", "&#96;a\n\n@<!-- -->maria&#96;"),
    ],
)
def test_prose_is_readable_and_harmless(text: str, shown: str) -> None:
    assert quiet.prose(text) == shown


@given(hostile)
def test_no_mention_tag_or_picture_survives_in_prose(text: str) -> None:
    shown = quiet.prose(text)
    outside = re.sub(r"(?<!`)(`+)(?!`)[^\n]+?(?<!`)\1(?!`)", "", shown)
    assert "`" not in outside
    assert not re.search(r"@[A-Za-z0-9]", outside)
    assert "![" not in outside
    assert not re.search(r"<(?!!-- -->)", outside)
    assert not re.search("[\u200b\u202e\U000e0041]", shown)


@given(st.text())
def test_code_is_one_line_that_its_content_cannot_leave(text: str) -> None:
    shown = quiet.code(text)
    ticks = re.match(r"`+", shown)
    assert ticks is not None
    inside = shown[len(ticks.group()) : -len(ticks.group())]
    assert shown.endswith(ticks.group())
    assert ticks.group() not in inside.strip("`") or "`" * len(ticks.group()) not in inside
    assert "\n" not in shown


@given(st.text())
def test_a_block_ends_only_at_its_own_fence(text: str) -> None:
    lines = quiet.block(text, "diff").split("\n")
    fence = lines[-1]
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    assert fence not in "\n".join(lines[1:-1])


@pytest.mark.parametrize(
    ("text", "calm"),
    [
        ("Fixes #12 and more", "Fixes issue 12 and more"),
        ("closes: octo/shop#7", "closes: issue 7"),
        ("resolved GH-3", "resolved issue 3"),
        ("fix https://github.example/o/r/issues/9", "fix issue 9"),
        ("see #12", "see #12"),
        ("by @maria", "by @ maria"),
        ("prefix #1", "prefix #1"),
    ],
)
def test_a_commit_message_closes_and_mentions_nothing(text: str, calm: str) -> None:
    assert quiet.message(text) == calm
