"""Real commits of any clone as model replies in the four formats; nothing here knows Draftgate."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FORMATS: Final = ("search/replace", "unified", "V4A", "whole")
MOST_LINES: Final = 3000
MOST_CHANGED: Final = 150
MOST_FILES: Final = 3


Line = tuple[str, str]
"""A mark, one of space, `-` and `+`, and the line's text."""


@dataclass(frozen=True)
class Block:
    """Some changed lines of a file with those round them; `start` is the first one's number in the file before."""

    start: int
    new_start: int
    heading: str
    lines: tuple[Line, ...]

    def old(self) -> list[str]:
        """The lines before the change."""
        return [text for mark, text in self.lines if mark != "+"]

    def new(self) -> list[str]:
        """The lines after it."""
        return [text for mark, text in self.lines if mark != "-"]


@dataclass(frozen=True)
class Change:
    """One file's change; `blocks` as the renderers are to write them."""

    path: str
    before: str
    after: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Dress:
    """How the changes are written down, apart from the lines themselves."""

    numbers: str = "right"
    header: str = "git"
    prefix: bool = True
    name: Callable[[str], str] = str
    kept_mark: Callable[[str, int], str] = lambda text, _: f" {text}"
    added_mark: Callable[[str, int], str] = lambda text, _: f"+{text}"
    fence: str = "each"
    chatter: bool = False
    end: bool = True
    begin: bool = True
    scope: bool = True
    marker: int = 7
    text: Callable[[str], str] = str


# ---------------------------------------------------------------------------------------------------------------- git


def git(clone: Path, *arguments: str) -> bytes:
    """What a git command writes."""
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=True).stdout


def commits_of(clone: Path, wanted: int, seed: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Commits that change one to three smallish text files, with path, text before and text after of each."""
    listed = git(clone, "rev-list", "--no-merges", "--max-count=20000", "HEAD").decode().split()
    random.Random(seed).shuffle(listed)  # noqa: S311 - the same commits every time
    found = 0
    for commit in listed:
        changed = _changed(clone, commit)
        if changed:
            found += 1
            yield commit, changed
        if found == wanted:
            return


def _changed(clone: Path, commit: str) -> list[tuple[str, str, str]]:
    raw = git(clone, "diff-tree", "-r", "-z", "--no-commit-id", "--no-renames", commit).decode(errors="replace")
    fields = raw.split("\0")[:-1]
    files: list[tuple[str, str, str]] = []
    if not fields or len(fields) > 2 * MOST_FILES:
        return []
    for meta, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, new_mode, old, new, kind = meta.lstrip(":").split()
        if kind != "M" or old_mode != new_mode or not old_mode.startswith("100"):
            return []
        texts = [_text(git(clone, "cat-file", "blob", blob)) for blob in (old, new)]
        if texts[0] is None or texts[1] is None or not _smallish(texts[0], texts[1]):
            return []
        files.append((path, texts[0], texts[1]))
    return files


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or "\r" in text.replace("\r\n", "") else text


def _smallish(before: str, after: str) -> bool:
    old, new = split(before), split(after)
    if not old or not new or max(len(old), len(new)) > MOST_LINES or max(map(len, old + new)) > 2000:
        return False
    if before.endswith("\n") != after.endswith("\n") or ("\r\n" in before) != ("\r\n" in after):
        return False
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if len(old) < 1500 else _codes(old, new)
    return 0 < sum(max(b - a, d - c) for tag, a, b, c, d in codes if tag != "equal") <= MOST_CHANGED


def split(text: str) -> list[str]:
    """The lines without their ends."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


# ------------------------------------------------------------------------------------------------------------- blocks


def _codes(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Opcodes; what both begin and end with is not compared, which takes long."""
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest = list(zip(reversed(old[head:]), reversed(new[head:]), strict=False))
    tail = next((n for n, (a, b) in enumerate(rest) if a != b), len(rest))
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    codes = [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in middle.get_opcodes()]
    codes = [("equal", 0, head, 0, head), *codes, ("equal", len(old) - tail, len(old), len(new) - tail, len(new))]
    merged: list[tuple[str, int, int, int, int]] = []
    for code in codes:
        if code[1] == code[2] and code[3] == code[4]:
            continue
        last = merged.pop() if merged and merged[-1][0] == code[0] == "equal" else code
        merged.append((code[0], last[1], code[2], last[3], code[4]))
    return merged


def blocks_of(before: str, after: str, around: int) -> tuple[Block, ...]:
    """The changes with so many lines round them, as `diff -U` would have them."""
    old, new = split(before), split(after)
    codes = _codes(old, new)
    edges = [n for n, code in enumerate(codes) if code[0] != "equal"]
    groups: list[list[int]] = []
    for n in edges:
        if groups and codes[n][1] - codes[groups[-1][-1]][2] <= 2 * around:
            groups[-1].append(n)
        else:
            groups.append([n])
    return tuple(_block(old, new, codes, group, around) for group in groups)


def _block(
    old: list[str], new: list[str], codes: list[tuple[str, int, int, int, int]], group: list[int], around: int
) -> Block:
    first, last = codes[group[0]], codes[group[-1]]
    start, stop = max(0, first[1] - around), min(len(old), last[2] + around)
    lines: list[Line] = [(" ", text) for text in old[start : first[1]]]
    at = first[1]
    for n in group:
        _, a, b, c, d = codes[n]
        lines += [(" ", text) for text in old[at:a]]
        lines += [("-", text) for text in old[a:b]]
        lines += [("+", text) for text in new[c:d]]
        at = b
    lines += [(" ", text) for text in old[at:stop]]
    heading = next((text for text in reversed(old[:start]) if text[:1].isalpha() or text[:1] in "_$"), "")
    return Block(start + 1, start + 1 + first[3] - first[1], heading, tuple(lines))


def places(block: Block, before: str, key: Callable[[str], str] = str) -> int:
    """In how many places the block's old lines stand, as far as `key` tells lines apart."""
    old = [key(text) for text in block.old()]
    lines = [key(text) for text in split(before)]
    return sum(lines[at : at + len(old)] == old for at in range(len(lines) - len(old) + 1))


def squeezed(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


# ---------------------------------------------------------------------------------------------------------- renderers


def render(kind: str, changes: Sequence[Change], dress: Dress) -> str:
    """The changes as one reply."""
    if kind == "V4A":
        body = _v4a(changes, dress)
        reply = f"```\n{body}```\n" if dress.fence != "none" else body
    else:
        parts = [
            {"search/replace": _search_replace, "unified": _unified, "whole": _whole}[kind](c, dress) for c in changes
        ]
        reply = _fenced(kind, parts, dress)
    if dress.fence == "nested":
        fence = "`" * (max(3, _longest_fence(reply)) + 1)
        reply = f"{fence}markdown\n{reply}{fence}\n"
    if dress.chatter:
        reply = f"Sure! The bug is in the helper.\n\n{reply}\nThat is all:\n\n- the helper is fixed\n- the rest stays\n"
    return dress.text(reply)


def _fenced(kind: str, parts: Sequence[str], dress: Dress) -> str:
    language = "diff" if kind == "unified" else ""
    if dress.fence == "none" or kind == "whole":
        return "\n".join(parts)
    if dress.fence == "one":
        return f"```{language}\n{''.join(parts)}```\n"
    return "\n".join(f"```{language}\n{part}```\n" for part in parts)


def _search_replace(change: Change, dress: Dress) -> str:
    blocks = []
    for block in change.blocks:
        size = dress.marker
        old, new = ("".join(f"{text}\n" for text in side) for side in (block.old(), block.new()))
        blocks.append(f"{dress.name(change.path)}\n{'<' * size} SEARCH\n{old}{'=' * size}\n{new}{'>' * size} REPLACE\n")
    text = "".join(blocks)
    return text if dress.end else text.removesuffix(f"{'>' * dress.marker} REPLACE\n")


def _marked(block: Block, dress: Dress) -> Iterator[str]:
    for at, (mark, text) in enumerate(block.lines):
        if mark == " ":
            yield dress.kept_mark(text, at)
        elif mark == "+":
            yield dress.added_mark(text, at)
        else:
            yield f"-{text}"


def _unified(change: Change, dress: Dress) -> str:
    name = dress.name(change.path)
    a, b = (f"a/{name}", f"b/{name}") if dress.prefix else (name, name)
    head = {
        "git": f"diff --git {a} {b}\nindex 1234567..89abcde 100644\n--- {a}\n+++ {b}\n",
        "plain": f"--- {a}\n+++ {b}\n",
        "none": f"{name}\n",
    }[dress.header]
    out = [head]
    old, new = split(change.before), split(change.after)
    for block in change.blocks:
        out.append(_hunk_header(block, dress) + "\n")
        lines = list(_marked(block, dress))
        if not change.before.endswith("\n") and block.start - 1 + len(block.old()) == len(old) and dress.end:
            lines = _with_remarks(block, lines, old[-1], new[-1])
        out += [f"{line}\n" for line in lines]
    return "".join(out)


def _with_remarks(block: Block, lines: list[str], old_last: str, new_last: str) -> list[str]:
    remark = "\\ No newline at end of file"
    last = {mark: at for at, (mark, _) in enumerate(block.lines)}
    if block.lines[-1][0] == " ":
        return [*lines, remark]
    out: list[str] = []
    for at, line in enumerate(lines):
        out.append(line)
        if at in {last.get("-"), last.get("+")} and block.lines[at][1] in {old_last, new_last}:
            out.append(remark)
    return out


def _hunk_header(block: Block, dress: Dress) -> str:
    old, new = len(block.old()), len(block.new())
    heading = f" {block.heading[:80]}" if block.heading and dress.scope else ""
    chance = random.Random(f"{block.start}{old}{new}")  # noqa: S311 - the same slips every time
    match dress.numbers:
        case "right":
            return f"@@ -{block.start},{old} +{block.new_start},{new} @@{heading}"
        case "wrong counts":
            before, after = old + chance.choice((-2, -1, 1, 2)), new + chance.randint(1, 3)
            return f"@@ -{block.start},{before} +{block.new_start},{after} @@{heading}"
        case "wrong lines":
            shift = chance.choice((-1, 1)) * chance.randint(2, 60)
            return f"@@ -{max(1, block.start + shift)},{old} +{max(1, block.new_start + shift)},{new} @@{heading}"
        case "dots":
            return "@@ ... @@"
        case _:
            return "@@"


def _v4a(changes: Sequence[Change], dress: Dress) -> str:
    out = ["*** Begin Patch\n"] if dress.begin else []
    for change in changes:
        out.append(f"*** Update File: {dress.name(change.path)}\n")
        for block in change.blocks:
            out.append(f"@@ {block.heading}\n" if block.heading and dress.scope else "@@\n")
            out += [f"{line}\n" for line in _marked(block, dress)]
    return "".join(out) + ("*** End Patch\n" if dress.end else "")


def _whole(change: Change, dress: Dress) -> str:
    fence = "`" * max(3, _longest_fence(change.after) + 1)
    text = "".join(f"{line}\n" for line in split(change.after))
    return f"{dress.name(change.path)}\n{fence}\n{text}{fence}\n"


def _longest_fence(text: str) -> int:
    lines = (line.strip() for line in split(text))
    return max((len(line) - len(line.lstrip("`")) for line in lines), default=0)
