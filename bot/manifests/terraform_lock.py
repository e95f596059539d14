"""`.terraform.lock.hcl`: which provider versions are chosen, with the hashes of their packages for all platforms."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.constraints import parse_version
from bot.core.packages import Offer, Package, Place, Reference
from bot.manifests.hcl import Block, Value, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence


_NAME = ".terraform.lock.hcl"
_SOURCE = re.compile(r"(?P<host>[\w.-]+(?::\d+)?)/(?P<name>[\w-]+/[\w-]+)", re.ASCII)
_HASH = re.compile(r"(?:h1:[A-Za-z0-9+/]{43}=|zh:[0-9a-f]{64})")
_OPERATOR = re.compile(r"^(~>|>=|<=|!=|[=<>])?\s*")


def matches(path: str) -> bool:
    """Lock files by their name."""
    return path.rpartition("/")[2] == _NAME


def references(path: str, text: str) -> list[Reference]:
    """The locked providers; each may move to what its own `constraints` accept."""
    found = [_locked(path, text, block) for block in blocks(text, {"provider"}) if block.labels]
    return [one for one in found if one]


def _locked(path: str, text: str, block: Block) -> Reference | None:
    source = _SOURCE.fullmatch(block.labels[0])
    version, bound = block.attributes.get("version"), block.attributes.get("constraints")
    hashes = block.attributes.get("hashes")
    if source is None or version is None or not version.text or hashes is None:
        return None
    package = Package("terraform-provider", source["host"], source["name"])
    places = [Place("version", version.start, version.end, version.text), _span(text, hashes, "hashes")]
    if bound and bound.text:
        places.append(_span(text, bound, "constraints"))
    range_ = (bound.text or "") if bound else ""
    identity = f"provider {block.labels[0]}"
    return Reference(
        path, version.line, "terraform", package, identity, version.text, "lock", tuple(places), bound=range_
    )


def _span(text: str, value: Value, part: str) -> Place:
    start, end = value.start, value.end
    return Place("hashes" if part == "hashes" else "constraints", start, end, text[start:end])


def rendered(written: str, hashes: Sequence[str]) -> str:
    """A list of hashes in the layout of the one that stands there.

    Raises:
        ValueError: when there are none, or one is no hash.
    """
    if not hashes or not all(_HASH.fullmatch(one) for one in hashes):
        raise ValueError("a lock entry needs the hashes of the new version")
    newline = "\r\n" if "\r\n" in written else "\n"
    lines = [f'    "{one}",' for one in sorted(set(hashes))]
    return newline.join(("[", *lines, "  ]"))


def following(offer: Offer, lock: Reference) -> Offer | None:
    """The step of a lock entry that a changed `required_providers` entry of the same folder brings with it.

    None where the entry is another provider's or another folder's, or is new enough.
    """
    one = offer.reference
    here, there = one.path.rpartition("/")[0], lock.path.rpartition("/")[0]
    new, old = parse_version(offer.newer), parse_version(lock.current)
    if one.scheme != "terraform" or (one.package, here) != (lock.package, there) or not new or not old:
        return None
    if new.order <= old.order:
        return None
    return replace(offer, reference=lock, text=new.text.removeprefix("v"), digest="")


def constraints_after(bound: str, old: str, new: str) -> str:
    """The `constraints` of a lock entry after one range of the configuration changed, as Terraform writes them."""
    terms = _terms(bound)
    changed = _terms(new)
    gone = [term for term in _terms(old) if term not in changed]
    kept = [term for term in terms if term not in gone]
    return ", ".join(dict.fromkeys((*kept, *changed)))


def _terms(text: str) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    return [_OPERATOR.sub(lambda match: _spelled(match[1]), term, count=1) for term in found]


def _spelled(operator: str | None) -> str:
    return "" if operator in {None, "="} else f"{operator} "
