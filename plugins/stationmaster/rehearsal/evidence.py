"""What really happened in a rehearsal, as the outside world, Airflow and the ledger tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from stationmaster.core.quorum import Ballot
from stationmaster.ledger.records import Departure, Effect, Entry, Fact
from stationmaster.rehearsal.evidence_duty import DutyScript, Filed
from stationmaster.rehearsal.evidence_proposals import Proposed
from stationmaster.rehearsal.placing import Place


class Dispatch(NamedTuple):
    """A deploy workflow that was really started, or an election that was proposed.

    Its ``key`` is ``<departure>/<stop>/<component>/…``.
    """

    at: datetime
    repository: str
    environment: str
    sha: str
    key: str

    @property
    def departure(self) -> str:
        """The departure that its key names."""
        return "/".join(self.key.split("/")[:2])

    @property
    def stop(self) -> str:
        """``cut``, ``promote`` or ``rollback``."""
        return self.key.split("/")[2]


class Said(NamedTuple):
    """A message in the stand-in Slack; ``key`` is what the bot posted it under, empty for people.

    ``first`` is the text as it was posted, where the ledger knows it; ``text`` is the text at the end.
    """

    at: datetime
    key: str
    text: str
    by_bot: bool
    author: str
    thread: str = ""
    first: str = ""
    channel: str = ""

    @property
    def posted(self) -> str:
        """What people read when it was posted."""
        return self.first or self.text


class Blind(NamedTuple):
    """A task that waited without a blocker in the ledger."""

    at: datetime
    dag_id: str
    task: str


class Wait(NamedTuple):
    """Why something waited at a standstill, and for whom (person ids)."""

    subject: str
    sentence: str
    who: tuple[str, ...]
    code: str = ""


class Run(NamedTuple):
    """A DAG run that was led to its end, on the virtual clock; ``departure`` is what it opened, if that is known."""

    dag_id: str
    run_id: str
    state: str
    began: datetime
    ended: datetime
    departure: str = ""


class Named(NamedTuple):
    """Who a task's XCom names as on call, and the virtual time in which it ran."""

    departure: str
    task: str
    person: str
    began: datetime
    ended: datetime


class Started(NamedTuple):
    """An upgrade workflow that was started, under its key."""

    at: datetime
    repository: str
    key: str


class MergedPull(NamedTuple):
    """A pull request that was merged by us, at the head that was asked for; empty: at whatever it had.

    :param commit: what the merge made on the branch, which no recorded history has.
    """

    at: datetime
    repository: str
    number: int
    sha: str
    commit: str = ""


class Pin(NamedTuple):
    """A manifest that went aboard: repository -> sha."""

    at: datetime
    departure: str
    manifest: str
    commits: Mapping[str, str]


class HandedOver(NamedTuple):
    """A handoff that was played: its id in the ledger, ``<team>.<rotation>/<instant>``, and its instant."""

    id: str
    at: datetime

    @classmethod
    def of(cls, key: str, at: datetime) -> HandedOver:
        """Return the handoff of a rotation, ``<team>.<rotation>``, at an instant."""
        return cls(f"{key}/{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}", at)

    @property
    def team(self) -> str:
        """The team's id."""
        return self.id.split(".", 1)[0]

    @property
    def rotation(self) -> str:
        """The rotation's id within the team."""
        return self.id.split("/", 1)[0].partition(".")[2]


class Mailed(NamedTuple):
    """A mail that the stand-in took: the key under which it was sent, and to whom."""

    key: str
    recipients: tuple[str, ...]


class Opened(NamedTuple):
    """An issue that was really opened; ``key`` is the mark that it carries."""

    at: datetime
    repository: str
    key: str
    title: str
    assignees: tuple[str, ...]
    body: str = ""


class Evidence(NamedTuple):
    """Everything that the invariants and the transcript are computed from."""

    departures: tuple[Departure, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    messages: tuple[Said, ...] = ()
    ballots: Mapping[str, tuple[Ballot, ...]] = {}
    facts: Mapping[str, tuple[Fact, ...]] = {}
    effects: tuple[Effect, ...] = ()
    pins: tuple[Pin, ...] = ()
    audit: tuple[Entry, ...] = ()
    breaks: tuple[str, ...] = ()
    blind: tuple[Blind, ...] = ()
    waits: tuple[Wait, ...] = ()
    named: tuple[Named, ...] = ()
    runs: tuple[Run, ...] = ()
    handoffs: tuple[HandedOver, ...] = ()
    mails: tuple[Mailed, ...] = ()
    handed: Mapping[str, tuple[Fact, ...]] = {}
    """What the ledger knows of each handoff, by its id."""
    issues: tuple[Opened, ...] = ()
    handles: Mapping[str, tuple[str, ...]] = {}
    """Who is in each user group of Slack at the end, by the group's id."""
    started: tuple[Started, ...] = ()
    merged: tuple[MergedPull, ...] = ()
    settled: tuple[Fact, ...] = ()
    """How each upgrade ended."""
    duty: DutyScript = DutyScript()
    """What people did beside the trains without being asked."""
    files: tuple[Filed, ...] = ()
    """Reports and logs that were committed as files."""
    red: frozenset[tuple[str, str]] = frozenset()
    """Commits (repository, sha) that a script made red."""
    red_share: float = 0.0
    """Which part of all other commits was red."""
    proposals: tuple[Proposed, ...] = ()
    targets: Mapping[str, str] = {}
    """What each target of a rollout runs at the end."""
    script: tuple[Place, ...] = ()
    """The troubles that were made on purpose."""

    def aboard(self, departure: str, at: datetime | None = None) -> Pin | None:
        """Return the manifest that was aboard at an instant, by default the last one."""
        found = [pin for pin in self.pins if pin.departure == departure and (at is None or pin.at <= at)]
        return found[-1] if found else None

    def first_aboard(self, departure: str) -> Pin | None:
        """Return the manifest that the cut put aboard; a hotfix may have replaced it since."""
        return next((pin for pin in self.pins if pin.departure == departure), None)


def stood(ballots: Iterable[Ballot], at: datetime) -> list[Ballot]:
    """Return what stood at an instant: not what was taken away, but a veto that somebody else may have deleted."""
    return [
        ballot
        for ballot in ballots
        if ballot.gone_at is None
        or ballot.gone_at > at
        or (ballot.gone == "unclear" and ballot.choice in ("veto", "unclear"))
    ]
