"""Finding the Kubernetes documents of a text: whatever says apiVersion and kind, wherever it lies.

Each document of a file is read by itself, so that one that is broken does not hide the others. `List` objects are
looked into. A text with template actions in it is read with the actions covered (`bot.manifests.masking`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.manifests.kubernetes.schemas import Gvk
from bot.manifests.masking import mask
from bot.manifests.nodes import Mapping, Node, Scalar, UnreadableError, entry, get, items, read, string

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 5_000_000
"""Characters of the longest text that is read."""

_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|$)", re.MULTILINE)
_ANYWHERE = re.compile(r"""["']?apiVersion["']?\s*:""")
_HEAD = re.compile(r"""^(apiVersion|kind):[ \t]+["']?([\w./-]+)["']?[ \t]*(?:#.*)?\r?$""", re.MULTILINE)
_DIRECTIVES = 100
_PARTIAL = re.compile(r"(?:^|[/_.-])(?:patch(?:es)?|overlays?)(?:[/_.-]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file. `start` and `end` bound the part of the text that its positions lie in.

    `template` says that actions of a template were covered to read it; `partial` that it is a patch, as far as its
    path tells, so that what is missing in it stands elsewhere. `broken` says why it cannot be read, with `node` None;
    its kind is then what its first lines say, and may be empty.
    """

    path: str
    gvk: Gvk
    namespace: str
    name: str
    line: int
    start: int
    end: int
    node: Mapping | None
    template: bool = False
    partial: bool = False
    broken: str = ""

    @property
    def identity(self) -> str:
        """Group, kind, namespace and name, as in `apps/Deployment/shop/cart`: the same in every file and branch."""
        return "/".join((self.gvk.group or "core", self.gvk.kind, self.namespace or "-", self.name or "-"))


def scan(path: str, text: str) -> list[Document]:
    """The Kubernetes documents of a text, in order; never raises, whatever the text is.

    A part that says apiVersion but cannot be read comes as a document that is `broken`.
    """
    if "apiVersion" not in text or len(text) > LONGEST or not _ANYWHERE.search(text):
        return []
    return [one for start, end, line in _parts(text) for one in _part(path, text, (start, end), line)]


def is_partial(path: str) -> bool:
    """Whether a path is one of a patch or an overlay by its name."""
    return _PARTIAL.search(path) is not None


def _parts(text: str) -> Iterator[tuple[int, int, int]]:
    """Start, end and first line of each document; `---` at the start of a line separates them wherever it stands."""
    start = 1 if text.startswith("\ufeff") else 0
    line = 1
    for found in _SEPARATOR.finditer(text):
        yield start, found.start(), line
        line += text.count("\n", start, found.start())
        start = found.start()
    yield start, len(text), line


def _part(path: str, text: str, span: tuple[int, int], line: int) -> list[Document]:
    part = text[slice(*span)]
    if not _ANYWHERE.search(part):
        return []
    if part.startswith("%") + part.count("\n%") > _DIRECTIVES:
        return [_broken(path, part, span, line, f"more than {_DIRECTIVES} lines begin with %")]
    template = False
    try:
        nodes = read(part, span[0], line)
    except UnreadableError as error:
        if not _may_be_template(part):
            return [_broken(path, part, span, error.line, error.why)]
        try:
            nodes, template = read(mask(part), span[0], line), True
        except UnreadableError as other:
            return [_broken(path, part, span, other.line, "a template that is not laid out as YAML")]
    return [one for node in nodes for one in _documents(path, node, span, template=template)]


def _may_be_template(part: str) -> bool:
    return "{{" in part or "{%" in part


def _documents(path: str, node: Node, span: tuple[int, int], *, template: bool) -> Iterator[Document]:
    if not isinstance(node, Mapping):
        return
    api_version, kind = string(node, "apiVersion"), string(node, "kind")
    if not api_version or not kind:
        return
    listed = items(node, "items") if kind.endswith("List") else ()
    if listed:
        own = entry(node, "items")
        if own and not own.shared:
            for item in listed:
                yield from _documents(path, item, span, template=template)
        return
    first = entry(node, "apiVersion")
    yield Document(
        path=path,
        gvk=Gvk.of(api_version, kind),
        namespace=string(node, "metadata", "namespace") or "",
        name=_name(node),
        line=first.key.line if first else node.line,
        start=span[0],
        end=span[1],
        node=node,
        template=template,
        partial=is_partial(path),
    )


def _name(node: Mapping) -> str:
    metadata = get(node, "metadata")
    found = get(metadata, "name") or get(metadata, "generateName")
    return found.text if isinstance(found, Scalar) else ""


def _broken(path: str, part: str, span: tuple[int, int], line: int, why: str) -> Document:
    head = {found[1]: found[2] for found in _HEAD.finditer(part)}
    gvk = Gvk.of(head.get("apiVersion", ""), head.get("kind", ""))
    template = _may_be_template(part)
    return Document(path, gvk, "", "", line, *span, node=None, template=template, broken=why)
