"""Kubernetes documents: finding them, moving them off removed APIs, and holding them against a release's schemas."""

from bot.manifests.edits import Edit, apply
from bot.manifests.kubernetes.documents import Document, scan
from bot.manifests.kubernetes.migration import Due, Migration, due_in, migrate
from bot.manifests.kubernetes.schemas import Gvk, Version, newest, oldest, parse_version
from bot.manifests.kubernetes.validation import Problem, validate

__all__ = [
    "Document", "Due", "Edit", "Gvk", "Migration", "Problem", "Version",
    "apply", "due_in", "migrate", "newest", "oldest", "parse_version", "scan", "validate",
]  # fmt: skip
