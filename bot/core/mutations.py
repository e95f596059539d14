"""Code broken on purpose, one small place at a time, to see whether a test notices.

Python is changed by its syntax tree, so that every mutant still parses; other languages by a few token rules outside
strings and comments. The usual operators of mutation testing: conditions, comparisons, arithmetic, constants, returns.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LARGEST = 200_000
"""Characters; what is larger is data or generated."""
_MOST_PER_LINE = 2
_MOST_CUTS = 5000
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Mutant:
    """The file at `path` with line `line` (from 1) broken as `what` says; `text` is the whole broken file."""

    path: str
    line: int
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class _Cut:
    """A replacement of `start:end` in the file's UTF-8 bytes; a lower `rank` is more likely to be noticed."""

    line: int
    start: int
    end: int
    new: str
    what: str
    rank: int


def mutants(path: str, text: str, lines: Sequence[tuple[int, int]], most: int) -> tuple[Mutant, ...]:
    """At most `most` ways to break those lines (ranges from 1, ends included), spread over the ranges.

    None for a file that is too large, does not parse or has nothing to break there.
    """
    if len(text) > _LARGEST:
        return ()
    source = text.encode("utf-8", "surrogatepass")
    cuts = _python_cuts(text, source) if path.endswith(".py") else list(islice(_token_cuts(path, source), _MOST_CUTS))
    made = []
    for cut in _spread(cuts, lines)[:most]:
        broken = source[: cut.start] + cut.new.encode() + source[cut.end :]
        made.append(Mutant(path, cut.line, cut.what, broken.decode("utf-8", "surrogatepass")))
    return tuple(made)


def _spread(cuts: Sequence[_Cut], lines: Sequence[tuple[int, int]]) -> list[_Cut]:
    """Turn by turn from each range, in each the likeliest to be noticed first, few from one line."""
    queues = []
    for first, last in dict.fromkeys(lines):
        seen: dict[int, int] = {}
        queue = []
        for cut in sorted(cuts, key=lambda one: (one.rank, one.line, one.start)):
            if first <= cut.line <= last and seen.get(cut.line, 0) < _MOST_PER_LINE:
                seen[cut.line] = seen.get(cut.line, 0) + 1
                queue.append(cut)
        queues.append(queue)
    longest = max(map(len, queues), default=0)
    turns = [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
    return list(dict.fromkeys(turns))


# Python

_COMPARED: Mapping[type[ast.cmpop], ast.cmpop] = {
    ast.Eq: ast.NotEq(), ast.NotEq: ast.Eq(), ast.Lt: ast.GtE(), ast.GtE: ast.Lt(), ast.Gt: ast.LtE(),
    ast.LtE: ast.Gt(), ast.Is: ast.IsNot(), ast.IsNot: ast.Is(), ast.In: ast.NotIn(), ast.NotIn: ast.In(),
}  # fmt: skip
_COUNTED: Mapping[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Add(), ast.Div: ast.Mult(), ast.FloorDiv: ast.Mult(),
    ast.Mod: ast.Add(), ast.Pow: ast.Mult(), ast.BitAnd: ast.BitOr(), ast.BitOr: ast.BitAnd(),
    ast.LShift: ast.RShift(), ast.RShift: ast.LShift(),
}  # fmt: skip


def parsed(text: str) -> ast.Module | None:
    """The Python text's syntax tree, None where it has none."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _python_cuts(text: str, source: bytes) -> list[_Cut]:
    tree = parsed(text.removeprefix("\ufeff"))
    if tree is None:
        return []
    starts = _line_starts(source)
    passed_over = _passed_over(tree)
    cuts = []
    for node in ast.walk(tree):
        if id(node) not in passed_over and isinstance(node, ast.expr | ast.stmt):
            for rank, target, new, what in _broken(node):
                start = starts[target.lineno - 1] + target.col_offset
                end = starts[(target.end_lineno or target.lineno) - 1] + (target.end_col_offset or 0)
                cuts.append(_Cut(target.lineno, start, end, new, what, rank))
    return cuts


def _line_starts(source: bytes) -> list[int]:
    """Where each line begins; the syntax tree splits lines at these ends alone and counts no byte order mark."""
    mark = len(_BOM) if source.startswith(_BOM) else 0
    return [mark, *(found.end() for found in re.finditer(rb"\r\n|\r|\n", source))]


def _passed_over(tree: ast.Module) -> set[int]:
    """What is no behaviour or has no reliable place: docstrings, annotations, decorators, insides of f-strings."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                roots.append(node)
            case ast.Expr(value=ast.Constant()):
                roots.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                roots += [*node.decorator_list, *filter(None, [node.returns])]
            case ast.ClassDef():
                roots += node.decorator_list
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                roots.append(annotation)
            case _:
                pass
    return {id(inner) for root in roots for inner in ast.walk(root)}


_Break = tuple[int, ast.expr | ast.stmt, str, str]
"""Rank, what to replace, with what, in words."""


def _broken(node: ast.expr | ast.stmt) -> Iterator[_Break]:
    match node:
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield 0, value, "None", "returns `None`"
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield 1, test, f"(not ({_source(test)}))", "the condition is negated"
        case ast.AugAssign(target=target, op=sign, value=value) if type(sign) in _COUNTED:
            yield 2, node, _source(ast.AugAssign(target, _COUNTED[type(sign)], value)), "another operator"
        case ast.Raise() | ast.Expr(value=ast.Call() | ast.Await()):
            yield 3, node, "pass", "the statement is left out"
        case ast.Constant():
            yield from _broken_constant(node)
        case _:
            yield from _broken_operation(node)


def _broken_operation(node: ast.expr | ast.stmt) -> Iterator[_Break]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            flipped = ast.Compare(left, [_COMPARED[type(op)]], [right])
            yield 2, node, f"({_source(flipped)})", "the comparison is turned round"
        case ast.BoolOp(op=joint, values=values):
            other = ast.BoolOp(ast.Or() if isinstance(joint, ast.And) else ast.And(), values)
            yield 2, node, f"({_source(other)})", "`and` and `or` are exchanged"
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _COUNTED:
            yield 3, node, f"({_source(ast.BinOp(left, _COUNTED[type(sign)], right))})", "another operator"
        case _:
            pass


def _broken_constant(node: ast.Constant) -> Iterator[_Break]:
    match node.value:
        case bool() as flag:
            yield 4, node, str(not flag), f"`{flag}` becomes `{not flag}`"
        case int() as number if abs(number) < 10**12:  # longer ones are ids
            yield 4, node, f"({number + 1})", f"`{number}` becomes `{number + 1}`"
        case str() as words if words:
            yield 5, node, "''", "the text is emptied"
        case _:
            pass


def _source(node: ast.AST) -> str:
    try:
        return ast.unparse(ast.fix_missing_locations(node))
    except RecursionError:
        return "None"


# Other languages

_HASH = frozenset({"rb", "sh", "pl", "pm", "php", "ex", "exs", "jl", "r"})
_STRINGS = r"\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\]|\\.)*+`|//[^\n]*|/\*.*?\*/"
_NULLS = {"js": "null", "jsx": "null", "mjs": "null", "cjs": "null", "rb": "nil", "php": "null"}
_TOKENS: Sequence[tuple[int, str, Mapping[str, str], str]] = (
    (
        2,
        r"(?<=\s)(?:===|!==|==|!=|<=|>=|<|>)(?=\s)",
        {"===": "!==", "!==": "===", "==": "!=", "!=": "==", "<=": ">", ">=": "<", "<": ">=", ">": "<="},
        "the comparison is turned round",
    ),
    (2, r"&&|\|\|", {"&&": "||", "||": "&&"}, "`&&` and `||` are exchanged"),
    (3, r"(?<=[\w)\]] )[-+*/%](?= [\w(])", {"+": "-", "-": "+", "*": "+", "/": "*", "%": "*"}, "another operator"),
    (3, r"[-+]=(?= )", {"+=": "-=", "-=": "+="}, "another operator"),
    (4, r"\b(?:true|false)\b", {"true": "false", "false": "true"}, "`true` and `false` are exchanged"),
)
_DIGITS = re.compile(rb"(?<![\w.])\d{1,9}(?![\w.])")
_RETURNED = re.compile(rb"(?<![\w.$])return (?P<value>[^\s;][^;\n{(\[]*);?$", re.MULTILINE)


def _token_cuts(path: str, source: bytes) -> Iterator[_Cut]:
    suffix = path.rpartition(".")[2].lower()
    starts, masked = _line_starts(source), _masked(source, suffix)
    for rank, span, new, what in _token_breaks(masked, suffix):
        yield _Cut(bisect_right(starts, max(span[0], starts[0])), *span, new, what, rank)


def _token_breaks(masked: bytes, suffix: str) -> Iterator[tuple[int, tuple[int, int], str, str]]:
    for found in _RETURNED.finditer(masked) if suffix in _NULLS else ():
        yield 0, found.span("value"), _NULLS[suffix], f"returns `{_NULLS[suffix]}`"
    for rank, pattern, swaps, what in _TOKENS:
        for found in re.finditer(pattern.encode(), masked):
            yield rank, found.span(), swaps[found[0].decode()], what
    for found in _DIGITS.finditer(masked):
        more = str(int(found[0]) + 1)
        yield 4, found.span(), more, f"`{found[0].decode()}` becomes `{more}`"


def _masked(source: bytes, suffix: str) -> bytes:
    """The source with strings and comments blanked, every other byte in its place."""
    pattern = _STRINGS + (r"|#[^\n]*" if suffix in _HASH else "")
    return re.sub(pattern.encode(), lambda found: re.sub(rb"[^\r\n]", b"\0", found[0]), source, flags=re.DOTALL)
