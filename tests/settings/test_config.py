from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.settings.config import CheckConfig, GatesConfig, ModelConfig, Price, RepoConfig
from bot.settings.sections import parse_duration

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

WHOLE = """\
model:
  name: qwen/fast-32b
  candidates: 8
  context-tokens: 32000
  max-cost-usd: 0.5
  prices:
    qwen/fast-32b: {in: 0.4, out: 0.8}
checks:
  - name: tests
    run: |
      pip install -q .
      pytest -q
    timeout: 90s
    paths: ["src/**", "tests/**"]
  - {name: lint, run: ruff check .}
gates:
  request: triage
  approve: maintain
  approver-differs: true
  second-approver: ["infra/**"]
  protected: [secrets/**]
  allow: [".github/labels.yml"]
  risk: off
  expires: 12h
  environment: production
review:
  auto: false
  max-comments: 3
  paths: [src/**]
refresh:
  kubernetes-version: 1.30
  groups: [images, images-major]
  min-age: 3d
  ignore: [nginx, charts/old/**]
limits: {files: 5, lines: 200, seconds: 60}
"""


def test_a_whole_file_is_read() -> None:
    config = RepoConfig.parse(WHOLE)
    assert config.model == ModelConfig("qwen/fast-32b", 8, 32_000, 0.5, (Price("qwen/fast-32b", 0.4, 0.8),))
    assert config.checks == (
        CheckConfig("tests", "pip install -q .\npytest -q\n", timedelta(seconds=90), ("src/**", "tests/**")),
        CheckConfig("lint", "ruff check ."),
    )
    assert config.gates == GatesConfig(
        request="triage",
        approve="maintain",
        approver_differs=True,
        second_approver=("infra/**",),
        protected=("secrets/**",),
        allow=(".github/labels.yml",),
        risk="off",
        expires=timedelta(hours=12),
        environment="production",
    )
    assert (config.review.auto, config.review.max_comments, config.review.paths) == (False, 3, ("src/**",))
    assert config.refresh.kubernetes_version == "1.30"
    assert config.refresh.groups == ("images", "images-major")
    assert (config.refresh.min_age, config.refresh.ignore) == (timedelta(days=3), ("nginx", "charts/old/**"))
    assert (config.limits.files, config.limits.lines, config.limits.seconds) == (5, 200, 60)


@pytest.mark.parametrize(
    "text", [None, "", "\ufeff", "# nothing yet\n", "---\n", "{}", "null", "gates:\nchecks:\nmodel: {prices: }\n"]
)
def test_what_is_left_out_or_left_blank_has_its_default(text: str | None) -> None:
    assert RepoConfig.parse(text) == RepoConfig()


def test_the_defaults_are_those_of_the_design() -> None:
    config = RepoConfig()
    assert (config.model.candidates, config.model.context_tokens) == (4, 20_000)
    assert (config.gates.request, config.gates.approve, config.gates.approver_differs) == ("write", "write", False)
    assert (config.gates.risk, config.gates.expires) == ("second-approver", timedelta(days=7))
    assert (config.review.auto, config.review.max_comments, config.refresh.min_age) == (True, 6, None)
    assert (config.limits.files, config.limits.lines, config.limits.seconds) == (20, 1000, 300)
    assert CheckConfig("a", "b").timeout == RepoConfig.parse("checks: [{name: a, run: b}]").checks[0].timeout


def test_a_price_is_found_by_the_exact_name_only() -> None:
    model = RepoConfig.parse(WHOLE).model
    assert model.price("qwen/fast-32b") == Price("qwen/fast-32b", 0.4, 0.8)
    assert model.price("qwen/fast") is None


BAD = {
    "unknown key": "limits:\n  files: 3\ngate:\n  approve: write\n",
    "unknown nested key": "gates:\n  aprove: write\n",
    "unknown key, nothing near": "zzz: 1\n",
    "key in the wrong place": "approve: write\n",
    "endpoint in the file": "model:\n  base-url: https://evil.example/v1\n",
    "a list for a table": "gates:\n  - approve\n",
    "a table for a list": "checks:\n  name: tests\n",
    "a word for a list": "review:\n  paths: src\n",
    "text for a number": "model:\n  candidates: four\n",
    "quoted number": 'model:\n  candidates: "4"\n',
    "number out of range": "model:\n  candidates: 400\n",
    "half a candidate": "model:\n  candidates: 1.5\n",
    "yes for true": "review:\n  auto: yes\n",
    "number for a duration": "checks:\n- name: t\n  run: make\n  timeout: 300\n",
    "duration with a space": "gates:\n  expires: 7 d\n",
    "unknown permission": "gates:\n  approve: owner\n",
    "a name that YAML reads as a number": "model:\n  name: 4.1\n",
    "a name that YAML reads as nothing": "model:\n  name: null\n",
    "missing command": "checks:\n  - name: t\n",
    "blank command": 'checks:\n  - {name: t, run: "  "}\n',
    "escape in a pattern": "gates:\n  allow: [../x]\n",
    "absolute pattern": "gates:\n  allow: [/etc]\n",
    "price without out": "model:\n  prices:\n    m: {in: 1}\n",
    "unknown group": "refresh:\n  groups: [helm]\n",
    "not a version": "refresh:\n  kubernetes-version: latest\n",
    "not a table": "- gates\n",
    "a sentence": "please approve everything\n",
    "duplicate key": "gates:\n  risk: warn\nlimits: {}\ngates:\n  risk: off\n",
    "tabs": "gates:\n\trisk: warn\n",
    "unquoted star": "gates:\n  allow:\n    - *.tf\n",
    "open quote": "gates: {risk: 'warn\n",
    "alias": "a: &a [x]\nb: *a\n",
    "python object": "model: !!python/object/apply:os.system [id]\n",
    "second document": "limits: {}\n---\ngates: {risk: off}\n",
    "control character": "model: {name: a\x07}\n",
    "a very long unknown key with a backtick": f"{'ab`' * 200}: 1\n",
    "a list as key": "? [a, b]\n: 1\n",
}


def test_every_mistake_is_named_with_its_line_and_what_to_write(snapshot: SnapshotAssertion) -> None:
    texts = {}
    for name, text in BAD.items():
        with pytest.raises(UserError) as caught:
            RepoConfig.parse(text)
        texts[name] = str(caught.value).splitlines()
    assert texts == snapshot


def test_the_nearest_key_and_its_line_stand_in_one_sentence() -> None:
    with pytest.raises(UserError) as caught:
        RepoConfig.parse(BAD["unknown key"])
    assert caught.value.what == "unknown key `gate` in .github/draftgate.yml line 3: did you mean `gates`?"


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x" * (256 * 1024),
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "- a\n" * 60_000,
        "? " * 60_000,
        "a: &a [l]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
        "\x00",
        "model: {name: \ud800}",
        "model: {candidates: " + "9" * 100_000 + "}",
        "gates: {allow: ['" + "a/" * 100_000 + "..']}",
    ],
    ids=["long", "brackets", "braces", "dashes", "items", "keys", "laughs", "nul", "surrogate", "digits", "glob"],
)
def test_a_bomb_is_refused_shortly(text: str) -> None:
    with pytest.raises(UserError) as caught:
        RepoConfig.parse(text)
    assert len(str(caught.value)) < 500


@given(st.text(max_size=300))
def test_any_text_is_a_configuration_or_a_user_error(text: str) -> None:
    try:
        config = RepoConfig.parse(text)
    except UserError as error:
        assert error.what  # noqa: PT017  both ways are right
    else:
        assert re.fullmatch("[0-9a-f]{64}", config.digest)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("99999d", 99_999 * 86_400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "d", "0d", "-1d", "1.5h", "7 d", "7D", "7d\n", "1w", "123456s", "\u0667d", "1h30m"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_the_digest_ignores_layout_and_written_out_defaults() -> None:
    plain = RepoConfig.parse("gates: {risk: warn, expires: 24h}\n")
    other = RepoConfig.parse("# policy\nlimits:\n  files: 20\ngates:\n  expires: 1d\n  risk: 'warn'\n")
    assert plain.digest == other.digest


@pytest.mark.parametrize(
    "text",
    [
        "model: {name: m}",
        "model: {max-cost-usd: 1}",
        "checks: [{name: a, run: b}]",
        "gates: {risk: off}",
        "gates: {allow: [a]}",
        "review: {auto: false}",
        "refresh: {min-age: 1d}",
        "limits: {seconds: 299}",
    ],
)
def test_the_digest_changes_with_every_setting(text: str) -> None:
    assert RepoConfig.parse(text).digest != RepoConfig().digest


def test_the_digest_is_the_same_on_every_machine() -> None:
    assert RepoConfig.parse(WHOLE).digest == RepoConfig.parse(WHOLE.replace("\n", "\r\n")).digest
    assert re.fullmatch("[0-9a-f]{64}", RepoConfig().digest)
