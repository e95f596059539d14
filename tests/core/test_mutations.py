from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import nearby
from bot.core.mutations import mutants

ALL = [(1, 10**6)]


def broken(path: str, text: str) -> list[str]:
    """The broken line of each mutant."""
    return [one.text.split("\n")[one.line - 1].strip() for one in mutants(path, text, ALL, 100)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = a < b", ["x = (a >= b)"]),
        ("x = a is None", ["x = (a is not None)"]),
        ("x = a and b or c", ["x = ((a and b) and c)", "x = (a or b) or c"]),
        ("x = 1 + a", ["x = (1 - a)", "x = (2) + a"]),
        ("x += y", ["x -= y"]),
        ("x = True", ["x = False"]),
        ("x = 'é' + y", ["x = ('é' - y)", "x = '' + y"]),
        ("if a: b = c", ["if (not (a)): b = c"]),
        ("call(a)", ["pass"]),
        ("raise Error", ["pass"]),
        ("'docstring'", []),
        ("x: 'Type' = y", []),
        ("x = f'{a + 1} b'", []),
        ("x = y", []),
    ],
)
def test_python_is_broken_by_the_usual_operators(line: str, expected: list[str]) -> None:
    assert broken("a.py", line) == expected


def test_a_return_gives_nothing_back_and_comes_first() -> None:
    text = "def f(a):\n    b = a + 1\n    return b\n"
    first, second, *_ = mutants("a.py", text, ALL, 10)
    assert (first.line, first.what, first.text) == (3, "returns `None`", text.replace("return b", "return None"))
    assert second.line == 2


def test_only_the_lines_asked_for_are_broken_turn_by_turn() -> None:
    text = "def f():\n    return 1\n\n\ndef g():\n    return 2\n\n\ndef h():\n    return 3\n"
    assert [one.line for one in mutants("a.py", text, [(1, 2), (9, 10)], 3)] == [2, 10, 2]
    assert mutants("a.py", text, [], 3) == ()


def test_every_mutant_of_real_python_still_parses_and_differs_in_one_place() -> None:
    text = Path(nearby.__file__).read_text(encoding="utf-8")
    for source in (text, "\ufeff# é\r\n" + text.replace("\n", "\r\n")):
        made = mutants("a.py", source, ALL, 10_000)
        assert len(made) > 40
        for one in made:
            ast.parse(one.text.removeprefix("\ufeff"))
            start = next(i for i, (a, b) in enumerate(zip(source, one.text, strict=False)) if a != b)
            assert abs(source.count("\n", 0, start) + 1 - one.line) <= 3
            assert one.text != source


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("a.js", "if (a === 1) x()", ["if (a !== 1) x()", "if (a === 2) x()"]),
        ("a.js", "return a;", ["return null;"]),
        ("a.go", "return a", []),
        ("a.go", "if a && b {", ["if a || b {"]),
        ("A.java", "List<String> x = a + b;", ["List<String> x = a - b;"]),
        ("a.ts", "// a === 1", []),
        ("a.ts", "const s = 'a === 1' + `b && c`", []),
        ("a.rb", "x = true # true", ["x = false # true"]),
        ("a.c", "x = 'é'; /* 1 */ y = 10;", ["x = 'é'; /* 1 */ y = 11;"]),
    ],
)
def test_other_languages_are_broken_outside_strings_and_comments(path: str, line: str, expected: list[str]) -> None:
    assert broken(path, line) == expected


@pytest.mark.parametrize("text", ["def (", "x = 1\0", "-" * 100_000 + "1", "(" * 5000, "x" * 300_000, ""], ids=range(6))
def test_what_cannot_be_broken_yields_nothing(text: str) -> None:
    assert mutants("a.py", text, ALL, 10) == ()


@given(st.text(max_size=300), st.sampled_from(["a.py", "a.js", "a.rb", "a.go", "noname"]))
def test_any_text_is_taken(text: str, path: str) -> None:
    assert all(one.text != text and one.line >= 1 for one in mutants(path, text, ALL, 20))
