"""Which test files belong to which code, by the names that people give them in any language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MOST_NEAR = 8
"""Test files that count as near; more would be the whole suite again."""

_CODE = frozenset(
    re.findall(
        r"\w+",
        "c cc cjs clj cpp cs cts cxx dart erl ex exs fs go groovy h hpp java jl js jsx kt kts lua m mjs mts php pl pm"
        " py pyi r rb rs scala sh svelte swift ts tsx vue",
    )
)
_SCRIPT = frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"})
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs", "testing", "e2e", "unit", "integration"})
_ROOTS = frozenset({"src", "lib", "libs", "app", "main", "java", "kotlin", "python", "pkg", "internal", "packages"})
# Names that say nothing, so that the folder's stands for them.
_NAMELESS = frozenset({"__init__", "index", "mod", "main", "lib", "__main__", "init"})
_TEST_STEM = re.compile(
    r"test_(?P<a>.+)|(?P<b>.+?)[._-](?:tests?|specs?)|(?P<c>[A-Z]\w*?)(?:Tests?|Specs?|IT)|Test(?P<d>[A-Z]\w*)"
)
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Where classes name files, so that `CartTest` is a test; in Python `FooTest.py` is none.
_CAMEL = frozenset({"java", "kt", "kts", "scala", "groovy", "cs", "fs", "php", "swift", "ts", "js"})
_SUPPORT = re.compile(r"(?:^|/)(?:conftest\.py|__snapshots__/|fixtures?/|testdata/|test_data/)")


def is_test(path: str) -> bool:
    """Whether a test runner would take the file for tests by its name.

    The names are the defaults of pytest and unittest, Go, jest, vitest and mocha, JUnit, RSpec, PHPUnit and Cargo
    (every file right in a `tests` folder), and mocha's and Node's `test` folder.
    """
    folder, stem, suffix = _parts(path)
    if suffix not in _CODE:
        return False
    if suffix == "rs":
        return folder.rpartition("/")[2] == "tests" or stem in {"tests", "test"} or stem.endswith("_test")
    if suffix == "py":
        return (stem.startswith("test_") and stem != "test_") or stem.endswith("_test") or stem == "tests"
    found = _TEST_STEM.fullmatch(stem)
    if found is None or (found.lastgroup in {"c", "d"} and suffix not in _CAMEL):
        return suffix in _SCRIPT and not {"test", "__tests__"}.isdisjoint(folder.split("/"))
    return True


def is_support(path: str) -> bool:
    """Whether the file only serves tests: what lies in their folders, fixtures, snapshots, `conftest.py`."""
    return bool(_SUPPORT.search(path)) or bool(_TEST_FOLDERS & set(path.lower().split("/")[:-1]))


def near_tests(changed: Sequence[str], tree: Collection[str]) -> tuple[str, ...]:
    """The test files of the changed tree that belong to the changed paths: changed ones first, then by likeness.

    `tree` holds the paths after the change. At most `MOST_NEAR`; none when nothing is named alike.
    """
    own = [path for path in changed if is_test(path) and path in tree]
    wanted = [(_words(path), _rooms(path)) for path in changed if _is_code(path) and not is_test(path)]
    if not wanted:
        return tuple(own[:MOST_NEAR])
    ranked = sorted(
        (-max(_likeness(path, words, rooms) for words, rooms in wanted), path) for path in tree if is_test(path)
    )
    return tuple(dict.fromkeys([*own, *(path for score, path in ranked if score < 0)]))[:MOST_NEAR]


def code_near(test: str, tree: Iterable[str]) -> tuple[str, ...]:
    """The code files that a test file is named after, the likeliest first; at most three."""
    words, rooms = _words(test), _rooms(test)
    suffixes = _family(_parts(test)[2])
    scored = [
        (-_likeness(test, _words(path), _rooms(path)), path)
        for path in tree
        if _parts(path)[2] in suffixes
        and not is_test(path)
        and _words(path)
        and set(_words(path)) <= set(words + rooms)
    ]
    return tuple(path for score, path in sorted(scored) if score < 0)[:3]


def _parts(path: str) -> tuple[str, str, str]:
    folder, _, name = path.rpartition("/")
    stem, _, suffix = name.rpartition(".")
    return folder, stem, suffix.lower()


def _is_code(path: str) -> bool:
    return _parts(path)[2] in _CODE


def _family(suffix: str) -> frozenset[str]:
    """The endings whose files a test with this ending can be about."""
    return _SCRIPT | {"vue", "svelte"} if suffix in _SCRIPT else frozenset({suffix})


def _words(path: str) -> tuple[str, ...]:
    """The words of the file's name without its test decoration; of its folder's where the name says nothing."""
    folder, stem, _ = _parts(path)
    found = _TEST_STEM.fullmatch(stem)
    bare = next((part for part in found.groups() if part), stem) if found else stem
    if bare in _NAMELESS or bare in {"tests", "test"}:
        bare = next((room for room in reversed(folder.split("/")) if room not in _TEST_FOLDERS | _ROOTS), "")
    return tuple(word for word in re.split(r"[._\-]+", _HUMPS.sub("_", bare).lower()) if word)


def _rooms(path: str) -> tuple[str, ...]:
    """The folders on the way that tell one part of the project from another."""
    rooms = path.lower().split("/")[:-1]
    return tuple(room for room in rooms if room not in _TEST_FOLDERS | _ROOTS)


def _likeness(test: str, words: tuple[str, ...], rooms: tuple[str, ...]) -> float:
    """How surely the test file is about code of that name in those folders; 0 for not at all.

    The same name counts most, then a name that begins with it (`test_cart_totals` for `cart`); folders decide between
    namesakes.
    """
    own = _words(test)
    if not own or not words:
        return 0.0
    shared = len(set(rooms) & set(_rooms(test))) / (1 + len(set(rooms) | set(_rooms(test))))
    if own == words:
        return 2.0 + shared
    if own[: len(words)] == words or own[-len(words) :] == words:
        return 1.0 + shared
    return 0.0
