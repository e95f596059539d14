"""YAML files, all documents of each: syntax, unknown aliases, duplicate keys.

The text is read as a stream of parser events. No object is constructed and no alias is followed, so neither a tag nor a
bomb of aliases does anything here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.checks.findings import Finding
from bot.checks.templated import has_statements, is_helm_template, is_yaml_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

SYNTAX = "yaml-syntax"
DUPLICATE = "yaml-duplicate-key"

# libyaml looks at every open bracket for each token and at every earlier %-directive for each new one, which is
# quadratic (100,000 brackets: 30 s); real files stay far below both.
_DEEPEST = 200
_DIRECTIVES = 100

_MERGE = "tag:yaml.org,2002:merge"

_Key = tuple[str, str]


class _BrokenError(Exception):
    """The text is not YAML; `line` counts from 1, None when unknown."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Frame:
    """An open collection: a mapping's keys with their lines, None for a sequence; `at_key`: the next node is a key."""

    keys: dict[_Key, int] | None
    at_key: bool = True


@dataclass(slots=True)
class _Reader:
    """What is known while the events of one file go by."""

    path: str
    findings: list[Finding] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)


def matches(path: str) -> bool:
    """Files that hold YAML."""
    return path.lower().endswith((".yaml", ".yml", ".clang-format", ".clang-tidy"))


def check(path: str, text: str) -> list[Finding]:
    """Read all documents; an error for the first place that is not YAML, and one for each repeated key before it."""
    if is_helm_template(path, text):
        return []
    reader = _Reader(path)
    try:
        _read(reader, text.removeprefix("\ufeff"))
    except _BrokenError as error:
        if is_yaml_template(text):
            return []
        reader.findings.append(Finding(path, error.line, SYNTAX, "error", str(error)))
    if has_statements(text):  # both branches of a template's condition may set the same key
        return [finding for finding in reader.findings if finding.check != DUPLICATE]
    return reader.findings


def _read(reader: _Reader, text: str) -> None:
    import yaml  # noqa: PLC0415 - 20 ms that most commands do not need

    if text.startswith("%") + text.count("\n%") > _DIRECTIVES:
        raise _BrokenError(f"more than {_DIRECTIVES} lines begin with %")
    try:
        # CSafeLoader wants text that is UTF-8; lone surrogates are not.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            for event in _events(loader):
                _take(reader, loader, event)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _explain(error, text) from error
    except UnicodeEncodeError as error:
        raise _BrokenError("has a lone surrogate, which is no text", text.count("\n", 0, error.start) + 1) from error


def _events(loader: yaml.SafeLoader) -> Iterator[yaml.Event]:
    while loader.check_event():
        yield loader.get_event()  # type: ignore[no-untyped-call]


def _take(reader: _Reader, loader: yaml.SafeLoader, event: yaml.Event) -> None:
    import yaml  # noqa: PLC0415 - see _read

    if isinstance(event, yaml.NodeEvent):
        _take_node(reader, loader, event)
    elif isinstance(event, yaml.CollectionEndEvent):
        reader.frames.pop()
    elif isinstance(event, yaml.DocumentStartEvent):
        reader.anchors.clear()


def _take_node(reader: _Reader, loader: yaml.SafeLoader, event: yaml.NodeEvent) -> None:
    import yaml  # noqa: PLC0415 - see _read

    line = event.start_mark.line + 1 if event.start_mark else 0  # the parser always sets it; the type allows for None
    frame = reader.frames[-1] if reader.frames else None
    if frame and frame.keys is not None:
        if frame.at_key and isinstance(event, yaml.ScalarEvent):
            _take_key(reader, frame.keys, _key(loader, event), line)
        frame.at_key = not frame.at_key
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in reader.anchors:
            raise _BrokenError(f"*{event.anchor} names no anchor before it", line)
        return
    if event.anchor is not None:
        reader.anchors.add(event.anchor)
    if isinstance(event, yaml.CollectionStartEvent):
        reader.frames.append(_Frame({} if isinstance(event, yaml.MappingStartEvent) else None))
        if len(reader.frames) > _DEEPEST:
            raise _BrokenError(f"nested more than {_DEEPEST} levels deep", line)


def _key(loader: yaml.SafeLoader, event: yaml.ScalarEvent) -> _Key:
    """What makes two keys the same: `1` and `"1"` differ, `a` and `"a"` do not."""
    import yaml  # noqa: PLC0415 - see _read

    tag = event.tag or loader.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
    return tag, event.value


def _take_key(reader: _Reader, keys: dict[_Key, int], key: _Key, line: int) -> None:
    if key not in keys:
        keys[key] = line
    elif key[0] != _MERGE:  # several merges in one mapping are common, and PyYAML takes them
        message = f"the key {key[1][:80]!r} stands here again (first on line {keys[key]})"
        reader.findings.append(Finding(reader.path, line, DUPLICATE, "error", message))


def _explain(error: yaml.YAMLError, text: str) -> _BrokenError:
    import yaml  # noqa: PLC0415 - see _read
    from yaml.reader import ReaderError  # noqa: PLC0415 - see _read

    if isinstance(error, ReaderError):
        before = text.encode("utf-8", "replace")[: error.position]
        return _BrokenError(f"has a character that YAML forbids: {_code(error.character)}", before.count(b"\n") + 1)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _BrokenError(str(error))
    line = error.problem_mark.line
    if _indented_by_tab(text, line):
        return _BrokenError("a tab in the indentation, where YAML takes only spaces", line + 1)
    return _BrokenError(", ".join(filter(None, (error.context, error.problem))), min(line, text.count("\n")) + 1)


def _code(character: str | int) -> str:
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


def _indented_by_tab(text: str, line: int) -> bool:
    lines = text.split("\n", line + 1)
    row = lines[line] if line < len(lines) else ""
    return "\t" in row[: len(row) - len(row.lstrip())]
