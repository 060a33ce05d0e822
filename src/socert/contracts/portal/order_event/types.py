"""The namespace of events on an order, their two message types and their schema.

Source: portal message dictionary, 3 (the portal's own schema, version 3.1.1).
"""

from __future__ import annotations

from functools import cache

from socert.contracts.message import MessageType
from socert.contracts.xml import Schema

NAMESPACE = "http://epgu.gosuslugi.ru/lk/order/event/3.1.1"

REQUEST = MessageType(namespace=NAMESPACE, root="eventServiceRequest")
RESPONSE = MessageType(namespace=NAMESPACE, root="eventServiceResponse")


@cache
def schema() -> Schema:
    """Return the compiled schema of both messages; compiled once a process."""
    return Schema.load(__package__ or "", "schema.xsd")
