"""What a command printed or an address answered, judged by what the check expects."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stationmaster.checks.finding import Finding, bad, fine, unknown
from stationmaster.config.fields import in_words
from stationmaster.core.escaping import one_line
from stationmaster.core.instants import NaiveInstant, local_text, utc

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import Answer

_SHOWN = 120


class Illegible(ValueError):
    """An answer that is not what the check reads."""


def judged(text: str, answer: Answer, now: datetime, *, source: str) -> Finding:
    """Return what an answer says.

    :param source: who answered, as the finding names it.
    """
    if answer.contains is not None and answer.contains not in text:
        return bad(f"{source} does not say {answer.contains!r}", shown(text))
    try:
        if answer.reads == "number":
            return _number(number_in(text, answer), answer, source)
        if answer.reads == "instant":
            return _instant(_instant_in(text, answer), answer, now, source)
        if answer.field is not None:
            _value(text, answer)
    except Illegible as error:
        return unknown(f"{source} answers something that cannot be read: {error}", shown(text))
    return fine(f"{source} is well", shown(text))


def number_in(text: str, answer: Answer) -> float:
    """Return the finite number of an answer.

    :raises Illegible: there is none.
    """
    value = _value(text, answer)
    if isinstance(value, bool):
        raise Illegible("a yes or no where a number should be")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Illegible(f"{shown(str(value))!r} is no number") from None
    if not math.isfinite(number):
        raise Illegible(f"{number} is no finite number")
    return number


def shown(text: str) -> str:
    """Return the beginning of an answer on one line."""
    line = one_line(text)
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _value(text: str, answer: Answer) -> Any:
    if answer.field is None:
        return text.strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Illegible("it is no JSON") from None
    for part in answer.field.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Illegible(f"it has no {answer.field}") from None
    return value


def _number(number: float, answer: Answer, source: str) -> Finding:
    if answer.at_least is not None and number < answer.at_least:
        return bad(f"{source} says {number:g}, less than {answer.at_least:g}", f"{number:g}")
    if answer.at_most is not None and number > answer.at_most:
        return bad(f"{source} says {number:g}, more than {answer.at_most:g}", f"{number:g}")
    return fine(f"{source} says {number:g}", f"{number:g}")


def _instant_in(text: str, answer: Answer) -> datetime:
    value = str(_value(text, answer))
    try:
        return utc(datetime.fromisoformat(value))
    except NaiveInstant:
        raise Illegible(f"{shown(value)!r} names no zone") from None
    except ValueError:
        raise Illegible(f"{shown(value)!r} is no instant") from None


def _instant(at: datetime, answer: Answer, now: datetime, source: str) -> Finding:
    evidence = local_text(at)
    if answer.max_age is None or at > now:
        return unknown(f"{source} names {evidence}, which is still to come", evidence)
    if now - at > answer.max_age:
        return bad(f"{source} is from {evidence}, older than {in_words(answer.max_age)}", evidence)
    return fine(f"{source} is from {evidence}", evidence)
