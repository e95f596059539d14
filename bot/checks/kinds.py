"""Which check looks at which file: a table of readers, of which the first that knows it reads it, and one of others.

What needs a library or is rarely asked for is imported when it is needed: most changes touch few kinds of files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.checks import json_text, python, toml_text, yaml_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.checks.findings import Finding

_SOURCE = re.compile(
    r"\.(?:[cm]?js|jsx|[cm]?ts|tsx|go|rs|java|rb|rake|gemspec|php|sh|bash|c|cc|cpp|cxx|hpp|hh|hxx|h|cs)$|(?:^|/)(?:gem|rake)file$"
)
_TERRAFORM = re.compile(r"\.(?:tf|tofu|tfvars|hcl)$")
_DOCKERFILE = re.compile(r"(?:docker|container)file")
_WORKFLOW = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$|(?:^|/)action\.ya?ml$")
_COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$")


@dataclass(frozen=True, slots=True)
class Check:
    """`check(path, text)` for the files whose path, in lower case, `matches`."""

    matches: Callable[[str], object]
    check: Callable[[str, str], list[Finding]]


def _source(path: str, text: str) -> list[Finding]:
    from bot.checks import source_code  # noqa: PLC0415 - as the module's docstring says

    return source_code.check(path, text) if source_code.matches(path) else []


def _terraform(path: str, text: str) -> list[Finding]:
    from bot.checks import terraform  # noqa: PLC0415 - as above

    return terraform.check(path, text)


def _dockerfile(path: str, text: str) -> list[Finding]:
    from bot.checks import dockerfile  # noqa: PLC0415 - as above

    return dockerfile.check(path, text) if dockerfile.matches(path.lower()) else []


def _names(path: str, text: str) -> list[Finding]:
    from bot.checks import names  # noqa: PLC0415 - as above

    return names.check(path, text)


def _workflow(path: str, text: str) -> list[Finding]:
    from bot.checks import risk_workflow, workflow  # noqa: PLC0415 - as above

    return workflow.check(path, text) + risk_workflow.check(path, text)


def _compose(path: str, text: str) -> list[Finding]:
    from bot.checks import compose  # noqa: PLC0415 - as above

    return compose.check(path, text) if compose.matches(path.lower()) else []


def _terraform_risk(path: str, text: str) -> list[Finding]:
    from bot.checks import risk_terraform  # noqa: PLC0415 - as above

    return risk_terraform.check(path, text) if path.endswith((".tf", ".tofu")) else []


def _container_risk(path: str, text: str) -> list[Finding]:
    from bot.checks import risk_containers  # noqa: PLC0415 - as above

    return risk_containers.check(path, text)


def kubernetes(path: str, text: str, version: str) -> list[Finding]:
    """The findings of the Kubernetes documents in a file, for a release or for the newest known."""
    if "apiVersion" not in text or not path.lower().endswith((".yaml", ".yml", ".json")):
        return []
    from bot.checks import kubernetes as documents  # noqa: PLC0415 - as above
    from bot.manifests.kubernetes import parse_version  # noqa: PLC0415 - as above

    return documents.check(path, text, parse_version(version))


READERS = (
    Check(python.matches, python.check),
    Check(json_text.matches, json_text.check),
    Check(yaml_text.matches, yaml_text.check),
    Check(toml_text.matches, toml_text.check),
    Check(_SOURCE.search, _source),
    Check(_TERRAFORM.search, _terraform),
    Check(_DOCKERFILE.search, _dockerfile),
)
"""The first that matches says whether the file can be read."""

MORE = (
    Check(python.matches, _names),
    Check(_WORKFLOW.search, _workflow),
    Check(_COMPOSE.search, _compose),
    Check(_TERRAFORM.search, _terraform_risk),
    Check(re.compile(r"\.(?:ya?ml|json)$").search, _container_risk),
    Check(_DOCKERFILE.search, _container_risk),
)
"""All that match look into a file that could be read."""

SYNTAX = frozenset(
    {python.SYNTAX, json_text.SYNTAX, yaml_text.SYNTAX, toml_text.SYNTAX, "source-syntax", "terraform-syntax",
     "dockerfile-syntax"}
)  # fmt: skip
"""The checks' names for a file that its reader cannot take."""
