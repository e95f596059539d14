"""Secrets in texts, by the rules of gitleaks, matched with RE2: linear time on any text, and the rules' own syntax.

A secret itself never stands in a finding, only its fingerprint, which tells it from another on the same line.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.checks.findings import Finding, Severity
from bot.checks.packed import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    import re2  # type: ignore[import-untyped]

SECRET = "secret"  # noqa: S105 - the name of a check
UNREAD = "secret-unread"

_MOST_READ = 20_000_000
"""Bytes that all rules together read of one text: each rule reads all of it once one of its keywords is there."""
_MOST_FOUND = 20
_ALLOWED = b"gitleaks:allow"
_LAST = "generic-api-key"
# Rules that look at names and randomness rather than at a known form of key.
_LOOSE = frozenset({_LAST, "kubernetes-secret-yaml", "hashicorp-tf-password", "curl-auth-user", "curl-auth-header",
                    "nuget-config-password", "jwt", "jwt-base64", "sourcegraph-access-token"})  # fmt: skip
# Where made-up keys are at home.
_MADE_UP = re.compile(
    r"(?:^|[/._-])(?:tests?|testing|testdata|specs?|e2e|fixtures?|examples?|samples?|demos?|mocks?|docs?|snapshots?|readme"
    r"|changelog)(?:$|[/._-])|\.(?:md|rst|adoc)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Allowance:
    """What is no secret after all: any of these, or with `together` all of those that are given."""

    paths: tuple[str, ...]
    regexes: tuple[str, ...]
    target: str
    stopwords: frozenset[str]
    together: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule of gitleaks; its texts are RE2's syntax."""

    name: str
    regex: str
    group: int
    entropy: float
    keywords: tuple[str, ...]
    path: str
    allowances: tuple[_Allowance, ...]


def check(path: str, text: str) -> list[Finding]:
    """What looks like a secret: an error where its form is that of a key and the file is neither test nor prose."""
    data = text.encode("utf-8", "surrogatepass")
    if not data or _is_allowed_path(path):
        return []
    found: list[Finding] = []
    read = 0
    for rule in _suspicious(data.lower()):
        if rule.path and not _hits(rule.path, path):
            continue
        read += len(data)
        if read > _MOST_READ:
            found.append(Finding(path, None, UNREAD, "note", "not all rules for secrets were tried: too long"))
            break
        found += _apply(rule, path, data)
    return _distinct(found)


def _suspicious(lowered: bytes) -> list[_Rule]:
    """The rules of which a keyword stands in a text, found for all of them in one pass."""
    keywords, found = _keywords()
    there = {keywords[number] for number in found.Match(lowered) or ()}
    return [rule for rule in _rules() if not there.isdisjoint(rule.keywords)]


def _apply(rule: _Rule, path: str, data: bytes) -> Iterator[Finding]:
    severity: Severity = "warning" if rule.name in _LOOSE or _MADE_UP.search(path) else "error"
    left = _MOST_FOUND
    for match in _pattern(rule.regex).finditer(data):
        secret = _secret(rule, match)
        if _entropy(secret) <= rule.entropy or any(_allows(one, path, data, match, secret) for one in rule.allowances):
            continue
        if _allows(_everywhere(), path, data, match, secret) or _ALLOWED in _line(data, match):
            continue
        line = data.count(b"\n", 0, match.start()) + 1
        message = f"looks like a secret (rule {rule.name}), which is not repeated here"
        yield Finding(path, line, SECRET, severity, message, sha256(secret).hexdigest()[:16])
        left -= 1
        if not left:
            return


def _distinct(found: list[Finding]) -> list[Finding]:
    """One finding a secret and line, of the rule that says most of it, which comes first."""
    kept: dict[tuple[int | None, str], Finding] = {}
    for finding in found:
        kept.setdefault((finding.line, finding.key), finding)
    lines = {one.line for one in kept.values() if _LAST not in one.message}
    return [one for one in kept.values() if _LAST not in one.message or one.line not in lines]


def _secret(rule: _Rule, match: Any) -> bytes:
    groups: list[bytes | None] = [match.group(rule.group)] if rule.group else list(match.groups())
    return next((group for group in groups if group), bytes(match.group(0)))


def _allows(allowance: _Allowance, path: str, data: bytes, match: Any, secret: bytes) -> bool:
    target = {"match": match.group(0), "line": _line(data, match)}.get(allowance.target, secret)
    said = []
    if allowance.paths:
        said.append(any(_hits(one, path) for one in allowance.paths))
    if allowance.regexes:
        said.append(any(_pattern(one).search(target) for one in allowance.regexes))
    if allowance.stopwords:
        lowered = secret.decode("utf-8", "replace").lower()
        said.append(any(word in lowered for word in allowance.stopwords))
    return bool(said) and (all(said) if allowance.together else any(said))


def _line(data: bytes, match: Any) -> bytes:
    start = data.rfind(b"\n", 0, match.start()) + 1
    end = data.find(b"\n", match.end())
    return data[start : end if end >= 0 else len(data)][:5_000]


def _entropy(secret: bytes) -> float:
    """Shannon's, in bits a byte."""
    counts, size = Counter(secret), len(secret)
    return -sum(count / size * math.log2(count / size) for count in counts.values())


def _is_allowed_path(path: str) -> bool:
    return any(_hits(pattern, path) for pattern in _global()["paths"])


def _hits(pattern: str, path: str) -> bool:
    return _pattern(pattern).search(path.encode("utf-8", "replace")) is not None


@lru_cache(maxsize=1)
def _global() -> dict[str, list[str]]:
    found: dict[str, list[str]] = load("secrets")["allowlist"]
    return found


@lru_cache(maxsize=1)
def _everywhere() -> _Allowance:
    return _Allowance((), tuple(_global()["regexes"]), "secret", frozenset(_global()["stopwords"]), together=False)


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    rules = sorted(load("secrets")["rules"], key=lambda rule: rule["id"] == _LAST)
    return tuple(
        _Rule(
            name=rule["id"],
            regex=rule["regex"],
            group=rule.get("secretGroup", 0),
            entropy=rule.get("entropy", -1.0),
            keywords=tuple(word.lower() for word in rule["keywords"]),
            path=rule.get("path", ""),
            allowances=tuple(map(_allowance, rule.get("allowlists", ()))),
        )
        for rule in rules
    )


def _allowance(given: dict[str, Any]) -> _Allowance:
    return _Allowance(
        paths=tuple(given.get("paths", ())),
        regexes=tuple(given.get("regexes", ())),
        target=given.get("regexTarget", "secret"),
        stopwords=frozenset(map(str.lower, given.get("stopwords", ()))),
        together=given.get("condition") == "AND",
    )


@lru_cache(maxsize=1)
def _keywords() -> tuple[list[str], re2.Set]:
    import re2  # noqa: PLC0415 - a library that runs which check nothing do not need

    keywords = sorted({word for rule in _rules() for word in rule.keywords})
    found = re2.Set.SearchSet()
    for word in keywords:
        found.Add(re2.escape(word.encode()))
    found.Compile()
    return keywords, found


@lru_cache(maxsize=512)
def _pattern(regex: str) -> re2._Regexp[bytes]:
    import re2  # noqa: PLC0415 - see _keywords

    options = re2.Options()
    options.log_errors = False
    return re2.compile(regex.encode(), options)
