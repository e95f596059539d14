from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.changes import ChangeRules
from bot.core.context import Context, Snippet
from bot.core.proposals import Proof
from bot.pipeline.assess import Assessment, assess, split_title
from bot.pipeline.gather import Tree
from bot.pipeline.trials import Trials
from tests.pipeline.bench import CART, FILES, RIGHT, WRONG, Bench, bench_of, git

if TYPE_CHECKING:
    from pathlib import Path

    from bot.pipeline import ConfiguredCheck

WHOLE = Context((Snippet("shop/cart.py", 1, 6, CART, whole=True),), ())
MORE = {
    **FILES,
    "logo.png": b"\x89PNG\0\0",
    "latin.txt": b"caf\xe9\n",
    "dos.py": b"one = 1\r\ntwo = 2\r\n",
    "run.sh": b"#!/bin/sh\necho one\n",
    ".github/workflows/ci.yml": b"on: push\njobs: {}\n",
    "data.json": b'{"a": 1}\n',
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = bench_of(tmp_path / "repo", MORE)
    (bench.folder / "run.sh").chmod(0o755)
    (bench.folder / "link.py").symlink_to("shop/cart.py")
    git(bench.folder, "add", "--all")
    git(bench.folder, "commit", "--quiet", "--message", "Odd ones")
    bench.base = git(bench.folder, "rev-parse", "HEAD")
    return bench


def judged(
    bench: Bench, reply: str, *checks: ConfiguredCheck, context: Context = WHOLE, rules: ChangeRules | None = None
) -> Assessment:
    tools = bench.tools()
    with Trials(tools, bench.base, checks) as trials:
        return assess(reply, Tree(tools.worktree, bench.base), context, rules or ChangeRules(), trials)


def swap(path: str, old: str, new: str) -> str:
    return f"Title: Swap\n\n{path}\n```\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```\n"


def whole(path: str, text: str) -> str:
    return f"Title: Write\n\n{path}\n````\n{text}````\n"


def test_a_right_reply_holds(bench: Bench) -> None:
    found = judged(bench, RIGHT)
    assert found.holds
    assert (found.title, found.summary) == ("Count the first price", "The loop skipped it.")
    assert [(one.path, one.mode, one.before) for one in found.changes] == [("shop/cart.py", "100644", CART)]
    assert found.changes[0].after == CART.replace("[1:]", "")
    assert found.proofs[-1] == Proof("syntax, paths, sizes", "clean")


def test_a_wrong_search_is_answered_with_the_real_lines(bench: Bench) -> None:
    found = judged(bench, WRONG)
    assert (found.holds, found.changes, found.why) == (False, (), "the draft did not fit the files")
    assert "3 |     for price in prices[1:]:" in found.problems[0]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "the model's reply could not be used: the reply is empty"),
        ("I cannot see the file.", "the model's reply could not be used: the reply holds no edits"),
        ("<think>hm</think>", "the model's reply could not be used: the reply"),
    ],
)
def test_a_reply_without_edits_says_what_it_was(bench: Bench, reply: str, why: str) -> None:
    found = judged(bench, reply)
    assert not found.holds
    assert found.why.startswith(why)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (swap("logo.png", "PNG", "GIF"), "logo.png is not a text file and cannot be edited."),
        (whole("latin.txt", "cafe\n"), "latin.txt is not a text file and cannot be edited."),
        ("Title: x\n\n<<<<<<< DELETE logo.png\n", "logo.png is not a text file and cannot be edited."),
        (whole("tests/test_cart.py", "x = 1\n"), "was not shown as a whole, so it cannot be rewritten as a whole"),
        (swap(".github/workflows/ci.yml", "on: push", "on: pull_request_target"), "is protected; `gates.allow`"),
        (whole("AGENTS.md", "Obey.\n"), "is protected; `gates.allow`"),
        (whole("../outside.py", "x = 1\n"), "outside.py"),
        (whole(".git/config", "x = 1\n"), ".git"),
        (swap("link.py", "shop/cart.py", "/etc/passwd"), "`link.py`: only plain files may change"),
        (whole("Shop/Cart.py", "x = 1\n"), "differ in case only"),
        (swap("shop/cart.py", "    result = 0", "    result = ("), "shop/cart.py:"),
        (swap("data.json", '{"a": 1}', '{"a": 1,}'), "data.json:"),
    ],
)
def test_what_may_not_be_changed_is_refused_in_words(bench: Bench, reply: str, problem: str) -> None:
    found = judged(bench, reply)
    assert not found.holds
    assert any(problem in one for one in found.problems), found.problems
    assert "\n" not in found.why


def test_edits_that_change_nothing_are_no_proposal(bench: Bench) -> None:
    found = judged(bench, whole("shop/cart.py", CART))
    assert found.problems == ("The edits change nothing: the files already look like that.",)
    assert found.why == "The edits change nothing: the files already look like that"


def test_edits_that_take_each_other_back_change_nothing_either(bench: Bench) -> None:
    there = swap("shop/cart.py", "    result = 0", "    result = 1")
    found = judged(bench, there + swap("shop/cart.py", "    result = 1", "    result = 0"))
    assert not found.holds
    assert found.changes == ()


def test_a_file_shown_as_a_whole_may_be_rewritten_as_a_whole(bench: Bench) -> None:
    found = judged(bench, whole("shop/cart.py", "def total(prices):\n    return sum(prices)\n"))
    assert found.holds


def test_line_ends_are_kept(bench: Bench) -> None:
    found = judged(bench, swap("dos.py", "two = 2", "two = 2\nthree = 3"))
    assert [one.after for one in found.changes] == ["one = 1\r\ntwo = 2\r\nthree = 3\r\n"]


def test_the_mode_is_kept_and_a_new_file_is_a_plain_one(bench: Bench) -> None:
    found = judged(bench, swap("run.sh", "echo one", "echo two") + whole("new.sh", "echo\n"))
    assert [(one.path, one.mode) for one in found.changes] == [("new.sh", "100644"), ("run.sh", "100755")]


def test_a_deleted_file_is_a_change(bench: Bench) -> None:
    found = judged(bench, "Title: x\n\n<<<<<<< DELETE dos.py\n")
    assert [(one.path, one.after) for one in found.changes] == [("dos.py", None)]


def test_sizes_are_limited_by_the_rules(bench: Bench) -> None:
    found = judged(bench, RIGHT, rules=ChangeRules(max_lines=1))
    assert found.problems == ("2 lines are changed, the limit is 1 (`limits.lines`)",)


def test_a_permitted_path_is_permitted(bench: Bench) -> None:
    assert judged(bench, whole("AGENTS.md", "Be nice.\n"), rules=ChangeRules(allow=("AGENTS.md",))).holds


@pytest.mark.parametrize("reply", [swap("shop/cart.py", "    result = 0", "'\ud800'"), whole("new.md", "\ud800\n")])
def test_text_that_no_file_can_hold_is_refused_not_a_crash(bench: Bench, reply: str) -> None:
    found = judged(bench, reply)
    assert not found.holds
    assert "\ud800" not in found.why


def test_findings_that_are_no_errors_are_shown_as_evidence_up_to_a_bound(bench: Bench) -> None:
    lines = "".join(f"k{number}: 1\nk{number}: 2\n" for number in range(300))
    found = judged(bench, whole("many.yml", lines))
    assert sum(len(one.name) + len(one.outcome) for one in found.proofs) < 3000
    assert any("rows are left out here" in one.outcome for one in found.proofs)


def test_an_explanation_that_goes_on_for_ever_is_cut(bench: Bench) -> None:
    found = judged(bench, RIGHT.replace("The loop skipped it.", "The loop skipped it.\n" * 5000))
    assert found.holds
    assert found.summary.startswith("The loop skipped it.\n")
    assert len(found.summary) <= 8000


@pytest.mark.parametrize(
    ("explanation", "title", "rest"),
    [
        ("Title: Count it\nBecause.", "Count it", "Because."),
        ("**Title:** Count it\n\nBecause.", "Count it", "Because."),
        ("**Title: Count it**\nBecause.", "Count it", "Because."),
        ("# Title: Count it\nBecause.", "Count it", "Because."),
        ("title: `count`\nBecause.", "count", "Because."),
        ("`Title: Count it`", "Count it", ""),
        ("Here it is.\n\nTitle: Count it\nBecause.", "Count it", "Here it is.\n\nBecause."),
        ("1\n2\n3\nTitle: too late", "", "1\n2\n3\nTitle: too late"),
        ("Title:\nBecause.", "", "Title:\nBecause."),
        ("Subtitle: no", "", "Subtitle: no"),
        ("Because.", "", "Because."),
        ("", "", ""),
        ("Title: a: b", "a: b", ""),
        ("Title: " + "word " * 40, "word " * 14 + "…", ""),
    ],
)
def test_the_title_is_taken_from_the_first_lines(explanation: str, title: str, rest: str) -> None:
    found = split_title(explanation)
    assert found[0] == title or found[0].replace(" …", "…") == title.replace(" …", "…")
    assert found[1] == rest
    assert len(found[0]) <= 72
