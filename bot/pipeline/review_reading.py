"""Reads what passes answered: text to findings, findings to remarks with their places; and what our own checks say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks import check_change
from bot.core.agreement import Heard, Kept
from bot.core.anchors import Unplaced
from bot.core.diffs import text_before
from bot.core.edits import ReplaceText, WriteFile
from bot.core.findings import Finding, sections
from bot.core.remarks import locate, remark_at
from bot.replies import parse_reply
from bot.replies.thoughts import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.core.diffs import DiffFile
    from bot.core.edits import FileEdit
    from bot.core.portions import Portion
    from bot.pipeline.review_passes import Answer


def read_answers(
    answers: Sequence[Answer], portions: Sequence[Portion], files: Mapping[str, DiffFile], texts: Mapping[str, str]
) -> list[Heard]:
    """All findings whose code was found, with the pass that made them."""
    renamed = {file.previous: file.path for file in files.values() if file.previous}
    known = [*files, *renamed]
    heard: list[Heard] = []
    for answer in answers:
        portion = portions[answer.portion]
        for finding in read_findings(answer.text, known):
            path = finding.path if finding.path in texts else renamed.get(finding.path, "")
            if path not in texts:
                continue
            remark = locate(finding, files[path], texts[path], portion.hunks_of(path) or files[path].hunks)
            if not isinstance(remark, Unplaced):
                heard.append(Heard(remark, answer.by))
    return heard


def read_findings(answer: str, known: Sequence[str]) -> Iterator[Finding]:
    """The findings of one answer whose code can be read; `known` are the paths that it may speak of."""
    for section in sections(_without_thoughts(answer)):
        parsed = parse_reply(section.reply(), known)
        edits = tuple(_as_quote(edit) for edit in parsed.edits)
        if edits and not parsed.errors:
            path = edits[0].path
            yield section.finding(path, tuple(edit for edit in edits if edit.path == path))


def _as_quote(edit: FileEdit) -> FileEdit:
    """Code without a replacement is written like a whole file; here it can only be a quote."""
    return ReplaceText(edit.path, edit.content, edit.content) if isinstance(edit, WriteFile) else edit


def _without_thoughts(answer: str) -> str:
    lines: list[str] = []
    inside = False
    for line in answer.split("\n"):
        said = spoken(line, inside=inside)
        inside = said.inside
        if said.orphan:
            lines.clear()
        lines.append(said.text)
    return "\n".join(lines)


def own_findings(
    files: Sequence[DiffFile], texts: Mapping[str, str], whole: Mapping[str, DiffFile], passes: int
) -> list[Kept]:
    """The errors that our own checks see in what the change brought in; no model is needed for those.

    `whole` are the files with all of their hunks: those to be reviewed may have only what is new since the last time.
    """
    paths = [file.path for file in files]
    found = check_change({path: (text_before(whole[path], texts[path]), texts[path]) for path in paths})
    kept = []
    for one in found:
        if one.severity == "error":
            finding = Finding(one.path, one.message, "", "high", "bug", ())
            remark = remark_at(finding, whole[one.path], texts[one.path], one.line or 1)
            kept.append(Kept(remark, 0, passes, (f"found by the check {one.check}",)))
    return kept
