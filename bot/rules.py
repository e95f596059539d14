"""What the repository's configuration means for the gates and for the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.baseline import CommandSpec
from bot.core.changes import ChangeRules
from bot.core.gates import GatePolicy, Permission
from bot.errors import UserError
from bot.pipeline.values import ConfiguredCheck, Limits
from bot.settings.config import CONFIG_PATH, RepoConfig

if TYPE_CHECKING:
    from bot.ports import ForgeReader


def read_config(content: bytes | None) -> RepoConfig:
    """The configuration from the file's content; None (no file) means the defaults.

    Raises:
        UserError: when it is not UTF-8 or not a configuration; the text says where and how to mend it.
    """
    if content is None:
        return RepoConfig.parse(None)
    try:
        return RepoConfig.parse(content.decode())
    except UnicodeDecodeError as error:
        raise UserError(f"{CONFIG_PATH} is not UTF-8 text", "Save it as UTF-8.") from error


def fetch_config(reader: ForgeReader, default_branch: str) -> RepoConfig:
    """The configuration as it stands on the default branch now, asked of the forge; raises as `read_config`."""
    return read_config(reader.file(CONFIG_PATH, default_branch))


def gate_policy(config: RepoConfig) -> GatePolicy:
    """The gates that this configuration asks for."""
    gates = config.gates
    return GatePolicy(
        digest=config.digest,
        request=Permission.parse(gates.request),
        approve=Permission.parse(gates.approve),
        approver_differs=gates.approver_differs,
        second_approver=gates.second_approver,
        environment=gates.environment or "",
        rules=change_rules(config),
        risk=config.gates.risk,
    )


def change_rules(config: RepoConfig) -> ChangeRules:
    """What a change may touch and how large it may be."""
    return ChangeRules(config.gates.protected, config.gates.allow, config.limits.files, config.limits.lines)


def limits(config: RepoConfig) -> Limits:
    """What a draft may use."""
    checks = (
        ConfiguredCheck(CommandSpec(check.name, check.run, check.timeout.total_seconds(), check.network), check.paths)
        for check in config.checks
    )
    return Limits(
        candidates=config.model.candidates,
        context_tokens=config.model.context_tokens,
        seconds=float(config.limits.seconds),
        max_cost=config.model.max_cost_usd,
        prices={price.model: (price.tokens_in, price.tokens_out) for price in config.model.prices},
        checks=tuple(checks),
        rules=change_rules(config),
        kubernetes=config.refresh.kubernetes_version or "",
    )
