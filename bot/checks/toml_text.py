"""TOML files: whether Python's own reader takes them (TOML 1.0, which forbids duplicate keys itself)."""

from __future__ import annotations

import re
import tomllib

from bot.checks.findings import Finding
from bot.checks.templated import is_template, without_strings

SYNTAX = "toml-syntax"

_NAMES = ("pipfile", "cargo.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml")
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
# tomllib takes quadratic time over a key of many dotted parts (20,000: 9 s).
_LONG_KEY = re.compile(r'(?<![\w"-])(?:(?:[\w-]|"")++[ \t]*+\.[ \t]*+){100}')


def matches(path: str) -> bool:
    """Files that hold TOML, lock files among them."""
    name = path.lower().rpartition("/")[2]
    return name.endswith(".toml") or name in _NAMES


def check(path: str, text: str) -> list[Finding]:
    """Parse the text; at most one finding, at the line that the parser names."""
    source = text.removeprefix("\ufeff")
    if _LONG_KEY.search(without_strings(source)):
        return [Finding(path, None, SYNTAX, "error", "has a key of more than 100 parts")]
    try:
        tomllib.loads(source)
    except RecursionError:
        return [Finding(path, None, SYNTAX, "error", "nested too deeply to read")]
    except ValueError as error:  # TOMLDecodeError, or a number or date that Python cannot hold
        return [] if is_template(text) else [_finding(path, text, str(error))]
    return []


def _finding(path: str, text: str, message: str) -> Finding:
    place = _PLACE.search(message)
    if place is None:
        return Finding(path, None, SYNTAX, "error", message)
    line = int(place["line"]) if place["line"] else text.count("\n") + 1
    return Finding(path, line, SYNTAX, "error", message[: place.start()])
