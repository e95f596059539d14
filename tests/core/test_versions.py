from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.packages import Available, Held, Offer, Package, Reference, Release, Scheme, Unavailable, sighting
from bot.core.versions import Rules, choose, wanted_digest, with_digest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NGINX = Package("image", "docker.io", "library/nginx")
PINNED, MOVED = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def refers(current: str, scheme: Scheme = "tag", **more: Any) -> Reference:
    return Reference("a.yaml", 1, "images", more.pop("package", NGINX), "web", current, scheme, (), **more)


def on_offer(*names: str | Release) -> Available:
    return Available(tuple(Release(name) if isinstance(name, str) else name for name in names))


def newer(outcome: Offer | Held | None) -> str | None:
    assert not isinstance(outcome, Held), outcome.reason
    return outcome.text if outcome else None


def reason(outcome: Offer | Held | None) -> str:
    assert isinstance(outcome, Held), outcome
    return outcome.reason


def rules(**more: Any) -> Rules:
    return Rules(NOW, **more)


@pytest.mark.parametrize(
    ("current", "scheme", "available", "minor", "major"),
    [
        ("1.25.3", "tag", ["1.25.4", "1.27.0", "2.0.0", "2.1.0-rc1"], "1.27.0", "2.0.0"),
        ("1.25.3", "tag", ["1.25.3", "1.24.0"], None, None),
        ("1.25.3-rc1", "tag", ["1.25.3-rc2", "1.26.0-beta1"], "1.26.0-beta1", None),
        ("v4", "tag", ["v3", "v4", "v4.1.0", "v5", "v6-beta"], None, "v5"),
        ("~> 5.0", "terraform", ["5.99.0", "6.1.0", "7.0.0-beta1"], None, "~> 6.0"),
        ("~> 5.0.1", "terraform", ["5.0.9", "5.99.0", "6.1.0"], "~> 5.99.0", "~> 6.1.0"),
        ("5.0.0", "terraform", ["5.0.0", "5.99.0", "6.1.0"], "5.99.0", "6.1.0"),
        (">= 4.0", "terraform", ["6.0.0"], None, None),
        ("^1.2.0", "helm", ["1.9.0", "2.3.0"], None, "^2.3.0"),
        ("1.2.x", "helm", ["1.2.7", "1.4.5", "2.0.0"], "1.4.x", "2.0.x"),
        ("1.2.3", "helm", ["1.2.4", "2.0.0"], "1.2.4", "2.0.0"),
        ("9.9.9", "helm", ["1.2.4"], None, None),
    ],
)
def test_majors_are_chosen_apart(
    current: str, scheme: Scheme, available: list[str], minor: str | None, major: str | None
) -> None:
    one, known = refers(current, scheme), on_offer(*available)
    assert newer(choose(one, known, rules())) == minor
    assert newer(choose(one, known, rules(), majors=True)) == major


def test_a_lock_stays_in_its_range() -> None:
    lock = refers("5.1.0", "lock", bound="~> 5.0, != 5.9.0")
    known = on_offer("5.8.0", "5.9.0", "6.0.0")
    assert newer(choose(lock, known, rules())) == "5.8.0"
    assert choose(lock, known, rules(), majors=True) is None


def test_ubuntu_goes_from_one_long_support_to_the_next() -> None:
    ubuntu = refers("22.04", package=Package("image", "docker.io", "library/ubuntu"))
    assert newer(choose(ubuntu, on_offer("22.10", "23.10", "24.04", "25.10"), rules(), majors=True)) == "24.04"


@pytest.mark.parametrize(
    ("one", "known", "said"),
    [
        (refers("latest"), on_offer("1.0"), "`latest` says no version"),
        (refers("", digest=PINNED), on_offer("1.0"), "no tag says no version"),
        (refers("1.0", held="shared"), on_offer("2.0"), "shared"),
        (refers("1.0"), Unavailable("it is down"), "it is down"),
        (refers("newest", "helm"), on_offer("2.0"), "not known here"),
        (refers("1.0.0-alpine3.18"), on_offer("1.1.0-alpine3.20", "1.2.0-slim"), "only as 1.1.0-alpine3.20"),
        (refers("1.0"), on_offer(Release("1.1", withdrawn="broken")), "1.1 was withdrawn: broken"),
        (refers("1.0.0", "helm"), on_offer(Release("1.1.0", kubernetes=">=1.34.0-0")), "needs Kubernetes >=1.34.0-0"),
    ],
)
def test_what_is_left_alone_says_why(one: Reference, known: Available | Unavailable, said: str) -> None:
    assert said in reason(choose(one, known, rules(kubernetes=(1, 33))))


@pytest.mark.parametrize(
    "pattern", ["nginx", "library/nginx", "docker.io/library/*", "*/nginx", "a.yaml", "*.yaml", "*"]
)
def test_ignored_packages_and_files_are_left_alone(pattern: str) -> None:
    outcome = choose(refers("1.0", digest=PINNED), on_offer("1.1"), rules(ignore=(pattern,)))
    assert reason(outcome) == "the configuration ignores it"
    assert wanted_digest(refers("1.0", digest=PINNED), outcome) is None


def test_versions_can_be_ignored_one_by_one() -> None:
    known = on_offer("1.25.3", "1.26.0", "1.27.0")
    outcome = choose(refers("1.25.3"), known, rules(ignore=("nginx@1.27.*", "redis@1.26.0")))
    assert newer(outcome) == "1.26.0"
    assert isinstance(outcome, Offer)
    assert outcome.why_not == ("1.27.0 is ignored by the configuration",)


def test_releases_that_say_to_be_unstable_are_no_step() -> None:
    assert choose(refers("v1"), on_offer(Release("v2", unstable=True)), rules(), majors=True) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [("bitnami/kubectl", "1.33.4"), ("rancher/k3s", "1.33.4"), ("kindest/node", "1.33.4"), ("team/app", "1.35.0")],
)
def test_images_of_kubernetes_itself_respect_the_cluster(name: str, expected: str) -> None:
    one = refers("1.31.0", package=Package("image", "docker.io", name))
    assert newer(choose(one, on_offer("1.33.4", "1.34.0", "1.35.0"), rules(kubernetes=(1, 33)))) == expected


@pytest.mark.parametrize(("needs", "fits"), [(">=1.30.0-0", True), ("^1.33.5", True), ("<1.33", False), ("1.x", True)])
def test_charts_respect_the_cluster(needs: str, fits: bool) -> None:
    outcome = choose(refers("1.0.0", "helm"), on_offer(Release("1.1.0", kubernetes=needs)), rules(kubernetes=(1, 33)))
    assert isinstance(outcome, Offer) is fits


# Age


def test_a_young_release_waits_and_an_older_one_is_taken() -> None:
    young = Release("1.2.0", released=NOW - timedelta(days=2))
    old = Release("1.1.0", released=NOW - timedelta(days=9))
    outcome = choose(refers("1.0.0"), on_offer(young, old), rules(min_age=timedelta(days=7)))
    assert isinstance(outcome, Offer)
    assert (outcome.text, outcome.why_not) == ("1.1.0", ("1.2.0 has to be out for 5 d more",))


def test_without_a_time_the_first_sight_counts_and_is_handed_on() -> None:
    one, known = refers("1.0.0"), on_offer("1.1.0")
    first = choose(one, known, rules(min_age=timedelta(days=7)))
    assert isinstance(first, Held)
    assert first.seen == {sighting(NGINX, "1.1.0"): NOW}
    later = Rules(NOW + timedelta(days=7), timedelta(days=7), first_seen=first.seen or {})
    assert newer(choose(one, known, later)) == "1.1.0"


def test_a_new_release_every_day_does_not_hold_for_ever() -> None:
    seen: dict[str, datetime] = {}
    taken: list[str] = []
    for day in range(12):
        known = on_offer(*(f"1.{number}.0" for number in range(1, day + 2)))
        now = Rules(NOW + timedelta(days=day), timedelta(days=7), first_seen=seen)
        outcome = choose(refers("1.0.0"), known, now)
        assert outcome
        seen = dict(outcome.seen or {})
        taken += [outcome.text] if isinstance(outcome, Offer) else []
    assert taken == ["1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]
    assert len(seen) <= 8


def test_the_first_sights_of_a_thousand_new_tags_are_few() -> None:
    known = on_offer(*(f"1.{number}.0" for number in range(1, 1_000)))
    outcome = choose(refers("1.0.0"), known, rules(min_age=timedelta(days=7)))
    assert isinstance(outcome, Held)
    assert len(outcome.seen or {}) == 3


# Pins


def test_a_pinned_image_takes_the_new_tag_with_its_digest() -> None:
    one = refers("1.0", digest=PINNED)
    outcome = choose(one, on_offer("1.1"), rules())
    assert wanted_digest(one, outcome) == "1.1"
    complete = with_digest(one, outcome, MOVED)
    assert isinstance(complete, Offer)
    assert (complete.text, complete.digest) == ("1.1", MOVED)


@pytest.mark.parametrize("current", ["1.0", "latest"])
def test_a_pin_follows_its_tag(current: str) -> None:
    one = refers(current, digest=PINNED)
    outcome = choose(one, on_offer("1.0"), rules())
    assert wanted_digest(one, outcome) == current
    assert with_digest(one, outcome, PINNED) is outcome
    moved = with_digest(one, outcome, MOVED)
    assert isinstance(moved, Offer)
    assert (moved.text, moved.kind, moved.digest) == (current, "patch", MOVED)


def test_a_pinned_image_is_left_alone_when_the_digest_cannot_be_had() -> None:
    one = refers("1.0", digest=PINNED)
    outcome = with_digest(one, choose(one, on_offer("1.1"), rules()), Unavailable("it is down"))
    assert reason(outcome) == "it is down"


def action(current: str, sha: str) -> Reference:
    return refers(current, package=Package("github", "", "a/b"), digest=sha)


def test_a_pinned_action_takes_the_commit_of_the_new_tag() -> None:
    known = on_offer(Release("v4", "4" * 40), Release("v5", "5" * 40))
    outcome = choose(action("v4", "4" * 40), known, rules(), majors=True)
    assert isinstance(outcome, Offer)
    assert (outcome.text, outcome.digest) == ("v5", "5" * 40)
    assert wanted_digest(action("v4", "4" * 40), outcome) is None


def test_a_pinned_action_follows_a_short_tag_but_not_a_moved_release() -> None:
    short = choose(action("v4", "1" * 40), on_offer(Release("v4", "4" * 40)), rules())
    assert isinstance(short, Offer)
    assert (short.kind, short.digest) == ("patch", "4" * 40)
    whole = choose(action("v4.1.2", "1" * 40), on_offer(Release("v4.1.2", "4" * 40)), rules())
    assert "was moved to another commit" in reason(whole)


def test_a_pin_without_a_comment_is_known_by_its_commit() -> None:
    known = on_offer(Release("v4", "4" * 40), Release("v4.1.0", "4" * 40), Release("v4.2.0", "5" * 40))
    outcome = choose(action("", "4" * 40), known, rules())
    assert isinstance(outcome, Offer)
    assert (outcome.newer, outcome.digest) == ("v4.2.0", "5" * 40)


def test_an_offer_has_an_id_of_its_step_and_not_of_its_line() -> None:
    known = on_offer("1.1")
    first = choose(refers("1.0"), known, rules())
    moved = choose(Reference("a.yaml", 99, "images", NGINX, "web", "1.0", "tag", ()), known, rules())
    other = choose(refers("1.0"), on_offer("1.2"), rules())
    assert isinstance(first, Offer)
    assert isinstance(moved, Offer)
    assert isinstance(other, Offer)
    assert first.id == moved.id != other.id
