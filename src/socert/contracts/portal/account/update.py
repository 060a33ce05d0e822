"""The push of account objects and its answer: AccountUpdateRequest, AccountUpdateResponse.

Source: portal message dictionary, 7 (blocks A-UPDATE, A-RECIPIENT) and 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.account.cards import (
    CertificateCard,
    ContractCard,
    read_certificate,
    read_contract,
    render_certificate,
    render_contract,
)
from socert.contracts.portal.account.offers import (
    ConsentState,
    RenewalOffer,
    read_consent,
    read_offer,
    render_consent,
    render_offer,
)
from socert.contracts.portal.account.types import NAMESPACE, UPDATE_REQUEST, UPDATE_RESPONSE
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import optional, optional_number, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


class Operation(StrEnum):
    """What to do with the object; CLOSE removes it or greys it out."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    CLOSE = "CLOSE"


class Cause(StrEnum):
    """What happened to the object."""

    ISSUED = "ISSUED"
    UPDATED = "UPDATED"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    CHARGED = "CHARGED"
    NOMINAL_CHANGED = "NOMINAL_CHANGED"
    PERIOD_SHIFT = "PERIOD_SHIFT"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"
    EXHAUSTED = "EXHAUSTED"
    ANNULLED = "ANNULLED"
    EXPIRED = "EXPIRED"
    CONTRACT_CONCLUDED = "CONTRACT_CONCLUDED"
    CONTRACT_CHANGED = "CONTRACT_CHANGED"
    CONTRACT_TERMINATED = "CONTRACT_TERMINATED"
    CONTRACT_COMPLETED = "CONTRACT_COMPLETED"
    OFFER_MADE = "OFFER_MADE"
    OFFER_ANSWERED = "OFFER_ANSWERED"
    OFFER_EXPIRED = "OFFER_EXPIRED"
    CONSENT_GIVEN = "CONSENT_GIVEN"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    FORM_UPDATED = "FORM_UPDATED"
    RECONCILE = "RECONCILE"
    MODE_OFF = "MODE_OFF"


class ResultStatus(StrEnum):
    """What the portal did with one update; DUPLICATE and STALE count as delivered."""

    APPLIED = "APPLIED"
    DUPLICATE = "DUPLICATE"
    STALE = "STALE"
    REJECTED = "REJECTED"

    @property
    def delivered(self) -> bool:
        """Whether the portal now has this version or a newer one."""
        return self is not ResultStatus.REJECTED


CODE_ALL_APPLIED = 0
"""UpdateResponse.code: every update was applied (or was known)."""

CODE_SOME_FAILED = 11
"""UpdateResponse.code: look at each result; any other code but 0 means that the whole batch failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityDocument:
    """An applicant's document: kind code, series of up to 10 characters, number."""

    type: str
    series: str | None = None
    number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """Owner of the account: a name and exactly one of `snils` (11 digits), `document`, `esia_oid`."""

    last_name: str
    first_name: str
    middle_name: str | None = None
    snils: str | None = None
    document: IdentityDocument | None = None
    esia_oid: int | None = None
    citizenship: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """The child whom the object is about; `snils` is 11 bare digits."""

    last_name: str
    first_name: str
    middle_name: str | None = None
    birth_date: date
    snils: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Whose account, which child."""

    applicant: Applicant
    child: Child


Body = CertificateCard | ContractCard | RenewalOffer | ConsentState


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """One version of one object, whole, never a difference.

    `object_id` is the certificate's GUID, the contract's, offer's or consent's id; (object_id, seq) makes repeats
    harmless; `as_of` is when the data were true; `body` may be None only for CLOSE; `notice` is a text for the parent
    in Russian, up to 2048 characters.
    """

    object_id: str
    operation: Operation
    seq: int
    as_of: datetime
    cause: Cause
    recipient: Recipient
    order_id: int | None = None
    body: Body | None = None
    notice: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateRequest:
    """A push of 1-100 updates; `batch_id` is a GUID."""

    message_type: ClassVar[MessageType] = UPDATE_REQUEST

    batch_id: str
    sent_at: datetime
    updates: tuple[Update, ...]

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for negative amounts and naive moments.
        What only the schema can tell (lengths, missing parts) is the schema's to tell.
        """
        p = prefix
        return (
            f'<{p}:AccountUpdateRequest xmlns:{p}="{NAMESPACE}"><{p}:batchId>{text(self.batch_id)}</{p}:batchId>'
            f"<{p}:sentAt>{format_moment(self.sent_at)}</{p}:sentAt>"
            f"{''.join([render_update(p, 'update', update) for update in self.updates])}</{p}:AccountUpdateRequest>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateResult:
    """The fate of one update, by (object_id, seq); `portal_object_id` is the portal's own id of the object."""

    object_id: str
    seq: int
    status: ResultStatus
    code: str | None = None
    message: str | None = None
    portal_object_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateResponse:
    """The answer to a push: `code` 0 all applied, 11 some failed, any other the whole batch failed."""

    message_type: ClassVar[MessageType] = UPDATE_RESPONSE

    batch_id: str
    code: int
    message: str
    results: tuple[UpdateResult, ...] = ()

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `UpdateRequest.render`."""
        p = prefix
        return (
            f'<{p}:AccountUpdateResponse xmlns:{p}="{NAMESPACE}"><{p}:batchId>{text(self.batch_id)}</{p}:batchId>'
            f"<{p}:code>{self.code:d}</{p}:code><{p}:message>{text(self.message)}</{p}:message>"
            f"{''.join([_render_result(p, result) for result in self.results])}</{p}:AccountUpdateResponse>"
        )


def render_update(p: str, name: str, update: Update) -> str:
    """Write one object version as an element of that name (`update` in a push, `object` in a query's answer)."""
    return (
        f"<{p}:{name}><{p}:objectId>{text(update.object_id)}</{p}:objectId>"
        f"<{p}:operation>{update.operation}</{p}:operation><{p}:seq>{update.seq:d}</{p}:seq>"
        f"<{p}:asOf>{format_moment(update.as_of)}</{p}:asOf><{p}:cause>{update.cause}</{p}:cause>"
        f"{render_recipient(p, update.recipient)}{optional_number(p, 'orderId', update.order_id)}"
        f"{render_body(p, update.body)}{optional(p, 'notice', update.notice)}</{p}:{name}>"
    )


def render_body(p: str, body: Body | None) -> str:
    """Write the element of an object's body, or nothing at all for None."""
    match body:
        case None:
            return ""
        case CertificateCard():
            return render_certificate(p, body)
        case ContractCard():
            return render_contract(p, body)
        case RenewalOffer():
            return render_offer(p, body)
        case ConsentState():
            return render_consent(p, body)


def render_recipient(p: str, recipient: Recipient) -> str:
    """Write the element `recipient`. An applicant with several identifications is written so: the schema refuses."""
    applicant, child = recipient.applicant, recipient.child
    return (
        f"<{p}:recipient><{p}:applicant><{p}:lastName>{text(applicant.last_name)}</{p}:lastName>"
        f"<{p}:firstName>{text(applicant.first_name)}</{p}:firstName>"
        f"{optional(p, 'middleName', applicant.middle_name)}{optional(p, 'snils', applicant.snils)}"
        f"{_render_document(p, applicant.document)}{optional_number(p, 'esiaOid', applicant.esia_oid)}"
        f"{optional(p, 'citizenship', applicant.citizenship)}</{p}:applicant>"
        f"<{p}:child><{p}:lastName>{text(child.last_name)}</{p}:lastName>"
        f"<{p}:firstName>{text(child.first_name)}</{p}:firstName>{optional(p, 'middleName', child.middle_name)}"
        f"<{p}:birthDate>{child.birth_date.isoformat()}</{p}:birthDate>"
        f"{optional(p, 'snils', child.snils)}</{p}:child></{p}:recipient>"
    )


def _render_document(p: str, document: IdentityDocument | None) -> str:
    if document is None:
        return ""
    return (
        f"<{p}:document><{p}:type>{text(document.type)}</{p}:type>{optional(p, 'series', document.series)}"
        f"<{p}:number>{text(document.number)}</{p}:number></{p}:document>"
    )


def _render_result(p: str, result: UpdateResult) -> str:
    return (
        f"<{p}:result><{p}:objectId>{text(result.object_id)}</{p}:objectId><{p}:seq>{result.seq:d}</{p}:seq>"
        f"<{p}:status>{result.status}</{p}:status>{optional(p, 'code', result.code)}"
        f"{optional(p, 'message', result.message)}{optional(p, 'portalObjectId', result.portal_object_id)}</{p}:result>"
    )


def read_update_request(element: _Element, *, zone: tzinfo | None = None) -> UpdateRequest:
    """Read a schema-valid AccountUpdateRequest.

    `zone` is where moments without an offset are taken to be; None refuses them. Raises ValueRefused, with the path,
    for what the schema lets through: "-0", a moment without an offset, a year past 9999.
    """
    fields = Fields.of_root(element, UPDATE_REQUEST, zone=zone)
    return UpdateRequest(
        batch_id=fields.text("batchId"),
        sent_at=fields.moment("sentAt"),
        updates=tuple([read_update(update) for update in fields.groups("update")]),
    )


def read_update_response(element: _Element) -> UpdateResponse:
    """Read a schema-valid AccountUpdateResponse. Raises ValueRefused with the path."""
    fields = Fields.of_root(element, UPDATE_RESPONSE, zone=None)
    return UpdateResponse(
        batch_id=fields.text("batchId"),
        code=fields.integer("code"),
        message=fields.text("message"),
        results=tuple([_read_result(result) for result in fields.groups("result")]),
    )


_BODIES: dict[str, Callable[[Fields], Body]] = {
    "certificateCard": read_certificate,
    "contractCard": read_contract,
    "renewalOffer": read_offer,
    "consentState": read_consent,
}


def read_update(fields: Fields) -> Update:
    """Read one object version."""
    body = next((read(fields.group(name)) for name, read in _BODIES.items() if fields.has(name)), None)
    return Update(
        object_id=fields.text("objectId"),
        operation=fields.choice(Operation, "operation"),
        seq=fields.integer("seq"),
        as_of=fields.moment("asOf"),
        cause=fields.choice(Cause, "cause"),
        recipient=read_recipient(fields.group("recipient")),
        order_id=fields.maybe_integer("orderId"),
        body=body,
        notice=fields.maybe_text("notice"),
    )


def read_recipient(fields: Fields) -> Recipient:
    """Read what `recipient` holds."""
    applicant, child = fields.group("applicant"), fields.group("child")
    return Recipient(
        applicant=Applicant(
            last_name=applicant.text("lastName"),
            first_name=applicant.text("firstName"),
            middle_name=applicant.maybe_text("middleName"),
            snils=applicant.maybe_text("snils"),
            document=_read_document(applicant.group("document")) if applicant.has("document") else None,
            esia_oid=applicant.maybe_integer("esiaOid"),
            citizenship=applicant.maybe_text("citizenship"),
        ),
        child=Child(
            last_name=child.text("lastName"),
            first_name=child.text("firstName"),
            middle_name=child.maybe_text("middleName"),
            birth_date=child.day("birthDate"),
            snils=child.maybe_text("snils"),
        ),
    )


def _read_document(fields: Fields) -> IdentityDocument:
    return IdentityDocument(type=fields.text("type"), series=fields.maybe_text("series"), number=fields.text("number"))


def _read_result(fields: Fields) -> UpdateResult:
    return UpdateResult(
        object_id=fields.text("objectId"),
        seq=fields.integer("seq"),
        status=fields.choice(ResultStatus, "status"),
        code=fields.maybe_text("code"),
        message=fields.maybe_text("message"),
        portal_object_id=fields.maybe_text("portalObjectId"),
    )
