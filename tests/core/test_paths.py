"""Paths: which may stand in a tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.paths import MAX_COMPONENT, MAX_PATH, case_collisions, check_path, folder_conflicts, shown


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "src/app.py",
        ".github/workflows/ci.yml",
        ".gitignore",
        ".gitattributes",
        "git/config",
        "digit~1",
        "...a",
        "a..b/c",
        "with space/ümläut.txt",
        "日本語/ファイル.txt",
        "emoji-🎉.md",
        "app/[id]/page.tsx",
        "x" * MAX_COMPONENT,
        "-rf",
        "a~b",
    ],
)
def test_ordinary_paths_have_no_problem(path: str) -> None:
    assert check_path(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("//host/share", "absolute"),
        ("..", "leaves"),
        ("../x", "leaves"),
        ("a/../../x", "leaves"),
        ("a/..", "leaves"),
        ("./a", "'.' component"),
        ("a//b", "empty"),
        ("a/./b", "'.' component"),
        ("a/", "folder"),
        ("C:/x", "drive"),
        ("c:x", "drive"),
        ("a\\b", "backslash"),
        ("..\\x", "backslash"),
        ("~/x", "'~'"),
        ("~root/x", "'~'"),
        (".git", "git's own"),
        (".git/config", "git's own"),
        (".GIT/config", "git's own"),
        ("sub/.Git/hooks/post-checkout", "git's own"),
        (".git./config", "git's own"),
        (".git /config", "git's own"),
        (".git::$INDEX_ALLOCATION/config", "git's own"),
        ("git~1/config", "git's own"),
        ("GIT~2", "git's own"),
        (".g\u200cit/config", "invisible"),
        (".git\ufeff/config", "invisible"),
        ("a\u202eb", "invisible"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x1b[31m", "control"),
        ("a\x7f", "control"),
        ("a\ud800", "invisible"),
        ("a\u2028b", "invisible"),
        ("a.", "dot or a space"),
        ("a /b", "dot or a space"),
        ("x" * (MAX_COMPONENT + 1), "component longer"),
        ("ü" * 128, "component longer"),
        ("a/" * (MAX_PATH // 2) + "b", "longer than 4096"),
        ("ü/" * 1400 + "b", "longer than 4096"),
        ("a" * 10_000_000, "longer than 4096"),
    ],
)
def test_paths_that_reach_elsewhere_or_check_out_differently_are_refused(path: str, problem: str) -> None:
    assert problem in (check_path(path) or "")


@given(st.lists(st.sampled_from(["..", ".", "", "a", ".git", ".GiT", "b.c", "~", "C:", "git~1"]), min_size=1))
def test_no_accepted_path_has_a_component_that_moves_or_hides(parts: list[str]) -> None:
    path = "/".join(parts)
    if check_path(path) is None:
        assert not {"..", ".", "", ".git", ".GiT", "git~1"} & set(path.split("/"))


@given(st.text(alphabet=st.characters(codec=None)))
def test_every_accepted_path_can_be_encoded_and_every_path_shown(path: str) -> None:
    if check_path(path) is None:
        assert path.encode().decode() == path
    assert shown(path).encode()[:1] != b"\x1b"


@pytest.mark.parametrize(
    ("paths", "pairs"),
    [
        (["a", "b", "a/b"], []),
        (["README.md", "readme.md"], [("README.md", "readme.md")]),
        (["src/a.py", "SRC/b.py"], [("src/a.py", "SRC/b.py")]),
        (["src/a.py", "src/b.py", "srC/a.py"], [("src/a.py", "srC/a.py")]),
        (["é.txt", "e\u0301.txt"], [("é.txt", "e\u0301.txt")]),
        (["straße", "STRASSE"], [("straße", "STRASSE")]),
        (["a", "A", "a"], [("a", "A")]),
    ],
)
def test_paths_that_one_file_system_takes_for_another_are_paired(
    paths: list[str], pairs: list[tuple[str, str]]
) -> None:
    assert case_collisions(paths) == pairs


@pytest.mark.parametrize(
    ("paths", "conflicts"),
    [(["a", "b/c"], []), (["a", "a/b"], ["a"]), (["a/b/c/d", "a/b", "e"], ["a/b"]), (["ab", "a/b"], [])],
)
def test_a_file_cannot_be_a_folder_too(paths: list[str], conflicts: list[str]) -> None:
    assert folder_conflicts(paths) == conflicts
