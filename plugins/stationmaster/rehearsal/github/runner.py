"""Workflow runs as time passes: queued, running, done, replaced in their group. Driven by the clock alone."""

from datetime import datetime, timedelta

from stationmaster.rehearsal.github.pipeline import job_ended, job_started
from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.state import RunRecord
from stationmaster.rehearsal.github.upgrading import open_upgrade

DONE = "completed"


def settle_runs(repository: Repository, now: datetime) -> None:
    """Carry every run forward to `now`, one transition after the other in the order of their instants."""
    while True:
        coming = [
            (at, run)
            for run in repository.record.runs.values()
            if (at := _next_transition(repository, run)) is not None and at <= now
        ]
        if not coming:
            return
        at, run = min(coming, key=lambda pair: (pair[0], pair[1].id))
        if run.status == "queued":
            _start(repository, run, at)
        else:
            finish(repository, run, run.wanted, at)


def finish(repository: Repository, run: RunRecord, conclusion: str, at: datetime) -> None:
    """End a run with a conclusion."""
    run.status, run.conclusion, run.updated_at, run.ends_at = DONE, conclusion, at, None
    job_ended(repository, run, at)
    if conclusion == "success":
        open_upgrade(repository, run, at)


def enqueue(repository: Repository, run: RunRecord, at: datetime) -> None:
    """Queue a run; an older one that still waits in the same group is replaced, which cancels it (F52)."""
    run.status, run.conclusion, run.queued_at, run.updated_at = "queued", None, at, at
    for other in list(repository.record.runs.values()):
        if other is not run and run.group and other.group == run.group and other.status == "queued":
            finish(repository, other, "cancelled", at)
    repository.record.runs[run.id] = run


def rescript(run: RunRecord, conclusion: str | None, duration: timedelta | None, stubborn: bool | None) -> None:
    """Change how a run that is not done yet will end; None leaves a thing as it is."""
    run.wanted = conclusion or run.wanted
    if stubborn is not None:
        run.stubborn = stubborn
    if duration is not None:
        run.duration = duration
        run.ends_at = run.started_at + duration if run.started_at else None


def _next_transition(repository: Repository, run: RunRecord) -> datetime | None:
    if run.status == DONE:
        return None
    if run.status != "queued":
        return run.ends_at
    ready = (run.queued_at or run.created_at) + run.queue
    if run.group is None:
        return ready
    group = [other for other in repository.record.runs.values() if other.group == run.group and other is not run]
    if any(other.status == "in_progress" for other in group):
        return None
    freed = [other.updated_at for other in group if other.status == DONE and other.updated_at is not None]
    return max([ready, *freed])


def _start(repository: Repository, run: RunRecord, at: datetime) -> None:
    run.status, run.started_at, run.updated_at, run.ends_at = "in_progress", at, at, at + run.duration
    job_started(repository, run, at)
