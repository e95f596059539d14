"""What to tell people when GitHub refuses a write: the setting behind it and where to change it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """One sentence what happened, without a final full stop, and one what to do."""

    why: str
    remedy: str


_KNOWN = (
    (
        "without `workflows` permission",
        Trouble(
            "this token may not change workflow files",
            "Push it yourself, or give the action the token of a GitHub App with the `workflows` permission.",
        ),
    ),
    (
        "not permitted to create or approve pull requests",
        Trouble(
            "GitHub Actions may not create pull requests here",
            "Tick Settings → Actions → General → Allow GitHub Actions to create and approve pull requests.",
        ),
    ),
    (
        "not accessible by integration",
        Trouble(
            "the token lacks a permission",
            "Give the job `contents: write`, `issues: write` and `pull-requests: write`.",
        ),
    ),
    (
        "is locked",
        Trouble(
            "the conversation is locked",
            "Unlock it and give the command again; what was made is in the run's summary.",
        ),
    ),
    (
        "not a fast forward",
        Trouble("the branch has moved", "`/retry` with the proposal's id rebuilds it there."),
    ),
    (
        "rule violation",
        Trouble(
            "a ruleset or branch protection refuses it",
            "Let the bot create `draftgate/**` branches, or push to this branch, in Settings → Rules.",
        ),
    ),
    (
        "protected branch",
        Trouble(
            "the branch is protected", "Let the bot push to it in Settings → Branches, or push the commit yourself."
        ),
    ),
    (
        "bad credentials",
        Trouble("GitHub does not know the token", "Check the action's `token` input."),
    ),
    (
        "rate limit",
        Trouble("GitHub's rate limit is reached", "Run it again later; nothing was lost."),
    ),
)


def explain(status: int, message: str) -> Trouble:
    """The setting behind a refusal, by GitHub's own words; unknown ones are passed on with their status."""
    said = message.lower()
    for words, trouble in _KNOWN:
        if words in said:
            return trouble
    if status in {0, 500, 502, 503, 504}:
        return Trouble("GitHub did not answer in time", "Run it again: what was done is found and not done twice.")
    return Trouble(f"GitHub answered {status}: {message}", "The run's log has the request.")
