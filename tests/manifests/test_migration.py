"""Moving documents off removed APIs: every row of the table, styles of text, and what is refused."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.manifests.kubernetes import Due, Version, apply, migrate, newest, scan, validate
from bot.manifests.kubernetes.schemas import Gvk, is_built_in, lifetime, successor
from tests.manifests.rows import ROWS


def migrated(text: str, target: Version | None = None) -> str:
    return apply(text, migrate("x.yaml", text, target).edits)


def only(text: str, target: Version | None = None) -> Due:
    (found,) = migrate("x.yaml", text, target).findings
    return found


@pytest.mark.parametrize(("old", "kind", "text", "new", "release"), ROWS, ids=lambda value: str(value)[:40])
def test_every_row_of_the_table_becomes_valid(old: str, kind: str, text: str, new: str, release: int) -> None:
    target = Version(release)
    found = only(text, target)
    assert (found.outcome, found.old, found.new) == ("migrated", old, new), found.message
    after = apply(text, found.edits)
    (document,) = scan("x.yaml", after)
    assert document.node is not None
    problems = validate(document.node, Gvk.of(new, kind), target)
    assert problems == ([] if is_built_in(document.gvk) else None)
    assert migrate("x.yaml", after, target).findings == ()


@pytest.mark.parametrize(("old", "kind", "text", "new", "release"), ROWS, ids=lambda value: str(value)[:40])
def test_an_api_that_the_release_still_serves_is_left_alone(
    old: str, kind: str, text: str, new: str, release: int
) -> None:
    life = lifetime(Gvk.of(old, kind))
    last = life[1] if life else Version(release - 1)
    assert migrate("x.yaml", text, last).findings == (), new


def test_a_comment_an_order_and_a_quote_stay_where_they_are() -> None:
    before = dedent("""\
        # the shop's door
        kind: Ingress   # odd order
        apiVersion: "extensions/v1beta1"
        metadata: {name: 'door'}
        spec:
            backend:  # nobody comes here
                servicePort: 'http'   # by name
                serviceName: "shop"
        # the end
        """)
    assert migrated(before) == dedent("""\
        # the shop's door
        kind: Ingress   # odd order
        apiVersion: "networking.k8s.io/v1"
        metadata: {name: 'door'}
        spec:
            defaultBackend:  # nobody comes here
                service:
                  port:
                    name: 'http'   # by name
                  name: "shop"
        # the end
        """)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{serviceName: a, servicePort: 80}", "{service: {name: a, port: {number: 80}}}"),
        ("{ servicePort: web, serviceName: a }", "{ service: {name: a, port: {name: web}} }"),
        ('{"serviceName": "a", "servicePort": "80"}', '{"service": {"name": "a", "port": {"number": 80}}}'),
    ],
)
def test_a_flow_mapping_stays_one(before: str, after: str) -> None:
    text = f"apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {{name: x}}\nspec: {{backend: {before}}}\n"
    assert f"spec: {{defaultBackend: {after}}}\n" in migrated(text)


def test_json_stays_json() -> None:
    text = '{\n\t"apiVersion": "policy/v1beta1",\n\t"kind": "PodDisruptionBudget",\n\t"metadata": {"name": "x"}\n}\n'
    assert migrated(text) == text.replace("policy/v1beta1", "policy/v1")


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + ROWS[3][2].replace("\n", "\r\n")
    after = migrated(text)
    assert after.startswith("\ufeffapiVersion: apps/v1\r\n")
    assert after.count("\n") == after.count("\r\n") == text.count("\n") + 3
    assert "  selector:\r\n    matchLabels:\r\n      app: x\r\n" in after


def test_documents_beside_a_broken_one_are_still_moved() -> None:
    good = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: x}\n"
    text = f"{good}---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: [\n---\n{good}"
    assert [one.outcome for one in migrate("x.yaml", text).findings] == ["migrated", "unclear", "migrated"]
    assert migrated(text).count("policy/v1\n") == 2


def test_items_of_a_list_are_moved() -> None:
    text = dedent("""\
        apiVersion: v1
        kind: List
        items:
        - apiVersion: policy/v1beta1
          kind: PodDisruptionBudget
          metadata: {name: a}
        - apiVersion: v1
          kind: ConfigMap
          metadata: {name: b}
        """)
    assert migrated(text) == text.replace("policy/v1beta1", "policy/v1")


def test_a_hundred_documents_in_a_file_are_all_moved() -> None:
    one = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: n%d}\n"
    text = "---\n".join(one % number for number in range(100))
    assert migrated(text) == text.replace("policy/v1beta1", "policy/v1")


def test_the_id_is_the_same_wherever_the_object_stands() -> None:
    text = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: x, namespace: shop}\n"
    first = only(text)
    (second,) = migrate("other/place.yaml", "# moved down\n\n" + text).findings
    assert first.id == second.id == "kubernetes-api:policy/PodDisruptionBudget/shop/x:policy/v1beta1:policy/v1"
    assert (first.line, second.line) == (1, 3)


# What changes in meaning is said


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("policy/v1beta1 PodDisruptionBudget", "every pod of the namespace"),
        ("extensions/v1beta1 Deployment", "all revisions, now 10"),
        ("extensions/v1beta1 Deployment", "none, now 600"),
        ("extensions/v1beta1 Deployment", "maxUnavailable 1, now 25%"),
        ("extensions/v1beta1 DaemonSet", "OnDelete, now RollingUpdate"),
        ("apps/v1beta1 StatefulSet", "OnDelete, now RollingUpdate"),
        ("apps/v1beta1 Deployment", "2, now 10"),
        ("admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration", "None is a guess"),
        ("admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration", "Ignore, now Fail"),
        ("apiextensions.k8s.io/v1beta1 CustomResourceDefinition", "any fields are allowed"),
        ("apiextensions.k8s.io/v1beta1 CustomResourceDefinition", "Namespaced was the default"),
        ("extensions/v1beta1 Ingress", "ImplementationSpecific keeps"),
    ],
)
def test_what_changes_in_meaning_is_said(row: str, words: str) -> None:
    text = next(text for api, kind, text, *_ in ROWS if f"{api} {kind}" == row)
    assert words in " ".join(only(text).notes)


def test_a_default_that_is_written_out_is_no_news() -> None:
    text = ROWS[3][2].replace(
        "spec:\n", "spec:\n  progressDeadlineSeconds: 9\n  revisionHistoryLimit: 2\n  strategy: {}\n", 1
    )
    assert not any("default changes" in note for note in only(text).notes)


# What is refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROWS[3][2].replace("labels:\n        app: x\n", "annotations: {}\n"), "has no labels to select by"),
        (ROWS[23][2].replace("servicePort: 80", "other: 80"), "names no service with a port"),
        (ROWS[21][2].replace("example.com/x", "kubernetes.io/legacy-unknown"), "only its author knows"),
        (
            "apiVersion: cert-manager.io/v1alpha2\nkind: Certificate\nmetadata: {name: x}\nspec: {keySize: 1}\n",
            "keySize",
        ),
        (
            "base: &b {serviceName: a, servicePort: 1}\n"
            + ROWS[23][2].replace("backend:\n    serviceName: x\n    servicePort: 80\n", "backend: *b\n", 1),
            "shared by an alias",
        ),
    ],
)
def test_what_no_rule_can_tell_is_left_as_it_is_with_a_reason(text: str, words: str) -> None:
    found = only(text)
    assert (found.outcome, found.edits) == ("unclear", ())
    assert words in found.message


@pytest.mark.parametrize("kind", ["PodSecurityPolicy"])
def test_what_has_no_successor_is_explained(kind: str) -> None:
    found = only(f"apiVersion: policy/v1beta1\nkind: {kind}\nmetadata: {{name: x}}\n")
    assert (found.outcome, found.new, found.edits) == ("no-successor", "", ())
    assert "Pod Security Admission" in found.message


def test_a_document_that_was_wrong_before_is_moved_and_said_to_be_wrong() -> None:
    found = only(ROWS[3][2].replace("image: x:1", "imagge: x:1"))
    assert found.outcome == "migrated"
    assert "not valid before" in " ".join(found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: example.com/v1beta1\nkind: Ingress\nmetadata: {name: x}\n",
        "apiVersion: serving.knative.dev/v1alpha1\nkind: Service\nmetadata: {name: x}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n",
        "apiVersion: apps/v9\nkind: Deployment\n",
        "kind: Deployment\n",
        "a: [apiVersion: extensions/v1beta1]\n",
        "",
    ],
)
def test_what_is_not_removed_is_left_alone(text: str) -> None:
    assert migrate("x.yaml", text).findings == ()


@pytest.mark.parametrize(
    ("old", "kind", "new"),
    [
        ("cert-manager.io/v1alpha2", "Issuer", "cert-manager.io/v1"),
        ("certmanager.k8s.io/v1alpha1", "ClusterIssuer", "cert-manager.io/v1"),
        ("helm.toolkit.fluxcd.io/v2beta1", "HelmRelease", "helm.toolkit.fluxcd.io/v2"),
        ("kustomize.toolkit.fluxcd.io/v1beta2", "Kustomization", "kustomize.toolkit.fluxcd.io/v1"),
        ("external-secrets.io/v1beta1", "ExternalSecret", "external-secrets.io/v1"),
    ],
)
def test_well_known_custom_resources_are_moved(old: str, kind: str, new: str) -> None:
    text = f"apiVersion: {old}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{}}\n"
    assert migrated(text) == text.replace(old, new)


def test_a_patch_is_given_no_selector() -> None:
    text = ROWS[3][2]
    (found,) = migrate("overlays/prod/x.yaml", text).findings
    assert apply(text, found.edits) == text.replace("extensions/v1beta1", "apps/v1")


# Templates


def test_a_helm_template_is_moved_where_nothing_depends_on_its_actions() -> None:
    before = dedent("""\
        {{- if .Values.enabled }}
        apiVersion: apps/v1beta1
        kind: Deployment
        metadata:
          name: {{ include "app.name" . }}
          {{- with .Values.annotations }}
          annotations: {{- toYaml . | nindent 4 }}
          {{- end }}
        spec:
          replicas: 2
          template:
            metadata:
              labels:
                app: {{ .Release.Name }}-x
            spec:
              containers:
                - image: "{{ .Values.image }}"
        {{- end }}
        """)
    selector = "  selector:\n    matchLabels:\n      app: {{ .Release.Name }}-x\n"
    after = before.replace("apps/v1beta1", "apps/v1").replace(
        "spec:\n  replicas: 2\n", f"spec:\n  replicas: 2\n{selector}"
    )
    assert migrated(before) == after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("apiVersion: extensions/v1beta1", "apiVersion: {{ .Values.api }}/v1beta1"),
        ("servicePort: web", "servicePort: {{ .Values.port }}"),
    ],
)
def test_a_template_whose_actions_decide_is_not_touched(old: str, new: str) -> None:
    text = ROWS[23][2].replace(old, new) + "# {{ x }}\n"
    assert migrated(text) == text


def test_a_template_that_is_not_laid_out_as_yaml_is_named() -> None:
    text = "apiVersion: extensions/v1beta1\nkind: Ingress\nspec:\n{{ toYaml .Values.x }}: [ {{ .y }}\n"
    found = only(text)
    assert (found.outcome, found.edits) == ("unclear", ())
    assert "not laid out as YAML" in found.message


# Any text


PIECES = st.sampled_from(
    ["apiVersion: extensions/v1beta1\n", "kind: Ingress\n", "kind: Deployment\n", "spec:\n", "  backend:\n", "---\n",
     "    serviceName: a\n", "    servicePort: 80\n", "  template:\n", "    metadata:\n", "      labels: {a: b}\n",
     "  selector: {}\n", "# c\n", "{{ if x }}\n", "{{ end }}\n", "\t", "&a", "*a", "- ", "'", '"', "|\n",
     "  x: {{ y }}\n", "\r\n", "\ufeff", "metadata: {name: x}\n", "  rules:\n", "  - http: {paths: [{backend: {}}]}\n",
     "<<: *a\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=20).map("".join))
def test_any_text_is_taken_and_a_second_run_changes_nothing(text: str) -> None:
    once = migrated(text)
    assert migrate("x.yaml", once).edits == ()


@given(st.sampled_from(ROWS), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_the_second_run_changes_nothing(row: tuple[str, str, str, str, int], newline: str, mark: bool) -> None:
    text = "\ufeff" * mark + row[2].replace("\n", newline)
    once = migrated(text)
    assert migrate("x.yaml", once).edits == ()
    assert ("\r\n" in once) == ("\r\n" in text)


def test_the_newest_form_that_the_release_serves_is_chosen() -> None:
    assert successor(Gvk("flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema"), Version(26)) == Gvk(
        "flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema"
    )
    assert successor(Gvk("autoscaling", "v2beta1", "HorizontalPodAutoscaler"), newest()) == Gvk(
        "autoscaling", "v2", "HorizontalPodAutoscaler"
    )
