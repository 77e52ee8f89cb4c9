"""The issues of a departure move on, on the board of its train, once its stop has ended well (C-36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.transitions import allows
from stationmaster.core.value import Value
from stationmaster.departures import columns
from stationmaster.departures.acts import DepartureGuard
from stationmaster.departures.columns import column_of
from stationmaster.departures.releasing import RELEASE_ACTS
from stationmaster.hooks.errors import ForgeNotFound
from stationmaster.work.effects import Receipt, perform

if TYPE_CHECKING:
    from stationmaster.config.board import Board
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station


class Moved(Value):
    """One issue, and what became of it: ``moved``, ``closed``, or ``left`` where a person had put it elsewhere."""

    repository: str
    number: int
    how: str


def move(station: Station, departure: str, stop: StopName) -> tuple[Moved, ...]:
    """Move what the stop has brought on: from staging to testing, from ready for production to closed; each once.

    Nothing moves unless the stop has ended well.

    :raises ForgeError, EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    board, found = station.train.board, station.ledger.departure(departure)
    if board is None or found is None or not allows(found.state, RELEASE_ACTS[stop]):
        return ()
    if stop == "cut" and station.ledger.fact(departure, columns.LISTED, stop) is None:
        return ()  # cut before the train had a board
    return tuple(_move(station, departure, board, stop, *issue) for issue in columns.note(station, departure, stop))


def _move(station: Station, departure: str, board: Board, stop: StopName, repository: str, number: int) -> Moved:
    column, target = column_of(board, stop), board.test if stop == "cut" else ""

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
    guard = DepartureGuard(station, departure, RELEASE_ACTS[stop], why="moving its issues on")
    receipt = perform(station, key, guard=guard, intent=intent, act=act, look_up=look_up)
    return Moved(repository=repository, number=number, how=str(receipt["how"]))
