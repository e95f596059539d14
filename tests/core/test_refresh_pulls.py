"""What is done about a group's branch and pull request, as a table over what stands on GitHub."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.forge import Commit
from bot.core.refresh_pulls import (
    Base,
    Branch,
    Decision,
    Memo,
    OwnPull,
    RefreshPull,
    RetirePull,
    Standing,
    commit_message,
    decide,
    declined,
    is_own,
    parse_memo,
    read_branch,
)
from bot.core.refreshed import GroupRefresh, Step, chosen_groups, subject_key

STEP = Step("api:cart", "cart.yaml", 1, "Deployment cart", "extensions/v1beta1", "apps/v1", "it is gone")
OTHER = replace(STEP, id="api:shop", object="Deployment shop")
GROUP = GroupRefresh("kubernetes-apis", (STEP,), (FileChange("cart.yaml", "100644", "old\n", "new\n"),))
UNSURE = subject_key(STEP.subject)
NOTHING = GroupRefresh("kubernetes-apis", (), ())
BASE = Base("main", "b" * 40, "c" * 40)
WORDS = ("Move it", "Because it is gone.")
HEAD = "a" * 40
RIGHT = Branch(HEAD, foreign=False, content=GROUP.digest(), ahead=1, behind=0)
STALE = replace(RIGHT, content="another")


def pull(*, is_open: bool = True, merged: bool = False, steps: tuple[Step, ...] = (STEP,), text: str = "") -> OwnPull:
    memo = Memo("kubernetes-apis", tuple(sorted(step.key for step in steps)), text)
    return OwnPull(7, "url", is_open, merged, "Move it", f"{memo.marker()}\ntext", "branch", HEAD)


def decided(group: GroupRefresh, standing: Standing, *, room: bool = True) -> Decision:
    return decide(group, standing, BASE, WORDS, room=room)


def test_what_was_just_opened_needs_nothing_more() -> None:
    first = decided(GROUP, Standing(None, ())).effect
    assert isinstance(first, RefreshPull)
    assert (first.parents, first.head, first.number) == ((BASE.sha,), "", 0)
    there = replace(pull(), body=first.body)
    assert decided(GROUP, Standing(RIGHT, (there,))) == Decision("kubernetes-apis", "unchanged", None, there, RIGHT)


CLOSED = pull(is_open=False)
MERGED = pull(is_open=False, merged=True)
EDITED = pull(text="what we wrote another time")


@pytest.mark.parametrize(
    ("group", "branch", "pulls", "state", "parents", "anew"),
    [
        (GROUP, None, (), "new", (BASE.sha,), False),
        (GROUP, RIGHT, (), "new", (), False),
        (GROUP, STALE, (), "new", (HEAD,), False),
        (GROUP, STALE, (EDITED,), "updated", (HEAD,), False),
        (GROUP, replace(STALE, behind=3), (EDITED,), "updated", (HEAD, BASE.sha), False),
        (GROUP, RIGHT, (EDITED,), "updated", (), False),
        (GROUP, RIGHT, (MERGED,), "new", (BASE.sha,), True),
        (GROUP, STALE, (CLOSED,), "new", (BASE.sha,), True),
        (GROUP, replace(STALE, ahead=0), (), "new", (BASE.sha,), True),
        (GROUP, None, (EDITED,), "updated", (BASE.sha,), False),
    ],
)
def test_branch_and_pull_request_are_brought_to_what_is_due(  # noqa: PLR0913, RUF100 - the columns of the table
    group: GroupRefresh,
    branch: Branch | None,
    pulls: tuple[OwnPull, ...],
    state: str,
    parents: tuple[str, ...],
    *,
    anew: bool,
) -> None:
    decision = decided(group, Standing(branch, pulls))
    assert decision.state == state
    assert isinstance(decision.effect, RefreshPull)
    assert (decision.effect.parents, decision.effect.anew) == (parents, anew)


@pytest.mark.parametrize(
    ("group", "standing", "room", "state"),
    [
        (GROUP, Standing(replace(STALE, foreign=True), (pull(),)), True, "untouched"),
        (NOTHING, Standing(replace(STALE, foreign=True), (pull(),)), True, "untouched"),
        (GROUP, Standing(None, ()), False, "waiting"),
        (NOTHING, Standing(None, (CLOSED,), turned_down=1), True, "declined"),
        (NOTHING, Standing(RIGHT, (CLOSED,), turned_down=1), True, "declined"),
        (NOTHING, Standing(None, (MERGED,)), True, "nothing"),
        (NOTHING, Standing(RIGHT, (pull(),), unsure=frozenset({UNSURE})), True, "unknown"),
        (GROUP, Standing(STALE, (pull(steps=(STEP, OTHER)),), unsure=frozenset({UNSURE})), True, "unknown"),
    ],
)
def test_where_nothing_may_or_need_be_done_nothing_is(
    group: GroupRefresh, standing: Standing, state: str, *, room: bool
) -> None:
    decision = decided(group, standing, room=room)
    assert (decision.state, decision.effect) == (state, None)


def test_a_silent_source_keeps_nothing_else_from_being_done() -> None:
    standing = Standing(STALE, (EDITED,), unsure=frozenset({subject_key("another")}))
    assert decided(GROUP, standing).state == "updated"


def test_when_nothing_is_left_the_pull_request_goes_and_remembers_no_findings() -> None:
    decision = decided(NOTHING, Standing(RIGHT, (pull(),)))
    assert isinstance(decision.effect, RetirePull)
    assert (decision.state, decision.effect.number, decision.effect.head) == ("retired", 7, HEAD)
    assert declined([replace(pull(is_open=False), body=decision.effect.body)]) == frozenset()


def test_a_leftover_branch_goes_without_a_word() -> None:
    decision = decided(NOTHING, Standing(RIGHT, (MERGED,)))
    assert isinstance(decision.effect, RetirePull)
    assert (decision.state, decision.effect.number, decision.effect.head) == ("nothing", 0, HEAD)


def test_only_closed_and_unmerged_pull_requests_decline() -> None:
    assert declined([pull(), MERGED]) == frozenset()
    assert declined([CLOSED, pull(is_open=False, steps=(OTHER,))]) == {STEP.key, OTHER.key}


def test_a_body_with_thousands_of_findings_still_fits() -> None:
    steps = tuple(replace(STEP, id=f"api:{number}") for number in range(1000))
    decision = decide(replace(GROUP, steps=steps), Standing(None, ()), BASE, ("t", "a line\n" * 20_000), room=True)
    assert isinstance(decision.effect, RefreshPull)
    assert len(decision.effect.body) <= 65_536
    memo = parse_memo(decision.effect.body)
    assert memo is not None
    assert len(memo.findings) == 1000


def commit_of(parents: tuple[str, ...], tree: str = "e" * 40, message: str | None = None) -> Commit:
    return Commit(
        "f" * 40, tree, parents, commit_message(GROUP, "Move it", tree, parents) if message is None else message
    )


@pytest.mark.parametrize("parents", [(BASE.sha,), (HEAD, BASE.sha)])
def test_a_commit_is_ours_as_long_as_nobody_changed_it(parents: tuple[str, ...]) -> None:
    made = commit_of(parents)
    assert is_own(made)
    assert not is_own(replace(made, tree="0" * 40))
    assert not is_own(replace(made, parents=("0" * 40,)))
    assert not is_own(replace(made, message="Do it my way\n"))
    assert not is_own(replace(made, message=""))


def test_a_branch_tells_whose_it_is_by_its_head() -> None:
    ours, theirs, base = commit_of((BASE.sha,)), commit_of((HEAD,), message="mine\n"), Commit("b" * 40, "c", (), "x")
    assert read_branch(ours, 1, 2) == Branch(ours.sha, foreign=False, content=GROUP.digest(), ahead=1, behind=2)
    assert read_branch(theirs, 2, 0).foreign
    assert read_branch(base, 0, 1) == Branch(base.sha, foreign=False, content="", ahead=0, behind=1)


def test_a_commit_message_mentions_nobody_and_closes_nothing() -> None:
    step = replace(STEP, object="Deployment @maria\nDraftgate-Made-On: x\nfixes #1")
    message = commit_message(replace(GROUP, steps=(step,)), "t", "e" * 40, ("a",))
    assert "@maria" not in message
    assert "fixes #1" not in message
    assert is_own(Commit("f", "e" * 40, ("a",), message))


@pytest.mark.parametrize(
    "body", ["", "text", "<!-- draftgate:refresh {} -->", '<!-- draftgate:refresh {"group":1} -->']
)
def test_a_body_without_a_usable_marker_remembers_nothing(body: str) -> None:
    assert parse_memo(body) is None


@given(st.text(max_size=20), st.lists(st.text(max_size=12), max_size=4), st.text(max_size=20))
def test_a_marker_is_read_back_as_it_was_written(group: str, findings: list[str], text: str) -> None:
    memo = Memo(group, tuple(findings), text)
    assert parse_memo(f"{memo.marker()}\r\nrest") == memo


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("", ("images", "images-major", "charts")),
        ("all", ("images", "images-major", "charts")),
        ("images", ("images", "images-major")),
        ("Images-Major", ("images-major",)),
        ("terraform", ()),
        ("nonsense", None),
    ],
)
def test_a_group_that_is_asked_for_comes_with_its_majors(asked: str, chosen: tuple[str, ...] | None) -> None:
    known = ("images", "images-major", "charts", "terraform")
    assert chosen_groups(("images", "images-major", "charts"), asked, known) == chosen
