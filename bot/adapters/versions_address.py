"""Where version sources may be: files of a repository name their hosts, which must not lead into the runner's network.

A name is looked up once, its addresses are judged, and the connection goes to exactly these. Public addresses are fine;
private, link-local and other special ones are not, unless the host is trusted by name. Loopback is fine where it is
written out (`localhost`, `127.0.0.1`), never behind another name; only there may HTTP be plain.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpcore2

from bot.errors import BotError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterable
    from urllib.parse import SplitResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_ADDRESSES = 4


class SourceError(BotError):
    """A source gave no usable answer; the text is for people and holds no credentials."""


def checked_url(url: str) -> SplitResult:
    """An address that may be asked.

    Raises:
        SourceError: for anything but HTTPS, or HTTP on loopback, and for user names in it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SourceError("an address that is none") from None
    if not host or parts.username is not None or port == 0 or not url.isascii() or any(mark <= " " for mark in url):
        raise SourceError("an address that is none")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise SourceError(f"{host} would have to be asked without encryption, which is done on loopback alone")
    return parts


def origin(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials belong to."""
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def following(base: str, url: str) -> str:
    """The address that an answer from `base` names: a redirect, a page, a service.

    Raises:
        SourceError: when it may not be asked, or leads from another machine to this one.
    """
    try:
        joined = urljoin(base, url)
    except ValueError:
        raise SourceError("an address that is none") from None
    here, there = checked_url(base), checked_url(joined)
    if is_loopback(there.hostname or "") and not is_loopback(here.hostname or ""):
        raise SourceError(f"{here.hostname} leads to this machine itself")
    return joined


def root_of(host: str) -> str:
    """The address of a registry by its host: `https://ghcr.io`, `http://127.0.0.1:5000`."""
    name = urlsplit(f"//{host}").hostname or ""
    return f"http://{host}" if is_loopback(name) else f"https://{host}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by the way it is written."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(text: str) -> bool:
    """Whether an address belongs to the public network, with every address that is packed inside it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in _unpacked(address))


def _unpacked(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    found: list[Address] = [one for one in inner if one is not None]
    return found if address.ipv4_mapped else [address, *found]


class VettedBackend(httpcore2.NetworkBackend):
    """Opens connections for httpcore to addresses that were judged, each bounded by the time that is left."""

    def __init__(self, trusted: Collection[str], left: Callable[[], float]) -> None:
        self._trusted = frozenset(trusted)
        self._left = left
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            SourceError: when it has none, or one that may not be asked.
        """
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in self._addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    address, port, min(timeout or 10, self._left()), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._left)
        raise failure or httpcore2.ConnectError("no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise SourceError(f"{host} is not known to the name service") from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))[:_MOST_ADDRESSES]
        permitted = is_loopback(host) or bool({host, f"{host}:{port}"} & self._trusted)
        if not permitted and not all(map(is_public, addresses)):
            raise SourceError(f"{host} is an address inside this network, which files of a repository may not lead to")
        return addresses


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose reads and writes end when the time for all sources is up, however slowly bytes drip in."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._bounded(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._bounded(timeout))
        return _TimedStream(secured, self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _bounded(self, timeout: float | None) -> float:
        left = self._left()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for all sources is up")
        return min(timeout, left) if timeout is not None else left
