from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import UsageError, UserError
from bot.settings.environ import OPENAI_URL, Endpoint, RunContext, Settings
from bot.settings.presets import PRESETS

RUNNER = {
    "GITHUB_EVENT_NAME": "issue_comment",
    "GITHUB_EVENT_PATH": "/tmp/event.json",  # noqa: S108  never opened
    "GITHUB_REPOSITORY": "octo/fruit",
}


def test_nothing_set_gives_the_defaults() -> None:
    settings = Settings.from_environ({})
    assert settings == Settings()
    assert (settings.entry, settings.level) == ("run", "push")


def test_empty_and_blank_values_count_as_unset() -> None:
    names = [f"DRAFTGATE_{field.name.upper()}" for field in dataclasses.fields(Settings)]
    assert Settings.from_environ(dict.fromkeys(names, "  \n")) == Settings()


def test_every_input_is_read_from_its_own_variable() -> None:
    settings = Settings.from_environ(
        {
            "DRAFTGATE_ENTRY": "draft",
            "DRAFTGATE_BUNDLE": "out/bundle",
            "DRAFTGATE_TOKEN": "ghs_1",
            "DRAFTGATE_BASE_URL": "https://fast.example/v1/",
            "DRAFTGATE_API_KEY": "k1",
            "DRAFTGATE_MODEL": "m1",
            "DRAFTGATE_FALLBACK_BASE_URL": "https://b.example/v1, https://c.example/v1",
            "DRAFTGATE_FALLBACK_API_KEY": "k2\nk3\n",
            "DRAFTGATE_FALLBACK_MODEL": "m2,m3",
            "DRAFTGATE_LEVEL": "Propose",
            "DRAFTGATE_ENVIRONMENT": "production",
        }
    )
    assert settings == Settings(
        entry="draft",
        bundle="out/bundle",
        token="ghs_1",
        base_url="https://fast.example/v1",
        api_key="k1",
        model="m1",
        fallback_base_url=("https://b.example/v1", "https://c.example/v1"),
        fallback_api_key=("k2", "k3"),
        fallback_model=("m2", "m3"),
        level="propose",
        environment="production",
    )


@pytest.mark.parametrize(
    ("own", "other", "field"),
    [
        ("DRAFTGATE_TOKEN", "GITHUB_TOKEN", "token"),
        ("DRAFTGATE_BASE_URL", "OPENAI_BASE_URL", "base_url"),
        ("DRAFTGATE_API_KEY", "OPENAI_API_KEY", "api_key"),
        ("DRAFTGATE_MODEL", "OPENAI_MODEL", "model"),
    ],
)
def test_the_usual_name_counts_where_the_own_one_is_empty(own: str, other: str, field: str) -> None:
    assert getattr(Settings.from_environ({own: "", other: "https://b"}), field) == "https://b"
    assert getattr(Settings.from_environ({own: "https://a", other: "https://b"}), field) == "https://a"


@pytest.mark.parametrize(("name", "url"), [*PRESETS.items(), ("Groq", "https://api.groq.com/openai/v1")])
def test_a_known_endpoint_goes_by_its_name(name: str, url: str) -> None:
    settings = Settings.from_environ(
        {"DRAFTGATE_BASE_URL": name, "DRAFTGATE_FALLBACK_BASE_URL": f"https://b/v1, {name}"}
    )
    assert (settings.base_url, settings.fallback_base_url) == (url, ("https://b/v1", url))


@pytest.mark.parametrize("url", PRESETS.values())
def test_what_a_name_stands_for_is_an_address_that_could_be_written_out(url: str) -> None:
    assert Settings.from_environ({"DRAFTGATE_BASE_URL": url}).base_url == url
    assert url.startswith(("https://", "http://localhost:"))


def test_secrets_never_show_in_the_repr() -> None:
    settings = Settings.from_environ(
        {
            "DRAFTGATE_TOKEN": "ghs_hidden",
            "DRAFTGATE_API_KEY": "sk-hidden",
            "DRAFTGATE_FALLBACK_BASE_URL": "https://b",
            "DRAFTGATE_FALLBACK_API_KEY": "sk2-hidden",
            "DRAFTGATE_MODEL": "m",
        }
    )
    assert "hidden" not in repr(settings)
    assert "hidden" not in repr(settings.endpoints())


@pytest.mark.parametrize(
    ("environ", "kind", "words"),
    [
        ({"DRAFTGATE_ENTRY": "drafts"}, UsageError, "`draft`"),
        ({"DRAFTGATE_LEVEL": "all"}, UsageError, "`push`"),
        ({"DRAFTGATE_BASE_URL": "fast.example/v1"}, UserError, "https://"),
        ({"DRAFTGATE_BASE_URL": "file:///etc/passwd"}, UserError, "https://"),
        ({"DRAFTGATE_BASE_URL": "https://[::1"}, UserError, "https://"),
        ({"DRAFTGATE_BASE_URL": "https://host:99999/v1"}, UserError, "https://"),
        ({"DRAFTGATE_BASE_URL": "https://host/a b"}, UserError, "https://"),
        ({"DRAFTGATE_BASE_URL": "https://host/v1?key=1"}, UserError, "https://"),
        ({"DRAFTGATE_BASE_URL": "https://host/v1/chat/completions"}, UserError, "/v1"),
        ({"DRAFTGATE_FALLBACK_BASE_URL": "https://ok.example/v1,nonsense"}, UserError, "fallback-base-url"),
        ({"DRAFTGATE_BASE_URL": "cerebra"}, UserError, "`cerebras`, `groq`"),
    ],
)
def test_a_value_that_cannot_be_used_says_what_to_write(
    environ: dict[str, str], kind: type[UserError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        Settings.from_environ(environ)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "environ",
    [
        {"DRAFTGATE_API_KEY": "sk-hidden sk-hidden"},
        {"DRAFTGATE_TOKEN": "hidden\nhidden"},
        {"DRAFTGATE_FALLBACK_API_KEY": "sk-hidden-é"},
        {"DRAFTGATE_BASE_URL": "https://user:hidden@host/v1"},
        {"DRAFTGATE_BASE_URL": "user:hidden@host"},
    ],
)
def test_a_bad_secret_is_refused_without_being_shown(environ: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        Settings.from_environ(environ)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "model", "expected"),
    [
        (Settings(base_url="http://l:1", model="m"), None, [Endpoint("http://l:1", "", "m")]),
        (Settings(api_key="k"), "from-config", [Endpoint(OPENAI_URL, "k", "from-config")]),
        (Settings(api_key="k", model="from-input"), "from-config", [Endpoint(OPENAI_URL, "k", "from-input")]),
        (
            Settings(base_url="http://a", api_key="k", model="m", fallback_base_url=("http://b", "http://c")),
            None,
            [Endpoint("http://a", "k", "m"), Endpoint("http://b", "", "m"), Endpoint("http://c", "", "m")],
        ),
        (
            Settings(
                base_url="http://a",
                model="m",
                fallback_base_url=("http://b",),
                fallback_api_key=("k2",),
                fallback_model=("m2",),
            ),
            None,
            [Endpoint("http://a", "", "m"), Endpoint("http://b", "k2", "m2")],
        ),
    ],
)
def test_endpoints_are_asked_in_order(settings: Settings, model: str | None, expected: list[Endpoint]) -> None:
    assert list(settings.endpoints(model)) == expected


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(model="m"), "`base-url`"),
        (Settings(base_url="http://a"), "`model`"),
        (Settings(base_url="http://a", model="m", fallback_model=("x",)), "0 addresses, 0 keys, 1 models"),
        (Settings(base_url="http://a", model="m", fallback_base_url=("b", "c"), fallback_api_key=("k",)), "1 keys"),
    ],
)
def test_no_endpoint_to_ask_says_which_input_is_missing(settings: Settings, words: str) -> None:
    with pytest.raises(UserError) as caught:
        settings.endpoints()
    assert words in str(caught.value)


def test_a_run_is_read_from_the_runner() -> None:
    run = RunContext.from_environ(
        RUNNER
        | {
            "GITHUB_WORKSPACE": "/w",
            "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "3",
            "GITHUB_ACTOR": "mona",
            "GITHUB_OUTPUT": "/o",
            "GITHUB_STEP_SUMMARY": "/s",
        }
    )
    assert (run.event_name, run.event_path) == ("issue_comment", Path(RUNNER["GITHUB_EVENT_PATH"]))
    assert (run.repository, run.workspace, run.actor) == ("octo/fruit", Path("/w"), "mona")
    assert (run.output_path, run.summary_path) == (Path("/o"), Path("/s"))
    assert run.run_url == "https://github.com/octo/fruit/actions/runs/42/attempts/3"


def test_what_a_runner_may_leave_out_has_githubs_own_defaults() -> None:
    run = RunContext.from_environ(RUNNER | {"GITHUB_OUTPUT": ""})
    assert (run.api_url, run.server_url) == ("https://api.github.com", "https://github.com")
    assert (run.run_attempt, run.run_url) == (1, "")
    assert (run.output_path, run.summary_path) == (None, None)


def test_the_first_attempt_has_the_short_address() -> None:
    run = RunContext.from_environ(RUNNER | {"GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1"})
    assert run.run_url == "https://github.com/octo/fruit/actions/runs/42"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "https://api.github.com/graphql"),
        ({"GITHUB_API_URL": "https://ghes.example/api/v3"}, "https://ghes.example/api/graphql"),
        ({"GITHUB_API_URL": "http://127.0.0.1:8000/api/v3/"}, "http://127.0.0.1:8000/api/graphql"),
        ({"GITHUB_API_URL": "https://api.acme.ghe.com"}, "https://api.acme.ghe.com/graphql"),
        ({"GITHUB_GRAPHQL_URL": "https://x.example/q"}, "https://x.example/q"),
    ],
)
def test_the_graphql_address_follows_the_api(environ: dict[str, str], expected: str) -> None:
    assert RunContext.from_environ(RUNNER | environ).graphql_url == expected


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"GITHUB_EVENT_NAME": ""}, "GITHUB_EVENT_NAME is not set"),
        ({"GITHUB_EVENT_PATH": ""}, "GITHUB_EVENT_PATH is not set"),
        ({"GITHUB_REPOSITORY": " "}, "GITHUB_REPOSITORY is not set"),
        ({"GITHUB_REPOSITORY": "octo"}, "owner/name"),
        ({"GITHUB_REPOSITORY": "octo/../x"}, "owner/name"),
        ({"GITHUB_RUN_ID": "4x"}, "GITHUB_RUN_ID is `4x`"),
        ({"GITHUB_RUN_ID": "9" * 5000}, "GITHUB_RUN_ID"),
        ({"GITHUB_API_URL": "api.github.com"}, "GITHUB_API_URL"),
    ],
)
def test_a_run_without_its_event_says_which_variable(environ: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as caught:
        RunContext.from_environ(RUNNER | environ)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200


def test_reading_the_environment_imports_nothing_heavy() -> None:
    code = "import sys, bot.settings.environ, bot.settings.config; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "bot.settings.environ" in modules
    assert not {"yaml", "openai", "github", "jsonschema", "hashlib", "subprocess", "email"} & set(modules)
