"""Once a week a team hears how its trains did: four weeks beside the four before, each week's message once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stationmaster.core import escaping
from stationmaster.core.instants import IsoWeek, local_text
from stationmaster.core.measures import Measures, measure
from stationmaster.departures.measuring import trips
from stationmaster.departures.station import Station
from stationmaster.work.messages import say
from stationmaster.work.waits import take

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt

AREA = "measures"
SPAN = timedelta(weeks=4)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class NotMeasured(LookupError):
    """The team's file does not ask for measures any more."""


def about(desk: Desk, due: datetime) -> str:
    """Return the name of a week's message, ``<team>.measures/2026-W34``: the week is counted in the message's zone.

    :raises NotMeasured: the team's file does not ask for it.
    """
    return f"{desk.files.id}.{AREA}/{IsoWeek.of(due, _zone(desk))}"


def tell(desk: Desk, message: str, due: datetime) -> Receipt:
    """Say how each train of the team did in the four weeks before ``due``, once for ever (F04).

    :param message: as :func:`about` names it.
    :raises EffectRefused, EffectUnknown, EffectBusy: Slack does not take it; it is said later.
    :raises NotMeasured: the team's file does not ask for it.
    """
    rules = desk.files.measures
    if rules is None:
        raise NotMeasured(f"{desk.files.id} asks for no measures")
    known = desk.ledger.effect(f"{message}/tell")
    # What was meant to be said is said, however much later: figures that change in between make no second message.
    text = str(known.intent["text"]) if known is not None else words(desk, due)
    return say(desk, f"{message}/tell", desk.files.channels[rules.channel].id, text)


def words(desk: Desk, due: datetime) -> str:
    """Return what is said: a paragraph a train."""
    head = f"*How our trains did in the four weeks until {local_text(due, _zone(desk))}, and in the four before*"
    return "\n\n".join([head, *(_of_train(desk, name, due) for name in sorted(desk.files.trains))])


def look(desk: Desk, name: str, what: str, arguments: dict[str, Any]) -> Standing:
    """Take a look of the area: it waits for nothing but the end of a pause."""
    return take({}, desk, name, what, arguments)


def _of_train(desk: Desk, name: str, due: datetime) -> str:
    station = Station(team=desk.files, train=name, ledger=desk.ledger, now=desk.now)
    now, before = (measure(trips(station, end - SPAN, end), SPAN) for end in (due, due - SPAN))
    lines = [f"*{escaping.slack(station.train.title)}* (`{station.train.key}`)", *_figures(now, before)]
    return "\n".join([*lines, f"`stationmaster stats {station.train.key}` lists the departures."])


def _figures(now: Measures, before: Measures) -> list[str]:
    pairs = (
        ("promotions a week", _number(now.frequency), _number(before.frequency)),
        ("lead time", _time(now.lead_time), _time(before.lead_time)),
        ("change failure rate", _part(now.failure_rate), _part(before.failure_rate)),
        ("time to restore", _time(now.restore_time), _time(before.restore_time)),
        ("interventions a departure", _number(now.interventions), _number(before.interventions)),
        ("cut", _time(now.cut_time), _time(before.cut_time)),
        ("on staging", _time(now.staging_time), _time(before.staging_time)),
        ("promotion", _time(now.promote_time), _time(before.promote_time)),
        ("late stops", str(now.late), str(before.late)),
    )
    return [f"• {what}: {this} (before: {that})" for what, this, that in pairs]


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{round(value, 2):g}"


def _part(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"


def _time(value: timedelta | None) -> str:
    if value is None:
        return "unknown"
    return f"{value / _HOUR:.1f} hours" if value < 2 * _DAY else f"{value / _DAY:.1f} days"


def _zone(desk: Desk) -> str:
    if desk.files.measures is None:
        raise NotMeasured(f"{desk.files.id} asks for no measures")
    return desk.files.measures.zone or desk.files.zone
