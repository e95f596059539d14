"""The small grammars of Kubernetes: names, labels, quantities, image references, schedules.

Sources: RFC 1123 and 1035 as the API conventions of Kubernetes cite them, the grammar of distribution's references, and
`resource.Quantity`.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bot.manifests.kubernetes.validation import QUANTITY

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?", re.ASCII)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{{1,5}})?/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
_PLACEHOLDER = re.compile(r"[<>${}%()]|^[A-Z0-9_-]+$")
_FACTORS = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_LONGEST_NUMBER = 64
_MACROS = frozenset(("@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly"))


def is_label(text: str) -> bool:
    """A DNS label: lower case letters, digits and inner dashes, at most 63."""
    return len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """DNS labels joined by dots, at most 253 characters."""
    return len(text) <= 253 and all(_LABEL.fullmatch(part) for part in text.split("."))


def is_path_segment(text: str) -> bool:
    """What may stand in a URL's path between slashes: the names of RBAC objects."""
    return text not in {"", ".", ".."} and not set(text) & {"/", "%"}


def is_label_key(text: str) -> bool:
    """A label's or annotation's key: a name, or a subdomain, a slash and a name."""
    prefix, slash, name = text.rpartition("/")
    return len(name) <= 63 and _QUALIFIED.fullmatch(name) is not None and (not slash or is_subdomain(prefix.lower()))


def is_label_value(text: str) -> bool:
    """A label's value; it may be empty."""
    return not text or (len(text) <= 63 and _QUALIFIED.fullmatch(text) is not None)


def is_image(text: str) -> bool:
    """An image reference as registries take it."""
    return len(text) <= 512 and _IMAGE.fullmatch(text) is not None


def is_placeholder(text: str) -> bool:
    """A word that something else still fills in: `${IMAGE}`, `<registry>/app`, `IMAGE_NAME`."""
    return _PLACEHOLDER.search(text) is not None


def is_schedule(text: str) -> bool:
    """Five fields or a macro, as CronJob takes them; a time zone before them is refused by newer releases."""
    fields = text.split()
    return text in _MACROS or (fields[:1] == ["@every"] and len(fields) == 2) or len(fields) == 5


def quantity(text: str) -> Decimal | None:
    """The number that a quantity stands for, None for what is none."""
    if len(text) > _LONGEST_NUMBER or not QUANTITY.fullmatch(text):
        return None
    number = text.rstrip("numkKMGTPEi")
    suffix = text[len(number) :]
    if suffix in _BINARY:
        return Decimal(number) * Decimal(1024 ** _BINARY[suffix])
    if suffix in _FACTORS and "e" not in number and "E" not in number:
        return Decimal(number).scaleb(_FACTORS[suffix])
    exponent = re.split("[eE]", number)[-1]
    return Decimal(number) if len(exponent.lstrip("+-")) <= 3 else None
