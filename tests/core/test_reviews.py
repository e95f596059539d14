from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.diffs import read_diff, render_diff
from bot.core.fingerprints import Spot, fingerprint
from bot.core.review_memory import ReviewMemory, parse_review_memory
from bot.core.reviews import MOST_COMMENTS, Bisection, LineComment, ReviewRequest, checked, objection

SHA = "a" * 40
BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
AFTER = BEFORE.replace("line 10\n", "ten\nmore\n").replace("line 30\n", "")
FILE = read_diff(render_diff([FileChange("a.py", "100644", BEFORE, AFTER)]))[0]
FILES = {"a.py": FILE}


def on(first: int, last: int | None = None, side: str = "RIGHT", path: str = "a.py", body: str = "x") -> LineComment:
    return LineComment(
        path, "LEFT" if side == "LEFT" else "RIGHT", first, first if last is None else last, body, "aside"
    )


@pytest.mark.parametrize(
    "comment",
    [on(7), on(10, 11), on(7, 14), on(14), on(28, 33), on(30, side="LEFT"), on(7, 13, "LEFT"), on(33, 33, "LEFT")],
)
def test_lines_of_one_hunk_can_carry_a_comment(comment: LineComment) -> None:
    assert objection(comment, FILE) is None


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        (on(6), "not in one hunk"),
        (on(15), "not in one hunk"),
        (on(14, 28), "not in one hunk"),
        (on(5, 10), "not in one hunk"),
        (on(14, side="LEFT"), "not in one hunk"),
        (on(11, 10), "does not precede"),
        (on(10, body=" \n"), "empty"),
        (on(10, body="x" * 70_000), "too long"),
    ],
)
def test_what_github_would_refuse_is_found_before(comment: LineComment, why: str) -> None:
    assert why in (objection(comment, FILE) or "")
    review = checked(ReviewRequest(SHA, "body", (on(7), comment)), FILES)
    assert review.comments == (on(7),)
    assert review.body == "body\n\naside"


def test_a_path_outside_of_the_diff_goes_into_the_body() -> None:
    assert checked(ReviewRequest(SHA, "body", (on(7, path="b.py"),)), FILES).comments == ()


def test_more_comments_than_github_bears_go_into_the_body() -> None:
    review = checked(ReviewRequest(SHA, "body", tuple(on(7, body=f"x{n}") for n in range(MOST_COMMENTS + 3))), FILES)
    assert len(review.comments) == MOST_COMMENTS
    assert review.body.count("aside") == 3


@pytest.mark.parametrize(("commit", "body"), [("abc", "body"), (SHA, "  ")])
def test_a_review_that_could_not_be_posted_at_all_is_our_mistake(commit: str, body: str) -> None:
    with pytest.raises(ValueError, match="a whole commit id and a body"):
        checked(ReviewRequest(commit, body), FILES)


def test_the_request_comments_and_never_approves() -> None:
    value = ReviewRequest(SHA, "body", (on(10), on(10, 11))).as_json()
    assert value == {
        "commit_id": SHA,
        "event": "COMMENT",
        "body": "body",
        "comments": [
            {"path": "a.py", "body": "x", "line": 10, "side": "RIGHT"},
            {"path": "a.py", "body": "x", "line": 11, "side": "RIGHT", "start_line": 10, "start_side": "RIGHT"},
        ],
    }


@given(st.sets(st.integers(0, 30)), st.integers(0, 30))
def test_the_search_finds_all_that_is_refused_and_loses_nothing(bad: set[int], count: int) -> None:
    comments = tuple(on(7, body=str(number)) for number in range(count))
    search = Bisection.of(ReviewRequest(SHA, "body", comments))
    tries = 0
    while tried := search.next():
        tries += 1
        search = search.after(tried, taken=not any(int(one.body) in bad for one in tried))
    assert set(search.refused) | set(search.accepted) == set(comments)
    assert len(search.refused) + len(search.accepted) == len(comments)
    wrong = {one for one in comments if int(one.body) in bad}
    assert wrong <= set(search.refused)
    assert set(search.refused) - wrong == (set(comments) if count == 1 else set()) - wrong
    assert tries <= 2 * max(1, len(wrong)) * max(1, count.bit_length())


PRINT = fingerprint(Spot("a.py", ["x"], 0, 1), "bug", None)


def test_the_memory_is_read_back() -> None:
    memory = ReviewMemory().after(SHA, [PRINT], "pull_request/1").after("b" * 40, [], "pull_request/2")
    assert memory == ReviewMemory("b" * 40, (PRINT,), ("pull_request/1", "pull_request/2"))
    assert parse_review_memory(f"{memory.marker()}\ntext") == memory


@pytest.mark.parametrize("value", ['{"reviewed":"x","said":[1,"zz"],"triggers":7}', '{"said":{}}', "{}"])
def test_a_damaged_memory_remembers_nothing(value: str) -> None:
    assert parse_review_memory(f"<!-- draftgate:review {value} -->") == ReviewMemory()


def test_another_comment_has_no_memory() -> None:
    assert parse_review_memory("hello") is None


def test_the_memory_stays_small() -> None:
    memory = ReviewMemory()
    for number in range(400):
        memory = memory.after(SHA, [PRINT], f"run/{number}")
    assert len(memory.marker()) < 40_000
    assert parse_review_memory(memory.marker()) == memory
