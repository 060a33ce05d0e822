"""The namespace of the certificate query, its two message types and their schema.

Source: portal message dictionary, 1 (the portal's own schema, version 1.1.1).
"""

from __future__ import annotations

from functools import cache

from socert.contracts.message import MessageType
from socert.contracts.xml import Schema

NAMESPACE = "http://epgu.gosuslugi.ru/services-get-pf-certificate/1.1.1"

REQUEST = MessageType(namespace=NAMESPACE, root="universalCertificateRequest")
RESPONSE = MessageType(namespace=NAMESPACE, root="universalCertificateResponse")


@cache
def schema() -> Schema:
    """Return the compiled schema of both messages; compiled once a process."""
    return Schema.load(__package__ or "", "schema.xsd")
