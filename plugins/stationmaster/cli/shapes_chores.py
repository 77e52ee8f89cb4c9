"""What ``--json`` writes of runbooks and chores. A contract: fields are added, never renamed (docs/cli-json.md)."""

from __future__ import annotations

from datetime import date

from stationmaster.cli.shapes import Shape
from stationmaster.core.instants import Instant


class StepShown(Shape):
    """One step of a page; ``section`` is the heading it stands under."""

    id: str
    text: str
    section: str


class RunbookAnswer(Shape):
    """``runbook show``: ``text`` is Markdown."""

    id: str
    title: str
    owner: str
    services: tuple[str, ...]
    reviewed: date
    steps: tuple[StepShown, ...]
    text: str


class RunbookLine(Shape):
    """One page; ``used_by`` names the trains, rotations and chores that point at it."""

    id: str
    title: str
    owner: str
    reviewed: date
    steps: int
    used_by: tuple[str, ...]


class RunbooksAnswer(Shape):
    """``runbook list``, by id."""

    runbooks: tuple[RunbookLine, ...]


class DebtLine(Shape):
    """Something that is owed: about which page or chore, and the way out."""

    code: str
    about: str
    sentence: str
    remedy: str


class DebtAnswer(Shape):
    """``runbook debt``."""

    debts: tuple[DebtLine, ...]


class ChoreRun(Shape):
    """One run of a chore that is open: when it is due, whose it is, through how many hands it went, how late it is."""

    about: str
    opened_at: Instant
    due_at: Instant
    late: bool
    people: tuple[str, ...]
    carried_over: int
    issue: str | None
    why: str


class ChoreLine(Shape):
    """One chore: ``next_at`` is null for one on request; ``last_outcome`` is how its newest ended run ended."""

    chore: str
    title: str
    role: str
    priority: str | None
    runbook: str | None
    schedule: str
    next_at: Instant | None
    last_outcome: str | None
    last_at: Instant | None
    missed_in_a_row: int
    open: tuple[ChoreRun, ...]


class ChoresAnswer(Shape):
    """``chores``: by chore."""

    at: Instant
    chores: tuple[ChoreLine, ...]
