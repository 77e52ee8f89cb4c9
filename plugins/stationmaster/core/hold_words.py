"""What people write when they want a train to wait for a pull request, or no longer (C-19)."""

from __future__ import annotations

import re

from stationmaster.core.value import Value

_NUMBER = r"(?:(?P<where>[A-Za-z0-9][A-Za-z0-9._/-]*)?#(?P<number>\d{1,7})|/(?P<path>[\w.-]+/[\w.-]+)/pull/(?P<pull>\d{1,7}))"
_REFERENCE = re.compile(_NUMBER)
_WAIT = re.compile(r"\b(wait|hold|pending|please include)\b", re.IGNORECASE)
_GO = re.compile(r"\b(go|release|never ?mind|don'?t wait|do not wait|no need to wait|board)\b", re.IGNORECASE)


class HoldRequest(Value):
    """One pull request that somebody wants the train to wait for, or lets go.

    ``where`` is a component or repository, None when only a number was given; ``wait`` False takes a wish back.
    """

    where: str | None
    number: int
    wait: bool


def hold_words(text: str) -> tuple[HoldRequest, ...]:
    """Return the requests in one message; a message without a number or without a word for it asks for nothing.

    "wait for #12 and explorer#13" is two wishes; "go without #12" or "don't wait for #12" takes one back.
    """
    if _GO.search(text):
        wait = False
    elif _WAIT.search(text):
        wait = True
    else:
        return ()
    return tuple(
        HoldRequest(
            where=found["where"] or found["path"], number=int(found["number"] or found["pull"]), wait=wait
        )
        for found in _REFERENCE.finditer(text)
    )
