"""What can be told of a team's repositories without a person: the files they must have, and whether CI is red."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from stationmaster.checks.finding import Finding, bad, fine, unknown
from stationmaster.core.escaping import one_line

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import FilesCheck, WorkflowsCheck
    from stationmaster.hooks.forge_models import Run
    from stationmaster.work.context import Desk

RED = frozenset({"failure", "timed_out", "startup_failure"})


def files(desk: Desk, check: FilesCheck) -> Finding:
    """Judge whether each repository has each file at its root, and something in it (T-16)."""
    every = check.repositories or desk.team.repositories
    missing: list[str] = []
    if not every:
        return unknown("the team's file names no repositories")
    for repository in every:
        there = desk.forge.root_files(repository)
        missing += [
            f"{repository} has no {pattern.rstrip('*.')}"
            for pattern in check.files
            if not any(size and fnmatchcase(name.lower(), pattern.lower()) for name, size in there.items())
        ]
    if missing:
        return bad("; ".join(missing), ", ".join(every))
    wanted = " and ".join(pattern.rstrip("*.") for pattern in check.files)
    return fine(f"{len(every)} repositories have {wanted}", ", ".join(every))


def workflows(desk: Desk, check: WorkflowsCheck) -> Finding:
    """Judge the newest finished run of each workflow on the branch; what was cancelled says nothing (D-23)."""
    every = check.repositories or desk.team.repositories
    red: list[tuple[str, Run]] = []
    seen = 0
    for repository in every:
        newest: dict[str, Run] = {}
        for run in desk.forge.finished_runs(repository, check.branch):
            if run.conclusion in ("cancelled", "skipped") or run.workflow in check.ignore:
                continue
            newest.setdefault(run.workflow or run.title, run)
        seen += len(newest)
        red += [(repository, run) for run in newest.values() if run.conclusion in RED]
    if red:
        told = "; ".join(f"{one_line(run.workflow or run.title)} of {name} is red" for name, run in red)
        return bad(told, " ".join(run.url for _, run in red))
    if not seen:
        return unknown(f"no workflow has come to its end on {check.branch}", ", ".join(every))
    return fine(f"{seen} workflows on {check.branch} are green", ", ".join(every))
