from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.diffs import Hunk, read_diff, render_diff
from bot.core.lines import join_file, split_file
from bot.core.suggestions import MOST_LINES, Inexpressible, Suggestion, Window, express


def hunks_of(before: str, after: str) -> tuple[Hunk, ...]:
    files = read_diff(render_diff([FileChange("f", "100644", before, after)]))
    return files[0].hunks if files else ()


def commit(text: str, first: int, last: int, comment: str) -> str:
    """What GitHub makes of a committed suggestion, written down apart from the code under test."""
    newline = "\r\n" if "\r\n" in text else "\n"
    block = re.search(r"^(`{3,})suggestion\n(.*?)^\1`*$", comment, re.MULTILINE | re.DOTALL)
    assert block
    new = block[2].split("\n")[:-1]
    body, ended = (text[: -len(newline)], True) if text.endswith(newline) else (text, False)
    lines = body.split(newline)
    assert 1 <= first <= last <= len(lines)
    lines[first - 1 : last] = new
    return newline.join(lines) + (newline if ended and lines else "")


BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
HEAD = BEFORE.replace("line 10\n", "line ten\nline ten and a half\n").replace("line 30\n", "line thirty\n")
HUNKS = hunks_of(BEFORE, HEAD)
"""Two hunks: the lines 7 to 14 and 28 to 34."""


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(9, 10, ("ten",)), Suggestion(10, 10, ("ten",))),
        (Window(8, 12, ("line 9", "ten", "line 12")), Suggestion(10, 12, ("ten", "line 12"))),
        (Window(9, 11, ()), Suggestion(10, 11, ())),
        (Window(9, 9, ("more",)), Suggestion(9, 9, ("line 9", "more"))),
        (Window(6, 6, ("more",)), Suggestion(7, 7, ("more", "line 7"))),
        (Window(14, 14, ("more",)), Suggestion(14, 14, ("line 13", "more"))),
        (Window(9, 11, ("", "")), Suggestion(9, 11, ("line 9", "", ""))),
        (Window(6, 8, ("",)), Suggestion(7, 9, ("", "line 9"))),
    ],
    ids=["one", "narrowed", "deleted", "after", "before", "last of the hunk", "blanks", "blanks at the edge"],
)
def test_a_change_becomes_the_smallest_suggestion(window: Window, expected: Suggestion) -> None:
    found = express(split_file(HEAD), window, HUNKS)
    assert found == expected
    assert commit(HEAD, expected.first, expected.last, expected.block()) == join_file(window.changed(split_file(HEAD)))


@pytest.mark.parametrize(
    ("text", "window", "why"),
    [
        (HEAD, Window(19, 20, ("x",)), "its lines are not in the diff"),
        (HEAD, Window(4, 8, ("x",)), "it reaches beyond the lines of the diff"),
        (HEAD, Window(12, 30, ("x",)), "it reaches over more than one hunk of the diff"),
        (HEAD, Window(9, 10, ("x\u202ey",)), "characters that nobody can see"),
        (HEAD, Window(9, 10, ("x\ry",)), "characters that nobody can see"),
        (HEAD, Window(9, 10, ("x",) * (MOST_LINES + 1)), "too long"),
        (HEAD.replace("line 2\n", "line 2\r\n"), Window(9, 10, ("x",)), "mixes two kinds of line ends"),
    ],
)
def test_what_github_cannot_say_is_no_suggestion(text: str, window: Window, why: str) -> None:
    found = express(split_file(text), window, HUNKS)
    assert isinstance(found, Inexpressible)
    assert why in found.why


def test_the_first_line_of_a_file_with_a_byte_order_mark_is_left_alone() -> None:
    head = split_file("\ufeffone\ntwo\n")
    hunks = hunks_of("one\n", "uno\ntwo\n")
    assert isinstance(express(head, Window(0, 1, ("1",)), hunks), Inexpressible)
    assert express(head, Window(1, 2, ("2",)), hunks) == Suggestion(2, 2, ("2",))


def test_a_sign_that_stood_there_before_may_stay() -> None:
    head = split_file(HEAD.replace("line ten\n", "x\u200by\n"))
    assert isinstance(express(head, Window(9, 10, ("x\u200bz",)), HUNKS), Suggestion)


@pytest.mark.parametrize("code", ["```", "~~~", "`````python", "a ```` b"])
def test_the_fence_is_longer_than_any_in_the_code(code: str) -> None:
    suggestion = Suggestion(10, 10, ("before", code, "after"))
    after = commit(HEAD, 10, 10, f"Some prose.\n\n{suggestion.block()}\n\nMore.")
    assert after == HEAD.replace("line ten\n", f"before\n{code}\nafter\n")


def test_a_deletion_has_nothing_between_its_fences() -> None:
    assert Suggestion(1, 1, ()).block() == "```suggestion\n```"


line = st.text(st.sampled_from("ab`~ \t+-é漢"), max_size=5)
texts = st.tuples(st.lists(line, min_size=1, max_size=14), st.sampled_from(["\n", "\r\n"]), st.booleans())


@st.composite
def situations(draw: st.DrawFn) -> tuple[str, tuple[Hunk, ...], Window]:
    """A head file of any kind, the hunks of a change that led to it, and a wanted change of some of its lines."""
    lines, newline, ended = draw(texts)
    head = newline.join(lines) + (newline if ended else "")
    before, _, _ = draw(texts)
    hunks = hunks_of("".join(one + "\n" for one in [*before, *lines[3:]]), "".join(one + "\n" for one in lines))
    size = len(split_file(head).texts)
    start = draw(st.integers(0, size))
    return head, hunks, Window(start, draw(st.integers(start, size)), tuple(draw(st.lists(line, max_size=4))))


@given(situations())
def test_every_suggestion_committed_as_github_does_equals_the_intended_file(
    situation: tuple[str, tuple[Hunk, ...], Window],
) -> None:
    text, hunks, window = situation
    head = split_file(text)
    intended = join_file(window.changed(head))
    found = express(head, window, hunks) if intended != text else Inexpressible("nothing changes")
    if isinstance(found, Suggestion):
        assert any(found.first in hunk.new and found.last in hunk.new for hunk in hunks)
        assert commit(text, found.first, found.last, found.block()) == intended
        assert found.applied_to(text) == intended
