"""`draftgate init`: writes the workflow files and a first configuration, and says what is left to do by hand."""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata, resources
from typing import TYPE_CHECKING

from bot.errors import UsageError, UserError
from bot.settings.config import CONFIG_PATH
from bot.settings.presets import PRESETS

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

_ACTION = "draftgate/draftgate"
_USES = re.compile(rf"uses: {_ACTION}@\S+[^\n]*")
_PIN = re.compile(r"[\w.-]+/[\w.-]+@[\w./-]+")
_SHA = re.compile(r"[0-9a-f]{40}")

_NEXT = """
Left to do, in Settings:
  1. Secrets and variables → Actions: the secret DRAFTGATE_API_KEY, the variables DRAFTGATE_BASE_URL (https://…/v1,
     or a name: {presets}) and DRAFTGATE_MODEL. With the gh command:
       gh secret set DRAFTGATE_API_KEY
       gh variable set DRAFTGATE_BASE_URL --body https://…/v1
       gh variable set DRAFTGATE_MODEL --body MODEL
  2. Actions → General: allow GitHub Actions to create pull requests.
Then commit these files to the default branch and comment `/generate` on an issue. `draftgate doctor` checks the rest.
"""


def init(options: argparse.Namespace, _began: float) -> int:
    """Write what is not there yet; nothing that exists is overwritten.

    Raises:
        UserError: when the folder is no git checkout, or a file cannot be written.
    """
    root: Path = options.repo
    uses = _pin(options.action)
    if not (root / ".git").exists():
        raise UserError(f"{root.resolve()} is not the root of a git checkout", "Run it there, or name it with --repo.")
    made = [_write(root, path, text) for path, text in _files(root, uses).items()]
    if not _SHA.search(uses):
        sys.stdout.write(f"The workflows use `{uses}`; a commit SHA instead of a name pins them for good (--action).\n")
    sys.stdout.write(
        _NEXT.format(presets=", ".join(PRESETS))
        if any(made)
        else "Everything was there already; nothing was changed.\n"
    )
    return 0


def _files(root: Path, uses: str) -> dict[str, str]:
    from bot.settings.starter import LOOKED_AT, starter_config  # noqa: PLC0415 - beside its use

    folder = resources.files("bot") / "templates" / "workflows"
    workflows = sorted(folder.iterdir(), key=lambda file: file.name)
    texts = {f".github/workflows/{file.name}": _pinned(file.read_text(), uses) for file in workflows}
    there = {name: (root / name).read_text(errors="replace") for name in LOOKED_AT if (root / name).is_file()}
    return texts | {CONFIG_PATH: starter_config(there)}


def _pinned(workflow: str, uses: str) -> str:
    """The workflow with this action in it; the remark on why it was not pinned goes once it is."""
    note = "" if _SHA.search(uses) else " # zizmor: ignore[unpinned-uses] pin it to the full commit SHA of a release"
    return _USES.sub(f"uses: {uses}{note}", workflow)


def _write(root: Path, path: str, text: str) -> bool:
    """Make the file; whether it was made."""
    place = root / path
    if place.exists() or place.is_symlink():
        same = place.is_file() and place.read_text(errors="replace") == text
        sys.stdout.write(f"kept   {path} ({'as it should be' if same else 'yours, left as it is'})\n")
        return False
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", "Check the folder's permissions.") from error
    sys.stdout.write(f"wrote  {path}\n")
    return True


def _pin(action: str) -> str:
    """What the workflows use: as asked for, else the commit that this program was installed from, else its version."""
    if action:
        if not _PIN.fullmatch(action):
            raise UsageError(f"{action!r} is no action", "Name it as OWNER/NAME@REF.")
        return action
    try:
        installed = metadata.distribution("draftgate")
    except metadata.PackageNotFoundError:
        return f"{_ACTION}@v0"
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    commit = origin.get("vcs_info", {}).get("commit_id", "")
    return f"{_ACTION}@{commit}" if _SHA.fullmatch(commit) else f"{_ACTION}@v{installed.version.partition('.')[0]}"
