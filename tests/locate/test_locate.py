from __future__ import annotations

import json
import tracemalloc
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.locate
from bot.locate import Located, locate
from tests.locate.trees import FILLER, Memory, function


def first(issue: str, files: dict[str, str | bytes]) -> Located:
    return locate(issue, Memory(FILLER | files))[0]


SESSION = "class Session:\n    def mount(self, prefix, adapter):\n        self.adapters[prefix] = adapter\n"


@pytest.mark.parametrize(
    ("issue", "files", "expected", "reason"),
    [
        pytest.param(
            "Crash in src/shop/cart.py when it is empty",
            {"src/shop/cart.py": "x = 1\n", "src/shop/crash.py": "def crash(): ...\n"},
            "src/shop/cart.py",
            "named in the issue: src/shop/cart.py",
            id="a path",
        ),
        pytest.param(
            "Something is odd in cart.py",
            {"src/shop/cart.py": "x = 1\n", "src/shop/odd.py": "y = 2\n"},
            "src/shop/cart.py",
            "named in the issue: cart.py",
            id="a base name",
        ),
        pytest.param(
            "`shop.billing.invoice.total` is off by one",
            {"src/shop/billing/invoice.py": "def other(): ...\n", "src/shop/ship/invoice.py": "def other(): ...\n"},
            "src/shop/billing/invoice.py",
            "named in the issue: shop.billing.invoice.total",
            id="a dotted module",
        ),
        pytest.param(
            "It breaks in com.shop.Cart",
            {
                "app/src/main/java/com/shop/Cart.java": "class Cart {}\n",
                "app/src/main/java/com/ship/Cart.java": "class Cart {}\n",
            },
            "app/src/main/java/com/shop/Cart.java",
            "named in the issue: com.shop.Cart",
            id="a Java class",
        ),
        pytest.param(
            "`Shop::LineItem` is never freed",
            {"lib/shop/line_item.rb": "x = 1\n", "lib/ship/line_item.rb": "x = 1\n"},
            "lib/shop/line_item.rb",
            "named in the issue: Shop::LineItem",
            id="a Ruby constant",
        ),
        pytest.param(
            "`Session.mount` refuses a prefix",
            {"src/a.py": SESSION, "src/b.py": "session.mount('x', 1)\nsession.mount('y', 2)\n" * 9},
            "src/a.py",
            "defines mount",
            id="a definition before its uses",
        ),
        pytest.param(
            "`used-before-assignment` is raised wrongly for walrus",
            {"src/rules.py": 'RULES = {"used-before-assignment": 1}\n', "src/other.py": "assignment = 'before used'\n"},
            "src/rules.py",
            "defines used-before-assignment",
            id="a hyphenated name where it is quoted",
        ),
        pytest.param(
            "Running with --max-jobs 3 hangs",
            {"src/run.py": 'parser.add_argument("--max-jobs", type=int)\n', "src/walk.py": "jobs = max(3, 4)\n"},
            "src/run.py",
            "defines --max-jobs",
            id="an option",
        ),
        pytest.param(
            "Fails with\n\n    ValueError: prefix is not a registered scheme\n",
            {
                "src/a.py": "raise ValueError(f'{x}: prefix is not a registered scheme')\n",
                "src/b.py": "scheme = prefix\n",
            },
            "src/a.py",
            'contains "prefix is not a"',
            id="an error message",
        ),
        pytest.param(
            "Merging invoices loses the discounts",
            {"src/a.py": "def merge_invoice(discount): ...\n", "src/b.py": "def print_invoice(): ...\n"},
            "src/a.py",
            "words: Merging, discounts, invoices",
            id="inflected words in snake case",
        ),
        pytest.param(
            "Discounts are not merged",
            {"web/a.ts": "export function mergeAllDiscounts() {}\n", "web/b.ts": "export function printAll() {}\n"},
            "web/a.ts",
            "words: Discounts, merged",
            id="words inside camel case",
        ),
        pytest.param(
            "The replica count of the worker deployment is ignored",
            {"deploy/worker.yaml": "kind: Deployment\nspec:\n  replicas: 3\n", "deploy/web.yaml": "kind: Service\n"},
            "deploy/worker.yaml",
            "words: worker, replica, deployment",
            id="settings as code",
        ),
    ],
)
def test_the_file_an_issue_is_about_comes_first_and_says_why(
    issue: str, files: dict[str, str | bytes], expected: str, reason: str
) -> None:
    found = first(issue, files)

    assert found.path == expected
    assert reason in found.why


CART = function("add_item", "return value.price")
SAME_WORDS = function("test_add_item", "assert add_item(price) == item.price; item.price; item.price")


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_cart.py",
        "src/cart_test.go",
        "web/__tests__/cart.ts",
        "src/test/java/CartTest.java",
        "docs/cart.md",
        "CHANGELOG.md",
        "vendor/shop/cart.py",
        "node_modules/shop/cart.js",
        "web/cart.min.js",
        "api/cart_pb2.py",
    ],
)
def test_tests_documents_and_foreign_files_come_after_the_code_but_are_kept(path: str) -> None:
    found = [one.path for one in locate("add_item ignores the price", Memory({"src/cart.py": CART, path: SAME_WORDS}))]

    assert found == ["src/cart.py", path]


@pytest.mark.parametrize("path", ["package-lock.json", "uv.lock", "logo.png", "data.csv", "app.js.map"])
def test_lock_and_binary_files_are_not_even_read(path: str) -> None:
    files = Memory({"src/cart.py": CART, path: SAME_WORDS})

    assert [one.path for one in locate("add_item ignores the price", files)] == ["src/cart.py"]
    assert path not in files.opened


def test_a_binary_file_without_a_telling_name_is_left_out() -> None:
    files = Memory({"src/cart.py": CART, "src/blob.py": b"add_item price \0" * 9})

    assert [one.path for one in locate("add_item ignores the price", files)] == ["src/cart.py"]


def test_a_test_file_that_the_issue_names_is_not_hidden() -> None:
    files = Memory({"tests/test_cart.py": SAME_WORDS, "src/other.py": "item = 1\n", **FILLER})

    assert locate("tests/test_cart.py is flaky", files)[0].path == "tests/test_cart.py"


def test_what_the_reporters_own_snippet_defines_is_not_looked_for() -> None:
    issue = "Mounting fails\n\n```python\ndef part3():\n    session.mount('x')\n```\n"
    found = first(issue, {"src/session.py": SESSION})

    assert found.path == "src/session.py"
    assert "defines part3" not in [reason for one in locate(issue, Memory(FILLER)) for reason in one.why]


def test_a_name_that_fits_very_many_files_names_none() -> None:
    files: dict[str, str | bytes] = {f"src/p{number}/__init__.py": "x = 1\n" for number in range(30)}

    found = locate("`__init__.py` looks strange", Memory(files))

    assert not [reason for one in found for reason in one.why if reason.startswith("named")]


def test_nothing_in_common_gives_nothing() -> None:
    assert locate("zebra quagga", Memory(FILLER)) == []
    assert locate("", Memory(FILLER)) == []
    assert locate("zebra", Memory({})) == []


@pytest.mark.parametrize("limit", [0, 1, 3, 30])
def test_the_limit_is_kept(limit: int) -> None:
    assert len(locate("part one return", Memory(FILLER), limit)) == min(limit, len(FILLER))


def test_the_json_value_is_plain_and_rounded() -> None:
    found = Located("a.py", 1.23456789, ((1, 3), (8, 9)), ("defines x",))

    assert json.loads(json.dumps(found.as_json())) == {
        "path": "a.py",
        "score": 1.2346,
        "lines": [[1, 3], [8, 9]],
        "why": ["defines x"],
    }


def test_the_windows_show_the_whole_small_function_that_is_named() -> None:
    text = "".join(function(f"step{number}", "return 0", lines=30) + "\n\n" for number in range(10))
    body = text.splitlines()
    start = body.index("def step7(value):") + 1
    found = first("`step7` is wrong", {"src/steps.py": text})

    assert any(window[0] <= start and start + 29 <= window[1] for window in found.lines)
    assert sum(end - begin + 1 for begin, end in found.lines) < len(body) / 2


def test_a_large_tree_is_sieved_and_still_gives_the_right_file() -> None:
    files: dict[str, str | bytes] = {
        f"src/m{number}.py": f"def helper{number}(session, prefix):\n    return prefix\n" for number in range(1500)
    }
    files["src/deep/session.py"] = SESSION
    tree = Memory(files)
    found = locate("mount() of the session ignores the adapter for a prefix", tree)

    assert found[0].path == "src/deep/session.py"
    assert max(tree.opened.count(path) for path in files) <= 4  # sample, sieve, close reading, windows


def test_of_a_huge_tree_the_code_near_the_issue_is_scanned_and_the_rest_is_not() -> None:
    block = b"x = 1\n" * 100_000
    files: dict[str, str | bytes] = {f"docs/d{number:02}.md": block for number in range(40)}
    files |= {f"src/s{number:02}.py": block for number in range(60)}
    files["zoo/session/mount.py"] = SESSION
    tree = Memory(files)
    found = locate("mount of the session ignores the adapter", tree)

    assert found[0].path == "zoo/session/mount.py"
    assert not [path for path in tree.opened if path.startswith("docs/")]
    assert sum(tree.sizes[path] for path in set(tree.opened)) <= 24_000_000


HOSTILE = [
    pytest.param("(" * 500_000, id="brackets"),
    pytest.param("a" * 1_000_000, id="one word"),
    pytest.param("a/" * 500_000, id="one path"),
    pytest.param("a.b:1 " * 160_000, id="frames"),
    pytest.param("in a" * 250_000, id="almost frames"),
    pytest.param("at a.b(" * 140_000, id="almost Java frames"),
    pytest.param("`a`'b\"c" * 150_000, id="quotes"),
    pytest.param("<!--" * 250_000, id="comments"),
    pytest.param("```\n" * 250_000, id="fences"),
    pytest.param("a-b" * 330_000, id="hyphens"),
    pytest.param("_A" * 500_000, id="compounds"),
    pytest.param("\n".join(f"word{number} CamelWord{number} --opt-{number}" for number in range(28_000)), id="names"),
    pytest.param(" ".join(f"src/f{number}.py" for number in range(80_000)), id="paths"),
]


@pytest.mark.parametrize("issue", HOSTILE)
def test_an_issue_of_a_megabyte_is_bounded(issue: str) -> None:
    began = process_time()
    locate(issue, Memory(FILLER | {"src/session.py": SESSION * 50}))

    assert process_time() - began < 3.0  # a tenth of that when nothing else runs; a catastrophic regex takes minutes


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"mount " * 160_000, id="one line of the word"),
        pytest.param(b"mount\n" * 160_000, id="the word on every line"),
        pytest.param(b"\n" * 990_000, id="empty lines"),
        pytest.param(b"def mount(\n" * 90_000, id="definitions"),
        pytest.param((b" " * 500 + b"mount\n") * 1_900, id="deep indentation"),
        pytest.param(b"".join(b" " * (n % 900) + b"mount\n" for n in range(1_900)), id="endless nesting"),
    ],
)
def test_a_file_just_below_the_limit_is_bounded_and_one_of_five_megabytes_is_left_alone(data: bytes) -> None:
    tree = Memory({"src/large.py": data, "src/huge.py": data * 6, "src/session.py": SESSION})
    tracemalloc.start()
    began = process_time()
    found = locate("`mount` of the Session fails", tree)
    seconds = process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "src/huge.py" not in tree.opened
    assert "src/session.py" in [one.path for one in found]
    assert seconds < 5.0  # tracing memory slows it down several times
    assert peak < 150_000_000


texts = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(
            ["`", "```\n", "a.py:3", " mount", "\n", "def mount(", "Session.mount", "--opt", "'", '"', "<!--", "\ud800"]
        )
    ).map("".join),
)
contents = st.one_of(st.binary(max_size=300), texts.map(lambda text: text.encode(errors="replace")))
paths = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=30)


@settings(deadline=None)
@given(texts, st.dictionaries(paths, contents, max_size=8), st.integers(-1, 10))
def test_any_issue_and_any_tree_give_a_sorted_limited_answer_with_windows_inside_the_files(
    issue: str, files: dict[str, bytes], limit: int
) -> None:
    found = locate(issue, Memory(dict(files)), limit)

    assert len(found) <= max(0, limit)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert len({one.path for one in found}) == len(found)
    for one in found:
        last = len(files[one.path].split(b"\n"))
        flat = [line for window in one.lines for line in window]
        assert flat == sorted(flat)
        assert all(1 <= line <= last for line in flat)
        assert one.why
        assert one.score > 0


def test_the_room_offers_its_names_and_no_others() -> None:
    assert {name: getattr(bot.locate, name).__name__ for name in bot.locate.__all__} == {
        name: name for name in bot.locate.__all__
    }
    with pytest.raises(AttributeError, match="no attribute 'everything'"):
        _ = bot.locate.everything
