"""White space that a model remembered otherwise: its lines brought into the white space that the file uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.core.aligning import bare, indentation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TAB_WIDTHS: Final = (2, 3, 4, 8)

Lines = tuple[str, ...]


def respaced(window: Sequence[str], old: Lines, new: Lines) -> tuple[Lines, Lines] | None:
    """`old` and `new` as they would be with the depths and tabs of the window, whose lines `old` stands for.

    Depths must differ in one way throughout, and it must be clear what that makes of every new line; else None.
    """
    pairs = [(indentation(there), indentation(here)) for there, here in zip(window, old, strict=True) if here.strip()]
    if all(there == here for there, here in pairs):
        return old, new
    for change in (_shift(*pairs[0]), *_tabbings(pairs)):
        if all(change(here) == there for there, here in pairs):
            return _changed(change, old, new)
    return None


def _changed(change: Callable[[str], str | None], old: Lines, new: Lines) -> tuple[Lines, Lines] | None:
    if not _in_one_frame(old, new):
        return None
    sides = tuple(tuple(_reindented(change, line) for line in lines) for lines in (old, new))
    known = tuple(tuple(line for line in lines if line is not None) for lines in sides)
    return (known[0], known[1]) if list(map(len, known)) == list(map(len, sides)) else None


def _reindented(change: Callable[[str], str | None], line: str) -> str | None:
    if not line.strip():
        return line
    depth = change(indentation(line))
    return None if depth is None else depth + line.lstrip()


def _in_one_frame(old: Lines, new: Lines) -> bool:
    """Whether the new lines are as deep as the old ones were meant: else they may stand where they belong already."""
    if not any(map(str.strip, new)) or {bare(line) for line in old if line.strip()} & set(map(bare, new)):
        return True
    return _least_depth(old) == _least_depth(new)


def _least_depth(lines: Lines) -> int:
    return min(len(indentation(line)) for line in lines if line.strip())


def _shift(there: str, here: str) -> Callable[[str], str | None]:
    """The same white space more, or less, in front of every line."""
    added = there.removesuffix(here) if there.endswith(here) else ""
    removed = here.removesuffix(there) if here.endswith(there) else ""

    def change(depth: str) -> str | None:
        return added + depth.removeprefix(removed) if depth.startswith(removed) else None

    return change


def _tabbings(pairs: Sequence[tuple[str, str]]) -> list[Callable[[str], str | None]]:
    """Tabs for so many spaces, or the other way round; none when several widths would fit and matter."""
    tabs = any("\t" in there for there, _ in pairs)
    ways = [_tabbing(width, tabs=tabs) for width in _TAB_WIDTHS]
    fitting = [way for way in ways if all(way(here) == there for there, here in pairs)]
    return fitting if len(fitting) == 1 else []


def _tabbing(width: int, *, tabs: bool) -> Callable[[str], str | None]:
    def change(depth: str) -> str | None:
        columns = len(depth.expandtabs(width))
        return "\t" * (columns // width) + " " * (columns % width) if tabs else " " * columns

    return change
