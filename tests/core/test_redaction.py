from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.redaction import MASK, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = 'sk-Live/9+f0"é\\Q27z~xW'
SECRETS = st.text(st.characters(codec="utf-8"), min_size=6, max_size=60)
AROUND = st.text(st.characters(codec="utf-8"), max_size=40)


def data_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


PLAIN_COATS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "reversed": lambda secret: secret[::-1],
    "hex": lambda secret: data_of(secret).hex(),
    "upper hex": lambda secret: data_of(secret).hex().upper(),
    "quoted": lambda secret: quote(data_of(secret)),
    "quoted whole": lambda secret: quote(data_of(secret), safe=""),
    "form": lambda secret: quote_plus(data_of(secret)),
    "lower quoted": lambda secret: quote(data_of(secret), safe="").lower(),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json utf-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "json slashes": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
}
BASE64_COATS: dict[str, Callable[[bytes], bytes]] = {"base64": b64encode, "base64 for addresses": urlsafe_b64encode}


def core(secret: bytes, alignment: int, coat: Callable[[bytes], bytes]) -> str:
    """The digits that stay the same whatever stands around the secret."""
    ones, twos = (coat(filler * alignment + secret + filler * 3).decode() for filler in (b"\x00", b"\xff"))
    return "".join(one for one, two in zip(ones, twos, strict=True) if one == two)


@pytest.mark.parametrize("coat", PLAIN_COATS.values(), ids=PLAIN_COATS)
def test_a_secret_is_masked_in_every_plain_coat(coat: Callable[[str], str]) -> None:
    assert Redactor([KEY]).redact(f"the key is {coat(KEY)}, keep it") == f"the key is {MASK}, keep it"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("coat", BASE64_COATS.values(), ids=BASE64_COATS)
def test_a_secret_is_masked_at_each_alignment_of_base64(coat: Callable[[bytes], bytes], before: str) -> None:
    coded = coat(f"{before}{KEY}@host".encode()).decode()
    masked = Redactor([KEY]).redact(coded)
    assert core(KEY.encode(), len(before) % 3, coat) not in masked
    assert len(masked.replace(MASK, "")) <= len(coded) - len(KEY) * 4 // 3 + 2


@pytest.mark.parametrize("length", [16, 17, 40, 41])
@pytest.mark.parametrize("coat", [*PLAIN_COATS.values()], ids=PLAIN_COATS)
def test_both_halves_of_a_longer_secret_are_masked_on_their_own(length: int, coat: Callable[[str], str]) -> None:
    secret = "".join(chr(ord("A") + (at * 7) % 26) for at in range(length))
    redactor = Redactor([secret])
    for cut in {length // 2, length - length // 2}:
        text = f"first {coat(secret[:cut])} then {coat(secret[cut:])}."
        left = redactor.redact(text).replace(MASK, "")
        assert len(left) <= len("first  then .") + 2 * (length % 2)


def test_half_of_a_short_secret_is_an_ordinary_word() -> None:
    assert Redactor(["passwordtoken12"]).redact("password token") == "password token"


@pytest.mark.parametrize("secret", ["", "a", "12345", "admin"])
def test_what_is_too_short_for_a_secret_is_left(secret: str) -> None:
    assert Redactor([secret]).redact("admin 12345 a") == "admin 12345 a"


def test_secrets_that_overlap_share_one_mask() -> None:
    assert Redactor(["abcdefgh", "fghijklm"]).redact("-abcdefghijklm-") == f"-{MASK}-"


def test_secrets_side_by_side_leave_nothing_between() -> None:
    assert Redactor(["abcdef", "uvwxyz"]).redact("abcdef uvwxyzabcdef") == f"{MASK} {MASK}"


def test_what_a_mask_brings_together_is_masked_too() -> None:
    assert Redactor(["abcdef", "12***34"]).redact("12abcdef34") == MASK


def test_text_without_secrets_is_left_as_it_is() -> None:
    text = "İstanbul, ﬁne: `a.py` 3f9c2a1b7d04\r\n"
    assert Redactor([KEY]).redact(text) == text


def test_no_secrets_mask_nothing() -> None:
    assert Redactor([]).redact("anything") == "anything"


@given(secret=SECRETS, before=AROUND, after=AROUND, coat=st.sampled_from(list(PLAIN_COATS.values())))
def test_no_plain_coat_comes_through_anywhere(secret: str, before: str, after: str, coat: Callable[[str], str]) -> None:
    worn = coat(secret)
    masked = Redactor([secret]).redact(before + worn + after)
    assert worn not in masked
    assert secret not in masked


@given(
    secret=SECRETS,
    before=st.binary(max_size=20),
    after=st.binary(max_size=20),
    around=AROUND,
    coat=st.sampled_from(list(BASE64_COATS.values())),
)
def test_no_base64_comes_through_at_any_offset(
    secret: str, before: bytes, after: bytes, around: str, coat: Callable[[bytes], bytes]
) -> None:
    data = data_of(secret)
    masked = Redactor([secret]).redact(around + coat(before + data + after).decode() + around)
    assert core(data, len(before) % 3, coat) not in masked


@given(secrets=st.lists(SECRETS, max_size=3), text=AROUND)
def test_masking_twice_changes_nothing_more(secrets: list[str], text: str) -> None:
    redactor = Redactor(secrets)
    once = redactor.redact("".join([text, *secrets, text]))
    assert redactor.redact(once) == once
