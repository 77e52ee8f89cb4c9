"""The issue that a departure is logged as: written once, told of each ending, closed at the last one (T-04, T-11).

Of a security hotfix no issue hears anything before it is disclosed (D-15).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.departures import changes, releasing, ruling, wording_beside
from stationmaster.hooks.errors import ForgeError
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown
from stationmaster.ledger.records import DepartureState
from stationmaster.work import issues, secrecy

if TYPE_CHECKING:
    from stationmaster.core.issue_links import IssueLink
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure

log = logging.getLogger(__name__)

_RECENT = 5
"""So many departures are looked after: what older ones left unsaid nobody reads any more."""
_SHOWN = 60
"""So many changes stand in the issue; the rest is counted."""
_ENDS = {
    DepartureState.STAGED: "is on {staging}",
    DepartureState.DONE: "is on {production}",
    DepartureState.PARTIAL: "is only partly on {production}",
    DepartureState.FAILED: "has failed",
    DepartureState.ROLLED_BACK: "was taken back from {production}",
    DepartureState.MISSED: "has missed its window",
    DepartureState.SKIPPED: "was skipped",
}
"""What is told, by the state that a departure came to."""
_CLOSES = (DepartureState.DONE, DepartureState.ROLLED_BACK, DepartureState.MISSED, DepartureState.SKIPPED)
_BAD = (DepartureState.PARTIAL, DepartureState.FAILED, DepartureState.ROLLED_BACK)
_UNSAID = (EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, ForgeError)


def write(station: Station, departure: str) -> IssueLink | None:
    """Write the departure's own issue, once for ever, unless a person gave one; return the one that it has.

    Nothing is written before something is aboard, or where the train's file asks for no such issue.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    rule = station.train.rules.issue
    known = ruling.link_of(station, departure)
    if rule is None or rule.mode != "written" or known is not None or station.ledger.manifest_of(departure) is None:
        return known
    if secrecy.is_secret(station, departure):
        return None
    key, repository = ruling.issue_key(departure), rule.repository
    title = escaping.one_line(f"{station.train.title} {departure.rpartition('/')[2]}")
    assignees = [station.conductor.github] if station.conductor.github else []

    issues.open_ticket(
        station,
        key,
        repository=repository,
        title=title,
        body=_body(station, departure),
        labels=rule.labels,
        assignees=assignees,
    )
    return ruling.link_of(station, departure)


def follow(station: Station, departure: str) -> None:
    """Tell the issue what became of the departure, once for each state, and close it if it is the departure's own.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    found, link = station.ledger.departure(departure), ruling.link_of(station, departure)
    rule = station.train.rules.issue
    if found is None or link is None or rule is None or found.state not in _ENDS:
        return
    if secrecy.is_secret(station, departure):
        return
    _tell(station, found, link)
    if found.state in _BAD and rule.labels_on_failure:
        _label(station, departure, link, rule.labels_on_failure)
    if found.state in _CLOSES and link.ours:
        _close(station, departure, link)


def catch_up(station: Station) -> None:
    """Tell the issues of the departures before what became of them: a missed window, say.

    It is tried at each opening, and holds up nothing.
    """
    if station.train.rules.issue is None:
        return
    for found in station.ledger.departures(station.train.key, tuple(_ENDS), limit=_RECENT):
        try:
            follow(station, found.id)
        except _UNSAID as error:
            log.warning("%s: its issue cannot be told: %s", found.id, error)


def _tell(station: Station, found: Departure, link: IssueLink) -> None:
    manifest = station.ledger.manifest_of(found.id)
    key = f"{found.id}/issue/told/{found.state}/{manifest.short if manifest else 'empty'}"
    train = station.train
    what = _ENDS[found.state].format(staging=train.staging, production=train.production)
    why = escaping.markdown(found.told or "all went well", links=wording_beside.links_of(station, found.id))
    body = f"**{escaping.markdown(found.id)}** {escaping.markdown(what)}: {why}."
    versions = releasing.versions(station, found.id) if found.state is DepartureState.DONE else ""
    if versions:
        body += f"\n\n```toml\n{versions}\n```"

    issues.comment(station, key, link.repository, link.number, body)


def _label(station: Station, departure: str, link: IssueLink, labels: tuple[str, ...]) -> None:
    issues.label(station, f"{departure}/issue/labelled", link.repository, link.number, labels)


def _close(station: Station, departure: str, link: IssueLink) -> None:
    issues.close(station, f"{departure}/issue/closed", link.repository, link.number)


def _body(station: Station, departure: str) -> str:
    manifest = station.ledger.manifest_of(departure)
    passengers = manifest.passengers if manifest else ()
    title, conductor = escaping.markdown(station.train.title), escaping.markdown(station.conductor.name)
    production = escaping.markdown(station.train.production)
    lines = [
        f"**{escaping.markdown(departure)}** of {title}, conducted by **{conductor}**.",
        "",
        "## Aboard",
        "",
        *(f"- {each.component}: `{each.sha}` of {each.repository}" for each in passengers),
        "",
        "## Changes",
        "",
        changes.aboard(station, departure).render_markdown(limit=_SHOWN),
        "",
        f"What becomes of it is told below. While this issue is closed nothing of it comes to {production}.",
    ]
    return "\n".join(lines)
