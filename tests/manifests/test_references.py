"""References in every format, and what a bump leaves as it was."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.packages import Package, Reference
from bot.manifests import charts
from bot.manifests.edits import apply
from bot.manifests.references import Newer, bump, references

SHA, NEW_SHA = "a" * 40, "b" * 40
DIGEST, NEW_DIGEST = "sha256:" + "c" * 64, "sha256:" + "d" * 64
HUB = "image:docker.io"


def found(path: str, text: str) -> list[tuple[str, str, str]]:
    return [(one.package.key, one.current, one.digest) for one in references(path, text)]


def bumped(path: str, text: str, newer: Newer, number: int = 0) -> str:
    return apply(text, bump(text, references(path, text)[number], newer))


DEPLOYMENT = """\
# keep me
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    spec:
      initContainers:
      - image: "busybox:1.36"   # why
        name: init
      containers:
      - name: server
        image: ghcr.io/team/cart:v1.2.3
      - {name: side, image: 'nginx:1.25@DIGEST'}
      - {name: floating, image: redis}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: {image: not/deployed:1.0}
""".replace("DIGEST", DIGEST)


def test_images_of_kubernetes_objects_are_named_by_their_object() -> None:
    pod = "apps/Deployment/shop/cart spec.template.spec"
    assert [(one.identity, one.package.key, one.current, one.line) for one in references("a.yaml", DEPLOYMENT)] == [
        (f"{pod}.initContainers[init].image", f"{HUB}/library/busybox", "1.36", 9),
        (f"{pod}.containers[server].image", "image:ghcr.io/team/cart", "v1.2.3", 13),
        (f"{pod}.containers[side].image", f"{HUB}/library/nginx", "1.25", 14),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "# ünï 🎉\n"])
def test_a_bump_changes_the_version_and_its_pin_alone(newline: str, start: str) -> None:
    text = (start + DEPLOYMENT).replace("\n", newline)
    newer = Newer("1.27", NEW_DIGEST)
    expected = text.replace("nginx:1.25@" + DIGEST, "nginx:1.27@" + NEW_DIGEST)
    assert bumped("a.yaml", text, newer, 2) == expected
    assert bumped("a.yaml", expected, newer, 2) == expected


def test_two_images_with_the_same_tag_are_told_apart() -> None:
    text = "services:\n  a: {image: one:1.0}\n  b: {image: two:1.0}\n"
    assert bumped("compose.yaml", text, Newer("2.0"), 1) == "services:\n  a: {image: one:1.0}\n  b: {image: two:2.0}\n"


def test_a_pin_is_never_given_a_version_without_its_digest() -> None:
    one = references("a.yaml", DEPLOYMENT)[2]
    with pytest.raises(ValueError, match="no digest"):
        bump(DEPLOYMENT, one, Newer("1.27"))


def test_a_reference_of_another_text_is_refused() -> None:
    one = references("a.yaml", DEPLOYMENT)[0]
    with pytest.raises(ValueError, match="no longer stands"):
        bump("\n" + DEPLOYMENT, one, Newer("1.37"))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx:1.25", [(f"{HUB}/library/nginx", "1.25", "")]),
        ("docker.io/nginx:1.25", [(f"{HUB}/library/nginx", "1.25", "")]),
        ("team/app:1.0", [(f"{HUB}/team/app", "1.0", "")]),
        ("localhost:5000/team/app:1.0", [("image:localhost:5000/team/app", "1.0", "")]),
        (f"ghcr.io/a/b@{DIGEST}", [("image:ghcr.io/a/b", "", DIGEST)]),
        ("${REGISTRY}/app:1.0", []),
        ("nginx:${TAG:-1.25}", [(f"{HUB}/library/nginx", "1.25", "")]),
        ("nginx:${TAG}", []),
        ("nginx", []),
        ("UPPER/case:1", []),
        ("a:b:c", []),
        ("", []),
        ("x" * 600 + ":1", []),
    ],
)
def test_the_grammar_of_images(image: str, expected: list[tuple[str, str, str]]) -> None:
    assert found("compose.yml", f"services: {{web: {{image: '{image}'}}}}") == expected


def test_what_is_built_there_has_no_newer_version() -> None:
    assert found("compose.yml", "services:\n  web:\n    build: .\n    image: mine:1.0\n") == []


VALUES = """\
image: {registry: quay.io, repository: team/app, tag: 1.9}
sidecar:
  image:
    repository: ghcr.io/team/side
    tag: "v2.0"  # quoted
    digest: ""
proxyImage: {name: envoyproxy/envoy, tag: v1.30.1@DIGEST}
pinned: {image: {repository: nginx, tag: 1.25, digest: DIGEST}}
app: {name: not-an-image, tag: 1.0}
empty: {image: {repository: nginx, tag: }}
""".replace("DIGEST", DIGEST)


def test_images_of_helm_values() -> None:
    assert found("chart/values.yaml", VALUES) == [
        ("image:quay.io/team/app", "1.9", ""),
        ("image:ghcr.io/team/side", "v2.0", ""),
        (f"{HUB}/envoyproxy/envoy", "v1.30.1", DIGEST),
        (f"{HUB}/library/nginx", "1.25", DIGEST),
    ]


@pytest.mark.parametrize(
    ("before", "newer", "after"),
    [
        ("tag: 1.9", "1.10", 'tag: "1.10"'),  # unquoted it would be the number 1.1
        ("tag: 1.9", "1.11", 'tag: "1.11"'),
        ("tag: 7", "8", "tag: 8"),
        ("tag: v1.9", "v1.10", "tag: v1.10"),
        ("tag: '1.9'", "1.10", "tag: '1.10'"),
        ("tag: 1.25.3", "1.26.0", "tag: 1.26.0"),
        ("tag: &t 1.25.3 # c", "1.26.0", "tag: &t 1.26.0 # c"),
    ],
)
def test_a_tag_stays_the_text_that_it_is(before: str, newer: str, after: str) -> None:
    text, expected = (f"image:\n  repository: nginx\n  {line}\n" for line in (before, after))
    assert bumped("values.yaml", text, Newer(newer)) == expected
    assert bumped("values.yaml", expected, Newer(newer)) == expected


def test_images_of_kustomizations() -> None:
    text = "images:\n- name: nginx\n  newTag: 1.25.0\n- name: app\n  newName: ghcr.io/a/b\n  digest: " + DIGEST + "\n"
    assert found("kustomization.yaml", text) == [
        (f"{HUB}/library/nginx", "1.25.0", ""),
        ("image:ghcr.io/a/b", "", DIGEST),
    ]


def test_what_a_template_puts_in_is_no_version() -> None:
    text = dedent("""\
        apiVersion: v1
        kind: Pod
        metadata: {name: {{ .Release.Name }}}
        spec:
          containers:
          - name: a
            image: "{{ .Values.image }}:{{ .Values.tag }}"
          {{- if .Values.side }}
          - name: b
            image: busybox:1.36
          {{- end }}
        """)
    assert found("templates/pod.yaml", text) == [(f"{HUB}/library/busybox", "1.36", "")]
    assert bumped("templates/pod.yaml", text, Newer("1.37")) == text.replace("1.36", "1.37")


# Dockerfiles

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG GO=1.22.1
ARG  ALPINE="3.19"
ARG WHOLE=debian:12.4-slim
FROM --platform=$BUILDPLATFORM golang:${GO}-alpine AS build
RUN echo 'FROM fake:1.0' && \\
    # FROM commented:1.0
    --mount=type=bind,from=tools:2.0,target=/x true
COPY <<EOF /x
FROM heredoc:1.0
EOF
FROM alpine:$ALPINE@none AS broken
FROM $WHOLE
COPY --from=build /a /a
COPY --from=0 /a /a
COPY --from=ghcr.io/team/bin:v1.4 /b /b
FROM build AS again
FROM scratch
FROM \\
  nginx:1.25@DIGEST
""".replace("DIGEST", DIGEST)


def test_images_of_dockerfiles() -> None:
    assert [(one.identity, one.package.key, one.current) for one in references("app/Dockerfile", DOCKERFILE)] == [
        ("FROM build", f"{HUB}/library/golang", "1.22.1-alpine"),
        ("FROM 3", f"{HUB}/library/debian", "12.4-slim"),
        ("RUN --from", f"{HUB}/library/tools", "2.0"),
        ("COPY --from", "image:ghcr.io/team/bin", "v1.4"),
        ("FROM 6", f"{HUB}/library/nginx", "1.25"),
    ]


@pytest.mark.parametrize(
    ("text", "newer", "after"),
    [
        ("FROM nginx:1.25 AS a\n", "1.27", "FROM nginx:1.27 AS a\n"),
        ("from nginx:1.25\r\nRUN x\r\n", "1.27", "from nginx:1.27\r\nRUN x\r\n"),
        ("ARG V=1.25\nFROM nginx:${V}-alpine\n", "1.27-alpine", "ARG V=1.27\nFROM nginx:${V}-alpine\n"),
        ("ARG V='1.25'\nFROM nginx:v$V\n", "v1.27", "ARG V='1.27'\nFROM nginx:v$V\n"),
        ("ARG I=nginx:1.25\nFROM ${I}\n", "1.27", "ARG I=nginx:1.27\nFROM ${I}\n"),
        ("FROM nginx:${V:-1.25}\n", "1.27", "FROM nginx:${V:-1.27}\n"),
        ("ARG V=1\nFROM a:$V\nFROM a:$V\n", "2", "ARG V=2\nFROM a:$V\nFROM a:$V\n"),
        ("# escape=`\nFROM `\n  nginx:1.25\n", "1.27", "# escape=`\nFROM `\n  nginx:1.27\n"),
        ("\ufeffFROM nginx:1.25", "1.27", "\ufeffFROM nginx:1.27"),
    ],
)
def test_bumps_in_dockerfiles(text: str, newer: str, after: str) -> None:
    assert bumped("Dockerfile", text, Newer(newer)) == after
    assert bumped("Dockerfile", after, Newer(newer)) == after


@pytest.mark.parametrize(
    "text",
    [
        "ARG V=1\nFROM a:$V\nFROM b:$V\n",
        "FROM a:$V\n",
        "FROM a:$V$W\n",
        "FROM scratch\n",
        "FROM a\n",
        "\\\n" * 9,
        "",
        "FROM",
    ],
)
def test_what_no_bump_could_mean(text: str) -> None:
    assert references("Dockerfile", text) == []


# Charts

CHART = """\
apiVersion: v2
name: mine
dependencies:
- name: redis
  version: ~17.0.0 # keep
  repository: https://charts.example/stable/
- name: web
  version: 1.2.3
  repository: "oci://ghcr.io/team/charts"
- name: local
  version: 0.1.0
  repository: file://../local
- name: named
  version: 0.1.0
  repository: "@stable"
"""


def test_the_dependencies_of_a_chart() -> None:
    assert found("Chart.yaml", CHART) == [
        ("chart:https://charts.example/stable/redis", "~17.0.0", ""),
        ("oci-chart:ghcr.io/team/charts/web", "1.2.3", ""),
    ]
    assert bumped("Chart.yaml", CHART, Newer("~18.1.0")) == CHART.replace("~17.0.0", "~18.1.0")


def test_charts_of_argo_cd_and_kustomize() -> None:
    text = dedent("""\
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: app}
        spec:
          source: {repoURL: https://charts.example, chart: web, targetRevision: 1.2.3}
          sources:
          - {repoURL: ghcr.io/team/charts, chart: other, targetRevision: 2.*}
          - {repoURL: https://git.example/x, path: ., targetRevision: HEAD}
        ---
        helmCharts:
        - {name: third, repo: https://charts.example, version: 3.0.0}
        """)
    assert found("app.yaml", text) == [
        ("chart:https://charts.example/web", "1.2.3", ""),
        ("oci-chart:ghcr.io/team/charts/other", "2.*", ""),
        ("chart:https://charts.example/third", "3.0.0", ""),
    ]


RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: flux}
spec: {chart: {spec: {chart: web, version: 1.2.x, sourceRef: {kind: HelmRepository, name: stable}}}}
"""
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: stable, namespace: flux}
spec: {url: https://charts.example}
"""


def test_a_flux_release_finds_its_source_wherever_it_stands() -> None:
    web = Package("chart", "https://charts.example", "web")
    assert [one.package for one in references("a.yaml", f"{RELEASE}---\n{SOURCE}")] == [web]
    (alone,) = references("a.yaml", RELEASE)
    assert "`stable` is not in this repository" in alone.held
    (known,) = charts.resolved([alone], charts.repositories(SOURCE))
    assert (known.package, known.held) == (web, "")


def test_an_artifact_of_flux_is_a_chart_in_a_registry() -> None:
    text = dedent("""\
        apiVersion: source.toolkit.fluxcd.io/v1
        kind: OCIRepository
        metadata: {name: web}
        spec:
          url: oci://ghcr.io/team/charts/web
          ref: {tag: 1.2.3, digest: DIGEST}
        """).replace("DIGEST", DIGEST)
    assert found("a.yaml", text) == [("oci-chart:ghcr.io/team/charts/web", "1.2.3", DIGEST)]


# Actions

WORKFLOW = f"""\
on: push
jobs:
  call:
    uses: team/shared/.github/workflows/build.yml@v1
  test:
    runs-on: ubuntu-latest
    container: node:18.1
    services: {{db: {{image: postgres:16.1}}}}
    steps:
    - uses: actions/checkout@v4
    - name: Set up
      uses: "actions/setup-node@{SHA}"  # v4.1.2 (pinned)
    - uses: a/b/c@{SHA} # tag=v3
    - uses: a/bare@{SHA}
    - uses: docker://alpine:3.19
    - uses: ./local
    - uses: a/b@main
    - run: "uses: no/action@v1"
      with: {{image: not/run:1.0}}
"""


def test_actions_workflows_and_images_of_a_workflow() -> None:
    one = references(".github/workflows/ci.yml", WORKFLOW)
    assert [(r.identity, r.package.key, r.current, bool(r.digest)) for r in one] == [
        ("jobs.call.uses", "github:team/shared", "v1", False),
        ("jobs.test.container", f"{HUB}/library/node", "18.1", False),
        ("jobs.test.services.db.image", f"{HUB}/library/postgres", "16.1", False),
        ("jobs.test.steps[actions/checkout].uses", "github:actions/checkout", "v4", False),
        ("jobs.test.steps[Set up].uses", "github:actions/setup-node", "v4.1.2", True),
        ("jobs.test.steps[a/b/c].uses", "github:a/b", "v3", True),
        ("jobs.test.steps[a/bare].uses", "github:a/bare", "", True),
        ("jobs.test.steps[docker://alpine:3.19].uses", f"{HUB}/library/alpine", "3.19", False),
        ("jobs.test.steps[a/b].uses", "github:a/b", "main", False),
    ]
    assert {r.ecosystem for r in one} == {"actions"}


def test_a_pinned_action_gets_its_commit_and_its_comment() -> None:
    after = bumped("action.yml", WORKFLOW, Newer("v5.0.0", NEW_SHA), 4)
    assert after == WORKFLOW.replace(f'{SHA}"  # v4.1.2 (', f'{NEW_SHA}"  # v5.0.0 (')


def test_a_pin_without_a_comment_gets_its_commit_alone() -> None:
    after = bumped("action.yml", WORKFLOW, Newer("v5.0.0", NEW_SHA), 6)
    assert after == WORKFLOW.replace(f"a/bare@{SHA}", f"a/bare@{NEW_SHA}")


# Terraform

CONFIG = """\
# ünï
terraform {
  required_version = "~> 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws" # the cloud
      version = "~> 5.0"
    }
    own    = { source = "registry.example/team/own", version = ">= 1.0, < 2.0" }
    random = "2.0"
    none   = { source = "a/b" }
  }
}
module "vpc" {
  source  = "terraform-aws-modules/vpc/aws//modules/x"
  version = "5.1.0"
}
module "git" { source = "git::https://github.com/team/mod.git//sub?ref=v1.2.0" }
module "local" { source = "./local" }
resource "x" "y" { version = "1.0" }
"""


def test_what_a_terraform_configuration_asks_for() -> None:
    assert [(one.identity, one.package.key, one.current, one.line) for one in references("main.tf", CONFIG)] == [
        ("terraform.required_version", "github:hashicorp/terraform", "~> 1.5", 3),
        ("terraform.required_providers.aws", "terraform-provider:registry.terraform.io/hashicorp/aws", "~> 5.0", 7),
        ("terraform.required_providers.own", "terraform-provider:registry.example/team/own", ">= 1.0, < 2.0", 9),
        ("terraform.required_providers.random", "terraform-provider:registry.terraform.io/hashicorp/random", "2.0", 10),
        ("module.vpc", "terraform-module:registry.terraform.io/terraform-aws-modules/vpc/aws", "5.1.0", 16),
        ("module.git", "github:team/mod", "v1.2.0", 18),
    ]
    assert bumped("main.tf", CONFIG, Newer("~> 6.0"), 1) == CONFIG.replace('"~> 5.0"', '"~> 6.0"')
    assert bumped("main.tf", CONFIG, Newer("v2.0.0"), 5) == CONFIG.replace("ref=v1.2.0", "ref=v2.0.0")


def test_opentofu_has_a_registry_of_its_own() -> None:
    hosts = {one.package.host or one.package.name for one in references("main.tofu", CONFIG)}
    assert hosts == {"registry.opentofu.org", "registry.example", "opentofu/opentofu", "team/mod"}


# Whatever the text is


@pytest.mark.parametrize(
    "path", ["a.yaml", "a.json", "Dockerfile", "a.tf", ".terraform.lock.hcl", ".github/workflows/a.yml"]
)
@pytest.mark.parametrize(
    "text",
    [
        "", "\x00", "\ufeff", "image: [", "a: *b\nimage: x:1\n", "image: x:1\nimage: y:2\n", "\timage: x:1", "{{",
        "- " * 5_000, "RUN <<A\n" * 5_000, "ARG " + "a" * 50_000, "FROM " + "${a:-" * 20_000, "image:&" * 20_000,
        "image: &a x:1\nb: {image: *a}\n", "image: x:1\n---\n" * 200, "apiVersion: [image: x:1]", "\ud800image: x:1",
        'terraform { required_providers { a = "', 'module "a" { source = "a/b/c"', "%image: x:1", "image: 'x\n  :1'",
        "? [image: x:1]\n: image: y:1\n",
    ],
)  # fmt: skip
def test_no_text_is_too_bad(path: str, text: str) -> None:
    for one in references(path, text):
        assert all(text[place.start : place.end] == place.written for place in one.places)


WORDS = st.text(alphabet="abc \t\"'#:-{}[]&*\n\r$é🎉", max_size=30)
TAGS = st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,2}(-[a-z]{1,6})?", fullmatch=True)
SHAPES = {
    "a.yaml": "{noise}\n---\nweb:\n  image: nginx:{tag} # {comment}\n",
    "values.yaml": "image:\n  repository: nginx\n  tag: {tag} # {comment}\nother: 1\n",
    "Dockerfile": "# {comment}\nARG V={tag}\nFROM nginx:${{V}} AS a\nFROM a\n",
    "main.tf": '# {comment}\nmodule "a" {{\n  source = "a/b/c"\n  version = "{tag}"\n}}\n',
    "action.yml": "runs:\n  steps:\n  - uses: a/b@" + SHA + " # {tag} {comment}\n",
}


@pytest.mark.parametrize("path", SHAPES)
@given(tag=TAGS, new=TAGS, noise=WORDS, comment=st.text(alphabet="abc é🎉\"'{}", max_size=20))
def test_a_bump_touches_its_span_alone_and_a_second_one_nothing(
    path: str, tag: str, new: str, noise: str, comment: str
) -> None:
    text = SHAPES[path].format(tag=tag, noise=noise, comment=comment)
    newer = Newer(new, NEW_SHA)
    one = next((one for one in references(path, text) if one.current == tag), None)
    if one is None:
        assert path == "a.yaml", "only noise may hide it"
        return
    edits = bump(text, one, newer)
    after = apply(text, edits)
    kept = apply(text, [edit._replace(text=text[edit.start : edit.end]) for edit in edits])
    assert kept == text
    assert after.replace(f'"{new}"', new).replace(NEW_SHA, SHA).count(new) >= 1
    again = next(other for other in references(path, after) if other.identity == one.identity)
    assert again.current == new
    assert apply(after, bump(after, again, newer)) == after
    assert apply(after, bump(after, again, Newer(tag, SHA))).replace(f'"{tag}"', tag) == text.replace(f'"{tag}"', tag)


def test_the_same_object_twice_has_two_identities() -> None:
    text = "image: a:1\n---\nimage: a:1\n"
    assert [one.identity for one in references("a.yaml", text)] == ["image", "image #2"]


def test_an_identity_does_not_change_with_the_line() -> None:
    before = references("a.yaml", DEPLOYMENT)
    after = references("a.yaml", "# one\n# two\n" + DEPLOYMENT)
    assert [strip(one) for one in before] == [strip(one) for one in after]


def strip(one: Reference) -> Reference:
    return replace(one, line=0, places=())
