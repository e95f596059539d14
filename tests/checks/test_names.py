"""Undefined names are errors, unused imports notes, and names from elsewhere nobody's fault."""

from __future__ import annotations

import pytest

from bot.checks import check_change, check_text


def said(path: str, text: str) -> list[tuple[int | None, str, str]]:
    return [(one.line, one.check, one.severity) for one in check_text(path, text)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.py", "import os\nprint(os.sep, __file__, __name__)\n", id="built in and imported"),
        pytest.param("a.py", "from os import *\nprint(sep)\n", id="a star may bring anything"),
        pytest.param("a.py", "def f():\n    return later()\n\n\ndef later():\n    pass\n", id="defined later"),
        pytest.param("a.py", "from __future__ import annotations\nimport typing as t\nx: t.Any = 1\n", id="annotation"),
        pytest.param("a.py", "from a import b as b\n__all__ = ['b']\n", id="exported"),
        pytest.param("a.py", "try:\n    unicode\nexcept NameError:\n    unicode = str\n", id="of an older Python"),
        pytest.param("a.py", "get_ipython().run_line_magic('x', '')\n", id="notebook"),
        pytest.param("a.py", "x = undefined  # noqa: F821\nimport os  # type: ignore\n", id="silenced"),
        pytest.param("b/__init__.py", "from b.c import d\n", id="what a package offers"),
        pytest.param("a.py", "x: 'list[int]' = []\n", id="text as annotation"),
        pytest.param("a.txt", "undefined\n", id="not Python"),
    ],
)
def test_nothing_is_said_of_names_that_are_there(path: str, text: str) -> None:
    assert check_text(path, text) == []


def test_an_undefined_name_is_an_error_at_its_line() -> None:
    (finding,) = check_text("a.py", "x = 1\nprint(y)\n")
    assert (finding.line, finding.check, finding.severity) == (2, "python-undefined-name", "error")
    assert "`y`" in finding.message


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.pyi", "x: Missing\n"), ("docs/conf.py", "print(tag)\n"), ("a.py", "make(globals())\nprint(made)\n")],
)
def test_where_names_come_from_elsewhere_it_is_a_warning(path: str, text: str) -> None:
    assert {severity for _, _, severity in said(path, text)} == {"warning"}


def test_an_unused_import_is_a_note() -> None:
    assert said("a.py", "import os\nimport sys\nsys.exit()\n") == [(1, "python-unused-import", "note")]


def test_of_what_cannot_be_compiled_only_the_syntax_is_said() -> None:
    assert said("a.py", "print(y)\ndef f(:\n") == [(2, "python-syntax", "error")]


def test_only_new_names_are_the_changes() -> None:
    before = "print(old)\n"
    found = check_change({"a.py": (before, "import os\n\n" + before + "print(new)\n")})
    assert [(one.line, one.check) for one in found] == [(1, "python-unused-import"), (4, "python-undefined-name")]


def test_so_many_undefined_names_are_bounded() -> None:
    assert len(check_text("a.py", "[" + "x, " * 20_000 + "]\n")) <= 200
