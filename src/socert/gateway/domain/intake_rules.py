"""Rules that a row of an export must keep, and what the gateway makes of one. Pure: no files, no database.

Each `*_faults` function looks at a complete record and yields (field, code, reason); fields are the record's names, and
the caller puts the file's own column names in their place. Sources: portal message dictionary, 10, 11 and 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from socert.gateway.domain.export import Code
from socert.gateway.domain.records import CertificateStatus, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from socert.gateway.domain.records import Certificate, Contract

OLDEST = 17
YOUNGEST = 5
_CONTRACTS = UUID("5b0c3c1e-7d0f-5f6b-9d43-6f0f6d1a2c90")
_UNITS = {Unit.RUB: "руб.", Unit.HOUR: "ч"}

Found = tuple[str, Code, str]
"""A fault before its column has the file's own name: (field of the record, code, reason in Russian)."""


def contract_id(certificate_number: str, number: str) -> str:
    """Return the id of the contract of this number on this certificate: the same on every import, UUID v5.

    Contract numbers are unique in one system, and a registry may be filled from several, each with a contract 1 of its
    own. A certificate's number makes the difference: a contract never moves from one certificate to another.
    """
    return str(uuid5(_CONTRACTS, f"{certificate_number}\n{number}"))


def age_on(day: date, birth_date: date) -> int:
    """Return full years of age on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def status_at(status: CertificateStatus, available: int) -> CertificateStatus:
    """Return the status to keep: an active certificate with nothing left is exhausted, an accounting one too."""
    if status is CertificateStatus.ACTIVE and available == 0:
        return CertificateStatus.EXHAUSTED
    return status


def amount_text(amount: int, unit: Unit) -> str:
    """Return hundredths as people read them: "9256,00 руб.", "12,50 ч" (portal message dictionary, 11.2)."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 100)
    return f"{sign}{whole},{part:02d} {_UNITS[unit]}"


def certificate_faults(certificate: Certificate, *, available: int) -> Iterator[Found]:
    """Judge a certificate by itself; `available` is what the file says is left: hundredths, never negative.

    Age is judged on the first day of the certificate's period: 17 at most (invariant 13). A child who comes of age
    later in the period keeps the certificate until the 18th birthday. Younger than 5 is no fault here: study may begin
    later than the period.
    """
    balance, child = certificate.balance, certificate.child
    if certificate.valid_to is not None and certificate.valid_to < certificate.valid_from:
        yield "valid_to", Code.ENDS_BEFORE_START, "Срок действия заканчивается раньше, чем начинается."
    if child.birth_date > certificate.valid_from:
        yield "birth_date", Code.BORN_LATER, "Дата рождения позже начала действия сертификата."
    elif (age := age_on(certificate.valid_from, child.birth_date)) > OLDEST:
        yield (
            "birth_date",
            Code.AGE_OVER_17,
            f"На начало действия сертификата ребёнку {age}: сертификат положен до {OLDEST} лет включительно.",
        )
    if balance.available != available:
        stated, due = amount_text(available, certificate.unit), amount_text(balance.available, certificate.unit)
        yield (
            "available",
            Code.BALANCE_MISMATCH,
            f"Остаток не сходится: {stated} вместо {due} (номинал − бронь − расход).",
        )


def contract_faults(contract: Contract) -> Iterator[Found]:
    """Judge a contract by itself: its days in order, charged and reserved within its part (invariant 3)."""
    if contract.end < contract.start:
        yield "end", Code.ENDS_BEFORE_START, "Договор заканчивается раньше, чем начинается."
    held = contract.spent + contract.reserved
    if held > contract.certificate_part:
        sums = f"{amount_text(held, contract.unit)} при {amount_text(contract.certificate_part, contract.unit)} всего"
        reason = f"Списано и забронировано больше части по сертификату: {sums}."
        yield "certificate_part", Code.SUMS_EXCEED_PART, reason


def payment_faults(contract: Contract, *, unit: Unit, nominal: int) -> Iterator[Found]:
    """Judge a contract against the certificate that pays: one unit, and its own part within the nominal (hundredths).

    The parts of several contracts together may exceed it: some of them are terminated.
    """
    if contract.unit is not unit:
        yield (
            "unit",
            Code.UNIT_DIFFERS,
            f"Единица договора ({_UNITS[contract.unit]}) не та, что у сертификата ({_UNITS[unit]}).",
        )
    elif contract.certificate_part > nominal:
        sums = f"{amount_text(contract.certificate_part, unit)} при номинале {amount_text(nominal, unit)} всего"
        yield "certificate_part", Code.PART_EXCEEDS_NOMINAL, f"Часть по сертификату больше его номинала: {sums}."
