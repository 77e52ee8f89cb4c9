"""The columns of a team's board, as labels of issues: what is tested where, and what keeps a promotion (C-36).

Which issues move is written down once: when the manifest is pinned for the cut, when production runs all of it for the
promotion. What comes to a column later waits for the next train; what a person moves meanwhile stays where they put it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName
from stationmaster.core.gates import Standing
from stationmaster.core.rule_gates import column_gate
from stationmaster.departures.obstacles import conducted_by
from stationmaster.hooks.errors import ForgeError
from stationmaster.work.obstacles import passed

if TYPE_CHECKING:
    from stationmaster.config.board import Board
    from stationmaster.departures.station import Station

LISTED = "board_listed"
"""The fact that says which issues move after a stop: subject the stop, value ``{"issues": [[repository, number]]}``."""


def standing(station: Station) -> Standing:
    """Return whether nothing on the board is untested; a repository that cannot be read keeps the gate shut."""
    board = station.train.board
    if board is None:
        return passed("board")
    untested: list[str] = []
    unread: dict[str, str] = {}
    for repository in board.repositories:
        try:
            found = station.forge.open_issues(repository, (board.test,))
            untested += [f"{repository}#{issue.number}" for issue in found]
        except ForgeError as error:
            unread[repository] = str(error).strip().rstrip(".")
    return column_gate(untested, unread, column=board.test, who=conducted_by(station))


def note(station: Station, departure: str, stop: StopName) -> tuple[tuple[str, int], ...]:
    """Write down, once, which issues move after a stop, and return them.

    :raises ForgeError: a repository cannot be read.
    """
    board = station.train.board
    if board is None:
        return ()
    known = station.ledger.fact(departure, LISTED, stop)
    if known is None:
        column = column_of(board, stop)
        issues = [
            [repository, issue.number]
            for repository in board.repositories
            for issue in station.forge.open_issues(repository, (column,))
        ]
        value = {"issues": issues}
        known = station.ledger.record_once(departure, LISTED, stop, value, station.now(), "stationmaster")
    return tuple((str(repository), int(number)) for repository, number in known.value["issues"])


def column_of(board: Board, stop: StopName) -> str:
    """Return the column from which a stop's issues move on."""
    return board.cut if stop == "cut" else board.promote
