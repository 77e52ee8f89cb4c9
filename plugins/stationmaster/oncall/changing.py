"""The team as it is in fact: with the overrides in force and the accepted swaps of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.rotations.changes import Changes
from stationmaster.oncall.records import SwapStatus, overrides_of, swaps_of

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger


def in_fact(team: TeamConfig, ledger: Ledger) -> TeamConfig:
    """Return the team with whatever people changed in its rotations without changing its files."""
    found = {name: changes_of(ledger, f"{team.id}.{name}") for name in team.roster}
    return team.with_changes({name: changes for name, changes in found.items() if changes != Changes()})


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
