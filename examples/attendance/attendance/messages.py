"""The two messages: their schema, how they are read and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.message import MessageType
from socert.contracts.portal.known import Direction, KnownType
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_hundredths, parse_hundredths
from socert.contracts.portal.write import element, optional
from socert.contracts.xml import Schema

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE = "urn:example:region:attendance:1.0.0"
REQUEST = MessageType(namespace=NAMESPACE, root="AttendanceRequest")
RESPONSE = MessageType(namespace=NAMESPACE, root="AttendanceResponse")


@cache
def schema() -> Schema:
    """Return the compiled schema of both messages."""
    return Schema.load(__package__ or "", "attendance.xsd")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What did this month of this contract come to? `month` is written 2026-09."""

    message_type: ClassVar[MessageType] = REQUEST

    contract_id: str
    month: str

    def render(self, prefix: str = "ns1") -> str:
        """Return the message in normal form."""
        return (
            f'<{prefix}:AttendanceRequest xmlns:{prefix}="{NAMESPACE}">'
            f"{element(prefix, 'contractId', self.contract_id)}{element(prefix, 'month', self.month)}"
            f"</{prefix}:AttendanceRequest>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The certificate's part of the month as planned and as charged, in hundredths; or why it is not told."""

    message_type: ClassVar[MessageType] = RESPONSE

    contract_id: str
    month: str
    planned: int = 0
    charged: int = 0
    refused: str | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the message in normal form."""
        told = optional(prefix, "refused", self.refused) or (
            element(prefix, "planned", format_hundredths(self.planned))
            + element(prefix, "charged", format_hundredths(self.charged))
        )
        return (
            f'<{prefix}:AttendanceResponse xmlns:{prefix}="{NAMESPACE}">'
            f"{element(prefix, 'contractId', self.contract_id)}{element(prefix, 'month', self.month)}{told}"
            f"</{prefix}:AttendanceResponse>"
        )


def read_request(content: _Element) -> Request:
    """Read a question that the schema has accepted."""
    fields = Fields.of_root(content, REQUEST, zone=None)
    return Request(contract_id=fields.text("contractId"), month=fields.text("month"))


def read_response(content: _Element) -> Response:
    """Read an answer that the schema has accepted."""
    fields = Fields.of_root(content, RESPONSE, zone=None)
    contract_id, month, refused = fields.text("contractId"), fields.text("month"), fields.maybe_text("refused")
    if refused is not None:
        return Response(contract_id=contract_id, month=month, refused=refused)
    return Response(
        contract_id=contract_id,
        month=month,
        planned=parse_hundredths(fields.text("planned")),
        charged=parse_hundredths(fields.text("charged")),
    )


TYPES = (
    KnownType(
        name="attendance.request",
        title="вопрос о списании за месяц",
        message_type=REQUEST,
        direction=Direction.PORTAL_TO_REGION,
        schema=schema,
        read=read_request,
        answered_by=(RESPONSE,),
    ),
    KnownType(
        name="attendance.response",
        title="ответ о списании за месяц",
        message_type=RESPONSE,
        direction=Direction.REGION_TO_PORTAL,
        schema=schema,
        read=read_response,
    ),
)
