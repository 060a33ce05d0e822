"""The messages of an order, built of what the portal knows: parent, child, catalogue, cost.

What a message cannot do without and nobody told is refused with `OrderRefused`.
Source: portal message dictionary, 1 (PF-RECIPIENT, PF-APPLICANT), 2 and 6.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from socert.contracts.portal import enrolment as messages
from socert.contracts.portal import group_cost
from socert.contracts.portal import pf_certificate as pf
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import forms
from socert.simulator.portal.profile import PASSPORT, applicant, child_data

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from socert.contracts.portal.blocks import FormCode
    from socert.simulator.portal.catalogue import Programme
    from socert.simulator.portal.order import Order
    from socert.simulator.portal.people import KnownChild, Owner
    from socert.simulator.portal.profile import ChildData

#: The code of the portal's service that enrols children.
SERVICE = "ENROLMENT-1"
#: The portal's own code of a passport in the certificate query (portal message dictionary, 9.1).
_PASSPORT_CODE = "0"
_RUSSIAN_PASSPORT = "1"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def certificate_query(order: Order, owner: Owner, child: KnownChild) -> pf.StatusQuery:
    """Return the question for the child's certificate, to be issued if there is none (M02)."""
    place = order.municipality
    who, whose = applicant(owner), child_data(child, place.name, place.region or "")
    home = pf.Address(
        full_address=whose.home.full,
        post_index=whose.home.index,
        region=(place.region or "")[:50],
        city=whose.home.city or None,
        street=whose.home.street or None,
        house=whose.home.house or None,
        apartment=whose.home.apartment or None,
        fias_code=place.code,
    )
    return pf.StatusQuery(
        recipient=pf.RecipientData(
            last_name=child.last_name,
            first_name=child.first_name,
            patronymic=child.middle_name,
            birth_date=child.birth_date.isoformat(),
            snils=child.snils or "",
            gender=whose.gender,
            document=pf.BirthCertificate(
                series=whose.paper.series,
                number=whose.paper.number,
                agency=whose.paper.agency,
                issue_date=whose.paper.issue_date.isoformat(),
            ),
            address=home,
        ),
        applicant=pf.ApplicantData(
            last_name=owner.last_name,
            first_name=owner.first_name,
            patronymic=owner.middle_name,
            birth_date=who.birth_date.isoformat(),
            passport=pf.Passport(
                type_code=_PASSPORT_CODE,
                type_name=PASSPORT,
                series=who.passport.series,
                number=who.passport.number,
                agency=who.passport.agency,
                issue_date=who.passport.issue_date.isoformat(),
                department_code=who.passport.department_code,
            ),
            address=home,
            email=who.email,
            phone_number=who.phone,
        ),
        details=pf.ApplicationDetails(
            municipality_code=place.code,
            municipality_name=place.name,
            region_code=place.region_code or "",
            region_name=place.region or "",
            is_funded_certificate=True,
        ),
    )


def cost_question(order: Order) -> group_cost.Request:
    """Return the question what the group costs (M05); each time it is asked it has a reference of its own."""
    certificate = order.certificate
    return group_cost.Request(
        group_guid=order.programme.group_guid or "",
        start_education_date=order.start_date,
        certificate_guid=certificate.guid if certificate is not None and certificate.guid else None,
        financial_source=order.source.value,
        request_ref=f"{order.id}-{order.questions}",
    )


def application(
    order: Order,
    owner: Owner,
    child: KnownChild,
    *,
    own_part_accepted: bool,
    ticked: Collection[FormCode],
    version: str,
    now: datetime,
) -> messages.Request:
    """Return the application (M06). `now` is the moment of the yes; the first filing's moment stays for repeats."""
    place = order.municipality
    return messages.Request(
        oktmo=place.oktmo or "",
        body=messages.Application(
            order_id=order.id,
            service=SERVICE,
            filing_date=order.filed or now,
            person=_person(owner),
            identity=_passport(owner),
            child=_child(child, whose := child_data(child, place.name, place.region or "")),
            address=_address(order, whose),
            enrolment=_enrolment(order),
            financing=_financing(order, own_part_accepted=own_part_accepted, now=now),
            consents=tuple(forms.consent(code, version, now) for code in sorted(ticked)),
        ),
    )


def check_programme(programme: Programme) -> None:
    """Refuse a programme whose entry in the catalogue is too poor to apply for. Raises `OrderRefused`."""
    provider = programme.organisation
    missing = [
        name
        for name, value in (
            ("номер группы (GUID)", _GUID.fullmatch(programme.group_guid or "")),
            ("номер программы (GUID)", _GUID.fullmatch(programme.programme_guid or "")),
            ("ИНН организации", provider.inn),
            ("вид организации", provider.kind),
        )
        if not value
    ]
    if missing:
        raise OrderRefused(f"Подать заявление на эту программу нельзя: в каталоге не указано: {', '.join(missing)}.")


def _person(owner: Owner) -> messages.Person:
    who = applicant(owner)
    return messages.Person(
        last_name=owner.last_name,
        first_name=owner.first_name,
        middle_name=owner.middle_name,
        birth_date=who.birth_date,
        snils=owner.identity.parts[0] if owner.identity.kind == "snils" else None,
        phone=who.phone,
        email=who.email,
        role=messages.PersonRole.PARENT,
        esia_oid=int(owner.identity.parts[0]) if owner.identity.kind == "oid" else None,
    )


def _passport(owner: Owner) -> messages.IdentityDocument:
    paper = applicant(owner).passport
    return messages.IdentityDocument(
        kind_code=_RUSSIAN_PASSPORT,
        kind=PASSPORT,
        series=paper.series,
        number=paper.number,
        issue_date=paper.issue_date,
        issue_code=paper.department_code,
        issued_by=paper.agency,
    )


def _child(child: KnownChild, whose: ChildData) -> messages.Child:
    return messages.Child(
        last_name=child.last_name,
        first_name=child.first_name,
        middle_name=child.middle_name,
        birth_date=child.birth_date,
        gender=whose.gender,
        snils=child.snils,
        document=messages.BirthCertificate(
            series=whose.paper.series,
            number=whose.paper.number,
            issue_date=whose.paper.issue_date,
            issued_by=whose.paper.agency,
        ),
    )


def _address(order: Order, whose: ChildData) -> messages.Address:
    place, home = order.municipality, whose.home
    return messages.Address(
        full_address=home.full,
        index=home.index or None,
        region=messages.AddressPart(name=place.region or place.name, code=place.region_code or place.code),
        city=messages.AddressPart(name=home.city, code=place.code) if home.city else None,
        street=messages.AddressPart(name=home.street) if home.street else None,
        house=messages.AddressPart(name=home.house) if home.house else None,
        apartment=home.apartment or None,
    )


def _enrolment(order: Order) -> messages.Enrolment:
    programme, provider, place = order.programme, order.programme.organisation, order.municipality
    cost = order.cost
    return messages.Enrolment(
        region_code=place.region_code or "",
        municipality_code=place.code,
        organisation=messages.Organisation(
            organisation_id=provider.id or provider.inn or "",
            name=provider.name,
            kind=messages.OrganisationKind(provider.kind or "PRIVATE"),
            inn=provider.inn or "",
            kpp=provider.kpp,
            ogrn=provider.ogrn,
        ),
        programme_guid=programme.programme_guid or "",
        programme_name=programme.name,
        group_guid=programme.group_guid or "",
        start_date=order.start_date,
        end_date=order.end_date or (None if cost is None else cost.last_day),
        previous_contract_id=order.previous_contract_id,
        renewal_offer_id=order.renewal_offer_id,
    )


def _financing(order: Order, *, own_part_accepted: bool, now: datetime) -> messages.Financing:
    source, cost, certificate = order.source, order.cost, order.certificate
    if source is not messages.FinancialSource.CERTIFICATE:
        budget = messages.TypeOfBudget.FREE if source is messages.FinancialSource.BUDGET else None
        return messages.Financing(source=source, type_of_budget=budget)
    agreed = None
    if cost is not None and cost.division is not None:
        assert cost.balance_version is not None
        agreed = messages.AgreedSplit(
            calculation_ref=cost.calculation,
            calculated_at=cost.calculated_at or now,
            balance_version=cost.balance_version,
            balance_as_of=cost.balance_as_of or now,
            split=cost.division.split(),
            applicant_part_accepted=own_part_accepted,
            agreed_at=now,
        )
    return messages.Financing(
        source=source,
        certificate_guid=None if certificate is None else certificate.guid or None,
        certificate_number=None if certificate is None else certificate.number or None,
        agreed_split=agreed,
    )
