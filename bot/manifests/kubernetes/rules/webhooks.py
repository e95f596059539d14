"""Webhook configurations from admissionregistration.k8s.io/v1beta1 to v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules.case import the
from bot.manifests.nodes import Mapping, Scalar, entry, items

if TYPE_CHECKING:
    from bot.manifests.kubernetes.rules.case import Case
    from bot.manifests.rewriting import Tree

_DEFAULTS = (
    ("failurePolicy", "Ignore, now Fail"),
    ("matchPolicy", "Exact, now Equivalent"),
    ("timeoutSeconds", "30, now 10"),
)
_ALLOWED = {"None", "NoneOnDryRun"}
_GUESS = "None is a guess: it says that the webhook changes nothing outside the object, and has to be true."


def migrate(case: Case) -> None:
    """Write out the two fields that are required now, and name the defaults that change."""
    if case.old.version == "v1alpha1":
        return
    for webhook in items(case.node, "webhooks"):
        if isinstance(webhook, Mapping) and webhook.entries:
            _webhook(case, webhook)


def _webhook(case: Case, webhook: Mapping) -> None:
    added: dict[str, Tree] = {}
    effects = the(webhook, "sideEffects")
    if effects is None:
        added["sideEffects"] = "None"
        case.note(f"`sideEffects` is required now. {_GUESS}")
    elif isinstance(effects.node, Scalar) and effects.node.value not in _ALLOWED:
        case.rewriting.set_value(effects.node, "None")
        case.note(f"`sideEffects: {effects.node.text}` is not allowed any more. {_GUESS}")
    if entry(webhook, "admissionReviewVersions") is None:
        added["admissionReviewVersions"] = ["v1beta1"]
        case.note("`admissionReviewVersions` is required now: [v1beta1] was the default.")
    if added:
        case.rewriting.add(webhook, webhook.entries[-1], added)
    for name, change in _DEFAULTS:
        if entry(webhook, name) is None:
            case.note(f"`{name}` is not set, and its default changes: {change}.")
