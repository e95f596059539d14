from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from bot.settings.config import RepoConfig
from bot.settings.starter import starter_config
from tests.cli.console import draftgate

WORKFLOWS = Path(__file__).parents[2] / "workflows"
SHA = "0123456789" * 4


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, ""),
        ({"pyproject.toml": "", "Makefile": "test:\n"}, "python -m pip install -q -e . pytest && python -m pytest -q"),
        ({"package.json": '{"scripts": {"test": "vitest run"}}'}, "npm ci --silent && npm test --silent"),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, ""),
        ({"package.json": "{"}, ""),
        ({"package.json": '{"scripts": []}', "Makefile": "all:\n\ntest: all\n"}, "make test"),
        ({"go.mod": "module x\n"}, "go test ./..."),
        ({"Makefile": "tests:\n"}, ""),
    ],
)
def test_the_first_configuration_tests_as_the_repository_does(files: dict[str, str], command: str) -> None:
    config = RepoConfig.parse(starter_config(files))
    assert [check.run for check in config.checks] == ([command] if command else [])


def test_the_first_configuration_says_the_defaults_and_nothing_else() -> None:
    config, defaults = RepoConfig.parse(starter_config({})), RepoConfig.parse("")
    assert (config.model, config.gates, config.limits) == (defaults.model, defaults.gates, defaults.limits)


def test_what_is_written_is_what_the_readme_tells_to_copy(repo: Path) -> None:
    ended = draftgate("init", "--repo", repo)

    assert ended.code == 0, ended.err
    written = {path.name for path in (repo / ".github" / "workflows").iterdir()}
    assert written == {path.name for path in WORKFLOWS.iterdir()}
    for path in WORKFLOWS.iterdir():
        assert yaml.safe_load((repo / ".github" / "workflows" / path.name).read_text()) == yaml.safe_load(
            path.read_text()
        )
    assert "DRAFTGATE_API_KEY" in ended.out


def test_a_commit_pins_the_action_and_the_remark_about_it_goes(repo: Path) -> None:
    draftgate("init", "--repo", repo, "--action", f"me/fork@{SHA}")

    text = (repo / ".github" / "workflows" / "draftgate.yml").read_text()
    assert text.count(f"uses: me/fork@{SHA}\n") == 2
    assert "unpinned-uses" not in text


def test_what_is_there_is_kept(repo: Path) -> None:
    config = repo / ".github" / "draftgate.yml"
    config.parent.mkdir()
    config.write_text("limits: { files: 3 }\n")

    first, second = draftgate("init", cwd=repo), draftgate("init", cwd=repo)

    assert config.read_text() == "limits: { files: 3 }\n"
    assert "kept   .github/draftgate.yml (yours, left as it is)" in first.out
    assert "Everything was there already" in second.out


def test_a_link_in_a_files_place_is_not_written_through(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "target"
    (repo / ".github").mkdir()
    (repo / ".github" / "draftgate.yml").symlink_to(elsewhere)

    assert draftgate("init", cwd=repo).code == 0
    assert not elsewhere.exists()


@pytest.mark.parametrize("action", ["x", "a/b", "a/b@c d", "a/b@$(id)", "a b/c@d"])
def test_an_action_that_is_none_is_refused(repo: Path, action: str) -> None:
    ended = draftgate("init", "--action", action, cwd=repo)
    assert (ended.code, ended.is_two_lines) == (2, True)
    assert not (repo / ".github").exists()


def test_outside_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    ended = draftgate("init", cwd=tmp_path)
    assert (ended.code, ended.is_two_lines) == (1, True)
    assert list(tmp_path.iterdir()) == []
