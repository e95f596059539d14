"""The refresh: by the clock, a button or `/refresh`, to one draft pull request a group. No model, and nothing runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from bot.core import quiet, refresh_texts, texts
from bot.core.gates import Permission
from bot.core.plans import Answer, Plan
from bot.core.refresh_pulls import (
    BRANCHES,
    MOST_OPEN,
    Base,
    Branch,
    Decision,
    RefreshPull,
    Standing,
    decide,
    declined,
    read_branch,
)
from bot.core.refreshed import chosen_groups
from bot.core.versions import Rules
from bot.errors import ForgeError, UserError, WorktreeError
from bot.handlers.answers import first_line, look, refuse, say
from bot.pipeline.gather import Tree
from bot.pipeline.refresh import File, RefreshRules, Scan, scan, settle, wants
from bot.pipeline.refresh_versions import find_versions
from bot.rules import change_rules, fetch_config, gate_policy
from bot.settings.config import RefreshGroup
from bot.together import each, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.core.plans import Effect
    from bot.core.refresh_intents import RefreshManifests
    from bot.core.refreshed import GroupRefresh, Left
    from bot.handlers.deps import Deps
    from bot.intake import Intake
    from bot.manifests.kubernetes import Version
    from bot.ports import ForgeReader
    from bot.settings.config import RepoConfig


@dataclass(frozen=True, slots=True)
class _Case:
    """A refresh that may be made, on which branch, and for which groups; `intake` is the thread it was asked on."""

    intent: RefreshManifests
    config: RepoConfig
    base: str
    groups: tuple[str, ...]
    intake: Intake | None = None


def handle(intent: RefreshManifests, deps: Deps) -> Iterator[Plan]:
    """Find what is due on the default branch, and bring each group's pull request to it."""
    with deps.watch.phase("set-up"):
        case = _open(intent, deps)
    yield case if isinstance(case, Plan) else _attempt(case, deps)


def _attempt(case: _Case, deps: Deps) -> Plan:
    """Refresh; what a person must mend is told to the one who asked on a thread, and to the log otherwise."""
    try:
        return _refresh(case, deps)
    except (UserError, WorktreeError) as error:
        request = case.intent.request
        if request is None or case.intake is None:
            raise
        why = error.what if isinstance(error, UserError) else str(error)
        remedy = error.remedy if isinstance(error, UserError) else "Add actions/checkout before this step."
        return say(request, case.intake, texts.refusal(first_line(request), quiet.prose(why), remedy), "failed")


def _open(intent: RefreshManifests, deps: Deps) -> _Case | Plan:
    request = intent.request
    if request is not None:
        looked = look(request, deps)
        if looked.plan is not None:
            return looked.plan
        if looked.intake.answer_id(request.trigger):
            return Plan("nothing-to-do")
        groups = chosen_groups(looked.config.refresh.groups, intent.group, get_args(RefreshGroup))
        if not groups:
            return refuse(request, looked.intake, *_no_group(intent.group, groups))
        return _Case(intent, looked.config, request.default_branch, groups, looked.intake)
    base = intent.origin.default_branch if intent.origin else deps.reader.default_branch()
    config = fetch_config(deps.reader, base)
    groups = chosen_groups(config.refresh.groups, intent.group, get_args(RefreshGroup))
    refused = _stranger(intent, config, deps.reader)
    if refused or not groups:
        why, remedy = refused or _no_group(intent.group, groups)
        return Plan("refused", summary=f"Not refreshed: {why}. {remedy}")
    return _Case(intent, config, base, groups)


def _stranger(intent: RefreshManifests, config: RepoConfig, reader: ForgeReader) -> tuple[str, str] | None:
    """Why the person at the button may not ask; GitHub lets everybody with write access press it."""
    least = gate_policy(config).request
    if intent.origin is None or not intent.origin.sender.is_person:
        return None
    if Permission.parse(reader.permission(intent.origin.sender.login)) >= least:
        return None
    return f"a refresh needs the {least.name.lower()} permission", "Somebody who has it can start the workflow."


def _no_group(asked: str, groups: tuple[str, ...] | None) -> tuple[str, str]:
    if groups is None:
        listed = ", ".join(f"`{one}`" for one in get_args(RefreshGroup))
        return "there is no such group", f"The groups are {listed}."
    named = f"the group `{asked}` is" if asked else "no group is"
    return f"{named} not configured here", "`refresh.groups` in the configuration names those that are."


def _refresh(case: _Case, deps: Deps) -> Plan:
    base = _base(case.base, deps.reader)
    with deps.watch.phase("scan"):
        made = _scan(case, base, deps)
    if made.references and deps.sources is not None:
        with deps.watch.phase("versions"), deps.sources() as source:
            find_versions(made, source, _version_rules(case, deps))
    with deps.watch.phase("pull requests"):
        branches = deps.reader.refs(f"heads/{BRANCHES}")
        rows, left = _decide(case, made, branches, base, deps)
    effects: list[Effect] = [one.effect for one, _ in rows if one.effect is not None]
    text = deps.redact(refresh_texts.report(rows, left, made.files, deps.site))
    changed = any(isinstance(one, RefreshPull) for one in effects)
    request = case.intent.request
    if request is not None:
        effects.append(Answer(request.thread, request.trigger, text, None))
    heading = f"refresh of `{case.base}` for Kubernetes {made.rules.kubernetes}"
    return Plan("pushed" if changed else "nothing-to-do", tuple(effects), summary=f"### Draftgate: {heading}\n\n{text}")


def _base(name: str, reader: ForgeReader) -> Base:
    sha = reader.ref(f"heads/{name}")
    commit = reader.commit(sha) if sha else None
    if commit is None:
        raise ForgeError(f"the branch {name} is not on GitHub", 404)
    return Base(name, commit.sha, commit.tree)


def _scan(case: _Case, base: Base, deps: Deps) -> Scan:
    if deps.worktree is None:
        raise UserError("this job has no checkout to refresh", "Add actions/checkout before this step.")
    deps.worktree.ensure(base.sha, f"refs/heads/{base.name}")
    tree = Tree(deps.worktree, base.sha)
    paths = [path for path, one in tree.files.items() if one.mode.startswith("100") and wants(path, one.size)]
    files = (File(path, tree.files[path].mode, content) for path, content in tree.read(paths))
    config = case.config.refresh
    rules = RefreshRules(
        case.groups, _release(config.kubernetes_version or ""), config.ignore, change_rules(case.config)
    )
    return scan(files, rules)


def _version_rules(case: _Case, deps: Deps) -> Rules:
    config = case.config.refresh
    release = _release(config.kubernetes_version) if config.kubernetes_version else None
    cluster = (1, release.minor) if release else None
    return Rules(deps.clock.now(), config.min_age, config.ignore, cluster)


def _release(text: str) -> Version:
    from bot.manifests.kubernetes import newest, oldest, parse_version  # noqa: PLC0415 - reads the packed schemas

    release = parse_version(text) if text else newest()
    if release is None:
        why = f"`refresh.kubernetes-version` is {text}, which is no release known here"
        raise UserError(why, f"Name one from {oldest()} to {newest()}.")
    return release


_Rows = list[tuple[Decision, "GroupRefresh"]]


def _decide(case: _Case, made: Scan, branches: Mapping[str, str], base: Base, deps: Deps) -> tuple[_Rows, list[Left]]:
    """A decision for each group that has something due, or a branch; and all that was left for people."""
    heads = {name.removeprefix(f"heads/{BRANCHES}"): sha for name, sha in branches.items()}
    names = [one for one in case.groups if made.found.get(one) or one in heads]
    standings = each([lambda name=name: _standing(name, heads.get(name), base, deps.reader) for name in names])  # type: ignore[misc]
    others = sum(one not in names for one in heads)
    room = MOST_OPEN - others - sum(one.open is not None for one in standings)
    left = list(made.left)
    rows: _Rows = []
    for name, standing in zip(names, standings, strict=True):
        refused = declined(standing.pulls)
        group, more = settle(made, name, refused)
        left += more
        due = {one.step.key for one in made.found.get(name, ())}
        known = Standing(standing.branch, standing.pulls, len(due & refused), frozenset(made.unsure))
        title, text = _words(group, [*made.left, *more], str(made.rules.kubernetes))
        decision = decide(group, known, base, (title, deps.redact(text)), room=room > 0)
        room -= decision.state == "new"
        rows.append((decision, group))
    return rows, left


def _words(group: GroupRefresh, left: list[Left], release: str) -> tuple[str, str]:
    if not group.steps:
        return "", ""
    return refresh_texts.title(group), refresh_texts.body(group, left, release)


def _standing(name: str, head: str | None, base: Base, reader: ForgeReader) -> Standing:
    pulls = tuple(reader.pulls_from(BRANCHES + name))
    return Standing(_branch(head, base, reader) if head else None, pulls)


def _branch(head: str, base: Base, reader: ForgeReader) -> Branch:
    stands, commit = together(lambda: reader.compare(base.sha, head), lambda: reader.commit(head))
    if commit is None:
        raise ForgeError(f"the commit {head} is not on GitHub", 404)
    if stands is None:
        return Branch(head, foreign=True, content="", ahead=0, behind=0)
    return read_branch(commit, stands.ahead, stands.behind)
