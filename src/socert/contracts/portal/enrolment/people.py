"""Who applies and for whom, with the papers that prove it.

Source: portal message dictionary, 6.1 (blocks E-PERSON, E-IDDOC, E-CHILD).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import Gender
from socert.contracts.portal.write import attribute, element, optional, optional_date, optional_number, text

if TYPE_CHECKING:
    from datetime import date

    from socert.contracts.portal.read import Fields


class PersonRole(StrEnum):
    """Who the applicant is to the child; CHILD_SELF applies for himself, from the age of 14."""

    PARENT = "PARENT"
    GUARDIAN = "GUARDIAN"
    OTHER_REPRESENTATIVE = "OTHER_REPRESENTATIVE"
    CHILD_SELF = "CHILD_SELF"


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityDocument:
    """A passport or another document of identity (E-IDDOC).

    `kind_code` 1 is the Russian passport (portal message dictionary, 9.1); `series` up to 10 characters, `number` 1-20;
    `issue_code` is the department's, six digits with or without a dash.
    """

    kind_code: str
    kind: str
    series: str | None = None
    number: str
    issue_date: date
    issue_code: str | None = None
    issued_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Representation:
    """The paper that gives somebody the right to act for the child (OtherRepresentative)."""

    kind: str
    series: str | None = None
    number: str
    issue_date: date
    issued_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who applies (E-PERSON). `snils` is 11 bare digits; `phone` 1-20 characters; `esia_oid` the account's number.

    `representation` is needed from a guardian and another representative.
    """

    last_name: str
    first_name: str
    middle_name: str | None = None
    birth_date: date
    snils: str | None = None
    phone: str
    email: str | None = None
    role: PersonRole
    representation: Representation | None = None
    esia_oid: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BirthCertificate:
    """Russian birth certificate: series as `values.normal_birth_certificate` writes it, six digits."""

    series: str
    number: str
    issue_date: date
    act_number: str | None = None
    act_date: date | None = None
    issued_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignBirthDocument:
    """A birth document of another country, or of the USSR."""

    kind: str
    series: str | None = None
    number: str
    issue_date: date
    issued_by: str


ChildDocument = BirthCertificate | ForeignBirthDocument | IdentityDocument


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """Who is to learn (E-CHILD). Without a SNILS document, name and birth date tell who it is."""

    last_name: str
    first_name: str
    middle_name: str | None = None
    birth_date: date
    gender: Gender
    snils: str | None = None
    document: ChildDocument


def render_person(p: str, person: Person) -> str:
    """Write the element `PersonInfo`."""
    return (
        f"<{p}:PersonInfo>{element(p, 'PersonSurname', person.last_name)}{element(p, 'PersonName', person.first_name)}"
        f"{optional(p, 'PersonMiddleName', person.middle_name)}"
        f"<{p}:PersonBirthDate>{person.birth_date.isoformat()}</{p}:PersonBirthDate>"
        f"{optional(p, 'PersonSNILS', person.snils)}{element(p, 'PersonPhone', person.phone)}"
        f"{optional(p, 'PersonEmail', person.email)}{element(p, 'PersonRole', person.role)}"
        f"{_render_representation(p, person.representation)}{optional_number(p, 'esiaOid', person.esia_oid)}"
        f"</{p}:PersonInfo>"
    )


def _render_representation(p: str, paper: Representation | None) -> str:
    if paper is None:
        return ""
    return (
        f"<{p}:OtherRepresentative>{element(p, 'OtherRepresentativeDocName', paper.kind)}"
        f"{optional(p, 'OtherRepresentativeDocSeries', paper.series)}"
        f"{element(p, 'OtherRepresentativeDocNumber', paper.number)}"
        f"{element(p, 'OtherRepresentativeDocDate', paper.issue_date.isoformat())}"
        f"{element(p, 'OtherRepresentativeDocIssued', paper.issued_by)}</{p}:OtherRepresentative>"
    )


def read_person(fields: Fields) -> Person:
    """Read what `PersonInfo` holds."""
    paper = fields.group("OtherRepresentative") if fields.has("OtherRepresentative") else None
    return Person(
        last_name=fields.text("PersonSurname"),
        first_name=fields.text("PersonName"),
        middle_name=fields.maybe_text("PersonMiddleName"),
        birth_date=fields.day("PersonBirthDate"),
        snils=fields.maybe_text("PersonSNILS"),
        phone=fields.text("PersonPhone"),
        email=fields.maybe_text("PersonEmail"),
        role=fields.choice(PersonRole, "PersonRole"),
        representation=None if paper is None else _read_representation(paper),
        esia_oid=fields.maybe_integer("esiaOid"),
    )


def _read_representation(fields: Fields) -> Representation:
    return Representation(
        kind=fields.text("OtherRepresentativeDocName"),
        series=fields.maybe_text("OtherRepresentativeDocSeries"),
        number=fields.text("OtherRepresentativeDocNumber"),
        issue_date=fields.day("OtherRepresentativeDocDate"),
        issued_by=fields.text("OtherRepresentativeDocIssued"),
    )


def render_identity(p: str, name: str, document: IdentityDocument) -> str:
    """Write an identity document as an element of that name."""
    return (
        f'<{p}:{name}><{p}:IdentityDocName code="{attribute(document.kind_code)}">{text(document.kind)}'
        f"</{p}:IdentityDocName>{optional(p, 'IdentityDocSeries', document.series)}"
        f"{element(p, 'IdentityDocNumber', document.number)}"
        f"<{p}:IdentityDocIssueDate>{document.issue_date.isoformat()}</{p}:IdentityDocIssueDate>"
        f"{optional(p, 'IdentityDocIssueCode', document.issue_code)}"
        f"{element(p, 'IdentityDocIssued', document.issued_by)}</{p}:{name}>"
    )


def read_identity(fields: Fields) -> IdentityDocument:
    """Read what an identity document holds."""
    return IdentityDocument(
        kind_code=fields.attribute("IdentityDocName", "code"),
        kind=fields.text("IdentityDocName"),
        series=fields.maybe_text("IdentityDocSeries"),
        number=fields.text("IdentityDocNumber"),
        issue_date=fields.day("IdentityDocIssueDate"),
        issue_code=fields.maybe_text("IdentityDocIssueCode"),
        issued_by=fields.text("IdentityDocIssued"),
    )


def render_child(p: str, child: Child) -> str:
    """Write the element `ChildInfo`."""
    return (
        f"<{p}:ChildInfo>{element(p, 'ChildSurname', child.last_name)}{element(p, 'ChildName', child.first_name)}"
        f"{optional(p, 'ChildMiddleName', child.middle_name)}"
        f"<{p}:ChildBirthDate>{child.birth_date.isoformat()}</{p}:ChildBirthDate>"
        f"{element(p, 'ChildGender', child.gender)}{optional(p, 'ChildSNILS', child.snils)}"
        f"{_render_document(p, child.document)}</{p}:ChildInfo>"
    )


def _render_document(p: str, document: ChildDocument) -> str:
    match document:
        case IdentityDocument():
            return render_identity(p, "ChildPassport", document)
        case BirthCertificate():
            return (
                f"<{p}:ChildBirthDocRF>{element(p, 'ChildBirthDocSeries', document.series)}"
                f"{element(p, 'ChildBirthDocNumber', document.number)}"
                f"<{p}:ChildBirthDocIssueDate>{document.issue_date.isoformat()}</{p}:ChildBirthDocIssueDate>"
                f"{optional(p, 'ChildBirthDocActNumber', document.act_number)}"
                f"{optional_date(p, 'ChildBirthDocActDate', document.act_date)}"
                f"{element(p, 'ChildBirthDocIssued', document.issued_by)}</{p}:ChildBirthDocRF>"
            )
        case ForeignBirthDocument():
            return (
                f"<{p}:ChildBirthDocForeign>{element(p, 'ChildBirthDocName', document.kind)}"
                f"{optional(p, 'ChildBirthDocSeries', document.series)}"
                f"{element(p, 'ChildBirthDocNumber', document.number)}"
                f"<{p}:ChildBirthDocIssueDate>{document.issue_date.isoformat()}</{p}:ChildBirthDocIssueDate>"
                f"{element(p, 'ChildBirthDocIssued', document.issued_by)}</{p}:ChildBirthDocForeign>"
            )


def read_child(fields: Fields) -> Child:
    """Read what `ChildInfo` holds."""
    return Child(
        last_name=fields.text("ChildSurname"),
        first_name=fields.text("ChildName"),
        middle_name=fields.maybe_text("ChildMiddleName"),
        birth_date=fields.day("ChildBirthDate"),
        gender=fields.choice(Gender, "ChildGender"),
        snils=fields.maybe_text("ChildSNILS"),
        document=_read_document(fields),
    )


def _read_document(fields: Fields) -> ChildDocument:
    kind = fields.first_of(("ChildBirthDocRF", "ChildBirthDocForeign", "ChildPassport"))
    document = fields.group(kind)
    match kind:
        case "ChildBirthDocRF":
            return BirthCertificate(
                series=document.text("ChildBirthDocSeries"),
                number=document.text("ChildBirthDocNumber"),
                issue_date=document.day("ChildBirthDocIssueDate"),
                act_number=document.maybe_text("ChildBirthDocActNumber"),
                act_date=document.maybe_day("ChildBirthDocActDate"),
                issued_by=document.text("ChildBirthDocIssued"),
            )
        case "ChildBirthDocForeign":
            return ForeignBirthDocument(
                kind=document.text("ChildBirthDocName"),
                series=document.maybe_text("ChildBirthDocSeries"),
                number=document.text("ChildBirthDocNumber"),
                issue_date=document.day("ChildBirthDocIssueDate"),
                issued_by=document.text("ChildBirthDocIssued"),
            )
        case _:
            return read_identity(document)
