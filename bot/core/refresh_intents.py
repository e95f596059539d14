"""The wish for a refresh: of a clock, of somebody at a button, or of a comment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.events import Origin
    from bot.core.intents import Request


@dataclass(frozen=True, slots=True)
class RefreshManifests:
    """Bring the manifests of one group, or of all that are configured (`group` empty), up to date.

    `request` is there for a comment alone, `origin` for the button alone; a schedule has neither: nobody asked.
    """

    trigger: str
    group: str = ""
    request: Request | None = None
    origin: Origin | None = None
