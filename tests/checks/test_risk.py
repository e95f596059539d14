"""Risks to infrastructure: named, as warnings, and only when a change brings them in."""

from __future__ import annotations

import pytest

from bot.checks import check_change, check_text


def risks(path: str, text: str) -> list[tuple[int | None, str]]:
    found = [one for one in check_text(path, text) if one.is_risk]
    assert {one.severity for one in found} <= {"warning"}
    return [(one.line, one.check) for one in found]


def pod(extra: str = "", image: str = "a:1") -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n"
        f"    - name: b\n      image: {image}\n{extra}"
    )


ROLE = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: a\nrules:\n  - apiGroups: ['']\n"
)
FLOW = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: "
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("path", "text", "line", "check"),
    [
        ("a.tf", 'resource "aws_s3_bucket" "a" {\n  acl = "public-read"\n}\n', 2, "open-to-world"),
        (
            "a.tf",
            ('resource "aws_security_group" "a" {\n  ingress {\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'),
            3,
            "open-to-world",
        ),
        (
            "a.tf",
            ('resource "aws_security_group_rule" "a" {\n  type = "ingress"\n  ipv6_cidr_blocks = ["::/0"]\n}\n'),
            3,
            "open-to-world",
        ),
        ("a.tf", 'resource "google_compute_firewall" "a" {\n  source_ranges = ["0.0.0.0/0"]\n}\n', 2, "open-to-world"),
        (
            "a.tf",
            (
                'resource "azurerm_network_security_rule" "a" {\n'
                '  direction = "Inbound"\n'
                '  access = "Allow"\n'
                '  source_address_prefix = "*"\n'
                "}\n"
            ),
            4,
            "open-to-world",
        ),
        ("a.tf", 'resource "google_x_iam_member" "a" {\n  member = "allUsers"\n}\n', 2, "open-to-world"),
        (
            "a.tf",
            ('data "aws_iam_policy_document" "a" {\n  statement {\n    actions = ["*"]\n  }\n}\n'),
            3,
            "wildcard-access",
        ),
        (
            "a.tf",
            (
                'resource "aws_iam_policy" "a" {\n'
                '  policy = jsonencode({ Statement = [{ Action = "*", Resource = "*" }] })\n'
                "}\n"
            ),
            2,
            "wildcard-access",
        ),
        ("a.tf", 'resource "google_x_iam_member" "a" {\n  role = "roles/owner"\n}\n', 2, "wildcard-access"),
        (
            "a.tf",
            ('resource "null_resource" "a" {\n  provisioner "local-exec" {\n    command = "x"\n  }\n}\n'),
            2,
            "external-code",
        ),
        ("a.tf", 'data "external" "a" {\n  program = ["x"]\n}\n', 1, "external-code"),
        ("a.tf", 'resource "aws_db_instance" "a" {\n  password = "hunter22"\n}\n', 2, "inline-secret"),
        ("a.tf", 'variable "db_password" {\n  default = "hunter22"\n}\n', 2, "inline-secret"),
        ("a.tf", 'module "a" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n', 2, "unpinned"),
        ("a.tf", 'module "a" {\n  source = "git::https://git.example/a.git"\n}\n', 2, "unpinned"),
        ("a.yaml", pod("      securityContext: { privileged: true }\n"), 9, "privileged"),
        ("a.yaml", pod("      securityContext: { capabilities: { add: [SYS_ADMIN] } }\n"), 9, "privileged"),
        ("a.yaml", pod("  hostNetwork: yes\n"), 9, "privileged"),
        ("a.yaml", pod("  volumes:\n    - name: x\n      hostPath: { path: / }\n"), 10, "privileged"),
        ("a.yaml", pod(image="nginx"), 8, "unpinned"),
        ("a.yaml", pod(image="registry.example:5000/nginx:latest"), 8, "unpinned"),
        ("a.yaml", pod("      env:\n        - name: DB_PASSWORD\n          value: hunter22\n"), 10, "inline-secret"),
        ("a.yaml", ROLE + "    resources: ['*']\n    verbs: ['*']\n", 6, "wildcard-access"),
        (
            "a.yaml",
            ("apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  b: hunter22\n"),
            6,
            "inline-secret",
        ),
        ("compose.yml", "services:\n  a:\n    image: b:1\n    privileged: true\n", 4, "privileged"),
        ("compose.yml", "services:\n  a:\n    image: b:1\n    volumes: ['/var/run/docker.sock:/x']\n", 4, "privileged"),
        ("compose.yml", "services:\n  a:\n    image: b\n", 3, "unpinned"),
        (
            "compose.yml",
            ("services:\n  a:\n    image: b:1\n    environment: [POSTGRES_PASSWORD=hunter22]\n"),
            4,
            "inline-secret",
        ),
        ("Dockerfile", "FROM python\n", 1, "unpinned"),
        ("Dockerfile", "FROM a:1\nENV API_TOKEN=hunter22\n", 2, "inline-secret"),
        (".github/workflows/a.yml", FLOW + "foo/bar@v1\n", 7, "unpinned"),
        (".github/workflows/a.yml", FLOW + "actions/checkout@main\n", 7, "unpinned"),
        (".github/workflows/a.yml", FLOW.replace("{}", "write-all") + f"foo/bar@{SHA}\n", 2, "wildcard-access"),
    ],
)
def test_a_risk_is_named_at_its_line(path: str, text: str, line: int, check: str) -> None:
    found = risks(path, text)
    assert [name for _, name in found] == [f"risk-{check}"]
    assert abs((found[0][0] or 0) - line) <= 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.tf", 'resource "aws_security_group" "a" {\n  egress {\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'),
        (
            "a.tf",
            ('data "aws_iam_policy_document" "a" {\n  statement {\n    effect = "Deny"\n    actions = ["*"]\n  }\n}\n'),
        ),
        ("a.tf", 'resource "aws_db_instance" "a" {\n  password = var.password\n  secret = "${var.a}"\n}\n'),
        ("a.tf", 'variable "password" {\n  default = ""\n}\n'),
        ("a.tf", 'module "a" {\n  source = "./a"\n}\nmodule "b" {\n  source = "x/y/z"\n  version = "1.0"\n}\n'),
        ("a.tf", 'module "a" {\n  source = "git::https://git.example/a.git?ref=v1"\n}\n'),
        ("a.yaml", pod("  hostNetwork: false\n", f"nginx@sha256:{SHA}")),
        ("a.yaml", pod("      env:\n        - name: PASSWORD\n          value: $(OTHER)\n")),
        ("a.yaml", "privileged: true\nhostPath: {}\n"),
        ("chart/templates/a.yaml", "kind: Pod\nimage: {{ .Values.image }}\n"),
        ("compose.yml", "services:\n  a:\n    build: .\n    image: mine\n    environment: { TOKEN: '${TOKEN}' }\n"),
        ("Dockerfile", "ARG V=1\nFROM a:$V AS b\nFROM b\nFROM scratch\n"),
        (".github/workflows/a.yml", FLOW + f"actions/checkout@v7\n      - uses: foo/bar@{SHA}\n      - uses: ./a\n"),
    ],
)
def test_what_only_resembles_a_risk_is_none(path: str, text: str) -> None:
    assert risks(path, text) == []


BUCKET = 'resource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n'


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        pytest.param({"m/a.tf": (BUCKET, "")}, ["risk-destroy"], id="gone"),
        pytest.param({"m/a.tf": (BUCKET, None)}, ["risk-destroy"], id="gone with its file"),
        pytest.param({"m/a.tf": (BUCKET, ""), "m/b.tf": (None, BUCKET)}, [], id="in another file"),
        pytest.param({"m/a.tf": (BUCKET, ""), "n/b.tf": (None, BUCKET)}, ["risk-destroy"], id="in another module"),
        pytest.param({"m/a.tf": (BUCKET, BUCKET.replace('"logs" {', '"log" {'))}, ["risk-destroy"], id="renamed"),
        pytest.param(
            {
                "m/a.tf": (
                    BUCKET,
                    BUCKET.replace('"logs" {', '"log" {')
                    + "moved {\n  from = aws_s3_bucket.logs\n  to = aws_s3_bucket.log\n}\n",
                )
            },
            [],
            id="moved",
        ),
        pytest.param(
            {
                "m/a.tf": (
                    BUCKET,
                    ("removed {\n  from = aws_s3_bucket.logs\n  lifecycle {\n    destroy = false\n  }\n}\n"),
                )
            },
            [],
            id="let go",
        ),
        pytest.param({"m/a.tf": (BUCKET, BUCKET.replace('= "logs"', '= "log"'))}, ["risk-replace"], id="replaced"),
        pytest.param({"m/a.tf": (BUCKET, BUCKET.replace("\n}", "\n  tags = {}\n}"))}, [], id="only tagged"),
        pytest.param(
            {"a.yaml": (("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"), "")},
            ["risk-destroy"],
            id="namespace",
        ),
        pytest.param({"a.yaml": (pod(), None)}, [], id="a pod comes again"),
        pytest.param({"a.yaml": (pod(image="nginx"), "# moved\n" + pod(image="nginx"))}, [], id="an old risk"),
        pytest.param({"a.yaml": (pod(), pod(image="nginx"))}, ["risk-unpinned"], id="a new risk"),
        pytest.param({"a.yaml": ("a: [", pod(image="nginx"))}, ["risk-unpinned"], id="new in what could not be read"),
    ],
)
def test_only_what_the_change_does_is_its_risk(
    changes: dict[str, tuple[str | None, str | None]], checks: list[str]
) -> None:
    assert [one.check for one in check_change(changes, {}) if one.is_risk] == checks
