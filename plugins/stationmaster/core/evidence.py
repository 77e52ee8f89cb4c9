"""What shows that a chore was done: a link, a file, a number within bounds, a list that was ticked. Pure.

What people type is hostile until it is read here: an address that could leave a message's markup, or carry a password,
is no link; neither is a path that climbs out of its folder a file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_LONGEST = 2000
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")
_PLAIN = re.compile(r"[!-~]+")
_MARKUP = frozenset('<>|"`\\{}^')
_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,200}", re.ASCII)
_NAMED = 3
"""Items of a list that a sentence names; the rest is counted."""


class EvidenceRefused(ValueError):
    """What was given does not show that the chore was done. The message says what to give instead."""


class Evidence(NamedTuple):
    """One piece, as it is kept: its id and kind, and the text that shows it. ``url`` is empty where it has no page."""

    id: str
    kind: str
    text: str
    url: str = ""


def link_of(given: Any, hosts: Sequence[str] = ()) -> str:
    """Return the address that was given.

    :param hosts: the hosts that count, with those below them; none means any.
    :raises EvidenceRefused: it is no https address, or of another host.
    """
    text = given.strip() if isinstance(given, str) else ""
    if not text:
        raise EvidenceRefused("A link is needed: paste the address, beginning with https://.")
    if len(text) > _LONGEST or not _PLAIN.fullmatch(text) or _MARKUP & set(text):
        raise EvidenceRefused("That is not one link: paste the address alone, beginning with https://.")
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".")
        parts.port  # noqa: B018 - a port that is none is found out when it is read
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme != "https" or not _HOST.fullmatch(host):
        raise EvidenceRefused("That is not a link: it begins with https:// and the name of a host.")
    if parts.username is not None or parts.password is not None:
        raise EvidenceRefused("That link carries a name or a password: take out what stands before the @.")
    if hosts and not any(host == known or host.endswith(f".{known}") for known in hosts):
        raise EvidenceRefused(f"A link to {' or '.join(hosts)} is needed, not to {host}.")
    return text


def path_of(given: Any, *, repository: str, under: str = "") -> str:
    """Return the path of a file in ``repository``, from a path or from the file's address on GitHub.

    :param under: the folder in which it must lie; empty for anywhere.
    :raises EvidenceRefused: it is no path in that repository, or lies elsewhere.
    """
    text = given.strip() if isinstance(given, str) else ""
    if text.startswith("https://"):
        address = urlsplit(link_of(text, ("github.com",)))
        owner_and_name, kind, rest = _of_address(address.path)
        if owner_and_name.lower() != repository.lower() or kind not in ("blob", "tree") or "/" not in rest:
            raise EvidenceRefused(f"That is not a file of {repository}: open the file there and paste its address.")
        text = rest.partition("/")[2]
    parts = text.split("/")
    if not all(_SEGMENT.fullmatch(part) and set(part) != {"."} for part in parts):
        raise EvidenceRefused(f"A path in {repository} is needed, such as docs/report.md.")
    folder = under.strip("/")
    if folder and not text.startswith(f"{folder}/"):
        raise EvidenceRefused(f"The file lies in {folder}/ of {repository}; that one does not.")
    return text


def _of_address(path: str) -> tuple[str, str, str]:
    owner, _, rest = path.lstrip("/").partition("/")
    name, _, rest = rest.partition("/")
    kind, _, rest = rest.partition("/")
    return f"{owner}/{name}", kind, rest


def number_of(given: Any, *, at_least: float | None = None, at_most: float | None = None, unit: str = "") -> float:
    """Return the number that was given.

    :raises EvidenceRefused: it is none, or out of bounds.
    """
    found = given
    if isinstance(given, str):
        try:
            found = float(given.strip().replace(",", ".")) if given.strip() else None
        except ValueError:
            found = None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise EvidenceRefused(f"A number is needed{f', in {unit}' if unit else ''}: digits, such as 42.")
    low, high = (None if bound is None else f"{bound:g} {unit}".strip() for bound in (at_least, at_most))
    if at_least is not None and found < at_least:
        raise EvidenceRefused(f"{found:g} is below {low}. If that is true, the chore is not done: say so in a note.")
    if at_most is not None and found > at_most:
        raise EvidenceRefused(f"{found:g} is above {high}. If that is true, the chore is not done: say so in a note.")
    return float(found)


def ticks_of(given: Mapping[str, Any], items: Mapping[str, str]) -> int:
    """Return how many items were ticked: all of them.

    :param given: what the form says, by the id of the item; only a plain true is a tick.
    :param items: the items of the list, by id.
    :raises EvidenceRefused: one is not ticked, or the list is empty.
    """
    if not items:
        raise EvidenceRefused(
            "The list has no items, so that nothing shows it was followed: write steps in its runbook."
        )
    left = [text for name, text in items.items() if given.get(name) is not True]
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        raise EvidenceRefused(f"Not ticked: {'; '.join(left[:_NAMED])}{more}. Do them, or say in a note why not.")
    return len(items)
