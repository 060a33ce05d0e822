"""Documents and addresses in the certificate query.

Dates here are plain strings of up to 10 characters: the portal sends 2016-02-20, others 20.02.2016, and an empty one
is schema-valid. They are kept as they came (`values.parse_date` reads both forms) and written in ISO wherever they
can be read; what cannot be read is written back unchanged, because a document is also echoed.
Source: portal message dictionary, 1 (blocks PF-BIRTH, PF-FBIRTH, PF-PASSPORT, PF-ADDRESS; traps 1, 7, 8, 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import parse_date
from socert.contracts.portal.write import attribute, element, optional, text

if TYPE_CHECKING:
    from socert.contracts.portal.read import Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class BirthCertificate:
    """A Russian birth certificate; the series in whatever spelling (`values.normal_birth_certificate` settles it)."""

    series: str
    number: str
    agency: str
    issue_date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignBirthCertificate:
    """A foreign birth certificate; its number may have 50 characters, where the Russian one's has 10."""

    series: str | None = None
    number: str
    agency: str
    issue_date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Passport:
    """A passport (14 and older, and the applicant's only kind of document); `type_code` is not a closed list."""

    type_code: str
    type_name: str
    series: str | None = None
    number: str
    agency: str
    issue_date: str
    department_code: str | None = None


Document = BirthCertificate | ForeignBirthCertificate | Passport


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A registered address. `full_address`, `post_index`, `region`, `fias_code` are mandatory but may be empty."""

    full_address: str
    post_index: str
    country: str | None = None
    region: str
    area: str | None = None
    city: str | None = None
    city_area: str | None = None
    place: str | None = None
    street: str | None = None
    house: str | None = None
    building1: str | None = None
    building2: str | None = None
    apartment: str | None = None
    fias_code: str


def written_date(day: str) -> str:
    """Return a date string in ISO if it can be read, as it is otherwise."""
    try:
        return parse_date(day).isoformat()
    except ValueRefused:
        return day


_BIRTH = "recipientBirthCertificateData"
_FOREIGN = "recipientForeignBirthCertificateData"
_PASSPORT = "recipientPassportData"


def render_document(p: str, document: Document) -> str:
    """Write a child's document under the name of its kind."""
    match document:
        case BirthCertificate():
            return render_birth_certificate(p, document)
        case ForeignBirthCertificate():
            return _render_foreign(p, document)
        case Passport():
            return render_passport(p, _PASSPORT, document)


def maybe_read_document(fields: Fields) -> Document | None:
    """Read the child's document that stands among these fields, if there is one."""
    if fields.has(_BIRTH):
        return read_birth_certificate(fields.group(_BIRTH))
    if fields.has(_FOREIGN):
        return _read_foreign(fields.group(_FOREIGN))
    return read_passport(fields.group(_PASSPORT)) if fields.has(_PASSPORT) else None


def read_document(fields: Fields) -> Document:
    """Read the child's document that stands among these fields. Raises ValueRefused when there is none."""
    fields.first_of((_BIRTH, _FOREIGN, _PASSPORT))
    document = maybe_read_document(fields)
    assert document is not None
    return document


def maybe_read_birth_certificate(fields: Fields) -> BirthCertificate | None:
    """Read the birth certificate that stands among these fields, if there is one."""
    return read_birth_certificate(fields.group(_BIRTH)) if fields.has(_BIRTH) else None


def render_birth_certificate(p: str, document: BirthCertificate) -> str:
    """Write the element `recipientBirthCertificateData`."""
    return (
        f"<{p}:{_BIRTH}>{element(p, 'recipientBirthCertificateSeries', document.series)}"
        f"{element(p, 'recipientBirthCertificateNumber', document.number)}"
        f"{element(p, 'recipientBirthCertificateAgency', document.agency)}"
        f"{element(p, 'recipientBirthCertificateIssueDate', written_date(document.issue_date))}</{p}:{_BIRTH}>"
    )


def read_birth_certificate(fields: Fields) -> BirthCertificate:
    """Read what `recipientBirthCertificateData` holds."""
    return BirthCertificate(
        series=fields.text("recipientBirthCertificateSeries"),
        number=fields.text("recipientBirthCertificateNumber"),
        agency=fields.text("recipientBirthCertificateAgency"),
        issue_date=fields.text("recipientBirthCertificateIssueDate"),
    )


def _render_foreign(p: str, document: ForeignBirthCertificate) -> str:
    return (
        f"<{p}:{_FOREIGN}>{optional(p, 'recipientForeignBirthCertificateSeries', document.series)}"
        f"{element(p, 'recipientForeignBirthCertificateNumber', document.number)}"
        f"{element(p, 'recipientForeignBirthCertificateAgency', document.agency)}"
        f"{element(p, 'recipientForeignBirthCertificateIssueDate', written_date(document.issue_date))}</{p}:{_FOREIGN}>"
    )


def _read_foreign(fields: Fields) -> ForeignBirthCertificate:
    return ForeignBirthCertificate(
        series=fields.maybe_text("recipientForeignBirthCertificateSeries"),
        number=fields.text("recipientForeignBirthCertificateNumber"),
        agency=fields.text("recipientForeignBirthCertificateAgency"),
        issue_date=fields.text("recipientForeignBirthCertificateIssueDate"),
    )


def render_passport(p: str, name: str, passport: Passport) -> str:
    """Write a passport as an element of that name."""
    return (
        f'<{p}:{name}><{p}:passportType code="{attribute(passport.type_code)}">{text(passport.type_name)}'
        f"</{p}:passportType>{optional(p, 'passportSeries', passport.series)}"
        f"{element(p, 'passportNumber', passport.number)}{element(p, 'passportAgency', passport.agency)}"
        f"{element(p, 'passportIssueDate', written_date(passport.issue_date))}"
        f"{optional(p, 'passportDepartmentCode', passport.department_code)}</{p}:{name}>"
    )


def read_passport(fields: Fields) -> Passport:
    """Read what a passport's element holds."""
    return Passport(
        type_code=fields.attribute("passportType", "code"),
        type_name=fields.text("passportType"),
        series=fields.maybe_text("passportSeries"),
        number=fields.text("passportNumber"),
        agency=fields.text("passportAgency"),
        issue_date=fields.text("passportIssueDate"),
        department_code=fields.maybe_text("passportDepartmentCode"),
    )


def render_address(p: str, name: str, address: Address) -> str:
    """Write an address as an element of that name."""
    return (
        f"<{p}:{name}>{element(p, 'fullAddress', address.full_address)}{element(p, 'postIndex', address.post_index)}"
        f"{optional(p, 'country', address.country)}{element(p, 'region', address.region)}"
        f"{optional(p, 'area', address.area)}{optional(p, 'city', address.city)}"
        f"{optional(p, 'cityArea', address.city_area)}{optional(p, 'place', address.place)}"
        f"{optional(p, 'street', address.street)}{optional(p, 'house', address.house)}"
        f"{optional(p, 'building1', address.building1)}{optional(p, 'building2', address.building2)}"
        f"{optional(p, 'apartment', address.apartment)}{element(p, 'fiasCode', address.fias_code)}</{p}:{name}>"
    )


def read_address(fields: Fields) -> Address:
    """Read what an address's element holds."""
    return Address(
        full_address=fields.text("fullAddress"),
        post_index=fields.text("postIndex"),
        country=fields.maybe_text("country"),
        region=fields.text("region"),
        area=fields.maybe_text("area"),
        city=fields.maybe_text("city"),
        city_area=fields.maybe_text("cityArea"),
        place=fields.maybe_text("place"),
        street=fields.maybe_text("street"),
        house=fields.maybe_text("house"),
        building1=fields.maybe_text("building1"),
        building2=fields.maybe_text("building2"),
        apartment=fields.maybe_text("apartment"),
        fias_code=fields.text("fiasCode"),
    )
