"""What a path alone tells: the kind of file, and whether a mention in an issue means it."""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum
from posixpath import basename, splitext
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
    """Binary, lock or huge: never read."""


_CODE = frozenset(
    """
    .bash .bat .bicep .bzl .c .cc .clj .cljs .cmake .coffee .cpp .cs .css .cu .cxx .d .dart .el .elm .erl .ex .exs .f .f90 .fish .fs .go
    .gradle .graphql .groovy .h .hcl .hh .hpp .hs .htm .html .hxx .java .jinja .jinja2 .j2 .jl .js .jsx .kt .kts .less .lua .m .mjs .cjs .ml
    .mm .mts .cts .nim .nix .php .pl .pm .proto .ps1 .pxd .pxi .py .pyi .pyx .r .rake .rb .rego .rs .sass .sbt .scala .scss .sh .sol .sql .svelte
    .swift .tf .tfvars .tmpl .tpl .ts .tsx .v .vb .vue .zig .zsh
    """.split()  # noqa: SIM905 - a quoted list of a hundred endings is harder to read
)
_SETTINGS = frozenset({".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".json", ".xml", ".properties", ".env"})
_DOCUMENT = frozenset(
    {".md", ".rst", ".txt", ".adoc", ".asciidoc", ".mdx", ".rdoc", ".pod", ".tex", ".ipynb", ".po", ".pot"}
)
_BINARY = frozenset(
    """
    .7z .a .avi .bin .bmp .bz2 .class .dat .db .dll .dmg .doc .docx .dylib .eot .exe .fits .gif .gz .h5 .hdf5 .ico .icns .jar .jpeg .jpg .lock
    .lz4 .map .mo .mov .mp3 .mp4 .npy .npz .o .obj .ods .odt .ogg .otf .parquet .pb .pdf .pickle .pkl .png .ppt .pptx .psd .pyc .rar .so .snap
    .sqlite .svg .tar .tgz .tif .tiff .ttf .wasm .wav .webm .webp .whl .woff .woff2 .xls .xlsx .xz .zip .zst .csv .tsv
    """.split()  # noqa: SIM905 - as above
)
_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", ".terraform.lock.hcl"})
_NAMED_CODE = frozenset(
    {"dockerfile", "makefile", "rakefile", "gemfile", "jenkinsfile", "vagrantfile", "procfile", "justfile"}
)
_FOREIGN = re.compile(
    r"(^|/)(vendor|vendored|_vendor|third_party|thirdparty|node_modules|bower_components|extern|externals|dist|generated|\.git)/"
    r"|[.-](min|bundle)\.(js|css)$|_pb2(_grpc)?\.pyi?$|\.pb\.go$|\.designer\.cs$|[._]generated\.\w+$|(^|/)zz_generated|(^|/)(lex|yacc|parsetab|lextab)\.py$",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(^|/)(tests?|testing|__tests__|specs?|testdata|test_?data|fixtures|e2e|benchmarks?|asv_bench)/"
    r"|(^|/)(test_[^/]*|conftest\.py|[^/]*[._-](test|tests|spec|bench)\.\w+)$|[a-z0-9](Tests?|Spec|IT)\.\w+$"
)
_DOCUMENT_FOLDER = re.compile(
    r"(^|/)(docs?|documentation|examples?|tutorials?|samples?|changelog\w*|changes)/", re.IGNORECASE
)
_DOCUMENT_NAME = re.compile(
    r"^(readme|license|licence|changelog|changes|news|authors|contributing|history|notice)\b", re.IGNORECASE
)


def kind_of(path: str, size: int) -> Kind:
    """The kind of a file, from its path and its size in bytes."""
    name = basename(path).lower()
    ending = splitext(name)[1]
    if ending in _BINARY or name in _LOCKS or size > HUGE or size <= 0:
        return Kind.LEFT_OUT
    if _FOREIGN.search(path):
        return Kind.FOREIGN
    if _TEST.search(path):
        return Kind.TEST
    if ending in _DOCUMENT or _DOCUMENT_NAME.search(name) or _DOCUMENT_FOLDER.search(path):
        return Kind.DOCUMENT
    if ending in _CODE or name.partition(".")[0] in _NAMED_CODE:
        return Kind.CODE
    return Kind.SETTINGS if ending in _SETTINGS or not ending else Kind.DOCUMENT


def _keys(path: str) -> list[str]:
    """A path's components, comparable across languages: `foo/bar_baz.rb` is also `Foo::BarBaz` and `foo.bar_baz`."""
    return [part.lower().replace("_", "") for part in re.split(r"::|[/\\]", path) if part and part not in {".", ".."}]


_INIT = frozenset({"init", "index", "mod", "lib"})


class PathIndex:
    """Finds the files that a path, a module or a class name in an issue can mean."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
        self._by_stem: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
        for path in paths:
            keys = _keys(path)
            self._by_name[keys[-1]].append((keys, path))
            modules = _keys(splitext(path)[0])
            if modules and modules[-1] in _INIT:
                modules.pop()
            if modules:
                self._by_stem[modules[-1]].append((modules, path))

    def files(self, mention: str) -> tuple[int, list[str]]:
        """The files that end like the mentioned path, longest agreement first: (agreeing components, paths).

        Mentions from other machines match too: `/usr/lib/python3/site-packages/flask/app.py` means `src/flask/app.py`.
        """
        wanted = _keys(mention)
        return _longest_agreement(wanted, self._by_name.get(wanted[-1], [])) if wanted else (0, [])

    def modules(self, dotted: str) -> tuple[int, list[str]]:
        """The files that a dotted name means, its last parts perhaps being names inside the file."""
        wanted = _keys(dotted.replace(".", "/"))
        for end in range(len(wanted), 0, -1):
            agreed, paths = _longest_agreement(wanted[:end], self._by_stem.get(wanted[end - 1], []))
            if paths and (agreed == end or agreed > 1):
                return agreed, paths
        return 0, []


def _longest_agreement(wanted: list[str], known: list[tuple[list[str], str]]) -> tuple[int, list[str]]:
    best, found = 0, list[str]()
    for keys, path in known:
        agreed = _agreement(wanted, keys)
        if agreed > best:
            best, found = agreed, [path]
        elif agreed == best:
            found.append(path)
    return best, found


def _agreement(left: list[str], right: list[str]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count
