"""Who calls, what they may do, and how much of it: tokens, permissions, rate limits."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.rehearsal.github_problems import ApiError, not_for_apps, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.rehearsal.github_repository import Repository
    from bot.rehearsal.github_routing import Call
    from bot.rehearsal.github_state import Token

WINDOW = 3600.0  # seconds that a budget of requests lasts
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "For more on scraping GitHub and how it may affect your rights, please review our Terms of Service"
)
_WRITERS = {"write", "maintain", "admin"}


@dataclass(frozen=True, slots=True)
class ContentLimits:
    """GitHub's secondary limit on new content, per token."""

    per_minute: int = 80
    per_hour: int = 500


def secret_of(headers: Mapping[str, str]) -> str | None:
    """The token in an Authorization header: `token`, `Bearer`, or the password of `Basic`; None without a header."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return value.strip() or None
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "not base64"
    return password or name


def identify(tokens: Mapping[str, Token], headers: Mapping[str, str]) -> Token | None:
    """The caller's token; None for an anonymous one.

    Raises:
        ApiError: 401 for an unknown one.
    """
    secret = secret_of(headers)
    if secret is None:
        return None
    if secret not in tokens:
        raise ApiError(401, "Bad credentials")
    return tokens[secret]


def can_see(repository: Repository, token: Token | None) -> bool:
    """Whether a repository exists as far as the caller is concerned."""
    if not repository.private:
        return True
    if token is None:
        return False
    if token.is_app:
        return token.repositories is None or repository.full_name in token.repositories
    return repository.role_of(token.user.login) != "none"


def can_push(repository: Repository, token: Token | None) -> bool:
    """Whether the caller may write contents."""
    if token is None or not can_see(repository, token):
        return False
    if token.is_app:
        return _covers(repository, token) and token.allows("contents", "write")
    return repository.role_of(token.user.login) in _WRITERS


def _covers(repository: Repository, token: Token) -> bool:
    return token.repositories is None or repository.full_name in token.repositories


def role(repository: Repository, token: Token | None) -> str:
    """The caller's role, an installation's being what its `contents` permission amounts to."""
    if token is None:
        return "read"
    if token.is_app:
        return "write" if can_push(repository, token) else "read"
    return repository.role_of(token.user.login)


def check(call: Call) -> None:
    """Hold a call to the permissions its route needs.

    Raises:
        ApiError: 404 for what the caller must not know of, 403 or 401 for what it must not do.
    """
    repository, token = call.found, call.token
    permission, _, level = call.route.needs.partition(":")
    if repository is None:
        return
    if not can_see(repository, token):
        raise not_found()
    if level == "write":
        _check_write(call, repository, permission)
    elif repository.private and token is not None and token.is_app and not _app_may(call, permission, "read"):
        raise not_for_apps()


def _check_write(call: Call, repository: Repository, permission: str) -> None:
    user = call.user
    if repository.archived:
        raise ApiError(403, "Repository was archived so is read-only.")
    if call.token is not None and call.token.is_app:
        if not _covers(repository, call.token) or not _app_may(call, permission, "write"):
            raise not_for_apps()
    elif permission in {"contents", "actions"} and repository.role_of(user.login) not in _WRITERS:
        raise not_found()


def _app_may(call: Call, permission: str, level: str) -> bool:
    token = call.token
    if token is None or permission == "metadata":
        return True
    if permission != "conversation":
        return token.allows(permission, level)
    return token.allows("issues", level) or (_on_pull(call) and token.allows("pull_requests", level))


def _on_pull(call: Call) -> bool:
    repository = call.repository
    if "comment_id" in call.params:
        comment = repository.comments.get(call.number("comment_id"))
        number = comment.number if comment else 0
    else:
        number = call.number("issue_number") if "issue_number" in call.params else 0
    issue = repository.issues.get(number)
    return issue is not None and issue.pull is not None


def count_request(token: Token, now: float) -> None:
    """Take one from the token's hourly budget.

    Raises:
        ApiError: 403 when there is none left.
    """
    if now >= token.reset:
        token.used, token.reset = 0, now + WINDOW
    if token.used >= token.limit:
        raise ApiError(403, f"API rate limit exceeded for installation ID {token.user.id}.")
    token.used += 1


def count_content(token: Token, limits: ContentLimits, now: float) -> None:
    """Take one from what a token may create.

    Raises:
        ApiError: 403 with `retry-after` when it was too much in the last minute or hour.
    """
    recent = [at for at in token.created_content if at > now - WINDOW]
    minute = sum(at > now - 60 for at in recent)
    if minute >= limits.per_minute or len(recent) >= limits.per_hour:
        raise secondary_limit(403, 60)
    token.created_content[:] = [*recent, now]


def secondary_limit(status: int, retry_after: int | None) -> ApiError:
    """The refusal of the secondary limit; GitHub does not always say how long to wait."""
    return ApiError(status, _SECONDARY, headers={} if retry_after is None else {"Retry-After": str(retry_after)})


def limit_headers(token: Token | None) -> dict[str, str]:
    """The headers that tell how much is left."""
    if token is None:
        return {}
    return {
        "X-RateLimit-Limit": str(token.limit),
        "X-RateLimit-Remaining": str(max(token.limit - token.used, 0)),
        "X-RateLimit-Used": str(token.used),
        "X-RateLimit-Reset": str(int(token.reset)),
        "X-RateLimit-Resource": "core",
    }
