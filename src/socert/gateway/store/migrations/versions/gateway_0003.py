"""Tables for files that travel with messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the change."""
    op.add_column("outbox", sa.Column("content_type", sa.String(300), nullable=True))
    op.add_column("outbox", sa.Column("files", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "inbox_file",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=True),
        sa.Column("content_id", sa.String(255), nullable=True),
        sa.Column("name", sa.String(255), nullable=True),
        sa.Column("mime_type", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(100), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_file")),
    )
    op.create_index(op.f("ix_inbox_file_inbox_id"), "inbox_file", ["inbox_id"])
    op.create_index(op.f("ix_inbox_file_state_next_try_at"), "inbox_file", ["state", "next_try_at"])
    op.create_table(
        "outbox_file",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("mime_type", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=True),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_file")),
    )
    op.create_index(op.f("ix_outbox_file_message_id"), "outbox_file", ["message_id"])
    op.create_index(op.f("ix_outbox_file_kept"), "outbox_file", ["kept"])
