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
    _account()
    _cases()
    _orders()
    _actions()
    _turns()
    _snapshots()


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


def _account() -> None:
    """Say of changes and of what is told which way they go; remember offers, orders of our own and the settings."""
    for table in ("change", "projection"):
        op.add_column(table, sa.Column("way", sa.String(12), server_default=sa.text("'account'"), nullable=False))
    op.add_column("projection", sa.Column("year", sa.Integer(), nullable=True))
    op.add_column("projection", sa.Column("child", sa.String(64), nullable=True))
    op.create_index(op.f("ix_projection_child"), "projection", ["child"])
    op.create_table(
        "offer_key",
        sa.Column("object_id", sa.String(50), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=False),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_offer_key")),
    )
    op.create_index(op.f("ix_offer_key_certificate_guid"), "offer_key", ["certificate_guid"])
    op.create_table(
        "elk_order",
        sa.Column("object_id", sa.String(50), nullable=False),
        sa.Column("order_number", sa.String(36), nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=False),
        sa.Column("elk_number", sa.String(50), nullable=True),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_elk_order")),
        sa.UniqueConstraint("order_number", name=op.f("uq_elk_order_order_number")),
    )
    op.create_index(op.f("ix_elk_order_certificate_guid"), "elk_order", ["certificate_guid"])
    op.create_table(
        "seen_settings",
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_seen_settings")),
    )


def _cases() -> None:
    """Make the table of what only a person may decide."""
    op.create_table(
        "case_",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("subject", sa.String(50), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=True),
        sa.Column("contract_id", sa.String(50), nullable=True),
        sa.Column("order_id", sa.String(50), nullable=True),
        sa.Column("rule", sa.String(30), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_")),
    )
    op.create_index(op.f("ix_case__kind_subject_state"), "case_", ["kind", "subject", "state"])
    op.create_index(op.f("ix_case__state_id"), "case_", ["state", "id"])


def _orders() -> None:
    """Make the tables of the portal's orders, of answers on their way, of texts and of calculations."""
    op.create_table(
        "portal_order",
        sa.Column("order_id", sa.String(20), nullable=False),
        sa.Column("message_type", sa.String(200), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("oktmo", sa.String(11), nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=True),
        sa.Column("contract_id", sa.String(50), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(20), nullable=True),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_portal_order")),
    )
    op.create_index(op.f("ix_portal_order_certificate_guid"), "portal_order", ["certificate_guid"])
    op.create_index(op.f("ix_portal_order_contract_id"), "portal_order", ["contract_id"])
    op.create_table(
        "answer",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("order_id", sa.String(20), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("certificate_guid", sa.String(50), nullable=True),
        sa.Column("personal", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("message_type", sa.String(200), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(50), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("bare", sa.Text(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_state_id"), "answer", ["state", "id"])
    op.create_index(op.f("ix_answer_order_id_state"), "answer", ["order_id", "state"])
    op.create_index(op.f("ix_answer_certificate_guid"), "answer", ["certificate_guid"])
    op.create_index(op.f("ix_answer_message_id"), "answer", ["message_id"])
    op.create_table(
        "order_text",
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("order_id", sa.String(20), nullable=False),
        sa.Column("incoming", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(256), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_order_text")),
    )
    op.create_index(op.f("ix_order_text_order_id"), "order_text", ["order_id"])
    op.create_table(
        "calculation",
        sa.Column("ref", sa.String(50), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_calculation")),
    )
    op.create_index(op.f("ix_calculation_expires_at"), "calculation", ["expires_at"])


def _actions() -> None:
    """Make the table of parents' decisions."""
    op.create_table(
        "action",
        sa.Column("action_id", sa.String(36), nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=True),
        sa.Column("result", sa.String(12), nullable=False),
        sa.Column("reason_code", sa.String(20), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("object_id", sa.String(50), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_certificate_guid"), "action", ["certificate_guid"])


def _turns() -> None:
    """Make the tables of 1 January: how far it has come, and what it could not turn."""
    op.create_table(
        "turn_run",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("after", sa.String(50), nullable=False),
        sa.Column("tally", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_turn_run")),
    )
    op.create_table(
        "turn_failure",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate_guid", sa.String(50), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year", "certificate_guid", name=op.f("pk_turn_failure")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_projection_child"), "projection")
    op.drop_column("projection", "child")
    op.drop_column("projection", "year")
    for table in ("change", "projection"):
        op.drop_column(table, "way")
    for table in (
        "difference",
        "snapshot_item",
        "snapshot",
        "turn_failure",
        "turn_run",
        "action",
        "calculation",
        "order_text",
        "answer",
        "portal_order",
        "case_",
        "seen_settings",
        "elk_order",
        "offer_key",
        "act",
        "duty",
        "consent",
    ):
        op.drop_table(table)


def _snapshots() -> None:
    """Make the tables of comparisons with the portal."""
    op.create_table(
        "snapshot",
        sa.Column("snapshot_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("repair", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.String(36), nullable=True),
        sa.Column("page_token", sa.String(256), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_snapshot")),
    )
    op.create_index(op.f("ix_snapshot_message_id"), "snapshot", ["message_id"])
    op.create_index(op.f("ix_snapshot_state_started_at"), "snapshot", ["state", "started_at"])
    op.create_table(
        "snapshot_item",
        sa.Column("snapshot_id", sa.String(36), nullable=False),
        sa.Column("object_id", sa.String(50), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "object_id", name=op.f("pk_snapshot_item")),
    )
    op.create_table(
        "difference",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("snapshot_id", sa.String(36), nullable=False),
        sa.Column("object_id", sa.String(50), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("repaired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
    )
    op.create_index(op.f("ix_difference_snapshot_id_id"), "difference", ["snapshot_id", "id"])
