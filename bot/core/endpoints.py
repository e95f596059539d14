"""What a model endpoint says about itself in headers and lists, and what follows from it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

UNLIMITED = 1_000_000
"""As many requests at once as anybody may want: the endpoint says nothing about limits."""

_HEADER = re.compile(r"x-ratelimit-(limit|remaining|reset)(?:-(requests|tokens))?((?:-[a-z]{1,20}){0,2})")
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,20})?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,20})?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH = 1e9
"""A number of seconds from here on is a date, not a duration."""

_OPTIONAL = ("max_completion_tokens", "stream_options", "temperature", "reasoning_effort")
"""What an endpoint may not know; left out, or `max_tokens` in place of the first, once it has said so."""

_LEAST_ANSWER = 256
"""Tokens below which an answer is not worth asking for."""

_MARGIN = 64
"""Tokens that endpoints add to a prompt: roles, a date, their own preface."""

_LIMITED = re.compile(r"max_tokens|max_completion_tokens|completion tokens|output tokens")
_COUNT = re.compile(r"(?<![0-9.])[0-9]{2,9}(?![0-9])")
_CONTEXT = re.compile(r"context (?:length|window|size)[^0-9]{0,40}([0-9]{3,9})", re.IGNORECASE)
_PROMPT = re.compile(r"([0-9]{1,9}) (?:(?:input|prompt) tokens|in the messages|(?:tokens )?from the input)")

_SHOWN = 8
"""Models listed in a text."""

_LISTED = 2000
"""Models looked at."""


@dataclass(frozen=True, slots=True)
class Window:
    """One rate limit: what is `left` of `limit` (None: not said) until its reset in `reset` seconds (inf: not said)."""

    kind: Literal["requests", "tokens"]
    left: int
    limit: int | None
    reset: float

    def room(self, tokens: int, elapsed: float) -> int:
        """How many requests of so many tokens fit, `elapsed` seconds after the endpoint said so."""
        left = self.left if elapsed < self.reset else self.limit
        if left is None:
            return UNLIMITED
        return left if self.kind == "requests" else left // max(1, tokens)


def windows(headers: Mapping[str, str]) -> tuple[Window, ...]:
    """The rate limits in an answer's headers, whose names are in lower case.

    Read are `x-ratelimit-{limit,remaining,reset}` with `-requests` or `-tokens` (OpenAI, Groq), a window after that
    (`-requests-day`, `-tokens-minute`: Cerebras), or nothing (requests: OpenRouter, Together).
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, value in headers.items():
        if matched := _HEADER.fullmatch(name):
            what, kind, window = matched.groups()
            found.setdefault((kind or "requests", window), {})[what] = value.strip()
    read = (_window(kind, said) for (kind, _), said in found.items())
    return tuple(window for window in read if window)


def _window(kind: str, said: Mapping[str, str]) -> Window | None:
    left, limit = _amount(said.get("remaining", "")), _amount(said.get("limit", ""))
    if left is None:
        return None
    return Window("tokens" if kind == "tokens" else "requests", left, limit, duration(said.get("reset", "")))


def _amount(text: str) -> int | None:
    return int(float(text)) if _NUMBER.fullmatch(text) else None


def duration(text: str) -> float:
    """Seconds in `6m0s`, `7.66s`, `20ms` or `33011.38`; inf for anything else, dates too."""
    if _NUMBER.fullmatch(text):
        seconds = float(text)
        return seconds if seconds < _EPOCH else math.inf
    parts = _PART.findall(text[:100])
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return math.inf
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def slots(limits: Iterable[Window], tokens: int, elapsed: float, unseen: int = 0) -> int:
    """How many requests of so many tokens the limits allow, with `unseen` requests not yet counted in them."""
    room = min((window.room(tokens, elapsed) for window in limits), default=UNLIMITED)
    return max(0, room - unseen) if room < UNLIMITED else UNLIMITED


def reset_wait(limits: Sequence[Window]) -> float:
    """Seconds until the limits that are used up are reset; 0 where none is, or the endpoint does not say when."""
    waits = [window.reset for window in limits if not window.left and window.reset < math.inf]
    return max(waits, default=0.0)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a model at an endpoint: context and longest answer in tokens, and the parameters it refuses.

    `effort` is the wanted `reasoning_effort`; empty leaves it to the endpoint.
    """

    effort: str = ""
    context: int | None = None
    output: int | None = None
    refused: frozenset[str] = frozenset()
    characters_per_token: float = 3.0

    def parameters(self, prompt: int, max_tokens: int, temperature: float) -> dict[str, Any]:
        """The parameters of a request with a prompt of so many characters: the least that is needed, streamed."""
        limit = self.answer_tokens(prompt, max_tokens)
        known: dict[str, Any] = {
            "max_completion_tokens": limit,
            "stream_options": {"include_usage": True},
            "temperature": temperature,
            "reasoning_effort": self.effort,
        }
        chosen = {name: value for name, value in known.items() if name not in self.refused and value != ""}
        other = {} if "max_completion_tokens" in chosen else {"max_tokens": limit}
        return {"stream": True, **chosen, **other}

    def answer_tokens(self, prompt: int, max_tokens: int) -> int:
        """`max_tokens`, or what endpoint and context leave room for; too little room is for the endpoint to refuse."""
        room = max_tokens
        if self.context is not None:
            left = self.context - math.ceil(prompt / self.characters_per_token) - _MARGIN
            room = left if left >= _LEAST_ANSWER else max_tokens
        return min(max_tokens, room, self.output or max_tokens)

    def offered(self, offer: Offer) -> Profile:
        """With what the endpoint's list says of the model."""
        return replace(self, context=offer.context or self.context, output=offer.output or self.output)

    def learned(self, said: str, body: str, named: str, sent: Mapping[str, Any], prompt: int) -> Profile | None:
        """What a refusal (400, 422) of the parameters `sent` teaches; None where asking again differently is no use.

        `said` is its sentence, `body` all of it, `named` the parameter it names in a field of its own, or empty.
        """
        limit = int(sent.get("max_completion_tokens") or sent.get("max_tokens") or 0)
        if (context := _CONTEXT.search(said)) and (tokens := _PROMPT.search(said)) and int(tokens[1]):
            known = replace(self, context=int(context[1]), characters_per_token=max(prompt, 1) / int(tokens[1]))
            return known if known.answer_tokens(prompt, limit) < limit else None
        if shorter := _shorter(said, limit):
            return replace(self, output=shorter)
        name = named if named in sent else next((name for name in _OPTIONAL if name in sent and name in body), "")
        return replace(self, refused=self.refused | {name}) if name in _OPTIONAL else None


def _shorter(said: str, limit: int) -> int:
    """The longest answer that a refusal allows, where it names a number below `limit`; else 0."""
    if not _LIMITED.search(said):
        return 0
    counts = (int(number) for number in _COUNT.findall(said))
    return max((count for count in counts if _LEAST_ANSWER <= count < limit), default=0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that an endpoint lists; `context` and `output` in tokens, None where it does not say."""

    name: str
    context: int | None = None
    output: int | None = None


def offers(listed: Any) -> tuple[Offer, ...]:
    """The models in the answer to `GET /models`: OpenAI's `data`, or a bare list (Together)."""
    entries = listed.get("data") if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        return ()
    return tuple(_offer(entry) for entry in entries[:_LISTED] if isinstance(entry, dict) and _named(entry))


def _named(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("id"), str) and bool(entry["id"])


def _offer(entry: Mapping[str, Any]) -> Offer:
    """One entry; the names of its figures are vLLM's, Groq's, OpenRouter's and Mistral's."""
    provider = entry.get("top_provider")
    both = {**(provider if isinstance(provider, dict) else {}), **entry}
    context = _tokens(both, ("context_length", "max_model_len", "context_window", "max_context_length"))
    output = _tokens(both, ("max_completion_tokens", "max_output_tokens"))
    name = "".join(char for char in entry["id"][:80] if char.isprintable())
    return Offer(name, context, output)


def _tokens(entry: Mapping[str, Any], names: Iterable[str]) -> int | None:
    found = (entry.get(name) for name in names)
    return next((value for value in found if type(value) is int and _LEAST_ANSWER <= value < 10**9), None)


def nearest(wanted: str, known: Collection[str]) -> list[str]:
    """A few of the known names, those like the wanted one first, and a sign that there are more."""
    import difflib  # noqa: PLC0415  imported here: only a mistake needs it

    near = difflib.get_close_matches(wanted, known, n=_SHOWN, cutoff=0.4)
    chosen = [*near, *(name for name in known if name not in near)][:_SHOWN]
    return chosen if len(chosen) == len(known) else [*chosen, f"and {len(known) - len(chosen):,} more"]
