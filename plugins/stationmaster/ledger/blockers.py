"""Why things wait right now. Every waiting task keeps its blockers here, so that all channels explain it alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.core.blockers import Blocker
from stationmaster.ledger.columns import utc
from stationmaster.ledger.store import Store, below
from stationmaster.ledger.tables import BlockerRow


class Blockers(Store):
    """The blockers of every task that waits."""

    def set_blockers(
        self, subject: str, blockers: Iterable[Blocker], now: datetime, by: str = "stationmaster"
    ) -> tuple[Blocker, ...]:
        """Replace the blockers of a subject and return them with ``since`` filled in.

        A blocker (told apart by its code and its own subject) that was there keeps its ``since``; a new one has
        its own, or ``now``. Where nothing changed nothing is written, so that a sensor may call this at every poll.

        :param subject: such as ``cellxgene.weekly/2026-W34/promote/quorum``.
        """
        return self._replace(subject, blockers, now, by, renewing=False)

    def renew_blockers(
        self, subject: str, blockers: Iterable[Blocker], now: datetime, by: str = "stationmaster"
    ) -> tuple[Blocker, ...]:
        """Replace the blockers of a subject that has some, as :meth:`set_blockers` does; else return none.

        For whoever looks in the place of a task: a look that ends after the task went on brings back nothing.
        """
        return self._replace(subject, blockers, now, by, renewing=True)

    def _replace(
        self, subject: str, blockers: Iterable[Blocker], now: datetime, by: str, *, renewing: bool
    ) -> tuple[Blocker, ...]:
        wanted = {(blocker.code, blocker.subject): blocker for blocker in blockers}

        def is_done(present: dict[tuple[str, str], Blocker]) -> bool:
            return _same(present, wanted) or (renewing and not present)

        with self.reading() as session:
            present = _present(session, subject)
        if is_done(present):
            return tuple(present.values())
        with self.writing() as pen:
            present = _present(pen.session, subject)
            if is_done(present):
                return tuple(present.values())
            kept = {name: _since(blocker, present.get(name), now) for name, blocker in wanted.items()}
            for row in pen.session.scalars(select(BlockerRow).where(BlockerRow.subject == subject)):
                pen.session.delete(row)
            pen.session.flush()
            for place, ((code, about), blocker) in enumerate(kept.items()):
                body = blocker.model_dump(mode="json")
                row = BlockerRow(subject=subject, code=code, about=about, place=place, body=body)
                row.since = blocker.since or utc(now)
                pen.session.add(row)
            told = [f"{code} {about}".strip() for code, about in kept]
            sentences = [blocker.sentence for blocker in kept.values()]
            pen.note("blockers.set", subject, {"blockers": told, "sentences": sentences}, at=now, actor=by)
            return tuple(kept.values())

    def blockers(self, prefix: str = "") -> dict[str, tuple[Blocker, ...]]:
        """Return the blockers of ``prefix`` and of everything below it, by subject."""
        query = (
            select(BlockerRow).where(below(BlockerRow.subject, prefix)).order_by(BlockerRow.subject, BlockerRow.place)
        )
        found: dict[str, tuple[Blocker, ...]] = {}
        with self.reading() as session:
            for row in session.scalars(query):
                found[row.subject] = (*found.get(row.subject, ()), _blocker(row))
        return found


def _present(session: Session, subject: str) -> dict[tuple[str, str], Blocker]:
    rows = session.scalars(select(BlockerRow).where(BlockerRow.subject == subject).order_by(BlockerRow.place))
    return {(row.code, row.about): _blocker(row) for row in rows}


def _same(present: dict[tuple[str, str], Blocker], wanted: dict[tuple[str, str], Blocker]) -> bool:
    def timeless(blockers: dict[tuple[str, str], Blocker]) -> list[Blocker]:
        return [blocker.model_copy(update={"since": None}) for blocker in blockers.values()]

    return timeless(present) == timeless(wanted)


def _since(blocker: Blocker, before: Blocker | None, now: datetime) -> Blocker:
    since = before.since if before is not None else blocker.since or utc(now)
    return blocker.model_copy(update={"since": since})


def _blocker(row: BlockerRow) -> Blocker:
    return Blocker.model_validate(row.body)
