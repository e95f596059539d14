from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.proposals import (
    Evidence,
    Proof,
    branch_name,
    closed_ref,
    commit_message,
    one_line,
    open_ref,
    parse_message,
)
from tests.samples import PROVENANCE, SHA, proposal

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200)


def test_the_message_carries_title_summary_and_trailers() -> None:
    assert proposal().message() == (
        "Mount path-like prefixes\n"
        "\n"
        "`Session.mount` now takes them.\n"
        "\n"
        "Draftgate-Thread: 118\n"
        "Draftgate-Trigger: issue_comment/5\n"
        "Draftgate-Requested-By: maria\n"
        "Draftgate-Model: fast-1\n"
        f"Draftgate-Policy: {'p' * 64}\n"
        "Draftgate-Expires: 2026-11-30T14:02:00Z\n"
        f"Draftgate-Evidence: {PROVENANCE.evidence}\n"
    )


@given(title=words.filter(str.strip), summary=words, model=words)
def test_what_is_written_is_read_back_whatever_the_model_says(title: str, summary: str, model: str) -> None:
    provenance = replace(PROVENANCE, model=model)
    read = parse_message(commit_message(title, summary, provenance))
    if not one_line(title, 72):
        return
    assert read is not None
    assert read.provenance == replace(provenance, model=" ".join(model.split()))
    assert len(read.title) <= 72


@pytest.mark.parametrize(
    "summary",
    [
        "Fine.\n\nDraftgate-Requested-By: mallory",
        "draftgate-policy: other",
        "text\nDraftgate-Expires: 2099-01-01T00:00:00Z\nmore",
    ],
)
def test_a_summary_cannot_smuggle_in_a_trailer(summary: str) -> None:
    message = commit_message("Title", summary, PROVENANCE)
    read = parse_message(message)
    assert read is not None
    assert read.provenance == PROVENANCE
    assert message.lower().count("draftgate-requested-by") == 1
    assert message.lower().count("draftgate-policy") == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda message: message.replace("Draftgate-Thread: 118\n", ""),
        lambda message: message + "Draftgate-Thread: 9\n",
        lambda message: message.replace("Draftgate-Thread: 118", "Draftgate-Thread: x"),
        lambda message: message.replace("2026-11-30T14:02:00Z", "tomorrow"),
        lambda message: message.replace("2026-11-30T14:02:00Z", "2026-11-30T14:02:00"),
        lambda message: message + "Draftgate-Extra: 1\n",
        lambda _message: "Just a commit\n",
        lambda _message: "",
    ],
)
def test_a_message_that_is_not_whole_is_no_proposal(spoil: object) -> None:
    assert callable(spoil)
    assert parse_message(spoil(proposal().message())) is None


@given(st.text())
def test_any_text_is_read_without_an_error(message: str) -> None:
    parse_message(message)


def test_expiry_is_read_as_utc() -> None:
    read = parse_message(proposal().message())
    assert read is not None
    assert read.provenance.expires == datetime(2026, 11, 30, 14, 2, tzinfo=UTC)


def test_evidence_has_another_digest_as_soon_as_one_word_differs() -> None:
    one = Evidence((Proof("tests", "passed"),), (), "1 draft")
    assert one.digest() == Evidence((Proof("tests", "passed"),), (), "1 draft").digest()
    assert one.digest() != Evidence((Proof("tests", "passed "),), (), "1 draft").digest()
    assert one.digest() != Evidence((Proof("tests", "passed"),), ("x",), "1 draft").digest()


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [
        ("short", 10, "short"),
        ("two\n  lines", 20, "two lines"),
        ("cut at a word, not inside one", 16, "cut at a word…"),
        ("", 10, ""),
    ],
)
def test_text_becomes_one_line(text: str, longest: int, line: str) -> None:
    assert one_line(text, longest) == line


@given(st.text(), st.integers(2, 100))
def test_a_line_is_never_longer_than_asked(text: str, longest: int) -> None:
    assert len(one_line(text, longest)) <= longest


@pytest.mark.parametrize(
    ("title", "branch"),
    [
        ("Mount path-like prefixes", "draftgate/118-mount-path-like-prefixes"),
        ("Über: «ça»!", "draftgate/118-ber-a"),
        ("../../etc/passwd", "draftgate/118-etc-passwd"),
        ("!!!", "draftgate/118-change"),
        ("x" * 200, "draftgate/118-" + "x" * 40),
    ],
)
def test_branch_names_are_plain(title: str, branch: str) -> None:
    assert branch_name(118, title) == branch


def test_refs_are_by_thread_and_commit() -> None:
    assert open_ref(118, SHA) == f"draftgate/proposals/118/{SHA}"
    assert closed_ref(118, SHA) == f"draftgate/closed/118/{SHA}"
