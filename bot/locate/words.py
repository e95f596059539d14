"""Words and identifiers: how text becomes the terms that an issue and a file share."""

from __future__ import annotations

import re

_PART = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+")
_COMPOUND = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]|[A-Za-z0-9]_[A-Za-z0-9]|^_+[A-Za-z]|[A-Za-z][0-9]")
_VOWEL = re.compile(r"[aeiouy]")
_SUFFIXES = ("ings", "ing", "ies", "ed", "es", "s", "e", "y")
_SHORTEST_STEM = 3
_SHORTEST_PART = 3

STOP_WORDS = frozenset(
    """
    a about above actual actually after again all almost already also although always am an and another any
    anyone anything are aren around as ask at away be because been before being believe below best better
    between both but by call called can cannot case cause caused causes certain change changed changes clear
    clearly close closes code com come comes correct correctly could couldn currently describe described
    description did didn different do does doesn doing don done down due each easily either else end enough
    environment even every everything exactly example expect expected expecting explain few file files find
    first fix fixed fixes following for found from full further get gets getting git github give given gives go
    goes going good got had happen happened happening happens has hasn have haven having help hence here hi how
    however html http https idea if in info information instead into is isn issue issues it its itself just keep
    kind know known last latest least less let lets like likely little ll long look looking looks lot made make
    makes making many may maybe me mean means might more most much must my need needed needs never new next no
    none not note nothing now of off often oh ok old on once one only open or other others otherwise our out
    over own part particular perhaps please point possible possibly pr probably problem problems proper properly
    provide provided put python quite rather re reading real really reason ref refs related report reported
    reproduce reproducing reproduction result results right run running runs same saw say says see seem seems
    seen several shall should shouldn show shown shows similar simple simply since so some someone something
    sometimes somewhere steps still such suggest sure take takes tell than thank thanks that the their them then
    there therefore these they thing things think this those though through thus to today together too tried
    tries try trying two under unexpected unexpectedly unfortunately unless until up us use used useful user
    users uses using usually ve version versions very via want wants was wasn way ways we well went were what
    whatever when where whether which while who whole why will wish with within without won work worked working
    works would wouldn wrong www yes yet you your
    """.split()  # noqa: SIM905 - hundreds of quoted words would be harder to read and to amend
)
"""English and issue-template words that say nothing about where the code is."""


def stem(word: str) -> str:
    """The common front of a lower-case word's usual inflections; always a prefix of the word itself.

    Being a prefix, it can be looked for as a plain substring before anything is split into words.
    """
    for suffix in _SUFFIXES:
        root = word.removesuffix(suffix)
        if root != word and len(root) >= _SHORTEST_STEM and _VOWEL.search(root) and not word.endswith("ss"):
            return _undouble(root) if suffix in {"ing", "ings", "ed"} else root
    return word


def _undouble(root: str) -> str:
    """`skipp` → `skip`, `merge` → `merg`, so that `skipping` meets `skip` and `merging` meets `merge`."""
    if len(root) > _SHORTEST_STEM and root[-1] == root[-2] and root[-1] not in "sl":
        return root[:-1]
    return root


def parts(identifier: str) -> list[str]:
    """The lower-case words inside an identifier, camelCase or snake_case; its very short bits say nothing."""
    found = [part.lower() for part in _PART.findall(identifier) if len(part) >= _SHORTEST_PART]
    return found or ([identifier.lower()] if len(identifier) == _SHORTEST_PART - 1 else [])


def whole(identifier: str) -> str:
    """A compound identifier as one term: lower case, its separators as single spaces."""
    return " ".join(re.split(r"[\W_]+", identifier.lower())).strip()


def stems(identifier: str) -> list[str]:
    """The stems of an identifier's parts, stop words left out."""
    return [stem(part) for part in parts(identifier) if part not in STOP_WORDS]


def is_compound(identifier: str) -> bool:
    """Whether a word can only be code: `snake_case`, `camelCase`, `HTTPAdapter`, `_private`, `utf8`."""
    return _COMPOUND.search(identifier) is not None
