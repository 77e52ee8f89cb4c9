"""The evidence of a week in which everything went well, for tests that spoil one thing of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from stationmaster.config.loader import load
from stationmaster.config.team import TeamConfig
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.core.quorum import Ballot
from stationmaster.ledger.records import Departure, DepartureState, Effect, EffectState, Entry, Fact
from stationmaster.rehearsal.evidence import Dispatch, Evidence, HandedOver, Mailed, Named, Pin, Run, Said, Wait
from stationmaster.rehearsal.github import history as github_history

INCLUDE = Path(__file__).resolve().parents[2] / "include"
CUT = datetime(2021, 10, 28, 16, 4, tzinfo=UTC)
"""Thursday, 09:04 in California."""
PROMOTE = datetime(2021, 11, 3, 16, 12, tzinfo=UTC)
"""The Wednesday after it, 09:12."""
ID = "cellxgene.weekly/2021-W43"
PORTAL, EXPLORER = "chanzuckerberg/single-cell-data-portal", "chanzuckerberg/single-cell-explorer"
AT_THE_CUT, AT_THE_PROMOTION = "farah", "chiara"
"""Who is primary on that Thursday and on that Wednesday, by the rotation's file."""
HANDOFF = datetime(2021, 10, 25, 16, 0, tzinfo=UTC)
"""The Monday before the cut, 09:00."""
HANDED_OVER = HandedOver.of("cellxgene.oncall", HANDOFF)
SHIFTS = {"primary": AT_THE_CUT, "secondary": AT_THE_PROMOTION, "tertiary": "jules"}


@cache
def teams() -> dict[str, TeamConfig]:
    return {"cellxgene": load(INCLUDE, teams=["cellxgene"]).team("cellxgene")}


@cache
def commits() -> dict[str, str]:
    """The newest commits whose checks, twelve minutes long, were over at the cut."""
    found = {}
    for repository in (PORTAL, EXPLORER):
        history = github_history.load(github_history.RECORDED[repository])
        found[repository] = history.head(CUT - timedelta(minutes=12)).sha  # type: ignore[union-attr]
    return found


def manifest() -> Manifest:
    names = {PORTAL: "portal", EXPLORER: "explorer"}
    return Manifest.of(Passenger(component=names[name], repository=name, sha=sha) for name, sha in commits().items())


def ballot(voter: str, minutes: float = 0, **changed: Any) -> Ballot:
    values = {
        "voter": voter,
        "account": voter,
        "channel": "airflow",
        "choice": "approve",
        "manifest": manifest().hash,
        "reason": None,
        "cast_at": PROMOTE - timedelta(minutes=10) + timedelta(minutes=minutes),
    }
    return Ballot(**{**values, **changed})


def fact(kind: str, subject: str, at: datetime, by: str = "stationmaster", **value: Any) -> Fact:
    return Fact(seq=1, departure=ID, kind=kind, subject=subject, value=value, at=at, by=by)


def dispatch(repository: str, environment: str, at: datetime, stop: str, **changed: Any) -> Dispatch:
    sha = changed.pop("sha", commits()[repository])
    key = f"{ID}/{stop}/{repository.rpartition('-')[2]}/{environment}/{sha}/1"
    return Dispatch(at=at, repository=repository, environment=environment, sha=sha, key=key)


def said(what: str, at: datetime, text: str = "", **changed: Any) -> Said:
    values = {
        "key": f"{ID}/tell/{what}",
        "text": text or what,
        "by_bot": True,
        "author": "Stationmaster",
        "thread": "1",
    }
    return Said(at=at, **{**values, **changed})


def entry(seq: int, at: datetime, action: str, below: str = "", actor: str = "stationmaster", **body: Any) -> Entry:
    subject = f"{ID}/{below}" if below else ID
    return Entry(seq=seq, at=at, actor=actor, action=action, subject=subject, body=body, prev_hash="", hash="")


def good_week() -> Evidence:
    """Everything that the invariants look at; none of them is broken."""
    slack = {person.id: person.slack[0] for person in teams()["cellxgene"].people.values()}
    began, over = CUT - timedelta(minutes=4), PROMOTE + timedelta(minutes=20)
    return Evidence(
        departures=(
            Departure(
                id=ID,
                train="cellxgene.weekly",
                week=IsoWeek.parse("2021-W43"),
                state=DepartureState.DONE,
                round=1,
                opened_at=began,
                opened_by="timetable",
                changed_at=over,
                changed_by="stationmaster",
                why="promote is over",
            ),
        ),
        dispatches=(
            dispatch(EXPLORER, "staging", CUT, "cut"),
            dispatch(PORTAL, "prod", PROMOTE, "promote"),
            dispatch(EXPLORER, "prod", PROMOTE + timedelta(minutes=8), "promote"),
        ),
        messages=(
            *(notice(role, person) for role, person in SHIFTS.items()),
            said("headline", began, "on production", first="is open"),
            said("cut/hold-question", began, f"<@{slack[AT_THE_CUT]}> is about to cut. `wait for #123`?"),
            said("cut/started", CUT, f"Deploy in progress, conducted by <@{slack[AT_THE_CUT]}>.\n\n*Fixes*\n• a fix"),
            said("cut/complete", CUT + timedelta(minutes=10)),
            said("promote/round-1", PROMOTE - timedelta(minutes=12), f"<@{slack['amara']}>, <@{slack['ben']}>: LGTM?"),
            said("promote/started", PROMOTE, f"conducted by <@{slack[AT_THE_PROMOTION]}>"),
            said("promote/complete", over, "is complete"),
        ),
        ballots={
            ID: (
                ballot("amara"),
                ballot("ben", 4, account=slack["ben"], channel="slack_reaction"),
                ballot("emil", 8, account=slack["emil"], channel="slack_reply"),
            )
        },
        facts={
            ID: (
                fact("deployed", "portal/staging", CUT, sha=commits()[PORTAL], how="reported"),
                fact(
                    "deployed", "explorer/staging", CUT + timedelta(minutes=9), sha=commits()[EXPLORER], how="reported"
                ),
                fact("round_opened", "1", PROMOTE - timedelta(minutes=12)),
                fact("hold_answer", "cut", CUT, by=AT_THE_CUT, choice="Board now", reason=""),
                fact("confirmed", manifest().hash, PROMOTE, by=AT_THE_PROMOTION, choice="go"),
            )
        },
        effects=(_effect("cut/explorer/staging/x/1", workflow="deploy.yml", repository=EXPLORER, inputs={}),),
        pins=(Pin(CUT, ID, manifest().hash, commits()),),
        audit=(
            entry(1, began, "departure.opened", actor="admin"),
            entry(2, CUT, "manifest.pinned", manifest=manifest().hash, number=1),
            entry(
                3, PROMOTE, "departure.state", actor=AT_THE_PROMOTION, **{"from": "GATED", "to": "PROMOTING", "why": ""}
            ),
        ),
        waits=(Wait(f"{ID}/promote/wait_for_the_quorum", "0 of 3 approvals are given.", ("amara", "ben")),),
        named=(
            Named(ID, "open_departure", AT_THE_CUT, began, CUT),
            Named(ID, "confirm_the_promotion[0]", AT_THE_PROMOTION, PROMOTE, over),
        ),
        handoffs=(HANDED_OVER,),
        mails=tuple(mail(role, person) for role, person in SHIFTS.items()),
        runs=(
            Run("cellxgene.weekly.cut", "r1", "success", began, CUT),
            Run("cellxgene.weekly.promote", "r2", "success", PROMOTE, over),
        ),
    )


def notice(role: str, person: str) -> Said:
    """The message to whoever comes on call."""
    account = teams()["cellxgene"].people[person].slack[0]
    key = f"{HANDED_OVER.id}/tell/{role}/{person}/slack"
    return said("", HANDOFF, f"<@{account}>: you are *{role}*", key=key)


def mail(role: str, person: str) -> Mailed:
    """The mail to whoever comes on call."""
    address = str(teams()["cellxgene"].people[person].email)
    return Mailed(f"{HANDED_OVER.id}/tell/{role}/{person}/mail", (address,))


def _effect(key: str, **intent: Any) -> Effect:
    return Effect(
        key=f"{ID}/{key}",
        state=EffectState.DONE,
        intent=intent,
        receipt={"ts": "1"},
        attempts=1,
        intended_at=CUT,
        changed_at=CUT,
    )
