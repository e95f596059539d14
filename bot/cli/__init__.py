"""The command line: one table of commands, each a function in its own file."""

from __future__ import annotations

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABOUT = "Drafts changes with a fast model; pushes only what a person approved."


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"See `{self.prog} --help`.")


def main(words: Sequence[str], began: float) -> int:
    """Run one command; `began` is the moment, by `time.monotonic`, at which the process began.

    Raises:
        UsageError: when the words are no command.
        UserError: when the command cannot be done for a reason that a person can mend.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names that are no text, terminals without a minus sign
    options = _parser().parse_args(words)
    module, _, name = str(options.command).partition(":")
    from importlib import import_module  # noqa: PLC0415 - each command imports what it needs and no more

    code: int = getattr(import_module(f"bot.cli.{module}"), name)(options, began)
    sys.stdout.flush()
    return code


def _parser() -> _Parser:
    from bot import __version__  # noqa: PLC0415 - beside its use

    parser = _Parser(
        prog="draftgate", description="Drafts changes with a fast model; pushes only what a person approved."
    )
    parser.add_argument("--version", action="version", version=f"draftgate {__version__}")
    parser.set_defaults(debug=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_action(commands)
    _add_local(commands)
    return parser


def _command(commands: argparse._SubParsersAction[_Parser], name: str, command: str, text: str) -> _Parser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--debug", action="store_true", help="show the traceback of a bug")
    parser.set_defaults(command=command)
    return parser


def _add_action(commands: argparse._SubParsersAction[_Parser]) -> None:
    _command(commands, "run", "action:run", "the Action in one process: the event comes from the environment")
    draft = _command(commands, "draft", "action:draft", "the draft job: no write token, the result goes into a folder")
    draft.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the bundle goes")
    publish = _command(commands, "publish", "action:publish", "the publish job: no model, no key, no repository code")
    publish.add_argument("folder", type=Path, metavar="DIR", help="the bundle that `draft` wrote")


def _add_local(commands: argparse._SubParsersAction[_Parser]) -> None:
    generate = _command(commands, "generate", "generate:generate", "draft a change here, with the terminal as the gate")
    _add_issue(generate)
    generate.add_argument("--kind", choices=("fix", "tests", "iac"), default="fix", help="what kind of change")
    generate.add_argument("--yes", action="store_true", help="commit without asking")
    generate.add_argument("--json", action="store_true", help="print the proposal as JSON; without --yes write nothing")
    locate = _command(commands, "locate", "inspect:locate", "rank the files that an issue is about, without a model")
    _add_issue(locate)
    locate.add_argument("--limit", type=int, default=10, metavar="N", help="how many files")
    locate.add_argument("--json", action="store_true", help="print JSON")
    apply = _command(commands, "apply", "inspect:apply", "apply one model reply, all or nothing")
    apply.add_argument("reply", nargs="?", default="-", metavar="REPLY", help="a file, or - for standard input")
    apply.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the folder to change")
    apply.add_argument("--check", action="store_true", help="change nothing, only say whether it would apply")
    check = _command(commands, "check", "inspect:check", "the in-memory checks on files or folders")
    check.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    check.add_argument("--kubernetes-version", default="", metavar="X.Y", help="the release that manifests are for")
    check.add_argument("--json", action="store_true", help="print JSON")
    doctor = _command(commands, "doctor", "doctor:doctor", "what is missing: checkout, configuration, model, GitHub")
    doctor.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the git checkout")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    init = _command(commands, "init", "init:init", "write the workflow files and a first configuration")
    init.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the root of the git checkout")
    init.add_argument("--action", default="", metavar="OWNER/NAME@REF", help="the action to use, best at a commit SHA")
    review = _command(commands, "review", "review:review", "review what HEAD has that a base revision has not")
    review.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the git checkout")
    review.add_argument("--base", metavar="REV", help="what to compare with; without it the default branch")
    review.add_argument("--json", action="store_true", help="print JSON")
    review.add_argument("--sarif", type=Path, metavar="FILE", help="also write the findings as SARIF 2.1.0")
    refresh = _command(commands, "refresh", "refresh:refresh", "bring the manifests of a folder up to date")
    refresh.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the folder to look through")
    refresh.add_argument("--kubernetes-version", default="", metavar="X.Y", help="the release that manifests are for")
    refresh.add_argument("--online", action="store_true", help="ask registries for newer versions, too")
    refresh.add_argument("--check", action="store_true", help="answer 1 when something is due")
    refresh.add_argument("--write", action="store_true", help="make the changes")
    refresh.add_argument("--json", action="store_true", help="print JSON")
    _command(commands, "demo", "demo:demo", "the whole flow on this machine, with a stand-in GitHub and model")


def _add_issue(parser: _Parser) -> None:
    parser.add_argument("--issue", required=True, metavar="FILE", help="the issue's text, or - for standard input")
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the git checkout")
