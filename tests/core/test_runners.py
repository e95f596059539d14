"""Configured commands, and what they become for a few test files; whatever is not plain is left alone."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.runners import Layout, narrowed, scripts_of

PATHS = [
    "tests/test_cart.py", "tests/unit/test_a.py", "shop/cart.py", "pkg/cart/cart_test.go", "main_test.go",
    "src/a.test.js", "tests/it.rs", "src/test/java/CartTest.java", "spec/cart_spec.rb", "test/CartTest.php",
]  # fmt: skip
LAYOUT = Layout(PATHS)
PY, GO, JS, RS, JAVA, RB, PHP = (
    ["tests/test_cart.py"], ["pkg/cart/cart_test.go"], ["src/a.test.js"], ["tests/it.rs"],
    ["src/test/java/CartTest.java"], ["spec/cart_spec.rb"], ["test/CartTest.php"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("command", "tests", "expected"),
    [
        ("pytest", PY, "pytest tests/test_cart.py"),
        ("pytest -q tests", PY, "pytest -q tests/test_cart.py"),
        ("pytest -k 'not slow' --maxfail 2 tests/unit tests/test_cart.py::test_a", PY,
         "pytest -k 'not slow' --maxfail 2 tests/test_cart.py"),
        ("python -m pip install -q -e . pytest && python -m pytest -q", PY,
         "python -m pip install -q -e . pytest && python -m pytest -q tests/test_cart.py"),
        ("CI=1 poetry run pytest -n auto", PY, "CI=1 poetry run pytest -n auto tests/test_cart.py"),
        (".venv/bin/pytest; echo done", PY, ".venv/bin/pytest tests/test_cart.py; echo done"),
        ("set -x\ncoverage run -m pytest\n", PY, "set -x\ncoverage run -m pytest tests/test_cart.py\n"),
        ("python3 -m unittest", PY, "python3 -m unittest tests/test_cart.py"),
        ("python3 -W error -m unittest -v tests.unit", PY, "python3 -W error -m unittest -v tests/test_cart.py"),
        ("python -m unittest discover -s tests", PY, "python -m unittest discover -s tests -p test_cart.py"),
        ("go test ./...", GO, "go test ./pkg/cart"),
        ("go test -race -timeout 5m ./pkg/...", [*GO, "main_test.go"], "go test -race -timeout 5m . ./pkg/cart"),
        ("cargo test --features x -- --nocapture", RS, "cargo test --features x --test it -- --nocapture"),
        ("npx jest --ci", JS, "npx jest --ci --runTestsByPath src/a.test.js"),
        ("vitest run", JS, "vitest run src/a.test.js"),
        ("npx mocha 'src/**/*.js'", JS, "npx mocha src/a.test.js"),
        ("node --test", JS, "node --test src/a.test.js"),
        ("bundle exec rspec", RB, "bundle exec rspec spec/cart_spec.rb"),
        ("vendor/bin/phpunit --testsuite unit", PHP, "vendor/bin/phpunit --testsuite unit test/CartTest.php"),
        ("mvn -q -B test", JAVA, "mvn -q -B test -Dtest=CartTest -Dsurefire.failIfNoSpecifiedTests=false"),
        ("./gradlew test", JAVA, "./gradlew test --tests '*CartTest'"),
    ],
)  # fmt: skip
def test_a_plain_command_is_aimed_at_some_files(command: str, tests: list[str], expected: str) -> None:
    assert narrowed(command, tests, LAYOUT) == expected


@pytest.mark.parametrize(
    "command",
    [
        "", "make test", "tox -e py", "pytest | tee log", "pytest > log", "pytest $ARGS", "pytest `list`",
        "cd sub && pytest", "if x; then pytest; fi", "pytest tests && pytest tests/unit", "pytest --some-plugin value",
        "echo pytest", "pytest || true", "(pytest)", "pytest &", "pytest # all", "pytest-watch",
        "python -c 'import pytest'", "pytest !x", "python -m unittest discover elsewhere", "x" * 5000 + " && pytest",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_alone(command: str) -> None:
    assert narrowed(command, PY, LAYOUT) is None


@pytest.mark.parametrize(
    ("command", "tests"),
    [("pytest", GO), ("go test", PY), ("pytest", []), ("cargo test", ["src/tests.rs"]),
     ("phpunit", PHP * 2), ("python -m unittest discover", PY * 2), ("./gradlew test", ["sub/src/ATest.java"])],
)  # fmt: skip
def test_a_runner_is_not_aimed_at_what_it_cannot_run(command: str, tests: list[str]) -> None:
    assert narrowed(command, tests, LAYOUT) is None


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        (
            {"test": "jest --ci"},
            'npm ci && PATH="$PWD/node_modules/.bin:$PATH" jest --ci --runTestsByPath src/a.test.js',
        ),
        ({"test": "jest", "pretest": "tsc"}, None),
        ({"test": "tsc && jest"}, None),
        ({"test": "npm run test:unit"}, None),
        ({}, None),
    ],
)
def test_a_script_of_the_package_is_looked_into(scripts: dict[str, str], expected: str | None) -> None:
    assert narrowed("npm ci && npm test", JS, Layout(PATHS, scripts)) == expected


@pytest.mark.parametrize(
    ("command", "tests", "expected"),
    [
        ("pytest -q -x", PY, "pytest -rfEpsxX --maxfail=0 --tb=short --color=no tests/test_cart.py"),
        ("python3 -m unittest -q", PY, "python3 -m unittest -v tests/test_cart.py"),
        ("go test ./...", GO, "go test -v ./pkg/cart"),
        ("node --test", JS, "node --test --test-reporter=tap src/a.test.js"),
    ],
)
def test_a_runner_can_be_asked_to_name_each_test(command: str, tests: list[str], expected: str) -> None:
    assert narrowed(command, tests, LAYOUT, each=True) == expected


@pytest.mark.parametrize("text", ["", "[]", "{", '{"scripts": 1}', '{"scripts": {"test": 1}}', "[" * 10_000])
def test_a_package_without_scripts_has_none(text: str) -> None:
    assert scripts_of(text) == {}


@given(
    st.sampled_from(["pytest", "pytest -k 'a b'", "python -m unittest -v", "set -e; pytest -q"]),
    st.text(alphabet="ab -;&|$`'\"\\\n()*\u00e9", min_size=1, max_size=30),
)
def test_whatever_its_name_a_file_stays_one_word(command: str, name: str) -> None:
    path = f"{name}.py"
    line = narrowed(command, [path], Layout([path]))
    assert line is not None
    assert shlex.split(line)[-1].removeprefix("./") == path
