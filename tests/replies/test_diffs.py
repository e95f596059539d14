"""Unified diffs and V4A patches: as they should be, as models write them, and what is refused."""

from __future__ import annotations

import pytest

from bot.core.edits import DeleteFile, Hunk, MoveFile
from bot.replies import apply_reply, parse_reply

APP = """\
import os


class Cart:
    # Holds the prices.
    def __init__(self):
        self.prices = []

    def total(self):
        # Adds up all of the prices.
        result = 0
        for price in self.prices:
            result -= price
        return result


class Order:
    # Holds the prices.
    def __init__(self):
        self.prices = []

    def total(self):
        return sum(self.prices)
"""
FIXED = APP.replace("result -= price", "result += price")
FILES = {"src/app.py": APP, "src/util.py": "X = 1\n", "README.md": "# App\n\n- one\n- two\n", "empty.txt": ""}
HUNK = """\
         result = 0
         for price in self.prices:
-            result -= price
+            result += price
         return result
"""
HEAD = "--- a/src/app.py\n+++ b/src/app.py\n"
NUMBERS = "@@ -11,4 +11,4 @@ class Cart:\n"
DIFF = HEAD + NUMBERS + HUNK
PATCH = f"*** Begin Patch\n*** Update File: src/app.py\n@@ class Cart:\n@@     def total(self):\n{HUNK}*** End Patch\n"
TYPO = " " * 9 + "# Adds up al of the prices.\n"


def unmarked(text: str) -> str:
    return "".join(line.removeprefix(" ") for line in text.splitlines(keepends=True))


def tabbed(text: str) -> str:
    return "".join(line[0] + line[1:].replace("    ", "\t") + "\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(DIFF, id="as it should be"),
        pytest.param(f"diff --git a/src/app.py b/src/app.py\nindex 1234567..89abcde 100644\n{DIFF}", id="git"),
        pytest.param(f"diff --git a/src/app.py b/src/app.py\n{NUMBERS}{HUNK}", id="git line only"),
        pytest.param(f"```diff\n{DIFF}```\n", id="fenced"),
        pytest.param(f"Sure.\n\n```diff\n{DIFF}```\n\nThat was all.\n\n- one thing\n- another\n", id="chatter, fenced"),
        pytest.param(f"Sure.\n\n{DIFF}\nThat was all:\n\n- one thing\n- another\n", id="chatter, no fence"),
        pytest.param(f"````markdown\nHere:\n```diff\n{DIFF}```\n````\n", id="fence in a fence"),
        pytest.param(f"```diff\n{DIFF}", id="fence never closed"),
        pytest.param(f"```diff\n{DIFF}\nThat was all.\n", id="fence never closed before chatter"),
        pytest.param(DIFF.removesuffix("\n"), id="no last newline"),
        pytest.param(DIFF.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(DIFF.replace("a/", "").replace("b/", ""), id="no a/ and b/"),
        pytest.param(DIFF.replace("src/", ""), id="bare name"),
        pytest.param(DIFF.replace("src/", "project/src/"), id="folders too many"),
        pytest.param(DIFF.replace(".py\n", ".py\t2026-01-01 10:00:00\n", 2), id="time stamps"),
        pytest.param(DIFF.replace("+++ b/src/app.py\n", ""), id="no +++ line"),
        pytest.param(DIFF.replace("--- a/src/app.py\n", ""), id="no --- line"),
        pytest.param(f"src/app.py\n{NUMBERS}{HUNK}", id="path line"),
        pytest.param(f"src/app.py\n```diff\n{NUMBERS}{HUNK}```\n", id="path line before the fence"),
        pytest.param(f"src/app.py\n```diff\n{HUNK}```\n", id="no header at all"),
        pytest.param(f"In `src/app.py`, the sign is wrong:\n```diff\n{HUNK}```\n", id="path in a sentence"),
        pytest.param(f"```diff src/app.py\n{HUNK}```\n", id="path on the fence"),
        pytest.param(DIFF.replace("-11,4 +11,4", "-11,7 +12,2"), id="wrong counts"),
        pytest.param(DIFF.replace("-11,4 +11,4", "-81,4 +81,4"), id="wrong line"),
        pytest.param(DIFF.replace("-11,4 +11,4", "-11 +11"), id="no counts"),
        pytest.param(DIFF.replace(NUMBERS, "@@ ... @@\n"), id="dots for numbers"),
        pytest.param(DIFF.replace(NUMBERS, "@@\n"), id="@@ alone"),
        pytest.param(DIFF.replace(NUMBERS, ""), id="no @@ line"),
        pytest.param(HEAD + "@@\n" + unmarked(HUNK), id="kept lines without their mark"),
        pytest.param(DIFF.replace("+    ", "    ", 1), id="new line without its mark"),
        pytest.param(HEAD + "@@\n" + HUNK.replace("+    ", "    ", 1), id="the same without counts"),
        pytest.param(DIFF.replace("-    ", "    ", 1), id="old line without its mark, told by the counts"),
        pytest.param(HEAD + "@@\n" + TYPO + HUNK, id="typo in a kept comment"),
        pytest.param(HEAD + "@@\n" + HUNK.replace(" = ", "  =  "), id="inner space"),
        pytest.param(HEAD + "@@\n" + HUNK.replace("\n", "  \n"), id="trailing space"),
        pytest.param(HEAD + "@@\n" + tabbed(HUNK), id="tabs for spaces"),
        pytest.param(HEAD + "@@\n     def total(self):\n ...\n" + HUNK[HUNK.index("-") :], id="elided"),
        pytest.param(DIFF + DIFF, id="twice"),
        pytest.param(PATCH, id="V4A as it should be"),
        pytest.param(PATCH.replace("*** Begin Patch\n", ""), id="V4A without its beginning"),
        pytest.param(PATCH.replace("*** End Patch\n", ""), id="V4A without its end"),
        pytest.param(PATCH.replace("*** End Patch\n", "\nThat was all.\n- one\n"), id="V4A with chatter for an end"),
        pytest.param(f"```\n{PATCH}```\n", id="V4A fenced"),
        pytest.param(f"apply_patch <<'EOF'\n{PATCH}EOF\n", id="V4A as a shell command"),
        pytest.param(PATCH.replace("*** End Patch", "EOF"), id="V4A with EOF for an end"),
        pytest.param(PATCH.replace("src/", ""), id="V4A with a bare name"),
        pytest.param(PATCH.replace("src/app.py", "`src/app.py`"), id="V4A with a quoted path"),
        pytest.param(PATCH.replace("@@ class Cart:\n", HEAD), id="V4A with both heads"),
        pytest.param(PATCH.replace("@@ class Cart:\n@@     def total(self):\n", ""), id="V4A without @@"),
        pytest.param(PATCH.replace(HUNK, unmarked(HUNK)), id="V4A without marks of kept lines"),
        pytest.param(PATCH.replace("\n", "\r\n"), id="V4A with CRLF"),
    ],
)  # fmt: skip
def test_one_change_however_it_is_written(reply: str) -> None:
    result = apply_reply(reply, FILES)
    assert result.errors == []
    assert result.files == {"src/app.py": FIXED}


INSERT = "     def __init__(self):\n         self.prices = []\n+        self.paid = False\n"
IN_CART = APP.replace("self.prices = []\n", "self.prices = []\n        self.paid = False\n", 1)
IN_ORDER = "self.prices = []\n        self.paid = False\n".join(APP.rsplit("self.prices = []\n", 1))
NUMBERED = """\
src/app.py
<<<<<<< SEARCH
:start_line:20
-------
        self.prices = []
=======
        self.prices = []
        self.paid = False
>>>>>>> REPLACE
"""


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (f"{HEAD}@@ -6,2 +6,3 @@\n{INSERT}", IN_CART),
        (f"{HEAD}@@ -19,2 +19,3 @@\n{INSERT}", IN_ORDER),
        (f"{HEAD}@@ -19,2 +19,3 @@ class Order:\n{INSERT}", IN_ORDER),
        (f"{HEAD}@@ class Order:\n{INSERT}", IN_ORDER),
        (f"{HEAD}@@\n{HUNK}@@\n{INSERT}", IN_ORDER.replace("-= price", "+= price")),
        (f"{HEAD}@@\n{INSERT}@@\n{HUNK}", IN_CART.replace("-= price", "+= price")),
        (f"{HEAD}@@\n{INSERT}@@\n{INSERT}", APP.replace("prices = []\n", "prices = []\n        self.paid = False\n")),
        (f"*** Update File: src/app.py\n@@ class Order:\n{INSERT}", IN_ORDER),
        (f"*** Update File: src/app.py\n@@ class Cart\n{INSERT}", IN_CART),
        (f"*** Update File: src/app.py\n@@ class Order:\n@@     def __init__(self):\n{INSERT}", IN_ORDER),
        (NUMBERED, IN_ORDER),
    ],
)  # fmt: skip
def test_one_place_of_several_is_told_by_its_line_its_symbol_or_the_order(reply: str, wanted: str) -> None:
    result = apply_reply(reply, FILES)
    assert result.errors == []
    assert result.files == {"src/app.py": wanted}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("@@\n", id="nothing"),
        pytest.param("@@ -7,2 +7,3 @@\n", id="a line that is neither"),
        pytest.param("@@ -6,2 +6,3 @@ class Order:\n", id="a line and a symbol that contradict each other"),
        pytest.param("@@ class Basket:\n", id="a symbol that is not there"),
        pytest.param("@@ def __init__(self):\n", id="a symbol that both have"),
    ],
)
def test_several_places_without_a_clear_hint_are_refused(header: str) -> None:
    result = apply_reply(HEAD + header + INSERT, FILES)
    assert result.files == {}
    assert "several places" in result.errors[0]
    assert "at lines 6, 19" in result.errors[0]


@pytest.mark.parametrize(
    ("reply", "files"),
    [
        ("--- /dev/null\n+++ b/src/new.py\n@@ -0,0 +1,2 @@\n+X = 1\n+Y = 2\n", {"src/new.py": "X = 1\nY = 2\n"}),
        (
            (
                "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+X\n"
                "\\ No newline at end of file\n"
            ),
            {"n.py": "X"},
        ),
        ("*** Add File: src/new.py\n+X = 1\n+\n+Y = 2\n", {"src/new.py": "X = 1\n\nY = 2\n"}),
        (
            "*** Begin Patch\n*** Add File: src/new.py\nX = 1\n\nY = 2\n*** End Patch\n",
            {"src/new.py": "X = 1\n\nY = 2\n"},
        ),
        ("--- a/src/util.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-X = 1\n", {"src/util.py": None}),
        ("*** Delete File: src/util.py\n", {"src/util.py": None}),
        (
            "*** Update File: src/util.py\n*** Move to: src/use.py\n@@\n-X = 1\n+X = 2\n",
            {"src/util.py": None, "src/use.py": "X = 2\n"},
        ),
        (
            "diff --git a/src/util.py b/lib/util.py\nrename from src/util.py\nrename to lib/util.py\n",
            {"src/util.py": None, "lib/util.py": "X = 1\n"},
        ),
        ("--- a/empty.txt\n+++ b/empty.txt\n@@ -0,0 +1 @@\n+X\n", {"empty.txt": "X\n"}),
        (
            "--- a/src/util.py\n+++ b/src/util.py\n@@ -1 +1 @@\n-X = 1\n+X = 1\n\\ No newline at end of file\n",
            {"src/util.py": "X = 1"},
        ),
        ("*** Update File: src/util.py\n@@\n+Y = 2\n*** End of File\n", {"src/util.py": "X = 1\nY = 2\n"}),
        (
            f"```diff\n{DIFF}--- a/src/util.py\n+++ b/src/util.py\n@@ -1 +1 @@\n-X = 1\n+X = 2\n```\n",
            {"src/app.py": FIXED, "src/util.py": "X = 2\n"},
        ),
        (
            "```diff\n--- a/README.md\n+++ b/README.md\n@@ -1,4 +1,5 @@\n # App\n \n+```\n - one\n - two\n```\n",
            {"README.md": "# App\n\n```\n- one\n- two\n"},
        ),
        (
            "--- a/README.md\n+++ b/README.md\n@@\n# App\n\n- one\n+- more\n- two\n",
            {"README.md": "# App\n\n- one\n- more\n- two\n"},
        ),
    ],
)
def test_files_are_made_deleted_moved_and_changed_together(reply: str, files: dict[str, str | None]) -> None:
    result = apply_reply(reply, FILES)
    assert result.errors == []
    assert result.files == files


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (NUMBERS + HUNK, "does not say which file"),
        (DIFF.replace("+++ b/src/app.py", "+++ b/src/util.py"), "names two files"),
        (DIFF.replace("src/app.py", "src/gone.py"), "no such file"),
        (DIFF.replace("src/app.py", "../x.py"), "leaves the repository"),
        (f"{HEAD}@@\n         result = 0\n", "changes nothing"),
        (f"*** Update File: src/app.py\n{HUNK[:20]}\n", "changes nothing"),
        ("diff --git a/src/app.py b/src/app.py\nold mode 100644\nnew mode 100755\n", "mode of a file"),
        ("diff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ\n", "binary"),
        ("--- /dev/null\n+++ b/src/util.py\n@@ -0,0 +1 @@\n+Y = 2\n", "the file exists"),
        ("*** Add File: src/util.py\n+Y = 2\n", "the file exists"),
        ("*** Update File: src/util.py\n*** Move to: src/app.py\n@@\n-X = 1\n+X = 2\n", "is there already"),
        ("*** Update File: src/util.py\n*** Move to: ../app.py\n@@\n-X = 1\n+X = 2\n", "leaves the repository"),
        (f"{HEAD}@@\n+import sys\n", "nothing is quoted"),
        (f"{DIFF}@@\n-nothing like it\n+x\n", "Edit 2, src/app.py"),
        (f"*** Update File\n{HUNK}", "no edits in a known format"),
        (DIFF.replace("+            result", "+           ) result"), "could no longer be read: line 13"),
        (f"{HEAD}@@\n-            result -= price\n+            ...\n         return result\n+@@ -1,2 +1,2 @@\n",
         "could no longer be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(reply: str, error: str) -> None:
    result = apply_reply(reply, FILES)
    assert result.files == {}
    assert error in "\n".join(result.errors)


def test_a_diff_that_was_applied_already_is_done() -> None:
    done = {**FILES, "src/app.py": FIXED}
    for reply in (DIFF, PATCH, HEAD + "@@\n" + unmarked(HUNK)):
        result = apply_reply(reply, done)
        assert (result.files, result.errors) == ({}, [])


def test_a_hunk_is_one_edit_with_all_that_the_diff_says() -> None:
    (edit,) = parse_reply(DIFF, FILES).edits
    old = "        result = 0\n        for price in self.prices:\n            result -= price\n        return result\n"
    assert edit == Hunk(
        "src/app.py",
        old,
        old.replace("-=", "+="),
        11,
        body=tuple(HUNK.splitlines()),
        counts=(4, 4),
        scopes=("class Cart:",),
    )
    assert parse_reply("*** Delete File: README.md\n", FILES).edits == (DeleteFile("README.md"),)
    moved = parse_reply("*** Update File: README.md\n*** Move to: READ.md\n@@\n-# App\n+# A\n", FILES).edits
    assert [type(edit) for edit in moved] == [Hunk, MoveFile]


def test_of_several_files_of_one_name_the_one_with_the_quoted_lines_is_meant() -> None:
    files = {"a/main.tf": "x = 1\n", "b/main.tf": "y = 1\n"}
    for reply in (
        "--- main.tf\n+++ main.tf\n@@\n-y = 1\n+y = 2\n",
        "*** Update File: main.tf\n@@\n-y = 1\n+y = 2\n",
        "main.tf\n<<<<<<< SEARCH\ny = 1\n=======\ny = 2\n>>>>>>> REPLACE\n",
    ):
        assert apply_reply(reply, files).files == {"b/main.tf": "y = 2\n"}
        assert "could be any of" in apply_reply(reply, {**files, "c/main.tf": "y = 1\n"}).errors[0]


def test_a_patch_file_that_is_to_be_written_is_no_patch() -> None:
    assert apply_reply(f"fix.patch\n```diff\n{DIFF}```\n", FILES).files == {"fix.patch": DIFF}


def test_a_diff_further_down_in_a_file_is_its_text() -> None:
    text = "'''\nOne\nTwo\nThree\nFour\n" + DIFF + "'''\n"
    assert apply_reply(f"tests/test_x.py\n```python\n{text}```\n", FILES).files == {"tests/test_x.py": text}


def test_explanations_keep_out_of_the_edits() -> None:
    parsed = parse_reply(f"Sign mended.\n\n{DIFF}\nNothing else:\n\n- one\n", FILES)
    assert (len(parsed.edits), parsed.errors) == (1, ())
    assert [line for line in parsed.explanation.split("\n") if line] == ["Sign mended.", "Nothing else:", "- one"]
