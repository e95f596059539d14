from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.threeway import merge_texts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("a\nb\nc\n", "a\nb\nX\n", "Y\nb\nc\n", "Y\nb\nX\n"),
        ("a\n", "b\n", "c\n", None),
        ("a\nb\n", "A\nb\n", "a\nB\n", None),
        ("a\n", "b\n", "b\n", "b\n"),
        ("a\n", "a\n", "b\n", "b\n"),
        ("a\n", "b\n", "a\n", "b\n"),
        ("a\nb\nc", "a\nb\nC", "A\nb\nc", "A\nb\nC"),
    ],
)
def test_merges(base: str, ours: str, theirs: str, merged: str | None) -> None:
    assert merge_texts(base, ours, theirs) == merged


unique = st.permutations([f"line {number}" for number in range(8)])
edits = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["x", "y", None])), max_size=2)


@given(unique, edits, edits)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_git_merges_the_same_way_where_lines_do_not_repeat(
    tmp_path: Path, lines: list[str], ours: list[tuple[int, str | None]], theirs: list[tuple[int, str | None]]
) -> None:
    texts = [edited(lines, change) for change in ([], ours, theirs)]
    for name, content in zip(("base", "ours", "theirs"), texts, strict=True):
        (tmp_path / name).write_text(content)
    git = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=tmp_path, capture_output=True, check=False
    )
    expected = git.stdout.decode() if git.returncode == 0 else None
    assert merge_texts(*texts) == expected


def edited(lines: list[str], changes: list[tuple[int, str | None]]) -> str:
    out = list(lines)
    for at, new in changes:
        out[at] = "" if new is None else f"{new} {at}"
    return "".join(f"{line}\n" for line in out if line)
