"""Workflows, actions and Compose files: what GitHub and Compose would refuse, at its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import check_text
from bot.checks.expressions import complaint, expressions_in

WORKFLOW = """\
name: CI
on:
  push:
    branches: main
  workflow_dispatch:
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    timeout-minutes: ${{ fromJSON(vars.MINUTES) }}
    strategy:
      fail-fast: false
    steps:
      - uses: actions/checkout@v7
        with: { fetch-depth: 0, token: }
      - run: |
          echo "a"
          echo "${{ github.event.issue.number }}"
        if: always() && !contains(github.event.labels.*.name, 'it''s')
  test:
    needs: [build]
    if: ${{ needs.build.result == 'success' }}
    uses: ./.github/workflows/other.yml
"""
ACTION = (
    "name: A\n"
    "description: B\n"
    "inputs:\n"
    "  a:\n"
    "    default: true\n"
    "runs:\n"
    "  using: composite\n"
    "  steps:\n"
    "    - run: x\n"
    "      shell: bash\n"
)
COMPOSE = """\
services:
  web:
    build: .
    depends_on: { db: { condition: service_started } }
    ports: ["${PORT:-80}:80"]
    networks: [front, default]
  db:
    image: postgres:17
    volumes: [data:/var/lib/data]
volumes: { data: }
networks: { front: }
"""
PATH = ".github/workflows/ci.yml"


def said(path: str, text: str) -> list[tuple[int | None, str]]:
    return [(one.line, one.check) for one in check_text(path, text) if one.severity == "error"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (PATH, WORKFLOW),
        ("action.yml", ACTION),
        ("deploy/action.yaml", "a: 1\n"),
        ("compose.yaml", COMPOSE),
        ("docker-compose.yml", "web:\n  image: a:1\n"),
        ("compose.override.yml", "services:\n  a:\n    depends_on: [b]\n"),
        ("docs/workflow.yml", "jobs: 1\n"),
    ],
)
def test_what_is_accepted_is_sound(path: str, text: str) -> None:
    assert [one for one in check_text(path, text) if not one.is_risk] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "check"),
    [
        ("runs-on: ubuntu-24.04", "runson: ubuntu-24.04", 9, "workflow-schema"),
        ("permissions: {}", "permissions: { contents: all }", 6, "workflow-schema"),
        ("name: CI", "name: CI\nenvironment: x", 2, "workflow-schema"),
        ("needs: [build]", "needs: [biuld]", 21, "workflow-needs"),
        ("github.event.issue.number", "gihub.event.issue.number", 18, "workflow-expression"),
        ("number }}", "number", 18, "workflow-expression"),
        ("always() &&", "allways() &&", 19, "workflow-expression"),
        ("'success' }}", "'success }}", 22, "workflow-expression"),
    ],
)
def test_what_github_refuses_is_an_error_at_its_line(old: str, new: str, line: int, check: str) -> None:
    found = said(PATH, WORKFLOW.replace(old, new))
    assert found == [(line, check)]


def test_an_action_without_what_it_runs_with_is_refused() -> None:
    assert said("action.yml", ACTION.replace("      shell: bash\n", "")) == [(9, "workflow-schema")]


@pytest.mark.parametrize(
    ("old", "new", "line", "check"),
    [
        ("depends_on: { db:", "depends_on: { dp:", 4, "compose-undeclared"),
        ("networks: [front", "networks: [back", 6, "compose-undeclared"),
        ("    build: .", "    biuld: .", 3, "compose-schema"),
        ("image: postgres:17", "image: [postgres]", 8, "compose-schema"),
    ],
)
def test_what_compose_refuses_is_an_error(old: str, new: str, line: int, check: str) -> None:
    assert said("compose.yaml", COMPOSE.replace(old, new)) == [(line, check)]


@pytest.mark.parametrize(
    "expression",
    [
        "github.b",
        "!cancelled()",
        "matrix.os-name",
        "steps.a.outputs['b-c'].d",
        "-1.5 <= 0x1f && 'it''s'",
        "format('{0} {1}', github.ref, (inputs.a || null))",
        "github.event.*.name",
        "success() && (failure() || true)",
        "fromJSON('[1]')[0]",
        "hashFiles('**/a.lock')",
        "toJSON(needs)",
        "CONTAINS(github.ref, 'x')",
    ],
)
def test_an_expression_that_github_takes_is_taken(expression: str) -> None:
    assert complaint(expression) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "empty"),
        ("foo", "no context `foo`"),
        ("foo(1)", "no function `foo`"),
        ("github.", "missing at its end"),
        ("github.ref ==", "missing at its end"),
        ("(github.ref", "never closed"),
        ("github.ref)", "closes nothing"),
        ("github.ref 'x'", "operator is missing"),
        ("1 + 2", "`+` is no part"),
        ("github.ref = 'x'", "`=` is no part"),
        ('github.ref == "x"', "is no part"),
        ("github[", "never closed"),
        ("contains(a b)", "no context `a`"),
        ("github.ref, 1", "comma outside"),
        ("github.'a'", "must follow the dot"),
        ("&& github.ref", "missing before `&&`"),
    ],
)
def test_an_expression_that_github_refuses_is_explained(expression: str, words: str) -> None:
    assert words in (complaint(expression) or "")


def test_expressions_are_found_with_quotes_in_them() -> None:
    assert [(inside, closed) for _, inside, closed in expressions_in("a ${{ '}}' }}${{ b }} ${{ c")] == [
        (" '}}' ", True),
        (" b ", True),
        (" c", False),
    ]


TOKENS = st.sampled_from(
    ["github", ".", "a", "(", ")", "[", "]", "'x'", "1", "&&", "||", "!", "==", ",", "*", "contains", " "]
)


@given(st.lists(TOKENS, max_size=20).map(" ".join))
def test_no_expression_makes_the_reader_raise(expression: str) -> None:
    complaint(expression)


@given(st.text(alphabet="${}' a\n", max_size=60))
def test_text_around_expressions_is_read_once(text: str) -> None:
    assert len(list(expressions_in(text))) <= text.count("${{")
