"""Takes secrets out of text before it leaves, whatever usual coat they wear."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
SHORTEST_SECRET = 6
"""Characters; anything shorter is a word that also stands in innocent text."""
SHORTEST_HALF = 8
"""Characters that half of a secret needs to be masked on its own."""

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""ASCII alone: other letters can change their number when their case is changed, which would shift the places."""


class Redactor:
    """Masks the given secrets, their forms, and both halves of the longer ones, as design 4.1 lists them.

    The forms are: plain, reversed, hex, base64 at each alignment (both alphabets), URL-encoded and JSON-escaped, each
    in any case of letters. Values shorter than `SHORTEST_SECRET` are not masked.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        pieces = {piece for secret in secrets if len(secret) >= SHORTEST_SECRET for piece in _pieces(secret)}
        self._forms = sorted({form.translate(_LOWER) for piece in pieces for form in _forms(piece)})

    def redact(self, text: str) -> str:
        """The text with every found form replaced by `MASK`; forms that touch or overlap share one."""
        while spans := self._spans(text):  # again, because what a mask brings together may be a secret too
            text = _masked(text, spans)
        return text

    def _spans(self, text: str) -> list[tuple[int, int]]:
        folded = text.translate(_LOWER)
        return sorted((at, at + len(form)) for form in self._forms for at in _occurrences(folded, form))


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in spans:
        if start > done or not parts:
            parts += [text[done:start], MASK]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _occurrences(text: str, form: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _pieces(secret: str) -> Iterator[str]:
    """The secret and both halves; one of an odd length can be halved in two ways."""
    yield secret
    half = len(secret) // 2
    if half >= SHORTEST_HALF:
        yield secret[:half]
        yield secret[half:]
        yield secret[len(secret) - half :]


def _forms(piece: str) -> Iterator[str]:
    data = piece.encode("utf-8", "surrogatepass")
    yield from (piece, piece.lower(), piece.upper(), piece[::-1], data.hex())
    yield from (quote(data), quote(data, safe=""), quote_plus(data))
    for escaped in (json.dumps(piece)[1:-1], json.dumps(piece, ensure_ascii=False)[1:-1]):
        yield from (escaped, escaped.replace("/", "\\/"))
    for alignment in range(3):
        core = _base64_core(data, alignment)
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _base64_core(data: bytes, alignment: int) -> str:
    """The base64 digits that depend on `data` alone when `alignment` (0 to 2) foreign bytes stand before it."""
    coded = b64encode(bytes(alignment) + data).decode("ascii")
    first = -(-alignment * 8 // 6)
    return coded[first : (alignment + len(data)) * 8 // 6]
