"""Questions in Slack: found, followed until somebody answers, and whoever is on call is tagged once if nobody does.

What the channel shows is the truth: a question is closed by a reply of the team, by a mark, or by its own deletion
(D-20, D-21, C-26, O-06, N-08, N-14).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.instants import local_text
from stationmaster.core.questions import (
    Question,
    Response,
    Route,
    asked_before,
    is_answered,
    is_question,
    routed,
    unanswered_at,
    words_of,
)
from stationmaster.hooks.chat_models import instant_of
from stationmaster.oncall_log import log, log_lines
from stationmaster.watches import filing, hearing, wording
from stationmaster.watches.books import Book
from stationmaster.watches.guarding import guarded
from stationmaster.work import questions
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from stationmaster.config.watch_kinds import QuestionsWatch
    from stationmaster.hooks.chat_models import Heard
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

ASKED, TAGGED, ANSWERED, REPEATED = "asked", "tagged", "answered", "repeated"
_SHOWN = 200
_FOLLOWED = timedelta(days=7)
"""A question that nobody answers for so long is left: the channel would be read from there on at each look."""


def look(desk: Desk, watch: QuestionsWatch) -> tuple[Blocker, ...]:
    """Read the channels whose turn it is, follow every open question, and return what is open."""
    book = Book(desk, watch.id)
    known = _Known(book.facts(watch.repeats.within))
    heard = hearing.listen(desk, watch, {question: fact.at for question, fact in known.open.items()})
    noted: list[Blocker | None] = []
    for channel, messages in heard.channels.items():
        _take_in(desk, watch, book, known, channel, messages.values())
        noted.append(guarded(desk, f"log/{channel}", partial(_note, desk, channel, messages.values())))
    found = [
        guarded(desk, name, partial(_followed, desk, watch, book, known, name, heard)) for name in list(known.open)
    ]
    return (*(each for each in (*found, *noted) if each is not None), *heard.blockers)


class _Known:
    """What the ledger knows of questions: all of lately, and the facts of those that are open."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        asked = [fact for fact in facts if fact.kind == ASKED]
        closed = {fact.subject for fact in facts if fact.kind == ANSWERED}
        self.tagged = {fact.subject for fact in facts if fact.kind == TAGGED}
        self.repeated = {name for fact in facts if fact.kind == REPEATED for name in fact.value["questions"]}
        self.all = {fact.subject: _question(fact) for fact in asked}
        self.open = {fact.subject: _Open(fact) for fact in asked if fact.subject not in closed}


class _Open:
    """An open question, as the ledger keeps it."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.at = datetime.fromisoformat(fact.value["at"])
        self.asker = str(fact.value["asker"])
        self.text = str(fact.value["text"])
        self.channel, _, self.ts = fact.subject.partition("/")


def _question(fact: Fact) -> Question:
    value: dict[str, Any] = fact.value
    return Question(id=fact.subject, asker=value["asker"], at=value["at"], words=frozenset(value["words"]))


def _take_in(
    desk: Desk, watch: QuestionsWatch, book: Book, known: _Known, channel: str, messages: Iterable[Heard]
) -> None:
    """Keep each question that is new, and say so if it has been asked too often."""
    for message in messages:
        name = f"{channel}/{message.ts}"
        if name in known.all or not _counts(desk, watch, message):
            continue
        value = {
            "asker": message.user,
            "at": message.at.isoformat(),
            "text": escaping.one_line(escaping.heard(message.text))[:_SHOWN],
            "words": sorted(words_of(message.text)),
        }
        fact = book.once(ASKED, name, value, at=message.at)
        known.all[name], known.open[name] = _question(fact), _Open(fact)


def _note(desk: Desk, channel: str, messages: Iterable[Heard]) -> None:
    """Write what is meant for the on-call log into it: the channel has been read anyway (O-10)."""
    rules = desk.files.log
    if rules is not None and channel in {desk.team.channels[name].id for name in rules.channels}:
        log_lines.keep(desk, channel, [message for message in messages if log_lines.said(desk, message.text)])


def _counts(desk: Desk, watch: QuestionsWatch, message: Heard) -> bool:
    if message.bot or not message.user or watch.done in message.marks or log_lines.said(desk, message.text):
        return False
    if watch.asked_by == "others" and desk.team.person_by_slack(message.user) is not None:
        return False
    return watch.counts == "everything" or is_question(message.text)


def _followed(
    desk: Desk, watch: QuestionsWatch, book: Book, known: _Known, name: str, heard: hearing.Heardings
) -> Blocker | None:
    """Close a question that needs nobody any more; tag whoever is on call where it is late; return why it is open."""
    question = known.open[name]
    _count_repeats(desk, watch, book, known, name)
    if question.channel in heard.channels:
        message = heard.channels[question.channel].get(question.ts)
        gone = "" if question.channel in heard.cut else "gone"
        closed = _closed(desk, watch, question, message) if message is not None else gone
        if not closed and desk.now() - question.at > _FOLLOWED:
            closed = "left"
        if closed:
            _close(desk, book, question, name, closed, tagged=name in known.tagged)
            return None
        if message is not None:
            filing.file(desk, watch, question.channel, message)
    due = unanswered_at(question.at, watch.within, (watch.hours.window(desk.team.zone),))
    if desk.now() < due:
        return None
    people = questions.on_call(desk, watch.role)
    route = routed(watch.topics, question.text)
    if name not in known.tagged and question.channel in heard.channels:
        _tag(desk, watch, book, question, name, route)
    who = tuple(dict.fromkeys([*([route.owner] if route else []), *(person.id for person in people)]))
    return blocker(
        "QUESTION_OPEN",
        since=due,
        who=who,
        subject=name,
        channel=wording.channel_name(desk, question.channel),
        asked=local_text(question.at, desk.team.zone),
        text=question.text,
        done=watch.done,
    )


def _closed(desk: Desk, watch: QuestionsWatch, question: _Open, message: Heard) -> str:
    team = {account for person in desk.team.people.values() if not person.bot for account in person.slack}
    repliers = message.repliers
    response = Response(repliers, message.marks)
    if is_answered(response, team=team, asker=question.asker, done=watch.done):
        return "marked" if watch.done in message.marks else "replied"
    if message.reply_users > len(repliers):
        # The history names some of those who replied, and counts all.
        every = hearing.repliers(desk, question.channel, question.ts)
        if every is not None and is_answered(
            Response(every, frozenset()), team=team, asker=question.asker, done=watch.done
        ):
            return "replied"
    return ""


def _close(desk: Desk, book: Book, question: _Open, name: str, how: str, *, tagged: bool) -> None:
    if tagged:
        text = {
            "replied": "was answered",
            "marked": "was marked as done",
            "gone": "was taken back",
            "left": "was never answered",
        }[how]
        log.write(
            desk,
            f"The question in {wording.channel_name(desk, question.channel)} {text}: {question.text}",
            about="question",
            once=f"question/{name}/closed",
        )
    # The last write: whoever dies before it comes here again.
    book.once(ANSWERED, name, {"how": how}, at=question.at)


def _tag(desk: Desk, watch: QuestionsWatch, book: Book, question: _Open, name: str, route: Route | None) -> None:
    """Tag whoever is on call, and the owner of the topic, in the question's thread: once for ever."""
    people = questions.on_call(desk, watch.role)
    owner = desk.team.people.get(route.owner) if route is not None else None
    text = wording.tag(people, owner, route.topic if route is not None else "", watch)
    key = f"{desk.team.id}.watch/question/{name}/tag"
    receipt = say(desk, key, question.channel, text, thread=question.ts)
    value = {"people": [person.id for person in people], "owner": owner.id if owner is not None else "", **receipt}
    told = ", ".join(person.name for person in people)
    log.write(
        desk,
        f"A question in {wording.channel_name(desk, question.channel)} had no answer; {told} was tagged: "
        f"{question.text}",
        at=instant_of(str(receipt["ts"])),
        about="question",
        once=f"question/{name}/tagged",
    )
    book.once(TAGGED, name, value, at=question.at)


def _count_repeats(desk: Desk, watch: QuestionsWatch, book: Book, known: _Known, name: str) -> None:
    """Say once that a page should answer what has been asked so often (N-14)."""
    question = known.all[name]
    since = question.at - watch.repeats.within
    earlier = asked_before(question, [each for each in known.all.values() if each.at >= since])
    if len(earlier) + 1 < watch.repeats.times:
        return
    if not known.repeated.isdisjoint(each.id for each in earlier):
        return
    first = earlier[0]
    channel, _, ts = name.partition("/")
    people = questions.on_call(desk, watch.role)
    text = wording.repeated(people, len(earlier) + 1, local_text(first.at, desk.team.zone))
    receipt = say(desk, f"{desk.team.id}.watch/question/{first.id}/repeated", channel, text, thread=ts)
    log.write(
        desk,
        f"The same question was asked {len(earlier) + 1} times in {wording.channel_name(desk, channel)}; a page "
        "should answer it",
        at=instant_of(str(receipt["ts"])),
        about="question",
        once=f"question/{first.id}/repeated",
    )
    names = [*(each.id for each in earlier), name]
    book.once(REPEATED, name, {"questions": names}, at=question.at)
    known.repeated |= set(names)
