from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.anchors import Unplaced
from bot.core.changes import FileChange
from bot.core.diffs import read_diff, render_diff
from bot.core.edits import DeleteFile, ReplaceText
from bot.core.remarks import Anchor, anchor_for, as_remark_only, locate, remark_at
from bot.core.suggestions import Suggestion
from tests.core.review_samples import BEFORE, FILE, HEAD, PATH, finding, remark


def test_a_change_of_new_lines_is_a_suggestion_on_them() -> None:
    found = remark("step_ten()\nstep_eleven()", "step_ten()\nstep_11()")
    assert found.suggestion == Suggestion(11, 11, ("step_11()",))
    assert found.anchor == Anchor(PATH, "RIGHT", 11, 11)
    assert found.change == FileChange(PATH, "100644", HEAD, HEAD.replace("step_eleven", "step_11"))
    assert not found.needs_proposal


def test_a_change_outside_of_the_diff_needs_a_proposal_and_has_no_anchor() -> None:
    found = remark("step_18()", "step_eighteen()")
    assert (found.anchor, found.suggestion, found.needs_proposal) == (None, None, True)
    assert found.why_none == "its lines are not in the diff"


def test_a_change_over_two_hunks_hangs_on_one_of_them_and_needs_a_proposal() -> None:
    lines = HEAD.split("\n")[10:26]
    found = remark("\n".join(lines), "\n".join(line.replace("step", "walk") for line in lines))
    assert found.needs_proposal
    assert found.anchor is not None
    assert any(found.anchor.first in hunk.new and found.anchor.last in hunk.new for hunk in FILE.hunks)


def test_several_edits_of_one_finding_are_one_change() -> None:
    one, two = finding("step_ten()", "step_10()"), finding("step_12()", "step_twelve()")
    found = locate(replace(one, edits=(*two.edits, *one.edits)), FILE, HEAD, FILE.hunks)
    assert not isinstance(found, Unplaced)
    assert found.suggestion == Suggestion(10, 13, ("step_10()", "step_eleven()", "step_11()", "step_twelve()"))


@pytest.mark.parametrize(
    "more",
    [
        ReplaceText(PATH, "step_ten()\n", "other()\n"),
        ReplaceText(PATH, "step_11()\n", "step_11()\n"),
        DeleteFile(PATH),
    ],
    ids=["overlapping", "asking for nothing", "another kind"],
)
def test_what_cannot_be_had_as_one_change_stays_a_remark(more: ReplaceText | DeleteFile) -> None:
    one = finding("step_ten()\nstep_eleven()", "x()")
    found = locate(replace(one, edits=(*one.edits, more)), FILE, HEAD, FILE.hunks)
    assert not isinstance(found, Unplaced)
    assert (found.change, found.suggestion) == (None, None)
    assert found.anchor is not None


def test_a_finding_without_code_has_no_place() -> None:
    assert isinstance(locate(replace(finding("x"), edits=()), FILE, HEAD, FILE.hunks), Unplaced)


def test_lines_that_went_are_talked_about_on_the_left() -> None:
    found = remark("step_10()")
    assert found.anchor == Anchor(PATH, "LEFT", 10, 10)


def test_lines_that_stand_in_several_places_are_named_in_the_body() -> None:
    head = HEAD.replace("step_ten()\nstep_eleven()\n", "go()\ngo()\n")
    file = read_diff(render_diff([FileChange(PATH, "100644", BEFORE, head)]))[0]
    found = locate(finding("go()", "stop()"), file, head, file.hunks)
    assert not isinstance(found, Unplaced)
    assert (found.anchor, found.change, found.why_none) == (None, None, "the same lines stand in several places")


def test_the_fingerprint_follows_the_code_through_a_rename_and_a_move() -> None:
    moved = "new()\n" * 3 + HEAD
    before = replace(FILE, path="shop/basket.py", previous=PATH)
    renamed = replace(before, hunks=read_diff(render_diff([FileChange(PATH, "100644", BEFORE, moved)]))[0].hunks)
    found = locate(finding("step_ten()", "step_10()"), renamed, moved, renamed.hunks)
    assert not isinstance(found, Unplaced)
    assert found.fingerprint == remark("step_ten()", "step_10()").fingerprint


def test_an_insertion_is_about_the_line_before_it_however_much_was_quoted() -> None:
    short = remark("step_eleven()", "step_eleven()\nmore()")
    long = remark("step_ten()\nstep_eleven()\nstep_11()", "step_ten()\nstep_eleven()\nmore()\nstep_11()")
    assert short.fingerprint == long.fingerprint
    assert short.change == long.change


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(10, 11, (10, 11)), (1, 8, (7, 8)), (13, 24, (13, 14)), (1, 40, (7, 14)), (16, 18, None)],
)
def test_a_comment_hangs_on_the_part_of_its_lines_that_is_in_the_diff(
    first: int, last: int, expected: tuple[int, int] | None
) -> None:
    anchor = anchor_for(FILE, "RIGHT", first, last)
    assert (None if anchor is None else (anchor.first, anchor.last)) == expected


def test_a_line_beyond_the_file_is_its_last() -> None:
    assert remark_at(finding("x"), FILE, HEAD, 999).last == 31
    assert remark_at(finding("x"), FILE, "", 1).last == 1


def test_a_remark_without_its_change_says_why() -> None:
    found = as_remark_only(remark("step_ten()", "x()"), "it may not")
    assert (found.change, found.suggestion, found.why_none) == (None, None, "it may not")
