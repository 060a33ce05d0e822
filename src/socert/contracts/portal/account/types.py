"""The namespace of the account messages, their types and their schema.

Source: portal message dictionary, 7 (this profile is the project's own; the real portal has published none).
"""

from __future__ import annotations

from functools import cache

from socert.contracts.message import MessageType
from socert.contracts.xml import Schema

NAMESPACE = "urn:socert:portal:account:1.0.0"

UPDATE_REQUEST = MessageType(namespace=NAMESPACE, root="AccountUpdateRequest")
UPDATE_RESPONSE = MessageType(namespace=NAMESPACE, root="AccountUpdateResponse")
ACTION_REQUEST = MessageType(namespace=NAMESPACE, root="AccountActionRequest")
ACTION_RESPONSE = MessageType(namespace=NAMESPACE, root="AccountActionResponse")
QUERY_REQUEST = MessageType(namespace=NAMESPACE, root="AccountQueryRequest")
QUERY_RESPONSE = MessageType(namespace=NAMESPACE, root="AccountQueryResponse")
SNAPSHOT_REQUEST = MessageType(namespace=NAMESPACE, root="AccountSnapshotRequest")
SNAPSHOT_RESPONSE = MessageType(namespace=NAMESPACE, root="AccountSnapshotResponse")

REQUEST = UPDATE_REQUEST
"""The push of objects, the message this profile is for."""

RESPONSE = UPDATE_RESPONSE


@cache
def schema() -> Schema:
    """Return the compiled schema of all eight messages; compiled once a process."""
    return Schema.load(__package__ or "", "schema.xsd")
