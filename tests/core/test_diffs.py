from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.changes import FileChange
from bot.core.diffs import measure, paths_in_patch, render_diff

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
