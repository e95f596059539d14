"""The same against a real registry: Debian's `docker-registry`, a single binary that `.ci/run` installs."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpcore2
import pytest

from bot.adapters.versions import Sources
from bot.core.packages import Available, Offer, Package, Unavailable
from bot.core.versions import Rules, choose, wanted_digest, with_digest
from bot.manifests.edits import apply
from bot.manifests.references import Newer, bump, references

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BINARY = shutil.which("docker-registry")
pytestmark = pytest.mark.skipif(
    BINARY is None, reason="no `docker-registry` on this machine: apt-get install docker-registry, as .ci/run does"
)
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
    config = folder / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
        f"http: {{addr: '{host}'}}\n",
        encoding="utf-8",
    )
    process = start(config)
    try:
        wait_for(host, process)
        yield host
    finally:
        process.terminate()
        process.wait(10)


def start(config: Path) -> subprocess.Popen[bytes]:
    assert BINARY
    return subprocess.Popen([BINARY, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(host: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "docker-registry ended"
        try:
            if httpcore2.request("GET", f"http://{host}/v2/").status == 200:
                return
        except httpcore2.ConnectError:
            time.sleep(0.05)
    pytest.fail("docker-registry does not answer")


def push(host: str, name: str, tag: str, kind: str = "application/vnd.oci.image.config.v1+json") -> str:
    """An artifact with an empty configuration and no layers; returns its digest."""
    config = json.dumps({"tag": tag}).encode()
    digest = "sha256:" + hashlib.sha256(config).hexdigest()
    begun = httpcore2.request("POST", f"http://{host}/v2/{name}/blobs/uploads/")
    place = urljoin(f"http://{host}/", dict(begun.headers)[b"Location"].decode())
    mark = "&" if "?" in place else "?"
    assert httpcore2.request("PUT", f"{place}{mark}digest={digest}", content=config).status == 201
    described = {"mediaType": kind, "digest": digest, "size": len(config)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}).encode()
    headers: dict[bytes | str, bytes | str] = {"Content-Type": MANIFEST}
    url = f"http://{host}/v2/{name}/manifests/{tag}"
    assert httpcore2.request("PUT", url, headers=headers, content=manifest).status == 201
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def test_a_real_registry_says_tags_and_digests(registry: str) -> None:
    pushed = {tag: push(registry, "team/app", tag) for tag in ("1.25.3-alpine", "1.27.0-alpine", "latest")}
    chart = push(registry, "charts/web", "1.0.0_build.1", "application/vnd.cncf.helm.config.v1+json")
    app, web = Package("image", registry, "team/app"), Package("oci-chart", registry, "charts/web")
    none = Package("image", registry, "team/none")
    sources = Sources("http://127.0.0.1:9", "")
    found = sources.available([app, web, none])
    digests = sources.digests([*((app, tag) for tag in pushed), (web, "1.0.0+build.1"), (app, "9.9")])
    sources.close()
    tags, charts = found[app], found[web]
    assert isinstance(tags, Available)
    assert {one.name for one in tags.releases} == set(pushed)
    assert isinstance(charts, Available)
    assert [one.name for one in charts.releases] == ["1.0.0+build.1"]
    assert found[none] == Unavailable(f"{registry} has no team/none (404)")
    assert {tag: digests[app, tag] for tag in pushed} == pushed
    assert digests[web, "1.0.0+build.1"] == chart
    assert isinstance(digests[app, "9.9"], Unavailable)


def test_a_manifest_is_brought_up_to_date_from_a_real_registry(registry: str) -> None:
    pushed = {tag: push(registry, "shop/cart", tag) for tag in ("1.2.3-slim", "1.3.0-slim", "1.4.0", "2.0.0-slim")}
    text = f"services:\r\n  cart:\r\n    image: {registry}/shop/cart:1.2.3-slim@{pushed['1.2.3-slim']} # pinned\r\n"
    (one,) = references("compose.yaml", text)
    sources = Sources("http://127.0.0.1:9", "")
    found = sources.available([one.package])[one.package]
    outcome = choose(one, found, Rules(datetime(2026, 3, 1, tzinfo=UTC)))
    wanted = wanted_digest(one, outcome)
    assert wanted == "1.3.0-slim"
    digest = sources.digests([(one.package, wanted)])[one.package, wanted]
    sources.close()
    offer = with_digest(one, outcome, digest)
    assert isinstance(offer, Offer)
    after = apply(text, bump(text, one, Newer(offer.text, offer.digest or "")))
    assert after == text.replace("1.2.3-slim", "1.3.0-slim").replace(pushed["1.2.3-slim"], pushed["1.3.0-slim"])
