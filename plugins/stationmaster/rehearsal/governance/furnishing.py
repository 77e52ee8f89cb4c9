"""The stand-in services of rollouts, furnished from ``include/``: every target of every train, and what it runs."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster.config.include import Include
from stationmaster.rehearsal.alerts import standin as alerts_standin
from stationmaster.rehearsal.alerts.standin import AlertWorld
from stationmaster.rehearsal.github.history import of
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.governance.world import GovernanceWorld
from stationmaster.rehearsal.sentry import standin as sentry_standin

GOVERNANCE_PATH, ALERTS_PATH, SENTRY_PATH = "/governance", "/alertmanager", "/sentry"
"""Under which paths of the paging stand-in's address they are."""


def earlier(repository: str) -> str:
    """Return the version that every target runs at the start: the first commit of the repository's history."""
    return of(repository).commits[0].sha


def governance_world(include: Include) -> GovernanceWorld:
    """Return a proposal system that knows the targets of every train with a rollout."""
    running = {
        target: earlier(train.component(train.rollout.component).repository)
        for team in include.teams.values()
        for train in team.trains.values()
        if train.rollout is not None
        for target in train.rollout.targets
    }
    return GovernanceWorld(running)


def with_rollout_services(app: Starlette, include: Include) -> Starlette:
    """Return an app that serves the proposals, the alerts and Sentry beside ``app``, on one port."""
    return Starlette(
        routes=[
            Mount(GOVERNANCE_PATH, app=governance_standin.create_app(governance_world(include))),
            Mount(ALERTS_PATH, app=alerts_standin.create_app(AlertWorld())),
            Mount(SENTRY_PATH, app=sentry_standin.create_app(sentry_standin.SentryWorld())),
            Mount("/", app=app),
        ]
    )
