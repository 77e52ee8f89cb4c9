"""What the channel hears of an exception: asked for, done, or over. Whatever people wrote is escaped (F65)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.instants import local_text
from stationmaster.departures import excepting

if TYPE_CHECKING:
    from stationmaster.departures.agreeing import Request
    from stationmaster.departures.station import Station


def asked_for(station: Station, asked: Request, may: Sequence[str], needed: int) -> str:
    """Return that somebody asks for an exception, whom, and until when."""
    link = f" {_line(asked.link)}" if asked.link else ""
    return (
        f":raised_hand: {station.team.mentions([asked.asked_by])} asks {station.team.mentions(may)} to "
        f"{_line(excepting.sentence(asked))}. Why: {_line(asked.why)}{link}\n{needed} of them must approve it in "
        f"Airflow, under required actions, until {local_text(asked.expires_at, station.train.zone)}."
    )


def done(station: Station, asked: Request, given: Sequence[str]) -> str:
    """Return that it is decided, and by whom."""
    return (
        f":white_check_mark: Decided: {_line(excepting.sentence(asked))}. Asked for by "
        f"{station.team.mentions([asked.asked_by])}, approved by {station.team.mentions(given)}. "
        f"Why: {_line(asked.why)}"
    )


def over(asked: Request, why: str) -> str:
    """Return that nothing comes of it."""
    return f":no_entry_sign: Nothing is decided: {_line(excepting.sentence(asked))}. {_line(why)}"


def _line(text: str) -> str:
    return escaping.slack(escaping.one_line(text))
