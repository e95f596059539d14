"""Model replies: from text in one of several formats to edits, and to the texts of the files they change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.edits import apply_edits, describe_failure
from bot.core.paths import shown
from bot.replies.parsing import ParsedReply, parse_reply
from bot.replies.syntax import breaks

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ApplyResult", "ParsedReply", "apply_reply", "parse_reply"]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The changed files, path to new text (None: deleted), or what is wrong; with any error there are no files."""

    files: dict[str, str | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def apply_reply(reply: str, files: Mapping[str, str]) -> ApplyResult:
    """Apply a model's reply to the texts of files, all or nothing; never raises, whatever the reply.

    A reply whose edits were all made already gives neither files nor errors.
    """
    parsed = parse_reply(reply, files.keys(), files)
    if parsed.errors:
        return ApplyResult(errors=list(parsed.errors))
    applied = apply_edits(files, parsed.edits)
    if applied.failures:
        return ApplyResult(errors=[describe_failure(failure) for failure in applied.failures])
    broken = {path: breaks(path, files.get(path, ""), text or "") for path, text in applied.files.items()}
    if any(broken.values()):
        return ApplyResult(
            errors=[f"{shown(path)} could no longer be read: {why}" for path, why in broken.items() if why]
        )
    return ApplyResult(applied.files)
