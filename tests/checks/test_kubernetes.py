"""Kubernetes documents in memory: removed APIs, strict schema, and sense."""

from __future__ import annotations

import re
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.kubernetes import check, check_together, matches
from bot.checks.kubernetes_words import is_image, is_label_key, is_schedule, is_subdomain, quantity
from bot.manifests.kubernetes import Version

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: x
spec:
  containers:
    - name: a
      image: b
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: x
spec:
  selector:
    matchLabels: {app: x}
  template:
    metadata:
      labels: {app: x}
    spec:
      containers:
        - name: a
          image: b
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n"
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: x}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: a, image: b}]
"""
CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: x}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: x}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: x, port: {number: 80}}}}]}}]}
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.e.com}
spec:
  group: e.com
  scope: Cluster
  names: {kind: Foo, plural: foos}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""
SET = WORKLOAD.replace("Deployment", "StatefulSet").replace("spec:\n  selector", "spec:\n  serviceName: x\n  selector")
CLAIMS = "  volumeClaimTemplates: [{metadata: {name: v}, spec: {accessModes: [ReadWriteOnce]}}]\n"
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: x}
spec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}
"""


def in_container(more: str) -> str:
    return POD + indent(dedent(more), "      ")


def said(text: str, path: str = "x.yaml", version: Version | None = None) -> list[str]:
    return [f"{one.line} {one.check} {one.severity}: {one.message}" for one in check(path, text, version)]


GOOD = [
    POD, WORKLOAD, JOB, CRON, INGRESS, DEFINITION, SCALER,
    SET + CLAIMS.replace("[{", "[{", 1) ,
    in_container("ports: [{containerPort: 80, hostPort: 0}, {containerPort: 81}]\n"),
    in_container("livenessProbe: {exec: {command: [a]}, httpGet: null}\n"),
    in_container("resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 1, memory: 1024Mi}}\n"),
    in_container("volumeMounts: [{name: v, mountPath: /v}]\n") + "  volumes: [{name: v, emptyDir: {}}]\n",
    POD.replace("image: b", "image: ${IMAGE}"),
    POD.replace("image: b", "image: IMAGE_NAME"),
    POD.replace("image: b", "image: eu.gcr.io:443/a/b_c/d:v1.2@sha256:" + "0" * 64),
    SERVICE + "  ports: [{port: 80, name: a, targetPort: web}, {port: 81, name: b, nodePort: 30000}]\n",
    SERVICE + "  {type: ExternalName, externalName: e.com}\n",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:x'}\nrules: []\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n",
    "apiVersion: e.com/v1\nkind: Anything\nspec: {port: 99999}\n",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_a_good_document_is_passed_in_silence(text: str) -> None:
    assert said(text) == []


BAD = [
    (POD.replace("name: x", "name: Bad_Name!"), 4, "name", "'Bad_Name!' is no name for a Pod"),
    (POD.replace("  name: x", "  labels: {}"), 1, "name", "has no metadata.name"),
    (SERVICE.replace("name: x", "name: a.b") + "  ports: [{port: 1}]\n", 3, "name", "no name for a Service"),
    ("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n" % ("a" * 64), 3, "name", "at most 63"),
    (POD.replace("name: a", "name: A b"), 7, "container", "no container's name"),
    (in_container("").replace("- name: a", "- {name: a, image: c}\n    - name: a"), 8, "container", "two containers"),
    (POD.replace("  name: x", "  name: x\n  labels: {a/b/c: d}"), 5, "label", "'a/b/c' is no key of labels"),
    (POD.replace("  name: x", "  name: x\n  labels: {a: 'b c'}"), 5, "label", "is no label's value"),
    (in_container("ports: [{containerPort: 99999}]\n"), 9, "port", "containerPort is 99999"),
    (in_container("ports: [{containerPort: 1, hostPort: 2}, {containerPort: 3, hostPort: 2}]\n"),
     9, "port", "of the host"),
    (SERVICE + "  ports: [{port: 0}]\n", 5, "port", "port is 0"),
    (SERVICE + "  ports: [{port: 1}, {port: 2, name: a}]\n", 5, "value", "has to have a name"),
    (SERVICE + "  ports: [{port: 1, name: a}, {port: 2, name: a}]\n", 5, "value", "called 'a'"),
    (SERVICE + "  type: LoadBalanced\n", 5, "value", "it can be ClusterIP"),
    (in_container("resources: {limits: {cpu: abc}}\n"), 9, "quantity", "is no quantity: 'abc'"),
    (in_container("resources: {requests: {memory: 1Gi}, limits: {memory: 1G}}\n"),
     9, "resources", "more than its limit"),
    (POD.replace("image: b", "image: x:1:2"), 8, "image", "'x:1:2' is no image reference"),
    (POD.replace("      image: b\n", ""), 7, "image", "has no image"),
    (in_container("imagePullPolicy: Sometimes\n"), 9, "image", "it can be Always"),
    (in_container("livenessProbe: {httpGet: {port: 1}, tcpSocket: {port: 1}}\n"), 9, "probe", "httpGet and tcpSocket"),
    (in_container("readinessProbe: {periodSeconds: 1}\n"), 9, "probe", "has none of"),
    (in_container("volumeMounts: [{name: v, mountPath: /v}]\n"), 9, "volume", "names the volume 'v'"),
    (in_container("volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /v}]\n")
     + "  volumes: [{name: v, emptyDir: {}}]\n", 9, "volume", "two mounts"),
    (WORKLOAD.replace("labels: {app: x}", "labels: {app: z}"), 7, "selector", "labels say 'z'"),
    (WORKLOAD.replace("    metadata:\n      labels: {app: x}\n", ""), 7, "selector", "are without it"),
    (WORKLOAD.replace("    spec:\n", "    spec:\n      restartPolicy: Never\n"), 12, "restart-policy", "not Never"),
    (JOB.replace("      restartPolicy: Never\n", ""), 7, "restart-policy", "OnFailure or Never, not Always"),
    (CRON.replace("* * * * *", "* * *"), 5, "value", "is no schedule"),
    (INGRESS.replace("path: /", "path: x"), 4, "value", "has to begin with /"),
    (INGRESS.replace("Prefix", "prefix"), 4, "value", "it can be Exact"),
    (DEFINITION.replace("foos.e.com", "foo.e.com"), 3, "name", "foos.e.com"),
    (DEFINITION.replace("storage: true", "storage: false"), 1, "value", "0 versions"),
    (SCALER.replace("minReplicas: 1", "minReplicas: 5"), 4, "value", "more than maxReplicas"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "name", "words"), BAD, ids=[words for *_, words in BAD])
def test_what_the_server_would_refuse_is_an_error_at_its_line(text: str, line: int, name: str, words: str) -> None:
    (found,) = said(text)
    assert re.match(f"{line} kubernetes-{name} error: ", found), found
    assert words in found


def test_an_unknown_field_is_an_error_of_the_schema() -> None:
    assert said(in_container("comand: [a]\n")) == ["9 kubernetes-schema error: Container has no field 'comand'"]


def test_a_removed_api_is_a_warning_until_the_release_is_known() -> None:
    text = CRON.replace("batch/v1", "batch/v1beta1")
    words = "batch/v1beta1 CronJob: Kubernetes 1.25 stopped serving it; it moves to batch/v1"
    assert said(text) == [f"1 kubernetes-api warning: {words}"]
    assert said(text, version=Version(30)) == [f"1 kubernetes-api error: {words}"]
    assert said(text, version=Version(24)) == []


def test_an_api_that_the_release_does_not_have_yet_is_an_error() -> None:
    assert said(CRON, version=Version(20)) == ["1 kubernetes-api error: batch/v1 CronJob is newer than Kubernetes 1.20"]


def test_an_empty_budget_is_worth_a_warning() -> None:
    text = (
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: x}\nspec: {selector: {}, minAvailable: 1}\n"
    )
    assert said(text) == ["4 kubernetes-selector warning: an empty selector chooses every pod of the namespace"]


def test_in_a_patch_nothing_is_missing() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"
    text += "spec: {template: {spec: {containers: [{name: a}]}}}\n"
    assert said(text, "overlays/prod/patch.yaml") == []
    assert len(said(text)) == 2


def test_a_template_is_not_judged() -> None:
    assert said(POD.replace("image: b", "image: {{ .x }}\n      imagge: c")) == []


def test_a_template_that_cannot_be_read_is_named_in_a_note() -> None:
    (found,) = said("apiVersion: v1\nkind: Pod\nspec: [ {{ .x }}\n")
    assert found.endswith("kubernetes-syntax note: not checked: a template that is not laid out as YAML")


def test_an_object_that_stands_twice_in_a_file_is_a_warning() -> None:
    (found,) = said(f"{POD}---\n{POD}")
    assert (
        found
        == "10 kubernetes-duplicate warning: Pod 'x' is defined here again (first in line 1); the last one applied wins"
    )


def test_names_that_the_server_makes_up_stand_for_different_objects() -> None:
    text = POD.replace("  name: x", "  generateName: x-")
    assert said(f"{text}---\n{text}") == []


def test_an_object_that_two_files_of_a_folder_define_is_a_warning() -> None:
    files = {"a/x.yaml": POD, "a/y.yaml": POD, "b/x.yaml": POD, "a/readme.md": "text"}
    assert [(one.path, one.check) for one in check_together(files)] == [("a/y.yaml", "kubernetes-duplicate")]


def test_files_are_chosen_by_their_endings_and_read_by_what_they_say() -> None:
    assert matches("deep/X.YAML")
    assert not matches("x.py")
    assert said("a: 1\n") == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("b", True), ("a/b:c", True), ("a.b:5/c", True), ("a__b", True), ("a@sha256:" + "0" * 64, True),
        ("A", False), ("a:", False), ("a b", False), ("a//b", False), ("https://a/b", False), ("a:b:c", False),
        ("-a", False), ("a" * 600, False), ("a" * 200 + "!", False),
    ],
)  # fmt: skip
def test_an_image_reference(text: str, right: bool) -> None:
    assert is_image(text) is right


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("1500m", 1.5), ("1Ki", 1024), ("2k", 2000), ("1e3", 1000), ("1E", 10**18), (".5", 0.5), ("x", None),
     ("1e999999", None), ("1" * 99, None)],
)  # fmt: skip
def test_a_quantity_is_a_number(text: str, number: float | None) -> None:
    found = quantity(text)
    assert (None if found is None else float(found)) == number


def test_small_words() -> None:
    assert is_subdomain("a.b-c.d1")
    assert not is_subdomain("a..b")
    assert is_label_key("app.kubernetes.io/name")
    assert not is_label_key("/name")
    assert is_schedule("@every 5m")
    assert not is_schedule("every day")


@given(
    st.sampled_from([*GOOD, *(text for text, *_ in BAD)]), st.integers(0, 400), st.text("ab:[]{}-'\n #&*|", max_size=4)
)
def test_any_damage_is_survived(text: str, place: int, damage: str) -> None:
    for found in check("x.yaml", text[:place] + damage + text[place + 3 :]):
        assert found.line is not None
        assert found.line >= 1
