"""What an environment says of itself, asked several times in a row: the only success there is (F45, F49)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures import homecoming
from stationmaster.departures.answers import Choice, again_since
from stationmaster.departures.electing import by_proposal
from stationmaster.departures.fitting import was_begun
from stationmaster.departures.legs import Leg, deployed, take_lock
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.config.components import Verify
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact


def observe(station: Station, leg: Leg) -> Standing:
    """Ask the environment once, remember the answer, and return whether it was right often enough in a row.

    PASS after ``verify.times`` answers in a row, ``verify.every`` apart, all while this stop holds the environment's
    lock (F49); DENY when ``verify.within`` is over. A new window begins only by a person's answer, never by looking.

    What was never sent is not looked at: its deploy was marked as success, and waits to be cleared. Nothing has failed
    then, however long it takes (F32).

    :raises LockHeld: somebody else is at this environment, so that nothing it says now is about this leg.
    """
    if deployed(station, leg):
        return passed("verify")
    if not was_begun(station, leg):
        return waiting("verify", _never_sent(station, leg))
    take_lock(station, leg)
    verify = station.train.component(leg.component).verify
    if verify.by == "checklist" and not by_proposal(station, leg.component, leg.environment):
        return passed("verify")
    facts = _observations(station, leg)
    if not facts or station.now() - facts[-1].at >= verify.every:
        seen = _seen(station, leg, verify)
        right = seen == leg.sha or _contains(station, leg, seen)
        value = {"seen": seen, "right": right}
        station.ledger.record(leg.departure, "observed", leg.key, value, station.now(), "stationmaster")
        facts = _observations(station, leg)
    return _judge(station, leg, verify, facts)


def shows(station: Station, leg: Leg) -> bool:
    """Return whether the environment reports the leg's commit now, while nobody else is at it.

    It counts for nothing yet; a task that asks a person what follows a failure looks again then.
    """
    held = station.ledger.lock(leg.lock)
    if held is not None and held.holder != leg.holder:
        return False
    seen = _seen(station, leg, station.train.component(leg.component).verify)
    return seen == leg.sha or _contains(station, leg, seen)


def first_seen(station: Station, leg: Leg) -> datetime:
    """Return when the environment began to report the leg's commit without a break."""
    start = station.now()
    for fact in reversed(_observations(station, leg)):
        if not fact.value["right"]:
            break
        start = fact.at
    return start


def _judge(station: Station, leg: Leg, verify: Verify, facts: tuple[Fact, ...]) -> Standing:
    in_a_row = 0
    for fact in reversed(facts):
        if not fact.value["right"]:
            break
        in_a_row += 1
    if in_a_row >= verify.times:
        return passed("verify")
    since = facts[0].at
    over = station.now() >= since + verify.within
    if in_a_row:
        return waiting("verify", _verifying(leg, since, in_a_row, verify.times))
    found = blocker(
        "NOT_DEPLOYED",
        since=since,
        who=(station.conductor.id,),
        component=leg.component,
        environment=leg.environment,
        found=str(facts[-1].value["seen"] or "nothing")[:12],
        sha=leg.sha[:12],
    )
    return waiting("verify", found, verdict=Verdict.DENY if over else Verdict.WAIT)


def _never_sent(station: Station, leg: Leg) -> Blocker:
    component, environment, who = leg.component, leg.environment, (station.conductor.id,)
    return blocker("DEPLOY_NOT_BEGUN", who=who, component=component, environment=environment, sha=leg.sha[:12])


def _verifying(leg: Leg, since: datetime, times: int, needed: int) -> Blocker:
    return blocker(
        "VERIFYING",
        since=since,
        component=leg.component,
        environment=leg.environment,
        sha=leg.sha[:12],
        times=times,
        needed=needed,
    )


def _observations(station: Station, leg: Leg) -> tuple[Fact, ...]:
    """Return what was seen in the present window."""
    begun = again_since(station, leg.departure, leg.subject, Choice.DEPLOY_AGAIN, Choice.VERIFY_AGAIN)
    return tuple(
        fact for fact in station.ledger.facts(leg.departure, kind="observed", subject=leg.key) if fact.seq > begun
    )


def _seen(station: Station, leg: Leg, verify: Verify) -> str | None:
    """Return what the environment says of itself; of an election, the leg's commit once targets may run it."""
    if by_proposal(station, leg.component, leg.environment):
        return leg.sha if station.proposals.elected(leg.sha) else None
    return _page_of(station, leg) if verify.by == "url" else _reported(station, leg)


def _reported(station: Station, leg: Leg) -> str | None:
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    return running.sha if running else None


def _contains(station: Station, leg: Leg, seen: str | None) -> bool:
    """Continuous deployment may already be past the pinned commit; it is right as long as it contains it (C-21)."""
    component = station.train.component(leg.component)
    if seen is None or component.verify.by == "url" or component.deploy(leg.environment).mode != "auto":
        return False
    if station.forge.compare(leg.repository, leg.sha, seen).status == "ahead":
        return True
    return _contains_in_another_shape(station, leg, seen)


def _contains_in_another_shape(station: Station, leg: Leg, seen: str) -> bool:
    """A commit that a hotfix was put upon: the environment has what it was put upon, and the hotfix (F40)."""
    for fact in station.ledger.facts(leg.departure, kind="replaced", subject=leg.component):
        if fact.value["to"] != leg.sha:
            continue
        departure = station.ledger.departure(str(fact.value["hotfix"]))
        hotfix = homecoming.picked(station, departure) if departure is not None else None
        before = station.forge.compare(leg.repository, str(fact.value["from"]), seen).status
        if hotfix is not None and before in ("ahead", "identical") and homecoming.carries(station, seen, hotfix):
            return True
    return False


def _page_of(station: Station, leg: Leg) -> str | None:
    """Return the leg's commit if the environment's page holds it, None if it does not or cannot be read."""
    import httpx

    url = station.train.component(leg.component).deploy(leg.environment).url
    if url is None:
        return None
    try:
        answer = httpx.get(url, timeout=10, follow_redirects=True)
    except httpx.HTTPError:
        return None
    return leg.sha if answer.is_success and leg.sha in answer.text else None
