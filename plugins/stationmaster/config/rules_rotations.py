"""Rotations that can never work, changes that mean nothing, and files that differ from the lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake
from stationmaster.config.roster import RotationEntry
from stationmaster.config.rotations_lock import NAME, LockFile, written_digest
from stationmaster.config.team import TeamConfig
from stationmaster.core.instants import UncertainTime, exact_instant
from stationmaster.core.rotations.changes import contradictions
from stationmaster.core.rotations.roles import RoleImpossible


def rotation_mistakes(team: TeamConfig) -> list[Mistake]:
    """Return what is wrong with a team's rotations; who is on call is asked only where nothing is."""
    found: list[Mistake] = []
    for name, entry in team.roster.items():
        first = [*_without_people(name, entry), *_moments(name, entry, entry.zone or team.zone)]
        found += first or [*_impossible(team, name), *_contradictions(name, entry, entry.zone or team.zone)]
    return found


def unlocked(team: TeamConfig, lock: LockFile) -> list[Mistake]:
    """Return the rotations whose file says something else than their newest locked revision (R67)."""
    experience = {name: person.experience for name, person in team.people.items()}
    found = []
    for name, entry in team.roster.items():
        says = lock.says(f"{team.id}.{name}")
        if says is not None and says != written_digest(entry, team.zone, experience):
            found.append(
                of_rotation(
                    "rotation_not_locked",
                    (name,),
                    f"the rotation {name!r} is not what {NAME} says: its past would change",
                    f"Run stationmaster lock {team.id} to see who is affected, and to add a revision.",
                )
            )
    return found


def of_rotation(code: str, loc: Loc, message: str, remedy: str, value: str = "") -> Mistake:
    """Return a mistake in a team's rotations file.

    :param loc: from the rotation's name on.
    """
    return Mistake(code, ("rotations", *loc), message, remedy, value, source="rotations")


def _without_people(name: str, entry: RotationEntry) -> Iterator[Mistake]:
    if not any(entry.members):
        yield of_rotation(
            "rotation_empty",
            (name, "members"),
            f"the rotation {name!r} has no members: nobody would ever be on call",
            "List at least one person.",
        )
    elif not entry.roles:
        yield of_rotation(
            "rotation_without_roles",
            (name, "roles"),
            f"the rotation {name!r} has no roles: its members would hold nothing",
            "Write at least one, such as primary with turn: 0.",
        )


def _moments(name: str, entry: RotationEntry, zone: str) -> Iterator[Mistake]:
    """Local times that do not exist or come twice, and spans that end before they start."""
    spans: list[tuple[Loc, datetime, datetime]] = [
        ((name, "overrides", place), each.start, each.end) for place, each in enumerate(entry.overrides)
    ]
    for place, temporary in enumerate(entry.temporary):
        spans.append(((name, "temporary", place), temporary.start, temporary.end))
        spans += [
            ((name, "temporary", place, "shifts", index), each.start, each.end)
            for index, each in enumerate(temporary.shifts)
        ]
    for loc, start, end in spans:
        uncertain = [*_uncertain((*loc, "start"), start, zone), *_uncertain((*loc, "end"), end, zone)]
        yield from uncertain
        if not uncertain and exact_instant(end, zone) <= exact_instant(start, zone):
            yield of_rotation(
                "span_backwards", (*loc, "end"), "it ends before it starts", "Write an end that is later than start."
            )


def _uncertain(loc: Loc, moment: datetime, zone: str) -> Iterator[Mistake]:
    try:
        exact_instant(moment, zone)
    except UncertainTime as error:
        what, _, remedy = str(error).partition(". ")
        yield of_rotation("moment_unclear", loc, what, remedy, moment.isoformat())


def _impossible(team: TeamConfig, name: str) -> Iterator[Mistake]:
    """A rotation has a different person for each role at any instant (C-05), and a fit one (N-04)."""
    try:
        team.rotations[name].check()
    except RoleImpossible as clash:
        yield of_rotation(
            "rotation_too_small",
            (name, "roles"),
            f"{' and '.join(clash.roles)}: {clash.why}",
            "Add members, or change the roles.",
        )


def _contradictions(name: str, entry: RotationEntry, zone: str) -> Iterator[Mistake]:
    """Two overrides of equal rank that say different things about one time: one of them is not obeyed (R27)."""
    for found in contradictions(entry.written_changes(zone).overrides):
        place = int(found.loser.id.removeprefix("file-"))
        yield of_rotation(
            "override_contradicted",
            (name, "overrides", place),
            f"it contradicts override {int(found.winner.id.removeprefix('file-'))} of the list, which has the same "
            f"priority, from {found.start.isoformat()} to {found.end.isoformat()}",
            "Give one of them a higher priority, or let them not overlap.",
        )
