"""What stands around a file: its folder's name, the other files in the folder, the tests named after it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from bot.locate.evidence import Evidence
from bot.locate.paths import Kind
from bot.locate.words import stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.locate.query import Query

FOLDER_NAME = 0.3
FOLDER_FILES = 0.25
TESTED = 0.1
_DOUBT = 2
"""Files without any of the words that every folder is taken to have besides: one good neighbour proves little."""
_TEST_NAME = re.compile(
    r"(?:test|spec|unittest)[_-](?P<after>\w.*)|(?P<before>.*\w)(?:[._-](?:test|spec|unittest)s?|Tests?|Spec|IT)"
)


def folder_names(query: Query, files: Mapping[str, object]) -> Iterator[tuple[str, Evidence]]:
    """Files in folders whose names the issue speaks of: `io/fits` for one about fits."""
    worth: dict[str, tuple[float, str]] = {}
    for path in files:
        folder = dirname(path)
        if folder not in worth:
            parts = set(stems(folder))
            named = sorted(query.surface[part] for part in parts & query.terms.keys())
            worth[folder] = len(named) / max(1, len(parts)), ", ".join(named)
        share, told = worth[folder]
        if share:
            yield path, Evidence(FOLDER_NAME * share, f"folder: {told}")


def folder_files(words: Mapping[str, float], kinds: Mapping[str, Kind]) -> Iterator[tuple[str, Evidence]]:
    """Code among other code that holds the words; `words` are the files' scores by words alone."""
    code = {path: score for path, score in words.items() if kinds[path] is Kind.CODE}
    total: dict[str, float] = defaultdict(float)
    for path, score in code.items():
        total[dirname(path)] += score
    count = Counter(map(dirname, code))
    for path, score in code.items():
        folder = dirname(path)
        around = (total[folder] - score) / (count[folder] - 1 + _DOUBT)
        if around > 0:
            yield path, Evidence(FOLDER_FILES * around, "the words gather in its folder")


def tested(
    words: Mapping[str, float], kinds: Mapping[str, Kind], files: Iterable[str]
) -> Iterator[tuple[str, Evidence]]:
    """Those files whose own tests hold the words: `cart.py` for `test_cart.py`, `Cart.java` for `CartTest.java`."""
    best: dict[str, tuple[float, str]] = {}
    for path, score in words.items():
        if kinds[path] is Kind.TEST and (subject := _subject(path)):
            best[subject] = max(best.get(subject, (0.0, "")), (score, path))
    for path in files:
        if kinds[path] is Kind.CODE and (name := _bare(path)) in best:
            score, test = best[name]
            yield path, Evidence(TESTED * score, f"tested by {test}")


def _bare(path: str) -> str:
    return basename(path).partition(".")[0].lower().replace("_", "").replace("-", "")


def _subject(path: str) -> str:
    """What a test's file name says that it tests, or empty."""
    name = basename(path).rpartition(".")[0]
    match = _TEST_NAME.fullmatch(name)
    return _bare(match["after"] or match["before"]) if match else ""
