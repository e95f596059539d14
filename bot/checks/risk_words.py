"""What the checks for infrastructure risks have in common: their names, names of secrets, images without a version."""

from __future__ import annotations

import re
from typing import Final

from bot.checks.findings import RISK, Finding

DESTROY: Final = f"{RISK}destroy"
REPLACE: Final = f"{RISK}replace"
WILDCARD: Final = f"{RISK}wildcard-access"
OPEN: Final = f"{RISK}open-to-world"
PRIVILEGED: Final = f"{RISK}privileged"
INLINE_SECRET: Final = f"{RISK}inline-secret"
UNPINNED: Final = f"{RISK}unpinned"
EXTERNAL: Final = f"{RISK}external-code"

_SECRET_NAME = re.compile(
    r"(?:^|[_.-]|(?<=[a-z]))(?:passw(?:or)?d|passwd|pwd|secret|secret_?key|api_?key|access_?key|private_?key|auth_?token|token|"
    r"client_?secret|connection_?string)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\$|\{\{|^<|^(?:var|local|data|module)\.|^(?:true|false|null|none|changeme|\*+|x+)?$|^arn:|^/|^file:",
    re.IGNORECASE,
)


def risk(path: str, line: int | None, check: str, message: str, key: str = "") -> Finding:
    """A finding of severity warning; `key` is the identity of what is at risk, so that a mere move is not new."""
    return Finding(path, line, check, "warning", message, key)


def is_inline_secret(name: str, value: str) -> bool:
    """Whether a setting of this name holds its secret in the text itself, not a reference to where it is kept."""
    return len(value) >= 4 and _SECRET_NAME.search(name) is not None and _REFERENCE.search(value) is None


def is_unpinned_image(image: str) -> bool:
    """Whether an image's name has neither a digest nor a tag but `latest`; one with a variable cannot be told."""
    if "$" in image or "{{" in image or not image or image == "scratch" or "@" in image:
        return False
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag in {"", "latest"}
