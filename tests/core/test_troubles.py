from __future__ import annotations

import pytest

from bot.core.troubles import explain


@pytest.mark.parametrize(
    ("status", "message", "why"),
    [
        (
            403,
            "refusing to allow a GitHub App to create or update workflow `ci.yml` without `workflows` permission",
            "this token may not change workflow files",
        ),
        (
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
            "GitHub Actions may not create pull requests here",
        ),
        (403, "Resource not accessible by integration", "the token lacks a permission"),
        (422, "Update is not a fast forward", "the branch has moved"),
        (422, "Repository rule violations found", "a ruleset or branch protection refuses it"),
        (422, "Cannot update this protected ref: protected branch hook declined", "the branch is protected"),
        (401, "Bad credentials", "GitHub does not know the token"),
        (403, "You have exceeded a secondary rate limit.", "GitHub's rate limit is reached"),
        (429, "API rate limit exceeded for installation ID 1.", "GitHub's rate limit is reached"),
        (0, "GitHub did not answer (ConnectionError)", "GitHub did not answer in time"),
        (502, "HTTP 502", "GitHub did not answer in time"),
        (422, "Validation Failed: body is too long", "GitHub answered 422: Validation Failed: body is too long"),
    ],
)
def test_each_refusal_is_explained_by_the_setting_behind_it(status: int, message: str, why: str) -> None:
    trouble = explain(status, message)
    assert trouble.why == why
    assert trouble.remedy.endswith(".")
    assert not trouble.why.endswith(".")


def test_the_message_weighs_more_than_the_status() -> None:
    assert explain(502, "Bad credentials") == explain(401, "Bad credentials")
