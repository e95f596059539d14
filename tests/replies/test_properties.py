"""Properties of replies: a known change survives every tolerated mangling, and no text does harm."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from difflib import SequenceMatcher, unified_diff
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.replies import apply_reply, parse_reply

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = st.sampled_from(
    [
        "",
        "import os",
        "def load(path):",
        "    return open(path)",
        "    # reads it",
        "class Cache:",
        "    size = 10",
        "x = {'a': 1}",
        "\tif tab:",
        "``",
        "# src/other.py",
        "====",
        "print('<think>')",
        "  trailing  ",
        "ünï … q",
    ]
)
FILE = st.lists(LINE, min_size=1, max_size=25).filter(lambda lines: any(map(str.strip, lines)))
PATH = st.sampled_from(["src/app.js", "a.txt", "docs/guide.rst", "Makefile", ".github/x.yml"])


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A path and the lines of its file before and after."""
    before, after = draw(FILE), draw(FILE)
    keep = draw(st.integers(0, len(before)))
    return draw(PATH), before, [*before[:keep], *after]


def as_blocks(path: str, before: list[str], after: list[str], around: int) -> str | None:
    """The change as search/replace blocks, or None where one of them would not stand in the file only once."""
    blocks = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(around):
        old, new = before[group[0][1] : group[-1][2]], after[group[0][3] : group[-1][4]]
        places = [at for at in range(len(before)) if before[at : at + len(old)] == old]
        if not old or len(places) > 1:
            return None
        body = [f"{path}", "<<<<<<< SEARCH", *old, "=======", *new, ">>>>>>> REPLACE"]
        blocks.append("\n".join(body))
    return "\n\n".join(blocks) if len(blocks) == 1 else None


def as_diff(path: str, before: list[str], after: list[str], around: int) -> str | None:
    """The change as a unified diff; its numbers tell places apart that look the same."""
    lines = unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="", n=around)
    return "\n".join(lines) or None


def as_patch(path: str, before: list[str], after: list[str], around: int) -> str | None:
    """The change as a V4A patch, or None where its lines would stand in the file more than once."""
    diff = (as_diff(path, before, after, around) or "").split("\n")[2:]
    quotes_something = any(line[:1] in {" ", "-"} and line[1:].strip() for line in diff)
    if as_blocks(path, before, after, around) is None or not quotes_something:
        return None
    hunks = ["@@" if line.startswith("@@ -") else line for line in diff]
    return "\n".join(["*** Begin Patch", f"*** Update File: {path}", *hunks, "*** End Patch"])


WRAPS = {
    "as it is": lambda reply: reply,
    "CRLF": lambda reply: reply.replace("\n", "\r\n"),
    "chatter": lambda reply: f"Of course.\n\n{reply}\n\nThis mends it.",
    "fenced": lambda reply: f"```\n{reply}\n```\n",
    "thoughtful": lambda reply: f"<think>\n```\nsrc/app.py\n<<<<<<< SEARCH\n</think>\n{reply}\n",
    "nine": lambda reply: reply.replace("<" * 7, "<" * 9).replace("=" * 7, "=" * 9).replace(">" * 7, ">" * 9),
    "marked path": lambda reply: "**`" + reply.replace("\n", "`**\n", 1),
    "labelled path": lambda reply: f"File: {reply}",
    "dotted path": lambda reply: f"./{reply}",
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
@settings(max_examples=50)
@given(change=changes(), around=st.integers(1, 4))
def test_a_change_as_search_and_replace_comes_out_as_that_change(wrap, change, around) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - a lambda of a table
    path, before, after = change
    reply = as_blocks(path, before, after, around)
    assume(reply is not None)
    files = {path: "\n".join(before) + "\n", "other.py": "x\n"}
    result = apply_reply(wrap(reply), files)
    assert result.errors == []
    assert result.files == {path: "\n".join(after) + "\n"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@given(change=changes(), known=st.booleans(), chatter=st.sampled_from(["", "Here it is.\n\n", "```\nls\n```\n"]))
def test_a_change_as_a_whole_file_comes_out_as_that_change(
    newline: str, change: tuple[str, list[str], list[str]], known: bool, chatter: str
) -> None:
    path, before, after = change
    assume(before != after)
    reply = f"{chatter}`{path}`\n````\n" + "".join(line + "\n" for line in after) + "````\n"
    files = {path: newline.join(before) + newline} if known else {"other": "x\n"}
    result = apply_reply(reply.replace("\n", newline), files)
    assert result.errors == []
    assert result.files == {path: (newline if known else "\n").join(after) + (newline if known else "\n")}


DIFF_WRAPS = {
    "as it is": lambda reply: reply,
    "CRLF": lambda reply: reply.replace("\n", "\r\n"),
    "chatter": lambda reply: f"Of course.\n\n{reply}\n\nThis mends it:\n\n- a thing\n",
    "fenced": lambda reply: f"```diff\n{reply}\n```\nDone.\n",
    "fenced twice": lambda reply: f"````markdown\n```\n{reply}\n```\n````\n",
    "thoughtful": lambda reply: f"<think>\n--- a/x\n+++ b/x\n</think>\n{reply}\n",
    "blank lines bare": lambda reply: re.sub(r"(?m)^ $", "", reply),
}


@pytest.mark.parametrize("render", [as_diff, as_patch])
@pytest.mark.parametrize("wrap", DIFF_WRAPS.values(), ids=DIFF_WRAPS)
@settings(max_examples=50)
@given(change=changes(), around=st.integers(1, 4))
def test_a_change_as_a_diff_comes_out_as_that_change(wrap, render, change, around) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - functions of tables
    path, before, after = change
    assume(before != after and all(map(str.strip, (before[-1], after[-1]))))
    reply = render(path, before, after, around)
    assume(reply is not None)
    files = {path: "\n".join(before) + "\n", "other.py": "x\n"}
    result = apply_reply(wrap(reply), files)
    assert result.errors == []
    assert result.files == {path: "\n".join(after) + "\n"}


PIECES = st.sampled_from(
    [
        "--- a/a.py\n",
        "+++ b/a.py\n",
        "diff --git a/a.py b/b/c.py\n",
        "rename from a.py\n",
        "rename to new.py\n",
        "deleted file mode 100644\n",
        "+++ /dev/null\n",
        "@@\n",
        "@@ -2,9 +1 @@ two\n",
        "*** Update File: b/c.py\n",
        "*** Add File: new.py\n",
        "*** Move to: new.py\n",
        "*** End Patch\n",
        "*** End of File\n",
        "\\ No newline at end of file\n",
        " one\n",
        "+two\n",
        "-two\n",
        "...\n",
        "<<<<<<< SEARCH\n",
        "<<<<< SEARCH\n",
        "=======\n",
        ">>>>>>> REPLACE\n",
        ">>>>>>>\n",
        "<<<<<<< DELETE a.py\n",
        "<<<<<<< DELETE ../a.py\n",
        "```\n",
        "```python\n",
        "````\n",
        "```python a.py\n",
        "~~~\n",
        "a.py\n",
        "new.py\n",
        "File: b/c.py\n",
        "one\n",
        "two\n",
        "three\n",
        "\n",
        "x",
        "\r\n",
        "<think>",
        "</think>\n",
        "# a.py\n",
        "*** Begin Patch\n",
        "@@ -1 +1 @@\n",
        "-one\n",
        "\ud800",
        "\0",
        "\ufeff",
    ]
)
SOUP = {"a.py": "one\ntwo\nthree\n", "b/c.py": "one\r\ntwo\r\n", "big": "".join(f"{n}\n" for n in range(90))}


@given(st.lists(PIECES, max_size=40).map("".join))
@example("<<<<<<< SEARCH\n" * 3)
@example("```python a.py\n```\n")
def test_any_soup_of_markers_is_all_or_nothing_and_leaves_no_marker(reply: str) -> None:
    result = apply_reply(reply, SOUP)
    assert not (result.files and result.errors)
    for path, text in result.files.items():
        assert path in {"a.py", "b/c.py", "new.py"}
        assert text != SOUP.get(path)
        assert text is None or not {"<<<<<<< SEARCH", ">>>>>>> REPLACE"} & set(text.splitlines())
        assert text is None or isinstance(text.encode(), bytes)


@given(st.text(alphabet=st.characters(codec=None)), st.dictionaries(st.text(), st.text()))
def test_no_text_makes_it_raise(reply: str, files: dict[str, str]) -> None:
    result = apply_reply(reply, files)
    assert result.files == {} or not result.errors
    assert all(error.encode("utf-8") for error in result.errors)


@pytest.mark.parametrize("render", [as_blocks, as_diff, as_patch])
@given(change=changes(), data=st.data())
def test_a_reply_with_a_piece_cut_out_changes_only_lines_near_the_edit_or_nothing(
    render: Callable[[str, list[str], list[str], int], str | None],
    change: tuple[str, list[str], list[str]],
    data: st.DataObject,
) -> None:
    path, before, after = change
    padding = [f"unrelated_{word}()" for word in ("alpha", "beta", "gamma", "delta")]
    reply = render(path, before, after, 2)
    assume(reply is not None and reply)
    start = data.draw(st.integers(0, len(reply or "")))
    stop = data.draw(st.integers(start, min(len(reply or ""), start + 30)))
    cut = (reply or "")[:start] + (reply or "")[stop:]
    text = "\n".join([*padding, *before, *reversed(padding)]) + "\n"
    result = apply_reply(cut, {path: text, "other.py": "x\n"})
    made = result.files.get(path, text)
    if made is not None:
        lines = made.split("\n")[:-1]
        assert lines[:4] == padding
        assert lines[-4:] == padding[::-1]
    assert "other.py" not in result.files


HOSTILE = {
    "a hunk of one line kind": "'--- a/same\\n+++ b/same\\n@@\\n' + ' x\\n' * 200 + '+y\\n' + ' x\\n' * 200 + ' z\\n'",
    "the same without marks": "'--- a/same\\n+++ b/same\\n@@\\n' + 'x\\n' * 300 + '+y\\n' + 'z\\n'",
    "a long hunk": "'--- a/a.py\\n+++ b/a.py\\n@@\\n' + '-foo bar\\n' * 50_000",
    "lost pluses": "'--- a/same\\n+++ b/same\\n@@\\n x\\n' + 'new\\n' * 50 + '+y\\n x\\n' * 50",
    "hunk headers": "'--- a/a.py\\n+++ b/a.py\\n' + '@@ x\\n' * 50_000",
    "file headers": "'--- a/a.py\\n+++ b/a.py\\n' * 90_000",
    "git headers": "'diff --git a/x b/x\\n' * 50_000",
    "sections": "'*** Update File: a.py\\n' * 50_000",
    "blank lines of a diff": "'--- a/a.py\\n+++ b/a.py\\n@@\\n' + '\\n' * 60_000",
    "prose in a diff": "'--- a/a.py\\n+++ b/a.py\\n@@\\n' + 'word\\n\\n' * 30_000",
    "elisions": "'a.py\\n<<<<<<< SEARCH\\n' + '...\\nx\\n' * 40_000"
    " + '=======\\n' + '...\\ny\\n' * 40_000 + '>>>>>>> REPLACE\\n'",
    "headings": "'*** Update File: same\\n' + '@@ value\\n' * 2000 + ' x\\n+y\\n'",
    "many misquoted hunks": "'--- a/same\\n+++ b/same\\n'"
    " + ''.join('@@\\n value = comput(other, thing)\\n-v %d\\n' % n for n in range(400))",
    "escaped markers": "'a.py\\n' + '\\\\<<<<<<< SEARCH\\n' * 90_000",
    "markers": "'<<<<<<< SEARCH\\n' * 130_000",
    "five kinds of markers": "''.join('<' * (5 + n % 5) + ' SEARCH\\n' for n in range(50_000))",
    "dividers": "'a.py\\n<<<<<<< SEARCH\\n' + '=======\\n' * 100_000",
    "ends": "'>>>>>>> REPLACE\\n' * 50_000",
    "blocks": "'a.py\\n<<<<<<< SEARCH\\none\\n=======\\ntwo\\n>>>>>>> REPLACE\\n' * 10_000",
    "fences": "'```x\\n' * 100_000",
    "bare fences": "'```\\n' * 40_000",
    "fences with paths": "'```python a.py\\n' * 50_000",
    "paths and fences": "'n.md\\n```\\n' * 50_000",
    "growing fences": "''.join('`' * (3 + n % 1000) + '\\n' for n in range(4000))",
    "fences, then a marker": "'```x\\n' * 100_000 + '<<<<<<< SEARCH\\n'",
    "thoughts": "'<think></think>' * 50_000",
    "thoughts by line": "'<think>\\n</think>x<think>\\n' * 30_000",
    "open thoughts": "'<think>\\n' * 100_000",
    "ended thoughts": "'</think>\\n' * 50_000",
    "one line": "'<' * 2_000_000",
    "one word": "'a/' * 1_000_000",
    "backticks": "'`' * 2_000_000",
    "spaces": "' ' * 2_000_000 + '\\n' + ' ' * 1_000_000 + '<<<<<<< SEARCH'",
    "ten megabytes": "'x\\n' * 5_000_000",
    "long search": "'a.py\\n<<<<<<< SEARCH\\n' + 'two three\\n' * 200_000 + '=======\\nx\\n>>>>>>> REPLACE\\n'",
    "long repeated search": "'same\\n<<<<<<< SEARCH\\n' + 'x\\n' * 40_000 + 'y\\n=======\\nx\\n>>>>>>> REPLACE\\n'",
    "alike everywhere": "'same\\n<<<<<<< SEARCH\\n' + 'value = compute(other, thing)\\n' * 390"
    " + 'value = computes(other)\\n=======\\nx\\n>>>>>>> REPLACE\\n'",
    "many near misses": "''.join('same\\n<<<<<<< SEARCH\\nvalue = comput(other, thing)\\nvalue %d\\n'"
    " '=======\\nx\\n>>>>>>> REPLACE\\n' % n for n in range(60))",
    "whole file of one line kind": "'same\\n````\\n' + 'x\\n' * 300_000 + 'y\\n````\\n'",
    "long lines": "'same\\n<<<<<<< SEARCH\\n' + 'ab' * 400_000 + '\\n=======\\n' + 'ba' * 400_000"
    " + '\\n>>>>>>> REPLACE\\n'",
}


@pytest.mark.parametrize("reply", HOSTILE.values(), ids=HOSTILE)
def test_megabytes_of_hostile_text_are_read_in_bounded_time(reply: str) -> None:
    # what is square in the length would take hours: the limit only tells the two apart, on any machine
    program = f"""
    from bot.replies import apply_reply
    same = "x\\n" * 10_000 + "value = compute(other, thing)\\n" * 10_000 + "ab" * 300_000 + "\\n"
    result = apply_reply({reply}, {{"a.py": "one\\ntwo three\\n", "same": same, "n.md": "x\\n"}})
    assert not result.files or not result.errors
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=120)


def test_the_paths_that_are_known_may_be_many() -> None:
    known = {f"folder_{number}/module.py" for number in range(100_000)} | {"src/only.py"}
    parsed = parse_reply("only.py\n```\nx\n```\nmodule.py\n```\nx\n```\n", known)
    assert [edit.path for edit in parsed.edits] == ["src/only.py"]
    assert len(parsed.errors[0]) < 300
