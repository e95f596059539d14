"""`run`, `draft`, `publish`: the Action's entries. What asks for nothing ends here, before any heavy import."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bot.adapters import actions
from bot.core.precheck import quick_ignore
from bot.errors import BotError, UsageError, UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def run(_options: argparse.Namespace, began: float) -> int:
    """The Action in one process; `DRAFTGATE_ENTRY` can name one of the two jobs instead."""
    return _with_event(lambda name, payload: _entry(name, payload, began))


def draft(options: argparse.Namespace, began: float) -> int:
    """The draft job."""
    return _with_event(lambda name, payload: _app().draft(os.environ, name, payload, began, options.out))


def publish(options: argparse.Namespace, began: float) -> int:
    """The publish job."""
    return _with_event(lambda name, payload: _app().publish_job(os.environ, name, payload, began, options.folder))


def _entry(name: str, payload: dict[str, Any], began: float) -> int:
    from pathlib import Path  # noqa: PLC0415 - beside its use

    from bot.settings.environ import Settings  # noqa: PLC0415 - ignored events end before

    settings = Settings.from_environ(os.environ)
    if settings.entry == "run":
        code: int = _app().run(os.environ, name, payload, began)
        return code
    if not settings.bundle:
        raise UsageError(f"the entry `{settings.entry}` needs a folder", "Set the input `bundle`.")
    entry = _app().draft if settings.entry == "draft" else _app().publish_job
    ended: int = entry(os.environ, name, payload, began, Path(settings.bundle))
    return ended


def _app() -> Any:
    from bot import app  # noqa: PLC0415 - 0.5 s of imports that ignored events do not pay

    return app


def _with_event(act: Callable[[str, dict[str, Any]], int]) -> int:
    """Read the event and act on it; what a person must mend is also written to the Action's outputs."""
    try:
        name, payload = actions.read_event(os.environ)
        reason = quick_ignore(name, payload)
        if reason is None:
            return act(name, payload)
    except UsageError:
        raise
    except UserError as error:
        actions.error(f"{error.what}. {error.remedy}".strip())
        actions.write_outputs(os.environ, {"outcome": "failed"})
        return 1
    except BotError as error:
        actions.error(str(error))
        actions.write_outputs(os.environ, {"outcome": "failed"})
        return 1
    actions.log(f"ignored: {reason}")
    actions.write_outputs(os.environ, {"outcome": "ignored"})
    return 0
