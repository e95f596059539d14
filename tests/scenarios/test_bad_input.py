"""Whatever is wrong with the event, the settings, the repository or the model: a clear word, the right exit code."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from bot.rehearsal import github_events
from bot.rehearsal.answers import NAMED, BrokenStream, HttpError, Reply
from bot.rehearsal.model import refusing_url
from tests.scenarios.stage import FIX, KEY, READ_TOKEN, WRONG_SEARCH, edit, new_file

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from bot.rehearsal.answers import Answer
    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Stage

# The event and the settings


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "holds no JSON object"),
        ("[" * 100_000, "is not JSON"),
        ('{"action": "created", "comment": {"body": "/generate"}}', ""),
        ('{"action": "created", "comment": {"body": "/generate", "user": 7}, "issue": []}', ""),
    ],
    ids=["missing", "empty", "cut", "a list", "deep", "without what matters", "with other kinds"],
)
def test_an_event_that_cannot_be_used(undrafted: Stage, tmp_path: Path, content: str | None, says: str) -> None:
    event = tmp_path / "event.json"
    if content is not None:
        event.write_text(content)

    ended = undrafted.bare({"GITHUB_EVENT_PATH": str(event)})

    assert ended.end == (1, "failed")
    assert "::error::" in ended.log
    assert says in ended.log
    assert ended.requests == []


@pytest.mark.parametrize("name", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"])
def test_an_event_that_is_not_named(undrafted: Stage, name: str) -> None:
    ended = undrafted.bare({name: ""})

    assert ended.end == (1, "failed")
    assert f"{name} is not set" in ended.log


@pytest.mark.parametrize(
    ("env", "end", "says"),
    [
        (
            {"GITHUB_REPOSITORY": "octo/other"},
            (1, "failed"),
            "the event is of octo/shop, but this run is in octo/other",
        ),
        ({"GITHUB_REPOSITORY": "no name"}, (1, "failed"), "GITHUB_REPOSITORY is `no name`"),
        ({"DRAFTGATE_TOKEN": ""}, (1, "failed"), "no GitHub token is set"),
        ({"DRAFTGATE_TOKEN": "unknown"}, (1, "failed"), "GitHub does not know the token"),
        ({"DRAFTGATE_BASE_URL": "not an address"}, (1, "failed"), "is not an address"),
        ({"DRAFTGATE_LEVEL": "everything"}, (2, ""), "the input `level` is `everything`"),
    ],
)
def test_settings_that_cannot_be_used(undrafted: Stage, env: dict[str, str], end: tuple[int, str], says: str) -> None:
    ended = undrafted.say("maria", "/generate", env=env)

    assert ended.end == end
    assert says in ended.log
    assert ended.writes == []
    assert undrafted.model.requests == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"key": "", "env": {"DRAFTGATE_BASE_URL": ""}}, "no model endpoint is set"),
        ({"env": {"DRAFTGATE_MODEL": ""}}, "no model is set"),
        ({"key": "sk-wrong-0123456789"}, ""),
        ({"env": {"DRAFTGATE_MODEL": "unknown-9"}}, "unknown-9"),
    ],
    ids=["no endpoint", "no model", "wrong key", "unknown model"],
)
def test_a_model_that_cannot_be_asked_is_told_on_the_thread(
    undrafted: Stage, how: dict[str, Any], says: str, snapshot: SnapshotAssertion
) -> None:
    ended = undrafted.say("maria", "/generate", **how)

    assert ended.end == (1, "failed")
    assert says in undrafted.sticky()
    assert undrafted.shown().replace(undrafted.model_url.split("/")[2], "<endpoint>") == snapshot
    assert undrafted.kept() == []


def test_what_failed_is_tried_again_by_the_same_event(undrafted: Stage) -> None:
    comment = undrafted.comment("maria", "/generate")
    undrafted.on(comment, key="sk-wrong-0123456789")
    undrafted.script(FIX)

    ended = undrafted.on(comment)

    assert ended.end == (0, "proposed")
    assert len(undrafted.repo.comments_on(1)) == 2


# The configuration


@pytest.mark.parametrize(
    "config",
    [
        "gate:\n  expires: 7d\n",
        "gates:\n  expire: 7d\n",
        "gates: [\n",
        "- a list\n",
        "gates:\n  expires: soon\n",
        "a: &a [*a]\n",
        "checks:\n  - name: tests\n",
    ],
    ids=["unknown section", "unknown key", "not YAML", "a list", "no duration", "a ring", "a check without a command"],
)
def test_a_configuration_that_cannot_be_used_is_told_on_the_thread(
    build: Build, config: str, snapshot: SnapshotAssertion
) -> None:
    stage = build(config=config)

    ended = stage.generate()

    assert ended.end == (1, "failed")
    assert stage.shown() == snapshot
    assert stage.model.requests == []


def test_a_configuration_that_is_not_text(build: Build) -> None:
    stage = build(files={".github/draftgate.yml": b"\xff\xfe\x00"})

    ended = stage.generate()

    assert ended.end == (1, "failed")
    assert ".github/draftgate.yml is not UTF-8 text" in stage.sticky()


def test_a_configuration_that_broke_refuses_the_approval(proposed: Stage) -> None:
    proposed.repo.commit("main", {".github/draftgate.yml": "gates: [\n"}, "Break it")

    ended = proposed.approve(proposed.sha)

    assert ended.end == (1, "failed")
    assert ".github/draftgate.yml" in proposed.answers()[0]
    assert proposed.branches() == []


# The issue


@pytest.mark.parametrize("body", ["", "   \n"])
def test_an_issue_that_says_nothing_is_refused(undrafted: Stage, body: str) -> None:
    issue = undrafted.repo.open_issue("maria", "Bug", body)
    undrafted.clock.tick()

    ended = undrafted.say("maria", "/generate", issue.number)

    assert ended.end == (0, "refused")
    assert "there is too little to go by" in undrafted.answers(issue.number)[0]
    assert undrafted.model.requests == []


@pytest.mark.parametrize(
    "text", ["total() in shop/cart.py is wrong. `" * 30_000, 'File "a.py", line 1\n(' * 50_000], ids=["prose", "traces"]
)
def test_an_issue_of_a_megabyte_is_drafted_on(undrafted: Stage, text: str) -> None:
    comment = undrafted.comment("maria", "/generate")
    undrafted.repo.issue(1).body = text  # longer than GitHub takes today: a payload says what it says
    undrafted.script(FIX)

    ended = undrafted.on(comment)

    assert ended.end == (0, "proposed")
    assert float(ended.outputs["total-seconds"]) < 30
    sent = undrafted.model.requests[-1].body["messages"]
    assert sum(len(message["content"]) for message in sent) < 400_000


# The repository and its checkout


def test_binary_and_huge_files_are_left_alone(build: Build) -> None:
    files: dict[str, str | bytes | None] = {
        "logo.png": b"\x89PNG\r\n\x1a\n\x00" * 1000,
        "huge.txt": "total price cart\n" * 400_000,
        "latin.txt": "caf\xe9".encode("latin-1"),
        "long.js": "x" * 3_000_000,
        "a b/ü.py": "x = 1\n",
    }
    stage = build(files=files, config="")

    ended = stage.generate()

    assert ended.end == (0, "proposed")


@pytest.mark.parametrize(
    "path",
    [
        "logo.png",
        "shop/cart.py/deeper.py",
        "shop",
        "SHOP/cart.py",
        "../x.py",
    ],
)
def test_a_model_cannot_write_where_nothing_of_its_own_belongs(build: Build, path: str) -> None:
    stage = build(files={"logo.png": b"\x89PNG\x00"}, config="")
    reply = new_file(path, "x = 1\n")

    ended = stage.generate(reply, reply)

    assert ended.end == (0, "nothing-to-do")
    assert stage.kept() == []


def test_an_empty_repository_is_told_on_the_thread(build: Build) -> None:
    stage = build()
    stage.check_out()
    stage.repo.move_ref("refs/heads/main", None)

    ended = stage.generate()

    assert ended.end == (1, "failed")
    assert "no commit on its default branch" in stage.sticky()


@pytest.mark.parametrize(
    "options", [("--depth=1",), ("--no-checkout",), ("--bare",)], ids=["shallow", "bare tree", "bare"]
)
def test_any_checkout_of_the_repository_will_do(plain: Stage, options: tuple[str, ...]) -> None:
    plain.check_out(*options)

    assert plain.generate().end == (0, "proposed")


def test_a_detached_and_outdated_checkout_fetches_what_it_needs(plain: Stage) -> None:
    plain.check_out()
    subprocess.run(["git", "checkout", "-q", "--detach"], cwd=plain.workspace, check=True)
    tip = plain.repo.commit("main", {"README.md": "# Shop\n"}, "Say what it is")

    ended = plain.generate()

    assert ended.end == (0, "proposed")
    commit = plain.repo.commit_at(plain.sha)
    assert commit is not None
    assert list(commit.parents) == [tip]


@pytest.mark.parametrize("kind", ["missing", "no repository", "another repository"])
def test_a_workspace_without_the_repository_is_told_on_the_thread(plain: Stage, kind: str) -> None:
    if kind != "missing":
        plain.workspace.mkdir()
    if kind == "another repository":
        subprocess.run(["git", "init", "-q"], cwd=plain.workspace, check=True)
    env = {"GITHUB_WORKSPACE": str(plain.folder / "nowhere")} if kind == "missing" else {}

    ended = plain.generate(env=env)

    assert ended.end == (1, "failed")
    assert "the checkout cannot be used" in plain.sticky()
    assert "Check the default branch out before this step." in plain.sticky()


def test_the_users_own_modules_are_not_the_bots(build: Build) -> None:
    trap = "raise SystemExit('the repository was imported')\n"
    stage = build(files={f"{name}.py": trap for name in ("json", "bot/__init__", "openai", "git", "sitecustomize")})

    ended = stage.generate(fresh=True, env={"PYTHONPATH": str(stage.workspace)})

    assert ended.end == (0, "proposed")
    assert "the repository was imported" not in ended.log


# The token


def test_a_token_that_may_not_write_keeps_the_paid_draft_in_the_summary(undrafted: Stage) -> None:
    ended = undrafted.generate(token=READ_TOKEN)

    assert ended.end == (1, "failed")
    assert "the token lacks a permission" in ended.log
    assert "`contents: write`" in ended.log
    assert "+    for price in prices:" in ended.summary
    assert undrafted.answers() == []
    assert undrafted.kept() == []


# The model


@pytest.mark.parametrize(
    ("replies", "end"),
    [
        (["I would rather not say."] * 2, (0, "nothing-to-do")),
        ([""] * 2, (0, "nothing-to-do")),
        ([WRONG_SEARCH] * 2, (0, "nothing-to-do")),
        ([Reply(FIX[:-60])] * 2, (0, "nothing-to-do")),
        ([NAMED["length"]] * 2, (0, "nothing-to-do")),
        ([NAMED["refusal"]] * 2, (0, "nothing-to-do")),
        ([BrokenStream(FIX[:40], "cut")] * 9, (1, "failed")),
        ([HttpError(429, "Rate limit reached", "rate_limit_exceeded", "3600")] * 9, (1, "failed")),
        ([NAMED["quota"]] * 9, (1, "failed")),
        ([NAMED["content-filter"]] * 9, (0, "nothing-to-do")),
        ([NAMED["not-json"]] * 9, (1, "failed")),
    ],
    ids=[
        "prose", "nothing", "the same wrong edit twice", "cut edit", "too long", "refusal", "cut stream",
        "rate limit", "quota", "filter", "no API",
    ],
)  # fmt: skip
def test_a_model_that_disappoints(
    undrafted: Stage, replies: list[Answer | str], end: tuple[int, str], snapshot: SnapshotAssertion
) -> None:
    ended = undrafted.generate(*replies)

    assert ended.end == end
    assert undrafted.shown().replace(undrafted.model_url.split("/")[2], "<endpoint>") == snapshot
    assert undrafted.kept() == []


def test_half_a_character_in_a_reply_does_no_harm(undrafted: Stage) -> None:
    ended = undrafted.generate(*[FIX.replace("prices:", "prices:  # \ud800")] * 2)

    assert ended.end in {(0, "proposed"), (0, "nothing-to-do")}
    assert "\ud800" not in undrafted.sticky()


def test_an_endpoint_that_is_down(undrafted: Stage) -> None:
    with refusing_url() as url:
        ended = undrafted.say("maria", "/generate", env={"DRAFTGATE_BASE_URL": url})

    assert ended.end == (1, "failed")
    assert "**Failed**" in undrafted.sticky()


def test_a_draft_with_the_runs_own_key_in_it_is_not_shown(undrafted: Stage) -> None:
    ended = undrafted.generate(*[edit("    result = 0", f"    result = '{KEY}'")] * 2)

    assert ended.outcome == "nothing-to-do"
    assert "the draft holds a secret of this run" in undrafted.sticky()
    assert KEY not in undrafted.sticky()


def test_github_down_ends_as_failed(undrafted: Stage) -> None:
    comment = undrafted.comment("maria", "/generate")
    event = github_events.issue_comment(undrafted.repo, comment)
    with refusing_url() as url:
        ended = undrafted.event(*event, env={"GITHUB_API_URL": url.removesuffix("/v1")})

    assert ended.end == (1, "failed")
    assert "GitHub did not answer in time" in ended.log
