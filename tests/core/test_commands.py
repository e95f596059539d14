from __future__ import annotations

import time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import commands
from bot.core.commands import (
    COMMANDS,
    Approve,
    Command,
    CommandError,
    Explain,
    Generate,
    Help,
    Hint,
    Refresh,
    Reject,
    Retry,
    Review,
    Revise,
    Suggest,
    parse_command,
)
from bot.core.comment_lines import FOREIGN, WORDS, nearest

SHA = "3f9c2a1b7d04"
WHOLE = "3f9c2a1b7d04" + "0" * 28


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/generate", Generate(None, "")),
        ("/generate fix", Generate("fix", "")),
        ("/generate tests", Generate("tests", "")),
        ("/generate iac add a bucket", Generate("iac", "add a bucket")),
        ("/generate FIX the parser", Generate("fix", "the parser")),
        ("/generate fixes for the parser", Generate(None, "fixes for the parser")),
        ("/generate docs", Generate(None, "docs")),
        ("/Generate fix", Generate("fix", "")),
        ("/generate\tfix\tnow", Generate("fix", "now")),
        ("/generate fix\nin `a.py`:\n\n    indented", Generate("fix", "in `a.py`:\n\n    indented")),
        ("/generate\n```\nTypeError\n```\n", Generate(None, "```\nTypeError\n```")),
        ("/generate\n> quoted\n", Generate(None, "> quoted")),
        ("/generate fix\r\nwindows lines\r\n", Generate("fix", "windows lines")),
        ("/suggest", Suggest("")),
        ("/suggest use a set", Suggest("use a set")),
        ("/review", Review()),
        ("/review\nthanks", Review()),
        (f"/revise {SHA} keep the name", Revise(SHA, "keep the name")),
        (f"/revise {SHA}\nkeep the name", Revise(SHA, "keep the name")),
        (f"/approve {SHA}", Approve(SHA)),
        (f"/approve {WHOLE}", Approve(WHOLE)),
        (f"/approve {SHA.upper()}", Approve(SHA)),
        (f"/APPROVE   {SHA}  \t", Approve(SHA)),
        (f"/approve {SHA}\n\nThank you, this is right.", Approve(SHA)),
        (f"/approve {SHA}\n> /reject {SHA}", Approve(SHA)),
        (f"/reject {SHA}", Reject(SHA, "")),
        (f"/reject {SHA} wrong file\nsee #3", Reject(SHA, "wrong file\nsee #3")),
        (f"/retry {SHA}", Retry(SHA)),
        ("/explain", Explain(None)),
        (f"/explain {SHA.upper()}", Explain(SHA)),
        ("/hint", Hint("")),
        ("/hint where do I start", Hint("where do I start")),
        ("/refresh", Refresh(None)),
        ("/refresh Images-major", Refresh("images-major")),
        ("/help", Help()),
        ("/help please", Help()),
    ],
)
def test_a_command_is_read(body: str, command: Command) -> None:
    assert parse_command(body) == command


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n\n  \n",
        "> they wrote\n",
        "> they wrote\n\n",
        "   > three spaces still quote\n",
        "```\n/reject 3f9c2a1b7d04\n```\n",
        "~~~~ yaml\n~~~\n/help\n~~~~~\n",
        "````\n```\n/help\n````\n",
        "<!-- hidden -->\n",
        "<!-- hidden\n/help\nand on -->\n",
        "<!-- a --><!-- b -->\n",
        "    /help\n",
        "\t/help\n",
        "  \t/help\n",
        "   ",
    ],
)
def test_what_is_deaf_may_stand_before_a_command(before: str) -> None:
    assert parse_command(f"{before}/retry {SHA}") == Retry(SHA)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   \n\t\n",
        "/",
        "/ generate",
        "//",
        "// comment",
        "//generate",
        "/usr/bin/env python",
        "/generate/this",
        "/help/",
        "/3f9c2a1b7d04",
        "/-help",
        "[/help](https://example.org)",
        "https://example.org/help",
        "`/help`",
        "**/help**",
        "- /help",
        "1. /help",
        "Please /help",
        "Please\n/help",
        "@draftgate /help",
        "\u200b/help",
        "\\/help",
        "> /help",
        ">/help",
        "   > /help",
        "> > /help",
        "    /help",
        "\t/help",
        "   \t/help",
        "```\n/help\n```",
        "```\n/help",
        "```text\n/help\n``\n/help",
        "````\n```\n/help",
        "~~~\n```\n/help\n```",
        "```\n~~~\n/help",
        "   ```\n/help\n   ```",
        "```\n/help\n```` still open",
        "<!-- /help -->",
        "<!--\n/help\n-->",
        "<!--\n/help",
        "<!-- a --><!--\n/help\n-->",
        "<!--\n/help --> /help",
        "<!-- x --> /help",
        "<!-- a\n-->/help",
        "a\u2028/help",
        "<details>\n/help\n</details>",
        "/lgtm",
        "/lgtm\n/help",
        "/cc @somebody",
        "/assign",
        "/test all",
        "/hold",
        "/close",
        "/merge",
        *(f"/{word}" for word in sorted(FOREIGN)),
        "/label bug",
        "/remove-lifecycle stale",
        "/azp run",
        "/ok-to-test",
        "/tests",
        "/" + "generate" * 400,
    ],
)
def test_what_is_no_command_of_ours_is_none(body: str) -> None:
    assert parse_command(body) is None


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("/approved 3f9c2a1b7d04", "approve"),
        ("/aprove 3f9c2a1b7d04", "approve"),
        ("/approve: 3f9c2a1b7d04", "approve"),
        ("/apporve", "approve"),
        ("/generte", "generate"),
        ("/genreate fix", "generate"),
        ("/regenerate", "generate"),
        ("/Genarate", "generate"),
        ("/suggestion", None),
        ("/sugest", "suggest"),
        ("/reviews", "review"),
        ("/revice", "revise"),
        ("/rejct", "reject"),
        ("/retri", "retry"),
        ("/explian", "explain"),
        ("/hints", "hint"),
        ("/refersh", "refresh"),
        ("/hlep", "help"),
        ("/help!", "help"),
        ("/halt", None),
        ("/hi", None),
    ],
)
def test_a_slip_of_the_pen_gets_the_nearest_command(typed: str, word: str | None) -> None:
    expected = CommandError(typed, "there is no such command", commands.USAGE[word]) if word else None
    assert parse_command(typed) == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/approve", "the SHA of the proposal is missing, 12 to 40 hex digits"),
        ("/approve 3f9c2a1", "a SHA has 12 to 40 hex digits here, not 7"),
        (f"/approve {WHOLE}0", "a SHA has 12 to 40 hex digits here, not 41"),
        ("/approve it", "what follows is not the SHA of a proposal, which is 12 to 40 hex digits and no other sign"),
        (
            f"/approve `{SHA}`",
            "what follows is not the SHA of a proposal, which is 12 to 40 hex digits and no other sign",
        ),
        (f"/approve {SHA} please", "nothing else may stand on the line; words can go below it"),
        (f"/approve {SHA} {SHA}", "nothing else may stand on the line; words can go below it"),
        (f"/approve {SHA} <!-- hidden -->", "nothing else may stand on the line; words can go below it"),
        (f"/retry {SHA} harder", "it takes nothing after the SHA; `/revise` takes words"),
        ("/retry", "the SHA of the proposal is missing, 12 to 40 hex digits"),
        (
            "/reject because",
            "what follows is not the SHA of a proposal, which is 12 to 40 hex digits and no other sign",
        ),
        ("/revise", "the SHA of the proposal is missing, 12 to 40 hex digits"),
        ("/explain that", "what follows is not the SHA of a proposal, which is 12 to 40 hex digits and no other sign"),
        ("/review the tests", "it takes nothing after it"),
        ("/refresh images charts", "it takes the name of one group, or nothing for all of them"),
        ("/refresh ../etc", "it takes the name of one group, or nothing for all of them"),
    ],
)
def test_a_wrong_argument_says_what_to_write(line: str, problem: str) -> None:
    word = line.split(maxsplit=1)[0][1:]
    assert parse_command(f"{line}\nwords below") == CommandError(line, problem, commands.USAGE[word])


def test_a_revision_without_words_says_so() -> None:
    line = f"/revise {SHA}"
    assert parse_command(f"{line}\n\n") == CommandError(
        line, "it needs words on what to change", "/revise <sha> <words>"
    )


@pytest.mark.parametrize(
    "body",
    [
        f"/generate fix\n/approve {SHA}",
        f"/approve {SHA}\n/approve {SHA}",
        f"/approve {SHA}\n\nand\n/generate",
        f"/approve {SHA}\n```\n```\n/Reject {SHA}",
        "/help\n/help",
        "/generate\n/approve",
    ],
)
def test_two_commands_in_one_comment_are_a_mistake(body: str) -> None:
    error = parse_command(body)
    assert isinstance(error, CommandError)
    assert error.problem == "one command a comment, and this comment gives more"
    assert error.line == body.partition("\n")[0]


@pytest.mark.parametrize(
    "below", ["> /help", "```\n/help\n```", "    /help", "<!-- /help -->", "/lgtm", "see /help", "/usr/bin", "/aprove"]
)
def test_a_second_line_that_is_deaf_or_foreign_is_words(below: str) -> None:
    assert parse_command(f"/generate fix\n{below}") == Generate("fix", below.strip())


def test_a_long_line_is_cut_in_the_error() -> None:
    error = parse_command("/aprove " + "x" * 5000)
    assert isinstance(error, CommandError)
    assert len(error.line) == 200


def test_the_table_the_words_and_the_types_are_the_same_commands() -> None:
    assert [row.word for row in COMMANDS] == list(WORDS) == [command.word for command in get_args(Command)]


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.word)
def test_every_row_says_how_what_and_where(row: commands.CommandHelp) -> None:
    assert row.usage.split()[0] == f"/{row.word}"
    assert row.meaning[0].isupper()
    assert row.meaning.endswith(".")
    assert "." not in row.meaning[:-1]
    assert row.where
    example = row.usage.translate(str.maketrans("", "", "[]<>")).replace("sha", SHA).replace("fix|tests|iac", "fix")
    command = parse_command(example)
    assert not isinstance(command, CommandError | None)
    assert command.word == row.word


@pytest.mark.parametrize("word", WORDS)
def test_a_right_word_is_its_own_nearest(word: str) -> None:
    assert nearest(word) == word


@pytest.mark.parametrize(
    "body",
    [
        "<!--" * 65_000,
        "<!-- -->" * 32_000,
        "`" * 260_000,
        "`" * 130_000 + "a`" * 65_000,
        "```\n" * 65_000,
        "/help" + " " * 260_000 + "x",
        "/help\n" * 43_000,
        "\n" * 260_000,
        " " * 260_000 + "/help",
        "/" + "a" * 260_000,
        "/approve " + "a" * 260_000,
    ],
    ids=lambda body: repr(body[:9]),
)
def test_the_longest_comment_github_takes_is_read_in_time_whatever_is_in_it(body: str) -> None:
    start = time.perf_counter()
    parse_command(body)
    assert time.perf_counter() - start < 2  # a thousandth of what quadratic time would take


LINES = st.lists(
    st.one_of(st.sampled_from([*(row.usage for row in COMMANDS), f"/approve {SHA}", "", "words"]), st.text()),
    max_size=8,
).map(lambda lines: [part for line in lines for part in line.replace("\r", "\n").split("\n")])
FREE = st.lists(
    st.sampled_from(
        ["/generate", "/approve", f" {SHA}", "\n", "\r", "```", "~~~", "<!--", "-->", ">", "    ", "\t", " ", "x", "/"]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(st.text(), FREE))
def test_no_text_breaks_the_parser(body: str) -> None:
    command = parse_command(body)
    assert command is None or isinstance(command, (CommandError, *get_args(Command)))


@given(LINES, st.sampled_from(["> ", ">", "   > ", "    ", "\t", " \t"]))
def test_what_is_quoted_or_indented_gives_no_command(lines: list[str], mark: str) -> None:
    assert parse_command("\n".join(mark + line for line in lines)) is None


@given(LINES, st.sampled_from("`~"), st.integers(3, 7), st.booleans())
def test_what_is_fenced_gives_no_command(lines: list[str], sign: str, length: int, closed: bool) -> None:
    fence = sign * length
    inside = [line for line in lines if fence not in line]
    body = "\n".join([fence, *inside, *[fence] * closed])
    assert parse_command(body) is None


@given(LINES, st.booleans())
def test_what_is_in_an_html_comment_gives_no_command(lines: list[str], closed: bool) -> None:
    inside = [line for line in lines if "-->" not in line]
    assert parse_command("\n".join(["<!--", *inside, *["-->"] * closed])) is None


@given(st.text(st.characters(exclude_characters="\r\n")).filter(lambda text: text.strip()))
def test_an_approval_with_anything_else_on_its_line_is_never_one(extra: str) -> None:
    assert not isinstance(parse_command(f"/approve {SHA} {extra}"), Approve)
    assert not isinstance(parse_command(f"{extra.strip()}x /approve {SHA}"), Approve)
