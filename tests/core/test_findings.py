from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.findings import MOST_SECTIONS, Section, sections

BLOCK = "<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE"
ONE = (
    f"### FINDING\nFile: src/a.py\nSeverity: high\nCategory: bug\nTitle: Too low\nReason: It is one too low.\n{BLOCK}\n"
)


def only(reply: str) -> Section:
    found = sections(reply)
    assert len(found) == 1, found
    return found[0]


def test_a_finding_as_it_was_asked_for() -> None:
    section = only(ONE)
    finding = section.finding("src/a.py", ())
    assert (finding.title, finding.reason) == ("Too low", "It is one too low.")
    assert (finding.severity, finding.category) == ("high", "bug")
    assert section.reply() == f"src/a.py\n{BLOCK}"


@pytest.mark.parametrize(
    "reply",
    [
        ONE.replace("\n", "\r\n"),
        ONE.replace("### FINDING", "## Finding 1:"),
        ONE.replace("### FINDING", "**FINDING**"),
        ONE.replace("### FINDING\n", ""),
        ONE.replace("File: src/a.py", "**File:** `src/a.py`"),
        ONE.replace("File: src/a.py", "- Path: src/a.py:12-14"),
        ONE.replace("File: src/a.py", "File: src/a.py (lines 3-4)"),
        f"I looked at it all.\n\n{ONE}\nThat is all.",
        f"```text\n{ONE}```\n",
        ONE.replace(BLOCK, f"```python\n{BLOCK}\n```"),
        ONE.replace("Severity: high", "severity = Critical!").replace("Category: bug", "Type: logic error"),
        ONE.replace("Reason: It", "It"),
    ],
    ids=["CRLF", "numbered", "bold header", "no header", "bold field", "with lines", "with lines in words",
         "with prose round it", "all in a fence", "block in a fence", "other words", "no word before the reason"],
)  # fmt: skip
def test_usual_liberties_are_understood(reply: str) -> None:
    section = only(reply)
    finding = section.finding(section.path, ())
    assert finding.path == "src/a.py"
    assert (finding.severity, finding.category) == ("high", "bug")
    assert finding.reason.startswith("It is one too low.")
    assert "<<<<<<< SEARCH" in section.code


def test_several_findings_stay_apart_with_and_without_headers() -> None:
    second = ONE.replace("src/a.py", "src/b.py")
    assert [one.path for one in sections(ONE + "\n" + second)] == ["src/a.py", "src/b.py"]
    assert [one.path for one in sections((ONE + second).replace("### FINDING\n", ""))] == ["src/a.py", "src/b.py"]


def test_code_that_looks_like_a_finding_stays_code() -> None:
    block = BLOCK.replace("a = 1", "### FINDING\nFile: evil.py\nSeverity: low")
    section = only(ONE.replace(BLOCK, block))
    assert section.path == "src/a.py"
    assert section.code == block.split("\n")


def test_a_reason_may_take_several_lines() -> None:
    section = only(ONE.replace("one too low.", "one too low.\nTwice:\n- here\n- and there"))
    assert section.finding("a", ()).reason.endswith("Twice:\n- here\n- and there")


def test_what_is_not_said_has_a_modest_default() -> None:
    finding = only(f"### FINDING\nFile: a.py\n{BLOCK}").finding("a.py", ())
    assert (finding.severity, finding.category, finding.title, finding.reason) == ("low", "clarity", "", "")


def test_endless_prose_is_cut() -> None:
    finding = only(ONE.replace("Too low", "x" * 5000).replace("It is", "y" * 9000)).finding("a", ())
    assert len(finding.title) < 130
    assert len(finding.reason) < 1600


@pytest.mark.parametrize(
    "reply",
    ["", "NO FINDINGS", "### FINDING\nFile: a.py\nReason: no code", f"### FINDING\n{BLOCK}", "Looks good to me!"],
)
def test_without_a_file_and_code_there_is_no_finding(reply: str) -> None:
    assert sections(reply) == []


def test_who_finds_everything_is_heard_for_a_while_only() -> None:
    assert len(sections(ONE * 500)) == MOST_SECTIONS


@pytest.mark.parametrize(
    "line", ["### finding" + "* x" * 50_000, "file" * 90_000, "`" * 300_000, "<<<<<<< SEARCH" * 9000]
)
def test_long_lines_take_no_long_time(line: str) -> None:
    assert sections(f"{ONE}\n{line}\n{line}")[0].path == "src/a.py"


@given(st.lists(st.sampled_from([*ONE.split("\n"), "```", "File:", "", "x"])).map("\n".join))
def test_any_order_of_lines_is_read_without_a_surprise(reply: str) -> None:
    for section in sections(reply):
        assert section.finding(section.path, ()).path
        assert section.code
