from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.changes import PROTECTED, ChangeRules, judge, matching
from tests.samples import CHANGE

RULES = ChangeRules()


def test_a_plain_change_has_no_problem() -> None:
    assert judge([CHANGE], RULES, ["shop/cart.py", "README.md"]) == []


@pytest.mark.parametrize(
    ("path", "glob", "matches"),
    [
        ("CODEOWNERS", "CODEOWNERS", True),
        ("docs/CODEOWNERS", "CODEOWNERS", True),
        ("docs/codeowners", "CODEOWNERS", True),
        (".github/workflows/a.yml", "/.github/", True),
        ("vendor/.github/workflows/a.yml", "/.github/", False),
        ("src/a/b.py", "src/**", True),
        ("lib/src/b.py", "src/**", False),
        ("a/b.tf", "*.tf", True),
        ("a/b.tfvars", "*.tf", False),
    ],
)
def test_globs_are_gits_own(path: str, glob: str, *, matches: bool) -> None:
    assert bool(matching([path], [glob])) == matches


def test_no_globs_match_nothing() -> None:
    assert matching(["a"], []) == []


@pytest.mark.parametrize(
    "path",
    [
        ".github/dependabot.yml",
        "CODEOWNERS",
        ".gitmodules",
        ".gitattributes",
        "sub/.gitattributes",
        ".husky/pre-commit",
        ".devcontainer/devcontainer.json",
        ".vscode/tasks.json",
        ".pre-commit-config.yaml",
        "AGENTS.md",
        "deep/CLAUDE.md",
        ".cursor/rules/x.mdc",
        ".claude/settings.json",
        ".mcp.json",
    ],
)
def test_paths_that_steer_machines_are_protected(path: str) -> None:
    problems = judge([replace(CHANGE, path=path)], RULES, [path])
    assert len(problems) == 1
    assert "protected" in problems[0]


@pytest.mark.parametrize(
    "path", ["github/x.py", "src/agents.py", "docs/claude.html", "vscode/a.json", "codeowners.txt"]
)
def test_names_that_only_look_alike_are_not(path: str) -> None:
    assert judge([replace(CHANGE, path=path)], RULES, [path]) == []


def test_every_protected_glob_protects_something() -> None:
    for glob in PROTECTED:
        example = glob.strip("/").replace("*", "x") + ("/file" if glob.endswith("/") else "")
        assert judge([replace(CHANGE, path=example)], RULES, [example]), glob


def test_a_new_name_that_differs_in_case_only_is_refused_both_ways() -> None:
    new = replace(CHANGE, path="Shop/Cart.py", before=None)
    assert "differ in case" in judge([new], RULES, ["shop/cart.py"])[0]
    both = [replace(CHANGE, path="new/a.py", before=None), replace(CHANGE, path="new/A.py", before=None)]
    assert "differ in case" in judge(both, RULES, [])[0]


def test_a_rename_in_case_alone_is_permitted_because_the_old_name_goes() -> None:
    gone = replace(CHANGE, path="shop/cart.py", after=None)
    new = replace(CHANGE, path="shop/Cart.py", before=None)
    assert judge([gone, new], RULES, ["shop/cart.py"]) == []


def test_a_collision_that_was_there_before_is_not_blamed() -> None:
    assert judge([CHANGE], RULES, ["shop/cart.py", "README.md", "readme.md"]) == []


@pytest.mark.parametrize(
    ("changes", "tree", "clash"),
    [
        ([("a/b/c.py", None)], ["a/b"], "a/b"),
        ([("a", None)], ["a/b"], "a"),
        ([("a", None), ("a/b", None)], [], "a"),
        ([("a/b", None), ("a", "gone")], ["a"], None),
        ([("c", None)], ["a", "a/b"], None),
        ([("a/b", None)], ["a/", "b/"], None),
        ([("a", None)], ["a/"], "a"),
    ],
)
def test_a_path_is_a_file_or_a_folder_and_never_both(
    changes: list[tuple[str, str | None]], tree: list[str], clash: str | None
) -> None:
    made = [
        replace(CHANGE, path=path, before=state and "x\n", after=None if state else "x\n") for path, state in changes
    ]
    expected = [f"`{clash}` would be a file and a folder at once"] if clash else []
    assert judge(made, RULES, tree) == expected


def test_limits_are_said_with_the_number_and_the_setting() -> None:
    problems = judge([CHANGE, replace(CHANGE, path="b.py")], ChangeRules(max_files=1, max_lines=3), [])
    assert problems == [
        "2 files are changed, the limit is 1 (`limits.files`)",
        "4 lines are changed, the limit is 3 (`limits.lines`)",
    ]
