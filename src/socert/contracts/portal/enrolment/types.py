"""The namespace of enrolment, its two message types and their schema.

Source: portal message dictionary, 6 (this profile is the project's own; the real service has published none).
"""

from __future__ import annotations

from functools import cache

from socert.contracts.message import MessageType
from socert.contracts.xml import Schema

NAMESPACE = "urn:socert:portal:enrolment:1.0.0"

REQUEST = MessageType(namespace=NAMESPACE, root="FormData")
RESPONSE = MessageType(namespace=NAMESPACE, root="FormDataResponse")


@cache
def schema() -> Schema:
    """Return the compiled schema of both messages; compiled once a process."""
    return Schema.load(__package__ or "", "schema.xsd")
