from __future__ import annotations

import pytest

from bot.core.fingerprints import Said, Spot, fingerprint
from bot.core.refs import Actor
from bot.core.review_threads import ReviewThread, ThreadComment, is_no, said_in

BOT = Actor("github-actions[bot]", 41898282, "Bot")
MARIA = Actor("maria", 1, "User")
PRINT = fingerprint(Spot("a.py", ["x = 1"], 0, 1), "bug", None)
OURS = ThreadComment(BOT, f"{PRINT.marker()}\nIt is wrong.")


@pytest.mark.parametrize(
    "text",
    ["no", "No, that is intended.", "nope", "Won't fix", "won\u2019t fix", "wontfix", "False positive: see #3",
     "**No**", "Disagree", "I disagree.", "By design.", "That's by design", "this is intended", "👎", ":-1:",
     "not a bug", "> It is wrong.\n\nNo."],
)  # fmt: skip
def test_a_no_is_understood(text: str) -> None:
    assert is_no(text)


@pytest.mark.parametrize(
    "text", ["", "Thanks, done", "Nice catch", "No problem, fixed.", "no worries", "Now fixed", "not sure", "nothing",
             "> no\n\nYes!", "Good: no more of this", "yes", "north", "I agree", "That is correct",
             "This is wrong indeed"]
)  # fmt: skip
def test_anything_else_is_not_a_no(text: str) -> None:
    assert not is_no(text)


@pytest.mark.parametrize(
    ("thread", "declined"),
    [
        (ReviewThread((OURS,)), False),
        (ReviewThread((OURS,), outdated=True), False),
        (ReviewThread((OURS,), resolved=True), True),
        (ReviewThread((ThreadComment(BOT, OURS.body, thumbs_down=1),)), True),
        (ReviewThread((OURS, ThreadComment(MARIA, "No, it is meant so."))), True),
        (ReviewThread((OURS, ThreadComment(MARIA, "Thanks"), ThreadComment(MARIA, "no"))), True),
        (ReviewThread((OURS, ThreadComment(BOT, "no"))), False),
    ],
)
def test_what_people_made_of_a_thread_is_told(thread: ReviewThread, declined: bool) -> None:
    assert said_in([thread], BOT) == said_in([thread], None) == [Said(PRINT, declined)]


@pytest.mark.parametrize(
    "thread",
    [ReviewThread(()), ReviewThread((ThreadComment(BOT, "no marker"),)),
     ReviewThread((ThreadComment(MARIA, OURS.body),)), ReviewThread((ThreadComment(MARIA, "see"), OURS))],
)  # fmt: skip
def test_what_is_not_our_own_remark_says_nothing(thread: ReviewThread) -> None:
    assert said_in([thread], BOT) == said_in([thread], None) == []


def test_another_bot_is_not_us_where_we_know_who_we_are() -> None:
    other = Actor("other[bot]", 2, "Bot")
    assert said_in([ReviewThread((ThreadComment(other, OURS.body),))], BOT) == []
