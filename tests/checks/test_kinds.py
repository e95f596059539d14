"""What each in-memory check says of one file, as tables: the good, the bad, and what only looks bad."""

from __future__ import annotations

import json
import sys
import threading
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import LONGEST, Finding, as_json, check_text
from bot.checks.python import _newer

CONFLICT = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\nd\n"
SUFFIXES = ["a.py", "a.pyi", "a.json", "tsconfig.json", "a.yaml", "templates/a.yml", "a.toml", "uv.lock", "a.md", "a"]


def said(path: str, text: str) -> list[tuple[int | None, str, str]]:
    return [(finding.line, finding.check, finding.severity) for finding in check_text(path, text)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.py", "", id="empty"),
        pytest.param("a.py", "\ufeffx = 1\n", id="byte order mark"),
        pytest.param("a.py", "await main()\n", id="notebook export"),
        pytest.param("a.py", "x = '\\d'\n", id="a mere SyntaxWarning"),
        pytest.param("a.py", "{% if x %}\nimport a\n{% endif %}\n", id="statements of a template"),
        pytest.param("{{cookiecutter.name}}/a.py", "import {{ x }}\n", id="placeholder in the path"),
        pytest.param("a.pyi", "def f(x: int = ...) -> None: ...\n", id="stub"),
        pytest.param("a.json", '{"a": [1, 2.5e3, null, "\\u00e9"]}', id="json"),
        pytest.param("a.json", "1" * 5000, id="a number that Python itself would refuse"),
        pytest.param("a.json", '{"//": "one", "//": "two"}', id="comment keys are repeated on purpose"),
        pytest.param("a.json", '{"name": {{ name }}}', id="template of JSON"),
        pytest.param("tsconfig.json", '{ // c\n "a": 1, /* "b": */ "url": "http://x/*y", }', id="tsconfig"),
        pytest.param("web/tsconfig.build.json", '{"a": [1,],}', id="a variant of tsconfig"),
        pytest.param(".vscode/settings.json", '// all\n{"a": 1}', id="vscode"),
        pytest.param(".devcontainer/devcontainer.json", '{"a": 1, // b\n}', id="devcontainer"),
        pytest.param("a.jsonc", '/* a\n b */ {"a": "// no comment, }"}', id="jsonc"),
        pytest.param("a.yaml", "a: 1\n---\na: 1\n...\n---\n- b\n", id="keys of other documents"),
        pytest.param("a.yaml", "x: {a: 1}\ny: {a: 1}\nz:\n  - a: 1\n  - a: 2\n", id="keys of other mappings"),
        pytest.param("a.yaml", "200: a\n'200': b\n", id="a number and its text are two keys"),
        pytest.param("a.yaml", "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n", id="merges"),
        pytest.param("a.yaml", "a: !Ref b\nc: !!python/object/apply:os.system [id]\n", id="tags construct nothing"),
        pytest.param("a.yaml", "a: [\n\t1,\n\t2]\n", id="tabs where YAML takes them"),
        pytest.param("a.yaml", "\ufeffa: 1\n", id="byte order mark in YAML"),
        pytest.param("? a", "", id="no kind at all"),
        pytest.param("chart/templates/a.yaml", "a: {{ .Values.a }}\n{{- if .b }}\nc: 1\n{{- end }}\n", id="helm"),
        pytest.param("chart/templates/a.yaml", "a: 1\na: {{ .b }}\n", id="helm with what looks like a repeated key"),
        pytest.param("a.yml", "{% if x %}\na: 1\n{% else %}\na: 2\n{% endif %}\n", id="jinja"),
        pytest.param("meta.yaml", "name: {{ name }}-x\nb: 1\n", id="jinja value"),
        pytest.param("pyproject.toml", '[a]\nb = 1\nc = ["x", 1979-05-27]\n', id="toml"),
        pytest.param("uv.lock", "version = 1\n", id="lock file"),
        pytest.param("a.toml", 'name = "{{ x }}"\nb = {{ c }}\n', id="template of TOML"),
        pytest.param("a.toml", 'a = "' + "x." * 300 + '"\n', id="dots in a string are no key"),
        pytest.param("a.rst", "Title\n=======\n\ntext\n", id="heading"),
        pytest.param("a.txt", "x <<<<<<< y\n<<<<<<<<\n", id="marks of other lengths and places"),
    ],
)
def test_nothing_is_said_of_a_sound_file(path: str, text: str) -> None:
    assert check_text(path, text) == []


@pytest.mark.parametrize(
    ("path", "text", "line", "check", "words"),
    [
        pytest.param("a.py", "x = 1\ndef f(:\n", 2, "python-syntax", "invalid syntax", id="syntax"),
        pytest.param("a.py", "def f():\nreturn 1\n", 2, "python-syntax", "expected an indented", id="indentation"),
        pytest.param("a.py", "x = 1\nreturn x\n", 2, "python-syntax", "'return' outside function", id="return"),
        pytest.param("a.py", "def f():\n    await g()\n", 2, "python-syntax", "outside async function", id="await"),
        pytest.param("a.py", 'print "x"\n', 1, "python-syntax", "Missing parentheses", id="python 2"),
        pytest.param("a.py", "x = '\ud800'\n", None, "python-syntax", "lone surrogate", id="surrogate"),
        pytest.param("a.py", "-" * 10000 + "1", None, "python-syntax", "nested too deeply", id="deep unary"),
        pytest.param("a.py", "1+" * 30000 + "1", None, "python-syntax", "nested too deeply", id="long sum"),
        pytest.param("a.json", '{"a": 1,\n "b": 2,\n}', 3, "json-syntax", "Expecting property name", id="comma"),
        pytest.param("package.json", "{ // no\n}", 1, "json-syntax", "Expecting property name", id="comment"),
        pytest.param("a.json", "", 1, "json-syntax", "Expecting value", id="empty json"),
        pytest.param("a.json", '{{"a": 1}}', 1, "json-syntax", "Expecting property", id="braces of a format string"),
        pytest.param("a.json", "[" * 100_000, None, "json-syntax", "nested too deeply", id="deep json"),
        pytest.param("a.yaml", "a: 1\n\tb: 2\n", 2, "yaml-syntax", "a tab in the indentation", id="tab"),
        pytest.param("a.yaml", "a:\n  b: 1\n\tc: 2\n", 3, "yaml-syntax", "a tab in the indentation", id="later tab"),
        pytest.param("a.yaml", "a: b: c\n", 1, "yaml-syntax", "mapping values are not allowed", id="two colons"),
        pytest.param("a.yaml", "ok: 1\n---\na: [1\n", 4, "yaml-syntax", "flow sequence", id="second document"),
        pytest.param("a.yaml", "a: *nowhere\n", 1, "yaml-syntax", "*nowhere names no anchor", id="unknown alias"),
        pytest.param("a.yaml", "a: &x 1\n---\nb: *x\n", 3, "yaml-syntax", "names no anchor", id="another document's"),
        pytest.param("a.yaml", "é: 1\na: \x00\n", 2, "yaml-syntax", "forbids: U+0000", id="null character"),
        pytest.param("a.yaml", "a: 1\nb: \ud800", 2, "yaml-syntax", "lone surrogate", id="surrogate in YAML"),
        pytest.param("a.yaml", "[" * 100_000, 1, "yaml-syntax", "nested more than 200 levels", id="deep yaml"),
        pytest.param("a.yaml", "%TAG !a! a\n" * 101, None, "yaml-syntax", "begin with %", id="directives"),
        pytest.param("a.yaml", "a: 1\nb: 2\na: 3\n", 3, "yaml-duplicate-key", "'a' stands here again", id="repeated"),
        pytest.param("a.yaml", 'a: 1\n"a": 3\n', 2, "yaml-duplicate-key", "first on line 1", id="repeated in quotes"),
        pytest.param("a.yaml", "x: {a: 1, b: {a: 2}, a: 3}", 1, "yaml-duplicate-key", "'a'", id="repeated in a flow"),
        pytest.param("a.toml", "a = 1\nb = \n", 2, "toml-syntax", "Invalid value", id="no value"),
        pytest.param("a.toml", "a = 1\na = 2\n", 2, "toml-syntax", "overwrite", id="repeated in TOML"),
        pytest.param("a.toml", "a = [1,\n", 2, "toml-syntax", "", id="end of document"),
        pytest.param("a.toml", "a = " + "[" * 5000, None, "toml-syntax", "nested too deeply", id="deep toml"),
        pytest.param("a.toml", "a." * 20000 + "b = 1", None, "toml-syntax", "more than 100 parts", id="long key"),
        pytest.param("a.toml", '"a".' * 20000 + "b = 1", None, "toml-syntax", "100 parts", id="long quoted key"),
        pytest.param("a.toml", "a = " + "1" * 5000, None, "toml-syntax", "4300 digits", id="long number"),
        pytest.param("a.c", CONFLICT, 2, "conflict-marker", "<<<<<<< HEAD", id="conflict"),
        pytest.param("a.c", "a\n>>>>>>> REPLACE\n", 2, "conflict-marker", ">>>>>>> REPLACE", id="rest of a reply"),
        pytest.param("a.c", CONFLICT.replace("\n", "\r\n"), 2, "conflict-marker", "HEAD", id="conflict in CRLF"),
        pytest.param("a.py", CONFLICT, 2, "conflict-marker", "HEAD", id="the conflict, not what it does to the syntax"),
    ],
)
def test_an_error_names_its_line_and_reason(path: str, text: str, line: int | None, check: str, words: str) -> None:
    (finding,) = check_text(path, text)
    assert (finding.path, finding.line, finding.check, finding.severity) == (path, line, check, "error")
    assert words in finding.message


@pytest.mark.parametrize(
    ("path", "text", "line", "check"),
    [
        pytest.param("a.json", '{"a": 1,\n"b": {"a": 1},\n"a": 2}', 3, "json-duplicate-key", id="repeated key"),
        pytest.param("a.json", '{"a": NaN}', None, "json-value", id="NaN"),
        pytest.param("a.md", CONFLICT, 2, "conflict-marker", id="conflict in prose"),
        pytest.param("a.py", f'TEXT = """\n{CONFLICT}"""\n', 3, "conflict-marker", id="conflict in a string"),
    ],
)
def test_what_may_be_meant_is_only_a_warning(path: str, text: str, line: int | None, check: str) -> None:
    assert said(path, text) == [(line, check, "warning")]


def test_each_repeated_key_is_named_at_its_own_line() -> None:
    assert said("a.yaml", "a: 1\na: 2\nb:\n  c: 1\n  c: 2\na: 3\n") == [
        (line, "yaml-duplicate-key", "error") for line in (2, 5, 6)
    ]


def test_each_conflict_counts_once() -> None:
    assert [line for line, _, _ in said("a.c", CONFLICT + CONFLICT)] == [2, 9]


def test_null_bytes_are_an_error_in_python() -> None:
    assert [(check, severity) for _, check, severity in said("a.py", "x = 1\x00")] == [("python-syntax", "error")]


def test_a_text_too_long_to_read_is_noted_and_not_read() -> None:
    assert said("a.json", "[" * (LONGEST + 1)) == [(None, "size", "note")]


@pytest.mark.parametrize(
    ("running", "message", "line", "newer"),
    [
        ((3, 11), "invalid syntax", "type Pair = tuple[int, int]", "3.12"),
        ((3, 11), "expected '('", "def first[T](items: list[T]) -> T:", "3.12"),
        ((3, 11), "expected ':'", "class Box[T]:", "3.12"),
        ((3, 11), "f-string: unmatched '['", 'f"{a["b"]}"', "3.12"),
        ((3, 13), "multiple exception types must be parenthesized", "    except A, B:", "3.14"),
        ((3, 13), "invalid syntax", 'page = t"<p>{name}</p>"', "3.14"),
        ((3, 12), "f-string: expecting '}'", 'f"{a"', None),
        ((3, 12), "expected '('", "def first[T:", None),
        ((3, 14), "invalid syntax", "except A, B", None),
        ((3, 11), "invalid syntax", "type = = 1", None),
        ((3, 11), "invalid syntax", "def f(:", None),
    ],
)
def test_syntax_newer_than_the_running_python_is_known(
    running: tuple[int, int], message: str, line: str, newer: str | None
) -> None:
    assert _newer(message, line, running) == newer


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_syntax_that_only_a_newer_python_knows_is_a_warning() -> None:
    (finding,) = check_text("a.py", "x = 1\ntype Pair = tuple[int, int]\n")
    assert (finding.line, finding.severity) == (2, "warning")
    assert "perhaps the syntax of Python 3.12" in finding.message


def test_warnings_of_the_compiler_do_not_leak_from_any_thread() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        threads = [threading.Thread(target=check_text, args=("a.py", f"x{n} = '\\d' is 1\n")) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert warnings.filters == before
    assert caught == []


def test_a_bomb_of_aliases_costs_nothing() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 60))
    started = time.perf_counter()
    assert check_text("a.yaml", "a0: &a0 [lol]\n" + levels) == []
    assert time.perf_counter() - started < 5  # followed, it would be 9 to the power of 59 nodes


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.json", '{"a": /*' + "/*" * 50000, id="comments never closed"),
        pytest.param("tsconfig.json", '"\\' * 50000, id="escapes without end"),
        pytest.param("tsconfig.json", "[" + "1," * 100_000 + " " * 100_000, id="commas"),
        pytest.param("a.toml", 'a = "' + '\\"' * 100_000, id="quotes without end"),
        pytest.param("a.toml", "a" * 200_000, id="a long word"),
        pytest.param("a.yaml", "- " * 100_000, id="dashes"),
        pytest.param("a.yaml", "{" * 100_000 + "{{", id="braces"),
        pytest.param("a.yaml", "a: " + "{{ " * 50000 + "'", id="template marks"),
        pytest.param("a.py", "(" * 100_000 + "{%" * 50000, id="brackets"),
        pytest.param("a.md", "<<<<<<<\n" * 20000, id="marks"),
    ],
)
def test_a_hostile_text_takes_no_long_time(path: str, text: str) -> None:
    started = time.perf_counter()
    check_text(path, text)
    assert time.perf_counter() - started < 5  # some ten milliseconds when the reading is linear


SIGNS = "{}[]()<>:,-?&*!|%@`\"'#/\\=. \t\n\r\x00\ufeff\ud800"
WORDS = ["{{", "{%", "a", "1", "key: ", "<<<<<<<", ">>>>>>>", '"a": 1', "//", "/*", "*/", "&a ", "*a", "---\n", "é"]
CODE = ["def f():\n ", "[[a]]\n", "a = ", "'''", "0x", "1e9"]
SCRAPS = st.lists(st.sampled_from([*SIGNS, *WORDS, *CODE]), max_size=60).map("".join)


@given(st.sampled_from(SUFFIXES), st.text(st.characters()) | SCRAPS)
def test_no_text_makes_a_check_raise(path: str, text: str) -> None:
    for finding in check_text(path, text):
        assert finding.line is None or 1 <= finding.line <= text.count("\n") + text.count("\r") + 2
        assert "\n" not in finding.message


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)
       | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_what_python_writes_as_json_is_sound(value: object) -> None:
    assert check_text("a.json", json.dumps(value, indent=1)) == []
    assert check_text("a.jsonc", json.dumps(value, ensure_ascii=False)) == []


def test_a_finding_is_printed_with_the_fields_of_the_contract() -> None:
    finding = Finding("a.py", 3, "python-syntax", "error", "invalid syntax")
    assert as_json(finding) == {
        "path": "a.py",
        "line": 3,
        "check": "python-syntax",
        "severity": "error",
        "message": "invalid syntax",
    }
