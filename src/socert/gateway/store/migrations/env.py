"""Alembic runs this: it applies migrations on the connection that `socert.gateway.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=context.config.attributes.get("metadata"), render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
