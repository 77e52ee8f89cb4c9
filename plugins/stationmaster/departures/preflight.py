"""Before a stop begins: may the tokens do what the train will ask of them (C-23, F58, F61)?

A classic GitHub token names its scopes; fine-grained and app tokens do not, and are only tried on each repository. What
cannot be read just now is no finding: the steps themselves wait for GitHub.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.departures import telling, wording
from stationmaster.departures.obstacles import conducted_by, obstacle
from stationmaster.work.obstacles import StepImpossible

if TYPE_CHECKING:
    from stationmaster.config.train import TrainConfig
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station

NOTED = "preflight"
"""Where the departure's blockers say what Slack lacks: beside those of the stop's tasks."""
_INCLUDED = {
    "repo": ("public_repo", "repo:status", "repo_deployment", "repo:invite", "security_events"),
    "admin:repo_hook": ("write:repo_hook", "read:repo_hook"),
    "write:repo_hook": ("read:repo_hook",),
    "admin:org": ("write:org", "read:org"),
    "write:org": ("read:org",),
    "write:packages": ("read:packages",),
}
"""What a classic scope of GitHub grants besides itself."""


def github_findings(station: Station) -> tuple[Blocker, ...]:
    """Return what the team's GitHub connection lacks for this train; empty where nothing is known to be missing."""
    from stationmaster.hooks.errors import ForgeError, ForgeForbidden

    try:
        granted = station.forge.identity().scopes
    except ForgeForbidden:
        granted = ()  # an app's token speaks for no user
    except ForgeError as error:
        found = None if error.transient else obstacle(station, error)
        return (found,) if found is not None else ()
    missing = _missing(station, granted) if granted else ()
    return (*missing, *_unseen(station))


def inspect(station: Station, departure: str, stop: StopName) -> None:
    """Look at both connections before ``stop`` of the departure begins; what Slack lacks is only noted.

    :raises StepImpossible: the GitHub token lacks rights; the conductor is told, once.
    """
    noted = f"{departure}/{stop}/{NOTED}"
    station.ledger.set_blockers(noted, slack_findings(station), station.now())
    missing = github_findings(station)
    if missing:
        telling.tell(station, departure, f"{stop}/preflight", wording.cannot_begin(station, stop, missing))
        raise StepImpossible(*missing)


def forget(station: Station, departure: str, stop: StopName) -> None:
    """Take back what was noted about Slack: the stop is over."""
    station.ledger.set_blockers(f"{departure}/{stop}/{NOTED}", (), station.now())


def slack_findings(station: Station) -> tuple[Blocker, ...]:
    """Return what the team's Slack connection lacks for this train; a train goes on without Slack (F60)."""
    from stationmaster.hooks.chat_errors import ChatError

    try:
        granted = set(station.chat.identity().scopes)
    except ChatError as error:
        found = obstacle(station, error)
        return (found,) if found is not None else ()
    if not granted:
        return ()
    return tuple(
        blocker(
            "SLACK_LACKS_SCOPE",
            who=conducted_by(station),
            subject=alternatives[0],
            connection=station.team.connections.slack,
            scope=" or ".join(alternatives),
            what=what,
        )
        for alternatives, what in _of_slack(station.train)
        if not granted.intersection(alternatives)
    )


def scopes_needed(train: TrainConfig) -> dict[str, str]:
    """Return the scopes that a classic GitHub token needs for the train: scope -> what for."""
    needed = {"repo": "reading its repositories and starting their workflows"}
    for component in train.components:
        name = component.title or component.id
        if any(deploy.mode == "on_merge" for deploy in component.environments.values()):
            needed.setdefault("workflow", f"moving a branch of {name} over commits that change workflow files")
        for scope in component.token_scopes:
            needed.setdefault(scope, f"the deploys of {name}, as the train's file says")
    return needed


def _missing(station: Station, granted: tuple[str, ...]) -> Iterator[Blocker]:
    held = set(granted)
    for scope in granted:
        held.update(_INCLUDED.get(scope, ()))
    for scope, what in scopes_needed(station.train).items():
        if scope not in held:
            yield blocker(
                "TOKEN_LACKS_SCOPE",
                who=conducted_by(station),
                subject=scope,
                connection=station.team.connections.github,
                scope=scope,
                what=what,
            )


def _unseen(station: Station) -> Iterator[Blocker]:
    """Try each repository: the organisation may want single sign-on, or hide it from this token."""
    from stationmaster.hooks.errors import ForgeError, ForgeSsoMissing

    for repository, read in _reads(station):
        try:
            read()
        except ForgeSsoMissing:
            yield blocker(
                "TOKEN_LACKS_SSO",
                who=conducted_by(station),
                subject=repository,
                connection=station.team.connections.github,
                what=repository,
            )
        except ForgeError as error:
            found = None if error.transient else obstacle(station, error)
            if found is not None:
                yield found.model_copy(update={"subject": repository})


def _reads(station: Station) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield a read of each repository that the train will need: the components', then those whose issues count."""
    train, forge = station.train, station.forge
    for component in train.components:
        yield component.repository, partial(forge.head, component.repository, component.branch)
    if train.rules.issue is not None:
        yield train.rules.issue.repository, partial(forge.open_issues, train.rules.issue.repository, ("release",))
    for repository in train.board.repositories if train.board is not None else ():
        yield repository, partial(forge.open_issues, repository, (train.board.test,) if train.board is not None else ())
    blocking = train.gates.blocking_labels
    for repository in blocking.repositories if blocking is not None else ():
        yield repository, partial(forge.open_issues, repository, blocking.labels if blocking is not None else ())


def _of_slack(train: TrainConfig) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("chat:write",), "the departure's messages"
    votes = bool(train.gates.quorum.groups)
    so = "; without it votes cannot be read, and the gate waits" if votes else ""
    yield ("channels:history", "groups:history"), f"votes by reply, and messages whose answer was lost{so}"
    if votes or train.stops.cut.hold_question is not None:
        yield ("reactions:read",), f"votes and wishes by reaction{so}"
    if votes:
        yield ("users:read",), f"what the accounts of voters are{so}"
