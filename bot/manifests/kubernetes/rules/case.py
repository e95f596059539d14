"""What a rule is given: the document, where it goes, and where it writes what it wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.manifests.nodes import Entry, Mapping, Node, entry, fields, get
from bot.manifests.rewriting import Rewriting, UnclearError, own

if TYPE_CHECKING:
    from bot.manifests.kubernetes.documents import Document
    from bot.manifests.kubernetes.schemas import Gvk


@dataclass(slots=True)
class Case:
    """One document on its way to another API version; `notes` are for people who review the change."""

    document: Document
    target: Gvk
    rewriting: Rewriting
    notes: list[str] = field(default_factory=list)

    @property
    def old(self) -> Gvk:
        """What the document says it is."""
        return self.document.gvk

    @property
    def node(self) -> Mapping:
        """The document itself."""
        assert self.document.node is not None  # noqa: S101 - broken documents are never migrated
        return self.document.node

    def mapping(self, *keys: str | int) -> Mapping | None:
        """The mapping at a path, None where there is none."""
        found = get(self.node, *keys)
        return found if isinstance(found, Mapping) else None

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)


def the(node: Node | None, key: str) -> Entry | None:
    """The entry of a key that a rule is about to edit, None where there is none.

    Raises:
        UnclearError: when it stands twice or elsewhere.
    """
    found = entry(node, key)
    if found and isinstance(node, Mapping):
        if sum(one.key.text == key for one in fields(node)) > 1:
            raise UnclearError(f"the field {key!r} stands twice")
        own(found)
    return found


def require(node: Node | None, key: str) -> Entry:
    """As `the`, for a key that has to be there.

    Raises:
        UnclearError: when it is not.
    """
    found = the(node, key)
    if found is None:
        raise UnclearError(f"the field {key!r} is missing")
    return found
