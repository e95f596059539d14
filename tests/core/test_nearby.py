from __future__ import annotations

import pytest

from bot.core.nearby import MOST_NEAR, code_near, is_support, is_test, near_tests


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_cart.py", True), ("shop/cart_test.py", True), ("shop/tests.py", True), ("pkg/cart_test.go", True),
        ("src/cart.test.ts", True), ("cart.spec.js", True), ("__tests__/cart.js", True), ("test/cart.js", True),
        ("src/test/java/CartTest.java", True), ("CartIT.java", True), ("TestCart.java", True), ("CartTest.php", True),
        ("spec/cart_spec.rb", True), ("tests/cart.rs", True),
        ("shop/cart.py", False), ("latest.py", False), ("contest.js", False), ("src/lib.rs", False),
        ("a/Attest.ts", False),
        ("tests/__init__.py", False), ("tests/conftest.py", False), ("docs/CartTest.md", False), ("FooTest.py", False),
        ("test_.py", False), ("", False),
    ],
)  # fmt: skip
def test_a_test_is_known_by_its_name(path: str, expected: bool) -> None:
    assert is_test(path) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/__init__.py", True), ("conftest.py", True), ("a/fixtures/x.json", True), ("Tests/Data.cs", True),
     ("shop/cart.py", False), ("latest/x.py", False)],
)  # fmt: skip
def test_what_only_serves_tests_is_known_by_its_place(path: str, expected: bool) -> None:
    assert is_support(path) is expected


@pytest.mark.parametrize(
    ("changed", "tree", "near"),
    [
        pytest.param("shop/cart.py", "tests/test_cart.py tests/test_order.py", "tests/test_cart.py", id="namesake"),
        pytest.param(
            "shop/cart.py",
            "tests/billing/test_cart.py tests/shop/test_cart.py",
            "tests/shop/test_cart.py tests/billing/test_cart.py",
            id="folders decide between namesakes",
        ),
        pytest.param(
            "shop/cart.py",
            "tests/test_cart_totals.py tests/test_discart.py",
            "tests/test_cart_totals.py",
            id="begins so",
        ),
        pytest.param("shop/__init__.py", "tests/test_shop.py tests/test_init.py", "tests/test_shop.py", id="a package"),
        pytest.param("src/cart/index.ts", "src/cart/cart.test.ts", "src/cart/cart.test.ts", id="an index file"),
        pytest.param(
            "src/main/java/a/CartItem.java",
            "src/test/java/a/CartItemTest.java src/test/java/a/CartTest.java",
            "src/test/java/a/CartItemTest.java",
            id="camel case",
        ),
        pytest.param("tests/test_a.py", "tests/test_a.py tests/test_b.py", "tests/test_a.py", id="a changed test"),
        pytest.param("tests/test_gone.py", "tests/test_b.py", "", id="a deleted test"),
        pytest.param("README.md", "tests/test_readme.py", "", id="no code"),
        pytest.param("a.py", "tests/test_b.py", "", id="nothing alike"),
    ],
)
def test_the_tests_near_a_change_have_its_name(changed: str, tree: str, near: str) -> None:
    assert near_tests([changed], tree.split()) == tuple(near.split())


def test_few_tests_are_near_and_the_changed_ones_come_first() -> None:
    tree = [f"tests/{letter}/test_cart.py" for letter in "abcdefghijkl"]
    near = near_tests(["shop/cart.py", "tests/l/test_cart.py"], tree)
    assert (len(near), near[0]) == (MOST_NEAR, "tests/l/test_cart.py")


def test_the_code_near_a_test_is_its_namesake_in_the_same_language() -> None:
    tree = ["shop/cart.py", "shop/cart.js", "shop/order.py", "tests/test_cart.py"]
    assert code_near("tests/test_cart.py", tree) == ("shop/cart.py",)
    assert code_near("tests/test_nothing.py", tree) == ()
