"""Edits: the ladder rung by rung, what is kept, what is refused, and all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.edits import (
    MAX_EDITS,
    MAX_FAILURES,
    Applied,
    DeleteFile,
    EditFailure,
    FileEdit,
    MoveFile,
    ReplaceText,
    WriteFile,
    apply_edits,
    ask_again,
    describe_failures,
    mended,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

BANK = '''\
"""A small bank."""


class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        # Adds the money; negative amounts are refused.
        if amount < 0:
            raise ValueError("negative deposit")
        self.balance += amount

    def withdraw(self, amount):
        # Takes the money; overdrafts are not yet refused.
        self.balance -= amount
        return self.balance

    def close(self):
        self.owner = None
'''
OLD = """\
    def withdraw(self, amount):
        # Takes the money; overdrafts are not yet refused.
        self.balance -= amount
        return self.balance
"""
NEW = """\
    def withdraw(self, amount):
        # Takes the money; overdrafts are not yet refused.
        if amount > self.balance:
            raise ValueError("overdraft")
        self.balance -= amount
        return self.balance
"""
WANTED = BANK.replace(OLD, NEW)


def replace(text: str, old: str, new: str) -> Applied:
    return apply_edits({"bank.py": text}, [ReplaceText("bank.py", old, new)])


def reason(applied: Applied) -> str:
    assert applied.files == {}
    return applied.failures[0].reason


def dedented(text: str) -> str:
    return "".join(line.removeprefix("    ") for line in text.splitlines(keepends=True))


def indented(text: str) -> str:
    return "".join("    " + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(str, id="exact"),
        pytest.param(str.rstrip, id="no last newline"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace("\n", "  \n"), id="trailing spaces"),
        pytest.param(lambda text: text.replace(" ", "\u00a0"), id="no-break spaces"),
        pytest.param(dedented, id="less indented"),
        pytest.param(indented, id="more indented"),
        pytest.param(lambda text: text.replace("overdrafts are", "overdrafs are"), id="typo in a comment"),
        pytest.param(lambda text: text.replace(" yet", ""), id="word left out of a comment"),
    ],
)
def test_a_slip_in_quoting_is_forgiven(mangle: Callable[[str], str]) -> None:
    applied = replace(BANK, mangle(OLD), mangle(NEW))
    made = applied.files.get("bank.py")
    assert made is not None, applied.failures
    # the lines that the edit brings in are the model's own, down to its white space
    assert made.replace("\u00a0", " ").replace("  \n", "\n") == WANTED


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        pytest.param("a  \nb\nc\n", "a\nb\n", "a\nB\n", "a  \nB\nc\n", id="trailing space of a kept line stays"),
        pytest.param("say “hi” # x\n", 'say "hi" # x\n', 'say "ho" # x\n', "say “ho” # x\n", id="real quotes stay"),
        pytest.param(
            "a \u2013 b\nc\n", "a - b\nc\n", "a - b\nd\n", "a \u2013 b\nd\n", id="real dash in a kept line stays"
        ),
        pytest.param("if x:\n\tf()\n\tg()\n", "f()\ng()\n", "f()\nh()\n", "if x:\n\tf()\n\th()\n", id="tabs"),
        pytest.param("  a\n\n  b\n", "a\n\nb\n", "a\n\nc\n", "  a\n\n  c\n", id="blank lines have no indentation"),
        pytest.param("x\ny\n", "x\n", "", "y\n", id="deletion"),
        pytest.param("x\ny\n", "y\n", "y\nz\n", "x\ny\nz\n", id="insertion at the end"),
        pytest.param(
            "a('x')\nb\n",
            "a(\u2019x\u2019)\nb\n",
            "a(\u2019x\u2019)\nc(\u2019y\u2019)\n",
            "a('x')\nc('y')\n",
            id="copied typography goes",
        ),
        pytest.param("a\nb\n", "a  \nb  \n", "a  \nc  \n", "a\nc\n", id="copied trailing space goes"),
        pytest.param("a  \nb\n", "a \nb\n", "a \nc  \n", "a  \nc  \n", id="trailing space that the file has stays"),
        pytest.param("  “q”\ny\n", '"q"\n', "", "y\n", id="deletion of a line in other typography and depth"),
    ],
)
def test_the_change_is_put_onto_the_real_lines(file: str, old: str, new: str, wanted: str) -> None:
    assert replace(file, old, new).files == {"bank.py": wanted}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb\r\nc\r\n", "a\r\nB\r\nB2\r\nc\r\n"),
        ("\ufeffa\nb\nc\n", "\ufeffa\nB\nB2\nc\n"),
        ("a\nb\nc", "a\nB\nB2\nc"),
        ("a\nb", "a\nB\nB2"),
        ("\ufeffa\r\nb", "\ufeffa\r\nB\r\nB2"),
        ("a\r\nb\nc\r\n", "a\r\nB\r\nB2\r\nc\r\n"),
        ("a\nb\nc\r\nd\n", "a\nB\nB2\nc\r\nd\n"),
        ("a\x0cx\nb\nc\u2028\n", "a\x0cx\nB\nB2\nc\u2028\n"),
    ],
)
@pytest.mark.parametrize("crlf", [False, True])
def test_line_ends_mark_and_final_newline_are_the_files_own(before: str, after: str, crlf: bool) -> None:
    old, new = ("b\r\n", "B\r\nB2\r\n") if crlf else ("b\n", "B\nB2\n")
    assert replace(before, old, new).files == {"bank.py": after}


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        ("a\r\nb\r\n", "a\nc\n", "a\r\nc\r\n"),
        ("\ufeffa\nb\n", "a\nc\n", "\ufeffa\nc\n"),
        ("a\nb", "a\nc\n", "a\nc"),
        ("a\nb\r\nc\n", "a\nb\nd\n", "a\nb\r\nd\n"),
        ("", "a\n", "a\n"),
    ],
)
def test_a_whole_file_keeps_what_the_file_had(before: str, content: str, after: str) -> None:
    assert apply_edits({"f": before}, [WriteFile("f", content)]).files == {"f": after}


@pytest.mark.parametrize(
    ("edits", "files"),
    [
        ([WriteFile("new/a.py", "x\n")], {"new/a.py": "x\n"}),
        ([WriteFile("__init__.py", "")], {"__init__.py": ""}),
        ([ReplaceText("new.py", "", "x\n")], {"new.py": "x\n"}),
        ([ReplaceText("empty.py", "", "x\n")], {"empty.py": "x\n"}),
        ([DeleteFile("bank.py")], {"bank.py": None}),
        ([ReplaceText("n", "", "a\nb\n"), ReplaceText("n", "b\n", "c\n")], {"n": "a\nc\n"}),
        ([ReplaceText("two", "x\n", "z\n"), ReplaceText("two", "z\ny\n", "w\n")], {"two": "w\n"}),
        ([WriteFile("n", "a\n"), DeleteFile("n")], {}),
        ([ReplaceText("two", "x\n", "x\n")], {}),
        ([WriteFile("two", "x\ny\n")], {}),
        ([WriteFile("labelled.py", "y = 2\n", label="# labelled.py")], {"labelled.py": "# labelled.py\ny = 2\n"}),
        ([WriteFile("two", "y\n", label="two")], {"two": "y\n"}),
    ],
)
def test_edits_apply_in_order(edits: list[FileEdit], files: dict[str, str | None]) -> None:
    given_files = {"bank.py": BANK, "empty.py": "\n", "two": "x\ny\n", "labelled.py": "# labelled.py\nx = 1\n"}
    applied = apply_edits(given_files, edits)
    assert applied.failures == ()
    assert applied.files == files


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        pytest.param("x\ny\nx\n", "x\n", "z\n", "several places", id="twice exactly"),
        pytest.param("x\ny\nx \n", "x  \n", "z\n", "several places", id="twice but for trailing space"),
        pytest.param("a\n  x\nb\n    x\n", "x\n", "z\n", "several places", id="twice at other depths"),
        pytest.param("x\nx\nx\n", "x\nx\n", "z\n", "several places", id="overlapping"),
        pytest.param(BANK, "def nothing_like_it():\n", "x\n", "not in the file", id="nowhere"),
        pytest.param("if a:\n    b()\n", "b()\n", "    c()\n", "not in the file", id="new lines stand deep already"),
        pytest.param("a\nb\n", "a\nb\n", "", "empty", id="nothing left"),
        pytest.param("a\nb\n", "", "c\n", "nothing is quoted", id="empty search in a full file"),
        pytest.param("\t \n\n", "\n\n\n", "x\n", "not in the file", id="blank lines are looked for exactly"),
    ],
)
def test_what_is_not_clear_is_refused(file: str, old: str, new: str, why: str) -> None:
    assert why in reason(replace(file, old, new))


def test_a_misquoted_block_among_siblings_nearly_as_like_it_is_refused() -> None:
    template = (
        "def handle_{0}(request, response):\n    check_rights(request)\n    log(request)\n    send_{0}(response)\n"
    )
    siblings = "\n\n".join(template.format(name) for name in ("alphas", "betas", "gammas", "deltas"))
    old = template.format("betes")
    refused = replace(siblings, old, old + "    done()\n")
    assert "several places" in reason(refused)
    assert refused.failures[0].nearest


@pytest.mark.parametrize(
    ("quoted", "real"),
    [
        ("    listen: 8081", "    listen: 8082"),
        ("    total -= amount", "    total += amount"),
        ("    def get_user(self):", "    def set_user(self):"),
        ("    def handle_a(self):", "    def handle_b(self):"),
        ("    def take_out(self):", "    def withdraw(self):"),
        ("    return value", "    return value or None"),
    ],
)
def test_another_line_of_code_is_never_taken_for_a_slip(quoted: str, real: str) -> None:
    around = "    protocol: transport\n    timeout: reasonable\n{}\n    retries: plenty and more\n    log: everything\n"
    kept = replace(around.format(real), around.format(quoted), around.format(quoted).replace("plenty", "none"))
    assert kept.files.get("bank.py", around.format(real)).splitlines()[2] == real  # type: ignore[union-attr]
    changed = replace(around.format(real), quoted + "\n", "    something_else()\n")
    assert reason(changed)


def test_a_change_of_words_that_the_model_misremembers_is_refused() -> None:
    old = OLD.replace("self.balance -= amount", "self.balances -= amount")
    new = old.replace("self.balances -= amount", "self.total -= amount")
    refused = replace(BANK, old, new)
    assert "very lines that are to change" in reason(refused)
    assert ">    17 |         self.balance -= amount" in refused.failures[0].nearest


def test_a_change_beside_a_misremembered_word_is_made_and_the_real_word_stays() -> None:
    old = OLD.replace("Takes the money;", "Takes teh money;")
    new = old.replace("are not yet refused", "are refused")
    assert replace(BANK, old, new).files == {"bank.py": BANK.replace("overdrafts are not yet", "overdrafts are")}


def test_an_insertion_next_to_a_line_left_out_of_the_quote_is_refused() -> None:
    file = BANK.replace("        self.balance -= amount\n", "        log()\n        self.balance -= amount\n")
    assert "very lines" in reason(replace(file, OLD, NEW))


def test_an_insertion_beside_one_of_two_equal_lines_of_which_one_was_left_out_is_refused() -> None:
    quoted = "first_of_all_things()\n\nlast_of_all_things()\n"
    file = quoted.replace("\n\n", "\n\n\n")
    assert "very lines" in reason(replace(file, quoted, quoted.replace("\n\n", "\nadded()\n\n")))


def test_a_line_left_out_of_the_quote_elsewhere_is_kept() -> None:
    file = BANK.replace("        return self.balance\n", "        log()\n        return self.balance\n")
    wanted = WANTED.replace("        return self.balance\n", "        log()\n        return self.balance\n")
    assert replace(file, OLD, NEW).files == {"bank.py": wanted}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OLD, NEW),
        ("        return self.balance\n", "        return self.balance or None\n"),
        ('            raise ValueError("negative deposit")\n', '            raise ValueError("no negative deposit")\n'),
    ],
)
def test_what_was_applied_already_counts_as_done(old: str, new: str) -> None:
    once = replace(BANK, old, new).files["bank.py"]
    assert once is not None
    assert replace(once, old, new) == Applied({}, ())


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("a\nb\nx = 1\n", "def gone():\n", "x = 1\n", id="too common to say"),
        pytest.param("return totals_of(x)\n" * 2, "return sum(x)\n", "return totals_of(x)\n", id="twice"),
        pytest.param(
            BANK + "\n\nlog_all_the_accounts()\n",
            OLD.replace("balance", "money"),
            "log_all_the_accounts()\n",
            id="not where the old lines were",
        ),
    ],
)
def test_only_what_is_distinctive_counts_as_done_already(file: str, old: str, new: str) -> None:
    assert reason(replace(file, old, new))


LONG = "".join(f"line {number}\n" for number in range(100))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (WriteFile("long", "line 1\nline 2\n"), "given in 2 lines, but it has 100"),
        (WriteFile("long", ""), "empty"),
        (WriteFile("bank.py", " \n"), "empty"),
        (WriteFile("bank.py", "class Account:\n    # ... rest of the code unchanged ...\n"), "stands in for code"),
        (ReplaceText("bank.py", "        self.owner = None\n", "        // existing code\n"), "stands in"),
        (WriteFile("bank.py", BANK + "<<<<<<< HEAD\n"), "marker"),
        (ReplaceText("bank.py", "        self.owner = None\n", ">>>>>>> REPLACE\n"), "marker"),
        (WriteFile("bank.py", BANK + "\0"), "no text file"),
        (WriteFile("new", "\ud800"), "no text file"),
        (WriteFile("../x", "a\n"), "leaves the repository"),
        (WriteFile(".git/hooks/x", "a\n"), "git's own"),
        (DeleteFile("gone"), "no such file"),
        (ReplaceText("gone", "a\n", "b\n"), "no such file"),
        (WriteFile("BANK.py", "a\n"), "upper and lower case"),
        (WriteFile("long/x", "a\n"), "file and a folder"),
        (WriteFile("dir", "a\n"), "file and a folder"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_else_is_kept(edit: FileEdit, why: str) -> None:
    files = {"bank.py": BANK, "long": LONG, "dir/a": "x\n", "other": "x\n"}
    applied = apply_edits(files, [ReplaceText("other", "x\n", "y\n"), edit])
    assert why in reason(applied)
    assert [(failure.path, failure.index) for failure in applied.failures] == [(edit.path, 1)]


def test_markers_and_stand_ins_that_were_there_before_are_not_held_against_an_edit() -> None:
    file = "<<<<<<< HEAD\na\n# ... rest of the code ...\n"
    assert replace(file, "a\n", "b\n").files == {"bank.py": file.replace("a\n#", "b\n#")}


@pytest.mark.parametrize(
    "line",
    [
        "# ... existing code ...",
        "// ...rest of code",
        "/* ... unchanged code ... */",
        "# The rest of the function remains the same",
        "    # rest of the class unchanged",
        "<!-- existing content unchanged -->",
        "... existing code ...",
        "// other methods unchanged",
        "# remaining tests omitted",
        "{/* ... existing code ... */}",
        "-- rest of the file",
        "# … unchanged …",
        "# code omitted for brevity",
        "# your code here",
    ],
)
def test_a_comment_in_the_place_of_code_is_found(line: str) -> None:
    assert "stands in for code" in reason(replace("a = 1\n", "a = 1\n", line + "\n"))


@pytest.mark.parametrize(
    "line",
    [
        "# Loading the rest of the configuration...",
        "# skip the rest of the file",
        "...",
        "    ...",
        "def f(): ...",
        "# other imports",
        "const {a, ...rest} = b",
        "# ... and so on",
        "# The existing code path handles None already",
        "=======",
        "rest of the code",
        "print('existing code')",
        "# unchanged since 1998",
        ">>> f()",
        "# Wait for the rest...",
        "<<< heredoc",
        "# Original file",
        "x" * 100_000,
    ],
)
def test_honest_lines_are_not_taken_for_stand_ins_or_markers(line: str) -> None:
    assert replace("a = 1\n", "a = 1\n", line + "\n").files == {"bank.py": line + "\n"}


def test_one_failure_among_many_keeps_every_file_as_it_was() -> None:
    files = {f"f{number}": "x\n" for number in range(5)}
    edits: list[FileEdit] = [ReplaceText(path, "x\n", "y\n") for path in files]
    edits.insert(2, ReplaceText("f4", "unknown words\n", "y\n"))
    applied = apply_edits(files, edits)
    assert applied.files == {}
    assert [(failure.index, failure.path) for failure in applied.failures] == [(2, "f4")]
    assert set(files.values()) == {"x\n"}


def test_many_failures_are_cut_short_and_too_many_edits_are_not_begun() -> None:
    wrong = [ReplaceText("bank.py", f"nothing {number}\n", "y\n") for number in range(40)]
    assert len(apply_edits({"bank.py": BANK}, wrong).failures) == MAX_FAILURES
    assert "more than" in reason(apply_edits({}, [WriteFile("a", "x\n")] * (MAX_EDITS + 1)))


def test_too_many_slips_are_not_all_searched_for() -> None:
    file = "".join(f"line_{number} \n" for number in range(300))
    edits = [ReplaceText("f", f"line_{number}\n", f"new_{number}\n") for number in range(300)]
    assert "too many lines were quoted wrongly" in reason(apply_edits({"f": file}, edits))


def test_failures_read_well(snapshot: SnapshotAssertion) -> None:
    edits = [
        ReplaceText("bank.py", OLD.replace("withdraw", "take_out").replace("overdrafts", "debts"), NEW),
        ReplaceText("bank.py", OLD.replace("balance -=", "balances -="), OLD.replace("balance -=", "total -=")),
        ReplaceText("bank.py", "@decorated\n", "x\n"),
        ReplaceText("twice.py", "run()\n", "walk()\n"),
        ReplaceText("hostile\x1b[2J.py", "a\n", "b\n"),
        ReplaceText("hostile.py", "red words in here\nand more\n", "b\n"),
    ]
    files = {
        "bank.py": BANK,
        "twice.py": "run()\na\nb\nc\nd\ne\nrun()\nf",
        "hostile.py": "\x1b[31mred words in here\u202e\n" + "long words " * 50,
    }
    assert describe_failures(apply_edits(files, edits).failures) == snapshot


def test_a_failure_without_lines_is_one_sentence() -> None:
    assert describe_failures([]) == ""
    assert describe_failures([EditFailure("a", 0, "it is wrong")]) == "Edit 1, a: it is wrong"


LINES = st.lists(
    st.sampled_from(["", "a", "b", "  a", "    b()", "x = 1", "x = 2 ", "é “q”", "# note", "\tdeep"]), max_size=30
)


@given(LINES, LINES, st.data(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_a_quoted_window_is_replaced_and_nothing_else_or_the_edit_is_refused(
    before: list[str], new: list[str], data: st.DataObject, newline: str, bom: bool, ended: bool
) -> None:
    assume(len(before) > 1)
    start = data.draw(st.integers(0, len(before) - 1))
    stop = data.draw(st.integers(start + 1, len(before)))
    whole = [*before[:start], *new, *before[stop:]]
    assume(ended or (before[-1] and whole and whole[-1]))

    def text(lines: list[str]) -> str:
        return ("\ufeff" if bom else "") + newline.join(lines) + (newline if ended and lines else "")

    applied = replace(text(before), "".join(x + "\n" for x in before[start:stop]), "".join(x + "\n" for x in new))
    if applied.failures:
        windows = [before[at : at + stop - start] for at in range(len(before) - (stop - start) + 1)]
        emptied = any(map(str.strip, before)) and not any(map(str.strip, whole))
        assert windows.count(before[start:stop]) > 1 or emptied
    else:
        assert applied.files.get("bank.py", text(before)) == text(whole)


WORDS = st.sampled_from(["load", "save", "total", "index", "user", "(", ")", " = ", " + ", "value", "“", '"', "1", "2"])
CODE = st.lists(st.lists(WORDS, min_size=2, max_size=8).map("".join), min_size=4, max_size=25)


@given(CODE, st.data())
def test_a_forgiving_match_never_touches_lines_outside_the_change(before: list[str], data: st.DataObject) -> None:
    size = data.draw(st.integers(3, len(before)))
    start = data.draw(st.integers(0, len(before) - size))
    old = before[start : start + size]
    at, slip = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    letter = data.draw(st.integers(0, len(old[slip]) - 1))
    mangled = [line[:letter] + line[letter + 1 :] if k == slip else line for k, line in enumerate(old)]
    new = ["brand_new_line()" if k == at else line for k, line in enumerate(mangled)]
    applied = replace("\n".join(before) + "\n", "\n".join(mangled) + "\n", "\n".join(new) + "\n")
    if applied.files:
        made = (applied.files["bank.py"] or "").split("\n")[:-1]
        assert len(made) == len(before)
        assert [b for a, b in zip(before, made, strict=True) if a != b] == ["brand_new_line()"]


def test_a_place_in_a_long_file_is_found_by_its_rare_words() -> None:
    lines = [f"    value_{number} = compute(value_{number}, other)" for number in range(20_000)]
    lines[15_000:15_004] = OLD.splitlines()
    old = OLD.replace("overdrafts are", "overdrafs are")
    applied = replace("\n".join(lines), old, old.replace("return self.balance", "return None"))
    made = (applied.files["bank.py"] or "").split("\n")
    assert [pair for pair in zip(lines, made, strict=True) if pair[0] != pair[1]] == [
        ("        return self.balance", "        return None")
    ]


def test_edits_of_one_file_are_placed_in_it_as_it_was() -> None:
    edits = [ReplaceText("f", "a\n", "b\n"), ReplaceText("f", "b\nc\n", "b\nd\n")]
    assert apply_edits({"f": "a\nb\nc\n"}, edits).files == {"f": "b\nb\nd\n"}


def test_edits_that_take_each_other_back_change_nothing() -> None:
    edits = [ReplaceText("bank.py", OLD, NEW), ReplaceText("bank.py", NEW, OLD)]
    assert apply_edits({"bank.py": BANK}, edits) == Applied({}, ())


def test_overlapping_edits_are_tried_one_on_the_other() -> None:
    edits = [ReplaceText("f", "a\nb\n", "a\nB\n"), ReplaceText("f", "a\nB\nc\n", "a\nB\nC\n")]
    assert apply_edits({"f": "a\nb\nc\n"}, edits).files == {"f": "a\nB\nC\n"}
    clashing = [ReplaceText("f", "a\nb\n", "x\n"), ReplaceText("f", "b\nc\n", "y\n")]
    assert reason(apply_edits({"f": "a\nb\nc\n"}, clashing))


@pytest.mark.parametrize(
    ("edits", "files"),
    [
        ([MoveFile("bank.py", "vault.py")], {"bank.py": None, "vault.py": BANK}),
        ([ReplaceText("bank.py", OLD, NEW), MoveFile("bank.py", "vault.py")], {"bank.py": None, "vault.py": WANTED}),
    ],
)
def test_a_file_moves_with_its_changes(edits: list[FileEdit], files: dict[str, str | None]) -> None:
    assert apply_edits({"bank.py": BANK}, edits).files == files


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (MoveFile("gone.py", "x.py"), "no such file"),
        (MoveFile("bank.py", "other.py"), "is there already"),
        (MoveFile("bank.py", "../x.py"), "leaves the repository"),
        (MoveFile("bank.py", "OTHER.py"), "upper and lower case"),
    ],
)
def test_a_move_that_would_harm_is_refused(edit: FileEdit, why: str) -> None:
    assert why in reason(apply_edits({"bank.py": BANK, "other.py": "x\n"}, [edit]))


ELIDED = "class Account:\n...\n        self.balance -= amount\n"


def test_left_out_lines_stay() -> None:
    applied = replace(BANK, ELIDED, ELIDED.replace("Account", "Purse").replace("-=", "+="))
    assert applied.files == {"bank.py": BANK.replace("Account", "Purse").replace("-=", "+=")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(ELIDED, ELIDED.replace("...\n", ""), id="left out in one half only"),
        pytest.param(
            ELIDED.replace("self.balance -= amount", "self.owner"), ELIDED.replace("-= amount", "\n"), id="unknown end"
        ),
        pytest.param("...\nclass Account:\n", "import os\n...\nclass Account:\n", id="nothing quoted before the dots"),
    ],
)
def test_what_was_left_out_unclearly_is_refused(old: str, new: str) -> None:
    assert reason(replace(BANK, old, new))


def test_dots_that_the_file_has_are_text() -> None:
    file = "def f():\n    ...\n\n\ndef g():\n    ...\n"
    old = "def g():\n    ...\n"
    assert replace(file, old, "def h():\n    ...\n").files == {"bank.py": file.replace("def g", "def h")}


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        pytest.param("x\n\n\na()\nb()\n", "x\na()\nb()\n", "x\na()\nB()\n", "x\n\n\na()\nB()\n", id="blank lines"),
        pytest.param("x\na()\nb()\n", "x\n\na()\nb()\n", "x\n\na()\nB()\n", "x\na()\nB()\n", id="too many of them"),
        pytest.param("x\n\na()\n", "x\na()\n", "x\nnew()\na()\n", None, id="beside an insertion"),
        pytest.param("a()\nlog()\nb()\nc()\nd()\n", "a()\nb()\nc()\nd()\n", "a()\nb()\nc()\nD()\n",
                     "a()\nlog()\nb()\nc()\nD()\n", id="a line"),
        pytest.param("a()\nlog()\nb()\nc()\nd()\n", "a()\nb()\nc()\nd()\n", "A()\nb()\nc()\nd()\n", None,
                     id="a line beside the change"),
        pytest.param("a()\nb()\n# word one two\nd()\n", "# wrod one two\nd()\n", "d()\n", "a()\nb()\nd()\n",
                     id="a misspelt comment is removed"),
    ],
)  # fmt: skip
def test_lines_that_were_left_out_of_the_quote(file: str, old: str, new: str, wanted: str | None) -> None:
    applied = replace(file, old, new)
    assert applied.files == ({} if wanted is None else {"bank.py": wanted})


def test_typographic_quotes_of_one_edit_tell_of_those_of_another() -> None:
    files = {"a.py": "f('x')\n", "b.py": "g()\n"}
    edits = [
        ReplaceText("a.py", "f(\u2019x\u2019)\n", "f(\u2019y\u2019)\n"),
        ReplaceText("b.py", "g()\n", "g(\u2019z\u2019)\n"),
    ]
    assert apply_edits(files, edits).files == {"a.py": "f('y')\n", "b.py": "g('z')\n"}
    assert "typographic quotes" in reason(replace("f('x')\n", "f('x')\n", "f(\u2019y\u2019)\n"))
    assert replace("f('x') # \u201c\u201d\n", "f('x') # \u201c\u201d\n", "f('y') # \u201ca\u201d\n").files == {
        "bank.py": "f('y') # \u201ca\u201d\n"
    }


def test_lines_that_follow_already_are_not_put_in_again() -> None:
    file = "start()\nregister_the_new_handler(for_all_of_the_events)\nend()\n"
    old = "start()\n"
    assert replace(file, old, old + file.split("\n")[1] + "\n") == Applied({}, ())
    assert replace("a()\n}\n", "a()\n", "a()\n}\n").files == {"bank.py": "a()\n}\n}\n"}


def test_only_the_failed_edits_are_asked_for_again(snapshot: SnapshotAssertion) -> None:
    edits: list[FileEdit] = [
        ReplaceText("bank.py", OLD, NEW),
        ReplaceText("bank.py", "        self.owner = nobody\n", "        del self.owner\n"),
        WriteFile("new.py", "x = 1\n"),
    ]
    failures = apply_edits({"bank.py": BANK}, edits).failures
    assert "\n=====\n".join([ask_again(edits, failures), ask_again(edits, failures, whole=True)]) == snapshot
    again = ReplaceText("bank.py", "        self.owner = None\n", "        del self.owner\n")
    mend = mended(edits, failures, [again])
    assert mend == (edits[0], edits[2], again)
    assert apply_edits({"bank.py": BANK}, mend).failures == ()
    assert mended(edits, failures, [edits[0], again]) == mend
    assert mended(edits, failures, [WriteFile("bank.py", "y = 1\n")]) == (edits[2], WriteFile("bank.py", "y = 1\n"))
