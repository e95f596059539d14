from __future__ import annotations

import pytest

from bot.locate.query import read_issue
from bot.locate.words import is_compound, stem, stems, whole


@pytest.mark.parametrize(
    "words",
    [
        ("skip", "skips", "skipped", "skipping"),
        ("merge", "merges", "merged", "merging"),
        ("query", "queries"),
        ("class", "classes"),
        ("pass", "passes", "passed", "passing"),
        ("parse", "parsed", "parsing"),
    ],
)
def test_the_inflections_of_a_word_share_a_stem_that_is_their_prefix(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1
    assert all(word.startswith(stem(word)) for word in words)


@pytest.mark.parametrize("word", ["string", "thing", "bed", "as", "is", "ring", "des"])
def test_a_short_word_is_not_stemmed_to_nothing(word: str) -> None:
    assert len(stem(word)) >= min(3, len(word))


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("add_line_item", ["add", "lin", "item"]),
        ("addLineItem", ["add", "lin", "item"]),
        ("URLAdapter", ["url", "adapter"]),
        ("LaTeX", []),
        ("io", ["io"]),
        ("naïveBayes", ["naïv", "bay"]),
        ("utf8", ["utf"]),
        ("the", []),
    ],
)
def test_identifiers_fall_into_stems(identifier: str, expected: list[str]) -> None:
    assert stems(identifier) == expected


def test_code_is_told_from_prose() -> None:
    code = ("snake_case", "camelCase", "HTTPAdapter", "_private", "__init__", "utf8", "CONSTANT_NAME")
    prose = ("Word", "word", "WORD", "a")

    assert [word for word in (*code, *prose) if is_compound(word)] == list(code)
    assert whole("de_Density-scale") == "de density scale"


ISSUE = """Session.mount breaks for `retry_all`
<!-- Thanks for reporting! secretword -->
The adapters vanish, see https://example.org/adaptersurl and `src/net/pool.py`, with --no-cache.

```python
import shop
def mine(): shop.connect(pool_size=3)
```

ValueError: pool of size 3 is not allowed here
"""


def test_an_issue_is_taken_apart() -> None:
    query = read_issue(ISSUE)

    assert query.terms["mount"] > query.terms["adapter"] > query.terms["connect"]
    assert query.surface["adapter"] == "adapters"
    assert {"Session", "mount", "retry_all", "connect", "pool_size", "--no-cache"} <= query.names.keys()
    assert "src/net/pool.py" in query.paths
    assert "Session.mount" in query.dotted
    assert "is not allowed here" in query.phrases


@pytest.mark.parametrize(
    ("what", "word"),
    [("a comment of the template", "secretword"), ("a link", "adaptersurl"), ("a stop word", "the")],
)
def test_what_says_nothing_is_not_a_term(what: str, word: str) -> None:
    assert word not in read_issue(ISSUE).terms, what


def test_what_the_snippet_defines_itself_is_no_name() -> None:
    assert "mine" not in read_issue(ISSUE).names


def test_half_a_surrogate_pair_does_no_harm() -> None:
    assert "mount" in read_issue("mount \ud83d breaks").terms


def test_a_long_issue_is_cut_to_its_heaviest_words_and_first_names() -> None:
    body = " ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)} camelName{number}" for number in range(600))
    query = read_issue("The summary matters\n" + body)

    assert len(query.terms) <= 48
    assert len(query.names) <= 24
    assert "summar" in query.terms
