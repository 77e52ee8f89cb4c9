"""Alerts that fire: whoever is on call is told of each group once, and decides: act, escalate or leave (D-16, D-18)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.alert_groups import DECISIONS, Decision, Event, Group, groups_of, named, undecided
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.hooks.chat_budget import BudgetSpent, budget_of
from stationmaster.oncall_log import log
from stationmaster.watches import alert_polls, silences, wording
from stationmaster.watches.alert_books import AlertBook
from stationmaster.watches.guarding import guarded
from stationmaster.work import questions
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.watch_kinds import AlertsWatch
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt

MARKS: dict[str, Decision] = {"hammer_and_wrench": "act", "rotating_light": "escalate", "see_no_evil": "leave"}
"""Which emoji on the message means which decision."""
_REACTIONS_A_MINUTE = 20
_WHY = 500


class NoSuchGroup(LookupError):
    """A key of which nothing fires."""


def look(desk: Desk, watch: AlertsWatch) -> tuple[Blocker, ...]:
    """Ask what fires, take the decisions that stand in Slack, and return what nobody has decided about."""
    book = AlertBook(desk, watch.id)
    blind = alert_polls.poll(desk, watch, book)
    book.carry()
    silent = silences.standing(desk.ledger, desk.team.id)
    found = [
        guarded(desk, group.key, partial(_looked_at, desk, watch, book, group))
        for group in groups_of(book.events, watch.severities)
        if group.key not in silent
    ]
    return (*(each for each in found if each is not None), *blind)


def fires(desk: Desk, watch: AlertsWatch) -> tuple[tuple[Group, tuple[Event, ...]], ...]:
    """Return each group that fires, with those of its alerts about which nobody has decided, from the ledger alone."""
    book = AlertBook(desk, watch.id)
    return tuple((group, undecided(group, book.decision(group))) for group in groups_of(book.events, watch.severities))


def decide(desk: Desk, watch: AlertsWatch, key: str, decision: Decision, *, why: str, by: str) -> Fact:
    """Keep what somebody has decided about a group that fires, about all of its alerts of now.

    :param by: a person's id.
    :raises NoSuchGroup: nothing of that key fires.
    """
    book = AlertBook(desk, watch.id)
    for group in groups_of(book.events, watch.severities):
        if group.key == key:
            return _decided(desk, book, group, decision, why, by)
    raise NoSuchGroup(f"no alert of {key!r} fires. stationmaster alerts list shows the keys of what does.")


def _looked_at(desk: Desk, watch: AlertsWatch, book: AlertBook, group: Group) -> Blocker | None:
    new = undecided(group, book.decision(group))
    if not new:
        _log_decision(desk, book.decided(group))
        return None
    people = questions.on_call(desk, watch.role)
    receipt = _told(desk, watch, group, new, people)
    taken = _from_slack(desk, people, receipt)
    if taken is not None:
        decision, person = taken
        _decided(desk, book, group, decision, "", person.id)
        return None
    since = min(event.at for event in new)
    episode = _episode(desk, group, new)
    told = desk.ledger.effect(episode)
    # An alert of the night is told in the morning: from then on there is time to decide.
    if told is not None and desk.now() - max(since, told.intended_at) >= watch.decide:
        key = f"{episode}/reminded"
        say(desk, key, str(receipt["channel"]), wording.alerts_reminder(people), thread=str(receipt["ts"]))
    return blocker(
        "ALERTS_UNDECIDED",
        since=since,
        who=tuple(person.id for person in people),
        subject=group.key,
        count=wording.counted(len(new)),
        severity=group.severity,
        cluster=group.cluster,
        alerts=", ".join(dict.fromkeys(event.title for event in new)),
        team=desk.team.id,
        key=group.key,
    )


def _told(desk: Desk, watch: AlertsWatch, group: Group, new: Sequence[Event], people: tuple[Person, ...]) -> Receipt:
    """Tell of a group, once as long as the first of its undecided alerts fires."""
    channel = desk.team.channels[watch.channel].id
    key = _episode(desk, group, new)
    receipt = say(desk, key, channel, wording.alerts(people, desk.team.id, group, new, watch))
    titles = ", ".join(dict.fromkeys(event.title for event in new))
    log.write(
        desk,
        f"{wording.counted(len(new))} of severity {group.severity} on {group.cluster}: {titles}",
        at=min(event.at for event in new),
        links=[event.url for event in new if event.url][:5],
        about="alert",
        once=key,
    )
    return receipt


def _episode(desk: Desk, group: Group, new: Sequence[Event]) -> str:
    first = hashlib.sha256(named(new[0]).encode()).hexdigest()[:12]
    return f"{desk.team.id}.watch/alerts/{group.key}/{first}"


def _from_slack(desk: Desk, people: Sequence[Person], receipt: Receipt) -> tuple[Decision, Person] | None:
    """Return the decision that somebody who is on call has put on the message; two of them are none."""
    channel, ts = str(receipt["channel"]), str(receipt["ts"])
    budget = budget_of(desk.files.connections.slack, "reactions.get", _REACTIONS_A_MINUTE)
    try:
        budget.spend(desk.now())
    except BudgetSpent:
        return None
    marks = desk.chat.reactions(channel, ts)
    entitled = {account: person for person in people for account in person.slack}
    given = {
        (decision, entitled[user].id)
        for emoji, decision in MARKS.items()
        for user in marks.get(emoji, frozenset())
        if user in entitled
    }
    if len({decision for decision, _ in given}) != 1:
        return None
    decision, name = min(given, key=lambda each: each[1])
    return decision, desk.team.people[name]


def _decided(desk: Desk, book: AlertBook, group: Group, decision: Decision, why: str, by: str) -> Fact:
    if decision not in DECISIONS:
        raise ValueError(f"{decision!r} is no decision: {', '.join(DECISIONS)}")
    fact = book.decide(group, decision, escaping.one_line(why)[:_WHY], [named(event) for event in group.alerts], by)
    _log_decision(desk, fact)
    return fact


def _log_decision(desk: Desk, fact: Fact) -> None:
    """Write a decision into the on-call log, once; a later look does so, too, if whoever decided died over it."""
    value, person = fact.value, desk.team.people.get(fact.by)
    words = {"act": "acts on", "escalate": "escalates", "leave": "leaves"}[str(value["decision"])]
    who = person.name if person is not None else fact.by
    text = f"{who} {words} {wording.counted(len(value['alerts']))} of {value['severity']} on {value['cluster']}"
    reason = f": {escaping.said(str(value['why']))}" if value["why"] else ""
    log.write(desk, f"{text}{reason}", at=fact.at, about="alert", by=fact.by, once=f"alert/decided/{fact.seq}")
