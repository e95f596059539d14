"""What the usual test runners say in their output: which tests failed, how many ran, whether they stopped early.

Names are read, never trusted: the output is the repository's own text. Each runner has one recogniser here, all in one
visible list; recorded outputs are beside the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")
_LONGEST_LINE = 2000

_BRACKETS = r"(?:\[.*?\](?= - |$))"
_PYTEST_SUMMARY = re.compile(
    r"(?:FAILED|ERROR|SUBFAILED(?P<sub>\S.*?)(?= [^\s:]+::)) "
    rf"(?P<name>(?! )(?:(?! - )[^\[])+{_BRACKETS}?)(?: - .*|\[.*)?"
)
_PYTEST_PROGRESS = re.compile(r"(?P<name>[^\s:]+::.+?) (?:FAILED|ERROR) +\[ *\d+%\]")
_PYTEST_XDIST = re.compile(r"\[gw\d+\] \[ *\d+%\] (?:FAILED|ERROR) (?P<name>[^\s:]+::.+?) *")
_UNITTEST = re.compile(r"(?:FAIL|ERROR): (?P<test>\w+) \((?P<owner>[\w.<>]+)\)(?P<sub> .+)?")
_GO_TEST = re.compile(r" *--- FAIL: (?P<name>\S+) \(\d")
_GO_PACKAGE = re.compile(r"(?P<result>FAIL|ok  )\t(?P<package>\S+)(?P<broken> \[(?:build|setup) failed\])?(?:\s.*)?")
JEST_ARROW = " \u203a "
"""What jest puts between the names of a suite and its test."""
_JEST_FILE = re.compile(r"(?P<result>FAIL|PASS) (?P<file>\S.*?)(?: \([\d.]+ m?s\))?")
_JEST_TEST = re.compile(r"  ● (?P<name>.+)")
_VITEST = re.compile(r" FAIL  (?P<name>\S.*?)")
_CARGO = re.compile(r"test (?P<name>.+?)(?: \(line \d+\))?(?: - should panic)? \.\.\. FAILED")
_CARGO_BUILD = re.compile(r"error: (?P<name>could not compile `[^`]+`(?: \([^)]*\))?).*")
_NEXTEST = re.compile(r" +(?:FAIL|TIMEOUT|SIGABRT|SIGSEGV) \[ *[\d.]+s\] (?:\( *\d+/\d+\) )?(?P<name>\S+ \S+)")
_TAP = re.compile(r" *not ok \d+ (?:- )?(?P<name>.+?)(?: # .*)?")
_CROSS = re.compile(r" *[✖✕✗\u00d7] (?P<name>.+?)(?: \(?[\d.]+ ?m?s\)?)?")
# The sums of pytest, of cargo, and of jest and vitest.
_SUM = re.compile(r"\d (?:passed|failed|errors?)\b.* in [\d.]+s|^test result: |^ *Tests:? +.*\d (?:passed|failed)")
_NUMBER = re.compile(r"(\d{1,9}) (passed|failed|errors?)\b")
_UNITTEST_RAN = re.compile(r"Ran (?P<ran>\d{1,9}) tests? in [\d.]+s")
_UNITTEST_END = re.compile(r"(?:OK|FAILED) \(.*\)")
_UNITTEST_NUMBER = re.compile(r"(skipped|failures|errors)=(\d{1,9})")
_STOPPED = re.compile(
    r"^!+ (?:Interrupted|stopping after|_pytest\.outcomes\.Exit|KeyboardInterrupt)|^ERROR \S+\.py(?: - |$)"
    r"|\[(?:build|setup) failed\]$|^error: could not compile |● Test suite failed to run|_FailedTest|Failed Suites \d"
    r"|^(?:panic|fatal error): "
)
_JEST_NO_TESTS = frozenset({"Console", "Cannot log after tests are done"})

_PASSED = re.compile(r"PASSED (?P<name>[^\s:]+::.+)")
_UNITTEST_BEGUN = re.compile(r"(?P<test>\w+) \((?P<owner>[\w.<>]+)\)(?: \.\.\. .*)?")
_GO_PASSED = re.compile(r" *--- PASS: (?P<name>\S+) \(\d")
_CARGO_OK = re.compile(r"test (?P<name>.+?)(?: \(line \d+\))?(?: - should panic)? \.\.\. ok")
_TAP_OK = re.compile(r"(?!.* # (?:SKIP|TO[D]O))(?: *)ok \d+ (?:- )?(?P<name>.+?)(?: # .*)?")
_TICK = re.compile(r" *[✓✔] (?P<name>.+?)(?: \(?[\d.]+ ?m?s\)?)?")

Recogniser = Callable[[list[str]], Iterator[str]]


def plain_lines(output: str) -> list[str]:
    """The output's lines without colours, trailing space and the far ends of overlong lines."""
    return [line[:_LONGEST_LINE].rstrip() for line in _ANSI.sub("", output).splitlines()]


@dataclass(frozen=True, slots=True)
class Report:
    """One run as its output tells it.

    `failing` are the names of the tests (or packages, or test files) that failed, empty when none is named; `ran` and
    `failed` are the runner's own counts, skipped tests apart, None when it gives none; `stopped_early` says that some
    tests never got their turn, so that nothing is known about them.
    """

    failing: frozenset[str]
    ran: int | None
    failed: int | None
    stopped_early: bool


def read_report(output: str) -> Report:
    """What the output says; of several runners in one command the counts are added up."""
    lines = plain_lines(output)
    counts = [count for line in lines for count in _counts(line)]
    return Report(
        failing=_failing(lines),
        ran=sum(ran for ran, _ in counts) if counts else None,
        failed=sum(failed for _, failed in counts) if counts else None,
        stopped_early=any(map(_STOPPED.search, lines)),
    )


def read_outcomes(output: str) -> dict[str, bool]:
    """Each test that the output names, and whether it passed; one named both ways failed.

    Runners name passing tests only when they are asked to (`bot.core.runners`). Skipped tests are left out.
    """
    lines = plain_lines(output)
    passed = {name for recognise in PASSING for name in recognise(lines)}
    return dict.fromkeys(sorted(passed), True) | dict.fromkeys(sorted(_failing(lines)), False)


def _failing(lines: list[str]) -> frozenset[str]:
    for group in RECOGNISERS:
        names = frozenset(name for recognise in group for name in recognise(lines))
        if names:
            return names
    return frozenset()


def _counts(line: str) -> Iterator[tuple[int, int]]:
    """(tests that ran, those of them that failed), where the line is a runner's sum."""
    if _SUM.search(line):
        numbers = {word: int(number) for number, word in _NUMBER.findall(line)}
        failed = sum(numbers.get(word, 0) for word in ("failed", "error", "errors"))
        yield numbers.get("passed", 0) + failed, failed
    elif found := _UNITTEST_RAN.fullmatch(line):
        yield int(found["ran"]), 0
    elif found := _UNITTEST_END.fullmatch(line):  # skipped tests are in "Ran"
        numbers = {word: int(number) for word, number in _UNITTEST_NUMBER.findall(line)}
        yield -numbers.get("skipped", 0), numbers.get("failures", 0) + numbers.get("errors", 0)


def _pytest(lines: list[str]) -> Iterator[str]:
    for line in lines:
        for pattern in (_PYTEST_SUMMARY, _PYTEST_PROGRESS, _PYTEST_XDIST):
            found = pattern.fullmatch(line)
            # A log line of the program under test may start with ERROR as well.
            if found and ("::" in found["name"] or found["name"].endswith((".py", ".rst", ".txt", ".md"))):
                yield " ".join(filter(None, (found["name"], found.groupdict().get("sub"))))


def _unittest(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _UNITTEST.fullmatch(line)
        if found:
            owner = found["owner"].removesuffix(f".{found['test']}")
            yield f"{owner}.{found['test']}{found['sub'] or ''}"


def _go(lines: list[str]) -> Iterator[str]:
    """The package's line comes after its tests'."""
    waiting: list[str] = []
    for line in lines:
        if test := _GO_TEST.match(line):
            waiting.append(test["name"])
        elif package := _GO_PACKAGE.fullmatch(line):
            if package["broken"]:
                yield package["package"] + package["broken"]
            elif package["result"] == "FAIL":
                yield from (f"{package['package']}.{name}" for name in waiting or ["(no test named)"])
            waiting = []
    yield from waiting


def _jest(lines: list[str]) -> Iterator[str]:
    """The file's line comes before its tests'; a file without one failed as a whole."""
    file, named = "", True
    for line in lines:
        if result := _JEST_FILE.fullmatch(line):
            if not named:
                yield file
            file, named = result["file"], result["result"] == "PASS"
        elif file and (test := _JEST_TEST.fullmatch(line)) and test["name"] not in _JEST_NO_TESTS:
            named = True
            yield f"{file}{JEST_ARROW}{test['name']}"
    if not named:
        yield file


def _simple(pattern: re.Pattern[str]) -> Recogniser:
    def recognise(lines: list[str]) -> Iterator[str]:
        for line in lines:
            if found := pattern.fullmatch(line):
                yield found["name"]

    return recognise


def _unittest_passing(lines: list[str]) -> Iterator[str]:
    """The `ok` may come lines after the name: after a docstring, or what the test and its warnings print."""
    running = ""
    for line in lines:
        if found := _UNITTEST_BEGUN.fullmatch(line):
            running = f"{found['owner'].removesuffix('.' + found['test'])}.{found['test']}"
        if running and (line == "ok" or line.endswith(" ... ok")):
            yield running
            running = ""


def _go_passing(lines: list[str]) -> Iterator[str]:
    waiting: list[str] = []
    for line in lines:
        if test := _GO_PASSED.match(line):
            waiting.append(test["name"])
        elif package := _GO_PACKAGE.fullmatch(line):
            yield from (f"{package['package']}.{name}" for name in waiting)
            waiting = []


PASSING: tuple[Recogniser, ...] = (
    _simple(_PASSED),
    _unittest_passing,
    _go_passing,
    _simple(_CARGO_OK),
    _simple(_TAP_OK),
    _simple(_TICK),
)
"""What reads the names of passing tests, all of them asked."""

RECOGNISERS: tuple[tuple[Recogniser, ...], ...] = (
    (_pytest, _unittest, _go, _jest, _simple(_VITEST), _simple(_CARGO), _simple(_CARGO_BUILD), _simple(_NEXTEST)),
    (_simple(_TAP), _simple(_CROSS)),  # what several runners print; also inside the reports of those above
)
"""In order: a later group is asked only when the earlier ones recognise nothing."""
