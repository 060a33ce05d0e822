"""Records of an invented region: each is right as it is, and a test says only what is different about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

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
    Scheme,
    Unit,
)

NOON = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)
FLOOR = int((NOON - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())
"""Version numbers begin above this at NOON; tests count from here."""
CONSENT = "СС-2026"
OKTMO = "11605000"
GROUP = "cccccccc-0000-4000-8000-000000000002"
SNILS = "11223344595"
PARENT_SNILS = "08765430300"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Numbers:
    """Makes ids that can be told apart and foreseen: 1, 2, 3 in the form of a UUID."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"00000000-0000-4000-8000-{self.last:012d}"


def guid(number: int) -> str:
    """Return the GUID of certificate `number`."""
    return f"aaaaaaaa-0000-4000-8000-{number:012d}"


def municipality(**changes: Any) -> Municipality:
    """Return the municipality that all certificates belong to."""
    return replace(
        Municipality(
            oktmo=OKTMO,
            name="Верхнелесье",
            guid="bbbbbbbb-0000-4000-8000-000000000001",
            region_name="Лесной край",
            region_guid="bbbbbbbb-0000-4000-8000-0000000000aa",
        ),
        **changes,
    )


def programme(**changes: Any) -> Programme:
    """Return the programme that all contracts are about."""
    return replace(
        Programme(
            group_guid=GROUP,
            programme_guid="cccccccc-0000-4000-8000-000000000001",
            name="Резьба по дереву",
            direction="художественная",
            years=3,
            organisation=Organisation(
                inn="0001234562", name="ООО «Стружка»", kind=OrganisationKind.PRIVATE, ogrn=None, kpp=None
            ),
            hours=7200,
            price=900_000,
            certificate_accepted=True,
        ),
        **changes,
    )


def balance(nominal: int = 100_000, reserved: int = 0, spent: int = 0, year: int = 2026) -> Balance:
    """Return a balance of a calendar year, in hundredths."""
    return Balance(
        period_from=date(year, 1, 1),
        period_to=date(year, 12, 31),
        nominal=nominal,
        reserved=reserved,
        spent=spent,
    )


def child(**changes: Any) -> Child:
    """Return the child that all certificates belong to."""
    return replace(
        Child(
            last_name="Журавлёв",
            first_name="Платон",
            middle_name="Святославович",
            snils=SNILS,
            birth_date=date(2014, 3, 15),
            gender=Gender.MALE,
            birth_certificate="II-ЖД 700115",
        ),
        **changes,
    )


def parent(**changes: Any) -> Person:
    """Return the parent of that child."""
    person = Person(last_name="Журавлёва", first_name="Евпраксия", middle_name=None, snils=PARENT_SNILS)
    return replace(person, **changes)


def certificate(number: int = 1, **changes: Any) -> Certificate:
    """Return certificate `number`."""
    return replace(
        Certificate(
            guid=guid(number),
            number=f"77{number:08d}",
            with_funds=True,
            unit=Unit.RUB,
            child=child(),
            applicant=parent(),
            status=CertificateStatus.ACTIVE,
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 12, 31),
            oktmo=OKTMO,
            consent_form=CONSENT,
            scheme=Scheme.SOCIAL_ORDER,
            category_code="1",
            category_name="От 5 до 17 лет",
            balance=balance(),
        ),
        **changes,
    )


def contract(number: int = 1, payer: int = 1, **changes: Any) -> Contract:
    """Return contract `number`, paid by certificate `payer`."""
    return replace(
        Contract(
            contract_id=f"РД-{number}",
            number=f"РД-{number}",
            certificate_number=f"77{payer:08d}",
            concluded_on=date(2026, 9, 1),
            group_guid=GROUP,
            programme_name="Резьба по дереву",
            study_year=1,
            organisation_inn="0001234562",
            organisation_name="ООО «Стружка»",
            start=date(2026, 9, 1),
            end=date(2026, 12, 31),
            unit=Unit.RUB,
            certificate_part=40_000,
            own_part=0,
            spent=0,
            reserved=40_000,
            state=ContractState.ACTIVE,
        ),
        **changes,
    )
