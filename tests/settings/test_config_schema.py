"""The published schema and the parser say the same of every file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import bot
from bot.errors import UserError
from bot.settings.config import CheckConfig, PermissionName, RefreshGroup, RepoConfig, Risk

SCHEMA = json.loads((Path(bot.__file__).parent / "templates" / "config.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


class QuotingDumper(yaml.SafeDumper):
    """Writes every text in quotes, as YAML versions differ in what a bare word is, and nothing as an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        return True


QuotingDumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, '"'))


def parses(text: str) -> bool:
    try:
        RepoConfig.parse(text)
    except UserError:
        return False
    return True


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2_000_000)
    | st.floats(-2, 20_000, allow_nan=False)
    | st.sampled_from(["", "off", "write", "7d", "1.33", "a/b", "../x", "images", "x\n", " x", "`"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
NAME = st.sampled_from(["m", "qwen/fast-32b", "x" * 100, "x" * 101, "a b", "é", "a\u00a0"])
GLOB = st.sampled_from(
    ["src/**", "*.tf", "a..b", "x" * 300, "x" * 301, "./a", "/a", "a/../b", "a/..", "..", "a\\b", "!x"]
)
DURATION = st.sampled_from(["30s", "15m", "99999d", "100000d", "0s", "7", "7d\n"])
AMOUNT = st.sampled_from([0, 0.0, 0.25, 3, 9_999.5, 10_000, 10_000.5, -0.5, 1e-7])


def integers(low: int, high: int) -> st.SearchStrategy[Any]:
    return st.sampled_from([low - 1, low, high, high + 1, float(low), low + 0.5])


def table(fields: dict[str, st.SearchStrategy[Any]], required: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Tables with any of the fields, each mostly of its kind; now and then one that is missing or unknown."""
    mixed = {key: st.one_of(kind, kind, kind, ANYTHING) for key, kind in fields.items()}
    usual = {key: mixed.pop(key) for key in required}
    whole = st.fixed_dictionaries(usual, optional=mixed)
    odd = st.fixed_dictionaries({}, optional={**usual, **mixed, "unknown": ANYTHING})
    return st.one_of(whole, whole, whole, odd)


def some(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(kind, max_size=3) | st.none()


PERMISSION = st.sampled_from([*get_args(PermissionName), "owner", "Write"])
PRICE = table({"in": AMOUNT, "out": AMOUNT}, ("in", "out"))
CONFIG = table(
    {
        "model": table(
            {
                "name": NAME,
                "candidates": integers(1, 16),
                "context-tokens": integers(1_000, 1_000_000),
                "max-cost-usd": AMOUNT,
                "prices": st.dictionaries(NAME, PRICE, max_size=2),
            }
        ),
        "checks": some(
            table(
                {
                    "name": NAME,
                    "run": st.sampled_from(["make", "a\nb\n", "  \n x", " ", "\x00", "\x07", "y" * 4000, "y" * 4001]),
                    "timeout": DURATION,
                    "paths": some(GLOB),
                },
                ("name", "run"),
            )
        ),
        "gates": table(
            {
                "request": PERMISSION,
                "approve": PERMISSION,
                "approver-differs": st.booleans(),
                "second-approver": some(GLOB),
                "protected": some(GLOB),
                "allow": some(GLOB),
                "risk": st.sampled_from([*get_args(Risk), "on"]),
                "expires": DURATION,
                "environment": NAME,
            }
        ),
        "review": table({"auto": st.booleans(), "max-comments": integers(1, 50), "paths": some(GLOB)}),
        "refresh": table(
            {
                "kubernetes-version": st.sampled_from(
                    ["1.33", "1.30", "1.33.2", "1.0", "1", "v1.33", 1.33, 1.05, 1, 2.0]
                )
                | st.floats(0.9, 2.1),
                "groups": some(st.sampled_from([*get_args(RefreshGroup), "helm", "kubernetes-apis-major"])),
                "min-age": DURATION | st.sampled_from(["off", "on"]),
                "ignore": some(st.sampled_from(["nginx", "a b", "", "charts/**", "a\\b", "é"])),
            }
        ),
        "limits": table({"files": integers(1, 1_000), "lines": integers(1, 100_000), "seconds": integers(10, 3_600)}),
    }
)


@given(CONFIG | ANYTHING, st.sampled_from([True, False, None]))
@settings(max_examples=300, deadline=None)
def test_schema_and_parser_judge_every_configuration_alike(data: Any, flow: bool | None) -> None:
    text = yaml.dump(data, Dumper=QuotingDumper, default_flow_style=flow, allow_unicode=True)
    assert parses(text) == VALIDATOR.is_valid(data), text


@given(CONFIG)
@settings(max_examples=100, deadline=None)
def test_json_is_read_like_yaml(data: Any) -> None:
    assert parses(json.dumps(data)) == VALIDATOR.is_valid(data)


def test_the_generator_makes_good_and_bad_configurations() -> None:
    seen = set()

    @given(CONFIG)
    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    def look(data: Any) -> None:
        seen.add((VALIDATOR.is_valid(data), isinstance(data, dict) and len(data) > 1))

    look()
    assert {(True, True), (False, True)} <= seen


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"].startswith("https://github.com/draftgate/draftgate/")


def properties(schema: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Every named setting of the schema by its path."""
    found = {}
    for key, value in schema.get("properties", {}).items():
        found[path + key] = value
        found |= properties(value, f"{path}{key}.")
        found |= properties(value.get("items", {}), f"{path}{key}.")
    return found


def test_every_key_has_a_description_and_every_section_says_who_reads_it() -> None:
    found = properties(SCHEMA)
    assert [path for path, value in found.items() if not value.get("description")] == []
    assert [path for path in SCHEMA["properties"] if "Read " not in found[path]["description"]] == []


def fields(kind: Any) -> list[str]:
    return [field.name.replace("_", "-") for field in dataclasses.fields(kind)]


def test_the_schema_names_the_fields_of_the_configuration_in_their_order() -> None:
    assert list(SCHEMA["properties"]) == fields(RepoConfig)
    for name in ("model", "gates", "review", "refresh", "limits"):
        assert list(SCHEMA["properties"][name]["properties"]) == fields(getattr(RepoConfig(), name))
    assert list(SCHEMA["properties"]["checks"]["items"]["properties"]) == fields(CheckConfig)


def test_the_defaults_in_the_schema_are_the_parsers() -> None:
    check = [{"name": "a", "run": "b"}]
    written = {
        section: {key: value["default"] for key, value in schema.get("properties", {}).items() if "default" in value}
        for section, schema in SCHEMA["properties"].items()
    }
    timeout = SCHEMA["properties"]["checks"]["items"]["properties"]["timeout"]["default"]
    spelled = written | {"checks": [check[0] | {"timeout": timeout}]}
    assert sum(map(len, written.values())) >= 14
    assert RepoConfig.parse(json.dumps(spelled)) == RepoConfig.parse(json.dumps({"checks": check}))


@pytest.mark.parametrize("words", [PermissionName, RefreshGroup, Risk])
def test_the_words_in_the_schema_are_the_parsers(words: Any) -> None:
    assert json.dumps(get_args(words))[1:-1] in json.dumps(SCHEMA)
