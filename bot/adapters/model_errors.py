"""Why an endpoint gave no answer, in words for the thread, and whether asking again or elsewhere may help.

The texts name host and model and say what to do; the key is taken out of them in `model_worker`, whatever they quote.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bot.adapters.model_stream import error_text, printable

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

_PATIENT = 8
"""Attempts for a busy or failing server; waiting doubles, so the deadline usually comes first."""

_SHOWN = 8
"""Models listed in a text."""


class ModelFailure(Exception):  # noqa: N818  a value on its way to the parent, where it becomes a ModelError
    """No whole answer, and nothing to be done here; `partial` is what came of a text that was cut at its limit."""

    def __init__(self, text: str, partial: str = "") -> None:
        super().__init__(text)
        self.partial = partial


class DownError(ModelFailure):
    """Asking here again is of no use; another endpoint may answer."""


class TransientError(ModelFailure):
    """Asking again may help, after `wait` seconds where the endpoint says so, `attempts` times in all."""

    def __init__(self, text: str, *, wait: float = 0.0, attempts: int = _PATIENT) -> None:
        super().__init__(text)
        self.wait = wait
        self.attempts = attempts


def refusal(error: APIStatusError, client: OpenAI, host: str, model: str) -> ModelFailure:
    """What an HTTP error status means."""
    if error.status_code == 404 or error.code == "model_not_found":
        return _unknown_model(error, client, host, model)
    return _busy(error, host) or _final(error, host, model)


def _busy(error: APIStatusError, host: str) -> ModelFailure | None:
    """What passes with time or money."""
    status = error.status_code
    if status == 402 or (status == 429 and "quota" in (error.code or "")):
        return DownError(f"the quota at {host} is used up ({status}): check plan and billing there")
    if status == 429:
        wait = _retry_after(error)
        asks = f" and asks to wait {wait:,.0f} s" if wait >= 1 else ""
        return TransientError(f"{host} limits the rate of requests (429){asks}", wait=wait)
    if status in {408, 409} or status >= 500:
        return TransientError(f"{host} answered {status}: {_said(error)}", wait=_retry_after(error))
    return None


def _final(error: APIStatusError, host: str, model: str) -> ModelFailure:
    """What a person has to mend."""
    status, said = error.status_code, _said(error)
    if status == 401:
        return ModelFailure(f"{host} refused the key (401): check the api-key input")
    if status == 403:
        return ModelFailure(f"{host} does not let this key use {model} (403): {said}")
    if status == 413 or error.code == "context_length_exceeded" or "context length" in said:
        return ModelFailure(f"the prompt is too long for {model} at {host}: lower `context-tokens` under `model`")
    return ModelFailure(f"{host} refused the request for {model} ({status}): {said}")


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


def _unknown_model(error: APIStatusError, client: OpenAI, host: str, model: str) -> ModelFailure:
    offered = _models(client)
    if not offered:
        hint = "check the inputs base-url, which usually ends in `/v1`, and model"
        return ModelFailure(f"{host} has no such address or model {model} ({error.status_code}): {hint}")
    if model in offered:
        return ModelFailure(f"{host} lists {model} but refused it ({error.status_code}): {_said(error)}")
    return ModelFailure(f"model {model} is not known at {host}; it offers: {', '.join(_nearest(model, offered))}")


def _models(client: OpenAI) -> list[str]:
    """The models that the endpoint lists; none where it does not say, or not soon."""
    import httpx2  # noqa: PLC0415  slow to import; see model_worker
    import openai  # noqa: PLC0415  slow to import; see model_worker

    try:
        listed: Any = client.get("/models", cast_to=object, options={"timeout": 3.0})
    except (openai.OpenAIError, httpx2.HTTPError, ValueError):
        return []
    entries = listed.get("data") if isinstance(listed, dict) else None
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [printable(name, 80) for name in names[:2000] if isinstance(name, str)]


def _nearest(model: str, offered: list[str]) -> list[str]:
    """A few of the names, those like the wanted one first, and a sign that there are more."""
    import difflib  # noqa: PLC0415  imported here: only a mistake needs it

    near = difflib.get_close_matches(model, offered, n=_SHOWN, cutoff=0.4)
    chosen = [*near, *(name for name in offered if name not in near)][:_SHOWN]
    return chosen if len(chosen) == len(offered) else [*chosen, f"and {len(offered) - len(chosen)} more"]
