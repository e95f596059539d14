"""Where version sources may be: what a repository's files must not lead to."""

from __future__ import annotations

import socket

import httpcore2
import pytest

from bot.adapters.versions_address import SourceError, VettedBackend, checked_url, following, is_public, root_of


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.5.4", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # the metadata service of the clouds
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to be refused, nothing listens
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_only_the_public_network_may_be_asked(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fd00::1]"])
def test_a_private_address_is_refused_before_a_connection(host: str) -> None:
    backend = VettedBackend((), lambda: 1.0)
    with pytest.raises(SourceError, match="inside this network"):
        backend.connect_tcp(host.strip("[]"), 443)


@pytest.mark.parametrize("written", ["2130706433", "0x7f.1", "127.1"])
def test_loopback_in_disguise_is_refused(written: str) -> None:
    resolved = socket.inet_ntoa(socket.inet_aton(written))
    assert not is_public(resolved)
    with pytest.raises(SourceError, match="without encryption"):
        checked_url(f"http://{written}/")


def test_a_host_that_is_trusted_by_name_may_be_private() -> None:
    backend = VettedBackend({"10.255.255.1:443"}, lambda: 0.0)
    assert backend._addresses("10.255.255.1", 443) == ["10.255.255.1"]


def test_no_connection_is_read_when_the_time_is_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        left = [5.0]
        stream = VettedBackend((), lambda: left[0]).connect_tcp("127.0.0.1", server.getsockname()[1])
        left[0] = 0.0
        with pytest.raises(httpcore2.ReadTimeout):
            stream.read(1)
        stream.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.example/",
        "ftp://registry.example/",
        "https://",
        "https://me:secret@registry.example/",
        "https://registry.example:0/",
        "https://registry.example:99999/",
        "https://registry.example/a b",
        "https://[::1/",
        "",
    ],
)
def test_some_addresses_are_not_asked_at_all(url: str) -> None:
    with pytest.raises(SourceError):
        checked_url(url)


def test_another_machine_cannot_lead_to_this_one() -> None:
    with pytest.raises(SourceError, match="leads to this machine itself"):
        following("https://registry.example/v2/", "http://127.0.0.1:8080/admin")
    assert following("http://127.0.0.1:1/a", "http://localhost:2/b") == "http://localhost:2/b"
    assert following("https://registry.example/v2/x", "/v2/y") == "https://registry.example/v2/y"


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("ghcr.io", "https://ghcr.io"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost", "http://localhost"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost.example", "https://localhost.example"),
    ],
)
def test_http_is_plain_on_loopback_alone(host: str, root: str) -> None:
    assert root_of(host) == root
