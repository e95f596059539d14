"""Terraform: syntax, and what a module refers to without declaring it, seen over all its files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import check_change, check_files, check_text, wanted_beside
from bot.checks.hcl import read_hcl

VARIABLES = 'variable "region" {\n  type = string\n}\n'
MAIN = """
locals {
  names = { for key, one in var.region : key => one.id if one != null }
}

data "aws_ami" "this" {
  owners = [each.value]
}

resource "aws_instance" "web" {
  for_each = local.names
  provider = aws.east
  ami      = data.aws_ami.this.id
  tags     = { aws_key = "x", (var.region) = self.id }
  script   = <<-EOT
    %{for my_host in local.names~}
    ${my_host.address} ${path.module} ${var.region}
    %{endfor~}
  EOT

  dynamic "block_device" {
    for_each = [for my_disk in local.names : my_disk.size]
    content {
      size = block_device.value
    }
  }
  dynamic "rule" {
    for_each = local.names
    iterator = my_rule
    content {
      port = my_rule.value.port
    }
  }
  lifecycle {
    ignore_changes = [user_data]
  }
}

module "net" {
  source     = "./net"
  providers  = { aws = aws.east }
  depends_on = [aws_instance.web]
}

output "id" {
  value = "${module.net.id}-${aws_instance.web["a"].id}-${provider::x::f(local.names)}"
}

moved {
  from = aws_instance.old
  to   = aws_instance.web
}
"""


def said(files: dict[str, str]) -> list[tuple[str, int | None, str, str]]:
    found = check_files(files)
    return [(one.path, one.line, one.check, one.severity) for one in found if not one.is_risk]


def test_a_sound_module_of_several_files_is_sound() -> None:
    assert said({"m/main.tf": MAIN, "m/variables.tf": VARIABLES}) == []


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        ("var.zone", "variable `zone`"),
        ("local.zone", "local value `zone`"),
        ("module.db.id", "module call `db`"),
        ("data.aws_vpc.main.id", "data source `aws_vpc.main`"),
        ("aws_vpc.main.id", "resource `aws_vpc.main`"),
        ("resource.aws_vpc.main", "resource `aws_vpc.main`"),
        ('"a-${aws_vpc.main.id}"', "resource `aws_vpc.main`"),
        ("[for x in var.zone : x]", "variable `zone`"),
    ],
)
def test_what_nothing_declares_is_an_error(reference: str, what: str) -> None:
    (finding,) = check_files({"m/a.tf": f"locals {{\n  a = 1\n  b = {reference}\n}}\n"})
    assert (finding.line, finding.check, finding.severity) == (3, "terraform-undeclared", "error")
    assert what in finding.message


def test_another_folder_is_another_module() -> None:
    assert {line[0] for line in said({"m/main.tf": MAIN, "n/variables.tf": VARIABLES})} == {"m/main.tf"}


def test_a_declaration_that_stands_twice_is_an_error_unless_it_overrides() -> None:
    twice = {"m/a.tf": VARIABLES, "m/b.tf": "\n" + VARIABLES}
    assert said(twice) == [("m/b.tf", 2, "terraform-declared-twice", "error")]
    assert said({"m/a.tf": VARIABLES, "m/a_override.tf": VARIABLES}) == []


@pytest.mark.parametrize("other", [{"m/b.tf": "x = {\n"}, {"m/b.tf.json": "{}"}])
def test_a_module_that_is_not_seen_as_a_whole_is_left_alone(other: dict[str, str]) -> None:
    assert [line for line in said({"m/a.tf": "locals {\n  a = var.b\n}\n", **other}) if line[0] == "m/a.tf"] == []


def test_a_change_is_held_against_the_files_beside_it() -> None:
    change = {"m/main.tf": ("locals {}\n", "locals {\n  a = var.region\n  b = var.zone\n}\n")}
    found = check_change(change, {"m/variables.tf": VARIABLES})
    assert [(one.line, one.message) for one in found] == [(3, "no variable `zone` is declared in this module")]
    assert check_change(change) == []


def test_a_change_answers_for_what_it_breaks_elsewhere_and_not_for_what_was_broken() -> None:
    outputs = 'output "a" {\n  value = var.region\n}\noutput "b" {\n  value = var.never\n}\n'
    found = check_change({"m/variables.tf": (VARIABLES, None)}, {"m/outputs.tf": outputs})
    assert [(one.path, one.line, one.check) for one in found] == [("m/outputs.tf", 2, "terraform-undeclared")]


def test_the_files_beside_are_those_of_the_changed_modules() -> None:
    tree = ["m/a.tf", "m/b.tf", "m/c.tf.json", "m/d.md", "n/a.tf", "m/sub/a.tf", "x.py"]
    assert wanted_beside(["m/a.tf", "x.py"], tree) == ["m/b.tf", "m/c.tf.json"]
    assert wanted_beside(["x.py"], tree) == []


@pytest.mark.parametrize("path", ["a.tf", "a.tfvars", "terragrunt.hcl", "a.tofu"])
def test_brackets_that_do_not_match_are_an_error(path: str) -> None:
    (finding,) = check_text(path, 'a = "b"\nc = {\n  d = [1, 2\n}\n')
    assert (finding.check, finding.severity) == ("terraform-syntax", "error")


def test_a_file_that_could_not_be_read_before_is_not_blamed() -> None:
    assert check_change({"a.tf": ("a = {\n", "a = [\n")}, {}) == []


@pytest.mark.parametrize("text", ["{% if a %}\nx = {\n{% endif %}\n", ""])
def test_templates_and_empty_files_are_left_alone(text: str) -> None:
    assert check_text("a.tf", text) == []


WORDS = st.sampled_from(
    ["a", " ", "\n", "=", "{", "}", "[", '"', "${", "}", ".", "var.x", "resource ", '"b" ', "for", "%{", "<<E\n", "é"]
)


@given(st.lists(WORDS, max_size=60).map("".join))
def test_no_text_makes_reading_raise(text: str) -> None:
    check_files({"m/a.tf": text, "m/b.tf": VARIABLES})


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(st.dictionaries(NAMES, st.integers(0, 9), min_size=1, max_size=6))
def test_blocks_and_attributes_are_read_back(values: dict[str, int]) -> None:
    file = read_hcl("a" + ' "b" {\n' + "".join(f"  {name} = {value}\n" for name, value in values.items()) + "}\n")
    assert file is not None
    assert {name: one.value for name, one in file.blocks[0].attributes.items()} == {
        k: str(v) for k, v in values.items()
    }
    assert file.blocks[0].labels == ("b",)
