"""The stand-in GitHub, Slack, paging services, proposals, alerts and mail server in one process.

It is started with ``python -m stationmaster.rehearsal.standins``.

They are furnished from ``include/``: every repository of every train with the environments and workflows that the train
names, every person and channel of every team. Their time is the virtual clock's.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from stationmaster import clock
from stationmaster.config.components import Component, Deploy
from stationmaster.config.include import Include
from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.furnishing_duty import repositories_of_duty
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.specs import (
    CheckSpec,
    EnvironmentSpec,
    IssueSpec,
    RepositorySpec,
    UpgradeSpec,
    WorkflowSpec,
)
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.governance.furnishing import with_rollout_services
from stationmaster.rehearsal.mail.standin import Mailbox, listen
from stationmaster.rehearsal.pager import standin as pager_standin
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.models import SlackChannel, SlackUser, SlackUsergroup
from stationmaster.rehearsal.slack.world import SlackWorld

HOST = "127.0.0.1"
_LINES = (' anyhow = "1"', '-serde = "1.0.201"', '-tokio = "1.37.0"', '+serde = "1.0.203"', '+tokio = "1.38.0"')
_RAISED = (("Cargo.toml", "\n".join(("@@ -12,3 +12,3 @@ [workspace.dependencies]", *_LINES))),)
A_WEEK_BEFORE = timedelta(weeks=1)
"""What every environment runs at the start: the branch as it was a week earlier."""


def repositories(
    include: Include,
    *,
    shift: timedelta = timedelta(),
    run: timedelta = timedelta(minutes=6),
    queue: timedelta = timedelta(seconds=20),
    red_share: float = 0.0,
) -> Iterator[RepositorySpec]:
    """Yield each repository that a train, a handoff or an upgrade names, with its environments, workflows and issues.

    :param shift: how far its history is moved, by whole weeks.
    :param run: how long a deploy workflow runs, after it waited for ``queue``.
    :param red_share: which part of the commits has red checks.
    """
    seen: set[str] = set()
    handed = {
        entry.package.repository: team
        for team in include.teams.values()
        for entry in team.roster.values()
        if entry.package is not None
    }
    for team in include.teams.values():
        for train in team.trains.values():
            for component in train.components:
                if component.repository not in seen:
                    seen.add(component.repository)
                    yield RepositorySpec(
                        name=component.repository,
                        lively=True,
                        shift=shift,
                        default_branch=component.branch,
                        environments=tuple(_environments(component, train.production)),
                        workflows=(
                            *_workflows(component, run, queue),
                            *_upgrades(include, component.repository, run, queue),
                        ),
                        checks=CheckSpec(red_share=red_share),
                        issues=tuple(_issues(handed[component.repository])) if component.repository in handed else (),
                    )
    of_duty = {named.repository: named.branch for named in repositories_of_duty(include)}
    for name, team in _beside_trains(include):
        if name not in seen:
            seen.add(name)
            yield RepositorySpec(
                name=name,
                shift=shift,
                default_branch=of_duty.get(name, "main"),
                issues=tuple(_issues(team)),
                workflows=tuple(_upgrades(include, name, run, queue)),
                checks=CheckSpec(red_share=red_share),
            )
    for name, branch in of_duty.items():
        if name not in seen:
            yield RepositorySpec(name=name, shift=shift, default_branch=branch)


def _beside_trains(include: Include) -> Iterator[tuple[str, TeamConfig]]:
    """Yield the repositories of handoffs, then those of upgrades, each with a team that names it."""
    for team in include.teams.values():
        for entry in team.roster.values():
            if entry.package is not None:
                yield entry.package.repository, team
    for team in include.teams.values():
        for upgraded in team.upgrades.repositories if team.upgrades is not None else ():
            yield upgraded.repository, team


def _issues(team: TeamConfig) -> Iterator[IssueSpec]:
    """Yield open work as a team's handoffs look for it: an issue of each priority, one without, one of others."""
    packages = [entry.package for entry in team.roster.values() if entry.package is not None]
    labels = tuple(dict.fromkeys(label for package in packages for label in package.issues))
    priorities = tuple(dict.fromkeys(label for package in packages for label in package.priorities))
    for place, priority in enumerate(priorities):
        yield IssueSpec(
            title=f"Something labelled {priority}", labels=(*labels, priority), before=timedelta(days=place + 1)
        )
    yield IssueSpec(title="Something without a priority", labels=labels, before=timedelta(days=9))
    yield IssueSpec(title="Something of another team", labels=("elsewhere",), before=timedelta(days=10))


def _environments(component: Component, production: str) -> Iterator[EnvironmentSpec]:
    began = clock.now() - A_WEEK_BEFORE
    for name, deploy in component.environments.items():
        if deploy.mode == "auto":
            yield EnvironmentSpec(name=name, follows=component.branch)
        elif deploy.mode == "on_merge":
            yield EnvironmentSpec(name=name, follows=deploy.branch, as_of=began, production=name == production)
        elif deploy.mode not in ("none", "proposal"):
            yield EnvironmentSpec(name=name, as_of=began, production=name == production)


def _workflows(component: Component, run: timedelta, queue: timedelta) -> Iterator[WorkflowSpec]:
    files: dict[str, Deploy] = {
        deploy.workflow: deploy for deploy in component.environments.values() if deploy.workflow is not None
    }
    for file in files:
        yield WorkflowSpec(file=file, environment="{environment}", duration=run, queue=queue)


def _upgrades(include: Include, repository: str, run: timedelta, queue: timedelta) -> Iterator[WorkflowSpec]:
    """Yield the upgrade workflows of a repository: what they raise is more than a patch, so that a person is asked."""
    for team in include.teams.values():
        entry = team.upgrades.entry(repository) if team.upgrades is not None else None
        if entry is None:
            continue
        mark = entry.pull
        upgrade = UpgradeSpec(
            branch=(mark.branch or "bot-update-deps").replace("*", "-weekly").replace("?", "x"),
            author=mark.author or UpgradeSpec().author,
            labels=(mark.label,) if mark.label is not None else (),
            files=_RAISED,
        )
        yield WorkflowSpec(file=entry.workflow, name="Update dependencies", duration=run, queue=queue, upgrade=upgrade)


def token_scopes(include: Include) -> tuple[str, ...]:
    """Return what the stand-in's token may do: what the station always needs, and what a train's file asks for."""
    components = [
        component for team in include.teams.values() for train in team.trains.values() for component in train.components
    ]
    asked = {scope for component in components for scope in component.token_scopes}
    return tuple(sorted({"repo", "workflow", *asked}))


def slack_world(include: Include) -> SlackWorld:
    """Return a workspace with the people and channels of every team."""
    users = {
        account: SlackUser(id=account, name=person.id, real_name=person.name, bot=person.bot)
        for team in include.teams.values()
        for person in team.people.values()
        for account in person.slack
    }
    channels = {
        channel.id: SlackChannel(id=channel.id, name=channel.name)
        for team in include.teams.values()
        for channel in team.channels.values()
    }
    handles = {
        entry.handle.group: SlackUsergroup(id=entry.handle.group, handle=entry.handle.name)
        for team in include.teams.values()
        for entry in team.roster.values()
        if entry.handle is not None
    }
    return SlackWorld(users=users.values(), channels=channels.values(), usergroups=handles.values())


def main() -> None:
    """Serve all of them until the process is ended."""
    options = _options().parse_args()
    include = load(options.include)
    world = GithubWorld(
        repositories=list(
            repositories(
                include,
                shift=timedelta(weeks=options.shift_weeks),
                run=timedelta(seconds=options.run_seconds),
                queue=timedelta(seconds=options.queue_seconds),
                red_share=options.red_share,
            )
        ),
        scopes=token_scopes(include),
    )
    mailbox = Mailbox()
    asyncio.run(
        _serve(
            (github_standin.create_app(world), options.github_port),
            (slack_standin.create_app(slack_world(include), mailbox=mailbox), options.slack_port),
            (
                with_rollout_services(
                    pager_standin.create_app(pager_standin.PagerWorld(include.teams.values())), include
                ),
                options.pager_port,
            ),
            mail=(mailbox, options.mail_port),
        )
    )


async def _serve(*apps: tuple[ASGIApp, int], mail: tuple[Mailbox, int]) -> None:
    servers = [
        uvicorn.Server(
            uvicorn.Config(app, host=HOST, port=port, log_level="warning", date_header=False, server_header=False)
        )
        for app, port in apps
    ]
    async with await listen(mail[0], host=HOST, port=mail[1]):
        await asyncio.gather(*(server.serve() for server in servers))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Serve the stand-in GitHub, Slack and mail server on loopback.")
    parser.add_argument("--include", type=Path, required=True, help="the teams' files")
    parser.add_argument("--github-port", type=int, required=True)
    parser.add_argument("--slack-port", type=int, required=True)
    parser.add_argument("--pager-port", type=int, default=0, help="of PagerDuty, Jira, proposals and alerts; 0: any")
    parser.add_argument("--mail-port", type=int, default=0, help="of the mail server; 0 takes any free one")
    parser.add_argument("--shift-weeks", type=int, default=0, help="move the repositories' history by whole weeks")
    parser.add_argument("--run-seconds", type=float, default=360, help="how long a deploy workflow runs")
    parser.add_argument("--queue-seconds", type=float, default=20, help="how long it waits before it runs")
    parser.add_argument("--red-share", type=float, default=0.0, help="which part of the commits has red checks")
    return parser


if __name__ == "__main__":
    main()
