"""The first configuration of a repository: the defaults with comments, and the checks that its files suggest."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MAKE_TEST = re.compile(r"^test\s*:", re.MULTILINE)
_SCHEMA = "https://raw.githubusercontent.com/draftgate/draftgate/main/bot/templates/config.schema.json"

LOOKED_AT = ("Makefile", "pyproject.toml", "setup.py", "package.json", "go.mod", "Cargo.toml", "pom.xml", "Gemfile")
"""The files at the root of a repository that suggest how it is tested."""

_HEAD = f"""\
# yaml-language-server: $schema={_SCHEMA}
# Draftgate's configuration. Only the default branch's copy counts. All keys are optional; these are the defaults.

model:
  candidates: 4            # drafts made at once for each request
  context-tokens: 20000    # how much of the repository a prompt may show
  # max-cost-usd: 0.25     # at most this much for one request; needs prices
  # prices:
  #   MODEL-NAME: {{ in: 0.35, out: 0.75 }}   # USD per million tokens

# Your own checks. They run on the tree as it is first, so that only new failures count against a draft.
"""
_NO_CHECKS = """\
checks: []
  # - name: tests
  #   run: make test
  #   timeout: 5m
  #   network: false       # true for commands that install something
  #   paths: ["src/**"]    # only where such paths change
"""
_TAIL = """
gates:
  request: write           # least permission to ask: read, triage, write, maintain, admin
  approve: write           # least permission to approve
  approver-differs: false  # true: somebody else than who asked
  second-approver: []      # paths that need two people, such as "migrations/**"
  protected: []            # paths that are never touched, besides .github and other files that steer machines
  expires: 7d              # how long a proposal can be approved

limits:
  files: 20
  lines: 1000
  seconds: 300
"""


def starter_config(texts: Mapping[str, str]) -> str:
    """A configuration to begin with; `texts` holds the files of `LOOKED_AT` that the repository has."""
    command = next((found for name, suggest in _SUGGESTIONS if name in texts and (found := suggest(texts[name]))), "")
    installs = "install" in command or "npm ci" in command
    network = "    network: true          # it installs something first\n" if installs else ""
    checks = f"checks:\n  - name: tests\n    run: {command}\n    timeout: 5m\n{network}" if command else _NO_CHECKS
    return _HEAD + checks + _TAIL


def _make(text: str) -> str:
    return "make test" if _MAKE_TEST.search(text) else ""


def _node(text: str) -> str:
    try:
        package = json.loads(text)
        script = package["scripts"]["test"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return (
        "npm ci --silent && npm test --silent" if isinstance(script, str) and "no test specified" not in script else ""
    )


def _always(command: str) -> Callable[[str], str]:
    return lambda _text: command


_PYTHON = _always("python -m pip install -q -e . pytest && python -m pytest -q")
_SUGGESTIONS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("pyproject.toml", _PYTHON),
    ("setup.py", _PYTHON),
    ("package.json", _node),
    ("go.mod", _always("go test ./...")),
    ("Cargo.toml", _always("cargo test --quiet")),
    ("pom.xml", _always("mvn --quiet --batch-mode test")),
    ("Gemfile", _always("bundle install --quiet && bundle exec rake test")),
    ("Makefile", _make),
)
"""Tried in this order; a test target in a Makefile comes last because it is often one of many."""
