"""What is to be proven of a file of tests, test by test, and what one run says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.testcases import Case, cases_in, not_loaded, touched_cases, verdict
from bot.core.testreports import read_outcomes, read_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.baseline import CommandResult


@dataclass(frozen=True, slots=True)
class Unit:
    """One test, or where its runner names none a whole file of them.

    `case` is its function in Python, else None; `name` is how the runner calls it elsewhere, empty for a file. `new`
    says that it was not there before the change.
    """

    path: str
    case: Case | None = None
    name: str = ""
    new: bool = True

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.case.title if self.case else self.name or self.path


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of one file of tests, read."""

    result: CommandResult
    outcomes: Mapping[str, bool]

    @property
    def loaded(self) -> bool:
        """Whether the tests came to their turn, rather than failing to build or to load."""
        return self.result.code == 0 or not read_report(self.result.output).stopped_early

    def passed(self, unit: Unit) -> bool | None:
        """Whether the test passed; None when it did not run, by its own fault or the command's."""
        if self.result.code is None or self.result.code in {126, 127}:
            return None
        if unit.case:
            return verdict(unit.case, self.outcomes)
        if unit.name in self.outcomes:
            return self.outcomes[unit.name]
        if self.result.code != 0:
            return None if unit.name and self.loaded else False
        return None if unit.name or self.empty else True

    def broke(self, unit: Unit) -> bool:
        """Whether the test itself noticed: it ran and failed, and its file could be loaded."""
        return self.passed(unit) is False and self.loaded and not (unit.case and not_loaded(unit.case, self.outcomes))

    @property
    def empty(self) -> bool:
        """Whether nothing says that any test ran at all."""
        return not self.outcomes and not read_report(self.result.output).ran


def seen(result: CommandResult) -> Seen:
    """The run, with what its output says of each test."""
    return Seen(result, read_outcomes(result.output))


def python_units(path: str, before: str | None, after: str) -> list[Unit]:
    """The new and changed tests of a Python file."""
    old = {(case.owner, case.name) for case in cases_in(path, before or "")}
    return [Unit(path, case, new=(case.owner, case.name) not in old) for case in touched_cases(path, before, after)]


def named_units(path: str, old: Seen | None, new: Seen) -> list[Unit]:
    """The tests that only the new run names; the whole file where it names none."""
    fresh = [name for name in new.outcomes if old is None or name not in old.outcomes]
    return [Unit(path, name=name) for name in fresh] or [Unit(path)]
