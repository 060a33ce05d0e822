"""Tables of the built-in registry. They are made by the migrations beside this file; a test compares the two.

Amounts are integer hundredths of the certificate's unit, whole programmes on the count registers; times are integer
microseconds since 1970 UTC. The checks hold whatever code writes: on `balance`, that available = nominal - reserved -
spent is never negative; on `contract` and `contract_month`, that a contract the rules keep holds and spends no more
than its certificate part and a month no more than its plan; on `pool`, that what is held and taken stays within the
limit (portal message dictionary, 15, invariants 1, 3, 14).
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
    text,
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
    Column("agreement_number", String(100), nullable=True),
    Column("agreement_date", Date, nullable=True),
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
    Column("start_date", Date, nullable=True),
    Column("end_date", Date, nullable=True),
    Column("normative", BigInteger, nullable=True),
    Column("register", String(12), nullable=True),
    Column("places", Integer, nullable=True),
    Column("opens", Date, nullable=True),
    Column("closes", Date, nullable=True),
    Column("study_year", Integer, nullable=True),
    Column("oktmo", String(11), nullable=True),
    Index(None, "programme_guid"),
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
    Column("issued_by_order", String(50), nullable=True),
    # 1 once the rules have changed it: from then on an import leaves its balance, status and contracts alone.
    Column("kept_here", Integer, nullable=False, server_default="0"),
)

child_key = Table(
    "registry_child_key",
    metadata,
    Column("key", String(900), primary_key=True),
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), nullable=False),
    sqlite_with_rowid=False,
)
"""Who a certificate stands for, one row a key (`domain.certificate.child_keys`): personal data, never to be logged."""

balance = Table(
    "registry_balance",
    metadata,
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), primary_key=True),
    Column("register", String(12), primary_key=True),
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
    Column("register", String(12), nullable=False),
    Column("period_from", Date, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("nominal", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("source", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("contract_id", String(50), nullable=True),
    Column("month", Date, nullable=True),
    Column("key", String(120), nullable=True),
    UniqueConstraint("certificate_guid", "key"),
    CheckConstraint("(contract_id IS NULL) = (month IS NULL)", name="contract"),
)
"""`key` is the rules' own and is never posted twice; entries that an import made have none."""

contract = Table(
    "registry_contract",
    metadata,
    Column("contract_id", String(50), primary_key=True),
    Column("number", String(50), nullable=True),
    Column("digest", String(64), nullable=False),
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), nullable=False),
    Column("concluded_on", Date, nullable=True),
    Column("group_guid", String(36), nullable=False),
    Column("programme_name", String(500), nullable=False),
    Column("study_year", Integer, nullable=False),
    Column("organisation_inn", String(12), nullable=False),
    Column("organisation_name", String(500), nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("unit", String(4), nullable=False),
    Column("register", String(12), nullable=False),
    Column("certificate_part", BigInteger, nullable=False),
    Column("own_part", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    # 1: the rules keep it, its months are in contract_month; 0: only imported, its sums are all that is known.
    Column("kept", Integer, nullable=False, server_default="0"),
    Column("since", BigInteger, nullable=True),
    Column("revision", Integer, nullable=True),
    Column("payable", BigInteger, nullable=True),
    Column("order_id", String(50), nullable=True),
    Column("previous_contract_id", String(50), nullable=True),
    Column("last_day", Date, nullable=True),
    Column("initiator", String(12), nullable=True),
    Column("reason", String(40), nullable=True),
    Column("text", String(2000), nullable=True),
    Column("released", BigInteger, nullable=True),
    Index(None, "certificate_guid"),
    Index(None, "group_guid", "state"),
    Index(
        "uq_registry_contract_order_id",
        "order_id",
        unique=True,
        sqlite_where=text("order_id IS NOT NULL"),
        postgresql_where=text("order_id IS NOT NULL"),
    ),
    CheckConstraint("certificate_part >= 0 AND own_part >= 0 AND spent >= 0 AND reserved >= 0", name="parts"),
    CheckConstraint("kept = 0 OR (spent + reserved <= certificate_part AND since IS NOT NULL)", name="kept"),
    CheckConstraint(
        "(last_day IS NULL) = (initiator IS NULL) AND (last_day IS NULL) = (reason IS NULL)"
        " AND (last_day IS NULL) = (released IS NULL)",
        name="ending",
    ),
)

contract_month = Table(
    "registry_contract_month",
    metadata,
    Column("contract_id", ForeignKey("registry_contract.contract_id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("certificate_part", BigInteger, nullable=False),
    Column("own_part", BigInteger, nullable=False),
    Column("charged", BigInteger, nullable=True),
    Column("refunded", BigInteger, nullable=False),
    Column("released", Integer, nullable=False),
    CheckConstraint("certificate_part >= 0 AND own_part >= 0 AND released IN (0, 1)", name="plan"),
    CheckConstraint(
        "COALESCE(charged, 0) BETWEEN 0 AND certificate_part AND refunded BETWEEN 0 AND COALESCE(charged, 0)",
        name="charged",
    ),
)

offer = Table(
    "registry_offer",
    metadata,
    Column("key", String(150), primary_key=True),
    Column("offer_id", String(36), nullable=False, unique=True),
    Column("certificate_guid", ForeignKey("registry_certificate.guid"), nullable=False, index=True),
    Column("previous_contract_id", ForeignKey("registry_contract.contract_id"), nullable=False),
    Column("programme_guid", String(36), nullable=False),
    Column("study_year", Integer, nullable=False),
    Column("oktmo", String(11), nullable=False),
    Column("year", Integer, nullable=False),
    Column("register", String(12), nullable=False),
    Column("volume", BigInteger, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("since", Date, nullable=False),
    Column("respond_by", Date, nullable=False),
    Column("silence", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("offered_at", BigInteger, nullable=False),
    UniqueConstraint("certificate_guid", "programme_guid", "year"),
    Index(None, "state", "respond_by"),
    CheckConstraint("volume >= 0 AND version >= 1 AND since <= respond_by", name="values"),
)
"""`offer_id` is the UUID that the portal knows it by, made of its key; `offered_at` is when it was first stored."""

pool = Table(
    "registry_pool",
    metadata,
    Column("oktmo", String(11), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("register", String(12), primary_key=True),
    Column("limit", BigInteger, nullable=True),
    Column("held", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    CheckConstraint("held >= 0 AND taken >= 0", name="parts"),
    CheckConstraint('"limit" IS NULL OR held + taken <= "limit"', name="within"),
)
