"""What else keeps a rotation: read when it decides, and held against the files when it does not (R43, D-07)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.instants import local_text
from stationmaster.core.rotations.reports import Move, moves
from stationmaster.core.rotations.schedule import Layer, Schedule
from stationmaster.handoffs.following import tell_difference
from stationmaster.oncall.answers import Renewal, renew
from stationmaster.oncall.sources import Drift, FileSource, drift, source_of
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from pathlib import Path

    from stationmaster.handoffs.shift_desk import ShiftDesk
    from stationmaster.oncall.sources import OncallSource

_SHOWN = 6


def read(desk: ShiftDesk, include: Path) -> tuple[Renewal, ...]:
    """Read the source that decides, keep its answers, and tell everybody whose shifts moved.

    :raises SourceUnreadable, CalendarFeedError, PagerError: it cannot be read; the last good answer stays in force.
    :raises EffectRefused, EffectUnknown, EffectBusy: somebody is told later.
    """
    now = desk.now()
    found = renew(desk.ledger, desk.files, desk.entry.id, _sources(desk, include), now)
    if desk.entry.notices is not None:
        moved: dict[str, tuple[Move, ...]] = {
            each.role: tuple(moves(_of(each, after=False), _of(each, after=True), each.start, each.end))
            for each in found
            if each.start < each.end
        }
        tell_difference(desk, f"{desk.key}/answer/{now:%Y-%m-%dT%H:%M:%S.%fZ}", moved)
    return found


def compare(desk: ShiftDesk, include: Path) -> dict[str, tuple[Drift, ...]]:
    """Hold the source against the files, with the ledger's changes, and tell the team once of each new difference.

    :returns: by role, where they differ; roles that agree are left out.
    :raises SourceUnreadable, CalendarFeedError, PagerError: it cannot be read.
    """
    source = desk.entry.source
    if source is None:
        return {}
    start, end = desk.now(), desk.now() + source.ahead
    found = {
        role: tuple(drift(FileSource(desk.team, role), each, start, end))
        for role, each in _sources(desk, include).items()
    }
    differing = {role: rows for role, rows in found.items() if rows}
    if differing and desk.entry.notices is not None:
        # What lies ahead is the same difference tomorrow: only its people and its later edge name it.
        named = [(role, row.end.isoformat(), row.files, row.source) for role, rows in differing.items() for row in rows]
        digest = sha256(repr(named).encode()).hexdigest()[:16]
        channel = desk.team.channels[desk.entry.notices.channel].id
        say(desk, f"{desk.key}/drift/{digest}", channel, _message(desk, differing))
    return differing


def tell_unread(desk: ShiftDesk, why: str) -> None:
    """Say once a day that the source cannot be read."""
    if desk.entry.notices is None or desk.entry.source is None:
        return
    channel = desk.team.channels[desk.entry.notices.channel].id
    source = desk.entry.source
    rest = "The last good answer stays in force." if source.decides else "The files hold as before."
    text = (
        f":warning: {escaping.slack(source.what)} cannot be read for *{escaping.slack(desk.entry.title)}*: "
        f"{escaping.slack(why)} {rest}"
    )
    say(desk, f"{desk.key}/unread/{desk.now():%Y-%m-%d}", channel, text)


def _sources(desk: ShiftDesk, include: Path) -> dict[str, OncallSource]:
    source = desk.entry.source
    roles = source.schedules if source is not None else {}
    return {role: source_of(desk.files, desk.entry.id, role, include) for role in roles}


def _of(renewal: Renewal, *, after: bool) -> Schedule:
    return Schedule(layers=(Layer(role=renewal.role, known=renewal.after if after else renewal.before),))


def _message(desk: ShiftDesk, differing: dict[str, tuple[Drift, ...]]) -> str:
    what = desk.entry.source.what if desk.entry.source is not None else ""
    zone = desk.rotation.zone
    lines = []
    for role, rows in differing.items():
        for row in rows:
            ours, theirs = (_names(desk, people) for people in (row.files, row.source))
            span = f"{local_text(row.start, zone)} – {local_text(row.end, zone)}"
            lines.append(f"• {role}, {span}: {ours} by the files, {theirs} by {what}")
    more = len(lines) - _SHOWN
    shown = [*lines[:_SHOWN], *([f"• and {more} more"] if more > 0 else [])]
    text = "\n".join(escaping.slack(line) for line in shown)
    title = escaping.slack(desk.entry.title)
    return f":mag: *{title}*: the files and {escaping.slack(what)} name different people.\n{text}\nMend one of them."


def _names(desk: ShiftDesk, people: tuple[str, ...]) -> str:
    return ", ".join(desk.team.people[name].name for name in people) or "nobody"
