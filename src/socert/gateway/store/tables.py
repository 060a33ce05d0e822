"""Tables of the gateway. They are made by the migrations beside this file; a test compares the two.

Times are integer microseconds since 1970 UTC: they sort, compare and index the same on every database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

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
"""A key that counts up: SQLite counts only plain INTEGER keys."""

SEQ_START = datetime(2020, 1, 1, tzinfo=UTC)
"""Version numbers of objects are at least the seconds since then."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return an aware datetime as the tables keep it."""
    return (moment - _EPOCH) // _TICK


def moment(micros: int) -> datetime:
    """Return a kept time as an aware UTC datetime."""
    return _EPOCH + _TICK * micros


class Kind(StrEnum):
    """Kinds of objects that the portal account shows."""

    CERTIFICATE = "certificate"
    CONTRACT = "contract"
    OFFER = "offer"
    CONSENT = "consent"


class Way(StrEnum):
    """What carries a change to the parent."""

    ACCOUNT = "account"  # the object itself, with its figures
    ORDER_EVENT = "order_event"  # a notice on the parent's order
    ELK = "elk"  # a notice as an order of ours
    NONE = "none"  # nothing: the change is held, and answers questions


class ChangeState(StrEnum):
    """Where a change stands on its way out."""

    PENDING = "pending"  # waits for the packer
    HELD = "held"  # must not leave yet; `reason` says why
    PACKED = "packed"  # stands in the message `message_id`, whose bytes never change
    DELIVERED = "delivered"  # the portal has it (applied, duplicate or stale: all harmless)
    REJECTED = "rejected"  # the portal refused this object; `reason` says why
    SUPERSEDED = "superseded"  # a newer change of the same object went instead


class MessageState(StrEnum):
    """Where a message of the outbox stands."""

    QUEUED = "queued"  # waits for its turn or for its next attempt
    ACCEPTED = "accepted"  # the exchange has it; the answer is awaited
    DONE = "done"  # answered, or accepted where no answer is due
    REJECTED = "rejected"  # refused for good by the exchange or the portal
    DEAD = "dead"  # out of attempts; an operator may replay it
    RENEWED = "renewed"  # its MessageID grew too old; `renewed_by` carries the same content
    CANCELLED = "cancelled"  # stopped because a consent was withdrawn; what else it held goes in another


class InboxState(StrEnum):
    """Where a received message stands."""

    FETCHING = "fetching"  # committed, its files are still to be fetched; not acknowledged yet
    RECEIVED = "received"  # committed, waits for its handler
    HANDLED = "handled"  # its effect, and its answer if one is due, are committed
    FAILED = "failed"  # kept for a person to look at; `error` says why


projection = Table(
    "projection",
    metadata,
    Column("object_id", String(50), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("certificate_guid", String(50), nullable=False, index=True),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("nominal", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("open", Integer, nullable=False),
    Column("told_to", Text, nullable=False),
    Column("way", String(12), nullable=False, server_default=text("'account'")),
    Column("year", Integer, nullable=True),
    Column("child", String(64), nullable=True, index=True),
)

change = Table(
    "change",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("object_id", String(50), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("certificate_guid", String(50), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("cause", String(30), nullable=False),
    Column("operation", String(6), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=True),
    Column("alone", Integer, nullable=False, default=0),
    Column("body", Text, nullable=True),
    Column("message_id", String(36), nullable=True, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger, nullable=True),
    Column("way", String(12), nullable=False, server_default=text("'account'")),
    Index(None, "state", "id"),
    Index(None, "object_id", "state"),
    Index(None, "certificate_guid", "state"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("operation", String(20), nullable=False),
    Column("message_type", String(200), nullable=False),
    Column("reference", String(50), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", BigInteger, nullable=False),
    Column("claimed_by", String(50), nullable=True),
    Column("claimed_until", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger, nullable=True),
    Column("settled_at", BigInteger, nullable=True),
    Column("outcome", Text, nullable=True),
    Column("renewed_by", String(36), nullable=True),
    Column("content_type", String(300), nullable=True),
    Column("files", Integer, nullable=False, server_default=text("0")),
    Index(None, "state", "next_attempt_at"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("result", String(50), nullable=False),
    Column("detail", Text, nullable=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False, unique=True),
    Column("operation", String(20), nullable=False),
    Column("message_type", String(200), nullable=True),
    Column("original_message_id", String(36), nullable=True),
    Column("reply_to", Text, nullable=True),
    Column("content_type", String(300), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("handled_at", BigInteger, nullable=True),
    Column("answer_id", String(36), nullable=True),
    Column("error", Text, nullable=True),
    Index(None, "state", "id"),
)
