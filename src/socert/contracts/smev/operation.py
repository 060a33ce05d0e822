"""The operations of the exchange's service and what each is called on the wire (SMEV 3 WSDL 1.1, 1.2 and 1.3)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operation(StrEnum):
    """An operation; the value is its name in the WSDL. Body elements are `<name>Request` and `<name>Response`."""

    SEND_REQUEST = "SendRequest"
    SEND_RESPONSE = "SendResponse"
    GET_REQUEST = "GetRequest"
    GET_RESPONSE = "GetResponse"
    GET_STATUS = "GetStatus"
    ACK = "Ack"
    GET_INCOMING_QUEUE_STATISTICS = "GetIncomingQueueStatistics"
    """Version 1.1 only."""

    @property
    def action(self) -> str:
        """The SOAPAction header's value, without quotes."""
        return f"urn:{self.value}"

    @property
    def asked(self) -> str:
        """Local name of the body element of a call."""
        return f"{self.value}Request"

    @property
    def answered(self) -> str:
        """Local name of the body element of a reply."""
        return f"{self.value}Response"


BY_ASKED: dict[str, Operation] = {operation.asked: operation for operation in Operation}
BY_ANSWERED: dict[str, Operation] = {operation.answered: operation for operation in Operation}

_COMMON = frozenset(Operation) - {Operation.GET_INCOMING_QUEUE_STATISTICS}

OPERATIONS_OF: Mapping[Version, frozenset[Operation]] = {
    Version.V1_1: frozenset(Operation),
    Version.V1_2: _COMMON,
    Version.V1_3: _COMMON,
}
"""Which operations the WSDL of each version has."""
