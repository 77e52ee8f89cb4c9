"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "ledger_audit",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("ledger_audit_pk")),
    )
    op.create_index(op.f("ledger_audit_at"), "ledger_audit", ["at"], unique=False)
    op.create_index(op.f("ledger_audit_subject"), "ledger_audit", ["subject"], unique=False)
    op.create_table(
        "ledger_blockers",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "code", "about", name=op.f("ledger_blockers_pk")),
    )
    op.create_table(
        "ledger_departures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("train", sa.Text(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_departures_pk")),
        sa.UniqueConstraint("train", "week", name=op.f("ledger_departures_train_week_once")),
    )
    op.create_table(
        "ledger_effects",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("intent", sa.JSON(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("acting_since", INSTANT, nullable=True),
        sa.Column("intended_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("ledger_effects_pk")),
    )
    op.create_table(
        "ledger_facts",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("departure", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("once", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("ledger_facts_pk")),
        sa.UniqueConstraint("departure", "once", name="ledger_facts_once"),
    )
    op.create_index(
        op.f("ledger_facts_departure_kind_subject"), "ledger_facts", ["departure", "kind", "subject"], unique=False
    )
    op.create_table(
        "ledger_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_identity_pk")),
    )
    op.create_table(
        "ledger_locks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("ledger_locks_pk")),
    )
    op.create_table(
        "ledger_rejections",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("rejected", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("ledger_rejections_pk")),
    )
    op.create_index(op.f("ledger_rejections_manifest"), "ledger_rejections", ["manifest"], unique=False)
    op.create_table(
        "ledger_ballots",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("departure", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("voter", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cast_at", INSTANT, nullable=False),
        sa.Column("bot", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["departure"], ["ledger_departures.id"], name=op.f("ledger_ballots_departure_fk")),
        sa.PrimaryKeyConstraint("seq", name=op.f("ledger_ballots_pk")),
        sa.UniqueConstraint(
            "departure", "account", "channel", "choice", "manifest", "cast_at", name="ledger_ballots_once"
        ),
    )
    op.create_table(
        "ledger_rounds",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("departure", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("passengers", sa.JSON(), nullable=False),
        sa.Column("pinned_at", INSTANT, nullable=False),
        sa.Column("pinned_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["departure"], ["ledger_departures.id"], name=op.f("ledger_rounds_departure_fk")),
        sa.PrimaryKeyConstraint("seq", name=op.f("ledger_rounds_pk")),
        sa.UniqueConstraint("departure", "number", name=op.f("ledger_rounds_departure_number_once")),
    )
