"""Names that a watch uses and nobody knows, and connections without which it is blind."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake, did_you_mean
from stationmaster.config.watch_kinds import AlertsWatch, IssuesWatch, QuestionsWatch, SpikesWatch, WatchEntry

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig

_NEEDED = {"pagerduty": "of type pagerduty", "jira": "of type http", "alertmanager": "of type http"}
_CONNECTION = {"pagerduty": "pagerduty", "jira": "jira", "alertmanager": "alerts"}


def watch_mistakes(include: Path, team: TeamConfig, watch: WatchEntry) -> Iterator[Mistake]:
    """Yield a mistake for each name that is not known, and for each source without its connection."""
    loc: Loc = ("watches", watch.id)
    match watch:
        case QuestionsWatch():
            yield from _questions(team, watch, loc)
        case IssuesWatch():
            yield from _known((*loc, "channel"), "channel", [watch.channel], team.channels)
            yield from _repositories((*loc, "repositories"), watch.repositories, team)
        case AlertsWatch():
            yield from _known((*loc, "channel"), "channel", [watch.channel], team.channels)
            yield from _sources(team, watch, loc)
        case SpikesWatch():
            if not (include / "trains" / f"{team.id}.{watch.train}.yaml").is_file():
                known = [path.stem.partition(".")[2] for path in (include / "trains").glob(f"{team.id}.*.yaml")]
                yield from _known((*loc, "train"), "train", [watch.train], known)


def _questions(team: TeamConfig, watch: QuestionsWatch, loc: Loc) -> Iterator[Mistake]:
    for index, name in enumerate(watch.channels):
        yield from _known((*loc, "channels", index), "channel", [name], team.channels)
    for index, route in enumerate(watch.routes):
        yield from _known((*loc, "routes", index, "owner"), "person", [route.owner], team.people)
    if watch.file is not None:
        yield from _repositories((*loc, "file", "repository"), (watch.file.repository,), team)


def _sources(team: TeamConfig, watch: AlertsWatch, loc: Loc) -> Iterator[Mistake]:
    for index, source in enumerate(watch.sources):
        field = _CONNECTION.get(source.kind)
        if field is not None and getattr(team.connections, field) is None:
            what = f"the team has no connection to read alerts of {source.kind}"
            remedy = f"Write connections.{field}, {_NEEDED[source.kind]}, in the team's file."
            yield Mistake("no_connection", (*loc, "sources", index, "kind"), what, remedy, source.kind)


def _repositories(loc: Loc, names: Collection[str], team: TeamConfig) -> Iterator[Mistake]:
    known = {name.lower() for name in team.repositories}
    for index, name in enumerate(names):
        if name.lower() not in known:
            what = f"{name!r} is not in the team's repositories"
            at = (*loc, index) if loc[-1] == "repositories" else loc
            yield Mistake("unknown_repository", at, what, did_you_mean(name, team.repositories), name)


def _known(loc: Loc, what: str, names: Collection[str], known: Collection[str]) -> Iterator[Mistake]:
    for name in names:
        if name not in known:
            said = f"the team has no {what} {name!r}"
            yield Mistake(f"unknown_{what}", loc, said, did_you_mean(name, known), name)
