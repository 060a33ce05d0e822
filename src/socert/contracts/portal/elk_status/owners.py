"""Whose account an order goes into: a person by one of four marks, or an organisation.

Source: portal message dictionary, 4 (user, organization).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.elk_status.style import bare_snils

if TYPE_CHECKING:
    from datetime import date

    from socert.contracts.portal.elk_status.style import Tags
    from socert.contracts.portal.read import Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonByDocument:
    """A person by a document: its kind and the citizenship are codes of the national registry (7211, 7210)."""

    document_type: str
    series: str | None = None
    number: str
    last_name: str
    first_name: str
    middle_name: str | None = None
    citizenship: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonBySnils:
    """A person by SNILS, 11 bare digits (they travel with separators), and name."""

    snils: str
    last_name: str
    first_name: str
    middle_name: str | None = None
    citizenship: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonBySnilsAndBirthDate:
    """A person by SNILS, 11 bare digits, and birth date."""

    citizenship: str
    snils: str
    birth_date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonByInn:
    """A person by INN and name."""

    inn: str
    last_name: str
    first_name: str
    middle_name: str | None = None
    citizenship: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Organization:
    """A legal body by its OGRN, or by INN and KPP."""

    ogrn: str | None = None
    inn: str | None = None
    kpp: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SoleTrader:
    """A sole trader, of whom it has not been seen how he is named: nothing of it is read or written."""


Person = PersonByDocument | PersonBySnils | PersonBySnilsAndBirthDate | PersonByInn
Owner = Person | Organization | SoleTrader


def render_owner(tags: Tags, owner: Owner) -> str:
    """Write the element `user` or `organization`."""
    match owner:
        case SoleTrader():
            return tags.wrap("organization", tags.wrap("ogrn_inn_IP"))
        case Organization():
            numbers = (
                tags.put("ogrn", owner.ogrn)
                if owner.ogrn is not None
                else tags.wrap("inn_kpp", tags.put("inn", owner.inn), tags.put("kpp", owner.kpp))
            )
            return tags.wrap("organization", tags.wrap("ogrn_inn_UL", numbers))
        case _:
            return tags.wrap("user", _render_person(tags, owner))


def _render_person(tags: Tags, person: Person) -> str:
    match person:
        case PersonByDocument():
            return tags.wrap(
                "userPersonalDoc",
                tags.put("PersonalDocType", person.document_type),
                tags.put("series", person.series),
                tags.put("number", person.number),
                _render_name(tags, person),
            )
        case PersonBySnils():
            return tags.wrap("userDocSnils", tags.snils("snils", person.snils), _render_name(tags, person))
        case PersonBySnilsAndBirthDate():
            return tags.wrap(
                "userDocSnilsBirthDate",
                tags.put("citizenship", person.citizenship),
                tags.snils("snils", person.snils),
                tags.put("birthDate", person.birth_date.isoformat()),
            )
        case PersonByInn():
            return tags.wrap("userDocInn", tags.put("INN", person.inn), _render_name(tags, person))


def _render_name(tags: Tags, person: PersonByDocument | PersonBySnils | PersonByInn) -> str:
    return (
        f"{tags.put('lastName', person.last_name)}{tags.put('firstName', person.first_name)}"
        f"{tags.put('middleName', person.middle_name)}{tags.put('citizenship', person.citizenship)}"
    )


def read_owner(fields: Fields) -> Owner:
    """Read `user` or `organization` among these fields."""
    if fields.first_of(("user", "organization")) == "user":
        return _read_person(fields.group("user"))
    organization = fields.group("organization")
    if organization.first_of(("ogrn_inn_UL", "ogrn_inn_IP")) == "ogrn_inn_IP":
        return SoleTrader()
    numbers = organization.group("ogrn_inn_UL")
    if numbers.first_of(("ogrn", "inn_kpp")) == "ogrn":
        return Organization(ogrn=numbers.text("ogrn"))
    both = numbers.group("inn_kpp")
    return Organization(inn=both.text("inn"), kpp=both.maybe_text("kpp"))


def _read_person(fields: Fields) -> Person:
    mark = fields.first_of(("userPersonalDoc", "userDocSnils", "userDocSnilsBirthDate", "userDocInn"))
    person = fields.group(mark)
    if mark == "userDocSnilsBirthDate":
        return PersonBySnilsAndBirthDate(
            citizenship=person.text("citizenship"),
            snils=person.value(bare_snils, "snils"),
            birth_date=person.day("birthDate"),
        )
    last_name, first_name = person.text("lastName"), person.text("firstName")
    middle_name, citizenship = person.maybe_text("middleName"), person.text("citizenship")
    match mark:
        case "userPersonalDoc":
            return PersonByDocument(
                document_type=person.text("PersonalDocType"),
                series=person.maybe_text("series"),
                number=person.text("number"),
                last_name=last_name,
                first_name=first_name,
                middle_name=middle_name,
                citizenship=citizenship,
            )
        case "userDocSnils":
            return PersonBySnils(
                snils=person.value(bare_snils, "snils"),
                last_name=last_name,
                first_name=first_name,
                middle_name=middle_name,
                citizenship=citizenship,
            )
        case _:
            return PersonByInn(
                inn=person.text("INN"),
                last_name=last_name,
                first_name=first_name,
                middle_name=middle_name,
                citizenship=citizenship,
            )
