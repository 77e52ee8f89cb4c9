"""After a deploy to production: which errors come more often than before it (C-28, C-29).

Each of them holds the train's next promotion back until it is mended, silenced with an issue, or taken back.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from stationmaster.config.fields import in_words
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.spikes import Counts, is_spike
from stationmaster.departures import spiking, telling
from stationmaster.departures.arriving import DEPLOYED, arrivals
from stationmaster.departures.spiking import Spike
from stationmaster.ledger.records import DepartureState
from stationmaster.oncall_log import log
from stationmaster.watches import silences, wording
from stationmaster.watches.guarding import guarded
from stationmaster.work import issues, questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stationmaster.config.people import Person
    from stationmaster.config.watch_kinds import SpikesWatch
    from stationmaster.departures.station import Station
    from stationmaster.hooks.sentry import SeenError
    from stationmaster.ledger.records import Departure, Fact
    from stationmaster.work.context import Desk

_MOST = 10
"""Of so many errors at once, the most frequent ones are told; the others are the same deploy's."""


def look(desk: Desk, watch: SpikesWatch) -> tuple[Blocker, ...]:
    """Compare before and after each deploy that is fresh, or whose errors still come; return what is open."""
    from stationmaster.hooks.governance_errors import GovernanceError

    station = station_of(desk, watch)
    blind: list[Blocker] = []
    for departure, first, last in _deploys(station, watch):
        if departure.state is DepartureState.ROLLED_BACK:
            _end(desk, station, _of(station, departure.id).values(), "rolled back")
            continue
        try:
            _compare(desk, watch, station, departure.id, first, last)
        except GovernanceError as error:
            why = str(error).strip().rstrip(".")
            blind.append(blocker("WATCH_BLIND", subject="sentry", watch=watch.title, what="Sentry", why=why))
            break
    people = questions.on_call(desk, watch.role)
    who = tuple(person.id for person in people)
    facts = spiking.open_spikes(desk.ledger, station.train.key).values()
    filed = [guarded(desk, fact.subject, partial(_tell, desk, watch, station, people, fact)) for fact in facts]
    blind += [each for each in filed if each is not None]
    found = [spiking.blocker_of(spiking.spike_of(fact), desk.team.id, who, since=fact.at) for fact in facts]
    return (*found, *blind)


def station_of(desk: Desk, watch: SpikesWatch) -> Station:
    """Return the watched train's station, with the desk's own connections."""
    from stationmaster.departures.station import Station

    return Station(
        team=desk.files, train=watch.train, ledger=desk.ledger, forge=desk.forge, chat=desk.chat, now=desk.now
    )


def _deploys(station: Station, watch: SpikesWatch) -> Iterable[tuple[Departure, datetime, datetime]]:
    """Yield what came to production lately, or has open spikes, with its first and its last arrival there."""
    now, suffix = station.now(), f"/{station.train.production}"
    troubled = {
        str(fact.value["departure"]) for fact in spiking.open_spikes(station.ledger, station.train.key).values()
    }
    for arrival in arrivals(station):
        facts = station.ledger.facts(arrival.departure.id, DEPLOYED)
        last = max(fact.at for fact in facts if fact.subject.endswith(suffix))
        fresh = last + watch.settle <= now <= last + watch.until
        if fresh or arrival.departure.id in troubled:
            yield arrival.departure, arrival.at, last


def _compare(desk: Desk, watch: SpikesWatch, station: Station, departure: str, first: datetime, last: datetime) -> None:
    from stationmaster.hooks.sentry import Sentry

    sentry, now = Sentry(watch.connection), desk.now()
    where = (watch.organization, watch.projects, watch.environment)
    begins = max(last, now - watch.window)
    after = sentry.seen(*where, begins, now)
    known = _of(station, departure)
    suspects = {name: error for name, error in after.items() if error.times >= watch.least}
    before = sentry.seen(*where, first - watch.window, first, only=suspects) if suspects else {}
    spikes: dict[str, Spike] = {}
    for name, error in suspects.items():
        seen = before[name].times if name in before else 0
        counts = Counts(seen, watch.window), Counts(error.times, now - begins)
        if is_spike(*counts, factor=watch.factor, least=watch.least):
            usual = round(seen * ((now - begins) / watch.window))
            spike = _spike(departure, error, usual, in_words(_minutes(now - begins)))
            spikes[spike.key] = spike
    _end(desk, station, [spike for key, spike in known.items() if key not in spikes], "mended")
    silent = silences.standing(desk.ledger, desk.team.id)
    _end(desk, station, [spike for key, spike in known.items() if key in silent and key in spikes], "silenced")
    fresh = [spike for key, spike in spikes.items() if key not in known and key not in silent]
    for spike in sorted(fresh, key=lambda each: -each.after)[:_MOST]:
        spiking.begin(desk.ledger, station.train.key, spike, now)


def _tell(desk: Desk, watch: SpikesWatch, station: Station, people: Sequence[Person], fact: Fact) -> None:
    """Say in the departure's thread what holds the next one back, and write it down: each spike once.

    :raises EffectRefused, EffectUnknown, EffectBusy: its issue cannot be opened yet; the rest is told all the same.
    """
    spike, name = spiking.spike_of(fact), f"spike/{fact.subject}/{fact.seq}"
    telling.tell(station, spike.departure, name, wording.spike(people, desk.team.id, spike), broadcast=True)
    log.write(
        desk,
        f"{spike.error} came {spike.after} times in {spike.span} after {spike.departure}, and {spike.before} times "
        "before it",
        at=fact.at,
        links=[spike.url] if spike.url else [],
        about="error",
        once=name,
    )
    if watch.file is not None:
        key = f"{desk.team.id}.watch/{name}/issue"
        title, body = wording.spike_issue(spike)
        labels = watch.file.labels
        issue = issues.open_ticket(desk, key, repository=watch.file.repository, title=title, body=body, labels=labels)
        telling.tell(station, spike.departure, f"{name}/issue", wording.spike_filed(str(issue["url"])))


def _end(desk: Desk, station: Station, spikes: Iterable[Spike], why: str) -> None:
    begun = spiking.open_spikes(desk.ledger, station.train.key)
    for spike in spikes:
        once = f"spike/{spike.key}/{begun[spike.key].seq}/over"
        log.write(desk, f"{spike.error} after {spike.departure} is over: {why}", about="error", once=once)
        spiking.end(desk.ledger, station.train.key, spike, why, desk.now())


def _of(station: Station, departure: str) -> dict[str, Spike]:
    facts = spiking.open_spikes(station.ledger, station.train.key)
    return {key: spiking.spike_of(fact) for key, fact in facts.items() if fact.value["departure"] == departure}


def _spike(departure: str, error: SeenError, before: int, span: str) -> Spike:
    key = hashlib.sha256(f"{departure}\0{error.id}".encode()).hexdigest()[:8]
    said = f"{error.id}: {error.title}"
    return Spike(key=key, departure=departure, error=said, url=error.url, before=before, after=error.times, span=span)


def _minutes(span: timedelta) -> timedelta:
    return timedelta(minutes=max(1, round(span.total_seconds() / 60)))
