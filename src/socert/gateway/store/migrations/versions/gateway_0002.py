"""Tables for a certificate's life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the change."""
    _consents()


def _consents() -> None:
    """Make the tables of consents, of what they order, and of the acts that prove an erasure."""
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.String(50), nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=False),
        sa.Column("form", sa.String(30), nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_through", sa.String(20), nullable=True),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_certificate_guid"), "consent", ["certificate_guid"])
    op.create_table(
        "duty",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("act", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_state_kind_due"), "duty", ["state", "kind", "due"])
    op.create_index(op.f("ix_duty_certificate_guid_state"), "duty", ["certificate_guid", "state"])
    op.create_table(
        "act",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    op.create_index(op.f("ix_act_certificate_guid"), "act", ["certificate_guid"])


def downgrade() -> None:
    """Take it back."""
    for table in ("act", "duty", "consent"):
        op.drop_table(table)
