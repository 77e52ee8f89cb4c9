"""What a key names that people type: a group of alerts that fires, or an error that came more often after a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.config.watch_kinds import AlertsWatch, SpikesWatch
from stationmaster.core.issue_links import IssueLink, NotAnIssueLink, issue_link
from stationmaster.departures import spiking
from stationmaster.watches import alerts, silences

if TYPE_CHECKING:
    from stationmaster.core.alert_groups import Decision
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk


class NoSuchMatter(LookupError):
    """A key of which nothing is open."""


def alert_watch_of(desk: Desk, key: str) -> AlertsWatch:
    """Return the watch whose group of alerts has a key.

    :raises NoSuchGroup: nothing of it fires.
    """
    for watch in desk.files.watches.values():
        if isinstance(watch, AlertsWatch) and any(group.key == key for group, _ in alerts.fires(desk, watch)):
            return watch
    raise alerts.NoSuchGroup(f"no alert of {key!r} fires. stationmaster alerts list shows the keys of what does.")


def decide(desk: Desk, key: str, decision: Decision, *, why: str, by: str) -> Fact:
    """Keep a decision about a group of alerts of any of the team's watches; raises as :func:`alert_watch_of`."""
    return alerts.decide(desk, alert_watch_of(desk, key), key, decision, why=why, by=by)


def silence(desk: Desk, key: str, link: str, *, by: str) -> str:
    """Silence what a key names until an issue is closed, and return what that is.

    :param link: the issue's address, or ``owner/name#12``.
    :raises NoSuchMatter: nothing of the key is open.
    :raises NotAnIssueLink: the text names no issue of the team's repositories.
    :raises IssueClosed: the issue is closed.
    """
    what = _what(desk, key)
    issue = _issue(desk, link)
    silences.silence(desk, key, what, issue.repository, issue.number, by=by)
    for train in _trains(desk):
        fact = spiking.open_spikes(desk.ledger, train).get(key)
        if fact is not None:
            spiking.end(desk.ledger, train, spiking.spike_of(fact), "silenced", desk.now(), by)
    return what


def _what(desk: Desk, key: str) -> str:
    for train in _trains(desk):
        fact = spiking.open_spikes(desk.ledger, train).get(key)
        if fact is not None:
            return f"{fact.value['error']} after {fact.value['departure']}"
    for watch in desk.files.watches.values():
        for group, _ in alerts.fires(desk, watch) if isinstance(watch, AlertsWatch) else ():
            if group.key == key:
                return f"alerts of severity {group.severity} on {group.cluster}"
    raise NoSuchMatter(f"nothing of {key!r} is open. stationmaster alerts list shows the keys of what is.")


def _trains(desk: Desk) -> list[str]:
    watched = [watch.train for watch in desk.files.watches.values() if isinstance(watch, SpikesWatch)]
    return [f"{desk.team.id}.{train}" for train in dict.fromkeys(watched)]


def open_errors(desk: Desk) -> tuple[Fact, ...]:
    """Return what came more often after a deploy and is open, of all watched trains."""
    return tuple(fact for train in _trains(desk) for fact in spiking.open_spikes(desk.ledger, train).values())


def _issue(desk: Desk, link: str) -> IssueLink:
    refusal: NotAnIssueLink | None = None
    for repository in desk.team.repositories:
        try:
            if "/" in link:
                return issue_link(link, repository)
        except NotAnIssueLink as error:
            refusal = error
    if refusal is not None and refusal.why != "is of another repository":
        raise refusal
    raise NotAnIssueLink(link, " or ".join(desk.team.repositories), "names no issue of the team's repositories")
