"""What people said in votes, and what their places no longer show. Counting is core's; here nothing changes (F11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.core.quorum import Ballot, Gone
from stationmaster.ledger.columns import prose, utc
from stationmaster.ledger.departures import existing_departure
from stationmaster.ledger.errors import UnknownRound
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import BALLOT_CAST, BALLOT_GONE, BallotEndRow, BallotRow

_LATER = {"place", "certain", "seen_at", "made_at"}
_READ = {"gone", "gone_at", "kept", "heard_at"}


class Ballots(Store):
    """Who said what about which manifest, where, when; and since when it is no longer shown there."""

    def cast(self, departure_id: str, round: int, ballot: Ballot, now: datetime | None = None) -> bool:  # noqa: A002
        """Keep a statement; return whether it is new. The same one seen again is the same row (F62).

        One that its place showed before, and no longer did in between, is another row.

        :param round: the round in which it was read; whether it counts is decided by its manifest.
        :param now: when it was read; when it was cast, by default.
        :raises UnknownDeparture: the departure was never opened.
        :raises UnknownRound: nothing is pinned under that number.
        """
        with self.reading() as session:
            if _standing(session, departure_id, ballot) is not None:
                return False
        with self.writing() as pen:
            departure = existing_departure(pen.session, departure_id)
            if not 1 <= round <= departure.round:
                raise UnknownRound(
                    f"{departure_id} has rounds 1 to {departure.round}, so none can vote in round {round}."
                )
            if _standing(pen.session, departure_id, ballot) is not None:
                return False
            said = ballot.model_dump(mode="python", exclude={*_READ, *_LATER})
            row = BallotRow(departure=departure_id, round=round, **said)
            row.cast_at = utc(ballot.cast_at)
            row.place = ballot.place or None
            row.certain = None if ballot.certain else False
            row.seen_at = None if ballot.seen_at is None else utc(ballot.seen_at)
            row.made_at = None if ballot.made_at is None else utc(ballot.made_at)
            pen.add(row, BALLOT_CAST, departure_id, at=now or ballot.cast_at, actor=ballot.voter or ballot.account)
            return True

    def take_away(self, departure_id: str, ballot: Ballot, gone: Gone, now: datetime) -> bool:
        """Keep that its place no longer shows a statement; return whether that is new.

        :param gone: whether only its author can have made it disappear.
        :raises UnknownDeparture: the departure was never opened.
        """
        with self.writing() as pen:
            existing_departure(pen.session, departure_id)
            row = _standing(pen.session, departure_id, ballot)
            if row is None:
                return False
            end = BallotEndRow(ballot=row.seq, departure=departure_id, gone=gone, at=utc(now))
            pen.add(end, BALLOT_GONE, departure_id, at=now, actor=ballot.voter or ballot.account)
            return True

    def ballots(self, departure_id: str, round: int | None = None) -> tuple[Ballot, ...]:  # noqa: A002
        """Return every statement of a departure (of one round) in the order of reading, with what became of it."""
        query = (
            select(BallotRow, BallotEndRow)
            .outerjoin(BallotEndRow, BallotEndRow.ballot == BallotRow.seq)
            .where(BallotRow.departure == departure_id)
            .order_by(BallotRow.seq)
        )
        if round is not None:
            query = query.where(BallotRow.round == round)
        with self.reading() as session:
            return tuple(_ballot(row, end) for row, end in session.execute(query))


def _standing(session: Session, departure_id: str, ballot: Ballot) -> BallotRow | None:
    """Return the row of a statement that its place still shows, None where there is none."""
    same = (
        select(BallotRow, BallotEndRow)
        .outerjoin(BallotEndRow, BallotEndRow.ballot == BallotRow.seq)
        .where(
            BallotRow.departure == departure_id,
            BallotRow.account == prose(ballot.account),
            BallotRow.channel == ballot.channel,
            BallotRow.choice == ballot.choice,
            BallotRow.manifest == ballot.manifest,
            BallotRow.cast_at == ballot.cast_at,
            BallotRow.place.is_(None) if not ballot.place else BallotRow.place == ballot.place,
            BallotRow.voter.is_(None) if ballot.voter is None else BallotRow.voter == ballot.voter,
        )
        .order_by(BallotRow.seq.desc())
        .limit(1)
    )
    newest = session.execute(same).first()
    return None if newest is None or newest.BallotEndRow is not None else newest.BallotRow


def _ballot(row: BallotRow, end: BallotEndRow | None) -> Ballot:
    fields = ("voter", "account", "channel", "choice", "manifest", "reason", "cast_at", "bot", "seen_at", "made_at")
    said = {field: getattr(row, field) for field in fields}
    said |= {"place": row.place or "", "certain": row.certain is not False, "kept": row.seq}
    if end is not None:
        said |= {"gone": end.gone, "gone_at": end.at}
    return Ballot.model_validate(said)
