from __future__ import annotations

import pytest

from bot.core.packages import Offer, Package, Reference
from bot.manifests.edits import apply
from bot.manifests.references import Newer, bump, references
from bot.manifests.terraform_lock import constraints_after, following, rendered

AWS = Package("terraform-provider", "registry.terraform.io", "hashicorp/aws")
OLD, NEW = [f"zh:{letter * 64}" for letter in "ab"], tuple(f"zh:{letter * 64}" for letter in "dc")
LOCK = """\
# This file is maintained automatically by "terraform init".

provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.1.0"
  constraints = "~> 5.0, >= 4.2.0"
  hashes = [
    "h1:0000000000000000000000000000000000000000000=",
    "%s",
    "%s",
  ]
}

provider "registry.terraform.io/hashicorp/random" {
  version = "3.0.0"
  hashes = [
  ]
}
"""
LOCK %= tuple(OLD)
PATH = "live/.terraform.lock.hcl"


def test_a_lock_file_says_versions_and_their_ranges() -> None:
    assert [(one.package, one.current, one.scheme, one.bound) for one in references(PATH, LOCK)] == [
        (AWS, "5.1.0", "lock", "~> 5.0, >= 4.2.0"),
        (AWS._replace(name="hashicorp/random"), "3.0.0", "lock", ""),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_bump_brings_version_range_and_all_hashes(newline: str) -> None:
    text = LOCK.replace("\n", newline)
    newer = Newer("6.2.0", hashes=NEW, constraints=">= 4.2.0, ~> 6.0")
    after = apply(text, bump(text, references(PATH, text)[0], newer))
    expected = LOCK.replace("5.1.0", "6.2.0").replace("~> 5.0, >= 4.2.0", ">= 4.2.0, ~> 6.0")
    expected = expected.replace('    "h1:0000000000000000000000000000000000000000000=",\n', "")
    assert after == expected.replace(OLD[0], NEW[1]).replace(OLD[1], NEW[0]).replace("\n", newline)
    assert bump(after, references(PATH, after)[0], newer) == []


@pytest.mark.parametrize("hashes", [(), ("zh:1",), ('zh:"]', *NEW)])
def test_a_bump_without_sound_hashes_is_refused(hashes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="hashes"):
        rendered("[]", hashes)


@pytest.mark.parametrize(
    ("bound", "old", "new", "after"),
    [
        ("~> 5.0", "~> 5.0", "~> 6.0", "~> 6.0"),
        ("~> 5.0, >= 4.2.0", "~>5.0", "~>6.0", ">= 4.2.0, ~> 6.0"),
        (">= 4.0.0, < 6.0.0", ">= 4.0.0, < 6.0.0", ">= 4.0.0, < 7.0.0", ">= 4.0.0, < 7.0.0"),
        ("5.1.0", "= 5.1.0", "= 5.2.0", "5.2.0"),
        ("", "~> 5.0", "~> 6.0", "~> 6.0"),
    ],
)
def test_the_range_of_a_lock_follows_the_configuration(bound: str, old: str, new: str, after: str) -> None:
    assert constraints_after(bound, old, new) == after


def offered(path: str, package: Package = AWS, newer: str = "6.2.0") -> Offer:
    one = Reference(path, 1, "terraform", package, "required", "~> 5.0", "terraform", ())
    return Offer(one, newer, "~> 6.0", "major")


def test_a_lock_follows_its_own_folder_and_provider_alone() -> None:
    lock = references(PATH, LOCK)[0]
    step = following(offered("live/versions.tf"), lock)
    assert step
    assert (step.reference, step.text, step.kind) == (lock, "6.2.0", "major")
    assert following(offered("other/versions.tf"), lock) is None
    assert following(offered("live/versions.tf", AWS._replace(name="hashicorp/gcp")), lock) is None
    assert following(offered("live/versions.tf", newer="5.1.0"), lock) is None
