"""What people write when they want a train to wait for a pull request, or no longer (C-19).

In doubt a train waits: a wish is only taken back by words that say so, and "wait for #12, it must go out with this
release" is a wish to wait.
"""

from __future__ import annotations

import re

from stationmaster.core.value import Value

_REFERENCE = (
    r"(?:(?<![&\w])(?<!&amp;)(?P<where>[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)?)?#(?P<number>[1-9]\d{0,6})\b"
    r"|/(?P<path>[\w.-]+/[\w.-]+)/pull/(?P<pull>[1-9]\d{0,6})\b)"
)
_TAKE_BACK = (
    r"(?P<go>\b(?:(?:go|leave|depart|board|cut)(?:\s+(?:on|ahead|now))?\s+without"
    r"|(?:do\s+not|don['’]?t|no\s+longer|no\s+need\s+to|stop|needn['’]?t|need\s+not)\s+(?:need\s+to\s+)?"
    r"(?:wait(?:ing)?|hold(?:ing)?)|never\s*mind|drop)\b)"
)
_WAIT = r"(?P<wait>\b(?:wait(?:ing)?|hold(?:ing)?|pending|include)\b)"
_WORD = re.compile(f"{_REFERENCE}|{_TAKE_BACK}|{_WAIT}", re.IGNORECASE)
_QUOTED = re.compile(r"^\s*(?:&gt;|>).*$|```.*?```", re.MULTILINE | re.DOTALL)


class HoldRequest(Value):
    """One pull request that somebody wants the train to wait for, or lets go.

    ``where`` is a component or repository, None when only a number was given; ``wait`` False takes a wish back.
    """

    where: str | None
    number: int
    wait: bool


def hold_words(text: str) -> tuple[HoldRequest, ...]:
    """Return the requests in one message; a message without a number or without a word for it asks for nothing.

    "wait for #12 and explorer#13" is two wishes; "go without #12" or "don't wait for #12" takes one back. A number
    belongs to the words before it, or to the first ones where it comes before all words. What is quoted is not said.

    :param text: as Slack sends it, with its entities.
    """
    found = list(_WORD.finditer(_QUOTED.sub(" ", text)))
    words = [match for match in found if match["go"] or match["wait"]]
    if not words:
        return ()
    wait = words[0]["go"] is None
    requests: dict[HoldRequest, None] = {}
    for match in found:
        if match["go"] or match["wait"]:
            wait = match["go"] is None
            continue
        number = int(match["number"] or match["pull"])
        requests[HoldRequest(where=match["where"] or match["path"], number=number, wait=wait)] = None
    return tuple(requests)
