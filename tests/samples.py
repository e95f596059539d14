"""Ready-made proposals, memories and changes for tests, each with one knob for what a test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.core.changes import FileChange
from bot.core.markdown import Shown, Site
from bot.core.memory import Memory
from bot.core.proposals import Evidence, Figures, Proof, Proposal, Provenance
from bot.core.refs import Thread

SHA = "3f9c2a1b7d04" + "0" * 28
BASE = "91ab22c4" + "1" * 32
NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
SITE = Site("https://github.example", "octo/shop", "https://github.example/octo/shop/actions/runs/7")
CHANGE = FileChange("shop/cart.py", "100644", "a = 1\nb = 2\n", "a = 1\nb = 3\n")
EVIDENCE = Evidence(
    (Proof("`tests`", "no new failure (2 failed before too)"), Proof("syntax, paths, sizes", "clean")),
    ("`shop/new.py` is new",),
    "1 draft. Located: `shop/cart.py` (named in the issue).",
)
FIGURES = Figures(
    phases=(("set-up", 0.4), ("locate", 0.2), ("model", 1.9), ("checks", 0.5), ("publishing", 0.1)),
    model_seconds=1.9,
    writing_seconds=0.58,
    tokens_in=14_210,
    tokens_out=1_120,
    cost=0.0061,
)
PROVENANCE = Provenance(
    thread=118,
    trigger="issue_comment/5",
    requested_by="maria",
    model="fast-1",
    policy="p" * 64,
    expires=datetime(2026, 11, 30, 14, 2, tzinfo=UTC),
    evidence=EVIDENCE.digest(),
)
MEMORY = Memory("open", "issue_comment/5", "fix", sha=SHA, evidence=EVIDENCE, figures=FIGURES)
SHOWN = Shown(SHA, "Mount path-like prefixes", "`Session.mount` now takes them.", PROVENANCE, (CHANGE,))


def memory(**knobs: Any) -> Memory:
    return replace(MEMORY, **knobs)


def proposal(**knobs: Any) -> Proposal:
    made = Proposal(
        thread=Thread(118, is_pull=False),
        base=BASE,
        kind="fix",
        title="Mount path-like prefixes",
        summary="`Session.mount` now takes them.",
        changes=(CHANGE,),
        provenance=PROVENANCE,
        evidence=EVIDENCE,
        figures=FIGURES,
    )
    return replace(made, **knobs)
