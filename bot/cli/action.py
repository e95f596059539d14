"""`run`, `draft`, `publish`: the Action's entries. What asks for nothing ends here, before any heavy import."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

from bot.adapters import actions
from bot.core.precheck import asks_for_draft, quick_ignore
from bot.errors import BotError, UsageError, UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from bot.adapters.model import ModelProcess


def run(_options: argparse.Namespace, began: float) -> int:
    """The Action in one process; the input `entry` can name one of the two jobs instead."""
    return _with_event(lambda name, payload: _entry(name, payload, began))


def draft(options: argparse.Namespace, began: float) -> int:
    """The draft job."""
    return _with_event(lambda name, payload: _job("draft", options.out, (name, payload), began))


def publish(options: argparse.Namespace, began: float) -> int:
    """The publish job."""
    return _with_event(lambda name, payload: _job("publish", options.folder, (name, payload), began))


def _entry(name: str, payload: dict[str, Any], began: float) -> int:
    from bot.settings.environ import Settings  # noqa: PLC0415 - ignored events end before

    settings = Settings.from_environ(os.environ)
    if settings.entry == "run":
        model = _early_model(name, payload)
        from bot import app  # noqa: PLC0415 - 0.3 s of imports, in which the model's process makes its own

        return app.run(app.Run(os.environ, began, model), name, payload)
    if not settings.bundle:
        raise UsageError(f"the entry `{settings.entry}` needs a folder", "Set the input `bundle`.")
    from pathlib import Path  # noqa: PLC0415 - beside its use

    return _job(settings.entry, Path(settings.bundle), (name, payload), began)


def _job(entry: str, folder: Path, event: tuple[str, dict[str, Any]], began: float) -> int:
    model = _early_model(*event) if entry == "draft" else None
    from bot import app, jobs  # noqa: PLC0415 - as above

    act = jobs.draft if entry == "draft" else jobs.publish
    return act(app.Run(os.environ, began, model), *event, folder)


def _early_model(name: str, payload: dict[str, Any]) -> ModelProcess | None:
    """Start the model's process before anything else, where a draft is asked for and the settings name the model.

    It gets ready while this process imports, authorises and locates; it asks nothing until it is told to. What is wrong
    with the settings is said later, on the thread, once it is known that the person may ask.
    """
    from bot.adapters.model import ModelProcess  # noqa: PLC0415 - only drafts ask a model
    from bot.settings.environ import Settings  # noqa: PLC0415 - ignored events end before

    settings = Settings.from_environ(os.environ)
    if not settings.model or not asks_for_draft(name, payload):
        return None
    try:
        model = ModelProcess(settings.endpoints(), os.environ, settings.reasoning_effort)
    except UserError:
        return None
    model.warm()
    return model


def _with_event(act: Callable[[str, dict[str, Any]], int]) -> int:
    """Read the event and act on it; what a person must mend is also written to the Action's outputs."""
    try:
        name, payload = actions.read_event(os.environ)
        reason = quick_ignore(name, payload)
        if reason is None:
            from bot.adapters.sandbox_view import guard_memory  # noqa: PLC0415 - ctypes; ignored events end before

            guard_memory()
            gc.disable()  # what the imports make stays; looking for garbage in it takes a sixth of their time
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
