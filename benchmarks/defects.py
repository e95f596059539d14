"""The usual defects of model replies, put into the renderings of real commits: cases with known answers.

A case is the files before, a reply with one defect, and what the files must be afterwards. Where the defect takes away
what was needed to tell two answers apart, or the quoted lines stand in several places and nothing says in which, the
right answer is a refusal, and the case says so. Nothing here knows Draftgate.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rendering import FORMATS, Block, Change, Dress, Line, blocks_of, places, render, split, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LINES: Final = ("search/replace", "unified", "V4A")
DIFFS: Final = ("unified", "V4A")
PLAIN: Final = Dress()
_COMMENT = re.compile(r"\s*(?:#|//|\*|--|/\*|;|<!--|\"\"\")\s*\w+ .*\w{5}")
_QUOTES = str.maketrans({"'": "\u2019", '"': "\u201d"})


@dataclass(frozen=True)
class Case:
    """One reply; `after` is what becomes of the files, or None where a refusal is right, and `truth` what was meant."""

    commit: str
    format: str
    defect: str
    before: Mapping[str, str]
    reply: str
    after: Mapping[str, str] | None
    truth: Mapping[str, str]


@dataclass(frozen=True)
class Spoiled:
    """Blocks with the defect in them; `certain` unless the defect took away what tells two answers apart.

    `certain_in_halves` is the same for a format that does not say which old line a new one stands for.
    """

    blocks: tuple[Block, ...]
    certain: bool = True
    certain_in_halves: bool = True


Spoil = Callable[[random.Random, Change], Spoiled | None]
"""Puts the defect into the blocks of one file; None where there is nothing to put it into."""


@dataclass(frozen=True)
class Defect:
    """A defect, the formats that can have it, and as what the lines are still to be told apart."""

    name: str
    formats: tuple[str, ...] = FORMATS
    dress: Dress = PLAIN
    spoil: Spoil | None = None
    around: int = 3
    key: Callable[[str], str] = str
    crlf_files: bool = False


def _each_line(pick: Callable[[Line], bool], change: Callable[[random.Random, str], str], most: int = 99) -> Spoil:
    """A defect in some lines, each by itself."""

    def spoil(rng: random.Random, one: Change) -> Spoiled | None:
        spots = [(b, at) for b, block in enumerate(one.blocks) for at, line in enumerate(block.lines) if pick(line)]
        rng.shuffle(spots)
        chosen = set(spots[:most])
        blocks = tuple(
            replace(block, lines=tuple(
                (mark, change(rng, text)) if (b, at) in chosen else (mark, text)
                for at, (mark, text) in enumerate(block.lines)
            ))
            for b, block in enumerate(one.blocks)
        )  # fmt: skip
        return Spoiled(blocks) if blocks != one.blocks and not _is_undone(blocks) else None

    return spoil


def _typo(rng: random.Random, text: str) -> str:
    words = list(re.finditer(r"[A-Za-z]{5,}", text))
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _inner_space(rng: random.Random, text: str) -> str:
    body = text.lstrip()
    spots = list(re.finditer(r"(?<=\S) +(?=\S)|(?<=[,(=])(?=\w)", body))
    if not spots:
        return text
    spot = rng.choice(spots)
    gap = {0: " ", 1: rng.choice(("  ", "")) if not _between_words(body, spot) else "  "}.get(len(spot[0]), " ")
    return text[: len(text) - len(body)] + body[: spot.start()] + gap + body[spot.end() :]


def _between_words(text: str, spot: re.Match[str]) -> bool:
    return (text[spot.start() - 1] + text[spot.end()]).replace("_", "a").isalnum()


def _is_kept(line: Line) -> bool:
    return line[0] == " " and bool(line[1].strip())


def _is_old(line: Line) -> bool:
    return line[0] != "+" and bool(line[1].strip())


def _drop(pick: Callable[[Line], bool], most: int) -> Spoil:
    """Lines left out; beside a change of another number of lines, nobody can tell on which side of it they stood."""

    def spoil(rng: random.Random, one: Change) -> Spoiled | None:
        spots = [
            (b, at)
            for b, block in enumerate(one.blocks)
            for at, line in enumerate(block.lines)
            if pick(line) and 0 < at < len(block.lines) - 1
        ]
        rng.shuffle(spots)
        chosen = set(spots[:most])
        if not chosen:
            return None
        runs = [
            run for b, at in chosen for run in _runs_beside(one.blocks[b].lines, at, {n for m, n in chosen if m == b})
        ]
        blocks = tuple(
            replace(block, lines=tuple(line for at, line in enumerate(block.lines) if (b, at) not in chosen))
            for b, block in enumerate(one.blocks)
        )
        # what is left stands in the file just so, before or after the change: a proper reply, to another end
        pairs = [(now, was) for now, was in zip(blocks, one.blocks, strict=True) if now.old() != was.old()]
        if any(places(now, one.before) or places(_made(now), one.before) for now, _ in pairs):
            return None
        return Spoiled(blocks, all(run.count("+") == run.count("-") for run in runs), not any(runs))

    return spoil


def _made(block: Block) -> Block:
    return replace(block, lines=tuple((" ", text) for text in block.new()))


def _runs_beside(lines: Sequence[Line], at: int, dropped: set[int]) -> Iterator[str]:
    """The marks of the changes that the line at that place has beside it, other dropped ones aside."""
    for step in (-1, 1):
        near = at + step
        while 0 <= near < len(lines) and near in dropped:
            near += step
        marks = ""
        while 0 <= near < len(lines) and lines[near][0] != " ":
            marks += lines[near][0]
            near += step
        yield marks


def _elide(_: random.Random, one: Change) -> Spoiled | None:
    """Runs of at least five kept lines between others shortened to their edges."""
    blocks = tuple(replace(block, lines=tuple(_elided(block.lines))) for block in one.blocks)
    return Spoiled(blocks) if blocks != one.blocks else None


def _elided(lines: Sequence[Line]) -> Iterator[Line]:
    at = 0
    while at < len(lines):
        run = at
        while run < len(lines) and lines[run][0] == " ":
            run += 1
        if run - at >= 7 and run < len(lines) and at:
            yield from (*lines[at : at + 3], (" ", "..."), *lines[run - 3 : run])
        else:
            yield from lines[at:run]
        if run < len(lines):
            yield lines[run]
        at = run + 1


def _swap_indent(*, both: bool) -> Spoil:
    """Tabs for spaces, or spaces for tabs, in front of the lines."""

    def spoil(_: random.Random, one: Change) -> Spoiled | None:
        tabs = sum(line.startswith("\t") for line in split(one.before))
        spaces = sum(line.startswith("  ") for line in split(one.before))
        if (tabs and spaces) or not tabs + spaces:
            return None
        width = 4 if tabs else _width(one.before)

        def swapped(text: str) -> str:
            body = text.lstrip()
            depth = text[: len(text) - len(body)]
            if not body or (not tabs and len(depth) % width):
                return text
            return (depth.replace("\t", " " * width) if tabs else "\t" * (len(depth) // width)) + body

        blocks = tuple(
            replace(b, lines=tuple((m, swapped(t)) if both or m != "+" else (m, t) for m, t in b.lines))
            for b in one.blocks
        )
        # where no old line has any, nothing shows that there is a defect
        if any(was.old() == now.old() for was, now in zip(one.blocks, blocks, strict=True)):
            return None
        return Spoiled(blocks)

    return spoil


def _width(text: str) -> int:
    depths = {len(line) - len(line.lstrip(" ")) for line in split(text) if line.strip()} - {0}
    return next((width for width in (4, 2, 3) if all(depth % width == 0 for depth in depths)), 4)


def _dedent(_: random.Random, one: Change) -> Spoiled | None:
    """Each block without the white space that all its lines share."""
    blocks = []
    for block in one.blocks:
        depths = [len(text) - len(text.lstrip()) for _, text in block.lines if text.strip()]
        cut = min(depths, default=0)
        blocks.append(
            replace(block, lines=tuple((mark, text[cut:] if text.strip() else text) for mark, text in block.lines))
        )
    return Spoiled(tuple(blocks)) if tuple(blocks) != one.blocks else None


def _strip_old(_: random.Random, one: Change) -> Spoiled | None:
    """Old lines without the white space at their ends, unless taking that away is what the commit was for."""
    blocks = tuple(
        replace(block, lines=tuple((m, t if m == "+" else t.rstrip()) for m, t in block.lines)) for block in one.blocks
    )
    return None if blocks == one.blocks or _is_undone(blocks) else Spoiled(blocks)


def _is_undone(blocks: Sequence[Block]) -> bool:
    """Whether the slip in an old line is just what the commit changes, so that nothing is left to be seen of it."""
    return any(
        {text for mark, text in block.lines if mark == "-"} & {text for mark, text in block.lines if mark == "+"}
        for block in blocks
    )


def _smart(*, both: bool) -> Spoil:
    def spoil(_: random.Random, one: Change) -> Spoiled | None:
        # where the file has neither kind of quotes, nothing shows that there is a defect
        if not one.before.isascii() or not {"'", '"'} & set(one.before):
            return None
        blocks = tuple(
            replace(b, lines=tuple((m, t.translate(_QUOTES)) if both or m != "+" else (m, t) for m, t in b.lines))
            for b in one.blocks
        )
        # quotes in new lines alone may be meant
        told = any(was.old() != now.old() for was, now in zip(one.blocks, blocks, strict=True))
        return Spoiled(blocks, told, told) if blocks != one.blocks else None

    return spoil


def _escaped(text: str) -> str:
    return re.sub(r"(?m)^(<{7} SEARCH|={7}$|>{7} REPLACE)", r"\\\1", text)


def _lost_plus(text: str, at: int) -> str:
    return text if at % 3 == 2 else f"+{text}"


def _minimal(_: random.Random, one: Change) -> Spoiled | None:
    return Spoiled(one.blocks)


def _is_comment(line: Line) -> bool:
    return _is_kept(line) and _COMMENT.match(line[1]) is not None


def _is_old_comment(line: Line) -> bool:
    return line[0] == "-" and _COMMENT.match(line[1]) is not None


def _basename(path: str) -> str:
    return path.rpartition("/")[2]


def _bare_kept(text: str, _: int) -> str:
    return text


def _bare_blank(text: str, _: int) -> str:
    return f" {text}" if text else ""


def _trailing(pick: Callable[[Line], bool]) -> Spoil:
    """White space after lines, unless the commit itself brings in some, which would look the same."""
    spoil = _each_line(pick, lambda _, text: f"{text}  ")

    def unless_meant(rng: random.Random, one: Change) -> Spoiled | None:
        meant = any(mark == "+" and text != text.rstrip() for block in one.blocks for mark, text in block.lines)
        return None if meant else spoil(rng, one)

    return unless_meant


def _some_bare_kept(text: str, at: int) -> str:
    return text if at % 2 else f" {text}"


DEFECTS: Final = (
    Defect("none"),
    Defect("chatter, fenced", dress=Dress(chatter=True)),
    Defect("chatter, no fence", LINES, Dress(chatter=True, fence="none")),
    Defect("fence in a fence", dress=Dress(fence="nested")),
    Defect("all files in one fence", LINES, Dress(fence="one")),
    Defect("no end marker", ("search/replace", "V4A"), Dress(end=False)),
    Defect("no begin marker", ("V4A",), Dress(begin=False)),
    Defect("lost final newline of the reply", dress=Dress(fence="none", text=lambda text: text.removesuffix("\n"))),
    Defect("lost remark on the final newline", ("unified",), Dress(end=False)),
    Defect("CRLF reply", dress=Dress(text=lambda text: text.replace("\n", "\r\n"))),
    Defect("CRLF files", crlf_files=True),
    Defect("base name only", dress=Dress(name=_basename)),
    Defect("./ before the path", dress=Dress(name=lambda path: f"./{path}", prefix=False)),
    Defect("no a/ and b/", ("unified",), Dress(prefix=False, header="plain")),
    Defect("no diff --git line", ("unified",), Dress(header="plain")),
    Defect("path line for a header", ("unified",), Dress(header="none", fence="none")),
    Defect("wrong counts", ("unified",), Dress(numbers="wrong counts")),
    Defect("wrong line numbers", ("unified",), Dress(numbers="wrong lines")),
    Defect("@@ ... @@", ("unified",), Dress(numbers="dots")),
    Defect("@@ alone", DIFFS, Dress(numbers="none", scope=False)),
    Defect("lost marks of kept lines", DIFFS, Dress(kept_mark=_bare_kept)),
    Defect("lost marks of kept lines, no numbers", DIFFS, Dress(kept_mark=_bare_kept, numbers="none")),
    Defect("lost marks of some kept lines", DIFFS, Dress(kept_mark=_some_bare_kept)),
    Defect("lost marks of blank kept lines", DIFFS, Dress(kept_mark=_bare_blank)),
    Defect("lost plus of some new lines", DIFFS, Dress(added_mark=_lost_plus)),
    Defect("marker of nine", ("search/replace",), Dress(marker=9)),
    Defect("escaped markers", ("search/replace",), Dress(text=_escaped)),
    Defect("typo in a kept comment", LINES, spoil=_each_line(_is_comment, _typo, 1)),
    Defect("typo in a deleted comment", LINES, spoil=_each_line(_is_old_comment, _typo, 1)),
    Defect("inner space in a kept line", LINES, spoil=_each_line(_is_kept, _inner_space, 1), key=squeezed),
    Defect("inner space in many old lines", LINES, spoil=_each_line(_is_old, _inner_space), key=squeezed),
    Defect("trailing space after kept lines", LINES, spoil=_trailing(_is_kept), key=str.rstrip),
    Defect("trailing space after old lines", LINES, spoil=_trailing(_is_old), key=str.rstrip),
    Defect("trailing space lost", LINES, spoil=_strip_old, key=str.rstrip),
    Defect("dropped blank kept lines", LINES, spoil=_drop(lambda line: line[0] == " " and not line[1].strip(), 99)),
    Defect("dropped kept line", LINES, spoil=_drop(_is_kept, 1)),
    Defect("tabs for spaces, all lines", LINES, spoil=_swap_indent(both=True), key=squeezed),
    Defect("tabs for spaces, old lines", LINES, spoil=_swap_indent(both=False), key=squeezed),
    Defect("lost indentation", LINES, spoil=_dedent, key=squeezed),
    Defect("smart quotes, all lines", LINES, spoil=_smart(both=True)),
    Defect("smart quotes, old lines", LINES, spoil=_smart(both=False)),
    Defect("elided middle", LINES, spoil=_elide, around=12),
    Defect("no context", ("search/replace", "V4A"), Dress(scope=False), spoil=_minimal, around=0),
    Defect("one line of context", LINES, Dress(numbers="none", scope=False), spoil=_minimal, around=1),
)  # fmt: skip


def cases_of(commit: str, files: Sequence[tuple[str, str, str]]) -> Iterator[Case]:
    """Every defect in every format that can have it, for one commit."""
    for defect in DEFECTS:
        sided = [_with_crlf(*one) for one in files] if defect.crlf_files else list(files)
        for kind in defect.formats:
            case = _case(commit, sided, defect, kind)
            if case is not None:
                yield case


def _with_crlf(path: str, before: str, after: str) -> tuple[str, str, str]:
    old, new = (text.replace("\r\n", "\n").replace("\n", "\r\n") for text in (before, after))
    return path, old, new


def _case(commit: str, files: Sequence[tuple[str, str, str]], defect: Defect, kind: str) -> Case | None:
    rng = random.Random(f"{commit}{defect.name}{kind}")  # noqa: S311 - the same cases every time
    changes: list[Change] = []
    certain, spoilt = True, defect.spoil is None
    for path, old, new in files:
        change = Change(path, old, new, blocks_of(old, new, defect.around))
        spoiled = defect.spoil(rng, change) if defect.spoil else None
        blocks = change.blocks if spoiled is None else spoiled.blocks
        spoilt |= spoiled is not None
        certain &= spoiled is None or (spoiled.certain_in_halves if kind == "search/replace" else spoiled.certain)
        certain &= kind == "whole" or all(
            _is_clear(was, now, old, defect, kind) for was, now in zip(change.blocks, blocks, strict=True)
        )
        changes.append(replace(change, blocks=blocks))
    if not spoilt or not _is_expressible(kind, changes):
        return None
    before = {path: text for path, text, _ in files}
    truth = {path: text for path, _, text in files}
    certain &= "base name" not in defect.name or len({_basename(path) for path in before}) == len(before)
    reply = render(kind, changes, defect.dress)
    return Case(commit, kind, defect.name, before, reply, truth if certain else None, truth)


def _is_clear(was: Block, now: Block, before: str, defect: Defect, kind: str) -> bool:
    """Whether the quoted lines, as they should have been and as they are, can mean one place only."""
    if not any(text.strip() for text in now.old()):
        return False
    if kind == "unified" and defect.dress.numbers in {"right", "wrong counts"}:
        return True
    elsewhere = places(now, before) > (now.old() == was.old())
    return places(was, before, defect.key) == 1 and not elsewhere


def _is_expressible(kind: str, changes: Sequence[Change]) -> bool:
    """Whether the format, used properly, can say it: not a text with the format's own marks in it."""
    texts = [text for change in changes for block in change.blocks for _, text in block.lines]
    marks = {"search/replace": r"(?:<{5,9}|={5,9}|>{5,9})(?: |$)", "unified": r"@@|-- |\+\+ ", "V4A": r"@@|\*\*\* "}
    if kind == "whole":
        return True
    return not any(re.match(marks[kind], text) or text.startswith(("```", "~~~")) for text in texts)
