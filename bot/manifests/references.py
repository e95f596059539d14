"""References to versions in any file of a repository, and the edits that bring one up to date.

One module a format; which one reads a file is told by its name where formats have one, else by what stands in it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from bot.manifests import actions, charts, dockerfiles, images, terraform, terraform_lock
from bot.manifests.edits import Edit
from bot.manifests.yaml_places import parts, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.packages import Place, Reference

_CLUE = re.compile(f"{images.CLUE.pattern}|{charts.CLUE.pattern}", re.MULTILINE)
_YAML = (".yml", ".yaml", ".json", ".tpl", ".tmpl", ".j2")


class Newer(NamedTuple):
    """What shall stand there: a version or range, the digest that it is pinned to, the hashes and range of a lock."""

    text: str
    digest: str = ""
    hashes: tuple[str, ...] = ()
    constraints: str = ""


def references(path: str, text: str) -> list[Reference]:
    """All references of a file, in order; never raises, whatever the text is. Identities are unique in it."""
    found = sorted(_read(path, text), key=lambda one: one.places[0].start)
    met: Counter[str] = Counter()
    unique: list[Reference] = []
    for one in found:
        met[one.identity] += 1
        number = met[one.identity]
        unique.append(one if number == 1 else replace(one, identity=f"{one.identity} #{number}"))
    return unique


def _read(path: str, text: str) -> Iterable[Reference]:
    name = path.lower()
    if dockerfiles.matches(path):
        return dockerfiles.references(path, text)
    if terraform_lock.matches(path):
        return terraform_lock.references(path, text)
    if terraform.matches(path):
        return terraform.references(path, text)
    if not name.endswith(_YAML) or (name.endswith(".json") and '"apiVersion"' not in text):
        return []
    if actions.matches(path, text):
        return actions.references(path, text)
    documents = list(parts(text, _CLUE))
    return [*images.found_in(path, documents), *charts.found_in(path, documents)]


def bump(text: str, reference: Reference, newer: Newer) -> list[Edit]:
    """The edits that write a newer version in the place of the reference's; none where it stands there already.

    Nothing but the characters of the version, and of the digest it is pinned to, changes. A reference that is pinned is
    never given a version without its digest.

    Raises:
        ValueError: when the text is not the one that the reference was read from, or the version does not fit it.
    """
    found: list[Edit] = []
    for place in reference.places:
        if text[place.start : place.end] != place.written:
            raise ValueError(f"{reference.path}: {place.written!r} no longer stands at {place.start}")
        new = _new(place, newer)
        if new != place.written:
            found.append(Edit(place.start, place.end, new))
    return found


def _new(place: Place, newer: Newer) -> str:
    match place.part:
        case "digest":
            if not newer.digest:
                raise ValueError(f"no digest for {newer.text}")
            return newer.digest
        case "constraints":
            return newer.constraints or place.written
        case "hashes":
            return terraform_lock.rendered(place.written, newer.hashes)
        case "version":
            return _version(place, newer.text)


def _version(place: Place, text: str) -> str:
    if not (text.startswith(place.before) and text.endswith(place.after)):
        raise ValueError(f"{text} does not fit {place.before}…{place.after}")
    if text == place.before + place.written + place.after:
        return place.written
    inner = text[len(place.before) : len(text) - len(place.after)]
    return written(inner) if place.plain else inner
