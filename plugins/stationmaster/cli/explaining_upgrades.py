"""``stationmaster explain <team>.dependencies``: why the dependency upgrades of a team wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.cli.answering import console, plain, refuse, show_json
from stationmaster.cli.reasons import show_reasons

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger


def explain_upgrades(team: TeamConfig, ledger: Ledger, *, as_json: bool) -> None:
    """Tell what this week's upgrade of each repository waits for, or how it ended."""
    from stationmaster.core.instants import local_text
    from stationmaster.upgrades.explaining import explain

    if team.upgrades is None:
        refuse(f"{team.id} has no upgrades in its file.")
    answer = explain(team, ledger)
    if as_json:
        show_json(answer)
        return
    out, zone = console(), team.upgrades.timetable(team.zone).zone
    out.print(f"{answer.area}, {local_text(answer.at, zone)}", style="bold")
    for found in answer.upgrades:
        out.print()
        state = f"ended as {found.outcome}: {plain(found.why or '')}" if found.outcome else "has not ended"
        out.print(f"{found.upgrade} {state}", style="bold", soft_wrap=True)
        if found.pull is not None:
            out.print(f"  pull request  {found.pull}", soft_wrap=True)
        show_reasons(out, found.blockers, answer.at, zone)
    out.print()
    out.print(f"The next upgrade begins {local_text(min(one.ends for one in answer.upgrades), zone)}.", soft_wrap=True)
