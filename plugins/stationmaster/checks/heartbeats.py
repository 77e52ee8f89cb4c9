"""Things that report regularly, and what their silence means (D-17)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.checks.finding import Finding, bad, fine
from stationmaster.config.fields import in_words
from stationmaster.core.instants import local_text

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import HeartbeatCheck
    from stationmaster.ledger import Ledger
    from stationmaster.work.context import Desk

KIND = "heartbeat"


def place_of(team: str) -> str:
    """Return where the ledger keeps the heartbeats of a team."""
    return f"{team}.heartbeats"


def beat(ledger: Ledger, team: str, name: str, now: datetime, by: str) -> None:
    """Keep that something has reported; at most one a minute is written down."""
    minute = f"{now:%Y-%m-%dT%H:%MZ}"
    ledger.record_once(place_of(team), KIND, name, {}, now, by, key=f"{KIND}/{name}/{minute}")


def look(desk: Desk, check: HeartbeatCheck) -> Finding:
    """Judge how long ago it last reported. What has never reported is missing, too."""
    last = desk.ledger.fact(place_of(desk.files.id), KIND, check.name)
    if last is None:
        return bad(f"the heartbeat {check.name} has never come")
    at = local_text(last.at)
    if desk.now() - last.at > check.every:
        return bad(f"the heartbeat {check.name} is missing: the last one came {at}, and one is due each "
                   f"{in_words(check.every)}", at)  # fmt: skip
    return fine(f"the heartbeat {check.name} came {at}", at)
