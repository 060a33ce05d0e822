"""A certificate's whole life: registers, contracts by months, children's keys, offers and pools.

Tables whose keys or checks change are made anew around their rows, which works alike on every database; the ledger is
numbered anew in its old order. What is there keeps its meaning: a balance is of its certificate's own register, and a
contract is one that was only imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

revision = "registry_0002"
down_revision = "registry_0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OWN_REGISTER = "(SELECT UPPER(c.unit) FROM registry_certificate AS c WHERE c.guid = old.certificate_guid)"
"""RUB or HOUR: what the certificate of an old row counts."""
_BALANCE = ("certificate_guid", "period_from", "period_to", "nominal", "reserved", "spent")
_ENTRY = ("certificate_guid", "period_from", "version", "kind", "nominal", "reserved", "spent", "source", "at")
_CONTRACT = (
    "contract_id",
    "number",
    "digest",
    "certificate_guid",
    "concluded_on",
    "group_guid",
    "programme_name",
    "study_year",
    "organisation_inn",
    "organisation_name",
    "start_date",
    "end_date",
    "unit",
    "certificate_part",
    "own_part",
    "spent",
    "reserved",
    "state",
)
_CHILD = (
    "guid",
    "number",
    "child_snils",
    "child_birth_certificate",
    "child_last_name",
    "child_first_name",
    "child_middle_name",
    "child_birth_date",
)
_AT_ONCE = 1000


def upgrade() -> None:
    """Make the change."""
    _columns()
    _remake("registry_balance", _balance, _BALANCE, {"register": _OWN_REGISTER})
    _remake("registry_ledger_entry", _ledger_entry, _ENTRY, {"register": _OWN_REGISTER}, order="id")
    _remake("registry_contract", _contract, _CONTRACT, {"register": _OWN_REGISTER, "kept": "0"})
    _contract_month()
    _child_key()
    _fill_child_key()
    _offer()
    _pool()


def _remake(
    table: str, make: Callable[[], None], columns: Sequence[str], given: dict[str, str], order: str | None = None
) -> None:
    """Make a table anew with its rows: `columns` as they are, `given` by expressions over the old row."""
    op.execute(f"CREATE TABLE old_rows AS SELECT * FROM {table}")  # noqa: S608  names above
    op.drop_table(table)
    make()
    into = ", ".join([*columns, *given])
    values = ", ".join([*(f"old.{name}" for name in columns), *given.values()])
    ordered = f" ORDER BY old.{order}" if order else ""
    op.execute(f"INSERT INTO {table} ({into}) SELECT {values} FROM old_rows AS old{ordered}")  # noqa: S608  names above
    op.drop_table("old_rows")


def _columns() -> None:
    added: dict[str, list[sa.Column[Any]]] = {
        "registry_certificate": [
            sa.Column("issued_by_order", sa.String(length=50), nullable=True),
            sa.Column("kept_here", sa.Integer(), nullable=False, server_default="0"),
        ],
        "registry_organisation": [
            sa.Column("agreement_number", sa.String(length=100), nullable=True),
            sa.Column("agreement_date", sa.Date(), nullable=True),
        ],
        "registry_programme": [
            sa.Column("start_date", sa.Date(), nullable=True),
            sa.Column("end_date", sa.Date(), nullable=True),
            sa.Column("normative", sa.BigInteger(), nullable=True),
            sa.Column("register", sa.String(length=12), nullable=True),
            sa.Column("places", sa.Integer(), nullable=True),
            sa.Column("opens", sa.Date(), nullable=True),
            sa.Column("closes", sa.Date(), nullable=True),
            sa.Column("study_year", sa.Integer(), nullable=True),
            sa.Column("oktmo", sa.String(length=11), nullable=True),
        ],
    }
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index(op.f("ix_registry_programme_programme_guid"), "registry_programme", ["programme_guid"])


def _balance() -> None:
    op.create_table(
        "registry_balance",
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
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
        sa.PrimaryKeyConstraint("certificate_guid", "register", "period_from", name=op.f("pk_registry_balance")),
    )


def _ledger_entry() -> None:
    op.create_table(
        "registry_ledger_entry",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("nominal", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.String(length=50), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.CheckConstraint("(contract_id IS NULL) = (month IS NULL)", name=op.f("ck_registry_ledger_entry_contract")),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_ledger_entry_certificate_guid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_ledger_entry")),
        sa.UniqueConstraint("certificate_guid", "key", name=op.f("uq_registry_ledger_entry_certificate_guid_key")),
    )


def _contract() -> None:
    op.create_table(
        "registry_contract",
        sa.Column("contract_id", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=True),
        sa.Column("group_guid", sa.String(length=36), nullable=False),
        sa.Column("programme_name", sa.String(length=500), nullable=False),
        sa.Column("study_year", sa.Integer(), nullable=False),
        sa.Column("organisation_inn", sa.String(length=12), nullable=False),
        sa.Column("organisation_name", sa.String(length=500), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=4), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("certificate_part", sa.BigInteger(), nullable=False),
        sa.Column("own_part", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("payable", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.String(length=50), nullable=True),
        sa.Column("previous_contract_id", sa.String(length=50), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("initiator", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("text", sa.String(length=2000), nullable=True),
        sa.Column("released", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "certificate_part >= 0 AND own_part >= 0 AND spent >= 0 AND reserved >= 0",
            name=op.f("ck_registry_contract_parts"),
        ),
        sa.CheckConstraint(
            "kept = 0 OR (spent + reserved <= certificate_part AND since IS NOT NULL)",
            name=op.f("ck_registry_contract_kept"),
        ),
        sa.CheckConstraint(
            "(last_day IS NULL) = (initiator IS NULL) AND (last_day IS NULL) = (reason IS NULL)"
            " AND (last_day IS NULL) = (released IS NULL)",
            name=op.f("ck_registry_contract_ending"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_contract_certificate_guid")
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_registry_contract")),
    )
    op.create_index(op.f("ix_registry_contract_certificate_guid"), "registry_contract", ["certificate_guid"])
    op.create_index(op.f("ix_registry_contract_group_guid_state"), "registry_contract", ["group_guid", "state"])
    known = sa.text("order_id IS NOT NULL")
    op.create_index(
        "uq_registry_contract_order_id",
        "registry_contract",
        ["order_id"],
        unique=True,
        sqlite_where=known,
        postgresql_where=known,
    )


def _contract_month() -> None:
    op.create_table(
        "registry_contract_month",
        sa.Column("contract_id", sa.String(length=50), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("certificate_part", sa.BigInteger(), nullable=False),
        sa.Column("own_part", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=True),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "certificate_part >= 0 AND own_part >= 0 AND released IN (0, 1)",
            name=op.f("ck_registry_contract_month_plan"),
        ),
        sa.CheckConstraint(
            "COALESCE(charged, 0) BETWEEN 0 AND certificate_part AND refunded BETWEEN 0 AND COALESCE(charged, 0)",
            name=op.f("ck_registry_contract_month_charged"),
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["registry_contract.contract_id"], name=op.f("fk_registry_contract_month_contract_id")
        ),
        sa.PrimaryKeyConstraint("contract_id", "month", name=op.f("pk_registry_contract_month")),
    )


def _child_key() -> None:
    op.create_table(
        "registry_child_key",
        sa.Column("key", sa.String(length=900), nullable=False),
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_child_key_certificate_guid")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_registry_child_key")),
        sqlite_with_rowid=False,
    )


def _fill_child_key() -> None:
    """Give every child that is there its keys; where two certificates are of one child, the first number has them.

    The spelling of a key is fixed here as it was when this migration was made.
    """
    certificate = sa.table("registry_certificate", *(sa.column(name) for name in _CHILD))
    put = sa.text(
        "INSERT INTO registry_child_key (key, certificate_guid) VALUES (:key, :certificate_guid) ON CONFLICT DO NOTHING"
    )
    connection = op.get_bind()
    chosen = sa.select(certificate).order_by(certificate.c.number).execution_options(yield_per=_AT_ONCE)
    for part in connection.execute(chosen).partitions():
        made = [{"key": key, "certificate_guid": row.guid} for row in part for key in _keys(row)]
        if made:
            connection.execute(put, made)


def _keys(row: sa.Row[Any]) -> Iterator[str]:
    if row.child_snils is not None:
        yield f"snils:{row.child_snils}"
    if row.child_birth_certificate is not None:
        names = (row.child_last_name, row.child_first_name, row.child_middle_name or "")
        folded = "|".join(" ".join(name.casefold().replace("ё", "е").split()) for name in names)
        yield f"document:{row.child_birth_certificate}|{folded}|{str(row.child_birth_date)[:10]}"


def _offer() -> None:
    op.create_table(
        "registry_offer",
        sa.Column("key", sa.String(length=150), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("certificate_guid", sa.String(length=50), nullable=False),
        sa.Column("previous_contract_id", sa.String(length=50), nullable=False),
        sa.Column("programme_guid", sa.String(length=36), nullable=False),
        sa.Column("study_year", sa.Integer(), nullable=False),
        sa.Column("oktmo", sa.String(length=11), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("respond_by", sa.Date(), nullable=False),
        sa.Column("silence", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "volume >= 0 AND version >= 1 AND since <= respond_by", name=op.f("ck_registry_offer_values")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_guid"], ["registry_certificate.guid"], name=op.f("fk_registry_offer_certificate_guid")
        ),
        sa.ForeignKeyConstraint(
            ["previous_contract_id"],
            ["registry_contract.contract_id"],
            name=op.f("fk_registry_offer_previous_contract_id"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_registry_offer")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_registry_offer_offer_id")),
        sa.UniqueConstraint(
            "certificate_guid",
            "programme_guid",
            "year",
            name=op.f("uq_registry_offer_certificate_guid_programme_guid_year"),
        ),
    )
    op.create_index(op.f("ix_registry_offer_certificate_guid"), "registry_offer", ["certificate_guid"])
    op.create_index(op.f("ix_registry_offer_state_respond_by"), "registry_offer", ["state", "respond_by"])


def _pool() -> None:
    op.create_table(
        "registry_pool",
        sa.Column("oktmo", sa.String(length=11), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("held >= 0 AND taken >= 0", name=op.f("ck_registry_pool_parts")),
        sa.CheckConstraint('"limit" IS NULL OR held + taken <= "limit"', name=op.f("ck_registry_pool_within")),
        sa.PrimaryKeyConstraint("oktmo", "year", "register", name=op.f("pk_registry_pool")),
    )


def downgrade() -> None:
    """There is no way back: 0001 has no place for what is kept since. Restore the backup made before."""
    raise RuntimeError(
        "registry_0002 cannot be taken back: the tables before it hold neither registers nor months of contracts. "
        "Restore the backup that was made before the upgrade."
    )
