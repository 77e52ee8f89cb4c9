"""What people say to a rollout: pause, resume, abort; to a target: again, leave, downgrade. With name and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures import ruling, telling
from stationmaster.rollouts import records
from stationmaster.rollouts.records import RolloutRecord, RolloutRefused, Word

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

_TOLD = {"pause": ":double_vertical_bar:", "resume": ":arrow_forward:", "abort": ":octagonal_sign:"}
_GOES_ON = frozenset({"resume", "again", "leave", "downgrade"})
"""Words after which more of production changes. Anybody of the team may hold a rollout, or end it."""


def open_record(station: Station, departure: str | None = None) -> RolloutRecord:
    """Return the rollout that is open: of a departure, or of whichever has one.

    :raises RolloutRefused: none is.
    """
    names = [departure] if departure else [found.id for found in station.ledger.departures(station.train.key, limit=8)]
    for name in names:
        record = records.newest(station.ledger, name)
        if record is not None and records.is_open(station.ledger, record):
            return record
    raise RolloutRefused(f"No rollout of {departure or station.train.key} is open.")


def say(station: Station, record: RolloutRecord, word: Word, *, why: str, by: str, target: str | None = None) -> None:
    """Keep a word and tell it.

    A proposal that is out is not taken back by it: a pause and an abort keep further ones from being made.

    :raises RolloutRefused: it makes no sense now, or lacks its reason or its author.
    :raises StepImpossible: it lets something go on, and its author may not change production (T-01).
    """
    if not why.strip():
        raise RolloutRefused("Why? It stands in every explanation, and in the audit.")
    if by not in station.team.people:
        raise RolloutRefused(f"{by!r} is not in the people of {station.team.id}: say it in a name.")
    if word in _GOES_ON:
        ruling.require_actor(station, by)
    if not records.is_open(station.ledger, record):
        raise RolloutRefused(f"Rollout {record.number} of {record.departure} is over.")
    if word in ("again", "leave", "downgrade"):
        _check_target(station, record, word, target)
    else:
        said = records.paused(station.ledger, record)
        if word == "pause" and said is not None:
            raise RolloutRefused(f"{said.by} has paused it already: {escaping.said(said.why)}.")
        if word == "resume" and said is None:
            raise RolloutRefused("It is not paused.")
        target = None
    now = station.now()
    records.write_word(station.ledger, record, word, target=target, why=why.strip(), now=now, by=by)
    who = station.team.mentions([by])
    reason = escaping.slack(escaping.said(why))
    text = f"{_TOLD.get(word, ':speech_balloon:')} {who}: {word} {target or 'the rollout'}. {reason}"
    telling.tell(station, record.departure, f"rollout/{record.number}/said/{now:%Y%m%dT%H%M%S%f}", text)


def _check_target(station: Station, record: RolloutRecord, word: str, target: str | None) -> None:
    found = records.reached(station.ledger, record)
    if target is None or target not in found:
        raise RolloutRefused(f"{target or 'nothing'} is not a target of this rollout. Write its whole name.")
    progress = found[target].progress
    if word == "again" and progress not in (Progress.FAILED, Progress.LEFT):
        raise RolloutRefused(f"{target} is {progress}; only what has failed or was left out is tried again.")
    if word == "downgrade" and progress is not Progress.PLANNED:
        raise RolloutRefused(f"{target} is {progress}: it is accepted before its proposal is made.")
    if word == "leave" and progress in (Progress.DONE, Progress.LEFT):
        raise RolloutRefused(f"{target} is {progress} already.")
