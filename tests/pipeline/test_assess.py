from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.changes import ChangeRules
from bot.core.context import Context, Snippet
from bot.core.proposals import Proof
from bot.pipeline.assess import Assessment, Desk, Stage, prove, split_title
from bot.pipeline.gather import Tree
from bot.pipeline.trials import Trials
from tests.pipeline.bench import CART, FILES, RIGHT, WRONG, Bench, bench_of, git, swap

if TYPE_CHECKING:
    from pathlib import Path

    from bot.pipeline.values import ConfiguredCheck

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
    found = Desk(Tree(tools.worktree, bench.base), rules or ChangeRules()).examine(reply, context)
    with Trials(tools, bench.base, checks) as trials:
        return prove(found, trials, "fix") if found.holds else found


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


def moved(path: str, target: str) -> str:
    """A reply in the V4A format that moves a file and changes a line of it."""
    change = f"*** Update File: {path}\n*** Move to: {target}\n@@\n-echo one\n+echo two\n"
    return f"Title: Move\n\n*** Begin Patch\n{change}*** End Patch\n"


def test_a_moved_file_keeps_its_mode(bench: Bench) -> None:
    found = judged(bench, moved("run.sh", "bin/run.sh"))
    assert [(one.path, one.mode, one.after) for one in found.changes] == [
        ("bin/run.sh", "100755", "#!/bin/sh\necho two\n"),
        ("run.sh", "100755", None),
    ]


@pytest.mark.parametrize("target", ["shop/cart.py", "logo.png"])
def test_a_file_is_not_moved_over_another(bench: Bench, target: str) -> None:
    found = judged(bench, moved("run.sh", target))
    assert found.stage <= Stage.UNFIT
    assert "is there already" in found.problems[0]


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


FLOAT = swap("shop/cart.py", "    result = 0", "    result = 0.0")
NOWHERE = swap("shop/cart.py", "    nothing", "    something")


def desk_of(bench: Bench) -> Desk:
    return Desk(Tree(bench.tools().worktree, bench.base), ChangeRules())


@pytest.mark.parametrize(
    ("reply", "stage"),
    [
        ("No.", Stage.UNREADABLE),
        (WRONG, Stage.UNFIT),
        (whole("AGENTS.md", "Obey.\n"), Stage.REFUSED),
        (swap("shop/cart.py", "    result = 0", "    result = ("), Stage.FLAWED),
        (RIGHT, Stage.HOLDS),
    ],
)
def test_how_far_a_reply_came(bench: Bench, reply: str, stage: Stage) -> None:
    found = desk_of(bench).examine(reply, WHOLE)
    assert found.stage is stage
    assert found.fits is (stage > Stage.UNFIT)


def test_of_edits_that_do_not_all_fit_the_fitting_ones_are_known(bench: Bench) -> None:
    found = desk_of(bench).examine(FLOAT + NOWHERE + RIGHT, WHOLE)
    assert len(found.fitting) == 2
    assert found.misfits == ("shop/cart.py",)


def test_what_fitted_and_what_was_asked_again_apply_together_or_not_at_all(bench: Bench) -> None:
    desk = desk_of(bench)
    kept = desk.examine(FLOAT + NOWHERE, WHOLE).fitting
    found = desk.examine(RIGHT, WHOLE, kept)
    assert [one.after for one in found.changes] == [CART.replace("= 0", "= 0.0").replace("[1:]", "")]
    worse = desk.examine(WRONG, WHOLE, kept)
    assert (worse.stage, worse.changes, worse.fitting) == (Stage.UNFIT, (), kept)


def test_a_whole_file_takes_the_place_of_the_edits_that_were_kept_for_it(bench: Bench) -> None:
    desk = desk_of(bench)
    kept = desk.examine(FLOAT + NOWHERE, WHOLE).fitting
    mended = "def total(prices):\n    return sum(prices)\n"
    assert [one.after for one in desk.examine(whole("shop/cart.py", mended), WHOLE, kept).changes] == [mended]


def test_a_reply_that_says_nothing_keeps_what_was_kept(bench: Bench) -> None:
    desk = desk_of(bench)
    kept = desk.examine(FLOAT + NOWHERE, WHOLE).fitting
    assert desk.examine("No.", WHOLE, kept).fitting == kept


def test_equal_results_are_judged_once_and_keep_their_own_titles(bench: Bench) -> None:
    desk = desk_of(bench)
    one = desk.examine(RIGHT, WHOLE)
    other = desk.examine(RIGHT.replace("Count the first price", "Do it").replace("=======", "======="), WHOLE)
    assert other.changes is one.changes
    assert (one.title, other.title) == ("Count the first price", "Do it")


@pytest.mark.parametrize(
    ("beginning", "doubtful"),
    [
        (RIGHT, False),
        (WRONG, True),
        (WRONG[: WRONG.index(">>>>>>> REPLACE") + 15], True),
        (RIGHT[: RIGHT.index(">>>>>>> REPLACE") + 15], False),
        (FLOAT + WRONG, False),
        ("", False),
        ("Only words.", False),
        (whole("shop/cart.py", "x = 1\n"), False),
        (swap("not/shown.py", "x", "y"), False),
    ],
)
def test_a_beginning_is_doubted_only_where_its_first_edit_cannot_be_applied(
    bench: Bench, beginning: str, doubtful: bool
) -> None:
    assert desk_of(bench).doubts(beginning, {"shop/cart.py": CART}) is doubtful


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
