"""Overrides that people make without editing a file (R24 … R28)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from stationmaster.core.instants import local_text
from stationmaster.core.rotations.changes import Changes, Override, OverrideType, contradictions
from stationmaster.oncall.errors import ChangeRefused, UnknownChange
from stationmaster.oncall.records import OverrideRecord, overrides_of, write

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger


def make(
    ledger: Ledger,
    team: TeamConfig,
    *,
    kind: OverrideType,
    role: str,
    comes: tuple[str, ...],
    goes: str | None,
    start: datetime,
    end: datetime,
    now: datetime,
    by: str,
    reason: str = "",
    priority: int = 0,
    asked_in: str = "",
) -> OverrideRecord:
    """Put an override in force.

    :param team: as it is in fact.
    :raises ChangeRefused: it means nothing, is over, or contradicts another one of equal rank.
    :raises NoSuchRole: no rotation has the role.
    """
    rotation = team.rotation_of(role)
    people_are_known(team, *comes, *([goes] if goes else []))
    span_is_ahead(start, end, now, rotation.zone)
    name = f"ov-{uuid4().hex[:8]}"
    try:
        override = Override(
            id=name,
            role=role,
            type=kind,
            people=comes,
            remove=goes,
            start=start,
            end=end,
            priority=priority,
            created_at=now,
        )
    except ValueError as error:
        raise ChangeRefused(
            _sentence(error), "Say who comes (set, replace, add) and who goes (replace, remove)."
        ) from error
    both = (*rotation.changes.overrides, override)
    for found in contradictions(both):
        if override in (found.winner, found.loser):
            other = found.loser if found.winner is override else found.winner
            raise ChangeRefused(
                f"the override {other.id} says something else from {local_text(found.start, rotation.zone)} to "
                f"{local_text(found.end, rotation.zone)}, with the same priority",
                "Withdraw it first, or give this one a higher priority.",
            )
    _leaves_somebody_apart(team, role, override)
    record = OverrideRecord(
        id=name,
        rotation=rotation.id,
        override=override,
        reason=reason,
        asked_by=by,
        asked_at=now,
        asked_in=asked_in,
    )
    write(ledger, f"{team.id}.{rotation.id}", record, now, by)
    return record


def withdraw(ledger: Ledger, team: TeamConfig, name: str, *, now: datetime, by: str) -> OverrideRecord:
    """Take an override back; what has been of it stays as it was.

    :raises UnknownChange: there is none of that id.
    :raises ChangeRefused: it is over, or withdrawn already.
    """
    for rotation in team.roster:
        key = f"{team.id}.{rotation}"
        for record in overrides_of(ledger, key):
            if record.id != name:
                continue
            if not record.in_force:
                raise ChangeRefused(f"{name} was withdrawn by {record.withdrawn_by} already", "Nothing is to be done.")
            if record.override.end <= now:
                raise ChangeRefused(f"{name} is over: the past does not change", "Nothing is to be done.")
            began = record.override.start <= now
            changed = record.model_copy(
                update={
                    "override": record.override.model_copy(update={"end": now}) if began else record.override,
                    "withdrawn_by": None if began else by,
                    "version": record.version + 1,
                }
            )
            if not write(ledger, key, changed, now, by):
                raise ChangeRefused(f"{name} was changed by somebody else just now", "Look at it again.")
            return changed
    raise UnknownChange(f"there is no override {name!r} in the ledger of {team.id}.")


def people_are_known(team: TeamConfig, *names: str) -> None:
    """Refuse people whom the team does not have, or who cannot be on call.

    :raises ChangeRefused: one of them is.
    """
    from stationmaster.config.mistakes import did_you_mean

    for name in names:
        person = team.people.get(name)
        if person is None:
            raise ChangeRefused(f"{name!r} is not in the team's people", did_you_mean(name, team.people))
        if person.bot or not person.active:
            what = "is a robot" if person.bot else "is no longer active"
            raise ChangeRefused(f"{name!r} {what} and cannot be on call", "Name somebody else.")


def span_is_ahead(start: datetime, end: datetime, now: datetime, zone: str) -> None:
    """Refuse a span that is empty or over.

    :raises ChangeRefused: it is.
    """
    if end <= start:
        raise ChangeRefused(
            f"it ends at {local_text(end, zone)}, and starts at {local_text(start, zone)}",
            "Write an end that is later than the start.",
        )
    if end <= now:
        raise ChangeRefused(f"it ended at {local_text(end, zone)}: the past does not change", "Write a later end.")


def one_role_each(team: TeamConfig, rotation: str, changes: Changes, start: datetime, end: datetime) -> None:
    """Refuse changes by which somebody would hold two roles of a rotation at one time (C-05).

    :raises ChangeRefused: somebody would.
    """
    changed = team.with_changes({**team.changes, rotation: changes}).rotations[rotation]
    alike = {role: rule.like for role, rule in changed.plan.newest.roles.items() if rule.like}
    own = [role for role in changed.roles if role not in alike]
    edges = {start, *(at for role in own for at in changed.schedule(role).edges(start, end) if start <= at < end)}
    for at in sorted(edges):
        held: dict[str, str] = {}
        for role in own:
            for person in changed.people_at(role, at):
                if held.setdefault(person, role) != role:
                    raise ChangeRefused(
                        f"{person} would be {held[person]} and {role} at {local_text(at, changed.zone)}",
                        "Name somebody else, or a shorter time.",
                    )


def _leaves_somebody_apart(team: TeamConfig, role: str, override: Override) -> None:
    rotation = team.rotation_of(role)
    present = team.changes.get(rotation.id, Changes())
    changes = present.joined(Changes(overrides=(override,)))
    one_role_each(team, rotation.id, changes, override.start, override.end)


def _sentence(error: ValueError) -> str:
    # pydantic wraps the validator's own words in a report of several lines.
    text = str(error)
    return text.split("Value error, ", 1)[1].split(" [", 1)[0] if "Value error, " in text else text
