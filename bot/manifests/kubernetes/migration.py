"""Moving documents of removed Kubernetes APIs to what a release serves.

By rules, on spans of the text; what comes out is read again and held against the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.manifests.kubernetes import groups, schemas
from bot.manifests.kubernetes.documents import Document, scan
from bot.manifests.kubernetes.proof import Move, doubts_about
from bot.manifests.kubernetes.rules import RULES
from bot.manifests.kubernetes.rules.case import Case, require
from bot.manifests.kubernetes.schemas import Gvk
from bot.manifests.masking import mask
from bot.manifests.nodes import Scalar
from bot.manifests.rewriting import Rewriting, UnclearError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.manifests.edits import Edit
    from bot.manifests.kubernetes.schemas import Version

Outcome = Literal["migrated", "unclear", "no-successor"]

RULE = "kubernetes-api"

_NO_SUCCESSOR = {
    "PodSecurityPolicy": "use Pod Security Admission (the labels pod-security.kubernetes.io/enforce of a namespace) "
    "or a policy engine such as Kyverno or Gatekeeper",
    "PodPreset": "use a mutating admission webhook or policy",
    "AuditSink": "use the webhook backend of the API server's audit log",
    "InitializerConfiguration": "use an admission webhook",
    "ClusterCIDR": "it was an alpha feature that was given up",
    "PodSchedulingContext": "classic dynamic resource allocation was given up for structured parameters",
    "PodScheduling": "classic dynamic resource allocation was given up for structured parameters",
    "ResourceClass": "write a DeviceClass of resource.k8s.io/v1",
    "ResourceClassParameters": "write a DeviceClass of resource.k8s.io/v1",
    "ResourceClaimParameters": "write the parameters into the ResourceClaim of resource.k8s.io/v1",
    "DeploymentRollback": "use kubectl rollout undo",
}


@dataclass(frozen=True, slots=True)
class Due:
    """One document whose API is not served by the target release.

    `id` is made of the object, the rule and where it comes from and goes to: the same in every file, line and branch.
    `new` is the apiVersion it gets, empty where there is none; `message` says in a sentence what is the matter, `notes`
    what changes in meaning or was guessed. `edits` are empty unless it was migrated.
    """

    id: str
    path: str
    line: int
    identity: str
    kind: str
    old: str
    new: str
    outcome: Outcome
    message: str
    notes: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """What is due in a text and the edits of all that could be done."""

    edits: tuple[Edit, ...]
    findings: tuple[Due, ...]


def migrate(path: str, text: str, target: Version | None = None) -> Migration:
    """Find the documents whose API the target release (default: the newest known) does not serve, and move them.

    A document is moved whole or not at all: what the rules make of it is read again and held against the schema of its
    new kind. Never raises, whatever the text is; after the edits are applied there is nothing left for a second run.
    """
    findings = due_in(scan(path, text), text, target or schemas.newest())
    return Migration(tuple(edit for due in findings for edit in due.edits), tuple(findings))


def due_in(documents: Iterable[Document], text: str, target: Version) -> list[Due]:
    """What is due among the documents that `scan` found in a text."""
    parts: dict[int, list[Document]] = {}
    for one in documents:
        parts.setdefault(one.start, []).append(one)
    masked = mask(text) if any(one[0].template for one in parts.values()) else text
    found: list[Due] = []
    for part in parts.values():
        plans = [(one, _plan(one, text, masked, target)) for one in part]
        moves = [plan for _, plan in plans if isinstance(plan, Move)]
        doubts = doubts_about(part, moves, text, target) if moves else {}
        found += [_due(one, plan, doubts) for one, plan in plans if plan is not None]
    return found


def _plan(document: Document, text: str, masked: str, version: Version) -> Move | Due | None:
    gvk = document.gvk
    moved = groups.move(gvk, version)
    if moved:
        return _move(document, Rewriting(text, masked), *moved)
    life = schemas.lifetime(gvk)
    if life is None or schemas.is_served(gvk, version) or life[0] > version:
        return None  # not Kubernetes' own, in order, or too new for the target, which the schema check says
    if document.template and _chooses(document, version):
        return None
    why = f"Kubernetes 1.{life[1].minor + 1} stopped serving it"
    successor = schemas.successor(gvk, version)
    if successor is None:
        hint = _NO_SUCCESSOR.get(gvk.kind, "the release notes of that version may name a way")
        return _finding(document, "", "no-successor", f"{why}, and nothing takes its place: {hint}")
    return _move(document, Rewriting(text, masked), successor, why)


def _chooses(document: Document, version: Version) -> bool:
    """Whether a template has a branch for an apiVersion that the release serves."""
    entries = document.node.entries if document.node else ()
    named = [one.node.text for one in entries if one.key.text == "apiVersion" and isinstance(one.node, Scalar)]
    return any(schemas.is_served(Gvk.of(one, document.gvk.kind), version) for one in named)


def _move(document: Document, rewriting: Rewriting, target: Gvk, why: str) -> Move | Due:
    new = target.api_version
    if document.node is None:
        return _finding(document, new, "unclear", f"{why}; it moves to {new}, but {document.broken}")
    case = Case(document, target, rewriting)
    try:
        _rewrite(case)
    except UnclearError as error:
        return _finding(document, new, "unclear", f"{why}; it moves to {new}, but {error}")
    return Move(case, why)


def _rewrite(case: Case) -> None:
    head = require(case.node, "apiVersion")
    if case.rewriting.is_covered(head.node):
        raise UnclearError("a template's action says which apiVersion it is")
    case.rewriting.set_value(head.node, case.target.api_version)
    rule = RULES.get(case.old.kind)
    if not schemas.is_built_in(case.old):
        if gone := groups.changed_field(case.old, case.node):
            raise UnclearError(f"the field `{gone}` changed with it")
    elif rule is not None:
        rule(case)


def _due(document: Document, plan: Move | Due, doubts: Mapping[int, str]) -> Due:
    if isinstance(plan, Due):
        return plan
    case, new = plan.case, plan.case.target.api_version
    message = f"{plan.why}; it moves to {new}"
    if doubt := doubts.get(id(case)):
        return _finding(document, new, "unclear", f"{message}, but {doubt}")
    return _finding(document, new, "migrated", message, tuple(case.notes), tuple(case.rewriting.edits))


def _finding(
    document: Document,
    new: str,
    outcome: Outcome,
    message: str,
    notes: tuple[str, ...] = (),
    edits: tuple[Edit, ...] = (),
) -> Due:
    old = document.gvk.api_version
    identity = document.identity
    return Due(
        id=f"{RULE}:{identity}:{old}:{new or '-'}",
        path=document.path,
        line=document.line,
        identity=identity,
        kind=document.gvk.kind,
        old=old,
        new=new,
        outcome=outcome,
        message=f"{old} {document.gvk.kind}: {message}",
        notes=notes,
        edits=edits,
    )
