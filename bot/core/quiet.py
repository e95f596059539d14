"""Makes foreign text harmless where it is shown: no mention, no link, no picture, no closing keyword."""

from __future__ import annotations

import re

_MENTION = re.compile(r"@(?=[A-Za-z0-9])")
_LINK = re.compile(r"(?i)\b(?:https?|ftp|mailto|data|javascript):\S+|\bwww\.\S+")
_CLOSING = re.compile(
    r"(?i)\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)(:?\s+)(?:[\w.-]+/[\w.-]+#|#|GH-|https?://\S+/issues/)(\d+)"
)
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")
_RUN = re.compile(r"`+")
_ESCAPED_TICK = re.compile(r"\\+(?=`)")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)[^\n]+?(?<!`)\1(?!`)")


def visible(text: str) -> str:
    """The text without characters that people cannot see: zero-width, direction marks, tags, variation selectors."""
    return _HIDDEN.sub("", text)


def prose(text: str) -> str:
    """Foreign prose for a comment: readable as written, but nothing in it is markup, a link or a mention.

    Inline code stays as it is: nothing in it is ever more than text. Only spans that begin and end on one line count,
    because a blank line ends a span that seems to go on.
    """
    shown = _ESCAPED_TICK.sub("", visible(text))
    parts, done = [], 0
    for span in _SPAN.finditer(shown):
        parts += [_plain(shown[done : span.start()]), span.group()]
        done = span.end()
    return "".join([*parts, _plain(shown[done:])])


def _plain(text: str) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "&#96;")
    linkless = _LINK.sub(lambda match: code(match.group()), safe)
    return _MENTION.sub("@<!-- -->", linkless.replace("![", "!\\[").replace("](", "]\\("))


def code(text: str) -> str:
    """The text as inline code on one line, whatever backticks it holds."""
    flat = " ".join(visible(text).split())
    ticks = "`" * (max((len(run) for run in _RUN.findall(flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}" if flat else "` `"


def cell(markdown: str) -> str:
    """Markdown for a cell of a table: on one line, its bars kept from splitting the row, inside inline code too."""
    return " ".join(markdown.split()).replace("|", "\\|")


def block(text: str, language: str = "") -> str:
    """The text as a fenced block, its fence longer than any run of backticks inside."""
    ticks = "`" * max(3, max((len(run) for run in _RUN.findall(text)), default=0) + 1)
    end = "" if text.endswith("\n") else "\n"
    return f"{ticks}{language}\n{text}{end}{ticks}"


def message(text: str) -> str:
    """Foreign prose for a commit message or title: no mention, and no keyword that would close an issue."""
    calm = _CLOSING.sub(lambda match: f"{match[1]}{match[2]}issue {match[3]}", visible(text))
    return _MENTION.sub("@ ", calm)
