"""The repository's own configuration, `.github/draftgate.yml`, read from its default branch.

`templates/config.schema.json` says the same to editors; the tests hold the two together.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, get_args

from bot.errors import UserError
from bot.settings.sections import GLOB, Form, Section
from bot.settings.yaml_tree import Table, read_tree

if TYPE_CHECKING:
    from typing import Any

CONFIG_PATH = ".github/draftgate.yml"

PermissionName = Literal["read", "triage", "write", "maintain", "admin"]
"""GitHub's roles in a repository, the least first."""

Risk = Literal["second-approver", "warn", "off"]
"""What a change with a named infrastructure risk needs: a second approval, a warning in the proposal, nothing."""

RefreshGroup = Literal[
    "kubernetes-apis",
    "images",
    "images-major",
    "charts",
    "charts-major",
    "terraform",
    "terraform-major",
    "actions",
    "actions-major",
]
"""What a refresh may bring up to date; major versions apart, since they break more."""

_NAME = Form(
    re.compile(r"[^`\x00-\x20\x7f]([^`\x00-\x1f\x7f]{0,98}[^`\x00-\x20\x7f])?"),
    "a name of at most 100 characters, without backticks or spaces at its ends",
)
_COMMAND = Form(re.compile(r"[\t\n ]*[^\x00-\x20][^\x00]{0,3999}"), "a shell command of at most 4,000 characters")
_PATTERN = Form(
    re.compile(r"[^\x00-\x20\x7f]{1,300}"), "a path pattern or the name of an image, chart, provider or action"
)
_VERSION = Form(re.compile(r"1\.(?!0+(?:\.|$))[0-9]{1,17}(\.[0-9]{1,3})?"), 'a version such as "1.33"')


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of a model cost in US dollars, in the prompt and in the answer."""

    model: str
    tokens_in: float
    tokens_out: float


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`model`: which model drafts, how often it is asked at once, and what it may read and cost.

    `name` None leaves the choice to the input `model`; `max_cost_usd` None sets no bound on one draft.
    """

    name: str | None = None
    candidates: int = 4
    context_tokens: int = 20_000
    max_cost_usd: float | None = None
    prices: tuple[Price, ...] = ()

    def price(self, model: str) -> Price | None:
        """The price of a model, by its exact name."""
        return next((price for price in self.prices if price.model == model), None)


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """One entry of `checks`: a command of the repository's own, for changes under `paths` (empty: for all).

    `network` lets it reach the network, as commands that install something have to.
    """

    name: str
    run: str
    timeout: timedelta = timedelta(minutes=5)
    paths: tuple[str, ...] = ()
    network: bool = False


@dataclass(frozen=True, slots=True)
class GatesConfig:
    """`gates`: who may ask, who may approve, and what needs more than one approval.

    `protected` adds to the paths that are always protected, `allow` names those that may be changed all the same;
    `environment` None asks for no deployment environment.
    """

    request: PermissionName = "write"
    approve: PermissionName = "write"
    approver_differs: bool = False
    second_approver: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    risk: Risk = "second-approver"
    expires: timedelta = timedelta(days=7)
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewConfig:
    """`review`: whether pull requests are reviewed unasked, with how many comments, on which paths (empty: all)."""

    auto: bool = True
    max_comments: int = 6
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefreshConfig:
    """`refresh`: what is brought up to date, for which Kubernetes, and what is left alone.

    `min_age` None takes a version as soon as it is out. `actions` is off by default: it changes workflow files.
    """

    kubernetes_version: str | None = None
    groups: tuple[RefreshGroup, ...] = ("kubernetes-apis", "images", "charts", "terraform")
    min_age: timedelta | None = None
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """`limits` of one proposal: changed files, changed lines (added plus removed), seconds for the whole draft."""

    files: int = 20
    lines: int = 1000
    seconds: int = 300


@dataclass(frozen=True, slots=True)
class RepoConfig:
    """The whole configuration; what the file does not set has its default."""

    model: ModelConfig = ModelConfig()
    checks: tuple[CheckConfig, ...] = ()
    gates: GatesConfig = GatesConfig()
    review: ReviewConfig = ReviewConfig()
    refresh: RefreshConfig = RefreshConfig()
    limits: LimitsConfig = LimitsConfig()

    @classmethod
    def parse(cls, text: str | None) -> RepoConfig:
        """Read the file's text; None, where there is no file, gives the defaults.

        Raises:
            UserError: naming key and line, for anything that is not a configuration.
        """
        tree = None if text is None else read_tree(text, CONFIG_PATH)
        if tree is None:
            return cls()
        if not isinstance(tree, Table):
            raise UserError(f"{CONFIG_PATH} is not a table of settings", "begin with a key such as `gates:`")
        top = _keys(Section(CONFIG_PATH, tree), cls)
        return cls(
            model=_model(_keys(top.section("model"), ModelConfig)),
            checks=tuple(_check(_keys(check, CheckConfig)) for check in top.sections("checks")),
            gates=_gates(_keys(top.section("gates"), GatesConfig)),
            review=_review(_keys(top.section("review"), ReviewConfig)),
            refresh=_refresh(_keys(top.section("refresh"), RefreshConfig)),
            limits=_limits(_keys(top.section("limits"), LimitsConfig)),
        )

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the configuration in force: every key with its value, defaults included.

        Layout, comments and the order of keys do not count, the order within lists does. A release that changes a
        default or adds a key gives another digest, as the policy is then another one.
        """
        import hashlib  # noqa: PLC0415  imported here, as json below: an ignored event needs neither
        import json  # noqa: PLC0415  as the one above

        canonical = json.dumps(dataclasses.asdict(self), sort_keys=True, separators=(",", ":"), default=_plain)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> float:
    """The one type in the configuration that JSON has not."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{value!r} cannot be in a configuration")


def _keys(section: Section, kind: type[Any]) -> Section:
    """The section, once every key in it is a field of `kind` in kebab-case."""
    return section.only(field.name.replace("_", "-") for field in dataclasses.fields(kind))


def _model(section: Section) -> ModelConfig:
    default = ModelConfig()
    return ModelConfig(
        name=section.text("name", _NAME),
        candidates=section.integer("candidates", default.candidates, 1, 16),
        context_tokens=section.integer("context-tokens", default.context_tokens, 1_000, 1_000_000),
        max_cost_usd=section.amount("max-cost-usd", 10_000),
        prices=tuple(_price(name, price) for name, price in section.section("prices").tables()),
    )


def _price(model: str, section: Section) -> Price:
    known = section.only(("in", "out"))
    return Price(model, known.required_amount("in", 10_000), known.required_amount("out", 10_000))


def _check(section: Section) -> CheckConfig:
    return CheckConfig(
        name=section.required("name", _NAME),
        run=section.required("run", _COMMAND),
        timeout=section.duration("timeout", timedelta(minutes=5)),
        paths=section.texts("paths", GLOB),
        network=section.boolean("network", default=False),
    )


def _gates(section: Section) -> GatesConfig:
    default = GatesConfig()
    return GatesConfig(
        request=section.choice("request", get_args(PermissionName), default.request),
        approve=section.choice("approve", get_args(PermissionName), default.approve),
        approver_differs=section.boolean("approver-differs", default=default.approver_differs),
        second_approver=section.texts("second-approver", GLOB),
        protected=section.texts("protected", GLOB),
        allow=section.texts("allow", GLOB),
        risk=section.choice("risk", get_args(Risk), default.risk),
        expires=section.duration("expires", default.expires),
        environment=section.text("environment", _NAME),
    )


def _review(section: Section) -> ReviewConfig:
    default = ReviewConfig()
    return ReviewConfig(
        auto=section.boolean("auto", default=default.auto),
        max_comments=section.integer("max-comments", default.max_comments, 1, 50),
        paths=section.texts("paths", GLOB),
    )


def _refresh(section: Section) -> RefreshConfig:
    default = RefreshConfig()
    return RefreshConfig(
        kubernetes_version=section.spelled("kubernetes-version", _VERSION),
        groups=section.choices("groups", get_args(RefreshGroup), default.groups),
        min_age=section.duration_or_off("min-age"),
        ignore=section.texts("ignore", _PATTERN),
    )


def _limits(section: Section) -> LimitsConfig:
    default = LimitsConfig()
    return LimitsConfig(
        files=section.integer("files", default.files, 1, 1_000),
        lines=section.integer("lines", default.lines, 1, 100_000),
        seconds=section.integer("seconds", default.seconds, 10, 3_600),
    )
