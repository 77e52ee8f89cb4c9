"""What is known of a team's own work after a rehearsal: the ledger's facts, and what people did of themselves."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from stationmaster.ledger.records import Entry
from stationmaster.rehearsal.cast_alerts import Lit
from stationmaster.rehearsal.cast_questions import Noted, Written

AREAS = ("chores", "incident", "watch", "log")
"""What the ledger keeps of a team's own work: ``<team>.<area>``."""
RECORDED = "fact.recorded"
_PARTS_OF_A_RUN = 2
_MARK = "<!-- stationmaster: "


class DutyScript(NamedTuple):
    """What people did in Slack without being asked, and the alerts that fired."""

    questions: tuple[Written, ...] = ()
    noted: tuple[Noted, ...] = ()
    lit: tuple[Lit, ...] = ()


class Happened(NamedTuple):
    """One fact of the ledger as its audit tells it; ``about`` is what it belongs to."""

    at: datetime
    by: str
    about: str
    kind: str
    subject: str
    value: Mapping[str, Any]


class Filed(NamedTuple):
    """A text that was really committed to a repository, with the mark that it carries."""

    at: datetime
    repository: str
    path: str
    key: str
    text: str


def happened(audit: Iterable[Entry], area: str, *kinds: str) -> tuple[Happened, ...]:
    """Return the facts below an area, such as ``dre.incident``, in the order in which they were written.

    :param kinds: only these; none means all.
    """
    return tuple(_below(audit, area, kinds))


def matters(audit: Iterable[Entry], area: str, kind: str) -> dict[str, tuple[Happened, ...]]:
    """Return everything that happened to each matter of an area, by its id.

    :param kind: of the fact with which a matter begins.
    """
    found: dict[str, list[Happened]] = {}
    every = happened(audit, area)
    for fact in every:
        if fact.kind == kind:
            found.setdefault(fact.about, [])
    for fact in every:
        if fact.about in found:
            found[fact.about].append(fact)
    return {name: tuple(facts) for name, facts in found.items()}


def filed_by(entry: Mapping[str, Any]) -> Filed:
    """Return the file that an entry of the stand-in GitHub's journal committed."""
    _, owner, name, _, path = entry["path"].strip("/").split("/", 4)
    text = base64.b64decode(str(entry["body"].get("content", ""))).decode()
    _, _, mark = text.rpartition(_MARK)
    key = mark.partition(" -->")[0] if mark != text else ""
    return Filed(datetime.fromisoformat(entry["at"]), f"{owner}/{name}", path, key, text)


def chore_runs(audit: Iterable[Entry], team: str) -> dict[str, tuple[Happened, ...]]:
    """Return everything that happened to each run of a team's chores, by its id: ``<team>.chores/<chore>/<when>``.

    What the ledger keeps of a chore as a whole is left out.
    """
    found = matters(audit, f"{team}.chores", "opened")
    return {name: facts for name, facts in found.items() if name.count("/") == _PARTS_OF_A_RUN}


def incidents(audit: Iterable[Entry], team: str) -> dict[str, tuple[Happened, ...]]:
    """Return everything that happened to each incident of a team, by its id."""
    return matters(audit, f"{team}.incident", "opened")


def _below(audit: Iterable[Entry], area: str, kinds: tuple[str, ...]) -> Iterator[Happened]:
    for entry in audit:
        inside = entry.subject == area or entry.subject.startswith(f"{area}/")
        if entry.action != RECORDED or not inside:
            continue
        kind, value = str(entry.body.get("kind")), entry.body.get("value")
        if not kinds or kind in kinds:
            known = value if isinstance(value, dict) else {}
            yield Happened(entry.at, entry.actor, entry.subject, kind, str(entry.body.get("subject", "")), known)
