"""Locate, draft, apply, check: from a task to a change with its evidence. Everything outside comes through ports."""
