"""Dockerfiles: what every builder refuses, and what only looks odd."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import check_text
from bot.checks.dockerfile import read_dockerfile

SOUND = r"""# syntax=docker/dockerfile:1
ARG VERSION=3.11
FROM --platform=$BUILDPLATFORM python:${VERSION} AS base
RUN apt-get update \
    # a comment between

    && apt-get install -y curl
COPY <<EOF /etc/a
NOTAN instruction
EOF
RUN <<-'SCRIPT'
  whatever
	SCRIPT
from base as final
COPY --from=base --chown=1:1 /a /b
COPY --from=0 /a /b
COPY --from=docker.example/x:1 ["a b", "/c"]
ONBUILD RUN x
HEALTHCHECK --interval=5s CMD curl localhost
ENTRYPOINT []
CMD ["a"]"""


def said(text: str, path: str = "Dockerfile") -> list[tuple[int | None, str]]:
    return [(one.line, one.check) for one in check_text(path, text) if not one.is_risk]


@pytest.mark.parametrize("path", ["Dockerfile", "build/Dockerfile.dev", "api.dockerfile", "Containerfile"])
def test_a_sound_file_is_sound(path: str) -> None:
    assert said(SOUND, path) == []
    assert said(SOUND.replace("\n", "\r\n"), path) == []


def test_another_escape_character_is_honoured() -> None:
    assert said("# escape=`\nFROM a:1\nRUN x `\n  y\nCOPY a\\ b\\\n") == []


@pytest.mark.parametrize(
    ("text", "line", "check"),
    [
        ("FROM a:1\nRUNN x\n", 2, "dockerfile-syntax"),
        ("FROM a:1\nRUN x\n  && y\n", 3, "dockerfile-syntax"),
        ("RUN x\nFROM a:1\n", 1, "dockerfile-syntax"),
        ("FROM a:1 base\n", 1, "dockerfile-syntax"),
        ("FROM a:1\nCOPY a\n", 2, "dockerfile-syntax"),
        ("FROM a:1\nWORKDIR\n", 2, "dockerfile-syntax"),
        ("FROM a:1\nCOPY --from=0 a b\n", 2, "dockerfile-stage"),
        ("FROM a:1\nCOPY --from=later a b\nFROM b:1 AS later\n", 2, "dockerfile-stage"),
    ],
)
def test_what_no_builder_takes_is_an_error(text: str, line: int, check: str) -> None:
    assert said(text) == [(line, check)]


@pytest.mark.parametrize("path", ["Dockerfile.j2", "Dockerfile.md", ".dockerignore", "dockerfile.txt"])
def test_other_files_are_left_alone(path: str) -> None:
    assert said("NOTHING like it\n", path) == []


def test_a_template_is_left_alone() -> None:
    assert said("FROM {{ image }}\n{% if x %}\nRUN y\n{% endif %}\n") == []


def test_instructions_are_read_with_their_flags_and_lines() -> None:
    instructions = read_dockerfile(SOUND)
    copied = next(one for one in instructions if one.flags and one.word == "copy")
    assert (copied.line, copied.flags, copied.rest) == (15, (("from", "base"), ("chown", "1:1")), "/a /b")


@pytest.mark.parametrize("text", ["FROM a\n" + "RUN <<A\n" * 100_000, "RUN \\\n" * 100_000, "a" * 1_000_000])
def test_hostile_files_take_bounded_time(text: str) -> None:
    started = time.thread_time()
    check_text("Dockerfile", text)
    assert time.thread_time() - started < 5  # with a search for each here-document it would be minutes


@given(
    st.lists(st.sampled_from(["FROM ", "a", " AS b", "\n", "\\\n", "<<E", "E\n", "#", "COPY --from=", "0 ", "["])).map(
        "".join
    )
)
def test_no_text_makes_the_check_raise(text: str) -> None:
    check_text("Dockerfile", text)
