"""Words that may be a veto, and the two people who pass over them (F09, F13).

Whoever gives the final go and one other voter (two voters where nobody gives one) each reply in the thread, after the
words in question: ``pass over``, with a mention of whose words they mean. Slack proves both accounts. It holds as long
as both replies are shown, and over what was shown when they were written: what is edited or set again since is new. A
plain veto is never passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.departures import accounts
from stationmaster.departures.beside import has_a_final_go
from stationmaster.departures.electors import able, confirmers

if TYPE_CHECKING:
    from stationmaster.core.quorum import Ballot
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

PASS_OVER = "pass_over"  # noqa: S105 -- a kind of fact
"""The fact that a person passes over what others wrote: subject the reply; ``shown`` is False once it is gone."""


class PassOver(NamedTuple):
    """A reply that passes over what some people wrote before ``at``."""

    place: str
    account: str
    by: str
    whom: tuple[str, ...]
    at: datetime


def keep(station: Station, departure: str, shown: Iterable[PassOver], number: int) -> None:
    """Keep the replies of a round that pass over something, and that some of them are gone."""
    known = _newest(station, departure)
    present = {each.place: each for each in shown}
    for place, each in present.items():
        value = {
            "by": each.by,
            "account": each.account,
            "whom": sorted(each.whom),
            "at": each.at.isoformat(),
            "round": number,
            "shown": True,
        }
        if place not in known or known[place].value != value:
            station.ledger.record(departure, PASS_OVER, place, value, station.now(), each.by)
    for place, fact in known.items():
        if place not in present and fact.value["shown"] and fact.value["round"] == number:
            gone = {**fact.value, "shown": False}
            station.ledger.record(departure, PASS_OVER, place, gone, station.now(), "stationmaster")


def passed(station: Station, departure: str, ballots: Iterable[Ballot]) -> frozenset[Ballot]:
    """Return the unclear statements over which two people passed."""
    unclear = [ballot for ballot in ballots if ballot.choice == "unclear"]
    given = [fact for fact in _newest(station, departure).values() if fact.value["shown"]] if unclear else []
    if not given:
        return frozenset()
    mute = accounts.states(station, departure)
    heard = [fact for fact in given if fact.value["account"] not in mute]
    voters = able(station, departure)
    return frozenset(
        ballot
        for ballot in unclear
        if _enough(station, departure, [fact for fact in heard if _means(fact, ballot)], voters)
    )


def accounts_of(station: Station, departure: str) -> frozenset[str]:
    """Return the Slack accounts that passed over something."""
    return frozenset(str(fact.value["account"]) for fact in _newest(station, departure).values() if fact.value["shown"])


def _newest(station: Station, departure: str) -> dict[str, Fact]:
    return {fact.subject: fact for fact in station.ledger.facts(departure, PASS_OVER)}


def _means(fact: Fact, ballot: Ballot) -> bool:
    # A reaction bears no instant: who passes over it replies below the message by which it was shown to be heard.
    shown = ballot.cast_at if ballot.channel == "slack_reply" else ballot.heard_at
    later = shown is not None and datetime.fromisoformat(fact.value["at"]) > shown
    return later and ballot.voter in fact.value["whom"] and fact.value["by"] != ballot.voter


def _enough(station: Station, departure: str, facts: list[Fact], voters: frozenset[str]) -> bool:
    by_voters = {str(fact.value["by"]) for fact in facts} & voters
    if not has_a_final_go(station, departure):
        return len(by_voters) >= 2
    for fact in facts:
        by = str(fact.value["by"])
        if by in confirmers(station, datetime.fromisoformat(fact.value["at"])) and by_voters - {by}:
            return True
    return False
