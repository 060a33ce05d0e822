"""The values the gateway knows: certificate, contract, programme, municipality, consent.

Amounts are integer hundredths of the record's unit: kopecks for `rub`, hundredths of an hour for `hour`.
Field meanings: portal message dictionary, sections 6 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


class Unit(StrEnum):
    """What a certificate is counted in. A contract has one unit and it is never converted here."""

    RUB = "rub"
    HOUR = "hour"


class Register(StrEnum):
    """What an account counts: roubles, hours, or programmes of one of the three count registers.

    Amounts are hundredths of a rouble or an hour, and whole programmes on the count registers. Two registers are never
    added to each other (portal message dictionary, 1 and 9.2; 15, invariant 5).
    """

    RUB = "RUB"
    HOUR = "HOUR"
    SIGNIFICANT = "SIGNIFICANT"
    PREPROF = "PREPROF"
    OTHER = "OTHER"

    @property
    def counts(self) -> bool:
        """Whether it counts programmes and not roubles or hours."""
        return self not in {Register.RUB, Register.HOUR}


class Scheme(StrEnum):
    """The legal name of the same mechanism; display only (portal message dictionary, 12)."""

    PF = "PF"
    SOCIAL_ORDER = "SOCIAL_ORDER"


class CertificateStatus(StrEnum):
    """Life of a certificate (portal message dictionary, 8.4)."""

    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXHAUSTED = "EXHAUSTED"
    ANNULLED = "ANNULLED"
    EXPIRED = "EXPIRED"


class ContractState(StrEnum):
    """Life of a contract (portal message dictionary, 6.3)."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    ACTIVE = "ACTIVE"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"


class OrganisationKind(StrEnum):
    """Legal kind of a provider; a sole trader has a 12-digit INN."""

    STATE = "STATE"
    MUNICIPAL = "MUNICIPAL"
    PRIVATE = "PRIVATE"
    SOLE_TRADER = "SOLE_TRADER"


class Gender(StrEnum):
    """Sex of a child as the portal writes it."""

    MALE = "Male"
    FEMALE = "Female"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A name as the region spells it (trimmed, never corrected), and the SNILS as 11 digits if known."""

    last_name: str
    first_name: str
    middle_name: str | None = None
    snils: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Child(Person):
    """A child: a person with a birth date, a sex and a birth certificate ("IV-АБ 123456")."""

    birth_date: date
    gender: Gender
    birth_certificate: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What a certificate holds for one period on one register: hundredths, or whole programmes on a count register.

    `register` None is the certificate's own: roubles or hours.
    """

    period_from: date
    period_to: date
    nominal: int
    reserved: int
    spent: int
    register: Register | None = None

    @property
    def available(self) -> int:
        """Hundredths still free: nominal - reserved - spent (portal message dictionary, 15, invariant 1)."""
        return self.nominal - self.reserved - self.spent


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """One child's certificate as its registry knows it.

    `with_funds` is the portal's certificateType 1; False is an accounting certificate. `consent_form` is the version
    of the consent the parent gave, None when there is none.
    """

    guid: str
    number: str
    with_funds: bool
    unit: Unit
    child: Child
    applicant: Person
    status: CertificateStatus
    valid_from: date
    valid_to: date | None
    oktmo: str
    consent_form: str | None
    scheme: Scheme
    category_code: str
    category_name: str
    balance: Balance


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """A provider of programmes; `inn` is checked (10 digits, 12 for a sole trader).

    `agreement_number` and `agreement_date` are those of its agreement with the payer, where the registry knows one.
    """

    inn: str
    name: str
    kind: OrganisationKind
    ogrn: str | None = None
    kpp: str | None = None
    agreement_number: str | None = None
    agreement_date: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Programme:
    """One group of a programme. `price` in kopecks, `hours` in hundredths of an hour, for the group's whole period.

    `start` and `end` are that period, None where it is the calendar year of whoever enrols. `normative` is the most
    that a certificate pays for it, in hundredths of the unit it is paid in. `register` is a count register for a budget
    group that takes one programme of it, else None. `places` None: nobody counts them. `opens` and `closes` are the
    first and last day on which it may be applied for, None without limit. `study_year` of `years`, None if not told.
    """

    group_guid: str
    programme_guid: str
    name: str
    direction: str
    years: int
    organisation: Organisation
    hours: int
    price: int
    certificate_accepted: bool
    start: date | None = None
    end: date | None = None
    normative: int | None = None
    register: Register | None = None
    places: int | None = None
    opens: date | None = None
    closes: date | None = None
    study_year: int | None = None
    oktmo: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """A learning contract paid by a certificate. All sums are hundredths of `unit`, the parent's part too.

    `contract_id` is stable for life and never reused; `certificate_number` names the certificate that pays. `number`
    and `concluded_on` are None until it is concluded; `register` is a count register where it takes a programme of one.
    """

    contract_id: str
    number: str | None
    certificate_number: str
    concluded_on: date | None
    group_guid: str
    programme_name: str
    study_year: int
    organisation_inn: str
    organisation_name: str
    start: date
    end: date
    unit: Unit
    certificate_part: int
    own_part: int
    spent: int
    reserved: int
    state: ContractState
    register: Register | None = None
    order_id: str | None = None
    previous_contract_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Municipality:
    """A municipality and its region with the portal's codes (FIAS GUIDs)."""

    oktmo: str
    name: str
    guid: str
    region_name: str
    region_guid: str
