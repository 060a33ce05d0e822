"""The portal's question about certificates, in one of three modes.

Source: portal message dictionary, 1 (root universalCertificateRequest, blocks PF-SEARCH, PF-RECIPIENT, PF-APPLICANT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.blocks import Gender
from socert.contracts.portal.pf_certificate.papers import (
    Address,
    BirthCertificate,
    Document,
    Passport,
    maybe_read_birth_certificate,
    read_address,
    read_document,
    read_passport,
    render_address,
    render_birth_certificate,
    render_document,
    render_passport,
    written_date,
)
from socert.contracts.portal.pf_certificate.types import NAMESPACE, REQUEST
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import boolean, element, optional

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchedChild:
    """A child whose certificate is looked for (PF-SEARCH); `birth_date` is a plain string, see `papers`."""

    last_name: str
    first_name: str
    patronymic: str | None = None
    document: Document
    snils: str
    birth_date: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchQuery:
    """Find existing certificates, one child or more; nothing is issued."""

    children: tuple[SearchedChild, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipientData:
    """The child whom a certificate is for (PF-RECIPIENT); a child without SNILS cannot be sent in this mode."""

    last_name: str
    first_name: str
    patronymic: str | None = None
    birth_date: str
    snils: str
    gender: Gender
    document: Document
    address: Address


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicantData:
    """The parent or another legal representative (PF-APPLICANT)."""

    last_name: str
    first_name: str
    patronymic: str | None = None
    birth_date: str
    passport: Passport
    address: Address
    email: str
    phone_number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationDetails:
    """Which municipality and region (FIAS codes and names) issues, and whether funds are wanted."""

    municipality_code: str
    municipality_name: str
    region_code: str
    region_name: str
    is_funded_certificate: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusQuery:
    """Find the child's certificate and ISSUE one if there is none (getCertificateStatusRequest).

    The portal repeats questions (its "Back" button does): answer by (order, child) with the same certificate.
    """

    recipient: RecipientData
    applicant: ApplicantData
    details: ApplicationDetails


@dataclass(frozen=True, kw_only=True, slots=True)
class InformerItem:
    """A certificate that the portal knows and wants to show; the birth certificate and the SNILS are extra checks.

    The schema asks for neither; `check_request` asks for one, because data must not go to who only has a number.
    """

    certificate_guid: str
    birth_certificate: BirthCertificate | None = None
    snils: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InformerQuery:
    """Data for the widget in the account, by known GUIDs."""

    items: tuple[InformerItem, ...]


Query = SearchQuery | StatusQuery | InformerQuery


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A question about certificates: the portal's order, when it was asked, and one of three modes."""

    message_type: ClassVar[MessageType] = REQUEST

    order_id: int
    order_timestamp: datetime
    query: Query

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for a naive moment.
        """
        p = prefix
        root = f"{p}:{REQUEST.root}"
        return (
            f'<{root} xmlns:{p}="{NAMESPACE}"><{p}:orderId>{self.order_id:d}</{p}:orderId>'
            f"<{p}:orderTimestamp>{format_moment(self.order_timestamp)}</{p}:orderTimestamp>"
            f"{_render_query(p, self.query)}</{root}>"
        )


def read_request(element: _Element, *, zone: tzinfo | None = None) -> Request:
    """Read a schema-valid universalCertificateRequest.

    `zone` is where a moment without an offset is taken to be; None refuses it. Raises ValueRefused with the path.
    """
    fields = Fields.of_root(element, REQUEST, zone=zone)
    return Request(
        order_id=fields.integer("orderId"),
        order_timestamp=fields.moment("orderTimestamp"),
        query=_read_query(fields),
    )


def _render_query(p: str, query: Query) -> str:
    match query:
        case SearchQuery():
            return "".join([_render_searched(p, child) for child in query.children])
        case StatusQuery():
            return (
                f"<{p}:getCertificateStatusRequest>{_render_recipient(p, query.recipient)}"
                f"{_render_applicant(p, query.applicant)}{_render_details(p, query.details)}"
                f"</{p}:getCertificateStatusRequest>"
            )
        case InformerQuery():
            items = "".join([_render_informer_item(p, item) for item in query.items])
            return f"<{p}:getCertificateInformerRequest>{items}</{p}:getCertificateInformerRequest>"


def _read_query(fields: Fields) -> Query:
    modes = ("searchCertificateRequest", "getCertificateStatusRequest", "getCertificateInformerRequest")
    match fields.first_of(modes):
        case "searchCertificateRequest" as mode:
            return SearchQuery(children=tuple([_read_searched(child) for child in fields.groups(mode)]))
        case "getCertificateStatusRequest" as mode:
            query = fields.group(mode)
            return StatusQuery(
                recipient=_read_recipient(query.group("certificateRecipientData")),
                applicant=_read_applicant(query.group("applicantData")),
                details=_read_details(query.group("applicationDetails")),
            )
        case mode:
            items = fields.group(mode).groups("recipientDataForGUID")
            return InformerQuery(items=tuple([_read_informer_item(item) for item in items]))


def _render_searched(p: str, child: SearchedChild) -> str:
    born = None if child.birth_date is None else written_date(child.birth_date)
    return (
        f"<{p}:searchCertificateRequest>{element(p, 'recipientLastName', child.last_name)}"
        f"{element(p, 'recipientFirstName', child.first_name)}{optional(p, 'recipientPatronymic', child.patronymic)}"
        f"{render_document(p, child.document)}{element(p, 'recipientSNILS', child.snils)}"
        f"{optional(p, 'recipientBirthDate', born)}</{p}:searchCertificateRequest>"
    )


def _read_searched(fields: Fields) -> SearchedChild:
    return SearchedChild(
        last_name=fields.text("recipientLastName"),
        first_name=fields.text("recipientFirstName"),
        patronymic=fields.maybe_text("recipientPatronymic"),
        document=read_document(fields),
        snils=fields.text("recipientSNILS"),
        birth_date=fields.maybe_text("recipientBirthDate"),
    )


def _render_recipient(p: str, recipient: RecipientData) -> str:
    return (
        f"<{p}:certificateRecipientData>{element(p, 'recipientLastName', recipient.last_name)}"
        f"{element(p, 'recipientFirstName', recipient.first_name)}"
        f"{optional(p, 'recipientPatronymic', recipient.patronymic)}"
        f"{element(p, 'recipientBirthDate', written_date(recipient.birth_date))}"
        f"{element(p, 'recipientSNILS', recipient.snils)}"
        f"{element(p, 'recipientGenderType', recipient.gender)}{render_document(p, recipient.document)}"
        f"{render_address(p, 'recipientRegAddress', recipient.address)}</{p}:certificateRecipientData>"
    )


def _read_recipient(fields: Fields) -> RecipientData:
    return RecipientData(
        last_name=fields.text("recipientLastName"),
        first_name=fields.text("recipientFirstName"),
        patronymic=fields.maybe_text("recipientPatronymic"),
        birth_date=fields.text("recipientBirthDate"),
        snils=fields.text("recipientSNILS"),
        gender=fields.choice(Gender, "recipientGenderType"),
        document=read_document(fields),
        address=read_address(fields.group("recipientRegAddress")),
    )


def _render_applicant(p: str, applicant: ApplicantData) -> str:
    return (
        f"<{p}:applicantData>{element(p, 'applicantLastName', applicant.last_name)}"
        f"{element(p, 'applicantFirstName', applicant.first_name)}"
        f"{optional(p, 'applicantPatronymic', applicant.patronymic)}"
        f"{element(p, 'applicantBirthDate', written_date(applicant.birth_date))}"
        f"{render_passport(p, 'applicantPassportData', applicant.passport)}"
        f"{render_address(p, 'applicantRegAddress', applicant.address)}"
        f"{element(p, 'applicantEmail', applicant.email)}"
        f"{element(p, 'applicantPhoneNumber', applicant.phone_number)}</{p}:applicantData>"
    )


def _read_applicant(fields: Fields) -> ApplicantData:
    return ApplicantData(
        last_name=fields.text("applicantLastName"),
        first_name=fields.text("applicantFirstName"),
        patronymic=fields.maybe_text("applicantPatronymic"),
        birth_date=fields.text("applicantBirthDate"),
        passport=read_passport(fields.group("applicantPassportData")),
        address=read_address(fields.group("applicantRegAddress")),
        email=fields.text("applicantEmail"),
        phone_number=fields.text("applicantPhoneNumber"),
    )


def _render_details(p: str, details: ApplicationDetails) -> str:
    return (
        f"<{p}:applicationDetails>{element(p, 'municipalityCode', details.municipality_code)}"
        f"{element(p, 'municipalityName', details.municipality_name)}{element(p, 'regionCode', details.region_code)}"
        f"{element(p, 'regionName', details.region_name)}"
        f"{element(p, 'isFundedCertificate', boolean(details.is_funded_certificate))}</{p}:applicationDetails>"
    )


def _read_details(fields: Fields) -> ApplicationDetails:
    return ApplicationDetails(
        municipality_code=fields.text("municipalityCode"),
        municipality_name=fields.text("municipalityName"),
        region_code=fields.text("regionCode"),
        region_name=fields.text("regionName"),
        is_funded_certificate=fields.boolean("isFundedCertificate"),
    )


def _render_informer_item(p: str, item: InformerItem) -> str:
    document = "" if item.birth_certificate is None else render_birth_certificate(p, item.birth_certificate)
    return (
        f"<{p}:recipientDataForGUID>{element(p, 'certificateGUID', item.certificate_guid)}"
        f"{document}{optional(p, 'recipientSNILS', item.snils)}</{p}:recipientDataForGUID>"
    )


def _read_informer_item(fields: Fields) -> InformerItem:
    return InformerItem(
        certificate_guid=fields.text("certificateGUID"),
        birth_certificate=maybe_read_birth_certificate(fields),
        snils=fields.maybe_text("recipientSNILS"),
    )
