"""Images in Dockerfiles: FROM, `COPY --from`, `RUN --mount=from=`, with the arguments that their tags come from.

The format is that of the Dockerfile reference: an `escape` directive, continued lines with comments between them, and
here-documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bot.core.packages import Place, Reference
from bot.manifests.image_names import parse_image

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"(?:^|/)(?:(?:dockerfile|containerfile)(?:[.-][^/]*)?|[^/]*\.(?:dockerfile|containerfile))$")
_NO_NAME = re.compile(r"\.(?:dockerignore|md|txt|ya?ml|json|sh|py|j2|tmpl|tpl|erb|in|template)$")
_HEREDOC = re.compile(r"(?<!<)<<-?\s*([\"']?)([A-Za-z_][\w.-]*)\1(?!<)")
_ESCAPE = re.compile(r"\s*#\s*escape\s*=\s*`", re.IGNORECASE)
_WORD = re.compile(r"[^\s\0]+")
_ARGUMENT = re.compile(r"\b(?P<name>[A-Za-z_]\w{0,100})=(?P<quote>[\"']?)(?P<value>[\w.@:/+-]*)(?P=quote)", re.ASCII)
_USE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<bare>\w+))", re.ASCII)
_MOUNT = re.compile(r"(?<![\w-])--mount=(?P<spec>[^\s\0]+)")
_FROM = re.compile(r"(?:^|,)from=([^,]+)")
_MOST = 20_000
_LONGEST = 2_000_000
_LONGEST_NAME = 500


class _Instruction(NamedTuple):
    """`text` is the logical line with each character at its place (`start` on), comments and line ends as NUL."""

    line: int
    start: int
    word: str
    text: str


class _Argument(NamedTuple):
    """An argument before the first FROM, with the place of its default."""

    value: str
    start: int


class _Use(NamedTuple):
    """An image that a stage is made of, as written, at `start`."""

    line: int
    start: int
    text: str
    identity: str


def matches(path: str) -> bool:
    """Dockerfiles and Containerfiles, by their name."""
    return _NAME.search(path.lower()) is not None and _NO_NAME.search(path.lower()) is None


def references(path: str, text: str) -> list[Reference]:
    """The images that stages are made of and files are taken from; stages themselves and `scratch` are none."""
    if len(text) > _LONGEST:
        return []
    instructions = list(_instructions(text))
    arguments = _arguments(instructions)
    found = [_reference(path, use, arguments) for use in _uses(instructions)]
    return _without_shared([one for one in found if one])


def _instructions(text: str) -> Iterator[_Instruction]:
    escape = "`" if _ESCAPE.match(text) else "\\"
    lines = text.splitlines(keepends=True)
    at, start = 0, 0
    for _ in range(_MOST):
        if at >= len(lines):
            return
        first, begin = at, start
        joined, at = _joined(lines, at, escape)
        start += len(joined)
        body = joined.strip("\0 \t\ufeff")
        if not body:
            continue
        word = _WORD.match(body)
        name = word[0].lower() if word else ""
        yield _Instruction(first + 1, begin, name, joined)
        if name in {"run", "copy", "add"}:
            at, start = _after_heredocs(lines, (at, start), joined)


def _joined(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """A logical line as long as its lines together, with NUL for what is no part of it."""
    parts: list[str] = []
    continued = False
    while at < len(lines):
        line = lines[at]
        bare = line.strip("\ufeff \t\r\n")
        at += 1
        if bare.startswith("#") or not bare:
            parts.append("\0" * len(line))
            if continued:
                continue
            break
        ink = line.rstrip("\r\n \t")
        continued = ink.endswith(escape)
        ink = ink.removesuffix(escape) if continued else ink
        parts.append(ink + "\0" * (len(line) - len(ink)))
        if not continued:
            break
    return "".join(parts), at


def _after_heredocs(lines: list[str], position: tuple[int, int], joined: str) -> tuple[int, int]:
    at, start = position
    for _, end in _HEREDOC.findall(joined):
        closing = next((row for row in range(at, len(lines)) if lines[row].strip() == end), len(lines) - 1)
        start += sum(map(len, lines[at : closing + 1]))
        at = closing + 1
    return at, start


def _arguments(instructions: list[_Instruction]) -> dict[str, _Argument]:
    """The defaults of arguments that FROM can use: those before the first one."""
    found: dict[str, _Argument] = {}
    for one in instructions:
        if one.word == "from":
            break
        if one.word == "arg":
            for argument in _ARGUMENT.finditer(one.text):
                found[argument["name"]] = _Argument(argument["value"], one.start + argument.start("value"))
    return found


def _uses(instructions: list[_Instruction]) -> Iterator[_Use]:
    stages: set[str] = set()
    count = 0
    for one in instructions:
        if one.word == "from":
            count += 1
            words = [word for word in list(_WORD.finditer(one.text))[1:] if not word[0].startswith("--")]
            named = len(words) >= 3 and words[1][0].lower() == "as"
            stage = words[2][0] if named else str(count)
            if words and words[0][0].lower() not in stages:
                yield _Use(one.line, one.start + words[0].start(), words[0][0], f"FROM {stage}")
            if named:
                stages.add(stage.lower())
        elif one.word in {"copy", "run", "add"}:
            for start, text in _taken_from(one):
                if text.lower() not in stages and not text.isdigit():
                    yield _Use(one.line, one.start + start, text, f"{one.word.upper()} --from")


def _taken_from(one: _Instruction) -> Iterator[tuple[int, str]]:
    if one.word == "copy":
        yield from (
            (word.start() + len("--from="), word[0][len("--from=") :])
            for word in _WORD.finditer(one.text)
            if word[0].startswith("--from=")
        )
    if one.word == "run":
        for mount in _MOUNT.finditer(one.text):
            source = _FROM.search(mount["spec"])
            if source:
                yield mount.start("spec") + source.start(1), source[1]


def _reference(path: str, use: _Use, arguments: dict[str, _Argument]) -> Reference | None:
    quoted = use.text[:1] in {'"', "'"} and use.text[-1:] == use.text[:1]
    text = use.text[1:-1] if quoted else use.text
    start = use.start + (1 if quoted else 0)
    if len(text) > _LONGEST_NAME:
        return None
    inserted = list(_USE.finditer(text))
    if not inserted:
        return _plain(path, use, text, start)
    return _argued(path, use, (text, start), arguments) if len(inserted) == 1 else None


def _plain(path: str, use: _Use, text: str, start: int) -> Reference | None:
    name = parse_image(text)
    if name is None or not (name.tag or name.digest):
        return None
    spans = (("version", name.tag_span, name.tag), ("digest", name.digest_span, name.digest))
    places = tuple(
        Place("version" if part == "version" else "digest", start + a, start + b, value)
        for part, (a, b), value in spans
        if value
    )
    return Reference(path, use.line, "images", name.package, use.identity, name.tag, "tag", places, name.digest)


def _argued(path: str, use: _Use, written: tuple[str, int], arguments: dict[str, _Argument]) -> Reference | None:
    """An image with one argument in it: the argument's default is what changes, the words round it stay."""
    text, start = written
    inserted = next(_USE.finditer(text))
    argument = arguments.get(inserted["braced"] or inserted["bare"])
    if argument is None and inserted["default"]:
        argument = _Argument(inserted["default"], start + inserted.start("default"))
    if argument is None or not argument.value:
        return None
    name = parse_image(text[: inserted.start()] + argument.value + text[inserted.end() :])
    if name is None or not name.tag or name.digest:
        return None
    first, last = name.tag_span[0] - inserted.start(), name.tag_span[1] - inserted.start()
    inside = (max(first, 0), min(last, len(argument.value)))
    if inside[0] >= inside[1] or last < len(argument.value):
        return None
    value = argument.value[inside[0] : inside[1]]
    before = name.tag[: max(-first, 0)]
    after = name.tag[len(before) + len(value) :]
    place = Place("version", argument.start + inside[0], argument.start + inside[1], value, before, after)
    return Reference(path, use.line, "images", name.package, use.identity, name.tag, "tag", (place,))


def _without_shared(found: list[Reference]) -> list[Reference]:
    """Two images that take their tag from one argument hold each other, unless they are the same image and tag."""
    users: dict[int, set[tuple[object, str]]] = {}
    for one in found:
        users.setdefault(one.places[0].start, set()).add((one.package, one.current))
    kept: dict[int, Reference] = {}
    for one in found:
        kept.setdefault(one.places[0].start, one)
    return [one for start, one in kept.items() if len(users[start]) == 1]
