"""Reply formats: what models write round their edits, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot
from bot.core.edits import DeleteFile, FileEdit, ReplaceText, WriteFile
from bot.replies import apply_reply, parse_reply
from bot.replies.formats import FORMATS
from bot.replies.parsing import MAX_REPLY

FILES = {
    "src/app.py": "def add(a, b):\n    return a - b\n",
    "src/util.py": "X = 1\n",
    "tests/util.py": "Y = 1\n",
    "README.md": "# App\n",
    "my file.txt": "one\n",
}
BLOCK = """\
<<<<<<< SEARCH
    return a - b
=======
    return a + b
>>>>>>> REPLACE
"""
EDIT = ReplaceText("src/app.py", "    return a - b\n", "    return a + b\n")
FIXED = {"src/app.py": "def add(a, b):\n    return a + b\n"}


def edits_of(reply: str) -> tuple[FileEdit, ...]:
    parsed = parse_reply(reply, FILES)
    assert parsed.errors == ()
    return parsed.edits


def error_of(reply: str) -> str:
    result = apply_reply(reply, FILES)
    assert result.files == {}
    return "\n".join(result.errors)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(f"src/app.py\n{BLOCK}", id="bare"),
        pytest.param(f"src/app.py\n```python\n{BLOCK}```\n", id="path, then fence"),
        pytest.param(f"```python\nsrc/app.py\n{BLOCK}```\n", id="path in the fence"),
        pytest.param(f"```python\n# src/app.py\n{BLOCK}```\n", id="comment with path in the fence"),
        pytest.param(f"```python src/app.py\n{BLOCK}```\n", id="path after the language"),
        pytest.param(f"```python:src/app.py\n{BLOCK}```\n", id="path after language and colon"),
        pytest.param(f'```python title="src/app.py"\n{BLOCK}```\n', id="path as title"),
        pytest.param(f"```src/app.py\n{BLOCK}```\n", id="path as language"),
        pytest.param(f"~~~\nsrc/app.py\n{BLOCK}~~~\n", id="tildes"),
        pytest.param(f"`src/app.py`\n\n{BLOCK}", id="backticks"),
        pytest.param(f"### src/app.py\n{BLOCK}", id="heading"),
        pytest.param(f"#### 1. `src/app.py`:\n{BLOCK}", id="numbered heading with backticks"),
        pytest.param(f"**src/app.py**\n{BLOCK}", id="bold"),
        pytest.param(f"**File:** `src/app.py`\n{BLOCK}", id="bold label"),
        pytest.param(f"File: src/app.py\n{BLOCK}", id="label"),
        pytest.param(f"path: `src/app.py` (modified)\n{BLOCK}", id="label and aside"),
        pytest.param(f"// src/app.py\n{BLOCK}", id="slash comment"),
        pytest.param(f"<!-- src/app.py -->\n{BLOCK}", id="markup comment"),
        pytest.param(f"- src/app.py\n{BLOCK}", id="list item"),
        pytest.param(f"./src/app.py\n{BLOCK}", id="dot slash"),
        pytest.param(f"a/src/app.py\n{BLOCK}", id="a/"),
        pytest.param(f"b/src/app.py\n{BLOCK}", id="b/"),
        pytest.param(f"app.py\n{BLOCK}", id="bare name"),
        pytest.param(f"src/app.py\nThe sign was wrong.\n\n{BLOCK}", id="a sentence between"),
        pytest.param(f"In `src/app.py`, the sign is wrong:\n\n```\n{BLOCK}```", id="sentence with the path"),
        pytest.param(BLOCK.replace("SEARCH", "SEARCH src/app.py"), id="path after the marker"),
        pytest.param(f"src/app.py\n{BLOCK}".replace("\n", "\r\n"), id="CRLF"),
        pytest.param(f"\ufeffsrc/app.py\n{BLOCK}", id="byte order mark"),
        pytest.param(f"src/app.py\n{BLOCK}".replace("<<<<<<<", "<<<<<"), id="five of one"),
        pytest.param(f"src/app.py\n{BLOCK}".replace("=======", "=========").replace(">>>>>>>", ">>>>>"), id="mixed"),
        pytest.param(f"src/app.py\n{BLOCK}".replace(" REPLACE", ""), id="bare end marker"),
        pytest.param(f"src/app.py\n{BLOCK}".replace("SEARCH", "SEARCH>"), id="SEARCH>"),
        pytest.param(f"src/app.py\n{BLOCK}".replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"), id="others"),
        pytest.param(f"src/app.py\n{BLOCK}".replace(">>>>>>> REPLACE\n", ""), id="no end marker"),
        pytest.param(f"src/app.py\n```\n{BLOCK}```\n".replace(">>>>>>> REPLACE\n", ""), id="no end marker in a fence"),
        pytest.param(f"Sure! Here it is.\n\nsrc/app.py\n```python\n{BLOCK}```\n\nThat should do it.", id="chatter"),
        pytest.param(f"<think>\nsrc/app.py\n{BLOCK.replace('+', '*')}</think>\nsrc/app.py\n{BLOCK}", id="thoughts"),
        pytest.param(
            f"maybe\nsrc/app.py\n{BLOCK.replace('+', '*')}</think>\nsrc/app.py\n{BLOCK}", id="end of thoughts"
        ),
        pytest.param(f"Run this:\n```bash\npytest\n```\nsrc/app.py\n```python\n{BLOCK}```", id="illustration before"),
        pytest.param(f"src/app.py\n{BLOCK}Then:\n```\nsrc/app.py\nsrc/util.py\n```\n", id="list of files after"),
        pytest.param(f"````markdown\nsrc/app.py\n```python\n{BLOCK}```\n````\n", id="fence in a fence"),
    ],
)
def test_one_change_however_it_is_wrapped(reply: str) -> None:
    assert edits_of(reply) == (EDIT,)
    assert apply_reply(reply, FILES).files == FIXED


def test_several_files_in_one_fence() -> None:
    reply = f"```\nsrc/app.py\n{BLOCK}src/util.py\n<<<<<<< SEARCH\nX = 1\n=======\nX = 2\n>>>>>>> REPLACE\n```\n"
    assert edits_of(reply) == (EDIT, ReplaceText("src/util.py", "X = 1\n", "X = 2\n"))


def test_a_block_without_a_path_goes_on_in_the_same_file() -> None:
    second = "<<<<<<< SEARCH\ndef add(a, b):\n=======\ndef plus(a, b):\n>>>>>>> REPLACE\n"
    expected = (EDIT, ReplaceText("src/app.py", "def add(a, b):\n", "def plus(a, b):\n"))
    assert edits_of(f"src/app.py\n```\n{BLOCK}{second}```\n") == expected
    assert edits_of(f"src/app.py\n```\n{BLOCK}```\nAnd its name:\n```\n{second}```\n") == expected


@pytest.mark.parametrize(
    ("reply", "edit"),
    [
        ("src/new.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n", ReplaceText("src/new.py", "", "x = 1\n")),
        ("util.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n", ReplaceText("util.py", "", "x = 1\n")),
        ("<<<<<<< DELETE src/util.py", DeleteFile("src/util.py")),
        ("```\n<<<<<<< DELETE src/util.py\n>>>>>>> DELETE\n```\n", DeleteFile("src/util.py")),
        ("src/util.py\n<<<<<<< DELETE\n", DeleteFile("src/util.py")),
        ("<<<<<<< DELETE `src/util.py`\n", DeleteFile("src/util.py")),
        (
            "doc.rst\n<<<<<<<<< SEARCH\nHeading\n=======\n=========\nHead\n====\n>>>>>>>>> REPLACE\n",
            ReplaceText("doc.rst", "Heading\n=======\n", "Head\n====\n"),
        ),
        (
            "README.md\n<<<<<<< SEARCH\n```python\nx\n```\n=======\n```python\ny\n```\n>>>>>>> REPLACE\n",
            ReplaceText("README.md", "```python\nx\n```\n", "```python\ny\n```\n"),
        ),
        (
            "my file.txt\n<<<<<<< SEARCH\none\n=======\ntwo\n>>>>>>> REPLACE",
            ReplaceText("my file.txt", "one\n", "two\n"),
        ),
        ("src/new.py\n```python\nx = 1\n```\n", WriteFile("src/new.py", "x = 1\n")),
        ("src/new.py\r\n```python\r\nx = 1\r\n```\r\n", WriteFile("src/new.py", "x = 1\n")),
        ("**New file: `src/new.py`**\n\n```python\nx = 1\n```\n", WriteFile("src/new.py", "x = 1\n")),
        ("```python src/new.py\nx = 1\n```\n", WriteFile("src/new.py", "x = 1\n")),
        ("```python\nsrc/new.py\nx = 1\n```\n", WriteFile("src/new.py", "x = 1\n", "src/new.py")),
        ("```python\n# src/new.py\nx = 1\n```\n", WriteFile("src/new.py", "x = 1\n", "# src/new.py")),
        ("src/new.py\n```python\n# src/new.py\nx = 1\n```\n", WriteFile("src/new.py", "x = 1\n", "# src/new.py")),
        ("app.py\n```python\nx = 1\n```\n", WriteFile("src/app.py", "x = 1\n")),
        ("src/__init__.py\n```python\n```\n", WriteFile("src/__init__.py", "")),
        ("Makefile\n```make\nall:\n\tx\n```\n", WriteFile("Makefile", "all:\n\tx\n")),
        ("run.sh\n```bash\necho\n```\n", WriteFile("run.sh", "echo\n")),
        ("1. src/new.py\n  ```python\n  x = 1\n  ```\n", WriteFile("src/new.py", "x = 1\n")),
        ("n.md\n````markdown\n# A\n```\nx\n```\n````\n", WriteFile("n.md", "# A\n```\nx\n```\n")),
        ("n.md\n```markdown\n# A\n```python\nx\n```\nb\n```\n", WriteFile("n.md", "# A\n```python\nx\n```\nb\n")),
        ("n.md\n~~~\n```\nx\n```\n~~~\n", WriteFile("n.md", "```\nx\n```\n")),
        ("src/new.py\n```python\nx = '''\n``` not a fence\n'''\n```\n", None),
        ("fix.patch\n```diff\n--- a/x\n+++ b/x\n```\n", WriteFile("fix.patch", "--- a/x\n+++ b/x\n")),
    ],
)
def test_the_other_forms(reply: str, edit: FileEdit | None) -> None:
    if edit is None:
        assert parse_reply(reply, FILES).errors
    else:
        assert edits_of(reply) == (edit,)


def test_the_formats_may_be_mixed_and_the_explanation_is_what_is_left() -> None:
    reply = (
        "Title: Add rightly\n\nThe sign was wrong. Run:\n\n```bash\npytest\n```\n\n"
        f"src/app.py\n```python\n{BLOCK}```\n\n### `src/new.py`\n```python\nx = 1\n```\n\n"
        "<<<<<<< DELETE src/util.py\n\nDone."
    )
    parsed = parse_reply(reply, FILES)
    assert parsed.errors == ()
    assert parsed.edits == (EDIT, WriteFile("src/new.py", "x = 1\n"), DeleteFile("src/util.py"))
    said = [line for line in parsed.explanation.split("\n") if line]
    assert said == ["Title: Add rightly", "The sign was wrong. Run:", "```bash", "pytest", "```", "Done."]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("", "the reply is empty"),
        (" \n\t\n", "the reply is empty"),
        ("I'm sorry, but I can't help with that.", "no edits in a known format, only text: I'm sorry"),
        ("<think>hm</think>", "reasoning only"),
        (f"<think>\nsrc/app.py\n{BLOCK}", "ends within its reasoning"),
        (f"src/app.py\n{BLOCK}<think>\nwait", "ends within its reasoning"),
        (f"Sure. <THINK> src/app.py\n{BLOCK}</THINK>", "no edits in a known format, only text: Sure."),
        ("```python\nx = 1\n```\n", "no edits"),
        ("The file src/app.py needs work:\n```python\nx = 1\n```\n", "no edits"),
        ("tests/util.py\n```bash\npytest\n```\n", "no edits"),
        ("```\nsrc/app.py\nsrc/util.py\n```\n", "no edits"),
        ("```\nsrc/app.py:1: error\nsrc/app.py:2: error\n```\n", "no edits"),
        (BLOCK, "does not say which file"),
        (f"Some words.\n{BLOCK}", "does not say which file"),
        (f"util.py\n{BLOCK}", "could be any of src/util.py, tests/util.py"),
        (f"src/gone.py\n{BLOCK}", "no such file"),
        (f"../../etc/passwd\n{BLOCK}", "leaves the repository"),
        (f"/etc/passwd\n{BLOCK}", "absolute"),
        (f"C:\\x\\y.py\n{BLOCK}", "backslash"),
        (f".git/config\n{BLOCK}", "git's own"),
        ("<<<<<<< DELETE ../x\n", "leaves the repository"),
        ("<<<<<<< DELETE x\0y\n", "control"),
        ("../x.py\n```python\nx\n```\n", "leaves the repository"),
        (".git/hooks/pre-commit\n```python\nx\n```\n", "git's own"),
        ("src/app.py\n<<<<<<< SEARCH\na\n=======\nb\n=======\n>>>>>>> REPLACE\n", "several ======= lines"),
        ("src/app.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n", "no ======= line"),
        ("src/app.py\n<<<<<<< SEARCH\na\n", "no >>>>>>> REPLACE line"),
        (f"src/app.py\n<<<<<<< SEARCH\na\n=======\nb\n{BLOCK}", "no >>>>>>> REPLACE line"),
        ("src/app.py\n<<<<<<< SEARCH\na\n=======\nb\n\nThat is all.\n", "no >>>>>>> REPLACE line"),
        ("src/app.py\n```\n<<<<<<< SEARCH\na\n=======\nb\n```\nThat is all.\n", "no >>>>>>> REPLACE line"),
        (f"src/app.py\n{BLOCK}>>>>>>> REPLACE\n", "belongs to no block"),
        ("src/app.py\n<<<<<<< SEARC\na\n=======\nb\n>>>>>>> REPLACE\n", "belongs to no block"),
        ("src/app.py\n<<<<<<< SEARCH\n=======\nb\n>>>>>>> REPLACE\n", "nothing is quoted"),
        ("src/new.py\n```python\nx = 1\n", "not closed"),
        ("n.md\n```markdown\n# A\n```\nx\n```\nb\n```\n", "more backticks"),
        (f"src/app.py\n```\nx\n```\n\nsrc/app.py\n{BLOCK}", "also changed otherwise"),
        ("src/app.py\n```\nx\n```\n\nsrc/app.py\n```\ny\n```\n", "also changed otherwise"),
        ("src/app.py\n```\nx\ny\nz\nv\nw\n" + BLOCK, "not closed before the next edit"),
        (f"src/app.py\n{BLOCK}src/gone.py\n{BLOCK}", "src/gone.py: there is no such file"),
        (f"src/app.py\n{BLOCK}src/util.py\n{BLOCK}", "src/util.py: the quoted lines are not in the file"),
        ("x" * (MAX_REPLY + 1), "longer than"),
    ],
)
def test_what_cannot_be_understood_changes_nothing_and_says_why(reply: str, error: str) -> None:
    assert error in error_of(reply)


def test_a_reply_applied_twice_is_done_already() -> None:
    reply = f"src/app.py\n{BLOCK}"
    once = apply_reply(reply, FILES)
    again = apply_reply(reply, {**FILES, "src/app.py": FIXED["src/app.py"]})
    assert once.files == FIXED
    assert (again.files, again.errors) == ({}, [])


def test_each_format_has_a_name_and_the_widest_comes_last() -> None:
    assert [name for name, _ in FORMATS] == ["search/replace", "V4A", "unified diff", "whole file"]


def test_the_example_that_the_model_is_shown_is_understood() -> None:
    told = (Path(bot.__file__).parent / "templates" / "reply_format.md").read_text(encoding="utf-8")
    example = told.split("````text\n")[1].split("````")[0]
    parsed = parse_reply(example, {"src/sums.py", "src/old_sums.py"})
    assert parsed.errors == ()
    assert [type(edit) for edit in parsed.edits] == [ReplaceText, WriteFile, DeleteFile]
    assert parsed.explanation == "The sum was computed with the wrong sign. The old helper is not needed any more."
    files = {"src/sums.py": "def add(a, b):\n    return a - b\n", "src/old_sums.py": "x\n"}
    result = apply_reply(example, files)
    assert result.errors == []
    assert result.files["src/sums.py"] == "def add(a, b):\n    return a + b\n"
    assert result.files["src/old_sums.py"] is None
