"""What comes from the region: statuses of the application, answers to a cancellation and to a message.

Source: portal message dictionary, 6.2 (root FormDataResponse, block E-CONTRACT) and 6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.blocks import (
    AnySplit,
    ContractState,
    Organisation,
    read_organisation,
    read_split,
    render_organisation,
    render_split,
)
from socert.contracts.portal.enrolment.types import NAMESPACE, RESPONSE
from socert.contracts.portal.read import Fields
from socert.contracts.portal.statuses import StatusCode, read_status_code, render_status_code
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import element, optional, optional_boolean, optional_date, optional_moment

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


class CancellationResult(StrEnum):
    """What became of a cancellation."""

    CANCELLED = "CANCELLED"
    IN_PROGRESS = "IN_PROGRESS"
    REJECTED = "REJECTED"


class ReceiptResult(StrEnum):
    """Whether a message to the organisation was taken."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateInfo:
    """The certificate that pays, and the version of its balance after the change."""

    certificate_guid: str
    certificate_number: str | None = None
    balance_version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractInfo:
    """The contract, once there is one (E-CONTRACT).

    `contract_id` is the region's, stable for life; `contract_number` is on paper, None until it is concluded;
    `sign_deadline` is the parent's; `document_ref` is the file code of the contract's text.
    """

    contract_id: str
    contract_number: str | None = None
    contract_date: date | None = None
    contract_state: ContractState
    start_date: date
    end_date: date
    organisation: Organisation
    programme_guid: str
    programme_name: str
    group_guid: str
    split: AnySplit
    agreement_number: str | None = None
    agreement_date: date | None = None
    sign_deadline: datetime | None = None
    document_ref: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusChange:
    """The order's status changed (changeOrderInfo); the same application is answered so many times.

    `seq` grows by order: a lower or equal one is to be ignored. `reason_code` is a `reasons.ReasonCode` as a text of up
    to 20 characters; `comment` is for the parent, up to 2048; None leaves as it is whether he may cancel or write.
    """

    order_id: int
    status: StatusCode
    comment: str | None = None
    cancel_allowed: bool | None = None
    send_message_allowed: bool | None = None
    status_date: datetime
    seq: int
    reason_code: str | None = None
    certificate: CertificateInfo | None = None
    contract: ContractInfo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationAnswer:
    """Answer to a cancellation (cancelResponse); `effective_date` is when a contract that was active ends."""

    order_id: int
    result: CancellationResult
    comment: str | None = None
    effective_date: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TextReceipt:
    """Receipt of a message (textResponse); what the organisation replies travels as an event on the order."""

    order_id: int
    message_id: str
    result: ReceiptResult
    comment: str | None = None


Answer = StatusChange | CancellationAnswer | TextReceipt


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """From the region: one answer about one order."""

    message_type: ClassVar[MessageType] = RESPONSE

    answer: Answer

    @property
    def order_id(self) -> int:
        """The portal's number of the order that this is about."""
        return self.answer.order_id

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for negative amounts and naive moments.
        """
        root = f"{prefix}:{RESPONSE.root}"
        return f'<{root} xmlns:{prefix}="{NAMESPACE}">{_render_answer(prefix, self.answer)}</{root}>'


def _render_answer(p: str, answer: Answer) -> str:
    match answer:
        case StatusChange():
            return _render_status_change(p, answer)
        case CancellationAnswer():
            return (
                f"<{p}:cancelResponse><{p}:orderId>{answer.order_id:d}</{p}:orderId>"
                f"<{p}:result>{answer.result}</{p}:result>{optional(p, 'comment', answer.comment)}"
                f"{optional_date(p, 'effectiveDate', answer.effective_date)}</{p}:cancelResponse>"
            )
        case TextReceipt():
            return (
                f"<{p}:textResponse><{p}:orderId>{answer.order_id:d}</{p}:orderId>"
                f"{element(p, 'messageId', answer.message_id)}<{p}:result>{answer.result}</{p}:result>"
                f"{optional(p, 'comment', answer.comment)}</{p}:textResponse>"
            )


def _render_status_change(p: str, change: StatusChange) -> str:
    return (
        f"<{p}:changeOrderInfo><{p}:orderId><{p}:pguId>{change.order_id:d}</{p}:pguId></{p}:orderId>"
        f"{render_status_code(p, change.status)}{optional(p, 'comment', change.comment)}"
        f"{optional_boolean(p, 'cancelAllowed', change.cancel_allowed)}"
        f"{optional_boolean(p, 'sendMessageAllowed', change.send_message_allowed)}"
        f"<{p}:statusDate>{format_moment(change.status_date)}</{p}:statusDate><{p}:seq>{change.seq:d}</{p}:seq>"
        f"{optional(p, 'reasonCode', change.reason_code)}{_render_certificate(p, change.certificate)}"
        f"{_render_contract(p, change.contract)}</{p}:changeOrderInfo>"
    )


def _render_certificate(p: str, certificate: CertificateInfo | None) -> str:
    if certificate is None:
        return ""
    return (
        f"<{p}:certificateInfo>{element(p, 'certificateGUID', certificate.certificate_guid)}"
        f"{optional(p, 'certificateNumber', certificate.certificate_number)}"
        f"<{p}:balanceVersion>{certificate.balance_version:d}</{p}:balanceVersion></{p}:certificateInfo>"
    )


def _render_contract(p: str, contract: ContractInfo | None) -> str:
    if contract is None:
        return ""
    return (
        f"<{p}:contractInfo>{element(p, 'contractId', contract.contract_id)}"
        f"{optional(p, 'contractNumber', contract.contract_number)}"
        f"{optional_date(p, 'contractDate', contract.contract_date)}"
        f"<{p}:contractState>{contract.contract_state}</{p}:contractState>"
        f"<{p}:startDate>{contract.start_date.isoformat()}</{p}:startDate>"
        f"<{p}:endDate>{contract.end_date.isoformat()}</{p}:endDate>{render_organisation(p, contract.organisation)}"
        f"{element(p, 'programmeGUID', contract.programme_guid)}{element(p, 'programmeName', contract.programme_name)}"
        f"{element(p, 'groupGUID', contract.group_guid)}{render_split(p, contract.split)}"
        f"{optional(p, 'agreementNumber', contract.agreement_number)}"
        f"{optional_date(p, 'agreementDate', contract.agreement_date)}"
        f"{optional_moment(p, 'signDeadline', contract.sign_deadline)}"
        f"{optional(p, 'documentRef', contract.document_ref)}</{p}:contractInfo>"
    )


def read_response(element: _Element, *, zone: tzinfo | None = None) -> Response:
    """Read a schema-valid FormDataResponse; `zone` and errors as of `read_request`."""
    fields = Fields.of_root(element, RESPONSE, zone=zone)
    return Response(answer=_read_answer(fields))


def _read_answer(fields: Fields) -> Answer:
    match fields.first_of(("changeOrderInfo", "cancelResponse", "textResponse")):
        case "changeOrderInfo" as kind:
            return _read_status_change(fields.group(kind))
        case "cancelResponse" as kind:
            answer = fields.group(kind)
            return CancellationAnswer(
                order_id=answer.integer("orderId"),
                result=answer.choice(CancellationResult, "result"),
                comment=answer.maybe_text("comment"),
                effective_date=answer.maybe_day("effectiveDate"),
            )
        case kind:
            receipt = fields.group(kind)
            return TextReceipt(
                order_id=receipt.integer("orderId"),
                message_id=receipt.text("messageId"),
                result=receipt.choice(ReceiptResult, "result"),
                comment=receipt.maybe_text("comment"),
            )


def _read_status_change(fields: Fields) -> StatusChange:
    return StatusChange(
        order_id=fields.group("orderId").integer("pguId"),
        status=read_status_code(fields.group("statusCode")),
        comment=fields.maybe_text("comment"),
        cancel_allowed=fields.maybe_boolean("cancelAllowed"),
        send_message_allowed=fields.maybe_boolean("sendMessageAllowed"),
        status_date=fields.moment("statusDate"),
        seq=fields.integer("seq"),
        reason_code=fields.maybe_text("reasonCode"),
        certificate=_read_certificate(fields.group("certificateInfo")) if fields.has("certificateInfo") else None,
        contract=_read_contract(fields.group("contractInfo")) if fields.has("contractInfo") else None,
    )


def _read_certificate(fields: Fields) -> CertificateInfo:
    return CertificateInfo(
        certificate_guid=fields.text("certificateGUID"),
        certificate_number=fields.maybe_text("certificateNumber"),
        balance_version=fields.integer("balanceVersion"),
    )


def _read_contract(fields: Fields) -> ContractInfo:
    return ContractInfo(
        contract_id=fields.text("contractId"),
        contract_number=fields.maybe_text("contractNumber"),
        contract_date=fields.maybe_day("contractDate"),
        contract_state=fields.choice(ContractState, "contractState"),
        start_date=fields.day("startDate"),
        end_date=fields.day("endDate"),
        organisation=read_organisation(fields.group("organisation")),
        programme_guid=fields.text("programmeGUID"),
        programme_name=fields.text("programmeName"),
        group_guid=fields.text("groupGUID"),
        split=read_split(fields),
        agreement_number=fields.maybe_text("agreementNumber"),
        agreement_date=fields.maybe_day("agreementDate"),
        sign_deadline=fields.maybe_moment("signDeadline"),
        document_ref=fields.maybe_text("documentRef"),
    )
