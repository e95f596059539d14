"""What the one summary comment of a pull request remembers of its reviews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.core.fingerprints import parse_fingerprint
from bot.core.memory import parse_marker, print_marker
from bot.core.refs import is_sha

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.fingerprints import Fingerprint

_MOST: Final = 300
_MOST_TRIGGERS: Final = 20


@dataclass(frozen=True, slots=True)
class ReviewMemory:
    """The head commit that was `reviewed` last (empty before), what was `said`, oldest first, and answered triggers."""

    reviewed: str = ""
    said: tuple[Fingerprint, ...] = ()
    triggers: tuple[str, ...] = ()

    def marker(self) -> str:
        """The hidden first line of the summary comment."""
        said = [str(one) for one in self.said[-_MOST:]]
        return print_marker("review", {"reviewed": self.reviewed, "said": said, "triggers": list(self.triggers)})

    def after(self, head: str, said: Sequence[Fingerprint], trigger: str) -> ReviewMemory:
        """The memory once `head` was reviewed and these findings were said."""
        triggers = tuple(dict.fromkeys((*self.triggers, trigger)))[-_MOST_TRIGGERS:]
        return ReviewMemory(head, (*self.said, *said)[-_MOST:], triggers)


def parse_review_memory(body: str) -> ReviewMemory | None:
    """Read a summary comment's marker; None when the comment has none."""
    value = parse_marker(body, "review")
    if value is None:
        return None
    reviewed, said, triggers = (value.get(key) for key in ("reviewed", "said", "triggers"))
    prints = [parse_fingerprint(one) for one in said if isinstance(one, str)] if isinstance(said, list) else []
    told = [one for one in triggers if isinstance(one, str)] if isinstance(triggers, list) else []
    return ReviewMemory(
        reviewed if isinstance(reviewed, str) and is_sha(reviewed) else "",
        tuple(one for one in prints if one is not None),
        tuple(told),
    )
