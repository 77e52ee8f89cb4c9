"""That a veto was heard is shown to its author in Slack, so that what they write below it is certainly newer (F13).

A reaction bears no instant, and an answer in Airflow one of another clock than Slack's. The message stands in the
departure's thread since after the veto was kept: whatever its author replies later, by Slack's own stamps, came after
their veto, whatever our clocks say. So it is with an emoji that may be a veto, and with who passes over it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.hooks.chat_models import instant_of

if TYPE_CHECKING:
    from stationmaster.core.quorum import Ballot
    from stationmaster.departures.station import Station


def needs_it(ballot: Ballot) -> bool:
    """Return whether only a message of ours tells what is newer than a statement."""
    holds = ballot.shown or ballot.gone == "unclear"
    return holds and ballot.choice in ("veto", "unclear") and ballot.channel != "slack_reply"


def message_of(ballot: Ballot) -> str:
    """Return the name under which it is told that a statement was heard: each is told of once."""
    return f"promote/heard/{ballot.kept}"


def shown_at(station: Station, departure: str, ballot: Ballot) -> datetime | None:
    """Return the stamp of that message, None while Slack does not show it."""
    told = station.ledger.effect(f"{departure}/tell/{message_of(ballot)}") if needs_it(ballot) else None
    return instant_of(told.receipt["ts"]) if told is not None and told.receipt else None
