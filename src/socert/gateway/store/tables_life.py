"""Tables of the gateway for a certificate's life: consents and what they order to be done, cases for a person.

Made by the migration `gateway_0002`; they share the metadata of `tables`. Times are integer microseconds since 1970
UTC, days are dates.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, Text

from socert.gateway.store.tables import Serial, metadata

# Consents


class DutyState(StrEnum):
    """Where a duty stands."""

    OPEN = "open"  # to be done by its day
    DONE = "done"  # done; an erasure's `act` proves it
    CANCELLED = "cancelled"  # a new consent took its ground away


consent = Table(
    "consent",
    metadata,
    Column("consent_id", String(50), primary_key=True),
    Column("certificate_guid", String(50), nullable=False, index=True),
    Column("form", String(30), nullable=False),
    Column("version", String(20), nullable=False),
    Column("given_at", BigInteger, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("text_digest", String(64), nullable=True),
    Column("withdrawn_at", BigInteger, nullable=True),
    Column("withdrawn_through", String(20), nullable=True),
)

duty = Table(
    "duty",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("certificate_guid", String(50), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("due", Date, nullable=False),
    Column("whole", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    Column("act", BigInteger, nullable=True),
    Index(None, "state", "kind", "due"),
    Index(None, "certificate_guid", "state"),
)

act = Table(
    "act",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("certificate_guid", String(50), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("whole", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)

# What the account shows

offer_key = Table(
    "offer_key",
    metadata,
    Column("object_id", String(50), primary_key=True),
    Column("key", String(200), nullable=False),
    Column("certificate_guid", String(50), nullable=False, index=True),
)

elk_order = Table(
    "elk_order",
    metadata,
    Column("object_id", String(50), primary_key=True),
    Column("order_number", String(36), nullable=False, unique=True),
    Column("certificate_guid", String(50), nullable=False, index=True),
    Column("elk_number", String(50), nullable=True),
)

seen_settings = Table(
    "seen_settings",
    metadata,
    Column("name", String(30), primary_key=True),
    Column("digest", String(64), nullable=False),
)

# Cases


class CaseState(StrEnum):
    """Whether a case still waits for a person."""

    OPEN = "open"
    CLOSED = "closed"


case_ = Table(
    "case_",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(30), nullable=False),
    Column("subject", String(50), nullable=False),
    Column("state", String(10), nullable=False),
    Column("certificate_guid", String(50), nullable=True),
    Column("contract_id", String(50), nullable=True),
    Column("order_id", String(50), nullable=True),
    Column("rule", String(30), nullable=True),
    Column("facts", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=True),
    Column("decision", Text, nullable=True),
    Index(None, "kind", "subject", "state"),
    Index(None, "state", "id"),
)

# Orders of the portal, and answers on their way


class AnswerState(StrEnum):
    """Where an answer stands on its way out."""

    PENDING = "pending"  # waits for the packer, and for earlier answers about the same order
    PACKED = "packed"  # stands in the message `message_id`, whose bytes never change
    DELIVERED = "delivered"  # the exchange has it
    REJECTED = "rejected"  # it can never leave as it is; the log says why
    CANCELLED = "cancelled"  # a consent was withdrawn before it left


portal_order = Table(
    "portal_order",
    metadata,
    Column("order_id", String(20), primary_key=True),
    Column("message_type", String(200), nullable=False),
    Column("reply_to", Text, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("oktmo", String(11), nullable=False),
    Column("certificate_guid", String(50), nullable=True, index=True),
    Column("contract_id", String(50), nullable=True, index=True),
    Column("seq", BigInteger, nullable=False),
    Column("stage", String(20), nullable=True),
    Column("ended", Integer, nullable=False),
    Column("filed_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

answer = Table(
    "answer",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("order_id", String(20), nullable=True),
    Column("seq", BigInteger, nullable=True),
    Column("certificate_guid", String(50), nullable=True, index=True),
    Column("personal", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
    Column("operation", String(20), nullable=False),
    Column("message_type", String(200), nullable=False),
    Column("reply_to", Text, nullable=True),
    Column("reference", String(50), nullable=False),
    Column("content", Text, nullable=True),
    Column("bare", Text, nullable=True),
    Column("state", String(12), nullable=False),
    Column("message_id", String(36), nullable=True, index=True),
    Column("at", BigInteger, nullable=False),
    Index(None, "state", "id"),
    Index(None, "order_id", "state"),
)

order_text = Table(
    "order_text",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("order_id", String(20), nullable=False, index=True),
    Column("incoming", Integer, nullable=False),
    Column("author", String(256), nullable=True),
    Column("text", Text, nullable=True),
    Column("written_at", BigInteger, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)

calculation = Table(
    "calculation",
    metadata,
    Column("ref", String(50), primary_key=True),
    Column("content", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

# Decisions of parents, and the turn of the year

action = Table(
    "action",
    metadata,
    Column("action_id", String(36), primary_key=True),
    Column("certificate_guid", String(50), nullable=True, index=True),
    Column("result", String(12), nullable=False),
    Column("reason_code", String(20), nullable=True),
    Column("text", Text, nullable=True),
    Column("object_id", String(50), nullable=True),
    Column("taken_at", BigInteger, nullable=False),
)
"""A parent's decision (M13, M14) with the answer that it got: a repeat of it gets the same."""

turn_run = Table(
    "turn_run",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("after", String(50), nullable=False),
    Column("tally", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger, nullable=True),
)
"""How far 1 January of a year has come: `after` is the last certificate of the latest run, whose number it is."""

turn_failure = Table(
    "turn_failure",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("certificate_guid", String(50), primary_key=True),
    Column("code", String(40), nullable=False),
    Column("text", Text, nullable=False),
)


# Comparing with the portal


class SnapshotState(StrEnum):
    """Where a comparison with the portal stands."""

    ASKING = "asking"  # the next page is to be asked for
    WAITING = "waiting"  # the portal's answer is awaited
    ARRIVED = "arrived"  # every page is there, nothing is compared yet
    DONE = "done"  # compared: its differences are listed
    FAILED = "failed"  # it did not come to its end; `error` says why


snapshot = Table(
    "snapshot",
    metadata,
    Column("snapshot_id", String(36), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("repair", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    Column("message_id", String(36), nullable=True, index=True),
    Column("page_token", String(256), nullable=True),
    Column("pages", Integer, nullable=False),
    Column("compared", Integer, nullable=False),
    Column("error", Text, nullable=True),
    Index(None, "state", "started_at"),
)

snapshot_item = Table(
    "snapshot_item",
    metadata,
    Column("snapshot_id", String(36), primary_key=True),
    Column("object_id", String(50), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
)

difference = Table(
    "difference",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("snapshot_id", String(36), nullable=False),
    Column("object_id", String(50), nullable=False),
    Column("what", String(20), nullable=False),
    Column("repaired_at", BigInteger, nullable=True),
    Index(None, "snapshot_id", "id"),
)
