from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core import texts
from bot.core.changes import FileChange
from bot.core.commands import COMMANDS
from bot.core.markdown import LONGEST_BODY, Site, figures_line
from bot.core.memory import Memory, parse_memory
from bot.core.proposals import Evidence, Figures, Proof
from tests.samples import CHANGE, EVIDENCE, FIGURES, SHA, SHOWN, SITE, memory

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

HOSTILE = "<img src=x> ask @mallory, see https://evil.example"
NOTHING = memory(state="nothing", sha="", note="the check `tests` has a new failure: test_total")


@pytest.mark.parametrize("run", ["", SITE.run])
def test_drafting(run: str, snapshot: SnapshotAssertion) -> None:
    assert texts.drafting(Memory("drafting", "issue_comment/5", "fix"), replace(SITE, run=run)) == snapshot


@pytest.mark.parametrize("nearest", [(), (CHANGE,)], ids=["no draft", "a nearest draft"])
def test_nothing_good_enough(nearest: tuple[FileChange, ...], snapshot: SnapshotAssertion) -> None:
    assert texts.nothing(NOTHING, nearest, SITE, "Narrow the task.") == snapshot


@pytest.mark.parametrize("run", ["", SITE.run])
def test_failed(run: str, snapshot: SnapshotAssertion) -> None:
    told = Memory("failed", "issue_comment/5", "fix", note="the model gave no answer: wrong key")
    assert texts.failed(told, "Check the input `api-key`.", replace(SITE, run=run)) == snapshot


@pytest.mark.parametrize(
    "text",
    [
        texts.drafting(Memory("drafting", "issue_comment/5"), SITE),
        texts.nothing(NOTHING, (CHANGE,), SITE, "x"),
        texts.failed(memory(state="failed"), "x", SITE),
    ],
    ids=["drafting", "nothing", "failed"],
)
def test_each_state_is_read_back_from_its_comment(text: str) -> None:
    assert parse_memory(text) is not None


def test_the_nearest_draft_stays_folded_even_when_its_content_says_otherwise() -> None:
    change = FileChange("a.html", "100644", None, "<details open><summary>Diff</summary>\n")
    text = texts.nothing(NOTHING, (change,), SITE, "x")
    assert "+<details open><summary>Diff</summary>\n" in text
    assert text.count("The nearest draft (not proposed)") == 1
    assert "\n<details><summary>The nearest draft" in text


def test_foreign_words_are_made_harmless_in_every_text() -> None:
    told = memory(note=HOSTILE, evidence=Evidence((Proof(HOSTILE, HOSTILE),), (HOSTILE,), HOSTILE))
    shown = replace(SHOWN, summary=HOSTILE)
    for text in (
        texts.nothing(told, (), SITE, "x"),
        texts.failed(told, HOSTILE, SITE),
        texts.refusal(HOSTILE, "why", "remedy"),
        texts.mistake(HOSTILE, "no command", ""),
        texts.pull_body(shown, told, ["otto"], 0),
    ):
        prose = re.sub(r"`[^`\n]*`|(?m:\A<!-- .*$)", "", text)
        assert "<img" not in prose
        assert "@mallory" not in prose
        assert "https://evil" not in prose


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            texts.refusal("/approve 3f9c2a1b7d04", "it is expired", "`/generate` drafts a new one."),
            "`/approve 3f9c2a1b7d04` was not accepted: it is expired. `/generate` drafts a new one.",
        ),
        (texts.refusal("/retry", "why", ""), "`/retry` was not accepted: why."),
        (texts.refusal("a `b` | c", "why", "Do x."), "``a `b` | c`` was not accepted: why. Do x."),
        (texts.no_permission("write"), "Draftgate commands need the write permission in this repository."),
        (
            texts.mistake("/aprove 3f9c", "there is no such command", "/approve"),
            "`/aprove 3f9c`: there is no such command. Did you mean `/approve`? `/help` lists the commands.",
        ),
        (
            texts.mistake("/approve", "the id is missing", ""),
            "`/approve`: the id is missing. `/help` lists the commands.",
        ),
        (
            texts.pending(SHA, ["maria", "otto"], "it changes `infra/`"),
            "`3f9c2a1b7d04` is approved by @maria and @otto. One more approval is needed: it changes `infra/`.",
        ),
        (texts.pull_title("Mount path-like prefixes"), "Mount path-like prefixes"),
    ],
)
def test_short_replies_are_one_line(text: str, said: str) -> None:
    assert text == said


def test_the_help_table(snapshot: SnapshotAssertion) -> None:
    assert texts.help_table([(row.usage, row.meaning) for row in COMMANDS]) == snapshot


def test_every_row_of_the_help_table_has_two_cells() -> None:
    rows = texts.help_table([(row.usage, row.meaning) for row in COMMANDS]).split("\n")[2:]
    assert len(rows) == len(COMMANDS) + 2
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_the_pull_request(moved: int, snapshot: SnapshotAssertion) -> None:
    assert texts.pull_body(SHOWN, memory(), ["maria", "otto"], moved) == snapshot


def test_the_pull_request_closes_its_own_issue_and_fits() -> None:
    body = texts.pull_body(replace(SHOWN, summary="long words\n" * 50_000), memory(), ["maria"], 0)
    assert len(body) <= LONGEST_BODY
    assert "Closes #118" in body
    assert "approved by @maria" in body


def test_the_step_summary(snapshot: SnapshotAssertion) -> None:
    assert texts.summary("proposed", FIGURES, "details") == snapshot


def test_a_step_summary_without_figures_has_no_chart() -> None:
    assert texts.summary("refused", Figures(), "") == "### Draftgate: refused\n"


def test_the_figures_are_told_once_in_a_step_summary() -> None:
    line = figures_line(FIGURES)
    assert texts.summary("proposed", FIGURES, f"body\n\n{line} · expires soon").count(line) == 1


def test_a_reply_that_came_to_nothing_is_kept_folded_and_harmless() -> None:
    kept = texts.kept_reply("```\n</details> @maria\n" + "x" * 100_000)
    assert kept.startswith("<details><summary>The model's reply (not proposed)</summary>\n\n````text\n```\n")
    assert len(kept) < 21_000
    assert texts.kept_reply("") == ""


def test_a_step_summary_is_bounded() -> None:
    assert len(texts.summary("x", FIGURES, "🙂" * 2_000_000)) <= 10 * LONGEST_BODY + 1


def test_the_chart_lays_the_phases_end_to_end_and_shows_the_shortest_too() -> None:
    chart = texts.gantt(Figures(phases=(("locate", 0.0), ("model", 1.5), ("checks", 0.25))))
    spans = [tuple(map(int, span)) for span in re.findall(r": (\d+), (\d+)$", chart, re.MULTILINE)]
    assert spans == [(0, 1), (1, 1501), (1501, 1751)]


def test_links_are_those_of_the_site() -> None:
    site = Site("https://github.example", "octo/shop")
    assert site.commit(SHA) == f"https://github.example/octo/shop/commit/{SHA}"
    assert site.pull(7) == "https://github.example/octo/shop/pull/7"
    assert site.compare("main", "draftgate/1-x") == (
        "https://github.example/octo/shop/compare/main...draftgate/1-x?expand=1"
    )


def test_the_evidence_in_the_samples_is_what_the_comment_shows() -> None:
    body = texts.nothing(NOTHING, (), SITE, "x")
    assert all(proof.outcome in body for proof in EVIDENCE.proofs)
