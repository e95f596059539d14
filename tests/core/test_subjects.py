from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.subjects import lines_named, names_in, subjects_of

TREE = [
    "src/shop/cart.py", "src/shop/__init__.py", "src/shop/order.py", "tests/test_cart.py", "web/cart.js",
    "web/index.ts", "web/lib/index.js", "pkg/a.go", "pkg/b.go", "pkg/a_test.go", "other/c.go",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("tests/test_x.py", "from shop.order import Order", ["src/shop/order.py"]),
        ("tests/test_x.py", "from shop import cart", ["src/shop/cart.py", "src/shop/__init__.py"]),
        ("tests/test_cart.py", "import shop.order", ["src/shop/cart.py", "src/shop/order.py"]),
        ("tests/test_x.py", "def (", []),
        ("web/x.test.js", "const { a } = require('./cart')", ["web/cart.js"]),
        ("web/t/x.test.ts", "import { a } from '../index.js';", ["web/index.ts"]),
        ("web/x.test.js", "import a from './lib'", ["web/lib/index.js"]),
        ("web/x.test.js", "import a from 'react'", []),
        ("pkg/a_test.go", "package pkg", ["pkg/a.go", "pkg/b.go"]),
    ],
)
def test_a_test_is_about_what_it_loads_or_is_named_after(path: str, text: str, expected: list[str]) -> None:
    assert sorted(subjects_of(path, text, TREE)) == sorted(expected)


PYTHON = """\
class Cart:
    def __init__(self):
        self.items = []

    def total(self):
        return sum(self.items)


def empty():
    x = 1
    return Cart()
"""
SCRIPT = """\
export async function add(a, b) {
  if (a) {
    return b;
  }
  return a + b;
}

const twice = (a) => {
  return 2 * a;
};
class X {
  total(a) {
    return a;
  }
}
"""
GO = "package p\n\nfunc (c *Cart) Total() int {\n\treturn 1\n}\n\nfunc Other() {}\n"
RUBY = "class Cart\n  def total\n    1\n  end\n\n  def other\n    2\n  end\nend\n"


@pytest.mark.parametrize(
    ("path", "text", "names", "expected"),
    [
        ("a.py", PYTHON, {"total"}, [(6, 6)]),
        ("a.py", PYTHON, {"empty"}, [(10, 11)]),
        ("a.py", PYTHON, {"Cart"}, [(3, 3)]),
        ("a.py", PYTHON, {"nothing"}, []),
        ("a.js", SCRIPT, {"add"}, [(1, 6)]),
        ("a.js", SCRIPT, {"twice"}, [(8, 10)]),
        ("a.js", SCRIPT, {"total"}, [(12, 14)]),
        ("a.go", GO, {"Total"}, [(3, 5)]),
        ("a.rb", RUBY, {"total"}, [(2, 4)]),
    ],
)
def test_functions_are_found_by_name(path: str, text: str, names: set[str], expected: list[tuple[int, int]]) -> None:
    assert list(lines_named(path, text, names)) == expected


@given(st.text(max_size=300), st.sampled_from(["a.py", "a.js"]))
def test_any_text_is_taken(text: str, path: str) -> None:
    count = text.count("\n") + 1
    for first, last in lines_named(path, text, names_in(text)):
        assert 1 <= first <= last
        assert path == "a.py" or last <= count
    assert all(one in TREE for one in subjects_of("tests/test_a.py", text, TREE))
