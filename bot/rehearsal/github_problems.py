"""The refusals of GitHub's API, with its statuses and words."""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """A refusal on its way to the client."""

    def __init__(
        self, status: int, message: str, errors: list[Any] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """What the client reads."""
        errors = {} if self.errors is None else {"errors": self.errors}
        return {"message": self.message, **errors, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def not_found() -> ApiError:
    """Also what GitHub says instead of 403 where the existence is a secret."""
    return ApiError(404, "Not Found")


def not_for_apps() -> ApiError:
    """An installation's token lacks the permission."""
    return ApiError(403, "Resource not accessible by integration")


def unprocessable(message: str) -> ApiError:
    """A 422 that is only a sentence."""
    return ApiError(422, message)


def invalid(resource: str, field: str | None, code: str, message: str | None = None) -> ApiError:
    """A 422 `Validation Failed` that names the field."""
    error: dict[str, Any] = {"resource": resource, "code": code}
    error |= {} if field is None else {"field": field}
    error |= {} if message is None else {"message": message}
    return ApiError(422, "Validation Failed", [error])


def malformed() -> ApiError:
    """The body is not JSON."""
    return ApiError(400, "Problems parsing JSON")
