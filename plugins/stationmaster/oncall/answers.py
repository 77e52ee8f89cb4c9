"""What a source that decides has answered: facts of the ledger, so that the last good answer stays in force (R43)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.config.sourcing import BACK
from stationmaster.core.instants import Instant, utc
from stationmaster.core.rotations.changes import Known, Stint, Temporary
from stationmaster.core.rotations.reports import Absence
from stationmaster.core.value import Value
from stationmaster.oncall.sources import Sourced, SourceUnreadable

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger
    from stationmaster.oncall.sources import OncallSource

ANSWER = "answer"
ABSENCES = "absences"
_WEEK = timedelta(weeks=1)
_BY = "source"


class AnswerRecord(Value):
    """Whom a source named for a role in ``[start, end)``, when it was read at ``at``.

    A stint may begin before ``start``: the shift that was under way.
    """

    role: str
    start: Instant
    end: Instant
    stints: tuple[Stint, ...]
    at: Instant

    @property
    def answer(self) -> Temporary:
        """The answer as the engine takes it."""
        return Temporary(role=self.role, start=self.start, end=self.end, stints=self.stints, created_at=self.at)


class Renewal(NamedTuple):
    """What a reading changed for one role: nothing, or what was known before and after in the span of both."""

    role: str
    before: Known
    after: Known
    start: datetime
    end: datetime


def answers_of(ledger: Ledger, key: str) -> dict[str, tuple[AnswerRecord, ...]]:
    """Return every answer of a rotation by role, the oldest first.

    :param key: ``<team>.<rotation>``.
    """
    found: dict[str, list[AnswerRecord]] = {}
    for fact in ledger.facts(key, ANSWER):
        found.setdefault(fact.subject, []).append(AnswerRecord.model_validate(fact.value))
    return {role: tuple(records) for role, records in found.items()}


def known(role: str, records: tuple[AnswerRecord, ...]) -> Known:
    """Return the answers of one role as the engine takes them."""
    # Of two that were read at one instant the later line of the ledger is the newer.
    answers = (record.answer.model_copy(update={"id": f"{place:08}"}) for place, record in enumerate(records))
    return Known(role=role, answers=tuple(answers))


def renew(
    ledger: Ledger, team: TeamConfig, rotation: str, sources: Mapping[str, OncallSource], now: datetime
) -> tuple[Renewal, ...]:
    """Read the sources of a rotation, keep what they say that was not known, and return where that changed the known.

    The past stays as it was known then. Nothing is kept if any of them cannot be read.

    :param sources: by role.
    :raises SourceUnreadable, CalendarFeedError, PagerError: one cannot be read; the last good answers stay.
    """
    source = team.roster[rotation].source
    ahead = source.ahead if source is not None else 8 * _WEEK
    key, start = f"{team.id}.{rotation}", utc(now)
    end = _week_after(start + ahead)
    read = {role: _stints(role, each, team, start, end) for role, each in sources.items()}
    found = []
    kept = answers_of(ledger, key)
    for role, told in read.items():
        before = known(role, kept.get(role, ()))
        stints = tuple(_whole(stint, before, start) for stint in told)
        begins = start if kept.get(role) else min(start, *(stint.start for stint in stints))
        record = AnswerRecord(role=role, start=begins, end=end, stints=stints, at=start)
        after = known(role, (*kept.get(role, ()), record))
        if _same(before, after, begins, end):
            continue
        value = record.model_dump(mode="json")
        once = f"{ANSWER}/{role}/{start.isoformat()}/{sha256(repr(value).encode()).hexdigest()[:12]}"
        ledger.record_once(key, ANSWER, role, value, start, _BY, key=once)
        reach = max((each.end for each in before.answers), default=start)
        found.append(Renewal(role, before, after, start, min(reach, end)))
    return tuple(found)


def keep_absences(ledger: Ledger, team: TeamConfig, absences: tuple[Sourced, ...], now: datetime) -> bool:
    """Keep the absences of a calendar; return whether they are others than before."""
    value = {"absences": [each._asdict() | {"start": _text(each.start), "end": _text(each.end)} for each in absences]}
    newest = ledger.facts(team.id, ABSENCES)
    if newest and newest[-1].value == value:
        return False
    ledger.record_once(team.id, ABSENCES, "team", value, utc(now), _BY, key=f"{ABSENCES}/{_text(utc(now))}")
    return True


def absences_of(ledger: Ledger, team: str) -> tuple[Absence, ...]:
    """Return the absences that the team's calendar had when it was last read."""
    newest = ledger.facts(team, ABSENCES)
    return tuple(Absence(**each) for each in newest[-1].value["absences"]) if newest else ()


def _stints(role: str, source: OncallSource, team: TeamConfig, start: datetime, end: datetime) -> tuple[Stint, ...]:
    shifts = [each for each in source.shifts(start - BACK, end) if each.end > start and each.start < end]
    if not shifts:
        raise SourceUnreadable(
            f"it has nobody for {role} from {start:%Y-%m-%d %H:%MZ} to {end:%Y-%m-%d %H:%MZ}. Look whether the "
            "schedule is the right one."
        )
    for shift in shifts:
        person = team.people[shift.person]
        if person.bot or not person.active:
            what = "is a robot" if person.bot else "is no longer active"
            raise SourceUnreadable(f"it names {person.name} for {role}, who {what}")
    return tuple(Stint(people=(each.person,), start=utc(each.start), end=utc(each.end)) for each in shifts)


def _whole(stint: Stint, before: Known, now: datetime) -> Stint:
    """Return a stint as it began: vendors cut what they tell to the span that was asked about."""
    if not stint.start <= now < stint.end or set(before.people_at(now)) != set(stint.people):
        return stint
    began = before.since(now)
    return stint if began is None else stint.model_copy(update={"start": began})


def _same(before: Known, after: Known, start: datetime, end: datetime) -> bool:
    edges = {start, *(at for each in (before, after) for at in each.edges(start, end) if start <= at < end)}
    return all(sorted(before.people_at(at)) == sorted(after.people_at(at)) for at in edges)


def _week_after(moment: datetime) -> datetime:
    """Return the next Monday's midnight in UTC: an answer of the same week has the same end, and is the same answer."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=7 - midnight.weekday())


def _text(moment: datetime) -> str:
    return utc(moment).isoformat()
