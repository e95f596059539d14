from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locate import Located, locate
from bot.locate.history import PastChange
from tests.locate.trees import FILLER, Memory

FILES = {"src/alpha.py": "x = 1\n", "src/omega.py": "y = 2\n"}


def change(message: str, *paths: str) -> PastChange:
    return PastChange(message.encode(), paths)


def found(issue: str, past: list[PastChange], files: dict[str, str] = FILES) -> list[Located]:
    return locate(issue, Memory(FILLER | files), 30, past)


def test_files_of_a_similar_change_come_first_and_say_which_change() -> None:
    past = [change("Round the invoice", "src/omega.py"), change("Paint the shed", "src/alpha.py")]
    best = found("Invoices are rounded twice", past)[0]
    assert best.path == "src/omega.py"
    assert "similar change: Round the invoice" in best.why


def test_a_long_subject_is_told_in_part() -> None:
    best = found("Invoices are rounded twice", [change("Round the invoice " * 9, "src/omega.py")])[0]
    (told,) = best.why
    assert told.endswith("…")
    assert len(told) < 80


def test_without_history_those_files_are_not_found_at_all() -> None:
    assert not found("Invoices are rounded twice", [])


@pytest.mark.parametrize(
    "past",
    [
        pytest.param(change("Round the invoice", "src/gone.py"), id="a file of the past"),
        pytest.param(change("Paint the shed", "src/omega.py"), id="other words"),
        pytest.param(change("Round the invoice"), id="no files"),
        pytest.param(change("Round the invoice", *FILES, *FILLER, *map(str, range(20))), id="a sweep"),
        pytest.param(PastChange(b"", ("src/omega.py",)), id="no message"),
    ],
)
def test_a_change_tells_nothing_that_is(past: PastChange) -> None:
    assert not found("Invoices are rounded twice", [past])


def test_a_change_of_one_file_says_more_than_one_of_many() -> None:
    narrow, wide = change("Round the invoice", "src/alpha.py"), change("Round the invoice", "src/omega.py", *FILLER)
    ranked = {one.path: one.score for one in found("Invoices are rounded twice", [wide, narrow])}
    assert ranked["src/alpha.py"] > 2 * ranked["src/omega.py"] > 0


def test_a_short_message_says_more_than_the_same_words_in_a_long_one() -> None:
    long = change("Round the invoice\n\n" + "because of this and that " * 50, "src/omega.py")
    ranked = {
        one.path: one.score
        for one in found("Invoices are rounded", [long, change("Round the invoice", "src/alpha.py")])
    }
    assert ranked["src/alpha.py"] > ranked["src/omega.py"]


def test_a_file_that_is_often_changed_with_the_best_one_is_told_so() -> None:
    files = {"src/invoice.py": "def invoice(): ...\n", "src/ledger.py": "z = 1\n"}
    past = [change(f"Step {number}", "src/invoice.py", "src/ledger.py") for number in range(9)]
    ranked = found("The invoice is wrong", past, files)
    assert ranked[0].path == "src/invoice.py"
    assert ranked[1].path == "src/ledger.py"
    assert ranked[1].why == ("often changed with src/invoice.py",)


def test_only_so_many_changes_are_looked_at() -> None:
    past = [change("Paint the shed", "src/alpha.py")] * 1_000 + [change("Round the invoice", "src/omega.py")]
    assert not found("Invoices are rounded twice", past)


def test_in_a_large_tree_files_of_similar_changes_are_read_but_do_not_crowd_out_the_others() -> None:
    files = {f"src/m{number}.py": f"def helper{number}(): ...\n" for number in range(900)}
    files |= {"src/deep/session.py": "def mount_session(): ...\n" * 3, "src/quiet.py": "x = 1\n"}
    past = [change(f"Mount {number}", f"src/m{number}.py") for number in range(900)]
    past.append(change("Mount the session", "src/quiet.py"))
    ranked = [one.path for one in found("Mount of the session fails", past, files)]
    assert ranked[0] == "src/deep/session.py"
    assert "src/quiet.py" in ranked


messages = st.one_of(
    st.binary(max_size=200), st.sampled_from([b"Round the invoice", b"\xff", b"\n", b"invoice " * 400])
)
changes = st.builds(
    PastChange, messages, st.lists(st.sampled_from([*FILES, "gone", "", "\udcff"]), max_size=4).map(tuple)
)


@given(st.lists(changes, max_size=20))
def test_whatever_the_history_says_only_files_of_today_are_named(past: list[PastChange]) -> None:
    ranked = found("The invoice is rounded in alpha.py", past)
    assert {one.path for one in ranked} <= {*FILES, *FILLER}
    assert "src/alpha.py" in [one.path for one in ranked]
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
