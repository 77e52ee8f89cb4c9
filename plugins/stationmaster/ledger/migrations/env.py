"""What Alembic runs. The connection comes from ``Ledger.migrate``, inside its transaction."""

from __future__ import annotations

from alembic import context

from stationmaster.ledger.tables import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
