"""What several candidates cost in wall time: a whole `/generate` with eight of them against one with a single one.

GitHub is the stand-in on loopback, the model the stand-in at 2,000 tokens/s for each answer with 0.2 s to the first
token. Eight candidates get eight different replies: right ones, written in two ways, one that breaks the syntax and one
whose edit does not fit. A long prompt is one where the first candidate goes ahead, so that the endpoint's cache of
prompts serves the others. The two are run in turn, so that a machine whose speed drifts does so for both; the ratio is
that of the medians.

    python benchmarks/candidates.py [--runs 10] [--candidates 8] [--json]
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from overhead import FILES, PADDING, REPLY, Bench, Figures

from bot.rehearsal.answers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BAR = 1.2
OTHER = REPLY.replace(
    "        if self.member:\n            total -= member_discount(total)\n        return total\n>>>",
    "        return total - member_discount(total) if self.member else total\n>>>",
)
BROKEN = REPLY.replace("        if self.member:\n            total -=", "        if self.member\n            total -=")
MISFIT = REPLY.replace(
    "            total += price\n            if self.member:", "            sum += cost\n            if member:"
)
REPLIES = (REPLY, OTHER, BROKEN, REPLY, MISFIT, OTHER, REPLY, REPLY)
TESTS = "checks:\n  - name: tests\n    run: python3 -m unittest -q\n"
HISTORY = "".join(
    f"\n\ndef total_of_cart_{number}(member: bool) -> int:\n"
    f'    """What a member paid for parcel {number} in the cart."""\n'
    f"    return {number} if member else {number * 2}\n"
    for number in range(100)
)
LONG = {f"shop/cart_history_{number}.py": f'"""Carts of former years."""{HISTORY}' for number in range(4)}


@dataclass(slots=True)
class Case:
    """One kind of run, with its measurements for a single candidate and for several."""

    name: str
    one: Bench
    many: Bench
    walls: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    cpu: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    asked: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))

    def run(self) -> None:
        """One run of each."""
        for place, bench in enumerate((self.one, self.many)):
            figures, before, asked = Figures(0), _cpu(), len(bench.model.requests)
            bench.generate(figures)
            self.walls[place].extend(figures.wall)
            self.cpu[place].append(_cpu() - before)
            self.asked[place].append(len(bench.model.requests) - asked)

    def result(self) -> dict[str, Any]:
        """The medians and their ratio."""
        one, many = map(statistics.median, self.walls)
        cpu = [statistics.median(seconds) for seconds in self.cpu]
        asked = [statistics.median(numbers) for numbers in self.asked]
        fastest = [min(walls) for walls in self.walls]
        figures = {
            "one": one,
            "many": many,
            "ratio": many / one,
            "fastest": fastest,
            "cpu": cpu,
            "model_requests": asked,
        }
        return {"case": self.name, **figures, "met": many / one <= BAR}


def _cpu() -> float:
    """CPU seconds of all ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bench(stack: ExitStack, candidates: int, files: Mapping[str, str], checks: str) -> Bench:
    """A repository of which a draft asks for so many candidates."""
    config = f"model: {{candidates: {candidates}}}\n{checks}"
    made = Bench(stack, 0.0, {**FILES, **files, ".github/draftgate.yml": config})
    made.model.answer = in_turn(REPLIES if candidates > 1 else (REPLY,))
    return made


def in_turn(replies: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Reply]:
    """The replies, one a request, round and round; some with a longer explanation than others, as models write them."""
    turns = itertools.cycle(enumerate(replies))

    def answer(_body: Mapping[str, Any]) -> Reply:
        place, text = next(turns)
        return Reply(text.replace(PADDING, PADDING[: len(PADDING) - 40 * (place % 4)], 1))

    return answer


def main() -> None:
    """Run all cases in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--candidates", type=int, default=8)
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    options = parser.parse_args()
    with ExitStack() as stack:
        kinds: list[tuple[str, dict[str, str], str]] = [
            ("short prompt", {}, ""),
            ("long prompt", LONG, ""),
            ("short prompt, tests run", {}, TESTS),
        ]
        cases = [
            Case(name, bench(stack, 1, files, checks), bench(stack, options.candidates, files, checks))
            for name, files, checks in kinds
        ]
        cases[0].one.generate(Figures(0))  # the first run fills the page cache
        for _ in range(options.runs):
            for case in cases:
                case.run()
    show([case.result() for case in cases], options)


def show(results: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Print the figures."""
    if options.json:
        print(json.dumps(results, indent=1))
        return
    print(
        f"medians of {options.runs} runs of a whole `/generate`: wall time of 1 and of {options.candidates} candidates"
    )
    print(f"| case | 1 | {options.candidates} | ratio | bar | verdict | fastest runs | CPU | model requests |")
    print("|---|---|---|---|---|---|---|---|---|")
    for one in results:
        walls = f"{one['one']:.2f} s | {one['many']:.2f} s | {one['ratio']:.2f} | ≤ {BAR}"
        verdict = "met" if one["met"] else "MISSED"
        cpu = f"{one['cpu'][0]:.2f} → {one['cpu'][1]:.2f} s"
        asked = f"{one['model_requests'][0]:.0f} → {one['model_requests'][1]:.0f}"
        fastest = f"{one['fastest'][0]:.2f} → {one['fastest'][1]:.2f} s"
        print(f"| {one['case']} | {walls} | {verdict} | {fastest} | {cpu} | {asked} |")


if __name__ == "__main__":
    main()
