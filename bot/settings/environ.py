"""The settings of one run, from its environment: the Action's inputs, and what the runner says about the event."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from bot.errors import UsageError, UserError
from bot.settings.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping

Entry = Literal["run", "draft", "publish"]
"""`run` does everything in one process; `draft` and `publish` are its two halves in two jobs."""

Level = Literal["nothing", "comment", "propose", "push"]
"""How far a run may go; the names of `core.plans.PublishLevel` in lower case."""

OPENAI_URL = PRESETS["openai"]
"""Where a key without an endpoint belongs, as in the openai SDK."""

_FALLBACKS = {
    "DRAFTGATE_TOKEN": "GITHUB_TOKEN",
    "DRAFTGATE_BASE_URL": "OPENAI_BASE_URL",
    "DRAFTGATE_API_KEY": "OPENAI_API_KEY",
    "DRAFTGATE_MODEL": "OPENAI_MODEL",
}
_SECRET = re.compile(r"[\x21-\x7e]+")
_SEPARATOR = re.compile(r"[,\n]")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_EFFORT = re.compile(r"[a-z0-9_-]{1,20}")
_NAME = re.compile(r"[A-Za-z]{1,40}")
_COUNT = re.compile(r"[1-9][0-9]{0,18}")
_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place to ask: an OpenAI-compatible base URL, its key (empty for a server without keys), the model there."""

    base_url: str
    api_key: str = field(repr=False)
    model: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The inputs of the Action, one field each; an empty text or tuple is an input that is not set.

    `bundle` is the directory that `draft` writes and `publish` reads; `environment` the deployment environment that
    the workflow's job runs in; `reasoning_effort` is passed on to models that know it; the three `fallback_*` lists
    belong together by position.
    """

    entry: Entry = "run"
    bundle: str = ""
    token: str = field(default="", repr=False)
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    fallback_base_url: tuple[str, ...] = ()
    fallback_api_key: tuple[str, ...] = field(default=(), repr=False)
    fallback_model: tuple[str, ...] = ()
    reasoning_effort: str = ""
    level: Level = "push"
    environment: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read `DRAFTGATE_*`, and the names that token, endpoint, key and model fall back to.

        Raises:
            UsageError: when `entry` or `level` is none of the words it can be.
            UserError: when an address, a secret or the fallback lists cannot be used as they are.
        """
        return cls(
            entry=_choice(environ, "entry", get_args(Entry), "run"),
            bundle=_value(environ, "bundle"),
            token=_secret(environ, "token"),
            base_url=_base_url("base-url", _value(environ, "base-url")),
            api_key=_secret(environ, "api-key"),
            model=_value(environ, "model"),
            level=_choice(environ, "level", get_args(Level), "push"),
            reasoning_effort=_effort(environ),
            environment=_value(environ, "environment"),
            fallback_base_url=tuple(_base_url("fallback-base-url", url) for url in _list(environ, "fallback-base-url")),
            fallback_api_key=tuple(_clean("fallback-api-key", key) for key in _list(environ, "fallback-api-key")),
            fallback_model=_list(environ, "fallback-model"),
        )

    def endpoints(self, model: str | None = None) -> tuple[Endpoint, ...]:
        """The endpoints to ask, in order; `model` is the repository's choice, used where the environment names none.

        Fallbacks without a list of models use the first endpoint's; without a list of keys they are asked without one.

        Raises:
            UserError: when there is no endpoint or no model to ask, or the fallback lists do not match.
        """
        if not self.base_url and not self.api_key:
            raise UserError("no model endpoint is set", "set the inputs `base-url`, `api-key` and `model`")
        name = self.model or model or ""
        if not name:
            raise UserError(
                "no model is set", "set the input `model`, or `model: {name: …}` in `.github/draftgate.yml`"
            )
        return (Endpoint(self.base_url or OPENAI_URL, self.api_key, name), *self._fallbacks(name))

    def _fallbacks(self, model: str) -> tuple[Endpoint, ...]:
        urls = self.fallback_base_url
        keys = self.fallback_api_key or ("",) * len(urls)
        models = self.fallback_model or (model,) * len(urls)
        if not len(urls) == len(keys) == len(models):
            counts = f"{len(urls)} addresses, {len(self.fallback_api_key)} keys, {len(self.fallback_model)} models"
            raise UserError(
                f"the fallback lists have different lengths: {counts}",
                "give `fallback-base-url`, `fallback-api-key` and `fallback-model` one entry for each endpoint",
            )
        return tuple(Endpoint(url, key, name) for url, key, name in zip(urls, keys, models, strict=True))


def _effort(environ: Mapping[str, str]) -> str:
    value = _value(environ, "reasoning-effort")
    if value and not _EFFORT.fullmatch(value):
        raise UserError("the input `reasoning-effort` is not one word", "set it to what the model knows, such as `low`")
    return value


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the runner says about this run; the addresses have no final slash, a path that is not set is None."""

    event_name: str
    event_path: Path
    repository: str
    workspace: Path
    api_url: str
    server_url: str
    graphql_url: str
    run_id: int
    run_attempt: int
    actor: str
    output_path: Path | None
    summary_path: Path | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> RunContext:
        """Read the runner's `GITHUB_*` variables.

        `GITHUB_GRAPHQL_URL` is derived from the API's address where it is missing: `…/api/v3` becomes `…/api/graphql`
        on GitHub Enterprise Server, elsewhere `/graphql` is added.

        Raises:
            UserError: when the event or the repository is missing, or a value is not what a runner sets.
        """
        repository = _runner_value(environ, "GITHUB_REPOSITORY")
        if not _REPOSITORY.fullmatch(repository):
            raise UserError(f"GITHUB_REPOSITORY is {_shown(repository)}", "it must be `owner/name`")
        api_url = _url("GITHUB_API_URL", environ.get("GITHUB_API_URL", "").strip() or "https://api.github.com")
        graphql_url = environ.get("GITHUB_GRAPHQL_URL", "").strip() or _graphql_url(api_url)
        server_url = environ.get("GITHUB_SERVER_URL", "").strip() or "https://github.com"
        return cls(
            event_name=_runner_value(environ, "GITHUB_EVENT_NAME"),
            event_path=Path(_runner_value(environ, "GITHUB_EVENT_PATH")),
            repository=repository,
            workspace=Path(environ.get("GITHUB_WORKSPACE") or "."),
            api_url=api_url,
            server_url=_url("GITHUB_SERVER_URL", server_url),
            graphql_url=_url("GITHUB_GRAPHQL_URL", graphql_url),
            run_id=_number(environ, "GITHUB_RUN_ID"),
            run_attempt=_number(environ, "GITHUB_RUN_ATTEMPT") or 1,
            actor=environ.get("GITHUB_ACTOR", "").strip(),
            output_path=_path(environ, "GITHUB_OUTPUT"),
            summary_path=_path(environ, "GITHUB_STEP_SUMMARY"),
        )

    @property
    def run_url(self) -> str:
        """The page of this run and attempt; empty outside a run."""
        if not self.run_id:
            return ""
        page = f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"
        return f"{page}/attempts/{self.run_attempt}" if self.run_attempt > 1 else page


def _value(environ: Mapping[str, str], name: str) -> str:
    variable = f"DRAFTGATE_{name.upper().replace('-', '_')}"
    value = environ.get(variable, "").strip()
    return value or environ.get(_FALLBACKS.get(variable, ""), "").strip()


def _list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SEPARATOR.split(_value(environ, name)) if part.strip())


def _choice(environ: Mapping[str, str], name: str, choices: tuple[_Choice, ...], default: _Choice) -> _Choice:
    value = _value(environ, name).lower()
    if not value:
        return default
    for choice in choices:
        if choice == value:
            return choice
    words = ", ".join(f"`{choice}`" for choice in choices)
    raise UsageError(f"the input `{name}` is {_shown(value)}", f"write one of {words}, or leave it out for `{default}`")


def _secret(environ: Mapping[str, str], name: str) -> str:
    return _clean(name, _value(environ, name))


def _clean(name: str, secret: str) -> str:
    """Refuse what cannot go into an HTTP header, without ever showing it."""
    if secret and not _SECRET.fullmatch(secret):
        raise UserError(
            f"the input `{name}` holds a space, a line break or a character outside ASCII",
            "store the secret again, without quotes and on one line",
        )
    return secret


def _base_url(name: str, value: str) -> str:
    if not value:
        return ""
    url = _preset(name, value) if _NAME.fullmatch(value) else _url(f"the input `{name}`", value)
    if url.endswith("/completions"):
        raise UserError(f"the input `{name}` names one operation: {url}", "leave out what follows `/v1`")
    return url


def _preset(name: str, value: str) -> str:
    url = PRESETS.get(value.lower())
    if url is None:
        names = ", ".join(f"`{preset}`" for preset in PRESETS)
        raise UserError(
            f"the input `{name}` is no address and no known name", f"write `https://…/v1`, or one of {names}"
        )
    return url


def _url(what: str, value: str) -> str:
    """The address without a final slash; a bad one is not shown, since it may hold a password."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UserError(f"{what} is not an address", "write it like `https://host/path`") from None
    if not usable or _BLANK.search(value):
        raise UserError(f"{what} is not an address", "write it like `https://host/path`")
    if parts.username is not None or parts.query or parts.fragment:
        raise UserError(f"{what} has a user name, a `?` or a `#` in it", "write it like `https://host/path`")
    return value.rstrip("/")


def _graphql_url(api_url: str) -> str:
    stem = api_url.removesuffix("/v3") if api_url.endswith("/api/v3") else api_url
    return f"{stem}/graphql"


def _runner_value(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise UserError(
            f"{name} is not set", "this command runs inside GitHub Actions; `draftgate generate` runs anywhere"
        )
    return value


def _number(environ: Mapping[str, str], name: str) -> int:
    value = environ.get(name, "").strip()
    if value and not _COUNT.fullmatch(value):
        raise UserError(f"{name} is {_shown(value)}", "a runner sets a number")
    return int(value or 0)


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "")
    return Path(value) if value else None


def _shown(value: str) -> str:
    """A foreign value for an error text: short, on one line."""
    flat = " ".join(value.replace("`", "'").split())
    return f"`{flat[:60]}…`" if len(flat) > 60 else f"`{flat}`"
