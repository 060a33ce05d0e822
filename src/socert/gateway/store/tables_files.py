"""Tables of the gateway for files that travel with messages. Made by the migration `gateway_0003`.

The files themselves lie in a folder (`exchange.files`), or inside the message that brought them.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from socert.gateway.store.tables import Serial, metadata


class FileState(StrEnum):
    """Where a file stands that came with a message."""

    WAITING = "waiting"  # in the exchange's file store, to be fetched
    INSIDE = "inside"  # in the bytes of the message that brought it
    KEPT = "kept"  # in our folder, its hash compared
    FAILED = "failed"  # it could not be fetched; `error` says why
    ERASED = "erased"  # its personal data are gone, or go at the next sweep


inbox_file = Table(
    "inbox_file",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("inbox_id", BigInteger, nullable=False, index=True),
    Column("uuid", String(36), nullable=True),
    Column("content_id", String(255), nullable=True),
    Column("name", String(255), nullable=True),
    Column("mime_type", String(200), nullable=False),
    Column("digest", String(100), nullable=True),
    Column("size", BigInteger, nullable=True),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", BigInteger, nullable=True),
    Column("error", Text, nullable=True),
    Index(None, "state", "next_try_at"),
)
"""Files of messages that came in. `digest` is the hash that the sender signed, in base64."""

outbox_file = Table(
    "outbox_file",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False, index=True),
    Column("uuid", String(36), nullable=False),
    Column("name", String(255), nullable=False),
    Column("mime_type", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("uploaded_at", BigInteger, nullable=True),
    Column("kept", Integer, nullable=False, index=True),
)
"""Files of our messages that go through the exchange's file store. `kept`: our copy lies in the folder still."""
