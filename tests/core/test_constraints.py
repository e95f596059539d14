from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.constraints import Dialect, parse_constraint, parse_version, taking_in


def accepts(text: str, version: str, dialect: Dialect) -> bool:
    constraint, one = parse_constraint(text, dialect), parse_version(version)
    assert constraint, text
    assert one, version
    return constraint.accepts(one)


def taken_in(text: str, version: str, dialect: Dialect) -> str | None:
    constraint, one = parse_constraint(text, dialect), parse_version(version)
    assert constraint, text
    assert one, version
    return taking_in(constraint, one)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3"], ["1.2.4", "1.2.3-rc1"]),
        ("= 1.2", ["1.2.0"], ["1.2.1"]),
        ("~> 5.0", ["5.0.0", "5.99.1"], ["6.0.0", "4.9.9", "5.1.0-beta1"]),
        ("~> 5.0.1", ["5.0.1", "5.0.9"], ["5.1.0", "5.0.0"]),
        ("~> 5", ["5.0.0", "7.0.0"], ["4.9.9"]),
        (">= 4.0, < 6.0", ["4.0.0", "5.9.9"], ["6.0.0", "3.9.9"]),
        ("!= 5.1.0, ~> 5.0", ["5.2.0"], ["5.1.0"]),
        ("> 1.2", ["1.2.1"], ["1.2.0"]),
        ("<= 1.2", ["1.2.0"], ["1.2.1"]),
        ("1.2.3-rc1", ["1.2.3-rc1"], ["1.2.3"]),
    ],
)
def test_terraforms_ranges(text: str, inside: list[str], outside: list[str]) -> None:
    assert [version for version in inside if not accepts(text, version, "terraform")] == []
    assert [version for version in outside if accepts(text, version, "terraform")] == []


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3"], ["1.2.4"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("1.x", ["1.0.0", "1.9.0"], ["2.0.0"]),
        ("1.2.*", ["1.2.9"], ["1.3.0"]),
        ("*", ["0.1.0", "9.9.9"], ["9.9.9-rc1"]),
        ("^1.2.3", ["1.2.3", "1.9.0"], ["2.0.0", "1.2.2"]),
        ("^0.2.3", ["0.2.9"], ["0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("~1.2.3", ["1.2.9"], ["1.3.0"]),
        ("~1", ["1.9.0"], ["2.0.0"]),
        (">=1.0.0 <2.0.0", ["1.5.0"], ["2.0.0"]),
        (">=1.0.0,<2.0.0", ["1.5.0"], ["2.0.0"]),
        ("1.2 - 1.4.5", ["1.2.0", "1.4.5"], ["1.4.6", "1.1.9"]),
        ("^1.0 || ^3.0", ["1.5.0", "3.1.0"], ["2.0.0"]),
        (">= 1.22.0-0", ["1.30.0", "1.22.0-gke.1"], ["1.21.0"]),
        ("<= 1.2", ["1.2.9"], ["1.3.0"]),
        ("> 1.2", ["1.3.0"], ["1.2.9"]),
    ],
)
def test_helms_ranges(text: str, inside: list[str], outside: list[str]) -> None:
    assert [version for version in inside if not accepts(text, version, "helm")] == []
    assert [version for version in outside if accepts(text, version, "helm")] == []


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("terraform", "^1.0"), ("terraform", "1.x"), ("terraform", ">= 1.0 < 2.0"), ("terraform", "latest"),
        ("terraform", ""), ("terraform", ","), ("helm", "stable"), ("helm", "1.2.3.4"), ("helm", "||"), ("helm", ">"),
        ("helm", "1 - "), ("helm", "9" * 300), ("helm", "1.2.3-" + "9" * 30),
    ],
)  # fmt: skip
def test_what_is_no_range(dialect: Dialect, text: str) -> None:
    assert parse_constraint(text, dialect) is None


@pytest.mark.parametrize(
    ("dialect", "text", "version", "expected"),
    [
        ("terraform", "~> 5.0", "6.2.1", "~> 6.0"),
        ("terraform", "~> 5.31", "6.2.1", "~> 6.2"),
        ("terraform", "~>5.0.1", "5.80.0", "~>5.80.0"),
        ("terraform", ">= 4.0, < 6.0", "6.2.0", ">= 4.0, < 7.0"),
        ("terraform", ">=1,<2", "3.4.5", ">=1,<4"),
        ("terraform", "< 5.3.0", "5.4.1", "< 5.5.0"),
        ("terraform", "<= 5.9.9", "6.2.0", "<= 6.2.0"),
        ("terraform", "= 1.2.3", "1.4.0", "= 1.4.0"),
        ("terraform", "1.2.3", "2.0.0", "2.0.0"),
        ("terraform", "v1.2.3", "2.0.0", "v2.0.0"),
        ("terraform", "~> 5.0, != 5.1.0", "6.0.1", "~> 6.0, != 5.1.0"),
        ("terraform", "~> 5.0, != 6.0.1", "6.0.1", None),
        ("terraform", ">= 4.0", "7.0.0", ">= 4.0"),
        ("helm", "^1.2.0", "2.3.1", "^2.3.0"),
        ("helm", "~0.1.0", "0.3.4", "~0.3.0"),
        ("helm", "1.2.x", "1.4.5", "1.4.x"),
        ("helm", "1.*", "2.1.0", "2.*"),
        ("helm", ">=1.0.0 <2.0.0", "2.3.0", ">=1.0.0 <3.0.0"),
        ("helm", "1.2 - 1.4.5", "2.0.0", "1.2 - 2.0.0"),
        ("helm", "^1.0 || ^2.0", "3.1.0", "^1.0 || ^3.0"),
        ("helm", "1.2", "1.5.0", "1.5"),
        ("helm", "1.2.3-rc.1", "1.2.3", "1.2.3"),
        ("helm", "*", "9.0.0", "*"),
    ],
)
def test_a_range_takes_a_newer_version_in_in_its_own_kind(
    dialect: Dialect, text: str, version: str, expected: str | None
) -> None:
    assert taken_in(text, version, dialect) == expected


def test_versions_are_in_the_order_of_semver() -> None:
    texts = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.1",
    ]
    versions = [version for version in map(parse_version, texts) if version]
    assert [one.text for one in sorted(versions, key=lambda one: one.order)] == texts


NUMBERS = st.integers(min_value=0, max_value=30)
VERSIONS = st.builds("{}.{}.{}".format, NUMBERS, NUMBERS, NUMBERS)
PARTS = st.one_of(VERSIONS, st.builds("{}.{}".format, NUMBERS, NUMBERS), st.builds("{}".format, NUMBERS))
OPERATORS = {
    "terraform": st.sampled_from(["", "=", "= ", "!=", ">", ">= ", "<", "<=", "~>", "~> "]),
    "helm": st.sampled_from(["", "=", "!=", ">", ">=", "<", "<=", "~", "^", "^ "]),
}


@pytest.mark.parametrize("dialect", ["terraform", "helm"])
@given(data=st.data())
def test_what_was_taken_in_is_accepted_and_stays(dialect: Dialect, data: st.DataObject) -> None:
    terms = data.draw(st.lists(st.tuples(OPERATORS[dialect], PARTS), min_size=1, max_size=3))
    text = ", ".join("".join(term) for term in terms)
    version = data.draw(VERSIONS)
    changed = taken_in(text, version, dialect)
    if changed is not None:
        assert accepts(changed, version, dialect)
        assert taken_in(changed, version, dialect) == changed


@given(st.text(alphabet="0123456789.xX*~^<>=!|, -abv", max_size=60))
def test_any_text_is_a_range_or_none(text: str) -> None:
    for dialect in ("terraform", "helm"):
        constraint = parse_constraint(text, "helm" if dialect == "helm" else "terraform")
        version = parse_version("2.3.4")
        assert version
        assert constraint is None or constraint.accepts(version) in {True, False}
