from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from bot.rehearsal.answers import NAMED, Reply
from bot.rehearsal.model import SimulatedModel
from tests.cli.console import Ended, draftgate
from tests.pipeline.bench import commit_files, git
from tests.pipeline.test_review import BASE, LINE, RIGHT, WRONG, push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "sk-test-0123456789"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[SimulatedModel, str]]:
    model = SimulatedModel(api_key=KEY, first_token=0, tokens_per_second=100_000)
    with model.serve() as url:
        yield model, url


@pytest.fixture
def model(served: tuple[SimulatedModel, str]) -> SimulatedModel:
    served[0].answer = lambda _body: Reply(RIGHT)
    served[0].requests.clear()
    return served[0]


@pytest.fixture
def env(served: tuple[SimulatedModel, str]) -> dict[str, str]:
    return {"DRAFTGATE_BASE_URL": served[1], "DRAFTGATE_API_KEY": KEY, "DRAFTGATE_MODEL": "simulated-1"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A branch that brings a bug in, off a main branch that has moved on since."""
    folder = tmp_path / "repo"
    folder.mkdir()
    commit_files(folder, BASE)
    git(folder, "branch", "--move", "main")
    git(folder, "checkout", "--quiet", "-b", "topic")
    push(folder, {"shop/cart.py": WRONG.encode()})
    git(folder, "checkout", "--quiet", "main")
    push(folder, {"elsewhere.py": b"x = 1\n"})
    git(folder, "checkout", "--quiet", "topic")
    return folder


def review(repo: Path, env: dict[str, str], *words: str | Path) -> Ended:
    return draftgate("review", "--repo", repo, *words, env=env)


def test_what_the_branch_brought_in_is_reviewed(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    ended = review(repo, env)
    assert ended.code == 0, ended.err
    assert "shop/cart.py:3: high bug: The first price is left out" in ended.out
    assert f"-{LINE}" in ended.out
    assert ended.out.splitlines()[-1] == "1 finding; 1 of 1 files reviewed"
    assert len(model.requests) == 2
    assert "elsewhere.py" not in json.dumps([request.body for request in model.requests])


def test_json_and_sarif(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    assert model is not None
    log = repo.parent / "review.sarif"
    ended = review(repo, env, "--base", "main", "--json", "--sarif", log)
    assert ended.code == 0, ended.err
    value = json.loads(ended.out)
    (finding,) = value["findings"]
    assert finding["suggestion"] == {"line": 3, "end_line": 3, "lines": ["    for price in prices:"]}
    assert re.fullmatch(r"[0-9a-f:]{54}", finding["fingerprint"])
    assert (value["reviewed"], value["left"], value["skipped"]) == (["shop/cart.py"], [], [])
    (result,) = json.loads(log.read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_nothing_to_say_is_said_shortly(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.answer = lambda _body: Reply("NO FINDINGS")
    assert review(repo, env).out == "no findings; 1 of 1 files reviewed\n"


def test_an_empty_diff_asks_no_model(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    ended = review(repo, env, "--base", "topic")
    assert (ended.code, ended.out) == (0, "no findings; 0 of 0 files reviewed\n")
    assert model.requests == []


@pytest.mark.parametrize("base", ["nowhere", "--output=x", "HEAD:shop"])
def test_a_base_that_is_no_commit_is_the_users_problem(repo: Path, env: dict[str, str], base: str) -> None:
    ended = review(repo, env, f"--base={base}")
    assert ended.code == 1
    assert ended.is_two_lines


def test_a_sarif_file_that_cannot_be_written_is_too(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    assert model is not None
    ended = review(repo, env, "--sarif", repo / "no" / "folder" / "x", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert ended.is_two_lines


def test_a_model_that_does_not_answer_is_told(repo: Path, env: dict[str, str], model: SimulatedModel) -> None:
    model.answer = lambda _body: NAMED["unauthorized"]
    ended = review(repo, env)
    assert ended.code == 1
    assert "the model gave no answer" in ended.err
