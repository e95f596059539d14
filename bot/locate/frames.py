"""Stack traces of the common languages: which lines of which files were on the stack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 60
"""Frames looked at; deeper recursion repeats itself."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack trace: the path as printed, the line (1-based), the function where it was printed."""

    path: str
    line: int
    function: str = ""


def _plain(match: re.Match[str]) -> Frame:
    groups = match.groupdict()
    return Frame(groups["path"], int(groups["line"]), groups.get("function") or "")


def _java(match: re.Match[str]) -> Frame:
    """`com.shop.Cart$Item.add(Cart.java:42)` lies in `com/shop/Cart.java`."""
    package = match["qualified"].split(".")[:-2]
    return Frame("/".join([*package, match["file"]]), int(match["line"]), match["qualified"].rpartition(".")[2])


# the look-behind lets a path start at a word's start only, so that a long run of path characters is tried once
_PATH = r"(?<![^\s\"'`()<>:,;\[\]])(?:file://)?(?P<path>(?:[A-Za-z]:)?[^\s\"'`()<>:,;\[\]]{1,300}\.[A-Za-z]\w{0,8})"
_LINE = r"(?P<line>\d{1,7})"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Frame]], ...] = (
    # Python, as in 'File "a/b.py", line 12, in name'
    (re.compile(r'File "(?P<path>[^"\n]{1,300})", line ' + _LINE + r"(?:, in (?P<function>[\w.]{1,100}))?"), _plain),
    # Java, Kotlin, Scala: at com.shop.Cart.add(Cart.java:42)
    (re.compile(r"\bat (?P<qualified>[\w.$<>/]{1,300})\((?P<file>[\w$-]{1,100}\.\w{1,8}):" + _LINE + r"\)"), _java),
    # C#, where a frame ends with its path, a colon and the word line
    (re.compile(r"\bin (?P<path>[^\n\"]{1,300}?\.\w{1,8}):line " + _LINE), _plain),
    # PHP: frames are numbered, `#0 /srv/src/Cart.php(42): Shop\Cart->add()`; errors end `in Cart.php on line 42`
    (
        re.compile(
            r"#\d{1,3} " + _PATH + r"\(" + _LINE + r"\)(?:: (?:[\w\\]{1,100}(?:->|::))?(?P<function>\w{1,100})\()?"
        ),
        _plain,
    ),
    (re.compile(r"\bin " + _PATH + r"(?: on line |:)" + _LINE), _plain),
    # JavaScript, TypeScript: at add (/srv/src/cart.js:42:7)
    (re.compile(r"\bat (?:async |new )?(?P<function>[\w.$<>]{1,100}) \(" + _PATH + ":" + _LINE), _plain),
    # Ruby: lib/cart.rb:42:in `add'
    (re.compile(_PATH + ":" + _LINE + r":in [`'](?:[\w:]{1,100}[#.])?(?P<function>[\w?!]{1,100})"), _plain),
    # pytest, Go, Rust, compilers and linters: path:42, path:42:7
    (re.compile(_PATH + ":" + _LINE), _plain),
)
_LAST_IS_CRASH = re.compile(r"most recent call last", re.IGNORECASE)
_LONGEST_LINE = 1_000


def frames(text: str) -> list[Frame]:
    """The frames in a text, the one nearest to the crash first, each path and line once.

    Python prints the crash last and says so ("most recent call last"); the other languages print it first.
    """
    found: dict[tuple[str, int], Frame] = {}
    for line in text.splitlines():
        frame = _frame(line[:_LONGEST_LINE])
        if frame is not None:
            found.setdefault((frame.path, frame.line), frame)
    ordered = list(found.values())
    return ordered[: -_MOST - 1 : -1] if _LAST_IS_CRASH.search(text) else ordered[:_MOST]


def _frame(line: str) -> Frame | None:
    if not any(char.isdigit() for char in line):
        return None
    for pattern, build in _FORMS:
        match = pattern.search(line)
        if match:
            return build(match)
    return None
