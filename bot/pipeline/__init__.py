"""Locate, draft, apply, check: from a task to a change with its evidence. Everything outside comes through ports."""

from bot.pipeline.draft import draft
from bot.pipeline.stopwatch import Stopwatch
from bot.pipeline.values import ConfiguredCheck, Limits, Order, Tools

__all__ = ["ConfiguredCheck", "Limits", "Order", "Stopwatch", "Tools", "draft"]
