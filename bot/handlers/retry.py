"""`/retry`: the same change rebuilt on the branch as it is now, without a model call, for a new decision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.checks import check_change
from bot.core.changes import judge
from bot.core.plans import Plan, Propose
from bot.core.proposals import Evidence, Figures, Proof, Proposal
from bot.core.refs import short
from bot.handlers.answers import refuse, turn_away
from bot.handlers.generate import pull_trouble
from bot.intake import take_in
from bot.kept import movement, read_kept
from bot.rules import change_rules, fetch_config, gate_policy
from bot.together import together
