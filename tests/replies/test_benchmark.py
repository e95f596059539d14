"""The benchmark of replies: its cases are made of real commits, and its bars hold on a small repository of our own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "replies.py"
BEFORE = """\
import os


class Cart:
    # Holds the prices of all things in it.
    def __init__(self):
        self.prices = []

    def total(self):
        # Adds up all of the prices.
        result = 0
        for price in self.prices:
            result -= price
        return result


def main():
    cart = Cart()
    print(cart.total(), os.name)
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    texts = [
        BEFORE,
        BEFORE.replace("result -= price", "result += price"),
        BEFORE.replace("import os\n", "import os\nimport sys\n").replace("os.name", "sys.argv"),
    ]
    for text in texts:
        (tmp_path / "cart.py").write_text(text)
        subprocess.run(["git", "-C", tmp_path, "add", "-A"], check=True)
        subprocess.run(["git", "-C", tmp_path, "commit", "-qm", "change"], check=True)
    return tmp_path


def test_no_defect_leads_to_a_wrong_file(clone: Path) -> None:
    ended = subprocess.run(
        [sys.executable, SCRIPT, clone, "--commits", "2", "--alone", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    measured = json.loads(ended.stdout)
    assert measured["wrong"] == []
    rows = measured["rows"]
    assert {row["format"] for row in rows} == {"search/replace", "unified", "V4A", "whole"}
    assert len({row["defect"] for row in rows}) >= 30
    assert sum(row["cases"] for row in rows) >= 100
    assert sum(row["right"] * row["cases"] for row in rows) >= 95 * sum(row["cases"] for row in rows)


def test_the_others_are_measured_beside_us(clone: Path) -> None:
    ended = subprocess.run(
        [sys.executable, SCRIPT, clone, "--commits", "1"], capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    table = ended.stdout
    assert "wrong applications: 0 (bar 0): held" in table
    peers = [line for line in table.splitlines() if line.startswith(("git apply ", "patch --fuzz=3"))]
    assert len(peers) == 2
