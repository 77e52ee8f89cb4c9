"""Ballots as they were cast. Counting them is core's; here none is ever changed or lost (F11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.core.quorum import Ballot
from stationmaster.ledger.columns import prose, utc
from stationmaster.ledger.departures import existing_departure
from stationmaster.ledger.errors import UnknownRound
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import BALLOT_CAST, BallotRow


class Ballots(Store):
    """Who voted for what, through which channel, when."""

    def cast(self, departure_id: str, round: int, ballot: Ballot, now: datetime | None = None) -> bool:  # noqa: A002
        """Keep a ballot; return whether it is new. The same vote seen again is the same row (F62).

        :param round: the round in which it was read; whether it counts is decided by its manifest.
        :param now: when it was read; when it was cast, by default.
        :raises UnknownDeparture: the departure was never opened.
        :raises UnknownRound: nothing is pinned under that number.
        """
        with self.reading() as session:
            if _known(session, departure_id, ballot):
                return False
        with self.writing() as pen:
            departure = existing_departure(pen.session, departure_id)
            if not 1 <= round <= departure.round:
                raise UnknownRound(
                    f"{departure_id} has rounds 1 to {departure.round}, so none can vote in round {round}."
                )
            if _known(pen.session, departure_id, ballot):
                return False
            row = BallotRow(departure=departure_id, round=round, **ballot.model_dump(mode="python"))
            row.cast_at = utc(ballot.cast_at)
            pen.add(row, BALLOT_CAST, departure_id, at=now or ballot.cast_at, actor=ballot.voter or ballot.account)
            return True

    def ballots(self, departure_id: str, round: int | None = None) -> tuple[Ballot, ...]:  # noqa: A002
        """Return the ballots of a departure (of one round) in the order in which they were read."""
        query = select(BallotRow).where(BallotRow.departure == departure_id).order_by(BallotRow.seq)
        if round is not None:
            query = query.where(BallotRow.round == round)
        with self.reading() as session:
            return tuple(_ballot(row) for row in session.scalars(query))


def _known(session: Session, departure_id: str, ballot: Ballot) -> bool:
    same = select(BallotRow.seq).where(
        BallotRow.departure == departure_id,
        BallotRow.account == prose(ballot.account),
        BallotRow.channel == ballot.channel,
        BallotRow.choice == ballot.choice,
        BallotRow.manifest == ballot.manifest,
        BallotRow.cast_at == ballot.cast_at,
    )
    return session.scalars(same).first() is not None


def _ballot(row: BallotRow) -> Ballot:
    fields = ("voter", "account", "channel", "choice", "manifest", "reason", "cast_at", "bot")
    return Ballot.model_validate({field: getattr(row, field) for field in fields})
