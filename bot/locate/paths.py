"""What a path alone tells: the kind of file, and whether a mention in an issue means it."""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum
from functools import lru_cache
from posixpath import splitext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HUGE = 1_000_000
"""Bytes; larger files are data or generated, and cost more to scan than they are worth."""


class Kind(Enum):
    """How likely a file is the place of a change, as the factor on its score."""

    CODE = 1.0
    SETTINGS = 0.6
    TEST = 0.3
    DOCUMENT = 0.25
    FOREIGN = 0.1
    """Vendored, generated, minified: a change belongs elsewhere."""
    LEFT_OUT = 0.0
    """Binary, lock, empty or huge: never read."""


_CODE = frozenset(
    """
    .bash .bat .bicep .bzl .c .cc .cjs .clj .cljs .cmake .coffee .cpp .cs .css .cts .cu .cxx .d .dart .el .elm
    .erl .ex .exs .f .f90 .fish .fs .go .gradle .graphql .groovy .h .hcl .hh .hpp .hs .htm .html .hxx .j2 .java
    .jinja .jinja2 .jl .js .jsx .kt .kts .less .lua .m .mjs .ml .mm .mts .nim .nix .php .pl .pm .proto .ps1 .pxd
    .pxi .py .pyi .pyx .r .rake .rb .rego .rs .sass .sbt .scala .scss .sh .sol .sql .svelte .swift .tf .tfvars
    .tmpl .tpl .ts .tsx .v .vb .vue .zig .zsh
    """.split()  # noqa: SIM905 - a quoted list of a hundred endings is harder to read and to amend
)
_SETTINGS = frozenset({"", ".cfg", ".conf", ".env", ".ini", ".json", ".properties", ".toml", ".xml", ".yaml", ".yml"})
_BINARY = frozenset(
    """
    .7z .a .avi .bin .bmp .bz2 .class .csv .dat .db .dll .dmg .doc .docx .dylib .eot .exe .fits .gif .gz .h5
    .hdf5 .icns .ico .jar .jpeg .jpg .lock .lz4 .map .mo .mov .mp3 .mp4 .npy .npz .o .obj .ods .odt .ogg .otf
    .parquet .pb .pdf .pickle .pkl .png .ppt .pptx .psd .pyc .rar .snap .so .sqlite .svg .tar .tgz .tif .tiff
    .tsv .ttf .wasm .wav .webm .webp .whl .woff .woff2 .xls .xlsx .xz .zip .zst
    """.split()  # noqa: SIM905 - as above
)
_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum"})
_CODE_NAMES = frozenset({"dockerfile", "gemfile", "jenkinsfile", "justfile", "makefile", "procfile", "rakefile"})
_DOCUMENT_NAMES = re.compile(r"(?:readme|licen[sc]e|changelog|changes|news|authors|contributing|history|notice)\b")

_FOREIGN_FOLDERS = frozenset(
    {"_vendor", "bower_components", "cextern", "dist", "extern", "externals", "generated", "node_modules"}
    | {"third_party", "thirdparty", "vendor", "vendored"}
)
_TEST_FOLDERS = frozenset({"__tests__", "e2e", "fixtures", "spec", "specs", "test", "test_data", "testdata", "tests"})
_TEST_ROOTS = frozenset({"asv_bench", "benchmark", "benchmarks", "testing"})
"""Only at the root: deeper down a `testing` folder is often a package for users."""
_DOCUMENT_FOLDERS = frozenset(
    {"changelog", "changes", "doc", "docs", "documentation", "examples", "samples", "tutorials"}
)
_FOREIGN_NAME = re.compile(
    r"[.-](?:min|bundle)\.(?:js|css)$|_pb2(?:_grpc)?\.pyi?$|\.pb\.go$|[._]generated\.|^zz_generated"
)
_TEST_NAME = re.compile(r"^test_|^conftest\.py$|[._-](?:tests?|spec|bench)\.\w+$")
_TEST_CLASS = re.compile(r"[a-z0-9](?:Tests?|Spec|IT)\.\w+$")


def kind_of(path: str, size: int) -> Kind:
    """The kind of a file, from its path and its size in bytes."""
    folder, _, as_written = path.rpartition("/")
    name = as_written.lower()
    ending = splitext(name)[1]
    if ending in _BINARY or name in _LOCKS or not 0 < size <= HUGE:
        return Kind.LEFT_OUT
    kind = _kind_of_folder(folder.lower())
    if kind is Kind.FOREIGN or _FOREIGN_NAME.search(name):
        return Kind.FOREIGN
    if kind is Kind.TEST or _TEST_NAME.search(name) or _TEST_CLASS.search(as_written):
        return Kind.TEST
    if kind is Kind.DOCUMENT or _DOCUMENT_NAMES.match(name):
        return Kind.DOCUMENT
    if ending in _CODE or name.partition(".")[0] in _CODE_NAMES:
        return Kind.CODE
    return Kind.SETTINGS if ending in _SETTINGS else Kind.DOCUMENT


@lru_cache(maxsize=1_000)
def _kind_of_folder(folder: str) -> Kind | None:
    """The kind that a folder gives all of its files, if any; kept, since files of a folder come one after the other."""
    parts = folder.split("/")
    if not _FOREIGN_FOLDERS.isdisjoint(parts):
        return Kind.FOREIGN
    if not _TEST_FOLDERS.isdisjoint(parts) or parts[0] in _TEST_ROOTS:
        return Kind.TEST
    return None if _DOCUMENT_FOLDERS.isdisjoint(parts) else Kind.DOCUMENT


_SEPARATOR = re.compile(r"::|[/\\#]")
_PACKAGE_NAMES = frozenset({"init", "index", "mod", "lib"})
"""Files that stand for their folder, as `_key` writes them."""


def _key(part: str) -> str:
    """One part of a path or name, comparable across languages: `BarBaz` in Ruby lies in `bar_baz.rb`."""
    return part.lower().replace("_", "")


def _keys(path: str) -> list[str]:
    return [_key(part) for part in _SEPARATOR.split(path) if part not in {"", ".", ".."}]


def _module_keys(path: str) -> list[str]:
    """A path as a module: without its ending, and a package's own file standing for its folder."""
    keys = _keys(splitext(path)[0])
    return keys[:-1] if keys[-1] in _PACKAGE_NAMES else keys


class PathIndex:
    """Finds the files that a path, a module or a class name in an issue can mean."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_module: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            folder, _, name = path.rpartition("/")
            module = _key(name.partition(".")[0])
            self._by_name[_key(name)].append(path)
            self._by_module[_key(folder.rpartition("/")[2]) if module in _PACKAGE_NAMES else module].append(path)

    def files(self, mention: str) -> tuple[int, list[str]]:
        """The files that end like the mentioned path: (how many parts agree, the paths that agree on so many).

        Mentions from other machines match too: `/usr/lib/python3/site-packages/flask/app.py` means `src/flask/app.py`.
        Where both have folders, the nearest one has to agree: another project's `utils.py` is not ours.
        """
        wanted = _keys(mention)
        if not wanted:
            return 0, []
        known = {path: _keys(path) for path in self._by_name.get(wanted[-1], ())}
        agreed, paths = _longest_agreement(wanted, known)
        return agreed, [path for path in paths if agreed > 1 or len(wanted) == 1 or len(known[path]) == 1]

    def modules(self, dotted: str) -> tuple[int, list[str]]:
        """The files that a dotted name means; its last parts may be names inside the file."""
        wanted = _keys(dotted.replace(".", "/"))
        for end in range(len(wanted), 0, -1):
            known = {path: _module_keys(path) for path in self._by_module.get(wanted[end - 1], ())}
            agreed, paths = _longest_agreement(wanted[:end], known)
            if agreed == end or agreed > 1:
                return agreed, paths
        return 0, []


def _longest_agreement(wanted: list[str], known: dict[str, list[str]]) -> tuple[int, list[str]]:
    agreement = {path: _agreement(wanted, keys) for path, keys in known.items()}
    best = max(agreement.values(), default=0)
    return best, [path for path, agreed in agreement.items() if agreed == best]


def _agreement(left: list[str], right: list[str]) -> int:
    """How many parts are equal, counted from the end."""
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count
