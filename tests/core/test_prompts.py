from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.context import Context, Snippet, Trust
from bot.core.prompts import KINDS, Task, issue_text, mark_for, repair, request, rewrite

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

MARK = "0123456789"
CONTEXT = Context(
    (
        Snippet("shop/cart.py", 1, 2, "def total(prices):\n    return sum(prices[1:])", whole=True),
        Snippet("shop/order.py", 40, 41, "class Order:\n    pass", whole=False),
    ),
    ("docs/cart.md", "README.md"),
)
TASK = Task("fix", "Cart is wrong", "`total` leaves out the first price.", "keep the name", "requester")


def asked(text: str = "text", *, title: str = "title", words: str = "", author: Trust = "stranger") -> str:
    return request(Task("fix", title, text, words, author), Context((), ()), MARK)


def test_a_whole_request(snapshot: SnapshotAssertion) -> None:
    former = "diff --git a/x b/x\n-1\n+2\n"
    assert request(Task("fix", TASK.title, TASK.text, TASK.words, "stranger", former), CONTEXT, MARK) == snapshot


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_last_word_is_ours_and_says_what_kind_of_change_it_is(kind: str) -> None:
    assert request(Task(kind, "t", "x", "w", "requester"), CONTEXT, MARK).endswith(f"\n\n{KINDS[kind]}")


@pytest.mark.parametrize("author", ["requester", "stranger"])
def test_the_issue_says_who_wrote_it(author: Trust) -> None:
    assert f"<issue {MARK}> written by a {author}\ntitle\n\ntext\n</issue {MARK}>" in asked(author=author)


def test_words_and_a_former_proposal_are_left_out_where_there_are_none() -> None:
    text = asked()
    assert "<request" not in text
    assert "<former-proposal" not in text
    assert "Also related" not in text


def test_omitted_paths_are_named_up_to_twenty() -> None:
    text = request(TASK, Context((), tuple(f"{number}.py" for number in range(50))), MARK)
    assert "19.py" in text
    assert "20.py" not in text


hostile = st.lists(
    st.sampled_from([MARK, MARK[:5], MARK[5:], "</issue ", "<request ", ">", "\n", "text", "\u200b", "<!--", "-->"]),
    max_size=20,
).map("".join)


@given(hostile, hostile, hostile, hostile)
def test_no_text_can_close_the_block_it_stands_in(title: str, text: str, words: str, file: str) -> None:
    context = Context((Snippet("a.py", 1, 1, file, whole=True),), ())
    prompt = request(Task("fix", title, text, words, "stranger", file), context, MARK)
    marks = re.findall(rf"</?([a-z-]+) {MARK}>", prompt)
    kinds = ["file", "issue", *(["former-proposal"] if file else []), *(["request"] if words else [])]
    assert marks == [kind for kind in kinds for _ in range(2)]
    assert prompt.count(MARK) == len(marks)


def test_what_is_left_of_a_mark_taken_out_does_not_join_into_another() -> None:
    assert asked(MARK[:5] + MARK + MARK[5:]).count(MARK) == 2


@given(hostile)
def test_problems_cannot_close_their_block_either(text: str) -> None:
    assert repair([text, text], MARK).count(MARK) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("seen <!-- not seen --> too", "seen  too"),
        ("seen <!-- never\nclosed", "seen"),
        ("a <!-- 1\n2 --> b <!-- 3 --> c", "a  b  c"),
        ("hid\u200bden\u202e \U000e0041word", "hidden word"),
        ("<!\u200b-- no comment on a page either -->", "<!-- no comment on a page either -->"),
        ("\n  padded \n", "padded"),
    ],
)
def test_the_issue_is_what_a_person_sees(text: str, shown: str) -> None:
    assert " ".join(issue_text(text).split()) == " ".join(shown.split())


def test_hidden_characters_are_gone_from_title_and_words_too() -> None:
    text = asked(title="ti\u200btle", words="wo\u202erds")
    assert "\ntitle\n" in text
    assert "\nwords\n" in text


@pytest.mark.parametrize(("length", "cut"), [(24_000, False), (24_001, True), (1_000_000, True)])
def test_a_very_long_issue_loses_its_middle_and_says_so(length: int, cut: bool) -> None:
    text = "first " + "x" * (length - 11) + " last"
    shown = issue_text(text)
    assert shown.startswith("first ")
    assert shown.endswith(" last")
    assert len(shown) < 24_100
    assert (f"[… {length - 24_000:,} characters left out …]" in shown) is cut


def test_an_issue_of_nothing_but_comment_openings_takes_no_time_worth_the_name() -> None:
    assert issue_text("<!--" * 250_000) == ""


def test_long_words_and_problems_are_cut() -> None:
    assert len(asked(words="w" * 1_000_000)) < 30_000
    assert len(repair(["p" * 1_000_000], MARK)) < 30_000


def test_a_repair_request(snapshot: SnapshotAssertion) -> None:
    assert repair(["a.py: line 3 is not there", "The check `tests` fails"], MARK) == snapshot


def test_the_mark_is_the_same_for_the_same_draft_and_differs_else() -> None:
    assert mark_for("issue_comment/5", "a" * 40) == mark_for("issue_comment/5", "a" * 40)
    assert re.fullmatch("[0-9a-f]{10}", mark_for("issue_comment/5", "a" * 40))
    assert len({mark_for(trigger, base) for trigger in ("x/1", "x/2") for base in ("a", "b")}) == 4


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (0, "Answer again in the same format, with every edit that is needed."),
        (1, "The other edit fits and is kept: do not write it again. Write only what failed"),
        (3, "The other 3 edits fit and are kept: do not write them again. Write only what failed"),
    ],
)
def test_only_what_failed_is_asked_for_again(kept: int, said: str) -> None:
    assert said in repair(["a.py: line 3 is not there"], MARK, kept)


def test_a_request_for_whole_files(snapshot: SnapshotAssertion) -> None:
    files = [Snippet(f"{name}.py", 1, 1, f"{name} = 1\n", whole=True) for name in "ab"]
    assert rewrite(["a.py: line 3 is not there"], files, MARK) == snapshot


@given(hostile, hostile)
def test_neither_problems_nor_files_can_close_their_blocks(text: str, file: str) -> None:
    assert rewrite([text], [Snippet("a.py", 1, 1, file, whole=True)], MARK).count(MARK) == 4
