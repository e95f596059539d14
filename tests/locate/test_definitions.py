from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locate.definitions import definitions


@pytest.mark.parametrize(
    "line",
    [
        "def add(self, item):",
        "    async def add(self):",
        "class add:",
        "add = 3",
        "add: int = 3",
        "    add = 3",
        "self.add = 3",
        "function add(item) {",
        "export const add = (item) => {",
        "  add(item) {",
        "interface add {",
        "func (c *Cart) add(item Item) error {",
        "type add struct {",
        "pub(crate) fn add(item: Item) {",
        "macro_rules! add {",
        "    public static int add(int item) {",
        "    private List<Item> add(Item item)",
        "int *add(int item)",
        "void Cart::add(int item) {",
        "#define add 3",
        "def self.add(item)",
        "fun add(item: Item) {",
        'resource "aws_s3_bucket" "add" {',
        'variable "add" {',
        "add: 3",
    ],
)
def test_a_definition_is_seen_in_many_languages(line: str) -> None:
    assert definitions(b"x\n\n" + line.encode() + b"\n", b"add") == [3]


@pytest.mark.parametrize(
    "line",
    [
        "add(item)",
        "    cart.add(item)",
        "    return add(item)",
        "    result = add(item)",
        "        add = 3",
        "if add == 3:",
        "from cart import add",
        "    new add(item)",
        "    throw add(item);",
        "def add_item(self):",
        "def readd(self):",
        "class Add:",
        "# add (item) to the cart",
        "    cart add(item);",
        "print add (3)",
        "let address = 3",
    ],
)
def test_a_use_is_no_definition(line: str) -> None:
    assert definitions(line.encode(), b"add") == []


@pytest.mark.parametrize(
    ("line", "name", "defined"),
    [
        ('add_argument("--jobs", type=int)', "--jobs", True),
        ('("jobs", {"type": "int"})', "--jobs", True),
        ("long = 'max-jobs'", "--max-jobs", True),
        ('"used-before-assignment",', "used-before-assignment", True),
        ("# --jobs is nice", "--jobs", False),
        ('"jobserver"', "--jobs", False),
    ],
)
def test_options_and_hyphenated_names_are_defined_where_they_stand_quoted(
    line: str, name: str, *, defined: bool
) -> None:
    assert bool(definitions(line.encode(), name.encode())) is defined


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), min_size=1, max_size=10))
def test_any_bytes_give_ascending_lines_inside_the_file(data: bytes, name: str) -> None:
    found = definitions(data, name.encode())

    assert found == sorted(found)
    assert all(1 <= line <= data.count(b"\n") + 1 for line in found)
