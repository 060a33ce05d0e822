"""The namespace of orders in the account, their two message types and their schema.

Source: portal message dictionary, 4 (observed traffic; no schema has been published).
"""

from __future__ import annotations

from functools import cache

from socert.contracts.message import MessageType
from socert.contracts.xml import Schema

NAMESPACE = "http://epgu.gosuslugi.ru/elk/status/1.0.2"

REQUEST = MessageType(namespace=NAMESPACE, root="ElkOrderRequest")
RESPONSE = MessageType(namespace=NAMESPACE, root="ElkOrderResponse")


@cache
def schema() -> Schema:
    """Return the compiled schema of both messages, drawn after what was observed; compiled once a process."""
    return Schema.load(__package__ or "", "schema.xsd")
