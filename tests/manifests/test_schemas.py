"""The packed schemas: which kinds exist when, and strict checks of their fields."""

from __future__ import annotations

from textwrap import dedent

import pytest

from bot.manifests.kubernetes import Problem, Version, newest, oldest, parse_version, scan, validate
from bot.manifests.kubernetes.schemas import Gvk, is_served, lifetime, maturity, root, successor
from bot.manifests.kubernetes.validation import MOST, QUANTITY

NOW = newest()


def problems(text: str, version: Version = NOW) -> list[Problem]:
    (one,) = scan("x.yaml", dedent(text))
    assert one.node is not None
    found = validate(one.node, one.gvk, version)
    assert found is not None
    return found


def pod(rest: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec:\n  containers:\n  - name: a\n    {rest}\n"


def test_the_known_releases_reach_from_1_16_to_at_least_1_37() -> None:
    assert oldest() == Version(16)
    assert newest() >= Version(37)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.33", Version(33)),
        ("v1.33", Version(33)),
        ("1.33.4", Version(33)),
        ("1.29.1-gke.1589018", Version(29)),
        (" 1.16 ", Version(16)),
        ("1.15", None),
        ("1.999", None),
        ("2.1", None),
        ("1.33x", None),
        ("", None),
    ],
)
def test_a_release_is_parsed(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


# When an API went, from the deprecated API migration guide and the release notes


@pytest.mark.parametrize(
    ("api", "kind", "removed"),
    [
        ("extensions/v1beta1", "Deployment", 16),
        ("apps/v1beta2", "DaemonSet", 16),
        ("extensions/v1beta1", "PodSecurityPolicy", 16),
        ("extensions/v1beta1", "Ingress", 22),
        ("networking.k8s.io/v1beta1", "Ingress", 22),
        ("rbac.authorization.k8s.io/v1beta1", "Role", 22),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", 22),
        ("batch/v1beta1", "CronJob", 25),
        ("policy/v1beta1", "PodSecurityPolicy", 25),
        ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 25),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 26),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", 26),
        ("storage.k8s.io/v1beta1", "CSIStorageCapacity", 27),
        ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", 29),
        ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", 32),
        ("resource.k8s.io/v1alpha3", "DeviceClass", 34),
        ("storage.k8s.io/v1beta1", "VolumeAttributesClass", 37),
    ],
)
def test_an_api_is_served_until_its_release_removes_it(api: str, kind: str, removed: int) -> None:
    gvk = Gvk.of(api, kind)
    life = lifetime(gvk)
    assert life is not None
    assert life[1] == Version(removed - 1)
    assert not is_served(gvk, Version(removed))


def test_a_kind_that_no_release_knows_has_neither_life_nor_successor() -> None:
    stranger = Gvk("example.com", "v1", "Widget")
    assert lifetime(stranger) is None
    assert successor(stranger, NOW) is None
    assert root(stranger, NOW) is None


def test_api_versions_are_ordered_as_kubernetes_orders_them() -> None:
    versions = ["nonsense", "v1alpha1", "v1alpha2", "v1beta1", "v2beta2", "v1", "v2", "v10"]
    assert [maturity(one) for one in versions] == sorted({maturity(one) for one in versions})


# Strict checks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (pod("imagee: b"), "Container has no field 'imagee'"),
        (pod("Image: b"), "did you mean 'image'?"),
        (pod("ports: [{containerPort: '80'}]"), "has to be an integer, not the string '80'"),
        (pod("ports: [{containerPort: 99999999999}]"), "of 32 bits"),
        (pod("ports: {}"), "spec.containers[0].ports has to be a list, not an object"),
        (pod("env: [{name: A, value: 1}]"), "env[0].value has to be a string, not the number '1'"),
        (pod("env: [{name: A, value: yes}]"), "not the boolean 'yes'"),
        (pod("tty: 'yes'"), "has to be true or false"),
        (pod("resources: {limits: {cpu: 1 core}}"), "is no quantity: '1 core'"),
        (pod("resources: {limits: [cpu]}"), "has to be an object"),
        (pod("image: a\n    image: b"), "the field 'image' stands here again"),
        (pod("livenessProbe: {httpGet: {path: /}}"), "httpGet.port is missing"),
        (pod("livenessProbe: {httpGet: {port: [1]}}"), "an integer or a string"),
        ("apiVersion: v1\nkind: Pod\nmetadata: x\n", "metadata has to be an object, not the string 'x'"),
        ("apiVersion: v1\nkind: Secret\ndata: {a: 'not base64!'}\n", "belongs under stringData"),
        ("apiVersion: apps/v1\nkind: Deployment\nspec: {template: {}}\n", "spec.selector is missing"),
        ("apiVersion: apps/v1\nkind: Deployment\nspec: {selector: null, template: {}}\n", "spec.selector is missing"),
    ],
)
def test_what_the_schema_does_not_allow_is_an_error(text: str, message: str) -> None:
    assert [one for one in problems(text) if message in one.message and one.severity == "error"]


@pytest.mark.parametrize(
    "text",
    [
        pod("image: b\n    tty: null\n    ports: [{containerPort: 80, hostPort: 0x50}]"),
        pod("livenessProbe: {httpGet: {port: web}}"),
        pod("resources: {limits: {cpu: 0.5, memory: 1e3, storage: .5Gi}}"),
        pod("env: [{name: A, value: '1'}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"),
        "apiVersion: v1\nkind: Pod\nmetadata: {creationTimestamp: 2020-01-01T00:00:00Z}\nspec: {containers: []}\n",
        "x: &c {name: a}\napiVersion: v1\n".replace("x: &c {name: a}\n", "") + "kind: ConfigMap\ndata: {a: b}\n",
        "apiVersion: v1\nkind: ConfigMap\ndata: &d {a: b}\nbinaryData: {<<: {x: YQ==}}\n",
    ],
)
def test_what_the_schema_allows_is_no_problem(text: str) -> None:
    assert problems(text) == []


def test_items_of_a_list_are_told_apart_by_their_keys() -> None:
    (found,) = problems(pod("ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}, {containerPort: 1}]"))
    assert (found.severity, found.path) == ("warning", "spec.containers[0].ports[2]")


def test_a_field_belongs_to_the_releases_that_have_it() -> None:
    text = pod("restartPolicy: Always")
    assert problems(text, Version(33)) == []
    assert problems(text, Version(20))[0].message == "Container has no field 'restartPolicy'"


def test_a_kind_that_is_not_there_is_not_judged() -> None:
    (one,) = scan("x.yaml", "apiVersion: batch/v1beta1\nkind: CronJob\n")
    assert one.node is not None
    assert validate(one.node, one.gvk, NOW) is None


def test_the_list_of_problems_ends() -> None:
    many = "".join(f"\n    wrong{number}: 1" for number in range(1000))
    assert len(problems(pod("image: b" + many))) == MOST


@pytest.mark.parametrize("text", ["1", "+1.5", ".5", "1.", "100m", "128Mi", "1e3", "1E-3", "5E", "2Ei", "0"])
def test_a_quantity(text: str) -> None:
    assert QUANTITY.fullmatch(text)


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1gb", "128MB", "1.2.3", "abc", "1mi", "--1"])
def test_no_quantity(text: str) -> None:
    assert not QUANTITY.fullmatch(text)
