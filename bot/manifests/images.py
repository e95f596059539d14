"""Images in YAML: Kubernetes objects, Helm values, compose services, kustomizations and all that says `image:`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.core.packages import Place, Reference
from bot.manifests.image_names import ImageName, parse_image
from bot.manifests.nodes import entry
from bot.manifests.yaml_places import Part, Word, mappings, own, parts, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.manifests.nodes import Mapping

CLUE = re.compile(
    r"""\bimage["']?\s{0,20}:\s{0,200}(?:&\S{1,100}\s{1,20})?["']?[\w.\[-][^\s{]{0,500}[:@][^\s{]"""
    r"""|\b(?:tag|newTag|digest)["']?\s{0,20}:\s{0,200}(?:&\S{1,100}\s{1,20})?["']?[\w$]"""
)
"""What a text without it need not be read for."""
_NOT_DEPLOYED = frozenset(("CustomResourceDefinition",))


def references(path: str, text: str) -> list[Reference]:
    """The images of a YAML or JSON text, with the version or digest they are fixed to."""
    return found_in(path, parts(text, CLUE))


def found_in(path: str, documents: Iterable[Part]) -> list[Reference]:
    """The same for documents that were read already."""
    found: list[Reference | None] = []
    for part in documents:
        if part.kind not in _NOT_DEPLOYED:
            for trail, node in mappings(part.node):
                found.append(_whole(path, part, trail, node))
                found.append(_split(path, part, trail, node))
    return [one for one in found if one]


def image_in(path: str, word: Word, identity: str, skip: int = 0) -> Reference | None:
    """The reference to an image that stands in one word, behind `skip` characters; None without tag and digest."""
    name = parse_image(word.text[skip:])
    if name is None:
        return None
    return _reference(path, word.line, identity, name, _places(name, word.start + skip))


def _whole(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    """`image: nginx:1.25`, unless it is the name of what is built there."""
    word = part.word(own(node, "image"))
    if word is None or entry(node, "build"):
        return None
    return image_in(path, word, told(part.owner, (*trail, "image")))


def _split(path: str, part: Part, trail: tuple[str, ...], node: Mapping) -> Reference | None:
    """Name and tag under keys of their own, as in Helm values (`repository`, `tag`) and kustomizations (`newTag`)."""
    kustomized = trail[-2:-1] == ("images",) and trail[-1].startswith("[")
    tag = part.word(own(node, "newTag" if kustomized else "tag"))
    digest = part.word(own(node, "digest"))
    text = _kustomized_name(part, node) if kustomized else _valued_name(part, trail, node)
    if not text or not (tag or digest):
        return None
    named = parse_image(f"{text}:{tag.text}" if tag else text)
    pin = parse_image(f"{text}@{digest.text}") if digest and digest.text else None
    if named is None or not text.endswith(named.package.name.rpartition("/")[2]):
        return None
    places = _places(named, tag.start - len(text) - 1, plain=tag.plain and not named.digest) if tag else ()
    if pin and digest and pin.digest and not named.digest:
        named = named._replace(digest=pin.digest)
        places += (Place("digest", digest.start, digest.end, digest.text),)
    line = tag.line if tag else node.line
    return _reference(path, line, told(part.owner, trail), named, places)


def _kustomized_name(part: Part, node: Mapping) -> str:
    word = part.word(own(node, "newName")) or part.word(own(node, "name"))
    return word.text if word else ""


def _valued_name(part: Part, trail: tuple[str, ...], node: Mapping) -> str:
    """The image's name; `name` only where the keys above say that it is an image's."""
    word = part.word(own(node, "repository"))
    if word is None and trail and trail[-1].lower().endswith("image"):
        word = part.word(own(node, "name"))
    registry = part.word(own(node, "registry"))
    if entry(node, "registry") and registry is None:
        return ""
    if word is None or "://" in word.text:
        return ""
    return f"{registry.text}/{word.text}" if registry and registry.text else word.text


def _reference(path: str, line: int, identity: str, name: ImageName, places: tuple[Place, ...]) -> Reference | None:
    if not (name.tag or name.digest):
        return None
    return Reference(path, line, "images", name.package, identity, name.tag, "tag", places, name.digest)


def _places(name: ImageName, start: int, *, plain: bool = False) -> tuple[Place, ...]:
    """The places of tag and digest of an image that begins at `start`."""
    found: list[Place] = []
    if name.tag:
        first, last = name.tag_span
        found.append(Place("version", start + first, start + last, name.tag, plain=plain))
    if name.digest:
        first, last = name.digest_span
        found.append(Place("digest", start + first, start + last, name.digest))
    return tuple(found)
