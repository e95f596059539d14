"""The single tests in a file of tests: which are new, how a runner names them, and the file without some of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.mutations import parsed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_NOT_LOADED = "unittest.loader._FailedTest."


@dataclass(frozen=True, slots=True)
class Case:
    """One test function of a Python file: `owner` is its class or empty; lines from 1, ends included.

    `source` is its syntax without places, so that a move or a comment is no change.
    """

    path: str
    owner: str
    name: str
    first: int
    last: int
    source: str

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


def cases_in(path: str, text: str) -> tuple[Case, ...]:
    """The tests that pytest and unittest would find in the Python text by their names; none where it does not parse."""
    tree = parsed(text)
    if tree is None or not path.endswith(".py"):
        return ()
    return tuple(_cases(path, tree.body, ""))


def _cases(path: str, body: list[ast.stmt], owner: str) -> Iterator[Case]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not owner:
            yield from _cases(path, node.body, node.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield Case(path, owner, node.name, _first_line(node), node.end_lineno or node.lineno, ast.dump(node))


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def touched_cases(path: str, before: str | None, after: str) -> tuple[Case, ...]:
    """The tests of `after` that are new or changed."""
    old = {(case.owner, case.name): case.source for case in cases_in(path, before or "")}
    return tuple(case for case in cases_in(path, after) if old.get((case.owner, case.name)) != case.source)


def verdict(case: Case, outcomes: Mapping[str, bool]) -> bool | None:
    """Whether the test passed by what the runner said (`testreports.read_outcomes`); None when it did not run.

    A test with several parameters passed when all of them did; one whose file could not be loaded failed.
    """
    said = [passed for name, passed in outcomes.items() if _is_named(case, name) or _is_broken_file(case.path, name)]
    return all(said) if said else None


def not_loaded(case: Case, outcomes: Mapping[str, bool]) -> bool:
    """Whether the runner failed to load the test's file, so that no test of it ran."""
    return any(_is_broken_file(case.path, name) for name in outcomes)


def _is_named(case: Case, name: str) -> bool:
    if "::" in name:
        path, *rest = name.partition("[")[0].split("::")
        return rest == [*filter(None, [case.owner]), case.name] and _same_file(case.path, path)
    bare = name.partition(" ")[0]
    module = case.path.removesuffix(".py").replace("/", ".")
    wanted = [*filter(None, [*module.split("."), case.owner]), case.name]
    parts = bare.split(".")
    if case.owner and parts[-2:] == [case.owner, "setUpClass"]:
        parts[-1] = case.name
    return len(parts) > 2 and parts == wanted[-len(parts) :]


def _same_file(path: str, said: str) -> bool:
    """Runners name files from their own root, which may be above or below the tree's."""
    return path == said or path.endswith(f"/{said}") or said.endswith(f"/{path}")


def _is_broken_file(path: str, name: str) -> bool:
    if name.startswith(_NOT_LOADED):
        module = path.removesuffix(".py").replace("/", ".")
        return f".{module}".endswith("." + name.removeprefix(_NOT_LOADED).partition(" ")[0])
    return name.endswith(".py") and _same_file(path, name)


def without_cases(text: str, dropped: Collection[Case]) -> str | None:
    """The Python text without those tests, and without classes that hold nothing else; None when no test is left.

    The lines of all else stay as they are.
    """
    tree = parsed(text)
    if tree is None:
        return None
    spans = {(case.first, case.last) for case in dropped}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and all(_span(one) in spans for one in node.body):
            spans.add((_first_line(node), node.end_lineno or node.lineno))
    gone = {line for first, last in spans for line in range(first, last + 1)}
    lines = re.split(r"(?<=\n)", text)
    kept = "".join(line for number, line in enumerate(lines, 1) if number not in gone)
    kept = re.sub(r"\n{4,}", "\n\n\n", kept).rstrip("\n") + "\n"
    return kept if parsed(kept) is not None and cases_in("x.py", kept) else None


def _span(node: ast.stmt) -> tuple[int, int]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _first_line(node), node.end_lineno or node.lineno
    return node.lineno, node.end_lineno or node.lineno
