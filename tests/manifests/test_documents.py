"""Finding Kubernetes documents by what they say, wherever they lie."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.manifests.edits import Edit, apply
from bot.manifests.kubernetes import scan
from bot.manifests.kubernetes.documents import is_partial
from bot.manifests.masking import mask

ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


@pytest.mark.parametrize(
    ("text", "identities"),
    [
        (ONE, ["core/ConfigMap/-/x"]),
        (f"{ONE}---\n# nothing\n---\n{ONE}...\n", ["core/ConfigMap/-/x"] * 2),
        ('{"apiVersion": "apps/v1", "kind": "Deployment"}', ["apps/Deployment/-/-"]),
        ("kind: A\nmetadata: {generateName: g-, namespace: ns}\napiVersion: e.com/v1\n", ["e.com/A/ns/g-"]),
        (f"%YAML 1.1\n---\n{ONE}", ["core/ConfigMap/-/x"]),
        ("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n- {kind: B}\n", ["core/A/-/-"]),
        ("apiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n    apiVersion: v1\n    kind: Pod\n", ["core/ConfigMap/-/-"]),
        ("apiVersion: v1\n", []),
        ("about: apiVersion and kind\n", []),
        ("- apiVersion: v1\n  kind: Pod\n", []),
        ("apiVersion: [v1]\nkind: Pod\n", []),
    ],
)
def test_a_document_is_what_says_api_version_and_kind(text: str, identities: list[str]) -> None:
    assert [one.identity for one in scan("any/where.txt", text)] == identities


def test_lines_and_spans_are_those_of_the_file() -> None:
    text = f"\ufeff# head\n---\n{ONE}---\n\n{ONE}"
    first, second = scan("x.yaml", text)
    assert (first.line, second.line) == (3, 8)
    assert text[second.start : second.end] == f"---\n\n{ONE}"
    assert second.node is not None
    assert text[second.node.start :].startswith("apiVersion")


def test_a_broken_document_does_not_hide_the_others() -> None:
    broken, whole = scan("x.yaml", f"apiVersion: v1\nkind: Pod\nspec: [\n---\n{ONE}")
    assert (broken.node, broken.gvk.kind) == (None, "Pod")
    assert broken.broken
    assert whole.name == "x"


def test_a_template_is_read_with_its_actions_covered() -> None:
    (found,) = scan("t.yaml", "{{- if .x }}\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .y }}\n{{- end }}\n")
    assert found.template
    assert found.node is not None
    assert found.line == 2


def test_actions_within_quotes_make_no_template() -> None:
    (found,) = scan("t.yaml", ONE + 'data: {x: "{{ $labels.pod }}"}\n')
    assert not found.template


@pytest.mark.parametrize("path", ["overlays/prod/x.yaml", "base/x-patch.yaml", "patches/a.yaml", "a.patch.yaml"])
def test_patches_are_known_by_their_paths(path: str) -> None:
    assert is_partial(path)


@pytest.mark.parametrize("path", ["dispatcher/x.yaml", "deploy/base.yaml"])
def test_other_files_are_no_patches(path: str) -> None:
    assert not is_partial(path)


def test_many_directives_are_not_followed() -> None:
    (found,) = scan("x.yaml", "%A b\n" * 1000 + ONE)
    assert "begin with %" in found.broken


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a: {{ b }}", "a: xxxxxxx"),
        ("{{- if x -}}\r\na: 1", "############\r\na: 1"),
        ("  {{ a }} {{/* b */}}  \n", "  ###################  \n"),
        ("{{ a\nb }}\n", "####\n####\n"),
        ("{% if a %}\n{{ open", "##########\n{{ open"),
        ("{# c #}b", "xxxxxxxb"),
    ],
)
def test_an_action_is_covered_in_its_own_length(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text(st.sampled_from("{}%# ab\n\r\t"), max_size=60))
def test_covering_moves_nothing(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert [one.end() for one in _breaks(masked)] == [one.end() for one in _breaks(text)]


def _breaks(text: str) -> list[re.Match[str]]:
    return list(re.finditer("[\r\n]", text))


def test_edits_are_made_together_or_refused() -> None:
    assert apply("abcd", [Edit(3, 3, "!"), Edit(0, 1, "x"), Edit(3, 3, "?")]) == "xbc!?d"
    with pytest.raises(ValueError, match="overlaps"):
        apply("abcd", [Edit(0, 2, ""), Edit(1, 3, "")])
    with pytest.raises(ValueError, match="outside"):
        apply("abcd", [Edit(4, 5, "")])
