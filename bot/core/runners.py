"""A configured test command made narrower: the same runner with the same options, on some test files alone.

Only plain invocations of well-known runners are understood; for all others the answer is None, never a guess.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_LONGEST_COMMAND = 4000
_PIECES = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|&&|;|\n|[^'\"\\&;\n]+|.", re.DOTALL)
_WORD = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")
# What makes a line more than words: pipes, redirections, variables, substitutions, background jobs, comments.
_SHELL = re.compile(r"[|<>$`(){}&#\\!]")
_STEERING = re.compile(
    r"\s*(?:cd|pushd|if|then|else|for|while|until|case|do|done|exit|exec|trap|function|export PATH)\b"
)

_WRAPPERS = (
    r"(?:[A-Z_a-z]\w*=\S* )*(?:(?:(?:poetry|uv|pipenv|pdm|rye|hatch) run|bundle exec|pnpm exec|npm exec(?: --)?"
    r"|npx(?: --no-install| --no| -y| --yes)?|yarn|time|env(?: [A-Z_a-z]\w*=\S*)*"
    r"|coverage run(?: --?[\w=.,/-]+)* -m) )*"
)
_FOLDER = r"(?:[\w.~/-]*/)?"
_PYTHON = _FOLDER + r"python[\d.]*(?: -[bBdEIOPqsSuvx]+| -[WX] ?\S+)* -m "


@dataclass(frozen=True, slots=True)
class Layout:
    """The tree that a command runs in: its paths, and the scripts of the `package.json` at its root."""

    paths: Collection[str]
    scripts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Runner:
    """One test runner: how it is called, the endings of its tests, its options that take a value, and its aims.

    `aim` makes the words that name test files from their paths, None when it cannot; `each` are the words that make it
    name every test that ran; `wordy` means that its bare words are kept (goals, not paths).
    """

    call: str
    suffixes: tuple[str, ...]
    valued: frozenset[str]
    aim: Callable[[Sequence[str]], list[str] | None]
    each: tuple[str, ...] = ()
    wordy: bool = False


def scripts_of(package: str) -> dict[str, str]:
    """The scripts in the text of a `package.json`; none where it is not one."""
    try:
        scripts = json.loads(package).get("scripts", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    pairs = scripts.items() if isinstance(scripts, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def narrowed(command: str, tests: Sequence[str], layout: Layout, *, each: bool = False) -> str | None:
    """The command with its one test runner aimed at those test files, or None where that is not plain.

    What else stands in the line (an installation before it, say) stays. With `each` the runner is asked to name every
    test that ran, passing ones too.
    """
    segments = _segments(command)
    found = [(place, aimed) for place, text in enumerate(segments) if (aimed := _aimed(text, tests, layout, each=each))]
    if len(found) != 1 or any(map(_STEERING.match, segments)):
        return None
    ((place, aimed),) = found
    lead = segments[place][: len(segments[place]) - len(segments[place].lstrip())]
    return "".join([*segments[:place], lead, aimed, *segments[place + 1 :]])


def _segments(command: str) -> list[str]:
    """The line cut at `&&`, `;` and line ends, which are pieces of their own."""
    if len(command) > _LONGEST_COMMAND:
        return []
    pieces = [""]
    for piece in _PIECES.findall(command):
        if piece in {"&&", ";", "\n"}:
            pieces += [piece, ""]
        else:
            pieces[-1] += piece
    return pieces


def _aimed(segment: str, tests: Sequence[str], layout: Layout, *, each: bool) -> str | None:
    words = _words(segment)
    script = _script_of(words)
    if script is not None:
        return _aimed_script(script, tests, layout, each=each)
    found = _runner_of(words)
    if found is None:
        return None
    runner, call, rest = found
    aims = runner.aim([path for path in tests if path.endswith(runner.suffixes)])
    kept = _without_places(rest, runner, layout)
    if not aims or kept is None:
        return None
    options, after = kept
    said = list(runner.each) if each else []
    return " ".join([*call, *(one for one in options if not each or one not in _HUSHED), *said, *aims, *after])


_HUSHED = frozenset({"-q", "-qq", "--quiet", "--silent", "-x", "--exitfirst", "-f", "--failfast", "--bail", "-b"})
"""What keeps a runner from naming every test."""


def _words(segment: str) -> list[str]:
    return [] if _SHELL.search(segment) else _WORD.findall(segment)


def _script_of(words: Sequence[str]) -> str | None:
    """The name of the package's script that the words run."""
    match [word for word in words if word not in {"--silent", "-s", "run"}]:
        case ["npm" | "yarn" | "pnpm", "test" | "t" | "tst"]:
            return "test"
        case ["npm" | "yarn" | "pnpm", name] if name.startswith("test"):
            return name
    return None


def _aimed_script(name: str, tests: Sequence[str], layout: Layout, *, each: bool) -> str | None:
    text = layout.scripts.get(name, "")
    if _script_of(_words(text)) is not None or f"pre{name}" in layout.scripts or len(_segments(text)) != 1:
        return None
    aimed = _aimed(text, tests, layout, each=each)
    return f'PATH="$PWD/node_modules/.bin:$PATH" {aimed}' if aimed else None


def _runner_of(words: list[str]) -> tuple[_Runner, list[str], list[str]] | None:
    """The runner, the words that call it and the words after."""
    text = " ".join(words)
    for runner in RUNNERS:
        found = re.match(rf"{_WRAPPERS}{runner.call}(?= |$)", text)
        if found:
            count = len(found[0].split(" "))
            return runner, words[:count], words[count:]
    return None


def _without_places(rest: Sequence[str], runner: _Runner, layout: Layout) -> tuple[list[str], list[str]] | None:
    """The options, and what follows `--`, without the places to look for tests; None when a word is not understood."""
    kept, words = list[str](), list(rest)
    while words:
        word = words.pop(0)
        if word == "--":
            return kept, [word, *words]
        if word.startswith("-") or runner.wordy:
            kept.append(word)
            if word in runner.valued and words:
                kept.append(words.pop(0))
        elif not _is_place(word, layout):
            return None
    return kept, []


def _is_place(word: str, layout: Layout) -> bool:
    """Whether the word names files of the tree, as paths, node ids, globs, Go packages or Python modules."""
    bare = word.strip("'\"").partition("::")[0].removeprefix("./").removesuffix("...").rstrip("/")
    fixed = re.split(r"[*?\[]", bare)[0]
    if fixed in {"", "."}:
        return True
    starts = (fixed,) if fixed != bare else (f"{bare}/", f"{bare.replace('.', '/')}/", f"{bare.replace('.', '/')}.py")
    return bare in layout.paths or any(path.startswith(starts) for path in layout.paths)


def _quoted(tests: Sequence[str]) -> list[str]:
    return [shlex.quote(path if not path.startswith("-") else f"./{path}") for path in tests]


def _by_path(*lead: str) -> Callable[[Sequence[str]], list[str]]:
    return lambda tests: [*lead, *_quoted(tests)] if tests else []


def _one(tests: Sequence[str]) -> list[str] | None:
    return _quoted(tests) if len(tests) == 1 else None


def _pattern(tests: Sequence[str]) -> list[str] | None:
    """For `unittest discover`, whose start folder decides what imports mean; it takes one pattern of names."""
    return ["-p", shlex.quote(tests[0].rpartition("/")[2])] if len(tests) == 1 else None


def _packages(tests: Sequence[str]) -> list[str]:
    return _quoted(sorted({f"./{path.rpartition('/')[0]}".removesuffix("/") or "." for path in tests}))


def _cargo(tests: Sequence[str]) -> list[str] | None:
    """Only whole files of tests have a name for Cargo: those right in `tests`."""
    found = [re.fullmatch(r"tests/(\w[\w-]*)\.rs", path) for path in tests]
    stems = [one[1] for one in found if one]
    return [word for stem in stems for word in ("--test", stem)] if stems and len(stems) == len(tests) else None


def _classes(tests: Sequence[str]) -> list[str]:
    return sorted({path.rpartition("/")[2].partition(".")[0] for path in tests})


def _maven(tests: Sequence[str]) -> list[str]:
    return (
        [f"-Dtest={shlex.quote(','.join(_classes(tests)))}", "-Dsurefire.failIfNoSpecifiedTests=false"] if tests else []
    )


def _gradle(tests: Sequence[str]) -> list[str] | None:
    """In a build of several projects, those without such a test would fail."""
    plain = all(path.startswith("src/") for path in tests)
    return [word for name in _classes(tests) for word in ("--tests", shlex.quote(f"*{name}"))] if plain else None


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SCRIPT = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_JVM = (".java", ".kt", ".groovy", ".scala")
_PYTEST_VALUED = _names("""
    -k -m -c -o -p -W -n -r -d --maxfail --tb --rootdir --ignore --ignore-glob --deselect --confcutdir --basetemp --cov
    --cov-report --cov-config --dist --junitxml --junit-xml --durations --timeout --log-level --log-cli-level --log-file
    --import-mode --color --capture --override-ini --config-file --numprocesses --reruns --count --tx --html --ds
    --hypothesis-profile --hypothesis-seed --asyncio-mode --verbosity --randomly-seed
""")
_PYTEST_EACH = ("-rfEpsxX", "--maxfail=0", "--tb=short", "--color=no")
_UNITTEST_VALUED = _names("-s -t -k --start-directory --top-level-directory")
_GO_VALUED = _names("""
    -run -skip -timeout -count -tags -cpu -parallel -coverprofile -covermode -coverpkg -p -mod -ldflags -gcflags -bench
""")
_CARGO_VALUED = _names("""
    -p --package --features -F --target --manifest-path --profile -j --jobs --exclude --target-dir --color
""")
_SCRIPT_VALUED = _names("""
    -c --config -t --testNamePattern --project --projects --reporter --reporters --environment --env -w --maxWorkers
    --testTimeout --coverageReporters --coverageProvider -r --require --import --timeout -g --grep --spec --ui --dir
    --root --pool --loader --experimental-loader --test-reporter --test-reporter-destination --test-name-pattern
    --test-concurrency --conditions -C --env-file
""")
_RSPEC_VALUED = _names("-f --format -o --out -r --require -e -t --tag -I")
_PHPUNIT_VALUED = _names("-c --configuration --filter --testsuite --group")

RUNNERS: tuple[_Runner, ...] = (
    _Runner(f"(?:{_PYTHON}|{_FOLDER})?(?:pytest|py\\.test)", (".py",), _PYTEST_VALUED, _by_path(), _PYTEST_EACH),
    _Runner(f"(?:{_PYTHON})?unittest discover", (".py",), _UNITTEST_VALUED, _pattern, ("-v",)),
    _Runner(f"(?:{_PYTHON})?unittest", (".py",), _UNITTEST_VALUED, _by_path(), ("-v",)),
    _Runner("go test", (".go",), _GO_VALUED, _packages, ("-v",)),
    _Runner("cargo test", (".rs",), _CARGO_VALUED, _cargo),
    _Runner(f"{_FOLDER}jest", _SCRIPT, _SCRIPT_VALUED, _by_path("--runTestsByPath"), ("--verbose",)),
    _Runner(f"{_FOLDER}vitest(?: run)?", _SCRIPT, _SCRIPT_VALUED, _by_path(), ("--reporter=verbose",)),
    _Runner(f"{_FOLDER}mocha", _SCRIPT, _SCRIPT_VALUED, _by_path()),
    _Runner(f"{_FOLDER}node(?: --[\\w=./-]+)* --test", _SCRIPT, _SCRIPT_VALUED, _by_path(), ("--test-reporter=tap",)),
    _Runner(f"{_FOLDER}rspec", (".rb",), _RSPEC_VALUED, _by_path(), ("--format", "documentation")),
    _Runner(f"{_FOLDER}phpunit", (".php",), _PHPUNIT_VALUED, _one),
    _Runner(f"{_FOLDER}mvnw?", _JVM, _names("-f -P -pl -s"), _maven, wordy=True),
    _Runner(f"{_FOLDER}gradlew?", _JVM, _names("-b -p -x"), _gradle, wordy=True),
)
"""In order: the first whose call stands at the beginning of the words."""
