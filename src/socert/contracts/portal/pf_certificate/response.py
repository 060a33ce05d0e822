"""The region's answer to the portal's question about certificates.

Source: portal message dictionary, 1 (root universalCertificateResponse, blocks PF-CERT, PF-REGISTER).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.pf_certificate.papers import Document, maybe_read_document, render_document
from socert.contracts.portal.pf_certificate.types import NAMESPACE, RESPONSE
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_hundredths, format_moment
from socert.contracts.portal.write import boolean, element, optional

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


class CertificateType(StrEnum):
    """Whether the certificate carries funds."""

    ACCOUNTING = "0"
    FUNDED = "1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Funds:
    """What is on the certificate and what of it is booked, in hundredths (registerOfPFAE).

    Peers disagree whether `balance` still includes `booked`: the portal's own screen shows balance - booked, so by
    default it does; make it a setting of the peer. The message has no unit: hours go here only if the peer agreed.
    """

    balance: int
    booked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Programmes:
    """How many programmes of a count register are left and running: whole numbers."""

    balance: int
    booked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate as this message can tell it (PF-CERT): no contracts, no period, no status, no unit.

    `category_code` has at most one character. `released_on_request` is True only if this order's question caused the
    issue, and keeps the value of the first answer when the same order asks again.
    """

    guid: str
    number: str
    municipality_code: str
    region_code: str
    certificate_type: CertificateType
    category_code: str
    category_name: str
    funds: Funds | None = None
    significant: Programmes | None = None
    pre_professional: Programmes | None = None
    other: Programmes | None = None
    released_on_request: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Whose certificate it is; the SNILS must be the one asked for."""

    last_name: str
    first_name: str
    patronymic: str | None = None
    snils: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFound:
    """A certificate found, or issued on this request (certificateDataResponse)."""

    certificate: Certificate
    owner: Owner


@dataclass(frozen=True, kw_only=True, slots=True)
class NothingFound:
    """Nothing found (ineffectualSearchResponse); `reason` is a text for people, up to 2000 characters.

    Nothing else ties this entry to one of several children asked for: echo the document and the SNILS of the
    question, and in informer mode the GUID.
    """

    certificate_guid: str | None = None
    reason: str
    document: Document | None = None
    snils: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRefused:
    """The region will not issue (cancelResponse): a code of at most two characters and a text for the parent.

    The list of codes has never been published: agree on it with the portal.
    """

    code: str
    description: str


Answer = CertificateFound | NothingFound | IssueRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The answer to a question: the same order id, and one entry for each certificate or child asked for."""

    message_type: ClassVar[MessageType] = RESPONSE

    order_id: int
    response_timestamp: datetime
    answers: tuple[Answer, ...]

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry; ValueRefused for a negative amount, a naive moment,
        and order 0, which the portal takes for "no answer in time".
        """
        if self.order_id == 0:
            raise ValueRefused("order 0 means no answer in time to the portal: answer with the order that was asked")
        p = prefix
        root = f"{p}:{RESPONSE.root}"
        return (
            f'<{root} xmlns:{p}="{NAMESPACE}"><{p}:orderId>{self.order_id:d}</{p}:orderId>'
            f"<{p}:responseTimestamp>{format_moment(self.response_timestamp)}</{p}:responseTimestamp>"
            f"{''.join([_render_answer(p, answer) for answer in self.answers])}</{root}>"
        )


def read_response(element: _Element, *, zone: tzinfo | None = None) -> Response:
    """Read a schema-valid universalCertificateResponse, order 0 too.

    `zone` is where a moment without an offset is taken to be; None refuses it. Raises ValueRefused with the path,
    also for amounts that xs:double allows and an account cannot hold: NaN, INF, exponents, minus, a third decimal.
    """
    fields = Fields.of_root(element, RESPONSE, zone=zone)
    return Response(
        order_id=fields.integer("orderId"),
        response_timestamp=fields.moment("responseTimestamp"),
        answers=tuple([_read_answer(answer) for answer in fields.groups("certificateResponse")]),
    )


def _render_answer(p: str, answer: Answer) -> str:
    match answer:
        case CertificateFound():
            inner = (
                f"<{p}:certificateDataResponse>{_render_certificate(p, answer.certificate)}"
                f"{_render_owner(p, answer.owner)}</{p}:certificateDataResponse>"
            )
        case NothingFound():
            document = "" if answer.document is None else render_document(p, answer.document)
            inner = (
                f"<{p}:ineffectualSearchResponse>{optional(p, 'certificateGUID', answer.certificate_guid)}"
                f"{element(p, 'emptySearchResultReason', answer.reason)}"
                f"{document}{optional(p, 'recipientSNILS', answer.snils)}</{p}:ineffectualSearchResponse>"
            )
        case IssueRefused():
            inner = (
                f"<{p}:cancelResponse>{element(p, 'cancelReasonCode', answer.code)}"
                f"{element(p, 'cancelReasonDescription', answer.description)}</{p}:cancelResponse>"
            )
    return f"<{p}:certificateResponse>{inner}</{p}:certificateResponse>"


def _read_answer(fields: Fields) -> Answer:
    match fields.first_of(("certificateDataResponse", "ineffectualSearchResponse", "cancelResponse")):
        case "certificateDataResponse" as kind:
            found = fields.group(kind)
            return CertificateFound(
                certificate=_read_certificate(found.group("certificateData")),
                owner=_read_owner(found.group("certificateOwnerData")),
            )
        case "ineffectualSearchResponse" as kind:
            nothing = fields.group(kind)
            return NothingFound(
                certificate_guid=nothing.maybe_text("certificateGUID"),
                reason=nothing.text("emptySearchResultReason"),
                document=maybe_read_document(nothing),
                snils=nothing.maybe_text("recipientSNILS"),
            )
        case kind:
            refused = fields.group(kind)
            return IssueRefused(
                code=refused.text("cancelReasonCode"), description=refused.text("cancelReasonDescription")
            )


def _render_certificate(p: str, certificate: Certificate) -> str:
    return (
        f"<{p}:certificateData>{element(p, 'certificateGUID', certificate.guid)}"
        f"{element(p, 'certificateNumber', certificate.number)}"
        f"{element(p, 'municipalityCode', certificate.municipality_code)}"
        f"{element(p, 'regionCode', certificate.region_code)}"
        f"{element(p, 'certificateType', certificate.certificate_type)}"
        f"<{p}:certificateCategory>{element(p, 'certificateCategoryCode', certificate.category_code)}"
        f"{element(p, 'certificateCategoryName', certificate.category_name)}</{p}:certificateCategory>"
        f"{_render_register(p, 'registerOfPFAE', certificate.funds)}"
        f"{_render_register(p, 'registerOfSignificantPrograms', certificate.significant)}"
        f"{_render_register(p, 'registerOfPreProfessionalPrograms', certificate.pre_professional)}"
        f"{_render_register(p, 'registerOfOtherPrograms', certificate.other)}"
        f"{element(p, 'isReleasedOnRequestByEPGU', boolean(certificate.released_on_request))}</{p}:certificateData>"
    )


def _render_register(p: str, name: str, register: Funds | Programmes | None) -> str:
    if register is None:
        return ""
    if isinstance(register, Funds):
        balance, booked = format_hundredths(register.balance), format_hundredths(register.booked)
    elif register.balance < 0 or register.booked < 0:
        raise ValueRefused("a count on the wire is never negative", field=name)
    else:
        balance, booked = f"{register.balance:d}", f"{register.booked:d}"
    return (
        f"<{p}:{name}><{p}:certificateBalance>{balance}</{p}:certificateBalance>"
        f"<{p}:certificateBookedAmount>{booked}</{p}:certificateBookedAmount></{p}:{name}>"
    )


def _read_certificate(fields: Fields) -> Certificate:
    category = fields.group("certificateCategory")
    return Certificate(
        guid=fields.text("certificateGUID"),
        number=fields.text("certificateNumber"),
        municipality_code=fields.text("municipalityCode"),
        region_code=fields.text("regionCode"),
        certificate_type=fields.choice(CertificateType, "certificateType"),
        category_code=category.text("certificateCategoryCode"),
        category_name=category.text("certificateCategoryName"),
        funds=_maybe_read_funds(fields, "registerOfPFAE"),
        significant=_maybe_read_programmes(fields, "registerOfSignificantPrograms"),
        pre_professional=_maybe_read_programmes(fields, "registerOfPreProfessionalPrograms"),
        other=_maybe_read_programmes(fields, "registerOfOtherPrograms"),
        released_on_request=fields.boolean("isReleasedOnRequestByEPGU"),
    )


def _maybe_read_funds(fields: Fields, name: str) -> Funds | None:
    if not fields.has(name):
        return None
    register = fields.group(name)
    return Funds(
        balance=register.hundredths("certificateBalance"), booked=register.hundredths("certificateBookedAmount")
    )


def _maybe_read_programmes(fields: Fields, name: str) -> Programmes | None:
    if not fields.has(name):
        return None
    register = fields.group(name)
    return Programmes(balance=register.count("certificateBalance"), booked=register.count("certificateBookedAmount"))


def _render_owner(p: str, owner: Owner) -> str:
    return (
        f"<{p}:certificateOwnerData>{element(p, 'recipientLastName', owner.last_name)}"
        f"{element(p, 'recipientFirstName', owner.first_name)}{optional(p, 'recipientPatronymic', owner.patronymic)}"
        f"{element(p, 'recipientSNILS', owner.snils)}</{p}:certificateOwnerData>"
    )


def _read_owner(fields: Fields) -> Owner:
    return Owner(
        last_name=fields.text("recipientLastName"),
        first_name=fields.text("recipientFirstName"),
        patronymic=fields.maybe_text("recipientPatronymic"),
        snils=fields.text("recipientSNILS"),
    )
