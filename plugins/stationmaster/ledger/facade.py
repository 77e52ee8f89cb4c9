"""The ledger, whole. Everything above it uses this class and the values in ``records``, never a table."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from stationmaster import clock
from stationmaster.ledger import schema
from stationmaster.ledger.audit import Audit
from stationmaster.ledger.ballots import Ballots
from stationmaster.ledger.blockers import Blockers
from stationmaster.ledger.departures import Departures
from stationmaster.ledger.effects import Effects
from stationmaster.ledger.engine import engine_at
from stationmaster.ledger.facts import Facts
from stationmaster.ledger.locks import Locks
from stationmaster.ledger.runs import Runs
from stationmaster.ledger.store import answering


class Ledger(Departures, Facts, Effects, Ballots, Locks, Blockers, Runs, Audit):
    """The durable record of releases. Cheap to make, safe to share between threads, and to use after a fork.

    Instants that go in name a zone; those that come out are in UTC. A prefix is a path: ``a/b`` finds ``a/b`` and
    ``a/b/c``, never ``a/bc``; an empty one finds everything. ``by`` is the person or the task that the audit names.
    """

    @classmethod
    def at(cls, url: str, *, through: str = "") -> Self:
        """Return the ledger at a URL, ``sqlite:////path/to/ledger.db`` or ``postgresql://…``.

        :param through: who writes in other people's names; empty where Airflow or Slack proves who acts.
        :raises LedgerUrlInvalid: the URL is malformed, or names a database that processes cannot share.
        """
        engine_at(url)
        ledger = cls(url)
        ledger.through = through
        return ledger

    def learn(self) -> None:
        """Ask what steps ask, of a departure that does not exist, and keep no connection.

        SQLAlchemy learns how the server is to be spoken to and how each query is said; whoever is forked after this has
        learned it, too.

        :raises LedgerNotMigrated, LedgerTooNew: the database does not have this release's schema.
        :raises LedgerUnreachable: it does not answer.
        """
        nothing = "-"
        try:
            self.departure(nothing)
            self.newest_round(nothing)
            self.ballots(nothing)
            self.blockers(nothing)
            self.effect(nothing)
            self.lock(nothing)
            self.bound(nothing, nothing)
            self.version(nothing)
            self.fact(nothing, nothing)
            for told in ((), (nothing,), (nothing, nothing)):
                self.facts(nothing, *told)
        finally:
            self._engine.dispose()

    def migrate(self, now: datetime | None = None) -> bool:
        """Create the tables or bring them up to date; return whether anything was to do. Safe when processes race.

        :raises LedgerTooNew: a newer release did so already (F69).
        :raises LedgerUnreachable: the database does not answer.
        """
        with answering(self._engine):
            return schema.migrate(self._engine, now or clock.now())
