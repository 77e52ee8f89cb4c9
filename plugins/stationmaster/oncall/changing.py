"""The team as it is in fact: with the overrides in force, the accepted swaps and the sources' answers of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.rotations.changes import Changes
from stationmaster.oncall.answers import absences_of, answers_of, known
from stationmaster.oncall.records import SwapStatus, overrides_of, swaps_of

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger


def in_fact(team: TeamConfig, ledger: Ledger) -> TeamConfig:
    """Return the team with whatever people changed in its rotations without changing its files."""
    found = {}
    for name, entry in team.roster.items():
        changes = changes_of(ledger, f"{team.id}.{name}")
        if entry.decided_roles:
            kept = answers_of(ledger, f"{team.id}.{name}")
            answers = tuple(known(role, kept.get(role, ())) for role in entry.decided_roles)
            changes = changes.model_copy(update={"known": answers})
        if changes != Changes():
            found[name] = changes
    changed = team.with_changes(found)
    if team.away is None:
        return changed
    return changed.model_copy(update={"known_absences": absences_of(ledger, team.id)})


def changes_of(ledger: Ledger, key: str) -> Changes:
    """Return what is in force of one rotation.

    :param key: ``<team>.<rotation>``.
    """
    return Changes(
        overrides=tuple(record.override for record in overrides_of(ledger, key) if record.in_force),
        covers=tuple(
            cover for record in swaps_of(ledger, key) if record.status is SwapStatus.ACCEPTED for cover in record.covers
        ),
    )
