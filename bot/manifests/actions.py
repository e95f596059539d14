"""GitHub workflows and actions: `uses:` of actions and reusable workflows, by tag or by commit with a comment.

A commit is a pin, and the version in the comment behind it is the tag that it follows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.packages import Package, Place, Reference
from bot.manifests import images
from bot.manifests.yaml_places import Part, Word, mappings, own, parts, told

if TYPE_CHECKING:
    from bot.manifests.nodes import Mapping

_NAME = re.compile(r"(?:^|/)(?:\.github/workflows/[^/]+|action)\.ya?ml$")
_CLUE = re.compile(r"""\b(?:uses|container|image)["']?\s*:""")
_USES = re.compile(r"(?P<package>[\w.-]+/[\w.-]+)(?:/[^@\s]+)?@(?P<ref>[^\s@]{1,200})", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COMMENT = re.compile(r"[\"']?[ \t]+#[^\r\n]{0,500}")
_VERSION = re.compile(r"(?<![\w.+-])(?:[a-z][a-z-]*[/-])?v?\d+(?:\.\d+){0,3}(?:[-+][\w.+-]+)?(?![\w+-]|\.\w)", re.ASCII)
_IMAGE = "docker://"


def matches(path: str, text: str) -> bool:
    """Workflows and actions, by their place and name, or because jobs with steps stand in them."""
    return _NAME.search(path) is not None or ("\njobs:" in text and "runs-on:" in text)


def references(path: str, text: str) -> list[Reference]:
    """The actions, reusable workflows and images of a workflow or an action."""
    found: list[Reference | None] = []
    for part in parts(text, _CLUE):
        for trail, node in mappings(part.node):
            if _may_use(trail):
                found.append(_used(path, part, trail, node))
            if trail[:1] == ("jobs",) and len(trail) == 2:
                found.append(_contained(path, part, trail, node))
            elif _runs_image(trail):
                found.append(_image(path, part, trail, node))
    known = [one for one in found if one]
    return [replace(one, ecosystem="actions") for one in known]


def _may_use(trail: tuple[str, ...]) -> bool:
    is_job = len(trail) == 2 and trail[0] == "jobs"
    is_step = len(trail) == 4 and trail[0] == "jobs" and trail[2] == "steps"
    return is_job or is_step or (len(trail) == 3 and trail[:2] == ("runs", "steps"))


def _runs_image(trail: tuple[str, ...]) -> bool:
    is_container = len(trail) == 3 and trail[2] == "container"
    is_service = len(trail) == 4 and trail[2] == "services"
    return trail[:1] == ("jobs",) and (is_container or is_service)


def _image(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    word = part.word(own(node, "image"))
    return images.image_in(path, word, told("", (*trail, "image"))) if word else None


def _used(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    word = part.word(own(node, "uses"))
    if word is None or word.text.startswith("./"):
        return None
    identity = told("", (*_steady(trail, word), "uses"))
    if word.text.startswith(_IMAGE):
        return images.image_in(path, word, identity, len(_IMAGE))
    found = _USES.fullmatch(word.text)
    if found is None:
        return None
    start, end = word.start + found.start("ref"), word.start + found.end("ref")
    package = Package("github", "", found["package"])
    if not _COMMIT.fullmatch(found["ref"]):
        place = Place("version", start, end, found["ref"])
        return Reference(path, word.line, "actions", package, identity, found["ref"], "tag", (place,))
    pin = Place("digest", start, end, found["ref"])
    version = _commented(part.text, word.end)
    places = (pin, version) if version else (pin,)
    current = version.written if version else ""
    return Reference(path, word.line, "actions", package, identity, current, "tag", places, found["ref"])


def _steady(trail: tuple[str, ...], word: Word) -> tuple[str, ...]:
    """The way to a step, with what it uses instead of its number, which other steps would change."""
    if trail[-1][1:-1].isdigit():
        return (*trail[:-1], f"[{word.text.partition('@')[0]}]")
    return trail


def _contained(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    word = part.word(own(node, "container"))
    return images.image_in(path, word, told("", (*trail, "container"))) if word else None


def _commented(text: str, end: int) -> Place | None:
    """The version in the comment behind a pin: `# v4.1.2`, `# tag=v4.1.2`, `# ratchet:actions/checkout@v4`."""
    comment = _COMMENT.match(text, end)
    if comment is None:
        return None
    found = _VERSION.search(comment[0])
    return Place("version", end + found.start(), end + found.end(), found[0]) if found else None
