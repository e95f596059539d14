"""The gate as a table: every fact that can be wrong, one at a time, with what the approver is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.changes import ChangeRules, FileChange
from bot.core.gates import Approval, Case, Decision, Denied, GatePolicy, Grant, Pending, Permission, decide
from tests.samples import CHANGE, NOW, PROVENANCE, SHA, memory

MARIA = Approval("maria", is_person=True, permission=Permission.WRITE, edited=False)
VICTOR = replace(MARIA, login="victor")
POLICY = GatePolicy(digest="p" * 64)
GOOD = Case(
    claim=SHA[:12],
    memory=memory(),
    kept=SHA,
    provenance=PROVENANCE,
    changes=(CHANGE,),
    tree=("shop/cart.py",),
    approvals=(MARIA,),
    movement="still",
    is_pull=False,
    altered="",
    environment="",
    now=NOW,
)


def judged(policy: GatePolicy = POLICY, **facts: Any) -> Decision:
    return decide(replace(GOOD, **facts), policy)


def test_a_case_in_which_everything_holds_is_granted_for_exactly_the_kept_commit() -> None:
    assert judged() == Grant(SHA, 118, ("maria",))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"memory": None}, "no proposal on this thread"),
        ({"memory": memory(sha="", state="nothing")}, "no proposal on this thread"),
        ({"claim": "f" * 12}, "not a proposal of this thread"),
        ({"claim": "e" * 12, "memory": memory(earlier=("e" * 40,))}, "superseded"),
        ({"memory": memory(state="pushed")}, "pushed already"),
        ({"memory": memory(state="rejected")}, "rejected"),
        ({"memory": memory(state="expired")}, "expired"),
        ({"memory": memory(state="drafting")}, "not open"),
        ({"kept": ""}, "no longer kept"),
        ({"kept": "d" * 40}, "no longer kept"),
        ({"provenance": None}, "not one that Draftgate made"),
        ({"now": PROVENANCE.expires}, "expired"),
        ({"provenance": replace(PROVENANCE, policy="q" * 64)}, "configuration has changed"),
        ({"altered": "the comment was edited by mallory"}, "edited by mallory"),
        ({"movement": "conflict"}, "changed in the same places"),
        ({"movement": "foreign"}, "not in the branch's history"),
        ({"is_pull": True, "movement": "clean"}, "the branch has moved"),
        ({"is_pull": True, "movement": "conflict"}, "the branch has moved"),
        ({"approvals": (replace(MARIA, permission=Permission.TRIAGE),)}, "needs the write permission"),
        ({"approvals": (replace(MARIA, permission=Permission.NONE), VICTOR)}, "needs the write permission"),
        ({"approvals": (replace(MARIA, is_person=False),)}, "only a person"),
        ({"approvals": (replace(MARIA, edited=True),)}, "edited"),
    ],
)
def test_one_wrong_fact_denies_and_says_which(facts: dict[str, Any], words: str) -> None:
    decision = judged(**facts)
    assert isinstance(decision, Denied)
    assert words in decision.why
    assert decision.remedy.endswith(".")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replace(CHANGE, path=".github/workflows/ci.yml"), "protected"),
        (replace(CHANGE, path="docs/CODEOWNERS"), "protected"),
        (replace(CHANGE, path="sub/CLAUDE.md"), "protected"),
        (replace(CHANGE, path=".GitHub/workflows/ci.yml"), "protected"),
        (replace(CHANGE, path="../out.py"), "../out.py"),
        (replace(CHANGE, path="a/.git/config"), ".git"),
        (replace(CHANGE, mode="120000"), "only plain files"),
        (replace(CHANGE, mode="160000"), "only plain files"),
        (replace(CHANGE, mode="100644 to 100755"), "only plain files"),
        (replace(CHANGE, after="\0"), "binary"),
        (FileChange("Shop/cart.py", "100644", None, "x\n"), "differ in case only"),
    ],
)
def test_a_commit_that_touches_what_it_must_not_is_denied(change: FileChange, words: str) -> None:
    decision = judged(changes=(change,))
    assert isinstance(decision, Denied)
    assert words in decision.why


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (ChangeRules(max_lines=1), "lines are changed"),
        (ChangeRules(max_files=0), "files are changed"),
        (ChangeRules(protected=("shop/*",)), "protected"),
    ],
)
def test_the_configured_limits_hold_at_approval_too(rules: ChangeRules, words: str) -> None:
    decision = judged(replace(POLICY, rules=rules))
    assert isinstance(decision, Denied)
    assert words in decision.why


def test_allow_permits_a_protected_path() -> None:
    policy = replace(POLICY, rules=ChangeRules(allow=(".github/labels.yml",)))
    assert isinstance(judged(policy, changes=(replace(CHANGE, path=".github/labels.yml"),)), Grant)
    assert isinstance(judged(policy, changes=(replace(CHANGE, path=".github/other.yml"),)), Denied)


def test_an_issue_proposal_goes_ahead_on_a_base_that_moved_elsewhere() -> None:
    assert isinstance(judged(movement="clean"), Grant)


def test_a_moment_before_it_expires_a_proposal_can_be_approved() -> None:
    assert isinstance(judged(now=PROVENANCE.expires - timedelta(seconds=1)), Grant)


@pytest.mark.parametrize(("approver", "granted"), [("maria", False), ("MARIA", False), ("victor", True)])
def test_where_the_approver_must_differ_the_requester_does_not_count(approver: str, *, granted: bool) -> None:
    decision = judged(replace(POLICY, approver_differs=True), approvals=(replace(MARIA, login=approver),))
    assert isinstance(decision, Grant) == granted


def test_a_second_approver_is_waited_for_and_then_both_are_named() -> None:
    policy = replace(POLICY, second_approver=("shop/**",))
    first = judged(policy)
    assert isinstance(first, Pending)
    assert first.approvers == ("maria",)
    assert judged(policy, approvals=(VICTOR, MARIA)) == Grant(SHA, 118, ("victor", "maria"))


@pytest.mark.parametrize(
    "second",
    [
        MARIA,
        replace(VICTOR, permission=Permission.READ),
        replace(VICTOR, edited=True),
        replace(VICTOR, is_person=False),
    ],
)
def test_a_second_approval_that_does_not_count_leaves_it_pending(second: Approval) -> None:
    policy = replace(POLICY, second_approver=("shop/**",))
    assert isinstance(judged(policy, approvals=(MARIA, second)), Pending)


@pytest.mark.parametrize(
    ("risk", "approvals", "granted"),
    [
        ("second-approver", (MARIA,), False),
        ("second-approver", (VICTOR, MARIA), True),
        ("warn", (MARIA,), True),
        ("off", (MARIA,), True),
    ],
)
def test_a_danger_to_the_infrastructure_needs_two_approvers_unless_switched_off(
    risk: str, approvals: tuple[Approval, ...], *, granted: bool
) -> None:
    decision = judged(replace(POLICY, risk=risk), approvals=approvals, risks=("open to world",))
    assert isinstance(decision, Grant) == granted
    if isinstance(decision, Pending):
        assert "open to world" in decision.why


@pytest.mark.parametrize(("holds", "granted"), [("", False), ("staging", False), ("production", True)])
def test_a_configured_environment_has_to_hold(holds: str, *, granted: bool) -> None:
    decision = judged(replace(POLICY, environment="production"), environment=holds)
    assert isinstance(decision, Grant) == granted


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("admin", Permission.ADMIN),
        ("maintain", Permission.MAINTAIN),
        ("write", Permission.WRITE),
        ("triage", Permission.TRIAGE),
        ("read", Permission.READ),
        ("none", Permission.NONE),
        ("release-captain", Permission.NONE),
        ("", Permission.NONE),
    ],
)
def test_a_role_that_is_not_githubs_own_counts_as_none(text: str, role: Permission) -> None:
    assert Permission.parse(text) == role
