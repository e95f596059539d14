"""JSON files, strict or with comments where their reader takes these; duplicate keys with their line."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import PurePosixPath

from bot.checks.findings import Finding
from bot.checks.templated import is_template

SYNTAX = "json-syntax"
DUPLICATE = "json-duplicate-key"
VALUE = "json-value"

_SUFFIXES = (".json", ".jsonc", ".geojson", ".webmanifest", ".ipynb", ".code-workspace")
# Files whose own reader takes comments and trailing commas.
_WITH_COMMENTS = re.compile(
    r"(?:^|/)(?:[tj]sconfig[^/]*\.json|\.?devcontainer\.json|\.(?:eslintrc|jshintrc|babelrc|swcrc|luarc|jscsrc)(?:\.json)?"
    r"|api-extractor[^/]*\.json|typedoc\.json|turbo\.json|deno\.json|rush\.json|\.(?:vscode|devcontainer)/.*\.json"
    r"|[^/]*\.(?:jsonc|code-workspace))$"
)
# In each of these the end is optional, so that every start is consumed once: linear on hostile text.
_STRING = r'"(?:[^"\\\n]|\\.)*+"?'
_COMMENT = re.compile(_STRING + r"|(?P<comment>//[^\n]*|/\*(?:(?!\*/).)*+(?:\*/)?)", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|(?P<comma>,)(?=\s*[\]}])")
_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*+")(?P<colon>\s*:)?|[{}]', re.DOTALL)
# Repeated on purpose: the usual ways of writing a comment into strict JSON.
_COMMENT_KEYS = frozenset({"//", "#", "_comment", "$comment", "comment"})


def matches(path: str) -> bool:
    """Files that hold one JSON document."""
    return path.lower().endswith(_SUFFIXES) or (
        PurePosixPath(path).suffix == "" and _WITH_COMMENTS.search(path) is not None
    )


def check(path: str, text: str) -> list[Finding]:
    """Parse the text; an error where no JSON reader of that file would take it, a warning where readers differ."""
    source = text.removeprefix("\ufeff")
    if _WITH_COMMENTS.search(path.lower()):
        source = _strict(source)
    constants: list[str] = []
    repeated: set[str] = set()
    try:
        json.loads(
            source,
            object_pairs_hook=partial(_note_repeated, repeated),
            parse_int=str,  # Python refuses numbers of more than 4,300 digits, JSON does not
            parse_constant=constants.append,
        )
    except json.JSONDecodeError as error:
        return [] if is_template(text) else [Finding(path, error.lineno, SYNTAX, "error", error.msg)]
    except RecursionError:
        return [Finding(path, None, SYNTAX, "error", "nested too deeply to read")]
    found = [Finding(path, None, VALUE, "warning", f"{name} is not JSON") for name in dict.fromkeys(constants)]
    return found + (_duplicates(path, source) if repeated - _COMMENT_KEYS else [])


def _note_repeated(repeated: set[str], pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        (repeated if key in seen else seen).add(key)


def _strict(text: str) -> str:
    """The same text, line for line, without comments and trailing commas."""
    bare = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]) if found["comment"] else found[0], text)
    return _TRAILING_COMMA.sub(lambda found: " " if found["comma"] else found[0], bare)


def _duplicates(path: str, text: str) -> list[Finding]:
    """Each repeated key of a text that is known to be valid JSON, at the line of its repetition."""
    found: list[Finding] = []
    objects: list[dict[str, int]] = []
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        line, counted = line + text.count("\n", counted, token.start()), token.start()
        if token[0] == "{":
            objects.append({})
        elif token[0] == "}":
            objects.pop()
        elif token["colon"]:
            key, seen = json.loads(token["string"]), objects[-1]
            if key in seen and key not in _COMMENT_KEYS:
                found.append(_duplicate(path, line, key, seen[key]))
            seen.setdefault(key, line)
    return found


def _duplicate(path: str, line: int, key: str, first: int) -> Finding:
    message = f"the key {json.dumps(key[:80], ensure_ascii=False)} stands here again (first on line {first})"
    return Finding(path, line, DUPLICATE, "warning", f"{message}; most readers keep only the last")
