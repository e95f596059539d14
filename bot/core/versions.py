"""Which newer version a reference should take, if any: the rules, with everything they need given as values.

A person's words are kept: a tag changes only within its scheme, a range only as far as it must. Steps to another major
version are chosen apart, since they go into proposals of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple, assert_never

from bot.core.constraints import parse_constraint, parse_version, taking_in
from bot.core.packages import Available, Held, Offer, Unavailable, sighting
from bot.core.tags import numbers_step, other_suffixes, parse_tag, step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from bot.core.constraints import Constraint, Version
    from bot.core.packages import Kind, Package, Reference, Release
    from bot.core.tags import Tag

_MOST_NOTES = 3
_NEW_SIGHTINGS = 3
_MOST_SIGHTINGS = 30
_COUPLED = re.compile(
    r"(?:.*/)?(?:kube-(?:apiserver|controller-manager|scheduler|proxy)|kubelet|kubectl|hyperkube|cluster-autoscaler"
    r"|(?:[a-z-]+-)?cloud-controller-manager|k3s|rke2-runtime|kindest/node)"
)
"""Images that are released with Kubernetes, under its version."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What bounds the choice.

    `ignore` are patterns for packages by any of their names, with `@version` behind them for some versions only, and
    for files by their path. `min_age` is how long a version has to be out; where its source does not say since when,
    `first_seen` counts, by `bot.core.packages.sighting`. `kubernetes` is the cluster's version, as in (1, 33).
    """

    now: datetime
    min_age: timedelta | None = None
    ignore: tuple[str, ...] = ()
    kubernetes: tuple[int, int] | None = None
    first_seen: Mapping[str, datetime] = field(default_factory=dict)


class _Candidate(NamedTuple):
    """A release that is newer, what would be written for it, and how far it goes."""

    release: Release
    text: str
    kind: Kind
    numbers: tuple[int, ...]


def choose(
    reference: Reference, available: Available | Unavailable, rules: Rules, *, majors: bool = False
) -> Offer | Held | None:
    """The newest version that the rules allow: within the major version, or with `majors` the newest beyond it.

    None says that nothing is due. `Held` says that the reference is left alone, or that something newer is out that
    must not be taken yet. An offer whose `digest` is None needs `with_digest` before it can be written.
    """
    if reason := _never(reference, rules):
        return Held(reference, reason, final=True)
    if isinstance(available, Unavailable):
        return Held(reference, available.why, final=True)
    candidates = _candidates(reference, available, majors=majors)
    if isinstance(candidates, str):
        return Held(reference, candidates)
    outcome = _first_allowed(reference, candidates, rules)
    if outcome is None and not majors:
        return _moved_tag(reference, available) or _elsewhere(reference, available)
    return outcome


def _never(reference: Reference, rules: Rules) -> str:
    if reference.held:
        return reference.held
    patterns = [pattern for pattern in rules.ignore if "@" not in pattern]
    names = (*reference.package.names, reference.path)
    return "the configuration ignores it" if any(fnmatchcase(name, one) for name in names for one in patterns) else ""


def _candidates(reference: Reference, available: Available, *, majors: bool) -> Iterable[_Candidate] | str:
    """The newer releases on one side of the next major version, newest first, or why there can be none."""
    match reference.scheme:
        case "tag":
            newer = _newer_tags(reference, available)
        case "lock":
            newer = _newer_locked(reference, available)
        case "helm" | "terraform":
            constraint = parse_constraint(reference.current, reference.scheme)
            if constraint is None:
                return "its version is written in a way not known here"
            return _beyond(constraint, available, majors=majors)
        case _:
            assert_never(reference.scheme)
    return newer if isinstance(newer, str) else [one for one in newer if (one.kind == "major") is majors]


def _newer_tags(reference: Reference, available: Available) -> list[_Candidate] | str:
    current = parse_tag(reference.current) if reference.current else _tag_of(reference.digest, available)
    if current is None:
        named = f"`{reference.current}`" if reference.current else "no tag"
        return f"{named} says no version"
    parsed = ((parse_tag(release.name), release) for release in available.releases)
    newer = [
        (tag, release)
        for tag, release in parsed
        if tag
        and tag.scheme == current.scheme
        and tag.order > current.order
        and _is_stable_enough(current, tag, release)
    ]
    newer.sort(key=lambda one: one[0].order, reverse=True)
    lts = reference.package.names[-1] == "ubuntu" and _is_lts(current.numbers)
    return [
        _Candidate(release, release.name, step(current, tag), tag.numbers)
        for tag, release in newer
        if not lts or _is_lts(tag.numbers)
    ]


def _tag_of(digest: str, available: Available) -> Tag | None:
    """The most exact tag of a pin that says none."""
    tags = [parse_tag(one.name) for one in available.releases if digest and one.digest == digest]
    return max((tag for tag in tags if tag), key=lambda tag: len(tag.numbers), default=None)


def _is_stable_enough(current: Tag, tag: Tag, release: Release) -> bool:
    return current.is_unstable or not (tag.is_unstable or release.unstable)


def _is_lts(numbers: tuple[int, ...]) -> bool:
    """Ubuntu's releases with long-term support: April of even years."""
    return len(numbers) > 1 and numbers[0] % 2 == 0 and numbers[1] == 4


def _newer_locked(reference: Reference, available: Available) -> list[_Candidate] | str:
    current = parse_version(reference.current)
    bound = parse_constraint(reference.bound, "terraform") if reference.bound else None
    if current is None or (reference.bound and bound is None):
        return "its version is written in a way not known here"
    return [
        _Candidate(release, version.text, numbers_step(current.numbers, version.numbers), version.numbers)
        for version, release in _sorted(available, unstable=bool(current.pre))
        if version.order > current.order and (bound is None or bound.accepts(version))
    ]


def _beyond(constraint: Constraint, available: Available, *, majors: bool) -> Iterator[_Candidate]:
    """Releases that the range does not take, and that are newer than what it takes."""
    known = _sorted(available, unstable=constraint.takes_unstable)
    now = next((version for version, _ in known if constraint.accepts(version)), None) or _named(constraint)
    for version, release in known:
        if version.order <= now.order:
            return
        kind = numbers_step(now.numbers, version.numbers)
        text = taking_in(constraint, version) if (kind == "major") is majors else None
        if text is not None and text != constraint.text:
            spelled = release.name if constraint.is_exact and text == version.text else text
            yield _Candidate(release, spelled, kind, version.numbers)


def _named(constraint: Constraint) -> Version:
    """The newest version that the range itself names, for a source that no longer has what the range takes."""
    return max((term.base for terms in constraint.alternatives for term in terms), key=lambda one: one.order)


def _sorted(available: Available, *, unstable: bool) -> list[tuple[Version, Release]]:
    parsed = [(parse_version(release.name), release) for release in available.releases]
    kept = [(one, release) for one, release in parsed if one and (unstable or not (one.pre or release.unstable))]
    return sorted(kept, key=lambda one: one[0].order, reverse=True)


def _first_allowed(reference: Reference, candidates: Iterable[_Candidate], rules: Rules) -> Offer | Held | None:
    notes: list[str] = []
    seen: dict[str, datetime] = {}
    for one in candidates:
        reason = _forbidden(reference.package, one, rules) or _too_young(reference.package, one.release, rules, seen)
        if not reason:
            digest = (one.release.digest or None) if reference.digest else ""
            return Offer(
                reference,
                one.release.name,
                one.text,
                one.kind,
                digest,
                one.release.released,
                tuple(notes[:_MOST_NOTES]),
                seen,
            )
        notes.append(f"{one.release.name} {reason}")
    return Held(reference, "; ".join(notes[:_MOST_NOTES]), seen) if notes else None


def _forbidden(package: Package, one: _Candidate, rules: Rules) -> str:
    name = one.release.name
    patterns = [pattern.rpartition("@") for pattern in rules.ignore if "@" in pattern]
    if any(
        fnmatchcase(name, version) and fnmatchcase(known, who)
        for who, _, version in patterns
        for known in package.names
    ):
        return "is ignored by the configuration"
    if one.release.withdrawn:
        return f"was withdrawn: {one.release.withdrawn}"
    if rules.kubernetes is None:
        return ""
    cluster = ".".join(map(str, rules.kubernetes))
    if package.kind == "image" and _COUPLED.fullmatch(package.name) and one.numbers[:2] > rules.kubernetes:
        return f"is for a newer Kubernetes than {cluster}"
    needed = parse_constraint(one.release.kubernetes, "helm") if one.release.kubernetes else None
    latest = parse_version(f"{cluster}.999")
    first = parse_version(f"{cluster}.0")
    if needed and latest and first and not (needed.accepts(latest) or needed.accepts(first)):
        return f"needs Kubernetes {one.release.kubernetes}"
    return ""


def _too_young(package: Package, release: Release, rules: Rules, seen: dict[str, datetime]) -> str:
    """Why a release has to wait; one without a time counts from when it was first seen, which goes into `seen`."""
    if rules.min_age is None:
        return ""
    since = release.released
    if since is None:
        key = sighting(package, release.name)
        since = rules.first_seen.get(key)
        if since is None and len(seen) < _NEW_SIGHTINGS:
            since = rules.now
        if since is not None and len(seen) < _MOST_SIGHTINGS:
            seen[key] = since
        since = since or rules.now
    left = since + rules.min_age - rules.now
    if left.total_seconds() <= 0:
        return ""
    hours = -(-int(left.total_seconds()) // 3600)
    wait = f"{hours} h" if hours < 48 else f"{-(-hours // 24)} d"
    return f"has to be out for {wait} more"


def _moved_tag(reference: Reference, available: Available) -> Offer | Held | None:
    """A pin whose tag names something else by now, as far as the source said what."""
    release = next((one for one in available.releases if one.name == reference.current), None)
    digest = release.digest if release else ""
    if not reference.digest or not digest or digest == reference.digest:
        return None
    return _repinned(reference, digest)


def _repinned(reference: Reference, digest: str) -> Offer | Held:
    tag = parse_tag(reference.current)
    if reference.package.kind == "github" and tag and len(tag.numbers) > 2:
        return Held(reference, f"the tag {reference.current} was moved to another commit; look at it before following")
    return Offer(reference, reference.current, reference.current, "patch", digest)


def _elsewhere(reference: Reference, available: Available) -> Held | None:
    """Newer versions that exist only with another number in the suffix: a choice for a person."""
    current = parse_tag(reference.current) if reference.scheme == "tag" else None
    if current is None or not any(letter.isdigit() for letter in current.scheme[4]):
        return None
    tags = [tag for tag in (parse_tag(release.name) for release in available.releases) if tag]
    other = other_suffixes(current, tags)
    return Held(reference, f"a newer version is out only as {other.text}, on another base") if other else None


def wanted_digest(reference: Reference, outcome: Offer | Held | None) -> str | None:
    """The tag whose digest has to be asked for before the outcome is complete, None where none has to be.

    A reference that is pinned follows its tag even where no newer version is due, a floating tag included.
    """
    final = isinstance(outcome, Held) and outcome.final
    if not reference.digest or final or reference.package.kind not in {"image", "oci-chart"}:
        return None
    if isinstance(outcome, Offer):
        return outcome.newer if outcome.digest is None else None
    return reference.current or None


def with_digest(reference: Reference, outcome: Offer | Held | None, digest: str | Unavailable) -> Offer | Held | None:
    """The outcome with the digest that `wanted_digest` asked for."""
    if isinstance(digest, Unavailable):
        seen = outcome.seen if isinstance(outcome, Offer | Held) else None
        return Held(reference, digest.why, seen) if isinstance(outcome, Offer) else outcome
    if isinstance(outcome, Offer):
        return replace(outcome, digest=digest)
    return outcome if digest == reference.digest else _repinned(reference, digest)
