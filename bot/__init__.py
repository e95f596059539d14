"""Draftgate: drafts changes with a fast model; pushes only the commit a person approved."""

__version__ = "0.1.0"
