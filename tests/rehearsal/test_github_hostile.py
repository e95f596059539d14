"""What nobody well-behaved sends: the fake must stand up to it, or tests that fuzz the bot would blame the bot."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rehearsal.github_diffs import anchors, follow_line, hunk_up_to
from bot.rehearsal.github_graphql_parser import GraphQLSyntaxError, parse
from bot.rehearsal.github_refs import valid_ref
from tests.rehearsal.github_client import plain

if TYPE_CHECKING:
    from pathlib import Path

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_service import GitHubServer

PIECES = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "...",
    "on",
    "query",
    "fragment",
    "$",
    ":",
    "!",
    "=",
    '"a"',
    '"',
    "1",
    "-",
    "x ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60))
def test_any_query_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(GraphQLSyntaxError):
        assert parse(text) is not None


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=50))
def test_a_string_comes_through_a_query_as_it_was(text: str) -> None:
    document = parse(f"{{ node(id: {json.dumps(text)}) {{ id }} }}")
    assert document.operations[0].selections[0].arguments == {"id": text}


@pytest.mark.parametrize(
    "name",
    ["refs/heads/x", "refs/heads/a/b", "refs/heads/.x", "refs/heads/x.", "refs/heads/x/", "refs/heads/a//b", "x",
     "refs/heads/a..b", "refs/heads/a~1", "refs/heads/a^", "refs/heads/a:b", "refs/heads/a?", "refs/heads/a*",
     "refs/heads/a[", "refs/heads/a\\b", "refs/heads/a b", "refs/heads/@{", "refs/heads/@", "refs/heads/x.lock",
     "refs/heads/x.lock/y", "refs/heads/ü", "refs/heads/a\x7f", "refs/draftgate/1", "refs/heads/-x"],
)  # fmt: skip
def test_ref_names_are_held_to_gits_own_rules(tmp_path: Path, name: str) -> None:
    done = subprocess.run(["git", "check-ref-format", name], cwd=tmp_path, check=False)
    assert valid_ref(name) == (done.returncode == 0)


DIFF = ["git", "diff", "--no-index", "old", "new"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("abcdefgh", "abXdefgh"),
        ("abcdefgh", "bcdefghi"),
        ("abcdefghijklmnopqrstuvwxyz", "aXcdefghijklmnopqrstuvwxYz"),
        ("abc", ""),
        ("", "abc"),
        ("aaaa", "aa"),
    ],
)
def test_anchors_and_moved_lines_are_what_gits_diff_says(tmp_path: Path, old: str, new: str) -> None:
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in text))
    done = subprocess.run(DIFF, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    patch = done[done.index("@@") :].removesuffix("\n")
    found = anchors(patch)
    lines = patch.split("\n")
    for (side, number), anchor in found.items():
        text = old if side == "LEFT" else new
        assert lines[anchor.position][1:] == text[number - 1]
        assert hunk_up_to(patch, anchor).endswith(lines[anchor.position])
    for number, letter in enumerate(old, 1):
        moved = follow_line(patch, number)
        assert moved is None or new[moved - 1] == letter


REQUESTS = [
    ("a length that is no number", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
    ("a length below zero", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
    ("a length beyond all bounds", b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"400"),
    ("chunks that are none", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ("an unknown method", b"BREW / HTTP/1.1\r\n\r\n", b"501"),
    ("chunks", b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"404"),
]


@pytest.mark.parametrize(("sent", "status"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS])
def test_a_request_out_of_order_is_answered(server: GitHubServer, sent: bytes, status: bytes) -> None:
    port = int(server.server_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(sent)
        assert re.match(rb"HTTP/1.1 (\d+)", connection.recv(4096), re.ASCII)[1] == status  # type: ignore[index]


@pytest.mark.parametrize(
    "path", ["/octo/../octo/shop.git/info/refs", "/octo/..%2Fshop/info/refs", "/../x.git/info/refs"]
)
def test_git_paths_lead_nowhere_else(server: GitHubServer, shop: Repository, path: str) -> None:
    assert shop.head()
    assert plain(server, "GET", path)[0] in {401, 404}


def test_a_client_that_leaves_early_does_not_stop_the_server(server: GitHubServer, shop: Repository) -> None:
    port = int(server.server_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"POST /api/v3/repos/octo/shop/issues HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
    assert plain(server, "GET", f"/api/v3/repos/{shop.full_name}")[0] == 200
    assert shop.issues == {}
