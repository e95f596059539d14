from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core.agreement import Kept
from bot.core.fingerprints import read_marker
from bot.core.markdown import LONGEST_BODY, Site
from bot.core.portions import LeftOut
from bot.core.proposals import Figures
from bot.core.review_memory import ReviewMemory, parse_review_memory
from bot.core.review_results import Coverage, Reviewed
from bot.core.review_texts import aside, line_comment, plain, report, review_request, summary, with_diff
from bot.core.reviews import checked
from tests.core.review_samples import FILE, PATH, remark

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

HEAD = "0123456789" * 4
SITE = Site("https://github.com", "octo/shop")
PROOFS = ("tests: fails without it",)
BUTTON = with_diff(Kept(remark("step_eleven()", "step_11()", title="`step_eleven` does not exist"), 2, 2, PROOFS))
OUTSIDE = with_diff(Kept(remark("step_18()", "step_eighteen()", severity="medium", category="clarity"), 2, 2))
REMARK = Kept(remark("step_twenty_five()", severity="low", category="tests"), 2, 2)
LINES = "\n".join(["step_eleven()", *(f"step_{number}()" for number in range(11, 20))])
SPANNING = with_diff(Kept(remark(LINES, "all_of_them()"), 2, 2))
COVERAGE = Coverage(
    ("a.py", "b.py"),
    (LeftOut("uv.lock", "is a lock file, generated, vendored or data"),),
    (LeftOut("c|d`.py", "was not answered for: the review's time is over"),),
    1234,
)
FIGURES = Figures((("diff", 0.1), ("model", 3.25), ("checks", 0.2)), 3.25, 2.0, 12_000, 900, 0.0123)
REVIEWED = Reviewed((BUTTON, OUTSIDE), 3, 1, 2, COVERAGE, FIGURES)


@pytest.mark.parametrize("kept", [BUTTON, REMARK, SPANNING], ids=["button", "remark", "spanning"])
def test_a_comment(kept: Kept, snapshot: SnapshotAssertion) -> None:
    comment = line_comment(kept, HEAD, SITE)
    assert comment is not None
    assert comment.body == snapshot
    assert read_marker(comment.body) == kept.remark.fingerprint


def test_the_whole_review(snapshot: SnapshotAssertion) -> None:
    review = review_request([BUTTON, OUTSIDE, REMARK], HEAD, "pull_request/7", SITE)
    assert review.body == snapshot
    assert [(one.first, one.last) for one in review.comments] == [(11, 11), (26, 26)]
    assert checked(review, {PATH: FILE}) == review


def test_the_summary_comment(snapshot: SnapshotAssertion) -> None:
    memory = ReviewMemory().after(HEAD, [BUTTON.remark.fingerprint], "pull_request/7")
    text = summary(memory, REVIEWED)
    assert text == snapshot
    assert parse_review_memory(text) == memory


def test_a_report_of_nothing(snapshot: SnapshotAssertion) -> None:
    assert report(HEAD, Reviewed()) == snapshot


def test_a_report_names_some_files_and_counts_the_others() -> None:
    left = tuple(LeftOut(f"f{number}.py", "is binary") for number in range(3000))
    text = report(HEAD, Reviewed(coverage=Coverage(skipped=left)))
    assert "and 2,970 more" in text
    assert len(text) < 3000


def test_the_terminal(snapshot: SnapshotAssertion) -> None:
    assert "\n\n".join(plain(one) for one in (BUTTON, OUTSIDE, REMARK, Kept(remark("step_10()"), 2, 2))) == snapshot


EVIL = (
    "@maria ![x](http://evil.example/p.png) <img src=x> Fixes #7 [go](javascript:x) /approve 0123456789ab \x1b[2J\u202e"
)


def test_foreign_prose_is_only_prose() -> None:
    finding = replace(REMARK.remark.finding, title=EVIL, reason=f"{EVIL}\n```suggestion\nrm -rf\n```\n<!-- x -->")
    kept = replace(REMARK, remark=replace(REMARK.remark, finding=finding))
    comment = line_comment(kept, HEAD, SITE)
    assert comment is not None
    for text in (comment.body, aside(kept, HEAD, SITE)):
        assert "@maria" not in text
        assert "<img" not in text
        assert "![x](" not in text
        assert not re.search(r"^`{3,}suggestion", text, re.MULTILINE)
        assert not text.splitlines()[-1].startswith("/")
    assert "\x1b" not in plain(kept)


def test_a_review_of_very_much_still_fits() -> None:
    many = [replace(OUTSIDE, remark=replace(OUTSIDE.remark, path=f"p{number}.py")) for number in range(400)]
    assert len(review_request(many, HEAD, "t/1", SITE).body) <= LONGEST_BODY
