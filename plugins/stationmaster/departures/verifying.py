"""What an environment says of itself, asked several times in a row: the only success there is (F45, F49)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures.deploying import Leg, deployed
from stationmaster.departures.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.config.components import Verify
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact


def observe(station: Station, leg: Leg) -> Standing:
    """Ask the environment once, remember the answer, and return whether it was right often enough in a row.

    PASS after ``verify.times`` answers in a row, ``verify.every`` apart; DENY when ``verify.within`` is over.
    """
    if deployed(station, leg):
        return passed("verify")
    verify = station.train.component(leg.component).verify
    if verify.by == "checklist":
        return passed("verify")
    facts = _observations(station, leg)
    if not facts or station.now() - facts[-1].at >= verify.every:
        station.ledger.record(
            leg.departure,
            "observed",
            leg.key,
            {"seen": _reported(station, leg, verify), "right": _is_right(station, leg, verify)},
            station.now(),
            "stationmaster",
        )
        facts = _observations(station, leg)
    return _judge(station, leg, verify, facts)


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
    since, deadline = facts[0].at, facts[0].at + verify.within
    over = station.now() >= deadline
    component, environment, sha = leg.component, leg.environment, leg.sha[:12]
    if in_a_row:
        found = blocker(
            "VERIFYING",
            since=since,
            component=component,
            environment=environment,
            sha=sha,
            times=in_a_row,
            needed=verify.times,
        )
    else:
        seen = str(facts[-1].value["seen"] or "nothing")[:12]
        who = (station.conductor.id,) if over else ()
        found = blocker(
            "NOT_DEPLOYED", since=since, who=who, component=component, environment=environment, found=seen, sha=sha
        )
    return waiting("verify", found, verdict=Verdict.DENY if over and in_a_row == 0 else Verdict.WAIT)


def _observations(station: Station, leg: Leg) -> tuple[Fact, ...]:
    return station.ledger.facts(leg.departure, kind="observed", subject=leg.key)


def _reported(station: Station, leg: Leg, verify: Verify) -> str | None:
    if verify.by == "url":
        return None
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    return running.sha if running else None


def _is_right(station: Station, leg: Leg, verify: Verify) -> bool:
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if verify.by == "url":
        return _page_holds(str(deploy.url), leg.sha)
    seen = _reported(station, leg, verify)
    if seen == leg.sha:
        return True
    if seen is None or deploy.mode != "auto":
        return False
    # Continuous deployment may already be past the pinned commit; it is right as long as it contains it (C-21).
    return station.forge.compare(leg.repository, leg.sha, seen).status == "ahead"


def _page_holds(url: str, sha: str) -> bool:
    import httpx

    try:
        answer = httpx.get(url, timeout=10, follow_redirects=True)
    except httpx.HTTPError:
        return False
    return answer.is_success and sha in answer.text
