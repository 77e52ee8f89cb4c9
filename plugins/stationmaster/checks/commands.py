"""A program that is run in place of a person's look."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from stationmaster import clock
from stationmaster.checks.answers import judged, shown
from stationmaster.checks.finding import Finding, bad, unknown
from stationmaster.hooks.programs import run

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import CommandCheck
    from stationmaster.work.context import Desk


def look(desk: Desk, check: CommandCheck) -> Finding:
    """Run the program and judge what it printed."""
    name = PurePath(check.argv[0]).name
    if clock.is_virtual():
        return unknown(f"{name} is not run in a rehearsal: nobody knows what it would speak to")
    ran = run(check.argv, check.timeout)
    if ran.code is None:
        return unknown(f"{name} {ran.why}", shown(ran.text))
    if ran.code != 0:
        return bad(f"{name} left with {ran.code}", shown(ran.text))
    return judged(ran.text, check.answer, desk.now(), source=name)
