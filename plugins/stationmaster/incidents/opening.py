"""An incident is opened: by a person's form or command, or from an alert; each cause opens one, and only one (T-17)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field

from stationmaster.core import escaping
from stationmaster.core.incidents import Kind, Story, incident_id
from stationmaster.core.instants import to_local
from stationmaster.core.value import Value
from stationmaster.incidents import records
from stationmaster.oncall_log import log
from stationmaster.oncall_log.open_work import TITLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

WANTED = "incident_wanted"
"""The fact under ``<team>.incident/wanted`` by which an alert asks for an incident: its subject is the alert's key."""
MOST_A_DAY = 999
LONGEST = 200
LONGEST_LINK = 500
_RUN = "alert__"
_LINK = re.compile(r"https?://[^\s<>|]+")


class TooManyIncidents(RuntimeError):
    """More incidents in a day than anybody could have: something opens them in a circle."""


class UnknownRating(ValueError):
    """A severity, impact or service that the team's file does not have."""


class Wanted(Value):
    """What is to be opened. ``key`` is its cause: a second opening with the same key is the same incident.

    :param alert: the key of the alert that it comes from; while an incident of that alert is under way it is joined.
    """

    key: str = Field(min_length=1)
    severity: str
    impact: str
    service: str
    kind: str
    what: str = ""
    company: str = ""
    alert: str = ""
    link: str = ""

    @property
    def title(self) -> str:
        """One line that names it."""
        said = escaping.one_line(self.what)[:LONGEST]
        return said or f"{self.service}: {self.kind}"


def open_incident(desk: Desk, wanted: Wanted, by: str) -> Story:
    """Open the incident of a cause, or return the one that it has opened already.

    :raises UnknownRating: the team's file does not know one of the choices.
    :raises TooManyIncidents: a day has had more than its numbers.
    """
    _check(desk, wanted)
    joined = _joined(desk, wanted)
    if joined is not None:
        return joined
    area = records.area_of(desk.files.id)
    # The day is kept before the number: a retry after midnight finds its own number again.
    local = to_local(desk.now(), desk.files.zone).date()
    day = desk.ledger.record_once(area, "cause", wanted.key, {"day": local.isoformat()}, desk.now(), by).value["day"]
    fact = _numbered(desk, area, type(local).fromisoformat(day), wanted, by)
    desk.ledger.record_once(area, records.NUMBERED, fact.departure, {"key": wanted.key}, desk.now(), by)
    found = records.story(desk, fact.departure)
    desk.ledger.record_once(found.id, TITLE, "incident", {"title": found.title, "url": ""}, desk.now(), by)
    opened = f"Incident {found.id} was opened: {escaping.said(found.title)} ({found.severity}, {found.impact})."
    links = [wanted.link] if wanted.link else []
    log.write(desk, at=fact.at, text=opened, links=links, about=found.id, by=by, once=f"{found.id}/opened")
    return found


def open_again(desk: Desk, name: str, by: str, why: str, *, once: str) -> Story:
    """Open an incident again: its ladder begins anew (C-34).

    :param once: what asks for it, such as a run's id: asked twice it is opened again once.
    :raises NotNow: it is under way.
    """
    found = records.story(desk, name)
    happening = records.happened(desk, found, Kind.REOPENED, by, {"text": escaping.one_line(why)[:LONGEST]}, once=once)
    text = f"Incident {name} was opened again: {escaping.said(happening.value['text'] or found.title)}."
    log.write(desk, text, at=happening.at, about=name, by=by, once=f"{name}/reopened/{happening.place}")
    return records.story(desk, name)


def open_from(
    desk: Desk,
    alert_key: str,
    title: str,
    *,
    severity: str | None = None,
    impact: str | None = None,
    service: str | None = None,
    kind: str | None = None,
    link: str = "",
    by: str = "stationmaster",
) -> dict[str, Any]:
    """Ask for an incident of an alert, once, and return the conf with which ``<team>.incident`` is to be started.

    What is left out is the worst: nobody has looked at it yet.

    :raises UnknownRating: the team's file does not know one of the choices.
    """
    rules = records.rules_of(desk)
    conf = {
        "severity": severity or next(iter(rules.severities)),
        "impact": impact or next(iter(rules.impacts)),
        "service": service if service in rules.services else rules.services[0],
        "kind": kind if kind in rules.kinds else rules.kinds[0],
        "what": escaping.one_line(title)[:LONGEST],
        "alert": alert_key,
        # A payload may hold anything: what the form would refuse is left out, and the incident is opened all the same.
        "link": link if _LINK.fullmatch(link) and len(link) <= LONGEST_LINK else "",
    }
    _check(desk, Wanted(key=f"alert/{alert_key}", **conf))
    area = f"{records.area_of(desk.files.id)}/wanted"
    return desk.ledger.record_once(area, WANTED, alert_key, conf, desk.now(), by).value


def run_of(alert_key: str) -> str:
    """Return the id of the run that opens what :func:`open_from` has asked for."""
    return f"{_RUN}{alert_key}"


def asked_by(desk: Desk, run: str) -> str:
    """Return who has asked for the incident that a run opens by escalating an alert; empty where nobody has."""
    if not run.startswith(_RUN):
        return ""
    found = desk.ledger.fact(f"{records.area_of(desk.files.id)}/wanted", WANTED, run.removeprefix(_RUN))
    return found.by if found is not None else ""


def of_alert(desk: Desk, alert: str) -> Story | None:
    """Return the newest incident of an alert, whatever its state; None: there was none."""
    return next((each for each in records.stories(desk) if _opening(each).get("alert") == alert), None)


def _joined(desk: Desk, wanted: Wanted) -> Story | None:
    if not wanted.alert:
        return None
    found = of_alert(desk, wanted.alert)
    return found if found is not None and found.under_way else None


def _numbered(desk: Desk, area: str, day: Any, wanted: Wanted, by: str) -> Fact:
    value = {**wanted.model_dump(mode="json", exclude={"what"}), "title": wanted.title}
    for number in range(1, MOST_A_DAY + 1):
        name = incident_id(area, day, number)
        fact = desk.ledger.record_once(name, Kind.OPENED.value, "incident", value, desk.now(), by)
        if fact.value["key"] == wanted.key:
            return fact
    raise TooManyIncidents(f"{desk.files.id} has had {MOST_A_DAY} incidents on {day}. Find out what opens them.")


def check_ratings(desk: Desk, severity: str, impact: str, company: str = "") -> None:
    """Refuse what the team's file does not know.

    :raises UnknownRating: with what it knows.
    """
    rules = records.rules_of(desk)
    scale = rules.company.levels if rules.company is not None else ()
    _known(desk, "severity", severity, tuple(rules.severities))
    _known(desk, "impact", impact, tuple(rules.impacts))
    _known(desk, "company-wide severity", company, ("", *scale))


def _check(desk: Desk, wanted: Wanted) -> None:
    rules = records.rules_of(desk)
    check_ratings(desk, wanted.severity, wanted.impact, wanted.company)
    _known(desk, "service", wanted.service, rules.services)
    _known(desk, "kind", wanted.kind, rules.kinds)


def _known(desk: Desk, what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        choices = ", ".join(filter(None, known)) or "none"
        raise UnknownRating(f"{value!r} is no {what} of {desk.files.id}. It has {choices}.")


def _opening(story: Story) -> dict[str, Any]:
    return story.happenings[0].value
