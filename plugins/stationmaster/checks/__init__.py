"""Checks that run by themselves, where a machine can look in place of a person (T-13, T-16, D-17, D-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.checks.finding import Finding

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import CheckConfig
    from stationmaster.work.context import Desk

__all__ = ["Finding", "run"]


def run(desk: Desk, check: CheckConfig, about: str) -> Finding:
    """Take one look, and say what was found. Nothing that the outside does makes this raise.

    :param about: what it is looked at for, such as ``threefold.chores.backups/2026-11-02``: measurements name it.
    """
    from stationmaster.checks.looking import look

    return look(desk, check, about)
