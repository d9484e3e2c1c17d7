"""What Alembic runs for each command; the connection, locked, comes from `maximalab_hub.migrations`."""

from __future__ import annotations

from alembic import context

from maximalab_hub.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=context.config.attributes["version_table"],
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
