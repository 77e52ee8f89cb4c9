"""Whether Slack can be read when votes are counted, and who says to go without it while it is out (F60, F61).

Slack that cannot be read may hide vetoes: the gate waits. Only while Slack itself is out, two people may go without it:
the person who gives the final go and another voter, or two voters where nobody gives a final go. A voter says so in
their own ballot in Airflow, the other one in the form of the final go. What they said is about one manifest, and ends
with the outage; vetoes that were recorded still count. An app that was removed from the channel, or whose token does
not hold, is no outage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.departures.beside import has_a_final_go
from stationmaster.departures.electors import able
from stationmaster.departures.obstacles import conducted_by
from stationmaster.hooks.chat_errors import ChatRateLimited, ChatUnreachable

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_errors import ChatError
    from stationmaster.ledger.records import Fact

CHAT = "chat"
"""The fact that says since when Slack can, or cannot, be read for a departure's votes."""
WITHOUT = "without_slack"
"""The fact that a person says to go without Slack, by the hash of the manifest."""
State = Literal["readable", "out", "unreadable"]


def note(station: Station, departure: str, error: ChatError | None) -> Fact | None:
    """Keep whether Slack could be read just now, where that has changed; return the fact, None: it always could."""
    state: State = "readable"
    if error is not None:
        state = "out" if isinstance(error, ChatUnreachable | ChatRateLimited) else "unreadable"
    last = station.ledger.fact(departure, CHAT)
    if (last.value["state"] if last is not None else "readable") == state:
        return last
    value = {"state": state, "why": "" if error is None else str(error)}
    return station.ledger.record(departure, CHAT, "", value, station.now(), "stationmaster")


def unreadable(station: Station, departure: str) -> Blocker | None:
    """Return why Slack could not be read when votes were counted last, None if it could."""
    last = station.ledger.fact(departure, CHAT)
    if last is None or last.value["state"] == "readable":
        return None
    why = str(last.value["why"]).strip().rstrip(".")
    return blocker("CHAT_UNREADABLE", since=last.at, who=conducted_by(station), why=why)


def out(station: Station, departure: str) -> bool:
    """Return whether Slack itself was out when votes were counted last."""
    last = station.ledger.fact(departure, CHAT)
    return last is not None and last.value["state"] == "out"


def say(station: Station, departure: str, manifest: str, person: str, *, final: bool) -> bool:
    """Keep that a person says to go without Slack; return whether it is out, without which the word means nothing.

    :param person: whom Airflow proved.
    :param final: said with the final go.
    """
    if not out(station, departure):
        return False
    value = {"person": person, "final": final}
    station.ledger.record(departure, WITHOUT, manifest, value, station.now(), person)
    return True


def said(station: Station, departure: str, manifest: str) -> tuple[Fact, ...]:
    """Return who said during this outage to go without Slack, about this manifest."""
    last = station.ledger.fact(departure, CHAT)
    if last is None or last.value["state"] != "out":
        return ()
    return tuple(fact for fact in station.ledger.facts(departure, WITHOUT, manifest) if fact.seq > last.seq)


def has_said(station: Station, departure: str, manifest: str, person: str) -> bool:
    """Return whether a person has said so during this outage."""
    return any(fact.by == person for fact in said(station, departure, manifest))


def agreed(station: Station, departure: str, manifest: str) -> tuple[str, ...]:
    """Return the two people who say to go without Slack, empty while they are fewer."""
    facts = said(station, departure, manifest)
    final = [fact.by for fact in facts if fact.value["final"]]
    voters = [fact.by for fact in facts if fact.by in able(station, departure)]
    if not has_a_final_go(station, departure):
        pair = tuple(dict.fromkeys(voters))[:2]
        return pair if len(pair) == 2 else ()
    for person in final:
        for voter in voters:
            if voter != person:
                return (person, voter)
    return ()


def asked_of_a_voter(station: Station, departure: str, manifest: str) -> bool:
    """Return whether a voter has said so: then the final go may be asked for, in whose form the other one says so."""
    voters = able(station, departure)
    return any(fact.by in voters for fact in said(station, departure, manifest))
