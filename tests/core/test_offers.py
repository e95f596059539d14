from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.diffs import DiffFile, read_diff, render_diff
from bot.core.forge import Comment, LineNote
from bot.core.offers import Offers, offer, offer_in_thread, windows
from bot.core.refs import Actor
from bot.core.suggestions import Inexpressible, Suggestion

MARIA = Actor("maria", 7, "User")
BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
HEAD = BEFORE.replace("line 10\n", "line ten\nline ten and a half\n").replace("line 30\n", "line thirty\n")
"""The diff has the lines 7 to 14 and 28 to 34."""


def diff_of(before: str, after: str, path: str = "f") -> dict[str, DiffFile]:
    return {file.path: file for file in read_diff(render_diff([FileChange(path, "100644", before, after)]))}


FILES = diff_of(BEFORE, HEAD)


def note(line: int | None, start: int | None = None, *, path: str = "f", side: str = "RIGHT") -> LineNote:
    return LineNote(Comment(1, "/suggest", MARIA, "", "", "", ""), 1, path, line, start, side, "@@ -1 +1 @@")


def change(*swaps: tuple[str, str], head: str = HEAD, path: str = "f") -> FileChange:
    after = head
    for old, new in swaps:
        assert old in after
        after = after.replace(old, new)
    return FileChange(path, "100644", head, after)


@pytest.mark.parametrize(
    ("line", "start", "swap", "lines"),
    [
        (10, None, ("line ten\n", "TEN\n"), ("TEN",)),
        (11, 9, ("line ten\n", "TEN\n"), ("line 9", "TEN", "line ten and a half")),
        (10, None, ("line ten\n", ""), ()),
        (10, None, ("line ten\n", "line ten\nmore\n"), ("line ten", "more")),
        (10, None, ("line ten\n", "more\nline ten\n"), ("more", "line ten")),
        (11, 10, ("line ten\nline ten and a half\n", "one\ntwo\nthree\n"), ("one", "two", "three")),
    ],
    ids=["exchanged", "with its neighbours", "deleted", "inserted after", "inserted before", "longer"],
)
def test_in_a_thread_exactly_the_commented_lines_are_replaced(
    line: int, start: int | None, swap: tuple[str, str], lines: tuple[str, ...]
) -> None:
    wanted = change(swap)
    found = offer_in_thread([wanted], note(line, start), FILES)
    assert found == Suggestion(start or line, line, lines)
    assert found.applied_to(HEAD) == wanted.after


@pytest.mark.parametrize(
    ("where", "wanted", "why"),
    [
        (note(9), [change(("line ten\n", "TEN\n"))], "it reaches beyond the commented lines"),
        (note(10), [change(("line ten\n", "TEN\n"), ("line 12\n", "12\n"))], "it reaches beyond the commented lines"),
        (note(10, path="g"), [change(("line ten\n", "TEN\n"))], "it reaches beyond the commented lines"),
        (note(10), [change(("line ten\n", "")), change(path="g")], "it reaches beyond the commented lines"),
        (note(None), [change(("line ten\n", "TEN\n"))], "the commented lines are not in the head any more"),
        (note(10, side="LEFT"), [change(("line ten\n", ""))], "the commented lines are not in the head any more"),
        (note(20), [change(("line 19\n", "19\n"))], "the commented lines are not in the diff"),
        (note(30, 10), [change(("line 12\n", "12\n"))], "the commented lines are not in the diff"),
        (note(10, 12), [change(("line ten\n", "TEN\n"))], "the commented lines are not in the diff"),
        (note(10), [FileChange("f", "100644", HEAD, None)], "the commented lines are not in the diff"),
        (note(10), [change(("line ten\n", "\n"))], "it would leave blank lines alone"),
        (note(10), [change(("line ten\n", "ten\u202e\n"))], "it would bring in characters that nobody can see"),
        (note(40), [FileChange("f", "100644", HEAD, HEAD[:-1])], "the commented lines are not in the diff"),
    ],
)  # fmt: skip
def test_in_a_thread_nothing_else_is_suggested(where: LineNote, wanted: list[FileChange], why: str) -> None:
    assert offer_in_thread(wanted, where, FILES) == Inexpressible(why)


def test_a_change_of_the_final_newline_is_more_than_lines_can_say() -> None:
    head = "a\nb\nc\n"
    files = diff_of("a\n", head)
    for after in ("a\nB\nc", "a\r\nB\nc\n"):
        wanted = FileChange("f", "100644", head, after)
        assert offer_in_thread([wanted], note(2), files) != Suggestion(2, 2, ("B",))
        assert offer([wanted], files).made == ()


def test_each_place_gets_a_suggestion_where_the_diff_takes_them_all() -> None:
    found = offer([change(("line ten\n", "TEN\n"), ("line thirty\n", "30\n"))], FILES)
    assert found.whole
    assert [one.suggestion for one in found.made] == [Suggestion(10, 10, ("TEN",)), Suggestion(31, 31, ("30",))]


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (change(("line ten\n", "TEN\n"), ("line 20\n", "20\n")), "its lines are not in the diff"),
        (FileChange("f", "100644", None, "new\n"), "a suggestion can neither add nor delete a file"),
        (FileChange("f", "100644", HEAD, None), "a suggestion can neither add nor delete a file"),
        (change(("line ten\n", "TEN\n"), path="g"), "the file is not in the diff"),
    ],
)
def test_a_file_is_offered_as_a_whole_or_not_at_all(wanted: FileChange, why: str) -> None:
    assert offer([wanted], FILES) == Offers((), {wanted.path: why})


def test_two_places_that_need_the_same_line_are_not_offered_apart() -> None:
    head = "a\nb\nc\n"
    wanted = FileChange("f", "100644", head, "a\nx\nb\ny\nc\n")
    found = offer([wanted], diff_of("", head))
    spans = [set(range(one.suggestion.first, one.suggestion.last + 1)) for one in found.made]
    assert sum(map(len, spans)) == len(set().union(*spans))


def test_some_files_may_be_offered_and_others_not() -> None:
    found = offer([change(("line ten\n", "TEN\n")), FileChange("g", "100644", None, "new\n")], FILES)
    assert (len(found.made), list(found.rest), found.whole) == (1, ["g"], False)


texts = st.lists(st.sampled_from(["a", "b", "", "  c"]), max_size=9).map(lambda lines: "".join(f"{x}\n" for x in lines))


@given(head=texts, after=texts)
def test_all_suggestions_together_make_the_change(head: str, after: str) -> None:
    wanted = FileChange("f", "100644", head, after)
    found = offer([wanted], diff_of("", head))
    made = head
    for one in reversed(found.made):
        made = one.suggestion.applied_to(made)
    assert made == (after if found.made else head)


@given(head=texts, after=texts, line=st.integers(1, 9), above=st.integers(0, 3))
def test_a_suggestion_in_a_thread_makes_the_change_and_touches_no_other_line(
    head: str, after: str, line: int, above: int
) -> None:
    first = max(1, line - above)
    found = offer_in_thread([FileChange("f", "100644", head, after)], note(line, first), diff_of("", head))
    if isinstance(found, Suggestion):
        assert (found.first, found.last) == (first, line)
        assert found.applied_to(head) == after


def test_a_new_file_touches_no_place() -> None:
    assert windows(FileChange("f", "100644", None, "new\n")) == ()


def test_files_of_the_same_few_lines_are_no_trap() -> None:
    head = "a\nb\n" * 20_000
    wanted = FileChange("f", "100644", head, head.replace("a\nb\n", "b\na\n", 1)[:-2] + "c\n")
    places = windows(wanted)
    assert places[0].start == 0
    assert places[-1].stop == 40_000
