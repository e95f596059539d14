from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tags import parse_tag, step


def newest(current: str, tags: list[str]) -> str | None:
    """The newest tag of the same scheme, whatever its stability."""
    old = parse_tag(current)
    assert old
    parsed = [tag for tag in map(parse_tag, tags) if tag and tag.scheme == old.scheme and tag.order > old.order]
    return max(parsed, key=lambda tag: tag.order).text if parsed else None


@pytest.mark.parametrize(
    "text",
    [
        "latest", "stable", "alpine", "main", "edge", "slim-bookworm", "lts", "pr-123", "sha-1234567", "main-42",
        "1a2b3c4d5e6f", "a" * 129, "master-20240101", "nightly-20240101", "9" * 19, "", "v", "ü1.0",
    ],
)  # fmt: skip
def test_floating_tags_hold_no_version(text: str) -> None:
    assert parse_tag(text) is None


@pytest.mark.parametrize(
    ("current", "others", "expected"),
    [
        ("1.25.3", ["1.27.0", "1.9.9", "1.28", "v1.28.0", "1.28.0-alpine", "2"], "1.27.0"),
        ("1.25", ["1.27", "1.27.1", "2", "1.100"], "1.100"),
        ("1", ["2", "3.0", "10"], "10"),
        ("v1.2", ["1.3", "v1.3", "v2", "v1.10"], "v1.10"),
        ("1.25.3-alpine3.18", ["1.27.0-alpine3.20", "1.26.1-alpine3.18", "1.28.0"], "1.26.1-alpine3.18"),
        ("3.11-slim-bookworm", ["3.13-slim-bookworm", "3.13-bookworm", "3.14-slim-trixie"], "3.13-slim-bookworm"),
        ("3.9-eclipse-temurin-17", ["3.9-eclipse-temurin-21", "3.10-eclipse-temurin-17"], "3.10-eclipse-temurin-17"),
        ("17.0.9_9-jre", ["17.0.9_10-jre", "17.0.10_7-jre", "21.0.1_12", "17.0.11_9-jdk"], "17.0.10_7-jre"),
        ("1.25.3-debian-11-r4", ["1.25.3-debian-11-r12", "1.25.3-debian-12-r1"], "1.25.3-debian-11-r12"),
        ("v1.28.3-k3s1", ["v1.28.3-k3s2", "v1.29.0-k3s1", "v1.30.0-rke2r1"], "v1.29.0-k3s1"),
        ("2024.01.15", ["2024.02.01", "2025.01.01", "3.0.0", "20250101"], "2025.01.01"),
        ("20240115", ["20240201", "2025.01.01", "3"], "20240201"),
        ("2024-01-15", ["2024-03-01", "20250101"], "2024-03-01"),
        ("RELEASE.2024-01-16T16-07-38Z", ["RELEASE.2024-06-01T00-00-00Z"], "RELEASE.2024-06-01T00-00-00Z"),
        ("bookworm-20240110-slim", ["bookworm-20240211-slim", "trixie-20250101-slim"], "bookworm-20240211-slim"),
        ("3", ["20240101", "2024.1", "2024", "4"], "4"),
        ("3.13.0rc1", ["3.13.0rc2", "3.13.0", "3.13.0a7"], "3.13.0"),
        ("1.0.0-beta.2", ["1.0.0-beta.10", "1.0.0-alpha.11", "1.0.0-rc.1"], "1.0.0-rc.1"),
        ("release-1.2", ["release-1.3", "1.4", "v1.4"], "release-1.3"),
        ("1_2_3", ["1_3_0", "1.4.0"], "1_3_0"),
    ],
)  # fmt: skip
def test_a_tag_is_followed_by_the_newest_of_its_own_scheme(current: str, others: list[str], expected: str) -> None:
    assert newest(current, others) == expected


@pytest.mark.parametrize(
    ("text", "unstable"),
    [
        ("1.0.0", False), ("1.0.0-rc1", True), ("1.0.0-alpha", True), ("1.0.0-alpine", False), ("3.13.0b2-slim", True),
        ("3.13.0a1", True), ("1.0.0-SNAPSHOT", True), ("8.0.0-M1", True), ("1.0-alpine-rc.2", True),
        ("1.0.0-r3", False), ("1.0.0-betamax", False),
        ("1.0.0-ea", True), ("1.0.0-dev.5", True), ("1.0.0-musl", False),
    ],
)  # fmt: skip
def test_pre_releases_are_told_by_their_word(text: str, unstable: bool) -> None:
    tag = parse_tag(text)
    assert tag
    assert tag.is_unstable is unstable


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("1.25.3", "1.25.4", "patch"), ("1.25.3", "1.26.0", "minor"), ("1.25.3", "2.0.0", "major"), ("7", "8", "major"),
        ("1.25", "1.26", "minor"), ("22.04", "24.04", "major"), ("20240115", "20250115", "minor"),
        ("2024-01-15", "2025-01-15", "minor"), ("1.2.3-r1", "1.2.3-r2", "patch"), ("1.0.0-rc1", "1.0.0", "patch"),
    ],
)  # fmt: skip
def test_the_first_number_is_major_and_days_are_minor(old: str, new: str, kind: str) -> None:
    one, two = parse_tag(old), parse_tag(new)
    assert one
    assert two
    assert step(one, two) == kind


@given(st.text(alphabet="0123456789.-_+abrcvTZxyalpine", max_size=130))
def test_any_text_is_a_tag_or_none_and_never_newer_than_itself(text: str) -> None:
    tag = parse_tag(text)
    assert tag is None or (tag.text == text and newest(text, [text]) is None)
