"""Dockerfiles: instructions that do not exist, and stages and arguments that do not fit.

The format is that of the Dockerfile reference: an `escape` directive, continued lines with comments between them, and
here-documents.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.checks.findings import Finding
from bot.checks.templated import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNTAX = "dockerfile-syntax"
STAGE = "dockerfile-stage"

_NAME = re.compile(r"(?:^|/)(?:(?:dockerfile|containerfile)(?:[.-][^/]*)?|[^/]*\.(?:dockerfile|containerfile))$")
_NO_NAME = re.compile(r"\.(?:dockerignore|md|txt|ya?ml|json|sh|py|j2|tmpl|tpl|erb|in|template)$")
_INSTRUCTIONS = frozenset({
    "add", "arg", "cmd", "copy", "entrypoint", "env", "expose", "from", "healthcheck", "label", "maintainer",
    "onbuild", "run", "shell", "stopsignal", "user", "volume", "workdir",
})  # fmt: skip
_HEREDOC = re.compile(r"(?<!<)<<-?\s*([\"']?)([A-Za-z_][\w.-]*)\1(?!<)")
_HEREDOC_TAKERS = {"run", "copy", "add"}
_FLAG = re.compile(r"\s*--([\w-]+)(?:=(\S*))?")
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in lower case, and its words after it, flags (`--from=x`) apart."""

    line: int
    word: str
    rest: str
    flags: tuple[tuple[str, str], ...]


def matches(path: str) -> bool:
    """Dockerfiles and Containerfiles, by their name."""
    return _NAME.search(path) is not None and _NO_NAME.search(path) is None


def check(path: str, text: str) -> list[Finding]:
    """What every builder refuses; an error each."""
    if is_template(text):
        return []
    instructions = read_dockerfile(text)
    unknown = [one for one in instructions if one.word not in _INSTRUCTIONS]
    if unknown:
        message = f"`{unknown[0].word.upper()[:40]}` is no instruction"
        return [Finding(path, unknown[0].line, SYNTAX, "error", message)]
    found = list(_syntax(path, instructions))
    return found or list(_stages(path, instructions))


@lru_cache(maxsize=8)
def read_dockerfile(text: str) -> tuple[Instruction, ...]:
    """The instructions, as far as their number is bearable."""
    lines = text.removeprefix("\ufeff").splitlines()
    escape = "`" if re.match(r"\s*#\s*escape\s*=\s*`", text, re.IGNORECASE) else "\\"
    ends: dict[str, list[int]] = {}
    for row, line in enumerate(lines):
        ends.setdefault(line.strip(), []).append(row)
    found: list[Instruction] = []
    at = 0
    while at < len(lines) and len(found) < _MOST:
        start, (joined, at) = at, _joined(lines, at, escape)
        if joined.strip():
            instruction = _instruction(start + 1, joined.strip())
            found.append(instruction)
            if instruction.word in _HEREDOC_TAKERS or instruction.word == "onbuild":
                at = _after_heredocs(ends, at, joined)
    return tuple(found)


def _joined(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """A logical line that starts at `at`, and where the next one starts."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        bare = line.strip()
        if bare.startswith("#") or (parts and not bare):
            if parts:
                continue
            return "", at
        if not bare.endswith(escape):
            parts.append(line)
            break
        parts.append(line.rstrip()[:-1])
    return " ".join(parts), at


def _after_heredocs(ends: dict[str, list[int]], at: int, joined: str) -> int:
    """The line after the here-documents that a line begins; `ends` holds the numbers of equal lines, in order."""
    for _, end in _HEREDOC.findall(joined):
        rows = ends.get(end, [])
        place = bisect_left(rows, at)
        if place == len(rows):
            return at
        at = rows[place] + 1
    return at


def _instruction(line: int, text: str) -> Instruction:
    word, _, rest = text.partition(" ") if " " in text else text.partition("\t")
    flags: list[tuple[str, str]] = []
    while len(flags) < 20 and (found := _FLAG.match(rest)):
        flags.append((found[1], found[2] or ""))
        rest = rest[found.end() :]
    return Instruction(line, word.lower(), rest.strip(), tuple(flags))


def _syntax(path: str, instructions: tuple[Instruction, ...]) -> Iterator[Finding]:
    first = next((one for one in instructions if one.word != "arg"), None)
    if first is not None and first.word != "from":
        message = f"{first.word.upper()} stands before the first FROM"
        yield Finding(path, first.line, SYNTAX, "error", message)
    for one in instructions:
        words = one.rest.split(None, 20)
        if not one.rest and one.word not in {"cmd", "entrypoint"}:
            yield Finding(path, one.line, SYNTAX, "error", f"{one.word.upper()} needs an argument")
        elif one.word == "from" and not (len(words) == 1 or (len(words) == 3 and words[1].lower() == "as")):
            yield Finding(path, one.line, SYNTAX, "error", "FROM takes an image, or an image AS a name")
        elif one.word in {"copy", "add"} and len(words) < 2 and "<<" not in one.rest and one.rest[:1] != "[":
            yield Finding(path, one.line, SYNTAX, "error", f"{one.word.upper()} needs a source and a destination")


def _stages(path: str, instructions: tuple[Instruction, ...]) -> Iterator[Finding]:
    """`COPY --from` with the number of a stage that has not begun yet, or with the name of a later one."""
    later = [one.rest.split()[2].lower() for one in instructions if one.word == "from" and len(one.rest.split()) == 3]
    names: set[str] = set()
    stages = 0
    for one in instructions:
        if one.word == "from":
            stages += 1
            names.update(name.lower() for name in one.rest.split()[2:3])
            continue
        source = dict(one.flags).get("from", "").lower()
        if source.isdecimal() and int(source[:6]) >= stages - 1:
            yield Finding(path, one.line, STAGE, "error", f"there is no stage {source[:6]} before this one")
        elif source in later and source not in names:
            yield Finding(path, one.line, STAGE, "error", f"the stage `{source[:60]}` begins only later")
