"""The refresh of a tree in memory: what it finds, what it writes, what it leaves and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.changes import ChangeRules
from bot.manifests.kubernetes import parse_version
from bot.pipeline.refresh import LARGEST, File, RefreshRules, Scan, scan, settle, together, wants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.refreshed import GroupRefresh

RELEASE = parse_version("1.33")
assert RELEASE is not None
RULES = RefreshRules(("kubernetes-apis",), RELEASE)
ROLE = "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: Role\nmetadata:\n  name: {}\nrules: []  # none\n"
CHART_ROLE = ROLE.format("{{ .Release.Name }}-reader")
POLICY = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: old\nspec: {}\n"


def scanned(files: Mapping[str, str | bytes], rules: RefreshRules = RULES) -> Scan:
    given = ((path, text.encode() if isinstance(text, str) else text) for path, text in files.items())
    return scan((File(path, "100644", content) for path, content in given), rules)


def settled(made: Scan, *declined: str) -> GroupRefresh:
    return settle(made, "kubernetes-apis", declined)[0]


@pytest.mark.parametrize(
    ("path", "size", "wanted"),
    [
        ("deploy/a.yaml", 10, True),
        ("a.YML", 10, True),
        ("a.json", 10, True),
        ("templates/a.yaml.tmpl", 10, True),
        ("a.py", 10, False),
        ("yaml", 10, False),
        ("a.yaml", LARGEST + 1, False),
        ("charts/vendor/a.yaml", 10, False),
        ("web/node_modules/x/a.yaml", 10, False),
    ],
)
def test_files_are_read_that_can_hold_manifests_of_ones_own(path: str, size: int, *, wanted: bool) -> None:
    assert wants(path, size) is wanted


def test_only_the_bytes_that_are_due_change() -> None:
    before = ROLE.format("reader").replace("\n", "\r\n") + "---\r\n# kept\r\n" + ROLE.format("writer")

    group = settled(scanned({"rbac.yaml": before}))

    (change,) = group.changes
    assert change.after == before.replace("/v1beta1", "/v1")
    assert [(step.object, step.old, step.new) for step in group.steps] == [
        ("Role reader", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1"),
        ("Role writer", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1"),
    ]


def test_a_finding_keeps_its_id_wherever_its_object_goes() -> None:
    here = settled(scanned({"a.yaml": ROLE.format("reader")}))
    there = settled(scanned({"b/c.yaml": f"# moved\n{ROLE.format('other')}---\n{ROLE.format('reader')}"}))
    assert here.keys[0] in there.keys
    assert len(there.keys) == 2


def test_objects_that_templates_name_are_told_apart_by_their_files() -> None:
    group = settled(scanned({"one/role.yaml": CHART_ROLE, "two/role.yaml": CHART_ROLE}))
    assert len(group.keys) == 2
    assert {step.object for step in group.steps} == {"Role (named by its template)"}


def test_what_was_declined_is_left_out_and_all_else_is_done() -> None:
    made = scanned({"rbac.yaml": f"{ROLE.format('reader')}---\n{ROLE.format('writer')}"})
    first = next(one.step.key for one in made.found["kubernetes-apis"])

    group = settled(made, first)

    assert [step.object for step in group.steps] == ["Role writer"]
    assert group.changes[0].after == f"{ROLE.format('reader')}---\n{ROLE.format('writer').replace('/v1beta1', '/v1')}"
    assert settled(made, *settled(made).keys).changes == ()


@pytest.mark.parametrize(
    ("files", "due", "why"),
    [
        ({"psp.yaml": POLICY}, True, "Kubernetes 1.25 stopped serving it, and nothing takes its place"),
        ({"bad.yaml": "apiVersion: v1\nkind: Pod\nmetadata: [\n"}, False, "did not find"),
        (
            {"bad.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {{ .x }}: [\n"},
            False,
            "a template that is not laid out as YAML",
        ),
        ({"latin.yaml": b"apiVersion: v1\n# \xe9\n"}, False, "not UTF-8 text"),
    ],
    ids=["no successor", "broken", "broken template", "other encoding"],
)
def test_what_is_left_is_named_and_harms_nothing_else(files: Mapping[str, str | bytes], due: bool, why: str) -> None:
    made = scanned({**files, "rbac.yaml": ROLE.format("reader")})
    assert [(one.due, one.why.startswith(why)) for one in made.left] == [(due, True)]
    assert [change.path for change in settled(made).changes] == ["rbac.yaml"]


@pytest.mark.parametrize("path", [".github/role.yaml", "prod/role.yaml"])
def test_protected_files_are_left_unless_they_are_allowed(path: str) -> None:
    protected = RefreshRules(RULES.groups, RULES.kubernetes, (), ChangeRules(protected=("prod/**",)))
    allowed = RefreshRules(RULES.groups, RULES.kubernetes, (), ChangeRules(("prod/**",), (path,)))
    group, left = settle(scanned({path: ROLE.format("reader")}, protected), "kubernetes-apis")
    assert (group.steps, [one.due for one in left]) == ((), [True])
    assert "is protected" in left[0].why
    assert settled(scanned({path: ROLE.format("reader")}, allowed)).changes


def test_a_refresh_may_be_larger_than_a_draft() -> None:
    made = scanned({f"{number}.yaml": ROLE.format(f"r{number}") for number in range(30)})
    assert len(settled(made).changes) == 30


def test_ignored_paths_and_groups_that_are_off_are_left_alone() -> None:
    ignoring = RefreshRules(RULES.groups, RULES.kubernetes, ("old/**",))
    assert not scanned({"old/role.yaml": ROLE.format("reader")}, ignoring).found
    assert not scanned({"role.yaml": ROLE.format("reader")}, RefreshRules((), RULES.kubernetes)).found


def test_the_proofs_say_what_was_run_and_what_was_not() -> None:
    proofs = {one.name: one.outcome for one in settled(scanned({"rbac.yaml": ROLE.format("reader")})).proofs}
    assert proofs["checks before and after"] == "no new error in 1 file, the strict schema of Kubernetes 1.33 included"
    assert proofs["the same rules on the result"] == "nothing left to change"
    assert "Helm" in proofs["not run"]


def test_the_digest_is_of_the_content_alone() -> None:
    one = settled(scanned({"a.yaml": ROLE.format("reader"), "other.yaml": "x: 1\n"}))
    same = settled(scanned({"a.yaml": ROLE.format("reader")}))
    other = settled(scanned({"a.yaml": ROLE.format("writer")}))
    assert one.digest() == same.digest() != other.digest()


@given(st.dictionaries(st.sampled_from(["a.yaml", "b.json"]), st.binary(max_size=80), max_size=2))
def test_any_bytes_are_scanned_and_a_second_run_finds_nothing(files: dict[str, bytes]) -> None:
    made = scanned({path: b"apiVersion: batch/v1beta1\nkind: CronJob\n" + content for path, content in files.items()})
    texts, _, _ = together(made)
    assert not together(scanned(texts))[0]
