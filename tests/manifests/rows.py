"""One small document for each row of the table of removed Kubernetes APIs, without its first two lines."""

from __future__ import annotations

from textwrap import dedent

NAMED = "metadata: {name: x}\n"
WORKLOAD = """\
    metadata:
      name: x
    spec:
      template:
        metadata:
          labels:
            app: x
        spec:
          containers:
            - name: x
              image: x:1
"""
SET = WORKLOAD.replace("    spec:\n", "    spec:\n      serviceName: x\n", 1)
INGRESS = """\
    metadata:
      name: x
    spec:
      backend:
        serviceName: x
        servicePort: 80
      rules:
        - http:
            paths:
              - path: /
                backend:
                  serviceName: x
                  servicePort: web
"""
AUTOSCALER = """\
    metadata: {name: x}
    spec:
      maxReplicas: 3
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}
      metrics:
        - type: Resource
          resource:
            name: cpu
            %s
"""
WEBHOOKS = """\
    metadata: {name: x}
    webhooks:
      - name: a.example.com
        clientConfig: {url: "https://example.com"}
"""
DEFINITION = """\
    metadata: {name: foos.example.com}
    spec:
      group: example.com
      version: v1
      names: {kind: Foo, plural: foos}
"""
ROLE = NAMED + "rules: []\n"
BINDING = NAMED + "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}\nsubjects: []\n"
SCHEMA = NAMED + "spec: {priorityLevelConfiguration: {name: x}}\n"
LEVEL = NAMED + "spec: {type: Limited, limited: {assuredConcurrencyShares: 5}}\n"
REVIEW = NAMED + "spec: {group: [a], user: b}\n"
ADMISSION = NAMED + "spec: {validations: [{expression: 'true'}]}\n"
CLAIM = NAMED + "spec: {devices: {requests: [{name: a, deviceClassName: b}]}}\n"
PROVISIONER = NAMED + "provisioner: example.com/x\n"
SIGNING = NAMED + "spec: {request: YQ==, signerName: example.com/x}\n"
SLICE = """\
    metadata: {name: x}
    addressType: IPv4
    endpoints:
      - addresses: [10.0.0.1]
        topology:
          kubernetes.io/hostname: node-1
          topology.kubernetes.io/zone: a
"""
JOB = """\
    metadata: {name: x}
    spec:
      schedule: "@daily"
      jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: x, image: x}]}}}}
"""
ATTRIBUTES = NAMED + "driverName: example.com\nparameters: {a: b}\n"
TRUST = NAMED + "spec: {trustBundle: abc}\n"
ADDRESS = NAMED + "spec: {parentRef: {resource: services, name: x}}\n"
RANGE = NAMED + "spec: {cidrs: [10.0.0.0/24]}\n"

ADMISSIONS = "admissionregistration.k8s.io"
AUTHORIZATION = "authorization.k8s.io"
FLOW = "flowcontrol.apiserver.k8s.io"
RBAC = "rbac.authorization.k8s.io"
STORAGE = "storage.k8s.io"

_ROWS: list[tuple[str, str, str, str, int]] = [
    ("extensions/v1beta1", "NetworkPolicy", NAMED + "spec: {podSelector: {}}\n", "networking.k8s.io/v1", 16),
    ("extensions/v1beta1", "DaemonSet", WORKLOAD, "apps/v1", 16),
    ("apps/v1beta2", "DaemonSet", WORKLOAD, "apps/v1", 16),
    ("extensions/v1beta1", "Deployment", WORKLOAD, "apps/v1", 16),
    ("apps/v1beta1", "Deployment", WORKLOAD, "apps/v1", 16),
    ("apps/v1beta2", "Deployment", WORKLOAD, "apps/v1", 16),
    ("apps/v1beta1", "StatefulSet", SET, "apps/v1", 16),
    ("apps/v1beta2", "StatefulSet", SET, "apps/v1", 16),
    ("extensions/v1beta1", "ReplicaSet", WORKLOAD, "apps/v1", 16),
    ("apps/v1beta2", "ReplicaSet", WORKLOAD, "apps/v1", 16),
    ("extensions/v1beta1", "PodSecurityPolicy", NAMED, "policy/v1beta1", 16),
    ("scheduling.k8s.io/v1alpha1", "PriorityClass", NAMED + "value: 1\n", "scheduling.k8s.io/v1", 23),
    (f"{ADMISSIONS}/v1beta1", "MutatingWebhookConfiguration", WEBHOOKS, f"{ADMISSIONS}/v1", 22),
    (f"{ADMISSIONS}/v1beta1", "ValidatingWebhookConfiguration", WEBHOOKS, f"{ADMISSIONS}/v1", 22),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", DEFINITION, "apiextensions.k8s.io/v1", 22),
    ("apiregistration.k8s.io/v1beta1", "APIService",
     NAMED + "spec: {groupPriorityMinimum: 1, versionPriority: 1}\n", "apiregistration.k8s.io/v1", 22),
    ("authentication.k8s.io/v1beta1", "TokenReview", NAMED + "spec: {token: a}\n", "authentication.k8s.io/v1", 22),
    (f"{AUTHORIZATION}/v1beta1", "LocalSubjectAccessReview", REVIEW, f"{AUTHORIZATION}/v1", 22),
    (f"{AUTHORIZATION}/v1beta1", "SubjectAccessReview", REVIEW, f"{AUTHORIZATION}/v1", 22),
    (f"{AUTHORIZATION}/v1beta1", "SelfSubjectAccessReview", NAMED + "spec: {}\n", f"{AUTHORIZATION}/v1", 22),
    (f"{AUTHORIZATION}/v1beta1", "SelfSubjectRulesReview", NAMED + "spec: {}\n", f"{AUTHORIZATION}/v1", 22),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", SIGNING, "certificates.k8s.io/v1", 22),
    ("coordination.k8s.io/v1beta1", "Lease", NAMED, "coordination.k8s.io/v1", 22),
    ("extensions/v1beta1", "Ingress", INGRESS, "networking.k8s.io/v1", 22),
    ("networking.k8s.io/v1beta1", "Ingress", INGRESS, "networking.k8s.io/v1", 22),
    ("networking.k8s.io/v1beta1", "IngressClass", NAMED + "spec: {controller: a/b}\n", "networking.k8s.io/v1", 22),
    (f"{RBAC}/v1beta1", "Role", ROLE, f"{RBAC}/v1", 22),
    (f"{RBAC}/v1alpha1", "ClusterRole", ROLE, f"{RBAC}/v1", 23),
    (f"{RBAC}/v1beta1", "ClusterRoleBinding", BINDING, f"{RBAC}/v1", 22),
    (f"{RBAC}/v1alpha1", "RoleBinding",
     BINDING.replace("[]", "[{apiVersion: v1, kind: User, name: a}]"), f"{RBAC}/v1", 23),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", NAMED + "value: 1\n", "scheduling.k8s.io/v1", 22),
    (f"{STORAGE}/v1beta1", "CSIDriver", NAMED + "spec: {}\n", f"{STORAGE}/v1", 22),
    (f"{STORAGE}/v1beta1", "CSINode", NAMED + "spec: {drivers: []}\n", f"{STORAGE}/v1", 22),
    (f"{STORAGE}/v1beta1", "StorageClass", PROVISIONER, f"{STORAGE}/v1", 22),
    (f"{STORAGE}/v1beta1", "VolumeAttachment",
     NAMED + "spec: {attacher: a, nodeName: b, source: {}}\n", f"{STORAGE}/v1", 22),
    ("audit.k8s.io/v1beta1", "Policy", "rules: [{level: Metadata}]\n", "audit.k8s.io/v1", 24),
    ("batch/v1beta1", "CronJob", JOB, "batch/v1", 25),
    ("batch/v2alpha1", "CronJob", JOB, "batch/v1", 25),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", SLICE, "discovery.k8s.io/v1", 25),
    ("events.k8s.io/v1beta1", "Event", NAMED + 'eventTime: "2020-01-01T00:00:00Z"\n', "events.k8s.io/v1", 25),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler",
     AUTOSCALER % "targetAverageUtilization: 80", "autoscaling/v2", 25),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler",
     AUTOSCALER % "target: {type: Utilization, averageUtilization: 80}", "autoscaling/v2", 26),
    ("policy/v1beta1", "PodDisruptionBudget", NAMED + "spec: {selector: {}}\n", "policy/v1", 25),
    ("node.k8s.io/v1beta1", "RuntimeClass", NAMED + "handler: x\n", "node.k8s.io/v1", 25),
    ("node.k8s.io/v1alpha1", "RuntimeClass",
     "metadata:\n  name: x\nspec:\n  runtimeHandler: x\n", "node.k8s.io/v1", 25),
    (f"{FLOW}/v1beta1", "FlowSchema", SCHEMA, f"{FLOW}/v1beta3", 26),
    (f"{FLOW}/v1beta1", "PriorityLevelConfiguration", LEVEL, f"{FLOW}/v1", 29),
    (f"{FLOW}/v1beta2", "PriorityLevelConfiguration", LEVEL, f"{FLOW}/v1", 29),
    (f"{FLOW}/v1beta3", "FlowSchema", SCHEMA, f"{FLOW}/v1", 32),
    (f"{STORAGE}/v1beta1", "CSIStorageCapacity", NAMED + "storageClassName: x\n", f"{STORAGE}/v1", 27),
    (f"{ADMISSIONS}/v1alpha1", "ValidatingAdmissionPolicy", ADMISSION, f"{ADMISSIONS}/v1", 32),
    (f"{ADMISSIONS}/v1beta1", "ValidatingAdmissionPolicy", ADMISSION, f"{ADMISSIONS}/v1", 34),
    ("authentication.k8s.io/v1beta1", "SelfSubjectReview", NAMED, "authentication.k8s.io/v1", 33),
    ("networking.k8s.io/v1alpha1", "IPAddress", ADDRESS, "networking.k8s.io/v1beta1", 31),
    ("networking.k8s.io/v1beta1", "ServiceCIDR", RANGE, "networking.k8s.io/v1", 37),
    ("resource.k8s.io/v1alpha3", "ResourceClaim", CLAIM, "resource.k8s.io/v1", 34),
    ("resource.k8s.io/v1alpha3", "ResourceClaimTemplate",
     NAMED + "spec: {spec: {devices: {requests: [{name: a, deviceClassName: b}]}}}\n", "resource.k8s.io/v1", 34),
    ("storagemigration.k8s.io/v1alpha1", "StorageVersionMigration",
     NAMED + "spec: {resource: {group: a, resource: b, version: v1}}\n", "storagemigration.k8s.io/v1beta1", 35),
    (f"{STORAGE}/v1alpha1", "VolumeAttributesClass", ATTRIBUTES, f"{STORAGE}/v1", 35),
    (f"{STORAGE}/v1beta1", "VolumeAttributesClass", ATTRIBUTES, f"{STORAGE}/v1", 37),
    ("certificates.k8s.io/v1alpha1", "ClusterTrustBundle", TRUST, "certificates.k8s.io/v1", 37),
]  # fmt: skip

ROWS = [(api, kind, f"apiVersion: {api}\nkind: {kind}\n{dedent(body)}", new, at) for api, kind, body, new, at in _ROWS]
"""Old apiVersion, kind, document, new apiVersion, and the release that first refuses the old one or has the new one."""
