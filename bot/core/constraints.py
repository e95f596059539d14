"""Version ranges of Terraform and Helm: which versions they accept, and how they take in a newer one in their own kind.

Terraform: https://developer.hashicorp.com/terraform/language/expressions/version-constraints (a comma is "and").
Helm: https://github.com/Masterminds/semver (a comma or blank is "and", `||` is "or"; missing and `x` parts are open).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Dialect = Literal["helm", "terraform"]
LONGEST = 200
"""Characters of the longest range that is read."""

_VERSION = re.compile(
    r"(?P<v>[vV]?)(?P<numbers>\d{1,18}(?:\.\d{1,18}){0,2})(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z.-]+))?"
)
_TERM = re.compile(
    r"\s*(?P<operator>~>|>=|=>|<=|=<|!=|[=<>~^]?)\s*"
    r"(?P<version>[vV]?(?P<parts>(?:\d{1,18}|[xX*])(?:\.(?:\d{1,18}|[xX*])){0,2})(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)"
    r"(?=\s|,|$|[<>=!~^])"
)
_HYPHEN = re.compile(r"\s+-\s+(?=[vV\d])")
_BETWEEN = re.compile(r"\s*,\s*|\s+")
_SAME = {"=>": ">=", "=<": "<="}


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; missing numbers count as zero, as Terraform and Helm read them."""

    text: str
    numbers: tuple[int, int, int]
    pre: tuple[str, ...]

    @property
    def order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        """Later is newer (semver.org, 11): numbers before words, a release after all of them."""
        parts = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in self.pre)
        return self.numbers, not self.pre, parts


@lru_cache(maxsize=16_384)
def parse_version(text: str) -> Version | None:
    """`1.2.3`, `v1.2`, `1.2.3-rc.1+build`; None for anything else."""
    found = _VERSION.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or any(len(part) > 18 for part in (found["pre"] or "").split(".")):
        return None
    return Version(text, _filled(tuple(map(int, found["numbers"].split(".")))), tuple(_parts(found["pre"])))


def _parts(pre: str | None) -> list[str]:
    return pre.split(".") if pre else []


def _filled(numbers: tuple[int, ...]) -> tuple[int, int, int]:
    first, second, third = (*numbers, 0, 0, 0)[:3]
    return first, second, third


@dataclass(frozen=True, slots=True)
class Term:
    """One operator with its version, which stands at `start` to `end` of the range.

    `known` are the numbers that are given; parts from the first open one (`x`, `*`, none) on are not.
    """

    operator: str
    known: tuple[int, ...]
    pre: tuple[str, ...]
    start: int
    end: int
    text: str

    @property
    def base(self) -> Version:
        """The version with open parts as zero."""
        return Version(self.text, _filled(self.known), self.pre)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A range: one of the alternatives has to hold, with all its terms."""

    text: str
    dialect: Dialect
    alternatives: tuple[tuple[Term, ...], ...]

    def accepts(self, version: Version) -> bool:
        """Whether the range takes a version; pre-releases only where a term names one."""
        return any(
            all(_holds(term, version, self.dialect) for term in terms)
            and (not version.pre or any(term.pre for term in terms))
            for terms in self.alternatives
        )

    @property
    def is_exact(self) -> bool:
        """Whether it names one single version."""
        (first, *more) = self.alternatives
        return not more and len(first) == 1 and first[0].operator in {"", "="} and _is_full(first[0], self.dialect)

    @property
    def takes_unstable(self) -> bool:
        """Whether it names a pre-release."""
        return any(term.pre for terms in self.alternatives for term in terms)


def _is_full(term: Term, dialect: Dialect) -> bool:
    return dialect == "terraform" or len(term.known) == 3


@lru_cache(maxsize=4_096)
def parse_constraint(text: str, dialect: Dialect) -> Constraint | None:
    """The range in a text; None for what is none, or none that is known here."""
    if len(text) > LONGEST or not text.strip():
        return None
    alternatives: list[tuple[Term, ...]] = []
    at = 0
    for part in text.split("||") if dialect == "helm" else [text]:
        terms = _terms(part, at, dialect)
        if terms is None:
            return None
        alternatives.append(terms)
        at += len(part) + 2
    return Constraint(text, dialect, tuple(alternatives))


def _terms(part: str, at: int, dialect: Dialect) -> tuple[Term, ...] | None:
    hyphen = _HYPHEN.search(part) if dialect == "helm" else None
    if hyphen:
        low, high = _term(part[: hyphen.start()], at, 0), _term(part, at, hyphen.end())
        if not low or not high or low[0].operator or high[0].operator or part[high[1] :].strip():
            return None
        return _as(low[0], ">="), _as(high[0], "<=")
    found: list[Term] = []
    position = 0
    while position < len(part.rstrip()):
        one = _term(part, at, position)
        if one is None or not _fits(one[0], part[one[0].start - at : one[0].end - at], dialect):
            return None
        found.append(one[0])
        between = _BETWEEN.match(part, one[1])
        if dialect == "terraform" and between and "," not in between[0] and between.end() < len(part):
            return None
        position = between.end() if between else one[1]
    return tuple(found) or None


def _term(part: str, at: int, position: int) -> tuple[Term, int] | None:
    found = _TERM.match(part, position)
    if found is None or any(len(word) > 18 for word in (found["pre"] or "").split(".")):
        return None
    known: list[int] = []
    for number in found["parts"].split("."):
        if not number.isdigit():
            break
        known.append(int(number))
    operator = _SAME.get(found["operator"], found["operator"])
    start, end = found.span("version")
    return Term(
        operator, tuple(known), tuple(_parts(found["pre"])), at + start, at + end, found["version"]
    ), found.end()


def _fits(term: Term, written: str, dialect: Dialect) -> bool:
    """Terraform knows neither open parts nor `^` and `~`."""
    return dialect == "helm" or (term.operator not in {"^", "~"} and not set(written.partition("-")[0]) & set("xX*"))


def _as(term: Term, operator: str) -> Term:
    return Term(operator, term.known, term.pre, term.start, term.end, term.text)


def _holds(term: Term, version: Version, dialect: Dialect) -> bool:
    known = term.known if dialect == "helm" else term.base.numbers
    if not known and term.operator != "!=":
        return True
    is_full = len(known) == 3
    here = version.numbers[: len(known)]
    order, base = version.order, term.base.order
    match term.operator:
        case "" | "=" | "!=":
            same = here == known and (not is_full or order == base)
            return same != (term.operator == "!=")
        case ">":
            return order > base if is_full else here > known
        case "<=":
            return order <= base if is_full else here <= known
        case "<":
            return order < base
        case _:
            fixed = 0 if term.operator == ">=" else _fixed(term, dialect)
            return order >= base and version.numbers[:fixed] == term.base.numbers[:fixed]


def _fixed(term: Term, dialect: Dialect) -> int:
    """How many leading numbers `~>`, `~` and `^` keep as they are."""
    if dialect == "terraform":
        return len(term.known) - 1
    if term.operator != "^":
        return max(1, min(2, len(term.known)))
    zeros = next((place for place, number in enumerate(term.known) if number), len(term.known) - 1)
    return zeros + 1


def taking_in(constraint: Constraint, version: Version) -> str | None:
    """The range changed so little that it takes a newer version in, each term in its kind; None where that cannot be.

    Operators, blanks, precision and terms that hold already stay: `~> 5.0` becomes `~> 6.0`, `>= 4.0, < 6.0` becomes
    `>= 4.0, < 7.0`, `1.2.x` becomes `1.4.x`. Of alternatives the last one changes. A version that the range takes
    already leaves it as it is.
    """
    if constraint.accepts(version):
        return constraint.text
    pieces: list[str] = []
    done = 0
    for term in constraint.alternatives[-1]:
        if not _holds(term, version, constraint.dialect):
            pieces += (constraint.text[done : term.start], _moved(term, version, constraint.dialect))
            done = term.end
    text = "".join((*pieces, constraint.text[done:]))
    changed = parse_constraint(text, constraint.dialect)
    return text if changed and changed.accepts(version) else None


def _moved(term: Term, version: Version, dialect: Dialect) -> str:
    """The term's version, moved so that the term takes the newer one: the first writing that does."""
    for text in _writings(term, version, dialect):
        changed = parse_constraint((term.operator or "=") + text, dialect)
        if changed and _holds(changed.alternatives[0][0], version, dialect):
            return text
    return term.text


def _writings(term: Term, version: Version, dialect: Dialect) -> Iterator[str]:
    prefix = term.text[:1] if term.text[:1] in {"v", "V"} else ""
    words = term.text.removeprefix(prefix).partition("-")[0].partition("+")[0].split(".")
    if term.operator == "<":
        yield prefix + _next_bound(words, term, version)
        return
    numbers = [str(number) for number in version.numbers[: len(words)]]
    same = [number if word.isdigit() else word for number, word in zip(numbers, words, strict=True)]
    if term.operator in {"~>", "~", "^"} and not version.pre:
        kept = _fixed(term, dialect) if dialect == "helm" else max(1, len(words) - 1)
        yield prefix + ".".join(
            word if place >= kept and set(word) == {"0"} else number
            for place, (number, word) in enumerate(zip(same, words, strict=True))
        )
    if not version.pre:
        yield prefix + ".".join(same)
    yield prefix + version.text.removeprefix("v").removeprefix("V").partition("+")[0]


def _next_bound(words: list[str], term: Term, version: Version) -> str:
    """The bound one step above the version, at the place where the old one has its last number that is not zero."""
    numbers = term.base.numbers
    place = max((place for place, number in enumerate(numbers[: len(words)]) if number), default=0)
    moved = (*version.numbers[:place], version.numbers[place] + 1, 0, 0, 0)[: len(words)]
    return ".".join(map(str, moved))
