from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.memory import STATES, Memory, parse_marker, parse_memory, print_marker
from bot.core.proposals import Evidence, Figures, Proof
from tests.samples import SHA, memory

texts = st.text(max_size=60)
shas = st.text("0123456789abcdef", min_size=40, max_size=40)
seconds = st.floats(0, 1e6, allow_nan=False)
memories = st.builds(
    Memory,
    state=st.sampled_from(STATES),
    trigger=texts,
    kind=texts,
    sha=st.one_of(st.just(""), shas),
    note=texts,
    by=st.lists(texts, max_size=3).map(tuple),
    pull=st.integers(0, 10**9),
    branch=texts,
    earlier=st.lists(shas, max_size=3).map(tuple),
    past=st.lists(texts, max_size=3).map(tuple),
    evidence=st.builds(
        Evidence,
        st.lists(st.builds(Proof, texts, texts), max_size=3).map(tuple),
        st.lists(texts, max_size=2).map(tuple),
        texts,
    ),
    figures=st.builds(
        Figures,
        st.lists(st.tuples(texts, seconds), max_size=3).map(tuple),
        seconds,
        seconds,
        st.integers(0, 10**9),
        st.integers(0, 10**9),
        st.one_of(st.none(), seconds),
    ),
)


@given(memories)
def test_what_is_printed_is_read_back(remembered: Memory) -> None:
    body = remembered.marker() + "\n**Proposal** and more"
    assert parse_memory(body) == remembered


@given(memories)
def test_nothing_in_a_memory_can_end_the_hidden_comment(remembered: Memory) -> None:
    marker = remembered.marker()
    assert "\n" not in marker
    assert marker.count("-->") == 1
    assert marker.endswith("-->")
    assert marker.count("<") == 1


@given(st.text())
def test_any_other_text_is_no_memory_and_no_error(body: str) -> None:
    assert parse_memory(body) is None


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
        max_leaves=8,
    )
)
def test_a_marker_of_another_shape_is_no_memory(value: Any) -> None:
    assert parse_memory(f"<!-- draftgate:sticky {json.dumps({'state': 'open', 'sha': value})} -->") is None


@pytest.mark.parametrize(
    "change",
    [
        {"state": "won"},
        {"sha": "abc"},
        {"sha": 7},
        {"by": "maria"},
        {"pull": -1},
        {"pull": True},
        {"earlier": {}},
        {"evidence": []},
        {"evidence": {"proofs": [{"name": 1, "outcome": ""}], "look_at": [], "making": ""}},
        {"figures": {"phases": [["a", -1]]}},
    ],
)
def test_one_wrong_field_makes_it_no_memory(change: dict[str, Any]) -> None:
    value = parse_marker(memory().marker(), "sticky")
    assert value is not None
    assert parse_memory(print_marker("sticky", value)) == memory()
    assert parse_memory(print_marker("sticky", {**value, **change})) is None


def test_the_marker_counts_on_the_first_line_only() -> None:
    assert parse_memory("hello\n" + memory().marker()) is None
    assert parse_memory("> " + memory().marker()) is None


def test_windows_line_ends_do_not_hide_a_marker() -> None:
    assert parse_memory(memory().marker() + "\r\ntext") == memory()


def test_an_endless_marker_is_not_read() -> None:
    assert parse_memory(memory(note="x" * 50_000).marker()) is None


def test_another_kind_of_marker_is_not_a_memory() -> None:
    assert parse_memory(print_marker("answer", {"key": "k"})) is None
    assert parse_marker(print_marker("answer", {"key": "k"}), "answer") == {"key": "k"}


def test_the_next_memory_remembers_the_proposal_and_the_trigger_before_it() -> None:
    after = memory().succeeded_by(Memory("open", "issue_comment/9", "fix", sha="a" * 40))
    assert after.earlier == (SHA,)
    assert after.past == ("issue_comment/5",)


def test_histories_keep_the_last_twenty() -> None:
    remembered = memory()
    for number in range(30):
        remembered = remembered.succeeded_by(Memory("open", f"t/{number}", "fix", sha=f"{number:040x}"))
    assert len(remembered.earlier) == len(remembered.past) == 20
    assert remembered.earlier[-1] == f"{28:040x}"


@pytest.mark.parametrize(
    ("state", "trigger", "known"),
    [
        ("open", "issue_comment/5", True),
        ("nothing", "issue_comment/5", True),
        ("pushed", "issue_comment/5", True),
        ("drafting", "issue_comment/5", False),
        ("failed", "issue_comment/5", False),
        ("open", "issue_comment/6", False),
        ("open", "issue_comment/1", True),
    ],
)
def test_a_trigger_that_was_answered_is_known(state: Any, trigger: str, *, known: bool) -> None:
    assert memory(state=state, past=("issue_comment/1",)).knows(trigger) == known
