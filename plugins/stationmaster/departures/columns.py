"""The columns of a team's board, as labels of issues: what is tested where, and what keeps a promotion (C-36).

Which issues move is written down once: when the manifest is pinned for the cut, when production runs all of it for the
promotion. What comes to a column later waits for the next train; what a person moves meanwhile stays where they put it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName
from stationmaster.core.gates import Standing
from stationmaster.core.rule_gates import column_gate
from stationmaster.core.value import Value
from stationmaster.departures.obstacles import conducted_by
from stationmaster.hooks.errors import ForgeError, ForgeNotFound
from stationmaster.work.effects import FREE, Receipt, perform
from stationmaster.work.obstacles import passed

if TYPE_CHECKING:
    from stationmaster.config.board import Board
    from stationmaster.departures.station import Station

LISTED = "board_listed"
"""The fact that says which issues move after a stop: subject the stop, value ``{"issues": [[repository, number]]}``."""


class Moved(Value):
    """One issue, and what became of it: ``moved``, ``closed``, or ``left`` where a person had put it elsewhere."""

    repository: str
    number: int
    how: str


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
        column = _column(board, stop)
        issues = [
            [repository, issue.number]
            for repository in board.repositories
            for issue in station.forge.open_issues(repository, (column,))
        ]
        value = {"issues": issues}
        known = station.ledger.record_once(departure, LISTED, stop, value, station.now(), "stationmaster")
    return tuple((str(repository), int(number)) for repository, number in known.value["issues"])


def move(station: Station, departure: str, stop: StopName) -> tuple[Moved, ...]:
    """Move what the stop has brought on: from staging to testing, from ready for production to closed; each once.

    Nothing moves unless the stop has ended well.

    :raises ForgeError, EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    from stationmaster.departures.releasing import RELEASED_AFTER

    board, found = station.train.board, station.ledger.departure(departure)
    if board is None or found is None or found.state not in RELEASED_AFTER[stop]:
        return ()
    if stop == "cut" and station.ledger.fact(departure, LISTED, stop) is None:
        return ()  # cut before the train had a board
    return tuple(_move(station, departure, board, stop, *issue) for issue in note(station, departure, stop))


def _move(station: Station, departure: str, board: Board, stop: StopName, repository: str, number: int) -> Moved:
    column, target = _column(board, stop), board.test if stop == "cut" else ""

    def act() -> Receipt:
        if not target:
            station.forge.close_issue(repository, number)
            return {"how": "closed"}
        station.forge.label_issue(repository, number, (target,))
        station.forge.unlabel_issue(repository, number, column)
        return {"how": "moved"}

    def look_up() -> Receipt | None:
        try:
            issue = station.forge.issue(repository, number)
        except ForgeNotFound:
            return {"how": "left"}
        if not target and issue.state == "closed":
            return {"how": "closed"}
        if column in issue.labels:
            return None
        return {"how": "moved" if target in issue.labels else "left"}

    key = f"{departure}/board/{stop}/{repository}#{number}"
    intent = {"repository": repository, "number": number, "from": column, "to": target or "closed"}
    receipt = perform(station, key, guard=FREE, intent=intent, act=act, look_up=look_up)
    return Moved(repository=repository, number=number, how=str(receipt["how"]))


def _column(board: Board, stop: StopName) -> str:
    return board.cut if stop == "cut" else board.promote
