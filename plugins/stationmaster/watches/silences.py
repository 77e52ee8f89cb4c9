"""What is silenced, and on which issue that hangs: without an issue nothing is, and a closed one ends the silence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.hooks.chat_models import instant_of
from stationmaster.oncall_log import log
from stationmaster.watches import wording
from stationmaster.watches.guarding import guarded
from stationmaster.work import questions
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stationmaster.ledger import Ledger
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

SILENCED, OVER = "silenced", "silence_over"


class Silence(NamedTuple):
    """One silence.

    :param key: of what is silenced: of a group of alerts, or of an error.
    :param what: the same in words.
    :param number: of the issue; ``seq`` tells this silence from an older one of the same.
    """

    key: str
    what: str
    repository: str
    number: int
    by: str
    seq: int

    @property
    def issue(self) -> str:
        """``owner/name#12``."""
        return f"{self.repository}#{self.number}"


def place_of(team: str) -> str:
    """Return where the ledger keeps the silences of a team."""
    return f"{team}.watch/silences"


def silence(desk: Desk, key: str, what: str, repository: str, number: int, *, by: str) -> Fact:
    """Silence something until its issue is closed.

    :raises IssueClosed: the issue is closed already.
    :raises ForgeError: it cannot be read, so nothing is silenced.
    """
    issue = desk.forge.issue(repository, number)
    if issue.state != "open":
        raise IssueClosed(f"{repository}#{number} is closed. Name an issue that is open: the silence ends with it.")
    value = {"what": what, "repository": repository, "number": number, "url": issue.url}
    fact = desk.ledger.record(place_of(desk.team.id), SILENCED, key, value, desk.now(), by)
    _log(desk, fact)
    return fact


def _log(desk: Desk, fact: Fact) -> None:
    """Write a silence into the on-call log, once; a later check does so, too, if whoever silenced died over it."""
    text, links = f"{fact.by} silenced {escaping.said(str(fact.value['what']))}", [str(fact.value["url"])]
    log.write(desk, text, at=fact.at, links=links, about="silence", by=fact.by, once=f"silence/{fact.seq}")


class IssueClosed(ValueError):
    """An issue on which nothing can hang."""


def standing(ledger: Ledger, team: str) -> dict[str, Silence]:
    """Return what is silenced now, by its key."""
    return {each.key: each for each in _newest(ledger, team) if not _is_over(ledger, team, each)}


def complain(desk: Desk, *, role: str, channel: str) -> tuple[Blocker, ...]:
    """End each silence whose issue is closed, and tell whoever is on call, once."""
    for fact in desk.ledger.facts(place_of(desk.team.id), SILENCED):
        _log(desk, fact)
    found = [
        guarded(desk, each.key, partial(_ended, desk, each, role, channel))
        for each in standing(desk.ledger, desk.team.id).values()
    ]
    return tuple(each for each in found if each is not None)


def _ended(desk: Desk, each: Silence, role: str, channel: str) -> Blocker | None:
    if desk.forge.issue(each.repository, each.number).state == "open":
        return None
    people = questions.on_call(desk, role)
    key = f"{desk.team.id}.watch/silence/{each.key}/{each.seq}/over"
    receipt = say(desk, key, desk.team.channels[channel].id, wording.silence_over(people, each))
    text, at = (
        f"The silence of {escaping.said(each.what)} is over: {each.issue} is closed",
        instant_of(str(receipt["ts"])),
    )
    log.write(desk, text, at=at, about="silence", once=key)
    desk.ledger.record_once(
        place_of(desk.team.id), OVER, each.key, {"seq": each.seq}, desk.now(), "stationmaster", key=f"{OVER}/{each.seq}"
    )
    who = tuple(person.id for person in people)
    return blocker("SILENCE_OVER", who=who, subject=each.key, what=each.what, issue=each.issue)


def _newest(ledger: Ledger, team: str) -> Iterator[Silence]:
    newest = {fact.subject: fact for fact in ledger.facts(place_of(team), SILENCED)}
    for key, fact in newest.items():
        value = fact.value
        yield Silence(key, str(value["what"]), str(value["repository"]), int(value["number"]), fact.by, fact.seq)


def _is_over(ledger: Ledger, team: str, each: Silence) -> bool:
    return any(fact.value["seq"] == each.seq for fact in ledger.facts(place_of(team), OVER, each.key))
