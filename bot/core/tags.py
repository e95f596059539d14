"""Tags: what is a version in them, which ones follow the same scheme, and which is newer.

A tag is a prefix, numbers and a suffix (`v`, `1.25.3`, `-alpine3.18`). Two tags are of one scheme when their prefix,
the count of their numbers and their suffix are the same; so a tag never changes its base system or its precision.
Moving parts of a suffix are pre-releases (`-rc1`, `b2`) and revisions (`-r4`, `+k3s1`; `-2` and `_2` right behind the
numbers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.core.packages import Kind

LONGEST = 128
"""Characters of the longest tag that a registry takes (OCI distribution specification)."""

Shape = Literal["version", "date", "stamp"]
"""Numbers with dots; a day written with dashes; a day (and time) as one number."""

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)-(\d\d)-(\d\d)Z)?(?!\d)")
_NUMBERS = re.compile(r"\d+(?:([._])\d+(?:\1\d+)*)?")
_PREFIX = re.compile(r"(?:.*[^a-z0-9])?v?|version|release|[a-z]+", re.IGNORECASE)
_NO_VERSION = re.compile(
    r"(?:.*[-_./])?(?:pr|pull|sha|sha1|sha256|git|commit|ci|run|build|main|master|dev|develop|branch|test|nightly|edge|canary"
    r"|snapshot)[-_.]?",
    re.IGNORECASE,
)
_HASH = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{7,64}|[0-9]{15,}")
_PRE = re.compile(
    r"(?P<word>(?<=\d)(?:alpha|beta|rc|a|b)(?=\d)"
    r"|(?<=[-._+])(?:alpha|beta|rc|cr|pre|preview|dev|snapshot|nightly|canary|edge|ea|m(?=\d)|milestone|next|insiders"
    r"|experimental|unstable|testing))[-._]?(?P<number>\d{0,9})(?![a-z0-9])",
    re.IGNORECASE,
)
_STAGES = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "preview": 2, "ea": 2, "m": 3, "milestone": 3, "pre": 4}
_STAGES |= dict.fromkeys(("rc", "cr"), 5)
_REVISION = re.compile(
    r"^_(?P<build>\d{1,9})(?=-|$)"
    r"|(?:^-|[-_+](?:r|rev|k3s|rke2r|rancher|p|post|build\.?|gke\.|eks-))(?P<number>\d{1,9})$"
)
_RELEASED = (9, 0)
_YEARS = range(1990, 2100)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that holds a version. Tags of equal `scheme` may follow each other; the later `order` is newer."""

    text: str
    scheme: tuple[str, int, str, str, str, bool]
    numbers: tuple[int, ...]
    pre: tuple[int, int]
    revision: int

    @property
    def order(self) -> tuple[tuple[int, ...], tuple[int, int], int]:
        """Later is newer, among tags of one scheme."""
        return self.numbers, self.pre, self.revision

    @property
    def is_unstable(self) -> bool:
        """Whether it is a pre-release."""
        return self.pre != _RELEASED

    @property
    def shape(self) -> str:
        """Version, date or stamp."""
        return self.scheme[3]

    @property
    def is_calendar(self) -> bool:
        """Whether the first number is a year."""
        return self.shape != "version" or self.scheme[5]


@lru_cache(maxsize=65_536)
def parse_tag(text: str) -> Tag | None:
    """The version in a tag; None for `latest`, branches, hashes and whatever else holds none."""
    if len(text) > LONGEST or not text.isascii() or _HASH.fullmatch(text):
        return None
    dated = _DATE.search(text)
    found = dated or _NUMBERS.search(text)
    if found is None:
        return None
    prefix = text[: found.start()]
    if not _PREFIX.fullmatch(prefix) or _NO_VERSION.fullmatch(prefix):
        return None
    digits = [part for part in (found.groups() if dated else re.split(r"[._]", found[0])) if part]
    if any(len(part) > 18 for part in digits):
        return None
    return _tag(text, (found.start(), found.end()), tuple(map(int, digits)), "-" if dated else (found[1] or ""))


def _tag(text: str, span: tuple[int, int], numbers: tuple[int, ...], separator: str) -> Tag:
    stage = _RELEASED
    suffix = text[span[1] :]
    if pre := _PRE.search(text, span[1]):
        stage = _STAGES.get(pre["word"].lower(), 0), int(pre["number"] or 0)
        suffix = text[span[1] : pre.start()].rstrip("-._") + text[pre.end() :]
    revision = _REVISION.search(suffix)
    moving = 0
    if revision:
        group = "build" if revision["build"] else "number"
        moving = int(revision[group])
        suffix = suffix[: revision.start(group)] + "#" + suffix[revision.end(group) :]
    year = separator != "-" and numbers[0] in _YEARS
    scheme = (text[: span[0]], len(numbers), separator, _shape(numbers, separator), suffix, year)
    return Tag(text, scheme, numbers, stage, moving)


def _shape(numbers: tuple[int, ...], separator: str) -> Shape:
    if separator == "-":
        return "date"
    return "stamp" if len(numbers) == 1 and len(str(numbers[0])) >= 8 else "version"


def step(old: Tag, new: Tag) -> Kind:
    """How far it is from one tag to a newer one of its scheme: the first number is major, the second minor.

    Days are no versions: a later day under the same name is minor.
    """
    if old.shape != "version":
        return "minor"
    return numbers_step(old.numbers, new.numbers)


def numbers_step(old: tuple[int, ...], new: tuple[int, ...]) -> Kind:
    """The same for bare numbers."""
    if old[:1] != new[:1]:
        return "major"
    return "minor" if old[1:2] != new[1:2] else "patch"


def other_suffixes(old: Tag, tags: list[Tag]) -> Tag | None:
    """The newest stable tag that differs in its suffix by numbers alone (`-alpine3.20` for `-alpine3.18`)."""
    family = _family(old)
    if "0" not in family[4]:
        return None
    near = [tag for tag in tags if not tag.is_unstable and tag.scheme != old.scheme and _family(tag) == family]
    best = max(near, key=lambda tag: tag.order, default=None)
    return best if best and best.numbers > old.numbers else None


_ANY_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def _family(tag: Tag) -> tuple[str, int, str, str, str, bool]:
    return (*tag.scheme[:4], _ANY_NUMBER.sub("0", tag.scheme[4]), tag.scheme[5])
