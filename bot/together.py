"""Waits for several requests at once instead of one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
T = TypeVar("T")
_AT_ONCE = 6


def each(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run the calls at the same time; results in order; the first exception, if any, is raised when all have ended."""
    if len(calls) < 2:
        return [call() for call in calls]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - ignored events need no threads

    with ThreadPoolExecutor(max_workers=min(len(calls), _AT_ONCE)) as pool:
        futures = [pool.submit(call) for call in calls]
    return [future.result() for future in futures]


@overload
def together(one: Callable[[], A], two: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def together(one: Callable[[], A], two: Callable[[], B], three: Callable[[], C], /) -> tuple[A, B, C]: ...
@overload
def together(
    one: Callable[[], A], two: Callable[[], B], three: Callable[[], C], four: Callable[[], D], /
) -> tuple[A, B, C, D]: ...
def together(*calls: Callable[[], Any]) -> tuple[Any, ...]:
    """`each` for calls of different kinds, so that every result keeps its type."""
    return tuple(each(calls))
