"""What sources say of a tree's versions becomes edits in the right group, and their silence a line in the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.core.changes import ChangeRules
from bot.core.packages import Available, Release, Unavailable
from bot.core.versions import Rules
from bot.manifests.kubernetes import newest
from bot.pipeline.refresh import File, RefreshRules, Scan, scan, settle
from bot.pipeline.refresh_versions import find_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.core.packages import Package
    from bot.core.refreshed import GroupRefresh

NOW = datetime(2026, 11, 24, tzinfo=UTC)
GROUPS = ("images", "images-major", "terraform", "terraform-major", "actions")
OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
COMPOSE = "services:\n  web:\n    image: nginx:1.25.3-alpine  # the front\n  db:\n    image: postgres:15.2\n"
HASH = "zh:" + "0" * 64
TERRAFORM = """\
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 4.0"
    }
  }
}
"""
LOCK = f"""\
provider "registry.terraform.io/hashicorp/aws" {{
  version     = "4.1.0"
  constraints = "~> 4.0"
  hashes = [
    "{HASH}",
  ]
}}
"""


@dataclass
class Shelf:
    """A source that knows these versions by package name, and digests and hashes where they are given."""

    versions: Mapping[str, Iterable[str]]
    digest: str = ""
    hash: str = ""
    asked: list[str] = field(default_factory=list)

    def available(self, packages: Iterable[Package]) -> dict[Package, Available | Unavailable]:
        answers: dict[Package, Available | Unavailable] = {}
        for package in packages:
            self.asked.append(package.name)
            known = self.versions.get(package.name)
            releases = tuple(Release(name) for name in known or ())
            answers[package] = Unavailable(f"{package.host} is down") if known is None else Available(releases)
        return answers

    def digests(self, tags: Iterable[tuple[Package, str]]) -> dict[tuple[Package, str], str | Unavailable]:
        return {tag: self.digest or Unavailable("no digest") for tag in tags}

    def hashes(
        self, versions: Iterable[tuple[Package, str]]
    ) -> dict[tuple[Package, str], tuple[str, ...] | Unavailable]:
        return {one: (self.hash,) if self.hash else Unavailable("no hashes") for one in versions}


def looked_up(files: Mapping[str, str], shelf: Shelf, groups: tuple[str, ...] = GROUPS) -> Scan:
    rules = RefreshRules(groups, newest(), (), ChangeRules())
    made = scan((File(path, "100644", text.encode()) for path, text in files.items()), rules)
    find_versions(made, shelf, Rules(NOW))
    return made


def group(made: Scan, name: str) -> GroupRefresh:
    return settle(made, name)[0]


def after(made: Scan, name: str) -> dict[str, str | None]:
    return {change.path: change.after for change in group(made, name).changes}


def test_minor_steps_and_majors_go_into_groups_of_their_own() -> None:
    made = looked_up(
        {"compose.yaml": COMPOSE},
        Shelf({"library/nginx": ["1.25.3-alpine", "1.27.0-alpine", "1.28.0"], "library/postgres": ["15.2", "16.1"]}),
    )
    assert after(made, "images") == {"compose.yaml": COMPOSE.replace("1.25.3-alpine", "1.27.0-alpine")}
    assert after(made, "images-major") == {"compose.yaml": COMPOSE.replace("15.2", "16.1")}
    (step,) = group(made, "images-major").steps
    assert (step.object, step.old, step.new) == ("postgres", "15.2", "16.1")
    assert "read its changes" in step.notes[0]


def test_a_pin_moves_with_its_tag() -> None:
    text = f"services:\n  web:\n    image: nginx:1.25@{OLD}\n"
    made = looked_up({"compose.yaml": text}, Shelf({"library/nginx": ["1.25", "1.26"]}, digest=NEW))
    assert after(made, "images") == {"compose.yaml": f"services:\n  web:\n    image: nginx:1.26@{NEW}\n"}
    assert after(made, "images-major") == {}


def test_a_source_that_is_down_is_a_line_and_harms_nothing_else() -> None:
    made = looked_up({"compose.yaml": COMPOSE}, Shelf({"library/nginx": ["1.26.0-alpine"]}))
    assert after(made, "images") == {"compose.yaml": COMPOSE.replace("1.25.3-alpine", "1.26.0-alpine")}
    assert [(one.object, one.why, one.due) for one in made.left] == [("postgres", "docker.io is down", False)]


def test_groups_that_are_off_ask_nobody() -> None:
    shelf = Shelf({})
    looked_up({"compose.yaml": COMPOSE, "main.tf": TERRAFORM}, shelf, ("terraform",))
    assert shelf.asked == ["hashicorp/aws"]


def test_a_lock_file_moves_with_the_configuration_beside_it() -> None:
    files = {"main.tf": TERRAFORM, ".terraform.lock.hcl": LOCK, "other/.terraform.lock.hcl": LOCK}
    new = "zh:" + "1" * 64
    made = looked_up(files, Shelf({"hashicorp/aws": ["4.1.0", "5.2.0"]}, hash=new))

    texts = after(made, "terraform-major")

    assert set(texts) == {"main.tf", ".terraform.lock.hcl"}
    assert texts["main.tf"] == TERRAFORM.replace("~> 4.0", "~> 5.2") or "5." in str(texts["main.tf"])
    lock = str(texts[".terraform.lock.hcl"])
    assert '"5.2.0"' in lock
    assert new in lock
    assert HASH not in lock


def test_without_hashes_neither_the_lock_nor_its_configuration_moves() -> None:
    made = looked_up({"main.tf": TERRAFORM, ".terraform.lock.hcl": LOCK}, Shelf({"hashicorp/aws": ["4.1.0", "5.2.0"]}))
    assert after(made, "terraform-major") == {}
    assert all("hashes" in one.why and one.due for one in made.left)
    assert {one.path for one in made.left} == {"main.tf", ".terraform.lock.hcl"}


@pytest.mark.parametrize(("groups", "moved"), [(("actions",), True), (("images",), False)])
def test_pins_in_workflows_move_where_actions_are_configured(groups: tuple[str, ...], *, moved: bool) -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4.1.0\n"
    made = looked_up({".github/workflows/a.yml": text}, Shelf({"actions/checkout": ["v4.1.0", "v4.2.0"]}), groups)
    assert (after(made, "actions") == {".github/workflows/a.yml": text.replace("4.1", "4.2")}) is moved


def test_a_finding_keeps_its_key_when_lines_move() -> None:
    shelf = Shelf({"library/nginx": ["1.26.0-alpine"], "library/postgres": []})
    one = group(looked_up({"compose.yaml": COMPOSE}, shelf), "images")
    other = group(looked_up({"compose.yaml": f"# first\n{COMPOSE}"}, shelf), "images")
    assert one.keys == other.keys
