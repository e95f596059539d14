from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.markdown import LONGEST_BODY, Shown, diff_details, figures_line, fit, folded, proof_table, sticky
from bot.core.memory import parse_memory
from bot.core.proposals import Evidence, Figures, Proof
from tests.samples import BASE, CHANGE, FIGURES, SHA, SHOWN, SITE, memory

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

LINK = SITE.commit(SHA)
STATES: dict[str, dict[str, Any]] = {
    "open": {},
    "open that replaced others": {"earlier": ("a" * 40, "b" * 40, "c" * 40, "d" * 40)},
    "pending": {"by": ("maria",), "note": "approved by @maria, waiting for one more approval: infrastructure risk"},
    "pushed": {"state": "pushed", "by": ("maria", "otto"), "pull": 119, "branch": "draftgate/118-mount"},
    "pushed to a pull request": {"state": "pushed", "by": ("maria",), "branch": "feature/x"},
    "pushed without a pull request": {
        "state": "pushed",
        "by": ("maria",),
        "branch": "draftgate/118-mount",
        "note": "GitHub Actions may not create pull requests here. Open one: https://github.example/compare.",
    },
    "rejected": {"state": "rejected", "by": ("maria",)},
    "rejected with a reason": {"state": "rejected", "by": ("maria",), "note": "wrong layer, ask @otto <b>first</b>"},
    "expired": {"state": "expired"},
}


def shown(**knobs: Any) -> Shown:
    return replace(SHOWN, **knobs)


def change(lines: int, width: int = 8, path: str = "shop/cart.py") -> FileChange:
    return FileChange(path, "100644", None, "".join(f"{number:0{width}}\n" for number in range(lines)))


@pytest.mark.parametrize("state", STATES)
def test_the_comment_of_a_proposal(state: str, snapshot: SnapshotAssertion) -> None:
    assert sticky(memory(**STATES[state]), SHOWN, SITE) == snapshot


@pytest.mark.parametrize("state", STATES)
def test_the_first_line_gives_the_memory_back(state: str) -> None:
    told = memory(**STATES[state])
    assert parse_memory(sticky(told, SHOWN, SITE)) == told


@pytest.mark.parametrize("state", STATES)
def test_only_an_open_proposal_offers_its_approval(state: str) -> None:
    told = memory(**STATES[state])
    assert ("/approve" in sticky(told, SHOWN, SITE).partition("\n")[2]) is (told.state == "open")


def test_the_same_proposal_reads_the_same_every_time() -> None:
    other = FileChange("a.py", "100644", None, "x\n")
    texts = {sticky(memory(), shown(changes=changes), SITE) for changes in [(CHANGE, other), (other, CHANGE)]}
    assert len(texts) == 1


def test_what_the_model_wrote_is_never_markup() -> None:
    evil = "![p](http://evil.example/p) <img src=x> @maria </details><!-- draftgate:sticky {} -->"
    change_ = FileChange("a.md", "100644", None, "```\n</details>\n@maria\n````\n")
    evidence = Evidence((Proof(evil, evil + "|x|\n| y |"),), (evil,), evil)
    text = sticky(memory(evidence=evidence), shown(title=evil, summary=evil, changes=(change_,)), SITE)
    prose = re.sub(r"(?ms)^`{5}diff\n.*?^`{5}$", "", text.partition("\n")[2])
    assert "<img" not in prose
    assert not re.search(r"@[a-z]", prose)
    assert "![" not in prose
    assert prose.count("</details>") == prose.count("<details") == 2
    assert "<!-- draftgate" not in prose
    assert all(line.count("|") - line.count("\\|") == 3 for line in prose.split("\n") if line.startswith("|"))


@pytest.mark.parametrize(("lines", "unfolded"), [(10, True), (54, True), (60, False)])
def test_a_long_diff_is_folded(lines: int, unfolded: bool) -> None:
    assert diff_details((change(lines),), LINK).startswith("<details open>") is unfolded


def test_a_very_long_diff_is_cut_at_a_line_and_links_to_the_rest() -> None:
    text = diff_details((change(10_000),), LINK)
    assert len(text) < 31_000
    assert re.search(rf"```\n\n[\d,]+ characters more: \[the whole commit\]\({re.escape(LINK)}\)\n\n</details>$", text)
    assert re.search(r"\n\+\d{8}\n```\n\n", text)


def test_the_diff_says_how_much_is_missing() -> None:
    text = diff_details((change(10_000),), LINK)
    said = re.search(r"([\d,]+) characters more", text)
    assert said is not None
    left = int(said[1].replace(",", ""))
    assert left + sum(len(line) + 1 for line in re.findall(r"(?m)^\+\d{8}$", text)) == 10_000 * 10


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "é" * 200_000, "🙂" * 200_000, "line\n" * 50_000, "a\n" + "🙂" * 59_990]
)
def test_no_body_is_longer_than_a_comment_may_be(text: str) -> None:
    body = fit(f"marker\n{text}")
    assert len(body) <= LONGEST_BODY
    assert len(body.encode()) <= 240_000
    assert body.startswith("marker\n")
    if len(text) > LONGEST_BODY:
        assert len(body) > 50_000
        assert body.endswith("…cut here: the text was longer than a comment may be.")


@given(st.text("ab\n🙂", max_size=300), st.integers(1, 1000))
def test_a_body_of_any_shape_fits(text: str, times: int) -> None:
    body = fit(text * times)
    assert len(body) <= LONGEST_BODY
    assert body == text * times or "…cut here" in body


def test_a_summary_that_goes_on_for_ever_does_not_push_the_diff_out_of_the_comment() -> None:
    text = sticky(memory(), shown(summary="Trust me. \n" * 20_000), SITE)
    assert "-b = 2\n+b = 3\n" in text
    assert "… (the commit's message has the rest)\n" in text
    assert len(text) <= LONGEST_BODY


def test_a_comment_with_everything_at_its_longest_fits_and_keeps_its_memory() -> None:
    evidence = Evidence(tuple(Proof(f"check {number}", "w " * 100) for number in range(60)), (), "m " * 1000)
    told = memory(evidence=evidence, earlier=(BASE,) * 20)
    text = sticky(told, shown(changes=(change(20_000),), summary="s " * 5000), SITE)
    assert len(text) <= LONGEST_BODY
    assert parse_memory(text) == told
    assert "```diff\n" in text


def test_evidence_is_a_table_with_what_to_look_at_last(snapshot: SnapshotAssertion) -> None:
    proofs = [Proof("`a | b`", "two\nlines"), Proof("x|y", "`c`")]
    assert proof_table(proofs, ["`z.py` is new"]) == snapshot


def test_nothing_to_say_is_nothing() -> None:
    assert proof_table((), ()) == ""
    assert folded("title", "") == ""
    assert figures_line(Figures()) == ""


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        (FIGURES, "3.1 s: set-up 0.4, locate 0.2, model 1.9 (1,931 tokens/s), checks 0.5, publishing 0.1"),
        (Figures(phases=(("model", 2.0),)), "2.0 s: model 2.0"),
        (Figures(tokens_in=5), "5 tokens in, 0 out"),
        (Figures(cost=0.0), "$0.0000"),
        (replace(FIGURES, writing_seconds=0.0, cost=None), "model 1.9, checks"),
    ],
)
def test_figures_in_one_line(figures: Figures, line: str) -> None:
    assert line in figures_line(figures)
