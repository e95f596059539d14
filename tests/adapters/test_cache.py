from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.adapters.cache import FolderCache, cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h", "RUNNER_TEMP": "/r"}, "/x/draftgate"),
        ({"HOME": "/h", "RUNNER_TEMP": "/r"}, "/h/.cache/draftgate"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "", "RUNNER_TEMP": "/r"}, "/r/draftgate"),
        ({}, None),
    ],
)
def test_the_folder_is_the_first_that_the_environment_names(environ: Mapping[str, str], expected: str | None) -> None:
    assert cache_folder(environ) == (Path(expected) if expected else None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


def only_file(folder: Path) -> Path:
    (place,) = folder.iterdir()
    return place


@pytest.mark.parametrize("key", ["plain", "../../escape", "\udcff", "x" * 10_000, ""])
def test_what_is_kept_comes_back_in_another_process_whatever_the_key(folder: Path, key: str) -> None:
    FolderCache(folder).put(key, b"\0content\n")
    assert FolderCache(folder).get(key) == b"\0content\n"
    assert FolderCache(folder).get(f"{key}2") is None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only_file(folder).parent == folder


def test_a_later_content_takes_the_place_of_the_former(folder: Path) -> None:
    cache = FolderCache(folder)
    cache.put("a", b"1")
    cache.put("a", b"2")
    assert cache.get("a") == b"2"
    assert only_file(folder).is_file()


@pytest.mark.parametrize("damage", [b"", b"x", b"0" * 64 + b"content", b"y" * 3_000_000])
def test_a_damaged_entry_is_none(folder: Path, damage: bytes) -> None:
    cache = FolderCache(folder)
    cache.put("a", b"content")
    only_file(folder).write_bytes(damage)
    assert cache.get("a") is None
    cache.put("a", b"again")
    assert cache.get("a") == b"again"


def test_a_link_or_a_pipe_in_an_entry_s_place_is_none(folder: Path, tmp_path: Path) -> None:
    cache = FolderCache(folder)
    cache.put("a", b"content")
    place = only_file(folder)
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert cache.get("a") is None
    place.unlink()
    os.mkfifo(place)
    assert cache.get("a") is None


def test_a_folder_that_others_can_write_to_is_not_used(folder: Path) -> None:
    cache = FolderCache(folder)
    cache.put("a", b"content")
    folder.chmod(0o777)
    assert cache.get("a") is None
    cache.put("b", b"content")
    folder.chmod(0o700)
    assert cache.get("b") is None


def test_a_folder_that_is_a_link_is_not_used(folder: Path, tmp_path: Path) -> None:
    FolderCache(folder).put("a", b"content")
    (tmp_path / "link").symlink_to(folder)
    assert FolderCache(tmp_path / "link").get("a") is None


@pytest.mark.parametrize("blocked", [True, False])
def test_a_folder_that_cannot_be_made_is_an_empty_cache(tmp_path: Path, blocked: bool) -> None:
    (tmp_path / "file").write_text("x")
    cache = FolderCache(tmp_path / "file" / "cache" if blocked else None)
    cache.put("a", b"content")
    assert cache.get("a") is None


def test_what_is_too_large_is_not_kept(folder: Path) -> None:
    cache = FolderCache(folder)
    cache.put("large", b"x" * 1_000_001)
    assert cache.get("large") is None
    cache.put("just", b"x" * 1_000_000)
    assert len(cache.get("just") or b"") == 1_000_000


def test_the_oldest_entries_go_when_there_are_too_many(folder: Path) -> None:
    cache = FolderCache(folder)
    cache.put("oldest", b"1")
    os.utime(only_file(folder), (1, 1))
    for number in range(999):
        (folder / str(number)).touch()
    assert cache.get("oldest")
    cache.put("newest", b"2")
    assert cache.get("oldest") is None
    assert cache.get("newest") == b"2"
    assert len(list(folder.iterdir())) == 1_000
