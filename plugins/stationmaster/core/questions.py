"""Questions in a channel: what is one, who it concerns, whether it was answered, and whether it was asked before.

All of it is pure: what was heard goes in, with the instant (D-20, D-21, C-26, O-06, N-08, N-14).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import Field

from stationmaster.core.instants import Instant, utc
from stationmaster.core.rotations.windows import AnyWindow, spans
from stationmaster.core.value import Value

ALIKE = 0.6
"""From which share of common words on two questions are the same one."""
_LEAST_WORDS = 2
_LONGEST_SEARCH = timedelta(days=28)

_NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|<[^>]*>", re.DOTALL)
_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_ASKING = re.compile(
    r"^\W*(?:(?:hi|hey|hello|morning|all|team|folks|everyone|please|quick question|question)\W+)*"
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|does|do|did|can|could|would|should|will|has|have|"
    r"any(?:one|body)|some(?:one|body)|help|need help)\b",
    re.IGNORECASE,
)
# Words that every question has say nothing of what it is about.
_SMALL_WORDS = (
    "a about after again all am an and any anybody anyone are as at be because been but by can could did do does "
    "doing done every everyone for from get getting give had has have having hello help here hey hi how i if in "
    "into is it its just know let me morning my need needs no not now of off on one or our out please question "
    "quick see should so some somebody someone still team than thanks that the their them then there these they "
    "this to try trying up us use using was we were what when where which who why will with would you your"
)
_SMALL = frozenset(_SMALL_WORDS.split(" "))
_ENDINGS = ("ings", "ing", "ies", "ied", "es", "ed", "s")


class Route(Value):
    """Who is asked about a topic: the first route of which a word stands in the text.

    :param topic: as people call it.
    :param words: words, or several words in a row; compared without case.
    :param owner: a person's id.
    """

    topic: str
    words: tuple[str, ...] = Field(min_length=1)
    owner: str


class Question(Value):
    """A question that was heard. ``id`` is the channel's id and the message's stamp: ``C0244PQK934/1634839200.000100``.

    :param words: what it is about, for finding it again when it is asked once more.
    """

    id: str
    asker: str
    at: Instant
    words: frozenset[str]


class Response(NamedTuple):
    """What became of a question so far, as the channel shows it.

    :param repliers: Slack accounts that wrote into its thread.
    :param marks: emoji names that people put on it, other than the bot's own.
    """

    repliers: frozenset[str]
    marks: frozenset[str]


def is_question(text: str) -> bool:
    """Return whether a message asks something: a question mark in its prose, or words that begin a question.

    Code, links and quotes of code say nothing: addresses are full of question marks.
    """
    prose = _NOT_PROSE.sub(" ", text)
    return "?" in prose or "\uff1f" in prose or bool(_ASKING.match(prose))


def is_answered(response: Response, *, team: Collection[str], asker: str, done: str) -> bool:
    """Return whether a question needs nobody any more: somebody of the team replied, or it was marked as done.

    :param team: the Slack accounts of the team. Whoever asked does not answer themselves.
    :param done: the emoji's name.
    """
    return done in response.marks or bool((response.repliers - {asker}) & frozenset(team))


def unanswered_at(at: datetime, within: timedelta, hours: Sequence[AnyWindow]) -> datetime:
    """Return when a question counts as unanswered: so much time of working hours after it was asked.

    A question on Friday at 17:50 with 30 minutes is due on Monday at 09:20. Hours that never come within four weeks
    count as always.
    """
    left, begins = within, utc(at)
    if not hours:
        return begins + within
    for span in spans(hours, begins, begins + _LONGEST_SEARCH + within):
        length = span.end - span.start
        if left <= length:
            return span.start + left
        left -= length
    return begins + within


def routed(routes: Iterable[Route], text: str) -> Route | None:
    """Return the first route of which a word stands in the text, or None: then it is whoever is on call."""
    return next((route for route in routes if speaks_of(text, route.words)), None)


def speaks_of(text: str, words: Iterable[str]) -> bool:
    """Return whether a word, or several in a row, stand in a text as whole words, whatever their case."""
    prose = f" {' '.join(word.lower() for word in _WORD.findall(text))} "
    return any(f" {' '.join(word.lower() for word in _WORD.findall(each))} " in prose for each in words)


def words_of(text: str) -> frozenset[str]:
    """Return what a question is about: its telling words, without endings, at most forty."""
    prose = _NOT_PROSE.sub(" ", text)
    found = dict.fromkeys(_stem(word.lower()) for word in _WORD.findall(prose) if word.lower() not in _SMALL)
    return frozenset(list(found)[:40])


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two questions are about the same: enough words in common, and more than one word at all."""
    if min(len(one), len(other)) < _LEAST_WORDS:
        return False
    common = len(one & other)
    return common / len(one | other) >= ALIKE or (common >= 3 and common == min(len(one), len(other)))


def asked_before(question: Question, earlier: Iterable[Question]) -> tuple[Question, ...]:
    """Return the earlier questions that are about the same, oldest first (N-14)."""
    found = [
        each
        for each in earlier
        if each.id != question.id and each.at < question.at and alike(each.words, question.words)
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.id)))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word
