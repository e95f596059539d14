from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.diffs import DiffFile, DiffLine, measure, paths_in_patch, read_diff, render_diff, text_before
from bot.rehearsal.github_diffs import anchors

if TYPE_CHECKING:
    from pathlib import Path

line = st.text(st.sampled_from("ab +-@\t\r\f\u2028é"), max_size=6)
text = st.builds(lambda lines, end: "\n".join(lines) + end, st.lists(line, max_size=8), st.sampled_from(["", "\n"]))


def change(before: str | None, after: str | None, path: str = "dir/file.txt") -> FileChange:
    return FileChange(path, "100644", before, after)


@pytest.mark.parametrize(
    ("before", "after", "added", "removed"),
    [
        ("a\n", "b\n", 1, 1),
        (None, "a\nb\n", 2, 0),
        ("a\nb\n", None, 0, 2),
        ("a\n", "a\n++ b\n-- c\n", 2, 0),
        ("a", "a\n", 1, 1),
        (None, "", 0, 0),
    ],
)
def test_changed_lines_are_counted(before: str | None, after: str | None, added: int, removed: int) -> None:
    stat = measure([change(before, after)])
    assert (stat.files, stat.added, stat.removed) == (1, added, removed)


def test_the_size_is_said_in_words() -> None:
    assert str(measure([change("a\n", "b\n")])) == "1 file, +1 −1"  # noqa: RUF001 - a true minus sign
    assert str(measure([change("a\n", "b\n"), change(None, "x\n", "y")])) == "2 files, +2 −1"  # noqa: RUF001 - as above


def test_files_come_in_the_order_of_their_paths() -> None:
    diff = render_diff([change("a\n", "b\n", "z"), change("a\n", "b\n", "a")])
    assert diff.index("a/a") < diff.index("a/z")


@given(st.one_of(st.none(), text), st.one_of(st.none(), text))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_git_applies_what_is_rendered(tmp_path: Path, before: str | None, after: str | None) -> None:
    if before == after or (before is None and not after) or (after is None and not before):
        return
    folder = tmp_path / "tree"
    place = folder / "dir" / "file.txt"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    if before is not None:
        place.write_bytes(before.encode())
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    diff = render_diff([change(before, after)])
    done = subprocess.run(command, cwd=folder, input=diff.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (place.read_bytes() if place.exists() else None) == (None if after is None else after.encode())


def test_the_paths_of_a_patch_are_read_back() -> None:
    patch = render_diff([change("a\n", "b\n", "x/y.py"), change(None, "n\n", "new.py"), change("o\n", None, "old.py")])
    assert paths_in_patch(patch) == {"x/y.py", "new.py", "old.py"}


def test_a_patch_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        paths_in_patch("--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n-a\n")


# Reading diffs back


def hunked(file: DiffFile) -> list[tuple[range, range]]:
    return [(hunk.old, hunk.new) for hunk in file.hunks]


GIT_DIFF = """\
diff --git a/src/a.py b/src/a.py
index 111111..222222 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1,3 +1,4 @@ def f():
 one
-two
+2
+2.5
 three
@@ -20 +21,0 @@
-gone
diff --git a/old name.py b/new name.py
similarity index 90%
rename from old name.py
rename to new name.py
--- a/old name.py\t
+++ b/new name.py\t
@@ -0,0 +1 @@
+x
\\ No newline at end of file
diff --git "a/caf\\303\\251 \\"x\\".py" "b/caf\\303\\251 \\"x\\".py"
new file mode 100755
--- /dev/null
+++ "b/caf\\303\\251 \\"x\\".py"
@@ -0,0 +1,2 @@
+diff --git a/x b/x
+--- a/x
diff --git a/logo.png b/logo.png
index 111111..222222 100644
Binary files a/logo.png and b/logo.png differ
diff --git a/run me b/run me
old mode 100644
new mode 100755
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
"""


def test_a_diff_is_read_file_by_file() -> None:
    modified, renamed, added, binary, mode, removed = read_diff(GIT_DIFF)
    assert (modified.path, modified.status, modified.mode, modified.previous) == (
        "src/a.py",
        "modified",
        "100644",
        None,
    )
    assert hunked(modified) == [(range(1, 4), range(1, 5)), (range(20, 21), range(22, 22))]
    assert modified.hunks[0].section == "def f():"
    assert (modified.hunks[0].added, modified.hunks[0].removed) == ([2, 3], [2])
    assert modified.hunks[0].lines[1] == DiffLine("-", 2, None, "two")
    assert (renamed.path, renamed.previous, renamed.status) == ("new name.py", "old name.py", "renamed")
    assert (added.path, added.status, added.mode) == ('café "x".py', "added", "100755")
    assert [line.text for line in added.hunks[0].lines] == ["diff --git a/x b/x", "--- a/x"]
    assert (binary.path, binary.binary, binary.hunks) == ("logo.png", True, ())
    assert (mode.path, mode.mode, mode.hunks) == ("run me", "100755", ())
    assert (removed.path, removed.status, hunked(removed)) == ("gone.py", "removed", [(range(1, 2), range(1, 1))])


def test_a_damaged_file_does_not_spoil_the_others() -> None:
    first, second = read_diff(
        "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,9 +1,9 @@\n one\n"
        "diff --git a/b b/b\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n"
    )
    assert (first.path, first.unreadable, first.hunks) == ("a", True, ())
    assert (second.path, second.unreadable, len(second.hunks)) == ("b", False, 1)


@pytest.mark.parametrize("text", ["", "no diff at all", "diff --git \n", "@@ -1 +1 @@\n-a\n+b\n", "diff --git a/x"])
def test_what_is_no_diff_has_no_files_or_nothing_in_them(text: str) -> None:
    assert all(not file.hunks for file in read_diff(text))


@given(st.one_of(st.none(), text), st.one_of(st.none(), text))
def test_what_is_rendered_is_read_back_as_github_numbers_it(before: str | None, after: str | None) -> None:
    diff = render_diff([change(before, after)])
    patch = diff[diff.find("@@ -") :] if "@@ -" in diff else ""
    # the fake GitHub has an implementation of its own for what can carry a comment
    expected = anchors(patch.removesuffix("\n")) if patch else {}
    ours = {
        (side, line)
        for file in read_diff(diff)
        for hunk in file.hunks
        for side, lines in (("LEFT", hunk.old), ("RIGHT", hunk.new))
        for line in lines
    }
    assert ours == set(expected)


@given(st.one_of(st.none(), text), text)
def test_the_text_before_can_be_told_from_the_one_after(before: str | None, after: str) -> None:
    for file in read_diff(render_diff([change(before, after)])):
        told = text_before(file, after)
        assert (told is None) == (before is None)
        # of line ends, and of what follows the last line, a diff does not say enough
        ours, theirs = ([line.rstrip("\r") for line in (one or "").rstrip("\n").split("\n")] for one in (told, before))
        assert ours == theirs
