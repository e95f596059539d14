"""Newer versions for what a scan found referred to: asked of their sources, chosen by rules, written by place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from bot.core.packages import Held, Offer, Unavailable
from bot.core.refreshed import MAJOR, Left, Step, subject_key
from bot.core.versions import choose, wanted_digest, with_digest
from bot.manifests.references import Newer, bump
from bot.manifests.terraform_lock import constraints_after, following
from bot.pipeline.refresh import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.core.packages import Available, Package, Reference
    from bot.core.versions import Rules
    from bot.pipeline.refresh import Scan
    from bot.ports import VersionSource

_DIGITS = 19
"""Characters of a digest that are shown: `sha256:` and twelve digits, or so many of a commit."""
_MAJOR_NOTE = "A new major version may break what uses it: read its changes before merging."


class _Chosen(NamedTuple):
    """A step in its group; `lock` is the range of a lock entry afterwards, None for what is no lock entry."""

    group: str
    offer: Offer
    lock: str | None = None


def find_versions(made: Scan, source: VersionSource, rules: Rules) -> None:
    """Add to a scan what its references have due; a source that gives no answer is a line in the report."""
    wanted = [one for one in made.references if made.rules.groups_of(one.ecosystem)]
    available = source.available(dict.fromkeys(one.package for one in wanted if not one.held))
    asked = [(group, one) for one in wanted for group in made.rules.groups_of(one.ecosystem)]
    outcomes = _pinned(made, [(group, one, _chosen(group, one, available, rules)) for group, one in asked], source)
    chosen = [_Chosen(group, one) for group, _, one in outcomes if isinstance(one, Offer)]
    made.left += _held(outcomes)
    made.unsure |= {subject_key(_subject(one)) for one in wanted if isinstance(available.get(one.package), Unavailable)}
    _write(made, _with_locks(chosen, wanted), source)


def _chosen(
    group: str, one: Reference, available: Mapping[Package, Available | Unavailable], rules: Rules
) -> Offer | Held | None:
    answer = available.get(one.package, Unavailable("it was not asked for"))
    return choose(one, answer, rules, majors=group.endswith(MAJOR))


def _pinned(
    made: Scan, outcomes: Sequence[tuple[str, Reference, Offer | Held | None]], source: VersionSource
) -> list[tuple[str, Reference, Offer | Held | None]]:
    """The outcomes with the digests that their pins need; a moved tag alone is no step to a new major."""
    asked = [
        (one.package, tag) if tag and (isinstance(outcome, Offer) or not group.endswith(MAJOR)) else None
        for group, one, outcome in outcomes
        for tag in [wanted_digest(one, outcome)]
    ]
    digests = source.digests(dict.fromkeys(tag for tag in asked if tag))
    answers = zip(outcomes, asked, strict=True)
    silent = [one for (_, one, _), tag in answers if tag and isinstance(digests[tag], Unavailable)]
    made.unsure |= {subject_key(_subject(one)) for one in silent}
    return [
        (group, one, with_digest(one, outcome, digests[tag]) if tag else outcome)
        for (group, one, outcome), tag in zip(outcomes, asked, strict=True)
    ]


def _held(outcomes: Sequence[tuple[str, Reference, Offer | Held | None]]) -> Iterator[Left]:
    """What is left alone, each package and reason once."""
    told: set[tuple[Package, str]] = set()
    for group, one, outcome in outcomes:
        if isinstance(outcome, Held) and (one.package, outcome.reason) not in told:
            told.add((one.package, outcome.reason))
            yield Left(group, one.path, one.line, _name(one), outcome.reason, due=False)


def _with_locks(chosen: Sequence[_Chosen], references: Sequence[Reference]) -> list[_Chosen]:
    """The steps with those of the lock entries that a changed configuration brings with it."""
    locks = [one for one in references if one.scheme == "lock"]
    led: dict[tuple[str, str, str], _Chosen] = {}
    for group, offer, _ in chosen:
        for lock in locks:
            step = following(offer, lock)
            if step is not None:
                key = (group, lock.path, lock.identity)
                bound = (led[key].lock if key in led else None) or lock.bound
                led[key] = _Chosen(group, step, constraints_after(bound, offer.reference.current, offer.text))
    kept = [one for one in chosen if (one.group, one.offer.reference.path, one.offer.reference.identity) not in led]
    own = [one._replace(lock="") if one.offer.reference.scheme == "lock" else one for one in kept]
    return [*own, *led.values()]


def _write(made: Scan, chosen: Sequence[_Chosen], source: VersionSource) -> None:
    """Turn the steps into edits; a lock entry whose hashes cannot be had keeps its configuration from moving."""
    asked = {(one.offer.reference.package, one.offer.newer) for one in chosen if one.lock is not None}
    hashes = source.hashes(sorted(asked)) if asked else {}
    for group, offer, lock in chosen:
        one = offer.reference
        known = hashes.get((one.package, offer.newer), ())
        if isinstance(known, Unavailable):
            made.unsure.add(subject_key(_subject(one)))
            why = f"{offer.text} is out, but the hashes for the lock file are not to be had"
            made.left.append(Left(group, one.path, one.line, _name(one), why, due=True))
            continue
        newer = Newer(offer.text, offer.digest or "", known if lock is not None else (), lock or "")
        try:
            edits = bump(made.texts[one.path][1], one, newer)
        except ValueError as error:
            made.left.append(Left(group, one.path, one.line, _name(one), f"{offer.text}: {error}", due=True))
            continue
        if edits:
            made.found[group].append(Found(_step(group, offer), tuple(edits)))


def _step(group: str, offer: Offer) -> Step:
    one = offer.reference
    since = f", out since {offer.released:%Y-%m-%d}" if offer.released else ""
    held = f"; not taken: {'; '.join(offer.why_not)}" if offer.why_not else ""
    moved = replace(one, current=offer.text, digest=offer.digest or "")
    why = (
        f"a newer {offer.kind} version{since}{held}" if offer.text != one.current else "its tag names another image now"
    )
    notes = (_MAJOR_NOTE,) if group.endswith(MAJOR) else ()
    return Step(
        offer.id,
        one.path,
        one.line,
        _name(one),
        _written(one),
        _written(moved),
        why,
        notes,
        _link(offer),
        _subject(one),
    )


def _subject(one: Reference) -> str:
    return f"{one.path}\0{one.identity}\0{one.package.key}"


def _written(one: Reference) -> str:
    """The version, and the beginning of its pin where that is all there is or it says more."""
    pin = one.digest[:_DIGITS]
    return f"{one.current} ({pin})" if one.current and pin else one.current or pin


def _name(one: Reference) -> str:
    return one.package.names[-1]


def _link(offer: Offer) -> str:
    """Where the changes are told: the releases on GitHub; other sources do not say."""
    package = offer.reference.package
    if package.kind == "github":
        return f"https://github.com/{package.name}/releases"
    if package.kind == "terraform-provider" and package.host == "registry.terraform.io":
        return f"https://{package.host}/providers/{package.name}/{offer.newer}"
    if package.kind == "terraform-module" and package.host == "registry.terraform.io":
        return f"https://{package.host}/modules/{package.name}/{offer.newer}"
    return ""
