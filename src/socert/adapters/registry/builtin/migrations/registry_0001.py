"""The first tables of the registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "registry_certificate",
        sa.Column("guid", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("with_funds", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=4), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("oktmo", sa.String(length=11), nullable=False),
        sa.Column("consent_form", sa.String(length=20), nullable=True),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("category_code", sa.String(length=20), nullable=False),
        sa.Column("category_name", sa.String(length=250), nullable=False),
        sa.Column("child_last_name", sa.String(length=256), nullable=False),
        sa.Column("child_first_name", sa.String(length=256), nullable=False),
        sa.Column("child_middle_name", sa.String(length=256), nullable=True),
        sa.Column("child_birth_date", sa.Date(), nullable=False),
        sa.Column("child_gender", sa.String(length=6), nullable=False),
        sa.Column("child_snils", sa.String(length=11), nullable=True),
        sa.Column("child_birth_certificate", sa.String(length=30), nullable=True),
        sa.Column("applicant_last_name", sa.String(length=256), nullable=False),
        sa.Column("applicant_first_name", sa.String(length=256), nullable=False),
        sa.Column("applicant_middle_name", sa.String(length=256), nullable=True),
        sa.Column("applicant_snils", sa.String(length=11), nullable=True),
        sa.PrimaryKeyConstraint("guid", name=op.f("pk_registry_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_registry_certificate_number")),
    )
    with op.batch_alter_table("registry_certificate", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registry_certificate_child_birth_certificate"), ["child_birth_certificate"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_registry_certificate_child_snils"), ["child_snils"], unique=False)
        batch_op.create_index(batch_op.f("ix_registry_certificate_oktmo"), ["oktmo"], unique=False)

    op.create_table(
        "registry_municipality",
        sa.Column("oktmo", sa.String(length=11), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("guid", sa.String(length=36), nullable=False),
        sa.Column("region_name", sa.String(length=250), nullable=False),
        sa.Column("region_guid", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("oktmo", name=op.f("pk_registry_municipality")),
    )
    op.create_table(
        "registry_organisation",
        sa.Column("inn", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ogrn", sa.String(length=15), nullable=True),
        sa.Column("kpp", sa.String(length=9), nullable=True),
        sa.PrimaryKeyConstraint("inn", name=op.f("pk_registry_organisation")),
    )
    op.create_table(
        "registry_balance",
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("nominal", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("nominal - reserved - spent >= 0", name=op.f("ck_registry_balance_available")),
        sa.CheckConstraint("nominal >= 0 AND reserved >= 0 AND spent >= 0", name=op.f("ck_registry_balance_parts")),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_balance_certificate_guid")
        ),
        sa.PrimaryKeyConstraint("certificate_guid", "period_from", name=op.f("pk_registry_balance")),
    )
    op.create_table(
        "registry_contract",
        sa.Column("contract_id", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("group_guid", sa.String(length=36), nullable=False),
        sa.Column("programme_name", sa.String(length=500), nullable=False),
        sa.Column("study_year", sa.Integer(), nullable=False),
        sa.Column("organisation_inn", sa.String(length=12), nullable=False),
        sa.Column("organisation_name", sa.String(length=500), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=4), nullable=False),
        sa.Column("certificate_part", sa.BigInteger(), nullable=False),
        sa.Column("own_part", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "certificate_part >= 0 AND own_part >= 0 AND spent >= 0 AND reserved >= 0",
            name=op.f("ck_registry_contract_parts"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_contract_certificate_guid")
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_registry_contract")),
    )
    with op.batch_alter_table("registry_contract", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registry_contract_certificate_guid"), ["certificate_guid"], unique=False)

    op.create_table(
        "registry_ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("nominal", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_ledger_entry_certificate_guid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_ledger_entry")),
        sa.UniqueConstraint(
            "certificate_guid",
            "period_from",
            "version",
            "kind",
            name=op.f("uq_registry_ledger_entry_certificate_guid_period_from_version_kind"),
        ),
    )
    op.create_table(
        "registry_programme",
        sa.Column("group_guid", sa.String(length=36), nullable=False),
        sa.Column("programme_guid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("direction", sa.String(length=250), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("organisation_inn", sa.String(length=12), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("certificate_accepted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_inn"], ["registry_organisation.inn"], name=op.f("fk_registry_programme_organisation_inn")
        ),
        sa.PrimaryKeyConstraint("group_guid", name=op.f("pk_registry_programme")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("registry_programme")
    op.drop_table("registry_ledger_entry")
    with op.batch_alter_table("registry_contract", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registry_contract_certificate_guid"))

    op.drop_table("registry_contract")
    op.drop_table("registry_balance")
    op.drop_table("registry_organisation")
    op.drop_table("registry_municipality")
    with op.batch_alter_table("registry_certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registry_certificate_oktmo"))
        batch_op.drop_index(batch_op.f("ix_registry_certificate_child_snils"))
        batch_op.drop_index(batch_op.f("ix_registry_certificate_child_birth_certificate"))

    op.drop_table("registry_certificate")
