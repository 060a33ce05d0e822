"""Between the registry's rows and the domain's records, both ways and nothing lost."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from socert.gateway.domain.certificate import Identity
from socert.gateway.domain.records import (
    Balance,
    Certificate,
    CertificateStatus,
    Child,
    Contract,
    ContractState,
    Gender,
    Municipality,
    Organisation,
    OrganisationKind,
    Person,
    Programme,
    Register,
    Scheme,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import RowMapping


def digest(record: Any) -> str:
    """Return a SHA-256 over all fields of a record, so that the same record is known without comparing columns."""
    return sha256(repr(_plain(record)).encode()).hexdigest()


_NOT_IMPORTED = frozenset({"register", "order_id", "previous_contract_id"})
"""Fields that no export fills: left out, so that a digest made before they were there is still the record's."""
_FIELDS_OF = {
    kind: attrgetter(*(field.name for field in fields(kind) if field.name not in _NOT_IMPORTED))
    for kind in (Certificate, Child, Person, Balance, Contract)
}


def _plain(record: Any) -> tuple[Any, ...]:
    """Return a record's fields as texts and tuples of texts. Every record of an import goes through here."""
    found = []
    for value in _FIELDS_OF[type(record)](record):
        kind = type(value)
        if value is None or kind is str:
            found.append(value)
        else:
            found.append(_plain(value) if kind in _FIELDS_OF else str(value))
    return tuple(found)


def own_register(unit: Unit) -> Register:
    """Return the register that a certificate of this unit counts."""
    return Register.HOUR if unit is Unit.HOUR else Register.RUB


def identity(child: Child) -> Identity:
    """Return who a child is, as far as a certificate tells."""
    return Identity(
        last_name=child.last_name,
        first_name=child.first_name,
        middle_name=child.middle_name,
        birth_date=child.birth_date,
        snils=child.snils,
        document=child.birth_certificate,
    )


def certificate_row(item: Certificate) -> dict[str, Any]:
    """Return the columns of a certificate, without version."""
    child, applicant = item.child, item.applicant
    return {
        "guid": item.guid,
        "number": item.number,
        "digest": digest(item),
        "with_funds": int(item.with_funds),
        "unit": item.unit.value,
        "status": item.status.value,
        "valid_from": item.valid_from,
        "valid_to": item.valid_to,
        "oktmo": item.oktmo,
        "consent_form": item.consent_form,
        "scheme": item.scheme.value,
        "category_code": item.category_code,
        "category_name": item.category_name,
        "child_last_name": child.last_name,
        "child_first_name": child.first_name,
        "child_middle_name": child.middle_name,
        "child_birth_date": child.birth_date,
        "child_gender": child.gender.value,
        "child_snils": child.snils,
        "child_birth_certificate": child.birth_certificate,
        "applicant_last_name": applicant.last_name,
        "applicant_first_name": applicant.first_name,
        "applicant_middle_name": applicant.middle_name,
        "applicant_snils": applicant.snils,
    }


def balance_row(guid: str, item: Certificate) -> dict[str, Any]:
    """Return the columns of a certificate's balance."""
    balance = item.balance
    return {
        "certificate_guid": guid,
        "register": own_register(item.unit).value,
        "period_from": balance.period_from,
        "period_to": balance.period_to,
        "nominal": balance.nominal,
        "reserved": balance.reserved,
        "spent": balance.spent,
    }


def balance_of(row: Mapping[str, Any] | RowMapping) -> Balance:
    """Return the balance in a row; its register is told where it is not the certificate's own."""
    return Balance(
        period_from=row["period_from"],
        period_to=row["period_to"],
        nominal=row["nominal"],
        reserved=row["reserved"],
        spent=row["spent"],
        register=count_register(row["register"]),
    )


def count_register(name: str) -> Register | None:
    """Return a kept register as records tell it: None for roubles and hours, which the unit says."""
    return None if name in _OWN_REGISTERS else Register(name)


_OWN_REGISTERS = frozenset(register.value for register in Register if not register.counts)


def balance_on(day: date, balances: Sequence[Balance]) -> Balance:
    """Return the certificate's own balance whose period has the day in it, else the one of the latest period.

    A certificate always has one: an import brings it, an issue opens it.
    """
    own = [one for one in balances if one.register is None]
    if len(own) > 1:
        own.sort(key=lambda one: (one.period_from <= day <= one.period_to, one.period_from, one.period_to))
    return own[-1]


def balances_from(day: date, balances: Sequence[Balance]) -> tuple[Balance, ...]:
    """Return the balances of this year and later, by period, the certificate's own first."""
    current = [one for one in balances if one.period_to.year >= day.year]
    if len(current) > 1:
        current.sort(key=lambda one: (one.period_from, one.register or ""))
    return tuple(current)


def certificate_of(row: Mapping[str, Any] | RowMapping, balance: Balance) -> Certificate:
    """Return the certificate in a row, with the balance that it shall show."""
    return Certificate(
        guid=row["guid"],
        number=row["number"],
        with_funds=bool(row["with_funds"]),
        unit=Unit(row["unit"]),
        child=child_of(row),
        applicant=Person(
            last_name=row["applicant_last_name"],
            first_name=row["applicant_first_name"],
            middle_name=row["applicant_middle_name"],
            snils=row["applicant_snils"],
        ),
        status=CertificateStatus(row["status"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        oktmo=row["oktmo"],
        consent_form=row["consent_form"],
        scheme=Scheme(row["scheme"]),
        category_code=row["category_code"],
        category_name=row["category_name"],
        balance=balance,
    )


def child_of(row: Mapping[str, Any] | RowMapping) -> Child:
    """Return the child in a certificate's row."""
    return Child(
        last_name=row["child_last_name"],
        first_name=row["child_first_name"],
        middle_name=row["child_middle_name"],
        snils=row["child_snils"],
        birth_date=row["child_birth_date"],
        gender=Gender(row["child_gender"]),
        birth_certificate=row["child_birth_certificate"],
    )


def contract_row(item: Contract, certificate_guid: str) -> dict[str, Any]:
    """Return the columns of a contract."""
    return {
        "contract_id": item.contract_id,
        "number": item.number,
        "digest": digest(item),
        "certificate_guid": certificate_guid,
        "concluded_on": item.concluded_on,
        "group_guid": item.group_guid,
        "programme_name": item.programme_name,
        "study_year": item.study_year,
        "organisation_inn": item.organisation_inn,
        "organisation_name": item.organisation_name,
        "start_date": item.start,
        "end_date": item.end,
        "unit": item.unit.value,
        "register": (item.register or own_register(item.unit)).value,
        "certificate_part": item.certificate_part,
        "own_part": item.own_part,
        "spent": item.spent,
        "reserved": item.reserved,
        "state": item.state.value,
        "order_id": item.order_id,
        "previous_contract_id": item.previous_contract_id,
    }


def contract_of(row: Mapping[str, Any] | RowMapping, certificate_number: str) -> Contract:
    """Return the contract in a row."""
    return Contract(
        contract_id=row["contract_id"],
        number=row["number"],
        certificate_number=certificate_number,
        concluded_on=row["concluded_on"],
        group_guid=row["group_guid"],
        programme_name=row["programme_name"],
        study_year=row["study_year"],
        organisation_inn=row["organisation_inn"],
        organisation_name=row["organisation_name"],
        start=row["start_date"],
        end=row["end_date"],
        unit=Unit(row["unit"]),
        certificate_part=row["certificate_part"],
        own_part=row["own_part"],
        spent=row["spent"],
        reserved=row["reserved"],
        state=ContractState(row["state"]),
        register=count_register(row["register"]),
        order_id=row["order_id"],
        previous_contract_id=row["previous_contract_id"],
    )


def programme_of(row: Mapping[str, Any] | RowMapping) -> Programme:
    """Return the programme in a joined row of programme and organisation (its columns as organisation_*)."""
    return Programme(
        group_guid=row["group_guid"],
        programme_guid=row["programme_guid"],
        name=row["name"],
        direction=row["direction"],
        years=row["years"],
        organisation=Organisation(
            inn=row["organisation_inn"],
            name=row["organisation_name"],
            kind=OrganisationKind(row["organisation_kind"]),
            ogrn=row["organisation_ogrn"],
            kpp=row["organisation_kpp"],
            agreement_number=row["organisation_agreement_number"],
            agreement_date=row["organisation_agreement_date"],
        ),
        hours=row["hours"],
        price=row["price"],
        certificate_accepted=bool(row["certificate_accepted"]),
        start=row["start_date"],
        end=row["end_date"],
        normative=row["normative"],
        register=None if row["register"] is None else Register(row["register"]),
        places=row["places"],
        opens=row["opens"],
        closes=row["closes"],
        study_year=row["study_year"],
        oktmo=row["oktmo"],
    )


def programme_row(item: Programme) -> dict[str, Any]:
    """Return the columns of a programme's group."""
    return {
        "group_guid": item.group_guid,
        "programme_guid": item.programme_guid,
        "name": item.name,
        "direction": item.direction,
        "years": item.years,
        "organisation_inn": item.organisation.inn,
        "hours": item.hours,
        "price": item.price,
        "certificate_accepted": int(item.certificate_accepted),
        "start_date": item.start,
        "end_date": item.end,
        "normative": item.normative,
        "register": None if item.register is None else item.register.value,
        "places": item.places,
        "opens": item.opens,
        "closes": item.closes,
        "study_year": item.study_year,
        "oktmo": item.oktmo,
    }


def organisation_row(item: Organisation) -> dict[str, Any]:
    """Return the columns of an organisation."""
    return {
        "inn": item.inn,
        "name": item.name,
        "kind": item.kind.value,
        "ogrn": item.ogrn,
        "kpp": item.kpp,
        "agreement_number": item.agreement_number,
        "agreement_date": item.agreement_date,
    }


def municipality_row(item: Municipality) -> dict[str, Any]:
    """Return the columns of a municipality."""
    return {
        "oktmo": item.oktmo,
        "name": item.name,
        "guid": item.guid,
        "region_name": item.region_name,
        "region_guid": item.region_guid,
    }


def municipality_of(row: Mapping[str, Any] | RowMapping) -> Municipality:
    """Return the municipality in a row."""
    return Municipality(
        oktmo=row["oktmo"],
        name=row["name"],
        guid=row["guid"],
        region_name=row["region_name"],
        region_guid=row["region_guid"],
    )
