"""The tables. Rows that are only ever added are numbered by the line of the audit that records them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stationmaster.ledger.columns import Document, Instant, Prose

TABLE_PREFIX = "ledger_"
VERSION_TABLE = "ledger_version"
# The newest migration. Revisions are numbered, so that a process can tell older from newer without loading Alembic.
SCHEMA = "0003"

# The lines that record a row which never changes.
BALLOT_CAST = "ballot.cast"
BALLOT_GONE = "ballot.gone"
FACT_RECORDED = "fact.recorded"
MANIFEST_PINNED = "manifest.pinned"
MANIFEST_REJECTED = "manifest.rejection"
RUN_BOUND = "run.bound"

# SQLite numbers a row by itself only when the key is INTEGER; PostgreSQL needs eight bytes spelt out.
Sequence = BigInteger().with_variant(Integer, "sqlite")


# Marks a column that a later migration added: it is null in the rows before it, and their lines do not know it.
LATER: dict[Any, Any] = {"later": True}


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pk",
            "fk": "%(table_name)s_%(column_0_N_name)s_fk",
            "uq": "%(table_name)s_%(column_0_N_name)s_once",
            "ix": "%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: Document, str: Text, int: Integer}  # noqa: RUF012


class WitnessedRow(Base):
    """A row that never changes, and that the line of the audit with its number repeats."""

    __abstract__ = True
    seq: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=False, sort_order=-1)


class IdentityRow(Base):
    """The one row that says which ledger this is, and where its audit ends."""

    __tablename__ = "ledger_identity"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(Sequence)
    hash: Mapped[str]


class AuditRow(Base):
    __tablename__ = "ledger_audit"
    seq: Mapped[int] = mapped_column(Sequence, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(Prose)
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(Prose, index=True)
    body: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class DepartureRow(Base):
    __tablename__ = "ledger_departures"
    id: Mapped[str] = mapped_column(primary_key=True)
    train: Mapped[str]
    week: Mapped[str]
    state: Mapped[str]
    round: Mapped[int]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(Prose)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(Prose)
    why: Mapped[str] = mapped_column(Prose)
    __table_args__ = (UniqueConstraint("train", "week"),)


class RoundRow(WitnessedRow):
    __tablename__ = "ledger_rounds"
    departure: Mapped[str] = mapped_column(ForeignKey("ledger_departures.id"))
    number: Mapped[int]
    manifest: Mapped[str]
    passengers: Mapped[dict[str, Any]]
    pinned_at: Mapped[datetime]
    pinned_by: Mapped[str] = mapped_column(Prose)
    __table_args__ = (UniqueConstraint("departure", "number"),)


class RunRow(WitnessedRow):
    """What a DAG run is about: written once, when the run opens it. Names and XComs of runs are texts that change."""

    __tablename__ = "ledger_runs"
    dag: Mapped[str]
    run: Mapped[str] = mapped_column(Prose)
    part: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    marks: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Prose)
    __table_args__ = (UniqueConstraint("dag", "run", "part", name="ledger_runs_once"),)


class RejectionRow(WitnessedRow):
    """The newest row of a manifest decides: rejected, or cleared again by a person."""

    __tablename__ = "ledger_rejections"
    manifest: Mapped[str] = mapped_column(index=True)
    rejected: Mapped[bool]
    reason: Mapped[str] = mapped_column(Prose)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Prose)


class FactRow(WitnessedRow):
    __tablename__ = "ledger_facts"
    departure: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    value: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Prose)
    once: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("departure", "once", name="ledger_facts_once"),
        Index(None, "departure", "kind", "subject"),
    )


class EffectRow(Base):
    """``acting_since`` is set while an attempt may have acted; ``owner`` and ``lease_until`` while one is at work."""

    __tablename__ = "ledger_effects"
    key: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    intent: Mapped[dict[str, Any]]
    receipt: Mapped[dict[str, Any] | None]
    attempts: Mapped[int]
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    acting_since: Mapped[datetime | None]
    intended_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class BallotRow(WitnessedRow):
    """One statement in one place. ``place`` is null where it cannot disappear, and in rows before schema 0003."""

    __tablename__ = "ledger_ballots"
    departure: Mapped[str] = mapped_column(ForeignKey("ledger_departures.id"))
    round: Mapped[int]
    voter: Mapped[str | None]
    account: Mapped[str]
    channel: Mapped[str]
    choice: Mapped[str]
    manifest: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Prose)
    cast_at: Mapped[datetime]
    bot: Mapped[bool]
    place: Mapped[str | None] = mapped_column(info=LATER)
    certain: Mapped[bool | None] = mapped_column(info=LATER)
    seen_at: Mapped[datetime | None] = mapped_column(info=LATER)
    made_at: Mapped[datetime | None] = mapped_column(info=LATER)
    __table_args__ = (Index(None, "departure"),)


class BallotEndRow(WitnessedRow):
    """That a place no longer shows a statement: ``ballot`` is the number of its row."""

    __tablename__ = "ledger_ballot_ends"
    ballot: Mapped[int] = mapped_column(Sequence, ForeignKey("ledger_ballots.seq"), unique=True)
    departure: Mapped[str] = mapped_column(ForeignKey("ledger_departures.id"), index=True)
    gone: Mapped[str]
    at: Mapped[datetime]


class LockRow(Base):
    """A row outlives its release, so that the fence never falls back. Nobody holds it while ``holder`` is null."""

    __tablename__ = "ledger_locks"
    name: Mapped[str] = mapped_column(primary_key=True)
    fence: Mapped[int]
    holder: Mapped[str | None]
    reason: Mapped[str] = mapped_column(Prose)
    since: Mapped[datetime]


class BlockerRow(Base):
    __tablename__ = "ledger_blockers"
    subject: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    since: Mapped[datetime]
    body: Mapped[dict[str, Any]]
