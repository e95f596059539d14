"""Others' work that is packed with the checks; `.ci/pack_checks.py` makes it again and names sources and licences."""

from __future__ import annotations

import gzip
import json
from importlib import resources
from typing import Any, Literal


def load(name: Literal["compose.schema", "github-action.schema", "github-workflow.schema", "secrets"]) -> Any:
    """One packed JSON value, read anew at each call."""
    data = (resources.files("bot") / "templates" / "checks" / f"{name}.json.gz").read_bytes()
    return json.loads(gzip.decompress(data))
