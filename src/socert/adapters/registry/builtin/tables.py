"""Tables of the built-in registry. They are made by the migrations beside this file; a test compares the two.

Amounts are integer hundredths of the certificate's unit. The checks on `balance` hold whatever code writes it:
available = nominal - reserved - spent is never negative (portal message dictionary, 15, invariant 1).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)
Serial = BigInteger().with_variant(Integer, "sqlite")

municipality = Table(
    "registry_municipality",
    metadata,
    Column("oktmo", String(11), primary_key=True),
    Column("name", String(250), nullable=False),
    Column("guid", String(36), nullable=False),
    Column("region_name", String(250), nullable=False),
    Column("region_guid", String(36), nullable=False),
)

organisation = Table(
    "registry_organisation",
    metadata,
    Column("inn", String(12), primary_key=True),
    Column("name", String(500), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("ogrn", String(15), nullable=True),
    Column("kpp", String(9), nullable=True),
)

programme = Table(
    "registry_programme",
    metadata,
    Column("group_guid", String(36), primary_key=True),
    Column("programme_guid", String(36), nullable=False),
    Column("name", String(500), nullable=False),
    Column("direction", String(250), nullable=False),
    Column("years", Integer, nullable=False),
    Column("organisation_inn", ForeignKey("registry_organisation.inn"), nullable=False),
    Column("hours", BigInteger, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("certificate_accepted", Integer, nullable=False),
)

certificate = Table(
    "registry_certificate",
    metadata,
    Column("guid", String(50), primary_key=True),
    Column("number", String(50), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("with_funds", Integer, nullable=False),
    Column("unit", String(4), nullable=False),
    Column("status", String(12), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=True),
    Column("oktmo", String(11), nullable=False, index=True),
    Column("consent_form", String(20), nullable=True),
    Column("scheme", String(20), nullable=False),
    Column("category_code", String(20), nullable=False),
    Column("category_name", String(250), nullable=False),
    Column("child_last_name", String(256), nullable=False),
    Column("child_first_name", String(256), nullable=False),
    Column("child_middle_name", String(256), nullable=True),
    Column("child_birth_date", Date, nullable=False),
    Column("child_gender", String(6), nullable=False),
    Column("child_snils", String(11), nullable=True, index=True),
    Column("child_birth_certificate", String(30), nullable=True, index=True),
    Column("applicant_last_name", String(256), nullable=False),
    Column("applicant_first_name", String(256), nullable=False),
    Column("applicant_middle_name", String(256), nullable=True),
    Column("applicant_snils", String(11), nullable=True),
)

balance = Table(
    "registry_balance",
    metadata,
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), primary_key=True),
    Column("period_from", Date, primary_key=True),
    Column("period_to", Date, nullable=False),
    Column("nominal", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    CheckConstraint("nominal >= 0 AND reserved >= 0 AND spent >= 0", name="parts"),
    CheckConstraint("nominal - reserved - spent >= 0", name="available"),
)

ledger_entry = Table(
    "registry_ledger_entry",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), nullable=False),
    Column("period_from", Date, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("nominal", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("source", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("certificate_guid", "period_from", "version", "kind"),
)

contract = Table(
    "registry_contract",
    metadata,
    Column("contract_id", String(50), primary_key=True),
    Column("number", String(50), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), nullable=False),
    Column("concluded_on", Date, nullable=False),
    Column("group_guid", String(36), nullable=False),
    Column("programme_name", String(500), nullable=False),
    Column("study_year", Integer, nullable=False),
    Column("organisation_inn", String(12), nullable=False),
    Column("organisation_name", String(500), nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("unit", String(4), nullable=False),
    Column("certificate_part", BigInteger, nullable=False),
    Column("own_part", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Index(None, "certificate_guid"),
    CheckConstraint("certificate_part >= 0 AND own_part >= 0 AND spent >= 0 AND reserved >= 0", name="parts"),
)
