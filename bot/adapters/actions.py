"""The door to the GitHub Actions runner: event file in; outputs, step summary and log out.

What goes out takes a `redact`, such as `Redactor.redact`; it is applied before the text is fitted to its channel.
Imported on the way of every ignored event, so the standard library's light parts alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Redact = Callable[[str], str]

LARGEST_EVENT = 25 * 1024 * 1024
"""Bytes; GitHub sends no larger webhook payload."""
LARGEST_SUMMARY = 1024 * 1024
"""Bytes of a step's summary; the runner drops a larger one as a whole."""

_CUT_NOTE = "\n\n_The rest was left out: a step summary holds 1 MiB._\n"
_OUTPUT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LINE_END = re.compile(r"\r\n|\n|\r")

# The runner trims a line before it looks for `::` at its start, and finds `##[` anywhere; both comparisons follow the
# culture, which means that they skip characters without a width (actions/runner, ActionCommand.cs).
_COMMAND = re.compile(r"^([^!-~]*):([^!-~]*):")
_OLD_COMMAND = re.compile(r"#([^ -~]*)#([^ -~]*)\[")


def read_event(environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The event's name and payload, from `GITHUB_EVENT_NAME` and the file that `GITHUB_EVENT_PATH` names.

    Raises:
        UserError: one of them is unset, or the file is missing, too large, not JSON or not an object.
    """
    name = _setting(environ, "GITHUB_EVENT_NAME")
    path = _setting(environ, "GITHUB_EVENT_PATH")
    remedy = "GITHUB_EVENT_PATH has to name the event file that GitHub wrote for this run."
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs 5 ms of the 100 that an ignored event may take
            data = file.read(LARGEST_EVENT + 1)
    except OSError as problem:
        raise UserError(f"the event file {path} cannot be read: {problem.strerror}", remedy) from problem
    if len(data) > LARGEST_EVENT:
        raise UserError(f"the event file {path} has more than 25 MB", remedy)
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise UserError(f"the event file {path} is not JSON", remedy) from problem
    if not isinstance(payload, dict):
        raise UserError(f"the event file {path} holds no JSON object", remedy)
    return name, payload


def write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str], redact: Redact = str) -> None:
    """Set the step's outputs; without `GITHUB_OUTPUT` there is no step and nothing is written.

    A value cannot end its own entry or begin another: one of several lines has a random delimiter of its own.

    Raises:
        UserError: the runner's file cannot be written.
        ValueError: a name is not one that workflows can use.
    """
    entries = []
    for name, value in outputs.items():
        if not _OUTPUT_NAME.fullmatch(name):
            raise ValueError(name)
        text, delimiter = redact(value), os.urandom(16).hex()
        one_line = "\n" not in text and "\r" not in text
        entries.append(f"{name}={text}\n" if one_line else f"{name}<<{delimiter}\n{text}\n{delimiter}\n")
    _append(environ.get("GITHUB_OUTPUT", ""), "".join(entries).encode("utf-8", "backslashreplace"))


def write_summary(environ: Mapping[str, str], markdown: str, redact: Redact = str) -> None:
    """Add to the step's summary, cut with a note where it would pass `LARGEST_SUMMARY` together with what is there.

    Without `GITHUB_STEP_SUMMARY` nothing is written.

    Raises:
        UserError: the runner's file cannot be written.
    """
    path = environ.get("GITHUB_STEP_SUMMARY", "")
    there = os.path.getsize(path) if path and os.path.exists(path) else 0  # noqa: PTH110, PTH202 - see read_event
    _append(path, _fitting(f"{redact(markdown)}\n".encode("utf-8", "backslashreplace"), LARGEST_SUMMARY - there))


def log(text: str, redact: Redact = str) -> None:
    """Write lines to the log (standard error); foreign text in them cannot command the runner."""
    _emit("\n".join(_defused(line) for line in _LINE_END.split(redact(text))))


def warning(text: str, redact: Redact = str) -> None:
    """Write a warning that GitHub shows above the log."""
    _emit(f"::warning::{_escaped(redact(text))}")


def error(text: str, redact: Redact = str) -> None:
    """Write an error that GitHub shows above the log."""
    _emit(f"::error::{_escaped(redact(text))}")


def _setting(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise UserError(f"{name} is not set", "Run this in a GitHub Actions workflow, or use `draftgate generate`.")
    return value


def _append(path: str, data: bytes) -> None:
    if not path or not data:
        return
    try:
        with open(path, "ab") as file:  # noqa: PTH123 - see read_event
            file.write(data)
    except OSError as problem:
        raise UserError(
            f"{path} cannot be written: {problem.strerror}", "It is the runner's file of this step."
        ) from problem


def _fitting(data: bytes, room: int) -> bytes:
    if len(data) <= room:
        return data
    note = _CUT_NOTE.encode()
    kept = data[: max(room - len(note), 0)].decode("utf-8", "ignore").encode()  # no half character at the cut
    return kept + note if room >= len(note) else b""


def _defused(line: str) -> str:
    return _OLD_COMMAND.sub(r"#\1#\2 [", _COMMAND.sub(r"\1: \2:", line))


def _escaped(text: str) -> str:
    """The text as the data of a workflow command; the runner turns the escapes back."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _emit(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the log
