"""The walls of the house that no type and no linter sees; the README's architecture section says why they stand."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml

from bot import handlers
from bot.core import commands, gates, intents
from bot.core.plans import Outcome
from bot.settings.environ import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
BOT = sorted((ROOT / "bot").rglob("*.py"))
SOURCES = [*BOT, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_of(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def length_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameters_of(function: Function) -> int:
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere, lazily or for types alone included, by its whole name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def all_files() -> list[Path]:
    """What the repository holds or would hold: tracked files, and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


# Sizes


def test_no_function_is_longer_than_50_lines() -> None:
    found = [f"{name_of(p)}:{f.lineno} {f.name} {length_of(f)}" for p in BOT for f in functions_of(p)]
    assert [line for line in found if int(line.rpartition(" ")[2]) > 50] == []


def test_no_function_takes_more_than_six_parameters() -> None:
    found = [f"{name_of(p)}:{f.lineno} {f.name} {parameters_of(f)}" for p in BOT for f in functions_of(p)]
    assert [line for line in found if int(line.rpartition(" ")[2]) > 6] == []


def test_no_module_is_longer_than_350_lines() -> None:
    found = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in BOT}
    assert {name: lines for name, lines in found.items() if lines > 350} == {}


def test_functions_are_short_as_a_rule_with_a_short_tail() -> None:
    lengths = [length_of(function) for path in BOT for function in functions_of(path)]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_no_module_is_a_junk_drawer() -> None:
    assert {path.stem for path in SOURCES} & {"util", "utils", "helpers", "misc", "common"} == set()


# Imports: .importlinter holds most of these walls; what follows it are the doors to single libraries

SKELETON = """
    __init__ __main__ jobs app cli/__init__ cli/demo cli/generate publisher refresher intake kept rules ports together
    errors adapters/__init__ handlers/__init__ handlers/generate handlers/approve handlers/reject handlers/retry
    handlers/review handlers/suggest handlers/advise handlers/refresh handlers/help handlers/refuse handlers/verifying
    handlers/drafting handlers/grounds handlers/answers handlers/deps pipeline/__init__ settings/__init__
    checks/__init__ replies/__init__ locate/__init__ manifests/__init__ core/__init__ core/values
    rehearsal/__init__
""".split()  # noqa: SIM905 - thirty quoted names would hide the shape
SEEDS = {
    "utils": ("", "not listed as layers: - bot.utils"),
    "core/reads_the_clock": ("import time", "bot.core is not allowed to import time"),
    "core/lists_files": ("def lazy():\n    import os", "bot.core is not allowed to import os"),
    "core/asks_settings": ("import bot.settings", "bot.core is not allowed to import bot.settings"),
    "checks/starts_something": ("import subprocess", "bot.checks is not allowed to import subprocess"),
    "replies/knows_its_neighbour": ("import bot.locate", "bot.replies is not allowed to import bot.locate"),
    "adapters/decides": ("import bot.handlers.help", "bot.adapters is not allowed to import bot.handlers"),
    "handlers/approve": (
        "import bot.handlers.retry",
        "bot.handlers.approve is not allowed to import bot.handlers.retry",
    ),
    "handlers/stranger": ("", "not listed as layers: - bot.handlers.stranger"),
    "handlers/reject": ("import bot.publisher", "bot.handlers.reject -> bot.publisher"),
    "rehearsal/knows_the_bot": ("import bot.core.values", "bot.rehearsal is not allowed to import bot.core"),
    "cli/generate": ("import bot.rehearsal", "bot.cli.generate -> bot.rehearsal"),
}


def contracts_of(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()",
         "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def a_house(folder: Path, files: dict[str, str]) -> Path:
    (folder / ".importlinter").write_text((ROOT / ".importlinter").read_text(encoding="utf-8"), encoding="utf-8")
    for name, text in (dict.fromkeys(SKELETON, "") | files).items():
        path = folder / "bot" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a small house with every seeded violation in it at once."""
    house = a_house(tmp_path_factory.mktemp("seeded"), {name: text for name, (text, _) in SEEDS.items()})
    done = contracts_of(house)
    assert done.returncode == 1, done.stdout + done.stderr
    return " ".join(done.stdout.split())


def test_the_import_contracts_hold() -> None:
    done = contracts_of(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_import_contracts_accept_a_clean_house(tmp_path: Path) -> None:
    done = contracts_of(a_house(tmp_path, {}))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("complaint", [complaint for _, complaint in SEEDS.values()], ids=SEEDS)
def test_the_import_contracts_catch(complaint: str, complaints: str) -> None:
    assert complaint in complaints


DOORS = {
    "github": ("bot/adapters/github*.py",),
    "requests": ("bot/adapters/github*.py",),
    "urllib3": ("bot/adapters/github*.py",),
    "git": ("bot/adapters/worktree.py",),
    "openai": ("bot/adapters/model_*.py",),
    "tenacity": ("bot/adapters/model_*.py", "bot/adapters/github*.py", "bot/adapters/versions*.py"),
    "httpcore2": ("bot/adapters/versions*.py",),
    "unidiff": ("bot/core/diffs.py",),
    "rich": ("bot/cli/*.py",),
    "subprocess": ("bot/adapters/*.py", "bot/rehearsal/*.py", "bot/cli/demo.py"),
    "urllib.request": (),
    "pickle": (),
    "marshal": (),
}


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    users = {
        name_of(path)
        for path in BOT
        if any(name == library or name.startswith(f"{library}.") for name in imports_of(path))
    }
    assert {user for user in users if not any(fnmatch(user, door) for door in DOORS[library])} == set()


def test_only_the_two_tables_import_by_a_computed_name() -> None:
    """Such imports escape the contracts; the tables name files of `bot.cli` and of `bot.handlers` alone."""
    computed = {"__import__", "import_module", "eval", "exec"}
    callers = {
        name_of(path)
        for path in BOT
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in computed
    }
    assert callers <= {"bot/cli/__init__.py", "bot/handlers/__init__.py"}


# What only one place may do


def test_only_the_gates_build_a_grant() -> None:
    builders = {
        name_of(path)
        for path in BOT
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == gates.Grant.__name__
    }
    assert builders == {"bot/core/gates.py"}


def test_only_the_entry_catches_everything() -> None:
    broad = {
        name_of(path)
        for path in BOT
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type))))
    }
    assert broad == {"bot/__main__.py"}


def test_no_test_mocks() -> None:
    mocking = {name_of(path) for path in SOURCES for name in imports_of(path) if "mock" in name.split(".")}
    assert mocking == set()


# Tables that have to be complete


def test_every_intent_has_a_handler() -> None:
    assert set(handlers.HANDLERS) == {*get_args(intents.Intent), intents.Refused}
    files = {name: import_module(f"bot.handlers.{name}") for name in handlers.HANDLERS.values()}
    assert [name for name, file in files.items() if not callable(getattr(file, "handle", None))] == []


def test_every_command_has_help() -> None:
    assert [row.word for row in commands.COMMANDS] == [kind.word for kind in get_args(commands.Command)]


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [row.word for row in commands.COMMANDS if f"/{row.word}" not in readme] == []


# action.yml is another face of the settings


def action() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def inputs_of_settings() -> list[str]:
    return [field.replace("_", "-") for field in Settings.__slots__]


def test_the_inputs_of_the_action_are_the_settings() -> None:
    assert list(action()["inputs"]) == inputs_of_settings()


def test_every_input_reaches_the_settings_under_its_name() -> None:
    draft = next(step for step in action()["runs"]["steps"] if step["id"] == "draft")
    handed_on = {name: value for name, value in draft["env"].items() if name.startswith("DRAFTGATE_")}
    as_arguments = {"entry", "bundle"}
    assert handed_on == {
        f"DRAFTGATE_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}"
        for name in inputs_of_settings()
        if name not in as_arguments
    }


def test_the_step_that_publishes_is_given_no_key() -> None:
    publish = next(step for step in action()["runs"]["steps"] if step["id"] == "publish")
    assert [name for name in publish["env"] if "KEY" in name or "FALLBACK" in name or "MODEL" in name] == []


def test_no_expression_stands_in_a_script() -> None:
    assert [step["name"] for step in action()["runs"]["steps"] if "${{" in step["run"]] == []


def test_the_action_names_every_outcome() -> None:
    description = action()["outputs"]["outcome"]["description"]
    assert re.findall(r"`([a-z-]+)`", description) == list(get_args(Outcome))


# Housekeeping

# Put together from pieces, so that this file passes its own test.
FORBIDDEN_TEXTS = {
    "an index's host": re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs"))),
    "a path of one machine": re.compile("|".join(("/wo" + "rk/", "/ro" + "ot/", "/fa" + "rm/", "deb" + r"\.debian"))),
    "an unkept promise": re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b"),
}
MADE_BY_TOOLS = ("*.lock", "*package-lock.json", "*.gz", "*.png")


@pytest.mark.parametrize("what", FORBIDDEN_TEXTS)
def test_no_file_holds(what: str) -> None:
    found = [
        name_of(path)
        for path in all_files()
        if not any(fnmatch(path.name, pattern) for pattern in MADE_BY_TOOLS)
        and FORBIDDEN_TEXTS[what].search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


SUPPRESSIONS = re.compile(r"# (?:noqa(?:: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*)?|zizmor: ignore\[[\w,-]+\])(.*)")


def test_every_silenced_linter_is_told_why() -> None:
    silent = [
        f"{name_of(path)}:{number}"
        for path in all_files()
        if path.suffix in {".py", ".yml"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for reason in SUPPRESSIONS.findall(line)
        if len(re.findall(r"\w+", reason)) < 2
    ]
    assert silent == [], "\n".join(silent)


def test_the_pinned_uv_builds_the_package_by_itself() -> None:
    """With its own build backend, when the version fits `build-system.requires`: nothing else is downloaded."""
    pinned = re.search(r"^uv==(\d+)\.(\d+)\.\d+", (ROOT / ".ci/uv.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned
    major, minor = int(pinned[1]), int(pinned[2])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["build-system"]["requires"] == [f"uv_build>={major}.{minor},<{major}.{minor + 1}"]


def test_every_foreign_action_is_pinned_by_its_whole_sha_with_the_version_beside_it() -> None:
    files = [*ROOT.glob("workflows/*.yml"), *ROOT.glob(".github/workflows/*.yml"), ROOT / "action.yml"]
    uses = [use for path in files for use in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))]
    foreign = [use for use in uses if not use.startswith("draftgate/draftgate@")]
    assert foreign
    assert [use for use in foreign if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
