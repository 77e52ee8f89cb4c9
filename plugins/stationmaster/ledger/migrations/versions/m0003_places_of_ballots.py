"""Where a statement of a vote stands, whether its instant is known, and that its place no longer shows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table; a place may say the same thing again at the same instant."""
    with op.batch_alter_table("ledger_ballots") as batch:
        batch.add_column(sa.Column("place", sa.Text(), nullable=True))
        batch.add_column(sa.Column("certain", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("seen_at", INSTANT, nullable=True))
        batch.add_column(sa.Column("made_at", INSTANT, nullable=True))
        batch.drop_constraint("ledger_ballots_once", type_="unique")
        batch.create_index(op.f("ledger_ballots_departure"), ["departure"], unique=False)
    op.create_table(
        "ledger_ballot_ends",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("ballot", SEQUENCE, nullable=False),
        sa.Column("departure", sa.Text(), nullable=False),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["ballot"], ["ledger_ballots.seq"], name=op.f("ledger_ballot_ends_ballot_fk")),
        sa.ForeignKeyConstraint(["departure"], ["ledger_departures.id"], name=op.f("ledger_ballot_ends_departure_fk")),
        sa.PrimaryKeyConstraint("seq", name=op.f("ledger_ballot_ends_pk")),
        sa.UniqueConstraint("ballot", name=op.f("ledger_ballot_ends_ballot_once")),
    )
    op.create_index(op.f("ledger_ballot_ends_departure"), "ledger_ballot_ends", ["departure"], unique=False)
