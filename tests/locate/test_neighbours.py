from __future__ import annotations

import pytest

from bot.locate import locate
from tests.locate.trees import FILLER, Memory

PLAIN = "def widget():\n    return 1\n"


def scores(issue: str, files: dict[str, str]) -> dict[str, tuple[float, tuple[str, ...]]]:
    return {one.path: (one.score, one.why) for one in locate(issue, Memory(FILLER | files))}


def test_of_two_like_files_the_one_in_the_folder_that_the_issue_speaks_of_comes_first() -> None:
    found = scores("A widget of the billing is wrong", {"app/billing/x.py": PLAIN, "app/shipping/x.py": PLAIN})
    assert found["app/billing/x.py"][0] > found["app/shipping/x.py"][0]
    assert "folder: billing" in found["app/billing/x.py"][1]


def test_a_folder_named_in_full_says_more_than_one_named_in_part() -> None:
    files = {"billing/x.py": PLAIN, "billing/europe/overseas/tariffs/x.py": PLAIN}
    found = scores("A widget of the billing is wrong", files)
    assert found["billing/x.py"][0] > found["billing/europe/overseas/tariffs/x.py"][0]


def test_a_file_among_others_that_hold_the_words_comes_before_a_lonely_one() -> None:
    files = {"one/x.py": PLAIN, "one/y.py": PLAIN, "one/z.py": PLAIN, "two/x.py": PLAIN, "two/y.py": "a = 1\n"}
    found = scores("The widget is wrong", files)
    assert found["one/x.py"][0] > found["two/x.py"][0]
    assert "the words gather in its folder" in found["one/x.py"][1]


@pytest.mark.parametrize(
    ("code", "test"),
    [
        ("src/cart.py", "tests/test_cart.py"),
        ("src/cart.py", "tests/unittest_cart.py"),
        ("src/line_item.py", "tests/test_line_item.py"),
        ("pkg/cart.go", "pkg/cart_test.go"),
        ("src/cart.js", "src/__tests__/cart.test.js"),
        ("src/cart.ts", "src/cart.spec.ts"),
        ("lib/cart.rb", "spec/cart_spec.rb"),
        ("lib/cart.rb", "test/test-cart.rb"),
        ("app/main/Cart.java", "app/tests/CartTest.java"),
        ("app/main/Cart.kt", "app/tests/CartTests.kt"),
    ],
)
def test_code_whose_own_tests_hold_the_words_is_found_by_them(code: str, test: str) -> None:
    other = code.replace("art", "ost").replace("item", "iron")
    found = scores("Discounts vanish", {code: PLAIN, other: PLAIN, test: "discounts vanish\n" * 3})
    assert found[code][1] == (f"tested by {test}",)
    assert other not in found


@pytest.mark.parametrize("test", ["tests/test_cart_total.py", "tests/test_.py", "tests/test.py", "tests/cart.py"])
def test_a_test_named_after_something_else_speaks_for_nothing(test: str) -> None:
    assert "src/cart.py" not in scores("Discounts vanish", {"src/cart.py": PLAIN, test: "discounts vanish\n" * 3})


def test_documents_and_tests_gain_nothing_from_their_folders() -> None:
    found = scores("The widget is wrong", {f"tests/test_{name}.py": PLAIN for name in "abcdef"})
    assert found
    assert all("the words gather in its folder" not in why for _, why in found.values())
