"""What has to change in a document beside its apiVersion: one file for each family of kinds, and here the table.

A rule is a function of a `Case`: it adds edits to its rewriting, appends notes on what changes in meaning, and raises
`UnclearError` when the right change cannot be told from the document. Sources: the deprecated API migration guide of
Kubernetes, and the differences between the packed schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.manifests.kubernetes.rules import (
    autoscaling,
    certificates,
    definitions,
    flowcontrol,
    ingress,
    policy,
    resources,
    slices,
    webhooks,
    workloads,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.manifests.kubernetes.rules.case import Case

RULES: dict[str, Callable[[Case], None]] = {
    "DaemonSet": workloads.migrate,
    "Deployment": workloads.migrate,
    "ReplicaSet": workloads.migrate,
    "StatefulSet": workloads.migrate,
    "Ingress": ingress.migrate,
    "HorizontalPodAutoscaler": autoscaling.migrate,
    "CustomResourceDefinition": definitions.migrate,
    "MutatingWebhookConfiguration": webhooks.migrate,
    "ValidatingWebhookConfiguration": webhooks.migrate,
    "PodDisruptionBudget": policy.budget,
    "RoleBinding": policy.binding,
    "ClusterRoleBinding": policy.binding,
    "SubjectAccessReview": policy.access_review,
    "LocalSubjectAccessReview": policy.access_review,
    "CertificateSigningRequest": certificates.migrate,
    "EndpointSlice": slices.migrate,
    "PriorityLevelConfiguration": flowcontrol.migrate,
    "RuntimeClass": resources.runtime_class,
    "ResourceClaim": resources.claim,
    "ResourceClaimTemplate": resources.claim_template,
    "StorageVersionMigration": resources.storage_migration,
}
"""By kind; a kind that is not named here needs nothing but its apiVersion."""
