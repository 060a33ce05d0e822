"""What a parent's profile at the portal holds and messages need: papers, address, phone.

The file of people may tell it. What nobody told is made up here, the same every time and plainly a test's: passport
`0000` with the owner's own number, birth certificate `I-АА` with the child's, one address in the municipality chosen,
one phone, birth dates that fit. A child's sex is guessed from the name. Nothing of it belongs to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from socert.contracts.portal.blocks import Gender
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import normal_birth_certificate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.simulator.portal.people import KnownChild, Owner

PASSPORT = "Паспорт гражданина Российской Федерации"
_OWNER_TEXTS = ("phone", "email")
_PASSPORT_TEXTS = ("series", "number", "agency", "department_code")
_ADDRESS_TEXTS = ("full", "index", "city", "street", "house", "apartment")


@dataclass(frozen=True, kw_only=True, slots=True)
class Passport:
    """A Russian passport."""

    series: str
    number: str
    agency: str
    issue_date: date
    department_code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """The parent's own data beyond the name."""

    birth_date: date
    phone: str
    email: str
    passport: Passport


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """An address; parts that nobody told are empty."""

    full: str
    index: str
    city: str
    street: str
    house: str
    apartment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """A birth certificate, whole."""

    series: str
    number: str
    agency: str
    issue_date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildData:
    """A child's data beyond the name."""

    gender: Gender
    paper: Paper
    home: Home


def applicant(owner: Owner) -> Applicant:
    """Return what the profile has of a parent, made up where it has nothing."""
    told: Mapping[str, Any] = owner.profile
    passport: Mapping[str, Any] = told.get("passport", {})
    return Applicant(
        birth_date=_day(told.get("birth_date"), date(1988, 5, 5)),
        phone=told.get("phone", "+70000000000"),
        email=told.get("email", f"parent{owner.id}@example.org"),
        passport=Passport(
            series=passport.get("series", "0000"),
            number=passport.get("number", f"{owner.id % 1_000_000:06}"),
            agency=passport.get("agency", "Отдел внутренних дел города Примерска"),
            issue_date=_day(passport.get("issue_date"), date(2010, 1, 1)),
            department_code=passport.get("department_code", "000-000"),
        ),
    )


def child_data(child: KnownChild, place: str, region: str) -> ChildData:
    """Return what the profile has of a child, made up where it has nothing; `place` and `region` for the address."""
    told: Mapping[str, Any] = child.profile
    home: Mapping[str, Any] = told.get("address", {})
    paper = child.birth_certificate
    return ChildData(
        gender=Gender(told["gender"]) if "gender" in told else _guess(child),
        paper=Paper(
            series=_series(paper.series) or "I-АА",
            number=paper.number or f"{child.id % 1_000_000:06}",
            agency=paper.agency or "Отдел ЗАГС города Примерска",
            issue_date=_day(paper.issue_date, child.birth_date + timedelta(days=14)),
        ),
        home=Home(
            full=home.get("full")
            or ", ".join(part for part in ("000000", region, place, "ул. Образцовая, д. 1") if part),
            index=home.get("index", "000000"),
            city=home.get("city", place),
            street=home.get("street", "ул. Образцовая"),
            house=home.get("house", "1"),
            apartment=home.get("apartment", ""),
        ),
    )


def checked_applicant(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Take a parent's profile out of an entry of the file of people. Raises ValueError, TypeError for what is none."""
    told = _texts(entry, _OWNER_TEXTS) | _days(entry, "birth_date")
    if entry.get("passport") is not None:
        told["passport"] = _texts(entry["passport"], _PASSPORT_TEXTS) | _days(entry["passport"], "issue_date")
    return told


def checked_child(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Take a child's profile out of an entry of the file of people. Raises ValueError, TypeError for what is none."""
    told: dict[str, Any] = {}
    if entry.get("gender") is not None:
        told["gender"] = Gender(entry["gender"]).value
    if entry.get("address") is not None:
        told["address"] = _texts(entry["address"], _ADDRESS_TEXTS)
    return told


def _texts(entry: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise TypeError("an object is expected")
    told = {name: entry[name] for name in names if entry.get(name) is not None}
    if not all(isinstance(value, str) for value in told.values()):
        raise TypeError("a text is expected")
    return told


def _days(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    if entry.get(name) is None:
        return {}
    return {name: date.fromisoformat(entry[name]).isoformat()}


def _day(text: str | None, otherwise: date) -> date:
    """Read a day that the file told; what is no day is as if it had not been told."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise


def _series(series: str) -> str:
    """Return a series as messages have it, as it is where it is none."""
    try:
        return normal_birth_certificate(series) if series else ""
    except ValueRefused:
        return series


def _guess(child: KnownChild) -> Gender:
    """Guess the sex: by the patronymic, else by the last letter of the name."""
    if child.middle_name:
        female = child.middle_name.casefold().endswith(("на", "кызы"))
    else:
        female = child.first_name.casefold().endswith(("а", "я"))
    return Gender.FEMALE if female else Gender.MALE
