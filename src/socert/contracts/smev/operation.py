"""The six operations of the exchange's service and what each is called on the wire (SMEV 3 WSDL 1.2)."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """An operation; the value is its name in the WSDL. Body elements are `<name>Request` and `<name>Response`."""

    SEND_REQUEST = "SendRequest"
    SEND_RESPONSE = "SendResponse"
    GET_REQUEST = "GetRequest"
    GET_RESPONSE = "GetResponse"
    GET_STATUS = "GetStatus"
    ACK = "Ack"

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
