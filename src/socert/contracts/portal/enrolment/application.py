"""The application: which programme from when, who pays what, attached files, and all of it together.

Source: portal message dictionary, 6.1 (ApplicationRequest, blocks E-ENROL, E-FIN, E-FILE).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.agreed import (
    AgreedSplit,
    Consent,
    maybe_read_agreed_split,
    read_consents,
    render_agreed_split,
    render_consents,
)
from socert.contracts.portal.blocks import (
    FinancialSource,
    Organisation,
    Scheme,
    TypeOfBudget,
    read_organisation,
    render_organisation,
)
from socert.contracts.portal.enrolment.address import Address, read_address, render_address
from socert.contracts.portal.enrolment.people import (
    Child,
    IdentityDocument,
    Person,
    read_child,
    read_identity,
    read_person,
    render_child,
    render_identity,
    render_person,
)
from socert.contracts.portal.values import normalized
from socert.contracts.portal.write import (
    element,
    optional,
    optional_boolean,
    optional_date,
    optional_moment,
    optional_number,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from socert.contracts.portal.read import Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """What is applied for (E-ENROL).

    `region_code`, `municipality_code` (the one that pays), `datasource` (the navigator), `programme_guid` and
    `group_guid` are GUIDs; `study_year` 1-12, `module_number` 1-99; days are inclusive; `renewal_offer_id` is the offer
    that this application answers.
    """

    region_code: str
    municipality_code: str
    datasource: str | None = None
    organisation: Organisation
    programme_guid: str
    programme_name: str
    study_year: int | None = None
    module_number: int | None = None
    group_guid: str
    group_name: str | None = None
    start_date: date
    end_date: date | None = None
    next_school_year: bool | None = None
    previous_contract_id: str | None = None
    renewal_offer_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Financing:
    """Who pays (E-FIN). Certificate and agreed split are there when, and only when, a certificate pays."""

    source: FinancialSource
    type_of_budget: TypeOfBudget | None = None
    certificate_guid: str | None = None
    certificate_number: str | None = None
    scheme: Scheme | None = None
    agreed_split: AgreedSplit | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """An attached file (E-FILE): the portal's code of it, its name, its MIME type, what paper it is."""

    code: str
    name: str
    mime_type: str
    kind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """An application (ApplicationRequest): the same `order_id` again is the same application.

    `service` is the code of the service, 1-20 characters; `filing_date` is there when it is filed for the first time;
    1-5 consents, up to 20 files.
    """

    order_id: int
    service: str
    filing_date: datetime | None = None
    person: Person
    identity: IdentityDocument
    child: Child
    address: Address
    enrolment: Enrolment
    financing: Financing
    consents: tuple[Consent, ...]
    files: tuple[File, ...] = ()


def render_application(p: str, application: Application) -> str:
    """Write the element `ApplicationRequest`."""
    return (
        f"<{p}:ApplicationRequest><{p}:orderId>{application.order_id:d}</{p}:orderId>"
        f"{element(p, 'ServicesType', application.service)}"
        f"{optional_moment(p, 'FilingDate', application.filing_date)}{render_person(p, application.person)}"
        f"{render_identity(p, 'PersonIdentityDocInfo', application.identity)}{render_child(p, application.child)}"
        f"{render_address(p, application.address)}{_render_enrolment(p, application.enrolment)}"
        f"{_render_financing(p, application.financing)}{render_consents(p, application.consents)}"
        f"{render_files(p, application.files)}</{p}:ApplicationRequest>"
    )


def read_application(fields: Fields) -> Application:
    """Read what `ApplicationRequest` holds."""
    return Application(
        order_id=fields.integer("orderId"),
        service=normalized(fields.text("ServicesType")),
        filing_date=fields.maybe_moment("FilingDate"),
        person=read_person(fields.group("PersonInfo")),
        identity=read_identity(fields.group("PersonIdentityDocInfo")),
        child=read_child(fields.group("ChildInfo")),
        address=read_address(fields.group("Address")),
        enrolment=_read_enrolment(fields.group("EnrolmentInfo")),
        financing=_read_financing(fields.group("FinancingInfo")),
        consents=read_consents(fields),
        files=read_files(fields),
    )


def _render_enrolment(p: str, enrolment: Enrolment) -> str:
    return (
        f"<{p}:EnrolmentInfo>{element(p, 'regionCode', enrolment.region_code)}"
        f"{element(p, 'municipalityCode', enrolment.municipality_code)}"
        f"{optional(p, 'datasource', enrolment.datasource)}{render_organisation(p, enrolment.organisation)}"
        f"{element(p, 'programmeGUID', enrolment.programme_guid)}"
        f"{element(p, 'programmeName', enrolment.programme_name)}"
        f"{optional_number(p, 'studyYear', enrolment.study_year)}"
        f"{optional_number(p, 'moduleNumber', enrolment.module_number)}"
        f"{element(p, 'groupGUID', enrolment.group_guid)}{optional(p, 'groupName', enrolment.group_name)}"
        f"<{p}:startEducationDate>{enrolment.start_date.isoformat()}</{p}:startEducationDate>"
        f"{optional_date(p, 'endEducationDate', enrolment.end_date)}"
        f"{optional_boolean(p, 'nextSchoolYear', enrolment.next_school_year)}"
        f"{optional(p, 'previousContractId', enrolment.previous_contract_id)}"
        f"{optional(p, 'renewalOfferId', enrolment.renewal_offer_id)}</{p}:EnrolmentInfo>"
    )


def _read_enrolment(fields: Fields) -> Enrolment:
    return Enrolment(
        region_code=fields.text("regionCode"),
        municipality_code=fields.text("municipalityCode"),
        datasource=fields.maybe_text("datasource"),
        organisation=read_organisation(fields.group("organisation")),
        programme_guid=fields.text("programmeGUID"),
        programme_name=fields.text("programmeName"),
        study_year=fields.maybe_integer("studyYear"),
        module_number=fields.maybe_integer("moduleNumber"),
        group_guid=fields.text("groupGUID"),
        group_name=fields.maybe_text("groupName"),
        start_date=fields.day("startEducationDate"),
        end_date=fields.maybe_day("endEducationDate"),
        next_school_year=fields.maybe_boolean("nextSchoolYear"),
        previous_contract_id=fields.maybe_text("previousContractId"),
        renewal_offer_id=fields.maybe_text("renewalOfferId"),
    )


def _render_financing(p: str, financing: Financing) -> str:
    return (
        f"<{p}:FinancingInfo>{element(p, 'financialSource', financing.source)}"
        f"{optional(p, 'typeOfBudget', financing.type_of_budget)}"
        f"{optional(p, 'certificateGUID', financing.certificate_guid)}"
        f"{optional(p, 'certificateNumber', financing.certificate_number)}{optional(p, 'scheme', financing.scheme)}"
        f"{render_agreed_split(p, financing.agreed_split)}</{p}:FinancingInfo>"
    )


def _read_financing(fields: Fields) -> Financing:
    return Financing(
        source=fields.choice(FinancialSource, "financialSource"),
        type_of_budget=fields.maybe_choice(TypeOfBudget, "typeOfBudget"),
        certificate_guid=fields.maybe_text("certificateGUID"),
        certificate_number=fields.maybe_text("certificateNumber"),
        scheme=fields.maybe_choice(Scheme, "scheme"),
        agreed_split=maybe_read_agreed_split(fields),
    )


def render_files(p: str, files: tuple[File, ...]) -> str:
    """Write the elements `AppliedDocument`."""
    return "".join(
        f"<{p}:AppliedDocument>{element(p, 'CodeDocument', file.code)}{element(p, 'NameDocument', file.name)}"
        f"{element(p, 'TypeDocument', file.mime_type)}{optional(p, 'KindDocument', file.kind)}</{p}:AppliedDocument>"
        for file in files
    )


def read_files(fields: Fields) -> tuple[File, ...]:
    """Read every `AppliedDocument` among these fields."""
    return tuple(
        File(
            code=file.text("CodeDocument"),
            name=file.text("NameDocument"),
            mime_type=file.text("TypeDocument"),
            kind=file.maybe_text("KindDocument"),
        )
        for file in fields.groups("AppliedDocument")
    )
