"""Syntax of the languages that tree-sitter reads: what is broken, what is only unknown, and what costs too much."""

from __future__ import annotations

import resource
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import Finding, check_change, check_text

SOUND = {
    "a.js": (
        "import a from './a.js';\n"
        "export const f = async ({ b, ...c }) => `${b ?? c?.d}`;\n"
        "class A { #x = 1n; static {} }\n"
    ),
    "a.jsx": "export const A = () => <><p className='x'>{[1].map((i) => <b key={i} />)}</p></>;\n",
    "a.mjs": "#!/usr/bin/env node\nawait import('./b.mjs');\n",
    "a.ts": (
        "abstract class A<T extends object = {}> { constructor(private readonly b: T) {} }\n"
        "let x = <const T,>(y: T) => y satisfies T;\n"
    ),
    "a.tsx": "export const A = <T,>({ x }: { x: T }): JSX.Element => <p>{String(x)}</p>;\n",
    "a.go": (
        "package a\n"
        "\n"
        "func Map[T, U any](in []T, f func(T) U) []U {\n"
        "	for i := range 10 {\n"
        "		_ = i\n"
        "	}\n"
        "	return nil\n"
        "}\n"
    ),
    "a.rs": (
        "async fn f<'a, T: Into<String>>(x: &'a [T]) -> Option<u8> {\n"
        "    let Some(y) = x.first() else { return None };\n"
        "    Some(b'a')\n"
        "}\n"
    ),
    "A.java": (
        "sealed interface A permits B {}\n"
        "record B(int x) implements A {\n"
        '  String s() { return switch (x) { case 1 -> """\n'
        '    a"""; default -> "b"; }; }\n'
        "}\n"
    ),
    "a.rb": "def f(a:, **b) = a\nx = <<~EOS\n  #{f(a: 1)}\nEOS\ncase {a: 1}\nin {a: Integer => y} then y\nend\n",
    "Gemfile": "source 'https://rubygems.example'\ngem 'rails', '~> 8'\n",
    "a.php": (
        "<?php\n"
        "enum A: string { case B = 'b';\n"
        "  public function f(?int $x = null): static { return match(true) { default => $this }; }\n}\n"
    ),
    "a.sh": (
        "#!/bin/bash\n"
        "set -euo pipefail\n"
        "if [[ ${1:-} =~ ^a ]]; then cat <<EOF\n"
        "(\n"
        "EOF\n"
        "fi\n"
        "arr=(a b)\n"
        'echo "${arr[@]}" $((1 + 2))\n'
    ),
    "a.c": '#include <stdio.h>\nint main(void) { struct { int x; } a = { .x = 1 }; return printf("%d", a.x); }\n',
    "a.cpp": (
        "template <typename T> concept C = requires(T t) { t.f(); };\n"
        "auto f(C auto&& x) -> decltype(x.f()) { return x.f(); }\n"
    ),
    "a.cs": (
        "namespace A;\n"
        "public record B(int X) { public string? Y { get; init; } public int Z => X switch { > 1 => 2, _ => 3 }; }\n"
    ),
}
UNBALANCED = {
    "a.js": "function f() {\n  if (x) {\n    g();\n}\n",
    "a.ts": "export function f(a: string { return a }\n",
    "a.tsx": "export const A = () => <p>{x</p>;\n",
    "a.go": "package a\n\nfunc f() {\n\tg(1\n}\n",
    "a.rs": "fn f() {\n    let x = [1, 2;\n}\n",
    "A.java": "class A {\n  void f() {\n    g();\n\n",
    "a.rb": "x = [1, 2\ny = (3\n",
    "a.php": "<?php\nfunction f() {\n  if (true) {\n}\n",
    "a.sh": "f() {\n  echo a\n",
}
UNKNOWN = {"a.js": "let x = = 1;\n", "a.go": "package a\n\nvar x int int = 1\n", "a.rb": "def 1\nend\n"}
LOOSE = {"a.c": "int f( { return 1; }\n", "a.h": "class A {\n", "a.cs": "class A { void F( { } }\n"}


def said(path: str, text: str) -> list[tuple[str, str]]:
    return [(one.check, one.severity) for one in check_text(path, text)]


@pytest.mark.parametrize("path", SOUND)
def test_nothing_is_said_of_a_sound_source(path: str) -> None:
    assert check_text(path, SOUND[path]) == []
    assert check_text(path, "\ufeff" + SOUND[path].replace("\n", "\r\n")) == []


@pytest.mark.parametrize("path", UNBALANCED)
def test_brackets_that_do_not_match_are_an_error(path: str) -> None:
    assert said(path, UNBALANCED[path]) == [("source-syntax", "error")]


@pytest.mark.parametrize("path", UNKNOWN)
def test_what_may_be_newer_than_the_grammar_is_a_warning_until_a_change_brings_it_in(path: str) -> None:
    assert said(path, UNKNOWN[path]) == [("source-syntax", "warning")]
    (finding,) = check_change({path: (SOUND[path], UNKNOWN[path])})
    assert (finding.check, finding.severity) == ("source-syntax", "error")


@pytest.mark.parametrize("path", LOOSE)
def test_a_grammar_that_stumbles_over_macros_only_warns(path: str) -> None:
    assert said(path, LOOSE[path]) == [("source-syntax", "warning")]
    assert [one.severity for one in check_change({path: ("int x;\n", LOOSE[path])})] == ["warning"]


@pytest.mark.parametrize("path", [*UNBALANCED, *LOOSE])
def test_a_source_that_could_not_be_read_before_is_not_blamed(path: str) -> None:
    broken = (UNBALANCED | LOOSE)[path]
    assert check_change({path: (broken, broken + "\n" + broken)}) == []


def test_the_finding_names_line_language_and_what_cannot_be_read() -> None:
    (finding,) = check_text("a.go", "package a\n\nfunc f() {\n\tx := [1, 2\n}\n")
    assert finding.line == 4
    assert "(Go)" in finding.message


@pytest.mark.parametrize("path", ["{{cookiecutter.name}}/a.js", "a.js.erb", "a.txt", "a.vue"])
def test_templates_and_other_languages_are_left_alone(path: str) -> None:
    assert check_text(path, "function (( {\n") == []


def test_a_template_of_a_source_is_left_alone() -> None:
    assert check_text("a.js", "{% if x %}\nlet a = {{ a }};\n{% endif %}\n") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.ts", "a<b," * 40_000, id="open generics"),
        pytest.param("a.ts", ";=>!" * 40_000, id="arrows"),
        pytest.param("a.js", "a {\n" * 40_000, id="open blocks"),
        pytest.param("a.js", '"' * 150_000, id="quotes"),
        pytest.param("a.rb", "<<A\n" * 40_000, id="here-documents"),
        pytest.param("a.sh", "$(" * 80_000, id="substitutions"),
        pytest.param("a.cpp", "a<b," * 40_000, id="templates"),
        pytest.param("a.php", "<?php " + "[" * 150_000, id="brackets"),
        pytest.param("a.go", "x\n" * 90_000, id="lines"),
    ],
)
def test_a_hostile_source_takes_bounded_time_and_memory(path: str, text: str) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    check_text(path, text)
    assert time.thread_time() - started < 5  # unbounded, some of these take minutes
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # and gigabytes; this is in kB


def test_a_source_too_long_for_its_grammar_is_noted() -> None:
    (finding,) = check_text("a.js", "x = 1;\n" * 50_000)
    assert finding == Finding("a.js", None, "source-unread", "note", finding.message)


PIECES = st.sampled_from(
    ["a", " ", "\n", "(", ")", "{", "}", "[", "]", '"', "'", "`", "<", ">", ";", "=", "/", "*", "é", "\ud800"]
)


@given(st.sampled_from(sorted(SOUND)), st.lists(PIECES, max_size=40).map("".join), st.integers(0, 80))
def test_no_damage_makes_a_check_raise(path: str, scrap: str, place: int) -> None:
    text = SOUND[path][:place] + scrap + SOUND[path][place:]
    for finding in check_text(path, text):
        assert finding.line is None or 1 <= finding.line <= len(text.splitlines()) + 2
        assert "\n" not in finding.message
