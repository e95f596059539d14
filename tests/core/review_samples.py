"""A small change, and remarks on it, for the tests of what becomes of remarks."""

from __future__ import annotations

from bot.core.anchors import Unplaced
from bot.core.changes import FileChange
from bot.core.diffs import read_diff, render_diff
from bot.core.edits import ReplaceText
from bot.core.findings import Category, Finding, Severity
from bot.core.remarks import Remark, locate

PATH = "shop/cart.py"
BEFORE = "".join(f"step_{number}()\n" for number in range(1, 31))
HEAD = BEFORE.replace("step_10()\n", "step_ten()\nstep_eleven()\n").replace("step_25()\n", "step_twenty_five()\n")
DIFF = render_diff([FileChange(PATH, "100644", BEFORE, HEAD)])
FILE = read_diff(DIFF)[0]


def finding(
    old: str,
    new: str | None = None,
    *,
    severity: Severity = "high",
    category: Category = "bug",
    title: str = "It is wrong",
) -> Finding:
    edit = ReplaceText(PATH, old + "\n", (old if new is None else new) + "\n")
    return Finding(PATH, title, "Because it is.", severity, category, (edit,))


def remark(
    old: str,
    new: str | None = None,
    *,
    severity: Severity = "high",
    category: Category = "bug",
    title: str = "It is wrong",
) -> Remark:
    """The remark of a finding that has its place."""
    found = locate(finding(old, new, severity=severity, category=category, title=title), FILE, HEAD, FILE.hunks)
    assert not isinstance(found, Unplaced), found
    return found
