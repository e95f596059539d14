"""Secrets: found by their form, never repeated, and only those that a change brings in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import check_change, check_text
from bot.checks.packed import load

# Put together here, so that no scanner takes this file for a leak.
GITHUB = "ghp_" + "1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX"
OTHER = "ghp_" + "9zY8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE8dC"
AWS = "AKIA" + "Z7Q4M2N5K3L6P2RT"
SLACK = "xoxb-" + "123456789012-1234567890123-" + "aB3dE5fG7hJ9kL1mN3pQ5rS7"
KEY = "-----BEGIN RSA PRIVATE " + "KEY-----\n" + "MIIEpAIBAAKCAQEA7bq0" * 8 + "\n-----END RSA PRIVATE " + "KEY-----\n"


def said(path: str, text: str) -> list[tuple[int | None, str, str]]:
    return [(one.line, one.check, one.severity) for one in check_text(path, text)]


@pytest.mark.parametrize("secret", [GITHUB, AWS, SLACK, KEY])
def test_the_form_of_a_real_key_is_an_error_and_is_not_repeated(secret: str) -> None:
    (finding,) = check_text("src/settings.ini", f"[a]\nkey = {secret}\n")
    assert (finding.line, finding.check, finding.severity) == (2, "secret", "error")
    assert secret.strip()[:12] not in repr(finding)


@pytest.mark.parametrize("path", ["tests/test_a.ini", "docs/a.txt", "README.md", "examples/a.conf"])
def test_in_tests_and_prose_it_is_a_warning(path: str) -> None:
    assert said(path, f"token: {GITHUB}\n") == [(1, "secret", "warning")]


def test_a_value_that_only_looks_random_is_a_warning() -> None:
    assert said("a.ini", "api_key = 'zQ8rT2vX5bN7mK1pL4sD'\n") == [(1, "secret", "warning")]


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['PASSWORD']\n",
        "token: ${{ secrets.GITHUB_TOKEN }}\n",
        "api_key = '<your key here>'\n",
        "key = AKIAIOSFODNN7EXAMPLE\n",
        f"key = {GITHUB}  # gitleaks:allow\n",
        "sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'\n",
        "key = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n",
    ],
)
def test_references_placeholders_and_digests_are_no_secrets(text: str) -> None:
    assert said("src/a.ini", text) == []


@pytest.mark.parametrize("path", ["package-lock.json", "go.sum", "node_modules/a/b.ini"])
def test_files_of_tools_are_not_searched(path: str) -> None:
    assert [line for line in said(path, f'{{"a": "{GITHUB}"}}\n') if line[1] == "secret"] == []


def test_one_finding_a_secret_and_line_though_several_rules_see_it() -> None:
    assert said("a.ini", f"secret_token = '{GITHUB}'\n") == [(1, "secret", "error")]


def test_only_a_secret_that_was_not_there_is_the_changes() -> None:
    line = f"key = {GITHUB}\n"
    assert check_change({"a.ini": (line, "# moved\n" + line)}) == []
    assert [one.line for one in check_change({"a.ini": (line, line + f"key = {OTHER}\n")})] == [2]


def test_an_exchanged_secret_is_new() -> None:
    assert [one.line for one in check_change({"a.ini": (f"key = {GITHUB}\n", f"key = {OTHER}\n")})] == [1]


def test_a_secret_is_found_in_what_cannot_be_parsed() -> None:
    found = check_change({"a.json": ("{", f'{{"a": "{GITHUB}"')})
    assert [one.check for one in found] == ["secret"]


@pytest.mark.parametrize("line", ["\n", ""])
def test_a_text_full_of_keywords_takes_bounded_time(line: str) -> None:
    words = " ".join(sorted({rule["keywords"][0] for rule in load("secrets")["rules"]})) + line
    started = time.thread_time()
    found = check_text("a.ini", words * (1_500_000 // len(words)))
    assert time.thread_time() - started < 10  # all rules, all the text, one by one: a minute
    assert "secret-unread" in [one.check for one in found]


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_secret_is_found_wherever_it_stands_and_never_shown(before: str, after: str) -> None:
    found = [one for one in check_text("a.txt", f"{before}\n{GITHUB}\n{after}") if one.check == "secret"]
    assert found
    assert GITHUB not in repr(found)
