from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.skeletons import entries, skeleton

PYTHON = """\
import os
LIMIT = 3

@frozen
class Cart(Base):
    def add(self, item):
        x = 1
        return x

    async def pay(self) -> None:
        def inner(): ...

def total(): ...
# def gone(): ...
"""
JAVASCRIPT = """\
const eos = require('x')
function Reply (res) {
  if (res) {
    send(res);
  }
}
Reply.prototype.send = fn
export default class A {
  static async run(a) {
    for (const x of a) {}
  }
  stop() {
  }
}
exports.go = 1
export const f = () => 1
"""
GO = """\
package x

type Binding interface {
\tName() string
}

func (b *json) Bind(r *Request) error {
\tif r == nil {
\t\treturn nil
\t}
}
var Default = 1
"""
RUST = """\
pub(crate) struct Line<'b> {
}
impl<'b> Iterator for Line {
    fn next(&mut self) {
    }
}
macro_rules! go {
}
"""
JAVA = """\
public final class Gson {
  private final int size;
  public Gson() {
    return new Gson();
  }
  public <T> T read(Reader in) throws Oops {
    while (true) {
  }
}
"""
RUBY = "module Jekyll\n  class Site\n    def process\n    end\n    def self.load!(a)\n    end\n"
C = "#define MAX 3\nstatic int add(int a,\n               int b)\n{\n}\nstruct cart {\n};\n"
SOURCES = [
    pytest.param(PYTHON, {2: "LIMIT", 5: "Cart", 6: "add", 10: "pay", 11: "inner", 13: "total"}, id="Python"),
    pytest.param(
        JAVASCRIPT,
        {1: "eos", 2: "Reply", 7: "send", 8: "A", 9: "run", 12: "stop", 15: "go", 16: "f"},
        id="JavaScript",
    ),
    pytest.param(GO, {3: "Binding", 7: "Bind", 12: "Default"}, id="Go"),
    pytest.param(RUST, {1: "Line", 3: "Iterator", 4: "next", 7: "go"}, id="Rust"),
    pytest.param(JAVA, {1: "Gson", 3: "Gson", 6: "read"}, id="Java"),
    pytest.param(RUBY, {1: "Jekyll", 2: "Site", 3: "process", 5: "self.load!"}, id="Ruby"),
    pytest.param(C, {1: "MAX", 2: "add", 6: "cart"}, id="C"),
    pytest.param('resource "aws_instance" "web" {\n  ami = 1\n}\n', {1: "aws_instance"}, id="Terraform"),
    pytest.param("[tool.ruff]\nline-length = 1\n[[more]]\n", {1: "tool.ruff", 2: "line-length", 3: "more"}, id="TOML"),
    pytest.param("on:\n  push:\njobs:\n  a: 1\n", {1: "on", 3: "jobs"}, id="YAML"),
]


@pytest.mark.parametrize(("text", "expected"), SOURCES)
def test_definitions_are_found_in_any_language(text: str, expected: dict[int, str]) -> None:
    assert {entry.line: entry.name for entry in entries(text)} == expected


def test_what_fits_is_shown_in_order_with_its_line_numbers() -> None:
    assert skeleton(PYTHON, [], 1_000).splitlines()[:3] == [
        "2: LIMIT = 3",
        "5: class Cart(Base):",
        "6:     def add(self, item):",
    ]


def test_with_little_room_outer_functions_come_before_methods_and_both_before_values() -> None:
    text = "ONE = 1\nclass A:\n    def inner(self): ...\ndef outer(): ...\n"
    assert skeleton(text, [], 32) == "2: class A:\n4: def outer(): ..."
    assert skeleton(text, [], 60).startswith("2: class A:\n3:     def inner(self): ...\n4: def outer")


def test_with_little_room_what_stands_in_and_right_above_the_windows_comes_first() -> None:
    text = "".join(f"def f{number}():\n    pass\n\n" for number in range(100))
    assert skeleton(text, [(150, 152)], 20) == "148: def f49():"
    assert skeleton(text, [(149, 152)], 40) == "148: def f49():\n151: def f50():"


def test_a_document_shows_its_headings_and_anything_else_the_beginnings_of_its_windows() -> None:
    assert skeleton("# One\ntext, text\n## Two\n", [(2, 2)], 100) == "1: # One\n3: ## Two"
    prose = "\n".join(f"word {number}" for number in range(50))
    assert skeleton(prose, [(10, 30)], 100) == "10: word 9\n11: word 10\n12: word 11\n13: word 12"
    assert skeleton("", [], 100) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("export " * 100_000, id="modifiers"),
        pytest.param("\n".join(["a b c d e f g(" + "(" * 120] * 20_000), id="almost functions"),
        pytest.param("\n".join(["func (" + " " * 150] * 20_000), id="almost methods"),
        pytest.param("#" * 500_000, id="marks"),
        pytest.param("\n" * 500_000, id="empty lines"),
        pytest.param("<" * 160 + "( " * 200_000, id="brackets"),
    ],
)
def test_any_file_is_outlined_in_bounded_time(text: str) -> None:
    began = process_time()
    assert len(skeleton(text, [(1, 400)], 2_000)) <= 2_000
    assert process_time() - began < 3.0  # a sixth of that when nothing else runs; a catastrophic regex takes minutes


lines = st.sampled_from(["def a():", "  x = 1", "class B:", "# T", "", "K = 2", "\tfunc f() {", "text", "}", "\r", "é"])


@given(st.lists(lines, max_size=40), st.integers(0, 200), st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50))))
def test_an_outline_keeps_to_its_room_and_numbers_real_lines(
    source: list[str], room: int, windows: list[tuple[int, int]]
) -> None:
    outline = skeleton("\n".join(source), windows, room)
    assert len(outline) <= room
    numbers = []
    for shown in outline.split("\n") if outline else []:
        number, _, text = shown.partition(": ")
        numbers.append(int(number))
        assert source[int(number) - 1].rstrip() == text.rstrip()
    assert numbers == sorted(set(numbers))
