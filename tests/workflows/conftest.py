"""The referee of the workflow files, started once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workflows.referee import Referee

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def referee() -> Iterator[Referee]:
    with Referee() as process:
        yield process
