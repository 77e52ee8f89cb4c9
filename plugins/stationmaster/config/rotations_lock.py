"""``include/rotations/rotations.lock.json``: every revision of every rotation, so that the past never changes (R67).

A revision is never edited. What a file says today must be what its newest revision says; `stationmaster lock` adds a
revision when it is not. Each entry's digest covers the entry before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from stationmaster.config.base import ConfigModel
from stationmaster.config.roster import RotationEntry
from stationmaster.core.instants import Instant
from stationmaster.core.rotations.plan import Plan, Revision

NAME = "rotations.lock.json"
_IN_THE_PLAN = (
    "kind",
    "length",
    "handoff",
    "since",
    "clock",
    "working_days",
    "holidays",
    "off_days",
    "members",
    "first",
    "shuffle",
)


class LockBroken(ValueError):
    """The lock file cannot be read, or was edited by hand."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keep the sentence and the way out."""
        super().__init__(message, remedy)
        self.message, self.remedy = message, remedy

    def __str__(self) -> str:
        """Join both."""
        return f"{self.message}. {self.remedy}"


class LockedRevision(ConfigModel):
    """One revision, as it counts from its instant on.

    :param written: the digest of what the file said.
    :param digest: of the entry before this one and of this one.
    """

    revision: Revision
    written: str
    locked_at: Instant
    digest: str = ""

    def sealed(self, before: str) -> LockedRevision:
        """Return the same entry with the digest that belongs to it after another one."""
        body = self.model_dump_json(exclude={"digest"})
        return self.model_copy(update={"digest": hashlib.sha256(f"{before}\n{body}".encode()).hexdigest()})


class LockFile(ConfigModel):
    """The revisions of each rotation, by ``<team>.<rotation>``, in the order in which they take effect."""

    version: int = 1
    rotations: dict[str, tuple[LockedRevision, ...]] = Field(default_factory=dict)

    def revisions(self, key: str) -> tuple[Revision, ...]:
        """Return the revisions of a rotation; none where it was never locked."""
        return tuple(locked.revision for locked in self.rotations.get(key, ()))

    def says(self, key: str) -> str | None:
        """Return the digest of what the file said when the rotation was locked last, None if it never was."""
        several = self.rotations.get(key)
        return several[-1].written if several else None

    def with_revision(self, key: str, added: LockedRevision) -> LockFile:
        """Return the file with one more revision."""
        several = self.rotations.get(key, ())
        sealed = added.sealed(several[-1].digest if several else "")
        return self.model_copy(update={"rotations": {**self.rotations, key: (*several, sealed)}})


def read_lock(include: Path) -> LockFile:
    """Return the lock file; an empty one where there is none.

    :raises LockBroken: it cannot be read, or a revision in it was edited.
    """
    path = include / "rotations" / NAME
    if not path.exists():
        return LockFile()
    try:
        found = LockFile.model_validate_json(path.read_bytes())
    except (ValidationError, ValueError, OSError) as error:
        raise LockBroken(f"{NAME} cannot be read: {_first_line(error)}", "Restore it from version control.") from error
    for key, several in found.rotations.items():
        before = ""
        for place, locked in enumerate(several):
            if locked.sealed(before).digest != locked.digest:
                raise LockBroken(
                    f"revision {place} of {key} in {NAME} was edited: the past would change",
                    "Restore it from version control; a change is a new revision: stationmaster lock.",
                )
            before = locked.digest
        try:
            Plan(id=key, revisions=tuple(locked.revision for locked in several))
        except ValidationError as error:
            raise LockBroken(f"the revisions of {key} in {NAME} are out of order", "Restore it.") from error
    return found


def write_lock(include: Path, lock: LockFile) -> Path:
    """Write the lock file, the rotations sorted, so that a change is a small difference; the order of roles counts."""
    path = include / "rotations" / NAME
    ordered = lock.model_copy(update={"rotations": dict(sorted(lock.rotations.items()))})
    text = json.dumps(ordered.model_dump(mode="json"), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def written_digest(entry: RotationEntry, team_zone: str, experience: Mapping[str, int]) -> str:
    """Return the digest of what a file says of a rotation's plan. Titles, notices and hours are not of the plan."""
    plan: dict[str, Any] = entry.model_dump(mode="json", include=set(_IN_THE_PLAN))
    plan["zone"] = entry.zone or team_zone
    plan["roles"] = [[name, role.rule.model_dump(mode="json")] for name, role in entry.roles.items()]
    plan["experience"] = entry.revision(team_zone, experience).experience
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
