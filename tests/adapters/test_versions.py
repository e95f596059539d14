"""The version sources against real HTTP: servers of our own with pages, tokens, faults and bad manners."""

from __future__ import annotations

import base64
import gzip
import json
import socket
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.versions import Sources, credentials_of, tokens_of
from bot.adapters.versions_registry import Credential
from bot.core.packages import Available, Package, Unavailable
from bot.rehearsal.http_server import HangUp, HttpServer, Request, Response
from tests.adapters.registry import Registry, answered, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.ports import VersionSource


@contextmanager
def sources(**options: Any) -> Iterator[Sources]:
    made = Sources(options.pop("api_url", "http://127.0.0.1:9"), options.pop("token", ""), **options)
    _: VersionSource = made
    try:
        yield made
    finally:
        made.close()


@contextmanager
def served(answers: dict[str, Response | Callable[[Request], Response]]) -> Iterator[tuple[str, list[Request]]]:
    """A server that answers by path; what it was asked is noted."""
    asked: list[Request] = []

    def handle(request: Request) -> Response:
        asked.append(request)
        answer = answers.get(request.path, answered({}, 404))
        return answer if isinstance(answer, Response) else answer(request)

    with HttpServer(handle) as server:
        yield server.url, asked


def host_of(url: str) -> str:
    return url.removeprefix("http://")


def image(registry: Registry, name: str = "app") -> Package:
    return Package("image", registry.host, name)


def names(answer: Available | Unavailable) -> list[str]:
    assert isinstance(answer, Available), answer
    return [release.name for release in answer.releases]


def why(answer: object) -> str:
    assert isinstance(answer, Unavailable), answer
    return answer.why


# Registries


def test_all_pages_of_tags_are_read() -> None:
    registry = Registry({"app": [f"1.{number}" for number in range(25)]}, page=10)
    with registry.serve(), sources() as made:
        assert names(made.available([image(registry)])[image(registry)]) == registry.images["app"]
        assert len(registry.requests) == 3


def test_a_package_is_asked_for_once_a_run() -> None:
    registry = Registry({"app": ["1.0"]})
    with registry.serve(), sources() as made:
        for _ in range(3):
            made.available([image(registry), image(registry)])
            made.digests([(image(registry), "1.0")])
        assert len(registry.requests) == 2


def test_fifty_thousand_tags_are_read() -> None:
    registry = Registry({"app": [f"1.{number}.0" for number in range(50_000)]}, page=10_000)
    with registry.serve(), sources() as made:
        assert len(names(made.available([image(registry)])[image(registry)])) == 50_000


def test_a_list_without_an_end_is_cut_and_says_so() -> None:
    registry = Registry({"app": ["1.0", "1.1"]}, page=1)
    registry.faults = [lambda: answered({"tags": ["1.0"]}, Link='</v2/app/tags/list?n=10000>; rel="next"')]
    with registry.serve(), sources() as made:
        answer = made.available([image(registry)])[image(registry)]
    assert isinstance(answer, Available)
    assert "round in circles" in answer.cut


def test_the_next_page_on_another_server_is_not_asked() -> None:
    registry = Registry({"app": ["1.0"]})
    registry.faults = [answered({"tags": ["1.0"]}, Link='<http://127.0.0.1:1/v2/app/tags/list>; rel="next"')]
    with registry.serve(), sources() as made:
        answer = made.available([image(registry)])[image(registry)]
    assert isinstance(answer, Available)
    assert (names(answer), answer.cut) == (["1.0"], "the next page of tags is on another server")


def test_a_token_is_fetched_without_credentials_where_there_are_none() -> None:
    registry = Registry({"app": ["1.0"]}, needs_token=True)
    with registry.serve(), sources() as made:
        assert names(made.available([image(registry)])[image(registry)]) == ["1.0"]
        assert made.digests([(image(registry), "1.0")]) == {(image(registry), "1.0"): digest_of("app", "1.0")}
    assert registry.authorizations == ["", "", "Bearer good-app", "Bearer good-app"]


def test_a_token_that_ran_out_is_fetched_anew() -> None:
    registry = Registry({"app": ["1.0"]}, needs_token=True)
    with registry.serve(), sources() as made:
        made.available([image(registry)])
        registry.word = "newer"
        assert made.digests([(image(registry), "1.0")]) == {(image(registry), "1.0"): digest_of("app", "1.0")}


def test_credentials_go_to_the_token_service_of_their_own_host() -> None:
    registry = Registry({"app": ["1.0"]}, needs_token=True, password="me:secret")
    with registry.serve(), sources(credentials={registry.host: Credential("me", "secret")}) as made:
        assert names(made.available([image(registry)])[image(registry)]) == ["1.0"]
    assert registry.authorizations[1] == "Basic " + base64.b64encode(b"me:secret").decode()


def test_credentials_do_not_follow_a_registry_that_names_another_token_service() -> None:
    registry = Registry({"app": ["1.0"]}, needs_token=True)
    with served({"/token": answered({"token": "good-app"})}) as (other, asked), registry.serve():
        registry.realm = f"{other}/token"
        with sources(credentials={registry.host: Credential("me", "secret")}) as made:
            assert names(made.available([image(registry)])[image(registry)]) == ["1.0"]
    assert [request.headers.get("authorization") for request in asked] == [None]


def test_a_refused_password_is_named() -> None:
    registry = Registry({"app": ["1.0"]}, needs_token=True, password="me:secret")
    with registry.serve(), sources(credentials={registry.host: Credential("me", "wrong")}) as made:
        assert "gives no token for app (401)" in why(made.available([image(registry)])[image(registry)])


def test_a_digest_that_no_header_says_is_computed() -> None:
    registry = Registry({"app": ["1.0"]}, says_digest=False)
    with registry.serve(), sources() as made:
        assert made.digests([(image(registry), "1.0")])[image(registry), "1.0"] == digest_of("app", "1.0")


def test_a_chart_in_a_registry_has_a_plus_where_its_tag_has_an_underscore() -> None:
    registry = Registry({"charts/web": ["1.0.0_build.1"]})
    with registry.serve(), sources() as made:
        chart = Package("oci-chart", registry.host, "charts/web")
        assert names(made.available([chart])[chart]) == ["1.0.0+build.1"]
        assert made.digests([(chart, "1.0.0+build.1")])[chart, "1.0.0+build.1"] == digest_of(
            "charts/web", "1.0.0_build.1"
        )


# Faults


def hang_up() -> Response:
    raise HangUp


def test_faults_that_pass_are_tried_again() -> None:
    registry = Registry({"app": ["1.0"]})
    registry.faults = [answered({}, 503, **{"Retry-After": "0"}), hang_up]
    with registry.serve(), sources() as made:
        assert names(made.available([image(registry)])[image(registry)]) == ["1.0"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answered({}, 403), "does not let us see app (403)"),
        (answered({}, 404), "has no app (404)"),
        (answered({}, 418), "answers 418 for app"),
        (answered({}, 401), "asks for a password for app (401)"),
        (answered({}, 429, **{"Retry-After": "3600"}), "has had enough requests (429); it asks to wait 3600 s"),
        (Response(200, {}, b"<html>garbage"), "something that is not JSON"),
        (Response(200, {}, b"[" * 100_000), "something that is not JSON"),
        (answered(["1.0"]), "JSON of another shape"),
        (answered({"name": "app"}), "JSON of another shape"),
        (answered({"tags": "1.0"}), "JSON of another shape"),
        (Response(200, {"Content-Encoding": "gzip"}, b"no gzip"), "what cannot be unpacked"),
        (Response(302, {"Location": "http://registry.example/v2/"}), "without encryption"),
        (Response(302, {"Location": "file:///etc/passwd"}), "none"),
    ],
)
def test_one_bad_answer_is_named_and_harms_no_other(answer: Response, said: str) -> None:
    bad, good = Registry({"app": ["1.0"]}, faults=[answer] * 3), Registry({"app": ["1.0"]})
    with bad.serve(), good.serve(), sources() as made:
        found = made.available([image(bad), image(good)])
        assert said in why(found[image(bad)])
        assert names(found[image(good)]) == ["1.0"]


def test_no_tags_at_all_are_an_empty_list() -> None:
    registry = Registry({}, faults=[answered({"name": "app", "tags": None})])
    with registry.serve(), sources() as made:
        assert names(made.available([image(registry)])[image(registry)]) == []


def test_a_server_that_is_down_is_not_asked_for_each_of_its_packages() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with sources() as made:
            found = made.available([Package("image", host, f"app{number}") for number in range(100)])
    assert {why(answer) for answer in found.values()} == {"127.0.0.1 cannot be reached, or breaks off"}


def test_a_server_that_has_had_enough_is_left_in_peace() -> None:
    registry = Registry({}, faults=[answered({}, 429, **{"Retry-After": "3600"})])
    with registry.serve(), sources() as made:
        made.available([image(registry)])
        assert "429" in why(made.available([image(registry, "other")])[image(registry, "other")])
    assert len(registry.requests) == 1


def test_an_answer_that_drips_ends_with_the_patience() -> None:
    def drip() -> Iterator[bytes]:
        while True:
            yield b" "

    registry = Registry({}, faults=[lambda: Response(200, {}, drip())] * 3)
    with registry.serve(), sources(patience=0.3) as made:
        assert "time" in why(made.available([image(registry)])[image(registry)])


def test_a_packed_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"[" * 40_000_000)
    registry = Registry({}, faults=[Response(200, {"Content-Encoding": "gzip"}, bomb)])
    with registry.serve(), sources() as made:
        assert "more than 16 MB" in why(made.available([image(registry)])[image(registry)])


def test_redirects_are_followed_without_the_authorization() -> None:
    def elsewhere(request: Request) -> Response:
        return Response(307, {"Location": f"{other}/repos/a/b/tags" if request.path.endswith("/tags") else "/none"})

    with served({"/repos/a/b/tags": answered([{"name": "v1", "commit": {"sha": "1" * 40}}])}) as (other, asked):
        first: dict[str, Response | Callable[[Request], Response]] = {
            "/repos/a/b/releases": answered([]),
            "/repos/a/b/tags": elsewhere,
        }
        with served(first) as (url, before), sources(api_url=url, token="secret") as made:
            package = Package("github", "", "a/b")
            assert names(made.available([package])[package]) == ["v1"]
    assert {request.headers["authorization"] for request in before} == {"Bearer secret"}
    assert [request.headers.get("authorization") for request in asked] == [None]


def test_redirects_without_an_end_are_given_up() -> None:
    with served({"/v2/app/tags/list": Response(302, {"Location": "/v2/app/tags/list"})}) as (url, asked):
        package = Package("image", host_of(url), "app")
        with sources() as made:
            assert "redirects more than 5 times" in why(made.available([package])[package])
    assert len(asked) == 6


# Chart repositories


INDEX = """\
apiVersion: v1
entries:
  other:
  - version: 9.9.9
  web:
  - apiVersion: v2
    created: "2026-01-02T03:04:05Z"
    description: |
      version: 6.6.6
    kubeVersion: '>=1.30.0-0'
    version: 2.0.0
  - created: 2025-01-02T03:04:05.123456789Z
    deprecated: true
    maintainers:
    - name: version
      version: 7.7.7
    version: 1.0.0
generated: "2026-01-02T03:04:05Z"
"""


@pytest.mark.parametrize(
    "text", [INDEX, INDEX.replace("\n", "\r\n"), "\ufeff" + INDEX, INDEX.replace("  web", '  "web"')]
)
def test_an_index_says_versions_times_and_needs(text: str) -> None:
    with served({"/charts/index.yaml": Response(200, {}, text.encode())}) as (url, asked), sources() as made:
        web, gone = Package("chart", f"{url}/charts", "web"), Package("chart", f"{url}/charts", "gone")
        found = made.available([web, gone])
        answer = found[web]
    assert isinstance(answer, Available)
    assert [(one.name, one.released, one.withdrawn, one.kubernetes) for one in answer.releases] == [
        ("2.0.0", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "", ">=1.30.0-0"),
        ("1.0.0", datetime(2025, 1, 2, 3, 4, 5, 123456, tzinfo=UTC), "its chart is deprecated", ""),
    ]
    assert "has no such chart" in why(found[gone])
    assert len(asked) == 1


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"entries": {"web": [{"version": "1.0.0"}]}}),
        "entries: {web: [{version: 1.0.0}]}\n",
        "entries:\n    web:\n        - version: 1.0.0\n",
        "entries:\n  web: [{version: 1.0.0}]\n",
    ],
)
def test_an_index_in_another_layout_is_read_as_a_whole(text: str) -> None:
    with served({"/index.yaml": Response(200, {}, text.encode())}) as (url, _), sources() as made:
        web = Package("chart", url, "web")
        assert names(made.available([web])[web]) == ["1.0.0"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(200, {}, b"<html>"), "has no `entries`"),
        (Response(200, {}, b"entries: []"), "has no `entries`"),
        (Response(200, {}, b"\x00\x01"), "cannot be read"),
        (Response(200, {}, b"{" * 50_000), "cannot be read"),
        (Response(200, {}, b"#\n" * 2_000_000), "not laid out as Helm does it"),
        (Response(404), "no index.yaml for us (404)"),
    ],
)
def test_a_bad_index_is_named(answer: Response, said: str) -> None:
    with served({"/index.yaml": answer}) as (url, _), sources() as made:
        web = Package("chart", url, "web")
        assert said in why(made.available([web])[web])


def big_index() -> bytes:
    """Thirty megabytes, as of a repository with 1,000 charts of 100 versions."""
    version = (
        '  - annotations:\n      note: "{pad}"\n    apiVersion: v2\n    created: "2026-01-02T03:04:05Z"\n'
        "    description: {pad}\n    urls:\n    - https://charts.example/c{chart}-1.{number}.0.tgz\n"
        "    version: 1.{number}.0\n"
    )
    pieces = ["apiVersion: v1\nentries:\n"]
    for chart in range(1_000):
        pieces.append(f"  c{chart}:\n")
        pieces += (version.format(pad="x" * 60, chart=chart, number=number) for number in range(100))
    return "".join(pieces).encode()


def test_an_index_of_thirty_megabytes_is_read() -> None:
    index = big_index()
    assert len(index) > 30_000_000 * 0.8
    with served({"/index.yaml": Response(200, {}, index)}) as (url, _), sources() as made:
        asked = [Package("chart", url, f"c{number}") for number in range(0, 1_000, 100)]
        found = made.available(asked)
    assert {len(names(answer)) for answer in found.values()} == {100}


# Terraform registries


def terraform_registry() -> dict[str, Response | Callable[[Request], Response]]:
    platforms = [{"os": "linux", "arch": "amd64"}]
    return {
        "/.well-known/terraform.json": answered({"providers.v1": "/v1/providers/", "modules.v1": "/v1/modules"}),
        "/v1/providers/hashicorp/aws/versions": answered({"versions": [{"version": "5.1.0", "platforms": platforms}]}),
        "/v1/providers/hashicorp/aws/5.1.0/download/linux/amd64": answered({"shasums_url": "/sums"}),
        "/sums": Response(200, {}, f"{'a' * 64}  aws_linux.zip\n{'b' * 64}  aws_darwin.zip\nnoise\n".encode()),
        "/v1/modules/t/vpc/aws/versions": answered({"modules": [{"versions": [{"version": "6.0.1"}, "noise"]}]}),
    }


def test_terraform_registries_say_where_their_versions_and_sums_are() -> None:
    with served(terraform_registry()) as (url, asked), sources(tokens={host_of(url): "secret"}) as made:
        provider = Package("terraform-provider", host_of(url), "hashicorp/aws")
        module = Package("terraform-module", host_of(url), "t/vpc/aws")
        found = made.available([provider, module])
        assert (names(found[provider]), names(found[module])) == (["5.1.0"], ["6.0.1"])
        hashes = made.hashes([(provider, "5.1.0"), (provider, "9.9.9")])
        assert hashes[provider, "5.1.0"] == (f"zh:{'a' * 64}", f"zh:{'b' * 64}")
        assert "names no platform" in why(hashes[provider, "9.9.9"])
    assert {request.headers["authorization"] for request in asked} == {"Bearer secret"}


def test_a_token_stays_with_the_registry_that_it_is_for() -> None:
    with served(terraform_registry()) as (other, asked):
        discovery: dict[str, Response | Callable[[Request], Response]] = {
            "/.well-known/terraform.json": answered({"providers.v1": f"{other}/v1/providers/"})
        }
        with served(discovery) as (url, _), sources(tokens={host_of(url): "secret"}) as made:
            provider = Package("terraform-provider", host_of(url), "hashicorp/aws")
            assert names(made.available([provider])[provider]) == ["5.1.0"]
    assert [request.headers.get("authorization") for request in asked] == [None]


def test_a_registry_without_the_service_is_named() -> None:
    with served({"/.well-known/terraform.json": answered({})}) as (url, _), sources() as made:
        provider = Package("terraform-provider", host_of(url), "hashicorp/aws")
        assert "has no providers.v1" in why(made.available([provider])[provider])


# GitHub


def test_tags_of_github_come_with_commits_and_with_what_their_releases_say() -> None:
    def tags(request: Request) -> Response:
        if request.query.get("page") == "2":
            return answered([{"name": "v1.0.0", "commit": {"sha": "1" * 40}}])
        headers: dict[str, Any] = {
            "Link": f'<http://{request.headers["host"]}/repos/a/b/tags?per_page=100&page=2>; rel="next"'
        }
        return answered([{"name": f"v2.{n}.0", "commit": {"sha": str(n) * 40}} for n in range(3)], **headers)

    releases = [
        {"tag_name": "v2.0.0", "published_at": "2026-01-02T03:04:05Z", "name": "v2.0.0"},
        {"tag_name": "v2.1.0", "name": "[RETRACTED] v2.1.0"},
        {"tag_name": "v2.2.0", "prerelease": True},
    ]
    routes: dict[str, Response | Callable[[Request], Response]] = {
        "/repos/a/b/tags": tags,
        "/repos/a/b/releases": answered(releases),
    }
    with served(routes) as (url, asked), sources(api_url=url, token="secret") as made:
        package = Package("github", "", "a/b")
        answer = made.available([package])[package]
    assert isinstance(answer, Available)
    known = {one.name: one for one in answer.releases}
    assert known["v2.0.0"].released == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert known["v2.1.0"].withdrawn
    assert known["v2.2.0"].unstable
    assert known["v1.0.0"].digest == "1" * 40
    assert {request.headers["authorization"] for request in asked} == {"Bearer secret"}


def test_the_rate_limit_of_github_is_named() -> None:
    spent = answered({"message": "API rate limit exceeded"}, 403, **{"X-RateLimit-Remaining": "0"})
    with served({"/repos/a/b/releases": spent}) as (url, _), sources(api_url=url) as made:
        package = Package("github", "", "a/b")
        assert "enough requests for this hour" in why(made.available([package])[package])


# Credentials


def test_credentials_come_from_dockers_and_terraforms_own_variables() -> None:
    auth = base64.b64encode(b"me:se:cret").decode()
    config = {"auths": {"https://index.docker.io/v1/": {"auth": auth}, "ghcr.io": {"auth": auth}, "bad": {"auth": "%"}}}
    found = credentials_of({"DOCKER_AUTH_CONFIG": json.dumps(config)})
    assert found == dict.fromkeys(("registry-1.docker.io", "ghcr.io"), Credential("me", "se:cret"))
    assert "cret" not in repr(found)
    assert tokens_of({"TF_TOKEN_app_terraform_io": "x", "TF_TOKEN_my__host_example": "y", "PATH": "z"}) == {
        "app.terraform.io": "x",
        "my-host.example": "y",
    }


@pytest.mark.parametrize("text", ["", "garbage", "[]", '{"auths": []}', '{"auths": {"a": 1}}', "[" * 50_000])
def test_broken_credentials_are_none(text: str) -> None:
    assert credentials_of({"DOCKER_AUTH_CONFIG": text}) == {}
