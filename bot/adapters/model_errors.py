"""Why an endpoint gave no answer, in words for the thread, and whether asking again or elsewhere may help.

The texts name host and model and say what to do; the key is taken out of them in `model_worker`, whatever they quote.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from bot.adapters.model_stream import error_text, printable
from bot.core.endpoints import nearest, reset_wait, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openai import APIStatusError

    from bot.core.endpoints import Offer

_PATIENT = 8
"""Attempts for a busy or failing server; waiting doubles, so the deadline usually comes first."""

_NAMELESS = ("Name or service not known", "No address associated", "nodename nor servname", "name resolution")
"""How systems say that DNS knows no such host."""


class ModelFailure(Exception):  # noqa: N818  a value on its way to the parent, where it becomes a ModelError
    """No whole answer, and nothing to be done here; `partial` is what came of it, `kind` as `ModelError` has it."""

    def __init__(self, text: str, partial: str = "", kind: str = "") -> None:
        super().__init__(text)
        self.partial = partial
        self.kind = kind


class DownError(ModelFailure):
    """Asking here again is of no use; another endpoint may answer.

    That holds for the `request`, for a `while`, or, where a person has to mend it, for the `run`.
    """

    def __init__(self, text: str, kind: str = "", lasts: Literal["request", "while", "run"] = "while") -> None:
        super().__init__(text, kind=kind)
        self.lasts = lasts


class TransientError(ModelFailure):
    """Asking again may help, after `wait` seconds where the endpoint says so, `attempts` times in all."""

    def __init__(self, text: str, kind: str = "", *, wait: float = 0.0, attempts: int = _PATIENT) -> None:
        super().__init__(text, kind=kind)
        self.wait = wait
        self.attempts = attempts


def refusal(error: APIStatusError, look: Callable[[], Sequence[Offer]], host: str, model: str) -> ModelFailure:
    """What an HTTP error status means; `look` gives the models that the endpoint lists."""
    if error.status_code == 404 or error.code == "model_not_found":
        offered = [offer.name for offer in look()]
        kind = "model" if offered or error.code == "model_not_found" else "unreachable"
        return DownError(_unknown_model(error, offered, host, model), kind, "run")
    return _busy(error, host) or _final(error, host, model)


def unreachable(error: Exception, host: str) -> ModelFailure:
    """What it means that there was no answer at all."""
    reason = printable(str(error.__cause__ or error), 160)
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        remedy = "where your own authority signs it, give its certificates in SSL_CERT_FILE"
        return DownError(f"the certificate of {host} cannot be verified ({reason}): {remedy}", "unreachable", "run")
    if "SSL" in reason:
        remedy = "check whether the base-url input begins rightly with `https://` or `http://`"
        return DownError(f"{host} does not speak TLS as it should ({reason}): {remedy}", "unreachable", "run")
    if any(words in reason for words in _NAMELESS):
        return TransientError(
            f"there is no host {host} ({reason}): check the base-url input", "unreachable", attempts=2
        )
    return TransientError(f"{host} cannot be reached ({reason}): check the base-url input", "unreachable", attempts=4)


def _busy(error: APIStatusError, host: str) -> ModelFailure | None:
    """What passes with time or money."""
    status = error.status_code
    if status == 402 or (status == 429 and _is_about_money(error)):
        return DownError(f"the quota at {host} is used up ({status}): check plan and billing there", "quota", "run")
    if status == 429:
        wait = _retry_after(error) or reset_wait(windows(error.response.headers))
        asks = f" and asks to wait {wait:,.0f} s" if wait >= 1 else ""
        return TransientError(f"{host} limits the rate of requests (429){asks}", "rate", wait=wait)
    if status in {408, 409} or status >= 500:
        return TransientError(f"{host} answered {status}: {_said(error)}", wait=_retry_after(error))
    return None


def _is_about_money(error: APIStatusError) -> bool:
    """By the code or type of OpenAI (`insufficient_quota`) and those that follow it, or by their sentence."""
    kinds = f"{error.code} {error.type}".lower()
    return "quota" in kinds or "billing" in kinds or "exceeded your current quota" in _said(error)


def _final(error: APIStatusError, host: str, model: str) -> ModelFailure:
    """What a person has to mend."""
    status, said = error.status_code, _said(error)
    if status == 401:
        return DownError(f"{host} refused the key (401): check the api-key input", "key", "run")
    if status == 403:
        return DownError(f"{host} does not let this key use {model} (403): {said}", "key", "run")
    if status == 413 or error.code == "context_length_exceeded" or "context length" in said:
        remedy = "lower `context-tokens` under `model`"
        return DownError(f"the prompt is too long for {model} at {host}: {remedy}", "prompt", "request")
    return DownError(f"{host} refused the request for {model} ({status}): {said}", lasts="request")


def _said(error: APIStatusError) -> str:
    text = error_text(error.body) if error.body else ""
    return "no reason given" if not text or text.startswith("<") else text


def _retry_after(error: APIStatusError) -> float:
    """Seconds to wait, from `retry-after-ms` or `retry-after`, a number or a date (RFC 9110, 10.2.3); 0 for none."""
    headers = error.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()[:40]
        if value.replace(".", "", 1).isdecimal():
            return float(value) * unit
    return _until(headers.get("retry-after", "").strip()[:40])


def _until(date: str) -> float:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  imported here: few endpoints send a date

    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _unknown_model(error: APIStatusError, offered: Sequence[str], host: str, model: str) -> str:
    if not offered:
        hint = "check the inputs base-url, which usually ends in `/v1`, and model"
        return f"{host} has no such address or model {model} ({error.status_code}): {hint}"
    if model in offered:
        return f"{host} lists {model} but refused it ({error.status_code}): {_said(error)}"
    return f"model {model} is not known at {host}; it offers: {', '.join(nearest(model, offered))}"
