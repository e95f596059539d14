from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import draftgate
from tests.pipeline.bench import CART, FILES, RIGHT, TASK, WRONG, commit_files

if TYPE_CHECKING:
    from pathlib import Path

FIXED = CART.replace("[1:]", "")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    commit_files(folder, FILES)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def whole(path: str, text: str) -> str:
    return f"{path}\n````\n{text}````\n"


# ---- locate


def test_located_files_come_as_json(repo: Path) -> None:
    ended = draftgate("locate", "--issue", "-", "--repo", repo, "--json", stdin=f"{TASK.title}\n{TASK.text}")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found[0]["path"] == "shop/cart.py"
    for one in found:
        assert set(one) == {"path", "score", "lines", "why"}
        assert all(1 <= first <= last for first, last in one["lines"])
        assert all(isinstance(why, str) for why in one["why"])
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True)


def test_located_files_come_as_lines_and_no_more_than_asked_for(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "issue.md").write_text(f"{TASK.title}\n{TASK.text}")
    ended = draftgate("locate", "--issue", tmp_path / "issue.md", "--limit", "1", cwd=repo)
    assert ended.code == 0
    (line,) = ended.out.splitlines()
    assert "shop/cart.py:1-" in line


# ---- apply


@pytest.mark.parametrize("by_file", [True, False])
def test_a_reply_is_applied(repo: Path, tmp_path: Path, by_file: bool) -> None:
    (tmp_path / "reply.md").write_text(RIGHT)
    given = [tmp_path / "reply.md"] if by_file else []
    ended = draftgate("apply", *given, "--repo", repo, stdin=None if by_file else RIGHT)
    assert (ended.code, ended.out, ended.err) == (0, "write shop/cart.py\n", "")
    assert (repo / "shop" / "cart.py").read_text() == FIXED


def test_files_are_made_and_deleted(repo: Path) -> None:
    reply = whole("new/deep.py", "x = 1\n") + "\n<<<<<<< DELETE tests/test_cart.py\n"
    ended = draftgate("apply", "-", "--repo", repo, stdin=reply)
    assert (ended.code, ended.out) == (0, "write new/deep.py\ndelete tests/test_cart.py\n")
    assert (repo / "new" / "deep.py").read_text() == "x = 1\n"
    assert not (repo / "tests" / "test_cart.py").exists()


def test_check_says_what_would_be_and_changes_nothing(repo: Path) -> None:
    before = contents(repo)
    ended = draftgate("apply", "--check", "--repo", repo, stdin=RIGHT)
    assert (ended.code, ended.out) == (0, "would write shop/cart.py\n")
    assert contents(repo) == before


def test_one_wrong_edit_and_nothing_is_changed(repo: Path) -> None:
    before = contents(repo)
    reply = whole("new.py", "x = 1\n") + "\n" + WRONG
    ended = draftgate("apply", "--repo", repo, stdin=reply)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert "3 |     for price in prices[1:]:" in ended.err
    assert ended.err.endswith("Nothing was changed.\n")
    assert contents(repo) == before


def test_a_reply_that_was_applied_already_has_nothing_to_do(repo: Path) -> None:
    draftgate("apply", "--repo", repo, stdin=RIGHT)
    ended = draftgate("apply", "--repo", repo, stdin=RIGHT)
    assert (ended.code, ended.out) == (0, "nothing to do: the files look like that already\n")


def test_a_diff_is_applied_and_a_file_is_not_left_broken_in_any_language(repo: Path) -> None:
    (repo / "cart.js").write_text("function total(prices) {\n  return prices.length;\n}\n")
    before = contents(repo)
    diff = "--- a/cart.js\n+++ b/cart.js\n@@ @@\n function total(prices) {\n-  return prices.length;\n+{}\n }\n"
    ended = draftgate("apply", "--repo", repo, stdin=diff.replace("{}", "  return ((prices.size;"))
    assert (ended.code, ended.out) == (1, "")
    assert "cart.js:" in ended.err
    assert "could no longer be read" in ended.err
    assert contents(repo) == before
    ended = draftgate("apply", "--repo", repo, stdin=diff.replace("{}", "  return prices.size;"))
    assert (ended.code, ended.out) == (0, "write cart.js\n")
    assert "prices.size" in (repo / "cart.js").read_text()


def test_a_file_that_cannot_be_written_leaves_the_others_as_they_were(repo: Path) -> None:
    (repo / "node_modules").write_text("a file where a folder is wanted\n")
    before = contents(repo)
    reply = whole("shop/cart.py", FIXED) + "\n" + whole("node_modules/x.js", "x\n")
    ended = draftgate("apply", "--repo", repo, stdin=reply)
    assert ended.code == 1
    assert "node_modules cannot be written" in ended.err
    assert contents(repo) == before


@pytest.mark.parametrize(
    "path", ["../outside.py", "/etc/draftgate.py", ".git/hooks/pre-commit", "link/x.py", "alias.py"]
)
def test_nothing_is_written_outside_of_the_folder(repo: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "beyond").mkdir()
    (repo / "link").symlink_to(tmp_path / "beyond")
    (repo / "alias.py").symlink_to(tmp_path / "beyond" / "y.py")
    ended = draftgate("apply", "--repo", repo, stdin=whole(path, "x = 1\n"))
    assert ended.code == 1
    assert list((tmp_path / "beyond").iterdir()) == []
    assert not (tmp_path / "outside.py").exists()


def test_a_file_that_is_not_text_is_not_overwritten(repo: Path) -> None:
    (repo / "logo.png").write_bytes(b"\x89PNG\0")
    ended = draftgate("apply", "--repo", repo, stdin=whole("logo.png", "text\n"))
    assert ended.code == 1
    assert (repo / "logo.png").read_bytes() == b"\x89PNG\0"


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (
            ("none.md",),
            None,
            "error: the reply cannot be read: No such file or directory: none.md\n  Check the path.\n",
        ),
        (("-",), b"caf\xe9", "error: the reply is not UTF-8 text\n  Save it as UTF-8.\n"),
        (("--repo", "none"), b"x", "error: none is not a folder\n  Name the folder whose files are to be changed.\n"),
        (("-",), b"", "error: the reply is empty\nNothing was changed.\n"),
    ],
)
def test_what_cannot_be_applied_is_said(repo: Path, words: tuple[str, ...], stdin: bytes | None, said: str) -> None:
    ended = draftgate("apply", *words, stdin=stdin, cwd=repo)
    assert (ended.code, ended.err) == (1, said)


def test_nor_is_it_searched(repo: Path) -> None:
    (repo / "logo.png").write_bytes(b"\x89PNG\0")
    ended = draftgate("apply", "--repo", repo, stdin=RIGHT.replace("shop/cart.py", "logo.png"))
    assert ended.code == 1
    assert "logo.png" in ended.err


# ---- check


def test_findings_come_as_json_and_an_error_is_exit_code_one(repo: Path) -> None:
    (repo / "bad.json").write_text('{\n "a": 1,,\n}\n')
    ended = draftgate("check", "--json", ".", cwd=repo)
    assert (ended.code, ended.err) == (1, "")
    (found,) = json.loads(ended.out)
    assert set(found) == {"path", "line", "check", "severity", "message"}
    assert (found["path"], found["line"], found["severity"]) == ("bad.json", 2, "error")


def test_findings_come_as_lines(repo: Path) -> None:
    (repo / "bad.py").write_text("def f(:\n")
    ended = draftgate("check", repo / "bad.py", repo / "shop")
    assert ended.code == 1
    assert ended.out.startswith(f"{repo}/bad.py:1: error: ")


def test_good_files_have_no_findings(repo: Path) -> None:
    ended = draftgate("check", repo, "--json")
    assert (ended.code, json.loads(ended.out)) == (0, [])


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    ended = draftgate("check", tmp_path / "none")
    assert ended.code == 1
    assert ended.is_two_lines


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_a_file_name_that_is_no_text_is_no_bug(tmp_path: Path, encoding: str) -> None:
    (tmp_path / os.fsdecode(b"\xff\xc3\xa9.py")).write_text("def f(:\n")
    ended = draftgate("check", tmp_path, env={"PYTHONIOENCODING": encoding})
    assert ended.code == 1
    assert ": error: " in ended.out


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that cannot be read, whoever asks")
def test_a_file_that_cannot_be_read_is_a_person_s_to_mend() -> None:
    ended = draftgate("check", "/proc/self/mem")
    assert ended.code == 1
    assert ended.is_two_lines
