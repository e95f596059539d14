from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locate.paths import HUGE, Kind, PathIndex, kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/shop/cart.py", Kind.CODE),
        ("Dockerfile", Kind.CODE),
        ("docker/Dockerfile.dev", Kind.CODE),
        ("infra/main.tf", Kind.CODE),
        ("pandas/testing/helpers.py", Kind.CODE),
        ("src/contest.py", Kind.CODE),
        ("src/latest.py", Kind.CODE),
        ("deploy/web.yaml", Kind.SETTINGS),
        ("bin/run", Kind.SETTINGS),
        ("tests/helpers.py", Kind.TEST),
        ("testing/helpers.py", Kind.TEST),
        ("shop/test_cart.py", Kind.TEST),
        ("shop/cart_test.go", Kind.TEST),
        ("web/cart.spec.ts", Kind.TEST),
        ("src/shop/CartTest.java", Kind.TEST),
        ("conftest.py", Kind.TEST),
        ("README.md", Kind.DOCUMENT),
        ("docs/conf.py", Kind.DOCUMENT),
        ("examples/cart.py", Kind.DOCUMENT),
        ("CHANGELOG", Kind.DOCUMENT),
        ("vendor/lib/cart.go", Kind.FOREIGN),
        ("web/Node_Modules/x/cart.js", Kind.FOREIGN),
        ("web/cart.min.js", Kind.FOREIGN),
        ("api/cart.pb.go", Kind.FOREIGN),
        ("logo.PNG", Kind.LEFT_OUT),
        ("package-lock.json", Kind.LEFT_OUT),
        ("Cargo.lock", Kind.LEFT_OUT),
    ],
)
def test_a_path_tells_the_kind_of_file(path: str, kind: Kind) -> None:
    assert kind_of(path, 100) is kind


@pytest.mark.parametrize(
    ("size", "kind"), [(0, Kind.LEFT_OUT), (1, Kind.CODE), (HUGE, Kind.CODE), (HUGE + 1, Kind.LEFT_OUT)]
)
def test_an_empty_or_huge_file_is_left_out(size: int, kind: Kind) -> None:
    assert kind_of("src/cart.py", size) is kind


TREE = PathIndex(
    [
        "src/flask/app.py",
        "src/flask/json/__init__.py",
        "src/flask/json/provider.py",
        "examples/app.py",
        "lib/shop/line_item.rb",
        "web/cart/index.ts",
        "crates/core/src/lib.rs",
        "setup.py",
    ]
)


@pytest.mark.parametrize(
    ("mention", "expected"),
    [
        ("src/flask/app.py", ["src/flask/app.py"]),
        ("flask/app.py", ["src/flask/app.py"]),
        ("/usr/lib/python3/site-packages/flask/app.py", ["src/flask/app.py"]),
        ("C:\\work\\flask\\app.py", ["src/flask/app.py"]),
        ("./src/../flask/app.py", ["src/flask/app.py"]),
        ("app.py", ["src/flask/app.py", "examples/app.py"]),
        ("/home/me/other/app.py", []),
        ("/home/me/setup.py", ["setup.py"]),
        ("nothing.py", []),
        ("///", []),
    ],
)
def test_a_mentioned_path_finds_the_files_that_end_like_it(mention: str, expected: list[str]) -> None:
    assert TREE.files(mention)[1] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flask.app.Flask.run", ["src/flask/app.py"]),
        ("flask.json", ["src/flask/json/__init__.py"]),
        ("flask.json.dumps", ["src/flask/json/__init__.py"]),
        ("Shop::LineItem", ["lib/shop/line_item.rb"]),
        ("Shop::LineItem#total", ["lib/shop/line_item.rb"]),
        ("App\\Shop\\LineItem", ["lib/shop/line_item.rb"]),
        ("cart.total", ["web/cart/index.ts"]),
        ("other.thing", []),
        ("os.path.app", []),
    ],
)
def test_a_dotted_name_finds_its_module_and_ignores_the_names_inside(name: str, expected: list[str]) -> None:
    assert TREE.modules(name)[1] == expected


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=20)))
def test_any_mention_finds_only_paths_that_are_there(mention: str, paths: list[str]) -> None:
    index = PathIndex(paths)

    assert {*index.files(mention)[1], *index.modules(mention)[1]} <= {*paths}
