from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot.core.prompts import KINDS
from bot.rehearsal.answers import NAMED, Reply
from bot.rehearsal.model import SimulatedModel
from tests.cli.console import Ended, draftgate
from tests.pipeline.bench import CART, FILES, RIGHT, TASK, commit_files, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "sk-test-0123456789"
ISSUE = f"# {TASK.title}\n\n{TASK.text}\n"
CONFIG = (
    b"checks:\n  - name: tests\n    run: python3 -m unittest -q\n"
    b"model:\n  candidates: 1\n  prices:\n    simulated-1: {in: 1, out: 2}\n"
)
BRANCH = "draftgate/0-count-the-first-price"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[SimulatedModel, str]]:
    model = SimulatedModel(api_key=KEY, first_token=0, tokens_per_second=100_000)
    with model.serve() as url:
        yield model, url


@pytest.fixture
def model(served: tuple[SimulatedModel, str]) -> SimulatedModel:
    served[0]._queue.clear()
    served[0].requests.clear()
    return served[0]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    commit_files(folder, {**FILES, ".github/draftgate.yml": CONFIG})
    (tmp_path / "issue.md").write_text(ISSUE)
    return folder


@pytest.fixture
def env(served: tuple[SimulatedModel, str]) -> dict[str, str]:
    return {"DRAFTGATE_BASE_URL": served[1], "DRAFTGATE_API_KEY": KEY, "DRAFTGATE_MODEL": "simulated-1"}


def generate(repo: Path, env: dict[str, str], *words: str, stdin: str | None = None) -> Ended:
    return draftgate("generate", "--issue", repo.parent / "issue.md", "--repo", repo, *words, stdin=stdin, env=env)


def branches(repo: Path) -> list[str]:
    return git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()


@pytest.mark.parametrize("stdin", [None, "\n", "yes please\n"])
def test_without_a_typed_yes_nothing_is_committed(
    repo: Path, env: dict[str, str], model: SimulatedModel, stdin: str | None
) -> None:
    model.queue(Reply(RIGHT))
    ended = generate(repo, env, stdin=stdin)
    assert ended.code == 0, ended.err
    assert f"Commit this on {BRANCH}? [y/N]" in ended.out
    assert "nothing was committed" in ended.err
    assert branches(repo) == ["main"]


def test_a_yes_commits_on_a_branch_and_leaves_the_working_files_alone(
    repo: Path, env: dict[str, str], model: SimulatedModel
) -> None:
    model.queue(Reply(RIGHT))
    head = git(repo, "rev-parse", "HEAD")
    (repo / "shop" / "cart.py").write_text(CART + "# half done\n")
    (repo / "loose.txt").write_text("mine\n")
    status = git(repo, "status", "--porcelain")
    ended = generate(repo, env, stdin="y\n")
    assert ended.code == 0, ended.err
    assert "uncommitted changes are not seen: the draft stands on HEAD" in ended.err
    assert "+    for price in prices:" in ended.out
    assert "passes now (1 failed before)" in ended.out
    assert f"committed {git(repo, 'rev-parse', BRANCH)[:12]} on {BRANCH}" in ended.err
    assert git(repo, "status", "--porcelain") == status
    assert git(repo, "rev-parse", "HEAD", f"{BRANCH}^").split() == [head, head]
    assert git(repo, "diff", "--name-only", head, BRANCH) == "shop/cart.py"
    assert git(repo, "show", f"{BRANCH}:shop/cart.py") == CART.replace("[1:]", "").strip()
    message = git(repo, "log", "-1", "--format=%an%n%B", BRANCH)
    assert message.startswith("Test Person\nCount the first price\n\nThe loop skipped it.\n\n")
    assert message.rstrip().endswith("Draftgate-Model: simulated-1")


def test_yes_asks_nothing_and_takes_the_next_free_branch(
    repo: Path, env: dict[str, str], model: SimulatedModel
) -> None:
    git(repo, "branch", BRANCH)
    model.queue(Reply(RIGHT))
    ended = draftgate("generate", "--issue", "-", "--repo", repo, "--yes", stdin=ISSUE, env=env)
    assert ended.code == 0, ended.err
    assert "[y/N]" not in ended.out
    assert branches(repo) == [BRANCH, f"{BRANCH}-2", "main"]


def test_json_prints_the_proposal_and_writes_nothing(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.queue(Reply(RIGHT))
    ended = generate(repo, env, "--json", stdin="y\n")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert (told["result"], told["title"], told["added"], told["removed"]) == ("drafted", "Count the first price", 1, 1)
    assert told["base"] == git(repo, "rev-parse", "HEAD")
    assert told["files"] == [{"path": "shop/cart.py", "mode": "100644", "content": CART.replace("[1:]", "")}]
    assert told["diff"].startswith("diff --git a/shop/cart.py b/shop/cart.py\n")
    assert told["figures"]["cost"] > 0
    assert "commit" not in told
    assert branches(repo) == ["main"]


def test_json_with_yes_tells_the_commit_that_it_made(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.queue(Reply(RIGHT))
    told = json.loads(generate(repo, env, "--json", "--yes").out)
    assert (told["branch"], told["commit"]) == (BRANCH, git(repo, "rev-parse", BRANCH))


def test_the_kind_is_what_the_model_is_asked_for(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.queue(Reply(RIGHT))
    generate(repo, env, "--kind", "tests", "--json")
    assert KINDS["tests"] in json.dumps(model.requests[0].body["messages"])


def test_a_draft_that_comes_to_nothing_shows_why_and_asks_nothing(
    repo: Path, env: dict[str, str], model: SimulatedModel
) -> None:
    model.queue(Reply("I cannot see it."), Reply("I cannot see it."))
    ended = generate(repo, env, stdin="y\n")
    assert ended.code == 0
    assert "No proposal: " in ended.out
    assert "`draftgate generate`" in ended.out
    assert "[y/N]" not in ended.out
    assert branches(repo) == ["main"]


def test_a_draft_with_the_key_in_it_is_never_shown(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.queue(Reply(RIGHT.replace("in prices:", f"in prices:  # {KEY}")))
    ended = generate(repo, env, "--yes")
    assert KEY not in ended.out + ended.err
    assert branches(repo) == ["main"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("DRAFTGATE_BASE_URL", "error: "), ("DRAFTGATE_MODEL", "error: no model is set\n  ")],
)
def test_a_missing_setting_is_said_before_anything_is_asked(
    repo: Path, env: dict[str, str], model: SimulatedModel, name: str, said: str
) -> None:
    without = {key: value for key, value in env.items() if key != name}
    if name == "DRAFTGATE_BASE_URL":
        without.pop("DRAFTGATE_API_KEY")
    ended = generate(repo, without)
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not model.requests


def test_a_wrong_key_is_a_person_s_to_mend(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.queue(NAMED["unauthorized"])
    ended = generate(repo, {**env, "DRAFTGATE_API_KEY": "sk-wrong-9876543210"})
    assert ended.code == 1
    assert "error: the model gave no answer" in ended.err
    assert "sk-wrong" not in ended.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "error: the issue cannot be read: No such file or directory"),
        (b"", "error: the issue says too little to go by\n  Say what should change, and where.\n"),
        (b"fix it\n", "error: the issue says too little to go by\n"),
        (b"caf\xe9 is wrong here\n", "error: the issue is not UTF-8 text\n  Save it as UTF-8.\n"),
    ],
)
def test_an_issue_that_cannot_be_used_is_said(
    repo: Path, env: dict[str, str], model: SimulatedModel, content: bytes | None, said: str
) -> None:
    place = repo.parent / "issue.md"
    place.unlink() if content is None else place.write_bytes(content)
    ended = generate(repo, env)
    assert ended.code == 1
    assert said in ended.err
    assert not model.requests


@pytest.mark.parametrize("kind", ["no folder", "no checkout", "no commit"])
def test_without_a_commit_to_stand_on_there_is_nothing_to_draft(
    tmp_path: Path, env: dict[str, str], model: SimulatedModel, kind: str
) -> None:
    place = tmp_path / "elsewhere"
    if kind != "no folder":
        place.mkdir()
    if kind == "no commit":
        git(place, "init", "--quiet")
    (tmp_path / "issue.md").write_text(ISSUE)
    ended = generate(place, env)
    assert ended.code == 1
    said = "has no commit yet" if kind == "no commit" else "is not a git checkout"
    assert ended.err.startswith("error: ")
    assert said in ended.err
    assert not model.requests


def test_a_configuration_that_is_none_is_said(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    (repo / ".github" / "draftgate.yml").write_text("chekcs: []\n")
    git(repo, "commit", "--quiet", "--all", "--message", "Break it")
    ended = generate(repo, env)
    assert ended.code == 1
    assert "checks" in ended.err
    assert not model.requests
