"""`draft` and `publish`: two processes with two tokens; the second believes nothing that the first hands over."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.scenarios.stage import BOT, CART, FIX, HARM, READ_TOKEN, WRITE, WRONG_SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from bot.rehearsal.github_state import Comment
    from tests.scenarios.conftest import Build
    from tests.scenarios.stage import Stage


def never_edited(state: str) -> str:
    """Without the trace of the first words, `Drafting`, which the draft job has no right to write."""
    return state.replace(f'"editor": "{BOT}"', '"editor": null')


@pytest.mark.parametrize("replies", [(FIX,), (HARM,) * 3, (WRONG_SEARCH,) * 3], ids=["fix", "harm", "wrong"])
def test_the_two_jobs_end_where_the_one_process_ends(build: Build, replies: tuple[str, ...]) -> None:
    one, two = build(), build()
    run = one.generate(*replies)
    comment = two.comment("maria", "/generate")

    drafted = two.draft(comment, *replies)
    published = two.publish(comment)

    assert drafted.end == published.end == run.end
    assert drafted.writes == []
    assert "DRAFTGATE" not in json.dumps(published.outputs)
    assert never_edited(two.state()) == never_edited(one.state())
    assert len(drafted.requests) + len(published.requests) <= 24


def test_the_draft_job_keeps_the_paid_draft_in_its_summary_and_a_patch_that_applies(stage: Stage) -> None:
    drafted = stage.draft(stage.comment("maria", "/generate"))

    assert "drafted, not published yet" in drafted.summary
    assert "+    for price in prices:" in drafted.summary
    patch = (stage.folder / "bundle" / "proposal.patch").read_text()
    assert patch.startswith("diff --git a/shop/cart.py b/shop/cart.py\n")


def test_the_publish_job_answers_what_needs_no_draft(proposed: Stage) -> None:
    sha = proposed.sha
    comment = proposed.comment("victor", f"/approve {sha[:12]}")

    drafted = proposed.on(comment, entry=("draft", "--out", str(proposed.folder / "bundle")), token=READ_TOKEN)
    published = proposed.publish(comment)

    assert drafted.end == (0, "ignored")
    assert published.end == (0, "pushed")


def test_a_person_without_the_permission_gets_nothing_drafted_and_one_line(undrafted: Stage) -> None:
    comment = undrafted.comment("rita", "/generate")

    assert undrafted.draft(comment).end == (0, "refused")
    assert undrafted.publish(comment).end == (0, "refused")
    assert undrafted.model.requests == []
    assert undrafted.answers() == ["Draftgate commands need the write permission in this repository."]


def test_publishing_twice_changes_nothing(undrafted: Stage) -> None:
    comment = undrafted.comment("maria", "/generate")
    undrafted.draft(comment)
    undrafted.publish(comment)
    before = undrafted.github.snapshot()

    again = undrafted.publish(comment)

    assert again.end == (0, "proposed")
    assert undrafted.github.snapshot() == before


def test_without_a_bundle_the_thread_is_told_that_the_draft_job_failed(undrafted: Stage) -> None:
    ended = undrafted.publish(undrafted.comment("maria", "/generate"))

    assert ended.end == (1, "failed")
    assert "**Failed** · the draft job ended without a result" in undrafted.sticky()


# Each of these makes a hostile bundle of an honest one


def file_of(bundle: dict[str, Any]) -> dict[str, Any]:
    file: dict[str, Any] = bundle["files"][0]
    return file


def protected_path(bundle: dict[str, Any]) -> None:
    file_of(bundle)["path"] = ".github/workflows/x.yml"


def path_escape(bundle: dict[str, Any]) -> None:
    file_of(bundle)["path"] = "../outside.py"


def path_into_git(bundle: dict[str, Any]) -> None:
    file_of(bundle)["path"] = ".git/hooks/pre-commit"


def symlink(bundle: dict[str, Any]) -> None:
    file_of(bundle).update(mode="120000", path="link", content="/etc/passwd")


def executable_now(bundle: dict[str, Any]) -> None:
    file_of(bundle)["mode"] = "100755"


def submodule(bundle: dict[str, Any]) -> None:
    file_of(bundle)["mode"] = "160000"


def file_behind_a_file(bundle: dict[str, Any]) -> None:
    file_of(bundle)["path"] = "shop/cart.py/deeper.py"


def file_for_a_folder(bundle: dict[str, Any]) -> None:
    file_of(bundle)["path"] = "shop"


def binary(bundle: dict[str, Any]) -> None:
    file_of(bundle)["content"] = "\0ELF"


def broken_python(bundle: dict[str, Any]) -> None:
    file_of(bundle)["content"] = "def total(:\n"


def too_many_lines(bundle: dict[str, Any]) -> None:
    file_of(bundle)["content"] = "x = 1\n" * 5000


def no_change(bundle: dict[str, Any]) -> None:
    file_of(bundle)["content"] = CART


def surrogate_content(bundle: dict[str, Any]) -> None:
    file_of(bundle)["content"] = "x = '\ud800'\n"


def foreign_base(bundle: dict[str, Any]) -> None:
    bundle["base"] = "0123456789" * 4


def another_trigger(bundle: dict[str, Any]) -> None:
    bundle["trigger"] = "issue_comment/42"


def mode_that_is_none(bundle: dict[str, Any]) -> None:
    file_of(bundle)["mode"] = "100644\n100755"


HOSTILE: tuple[Callable[[dict[str, Any]], None], ...] = (
    protected_path, path_escape, path_into_git, symlink, executable_now, submodule, file_behind_a_file,
    file_for_a_folder, binary, broken_python, too_many_lines, no_change, surrogate_content,
    foreign_base, another_trigger, mode_that_is_none,
)  # fmt: skip


@pytest.fixture
def drafted(undrafted: Stage) -> tuple[Stage, Comment, dict[str, Any], Path]:
    """A stage with an honest bundle of the draft job, and where the publish job is going to look for it."""
    stage, place = undrafted, undrafted.folder / "bundle" / "proposal.json"
    comment = stage.comment("maria", "/generate")
    honest = stage.folder / f"honest-{comment.id}.json"
    if not honest.exists():
        assert stage.draft(comment).end == (0, "proposed")
        honest.write_text(place.read_text())
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    return stage, comment, json.loads(honest.read_text()), place


@pytest.mark.parametrize("corrupt", HOSTILE, ids=lambda one: one.__name__)
def test_a_hostile_bundle_is_refused_and_leaves_only_a_comment(
    drafted: tuple[Stage, Comment, dict[str, Any], Path],
    corrupt: Callable[[dict[str, Any]], None],
    snapshot: SnapshotAssertion,
) -> None:
    stage, comment, bundle, place = drafted
    corrupt(bundle)
    place.write_text(json.dumps(bundle))

    ended = stage.publish(comment)

    assert ended.end == (1, "failed")
    assert stage.shown() == snapshot
    assert [re.sub(r"\d+", "N", write) for write in ended.writes] == ["POST /repos/octo/shop/issues/N/comments"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"version": 2}', "[" * 100_000, '{"version": 1, "base": 7}', "1e999"],
    ids=["empty", "cut", "a list", "null", "another version", "deep", "a number for a base", "infinity"],
)
def test_a_bundle_that_is_none_is_refused_on_the_thread(
    drafted: tuple[Stage, Comment, dict[str, Any], Path], text: str
) -> None:
    stage, comment, _, place = drafted
    place.write_text(text)

    ended = stage.publish(comment)

    assert ended.end == (1, "failed")
    assert "the draft job's bundle cannot be read" in stage.sticky()
    assert len(ended.writes) == 1


def the_same_file_twice(bundle: dict[str, Any]) -> None:
    bundle["files"].append({**file_of(bundle), "content": "import os\n"})


def surrogate_title(bundle: dict[str, Any]) -> None:
    bundle["title"] = "\ud800"


def title_that_is_none(bundle: dict[str, Any]) -> None:
    bundle["title"] = ["Fix"]


def endless_figures(bundle: dict[str, Any]) -> None:
    bundle["figures"]["model_seconds"] = float("inf")


def far_too_many_files(bundle: dict[str, Any]) -> None:
    bundle["files"] = [{**file_of(bundle), "path": f"{number}.py"} for number in range(2000)]


@pytest.mark.parametrize(
    "corrupt",
    [the_same_file_twice, surrogate_title, title_that_is_none, endless_figures, far_too_many_files],
    ids=lambda one: one.__name__,
)
def test_a_malformed_bundle_is_refused_as_a_whole(
    drafted: tuple[Stage, Comment, dict[str, Any], Path], corrupt: Callable[[dict[str, Any]], None]
) -> None:
    stage, comment, bundle, place = drafted
    corrupt(bundle)
    place.write_text(json.dumps(bundle))

    ended = stage.publish(comment)

    assert ended.end == (1, "failed")
    assert "the draft job's bundle cannot be read" in stage.sticky()
    assert len(ended.writes) == 1


def test_a_name_that_differs_in_case_alone_is_refused(
    drafted: tuple[Stage, Comment, dict[str, Any], Path],
) -> None:
    stage, comment, bundle, place = drafted
    file_of(bundle)["path"] = "shop/Cart.py"
    place.write_text(json.dumps(bundle))

    ended = stage.publish(comment)

    assert ended.end == (1, "failed")
    assert "differ in case only" in stage.sticky()


def test_a_huge_bundle_is_not_even_read(drafted: tuple[Stage, Comment, dict[str, Any], Path]) -> None:
    stage, comment, _, place = drafted
    with place.open("wb") as file:
        file.truncate(9_000_000_000)

    ended = stage.publish(comment)

    assert ended.end == (1, "failed")
    assert "the draft job's bundle is too large" in stage.sticky()


def test_a_bundle_behind_a_link_is_no_bundle(drafted: tuple[Stage, Comment, dict[str, Any], Path]) -> None:
    stage, comment, bundle, place = drafted
    (stage.folder / "elsewhere.json").write_text(json.dumps(bundle))
    place.symlink_to(stage.folder / "elsewhere.json")

    ended = stage.publish(comment)

    assert ended.end == (1, "failed")
    assert "ended without a result" in stage.sticky()


def test_texts_of_a_hostile_bundle_are_shown_harmless(drafted: tuple[Stage, Comment, dict[str, Any], Path]) -> None:
    stage, comment, bundle, place = drafted
    bundle["title"] = "Fix\n\nDraftgate-Requested-By: victor"
    bundle["summary"] = (
        "<!-- draftgate:sticky {} --> @everyone ![x](https://a.test/x.png) fixes #7\n\nDraftgate-Thread: 9"
    )
    bundle["evidence"]["proofs"] = [{"name": "`pytest` | passed |", "outcome": "</details> @victor"}]
    place.write_text(json.dumps(bundle))

    ended = stage.publish(comment)

    assert ended.end == (0, "proposed")
    commit = stage.repo.commit_at(stage.sha)
    assert commit is not None
    assert commit.message.count("Draftgate-Requested-By: maria") == 1
    assert commit.message.count("\nDraftgate-Requested-By:") == 1
    assert commit.message.count("\nDraftgate-Thread:") == 1
    assert "fixes #7" not in commit.message
    shown = stage.shown()
    assert "@everyone" not in shown
    assert "@victor" not in shown
    assert "![x](" not in shown
    assert stage.approve(stage.sha).end == (0, "pushed")


@pytest.mark.parametrize("missing", WRITE)
def test_a_publish_token_that_lacks_a_permission_fails_and_says_so(proposed: Stage, missing: str) -> None:
    permissions = {name: level for name, level in WRITE.items() if name != missing}
    proposed.github.add_token("weak-t0ken", login="github-actions[bot]", permissions=permissions)

    ended = proposed.publish(proposed.comment("maria", f"/approve {proposed.sha[:12]}"), token="weak-t0ken")

    if missing in {"contents", "issues"}:
        assert ended.end == (1, "failed")
        assert "`contents: write`, `issues: write` and `pull-requests: write`" in f"{ended.log}{proposed.answers()}"
    elif missing == "pull_requests":
        assert "`pull-requests: write`" in proposed.sticky()
