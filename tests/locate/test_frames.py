from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locate.frames import Frame, frames

PYTHON = """Traceback (most recent call last):
  File "/home/me/run.py", line 3, in <module>
    main()
  File "/usr/lib/python3/site-packages/shop/cart.py", line 42, in Cart.add
    raise ValueError
ValueError: nope
"""
PYTEST = """
tests/test_cart.py:12: in test_add
    cart.add(1)
src/shop/cart.py:42: ValueError
"""
JAVASCRIPT = """TypeError: x is undefined
    at Cart.add (/srv/app/src/cart.js:42:13)
    at async run (file:///srv/app/src/run.mjs:7:3)
    at /srv/app/src/anonymous.ts:9:1
"""
JAVA = """java.lang.IllegalStateException: nope
    at com.shop.Cart$Item.add(Cart.java:42)
    at com.shop.Main.main(Main.java:7)
Caused by: java.io.IOException
"""
GO = """panic: runtime error: index out of range

goroutine 1 [running]:
shop.(*Cart).Add(0xc000012345)
\t/home/me/shop/cart.go:42 +0x1d
main.main()
\t/home/me/main.go:7 +0x2a
"""
RUST = """thread 'main' panicked at src/cart.rs:42:9:
index out of bounds
   3: shop::main
             at ./src/main.rs:7:5
"""
RUBY = """lib/shop/cart.rb:42:in `add': nope (ArgumentError)
\tfrom bin/run.rb:7:in 'Shop::Cart#total'
"""
CSHARP = """System.NullReferenceException: nope
   at Shop.Cart.Add(Item item) in C:\\src\\Shop\\Cart.cs:line 42
   at Shop.Program.Main() in /src/Shop/Program.cs:line 7
"""
PHP = """PHP Fatal error:  Uncaught Error: nope in /srv/src/Cart.php:42
Stack trace:
#0 /srv/src/Run.php(7): Shop\\Cart->add(Object(Item))
#1 {main}
  thrown in /srv/src/Cart.php on line 44
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            PYTHON,
            [Frame("/usr/lib/python3/site-packages/shop/cart.py", 42, "Cart.add"), Frame("/home/me/run.py", 3)],
            id="Python says the crash last",
        ),
        pytest.param(PYTEST, [Frame("tests/test_cart.py", 12), Frame("src/shop/cart.py", 42)], id="pytest"),
        pytest.param(
            JAVASCRIPT,
            [
                Frame("/srv/app/src/cart.js", 42, "Cart.add"),
                Frame("/srv/app/src/run.mjs", 7, "run"),
                Frame("/srv/app/src/anonymous.ts", 9),
            ],
            id="JavaScript and TypeScript",
        ),
        pytest.param(JAVA, [Frame("com/shop/Cart.java", 42, "add"), Frame("com/shop/Main.java", 7, "main")], id="Java"),
        pytest.param(GO, [Frame("/home/me/shop/cart.go", 42), Frame("/home/me/main.go", 7)], id="Go"),
        pytest.param(RUST, [Frame("src/cart.rs", 42), Frame("./src/main.rs", 7)], id="Rust"),
        pytest.param(RUBY, [Frame("lib/shop/cart.rb", 42, "add"), Frame("bin/run.rb", 7, "total")], id="Ruby"),
        pytest.param(
            CSHARP, [Frame("C:\\src\\Shop\\Cart.cs", 42), Frame("/src/Shop/Program.cs", 7)], id="C# on both systems"
        ),
        pytest.param(
            PHP,
            [Frame("/srv/src/Cart.php", 42), Frame("/srv/src/Run.php", 7, "add"), Frame("/srv/src/Cart.php", 44)],
            id="PHP",
        ),
        pytest.param("src/cart.c:42:7: error: expected ';'", [Frame("src/cart.c", 42)], id="a compiler"),
    ],
)
def test_a_stack_trace_gives_its_frames_nearest_to_the_crash_first(text: str, expected: list[Frame]) -> None:
    assert frames(text) == expected


@pytest.mark.parametrize(
    "text", ["at 12:30 we met", "version 1.2.3:4", "see http://localhost:8080/", "a: b", "10:20:30"]
)
def test_prose_with_colons_and_digits_is_no_frame(text: str) -> None:
    assert frames(text) == []


def test_a_repeated_frame_is_told_once_and_endless_recursion_is_cut() -> None:
    same = '  File "a.py", line 1, in f\n' * 500
    assert frames("Traceback (most recent call last):\n" + same) == [Frame("a.py", 1, "f")]

    many = "".join(f'  File "a.py", line {number}, in f\n' for number in range(1, 500))
    found = frames("Traceback (most recent call last):\n" + many)
    assert found[0].line == 499
    assert len(found) == 60


@given(st.text(st.sampled_from("ab/.:()#\\ \n19'`inatFile\","), max_size=200))
def test_any_text_gives_frames_with_a_path_and_never_raises(text: str) -> None:
    assert all(frame.path and frame.line >= 0 for frame in frames(text))
