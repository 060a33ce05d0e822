"""What a region or municipality may decide about the life of its certificates, in one frozen value.

Every rule takes the policy as an argument and none has a default of its own elsewhere. Sources: portal message
dictionary, 6.3 (timers), 10 (age, consent forms), 11 (split, months, New Year), 12 (who issues), 15 (13, 14), 17.6 (the
priority right has no legal norm, so everything about it is a setting).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.gateway.domain.records import CertificateStatus, Scheme
from socert.gateway.domain.records import Register as Register
from socert.gateway.domain.rules_errors import RuleBroken, RuleCode

if TYPE_CHECKING:
    from collections.abc import Mapping


class FormCode(StrEnum):
    """The consent forms of the portal's application (portal message dictionary, 6, block E-CONSENT)."""

    PD_PROCESSING = "PD_PROCESSING"
    SOCIAL_CERT_APPLICATION = "SOCIAL_CERT_APPLICATION"
    SPLIT_PAYMENT = "SPLIT_PAYMENT"
    PFDO_LEGACY = "PFDO_LEGACY"


class Carry(StrEnum):
    """What of a year's unused nominal goes into the next (portal message dictionary, 11.10)."""

    NONE = "none"
    ALL = "all"
    UP_TO = "up_to"


class Rounding(StrEnum):
    """How a quotient becomes whole hundredths (portal message dictionary, 11.5: half-up unless set otherwise)."""

    HALF_UP = "half_up"
    DOWN = "down"

    def quotient(self, dividend: int, divisor: int) -> int:
        """Divide integers and round the result; neither is negative, the divisor is not zero."""
        if self is Rounding.DOWN:
            return dividend // divisor
        return (2 * dividend + divisor) // (2 * divisor)


class RemainderMonth(StrEnum):
    """The month of a year part that takes what rounding the months down has left (11.6)."""

    FIRST = "first"
    LAST = "last"


class ChargeDay(StrEnum):
    """When a month of a contract falls due: once it is over (the 1st of the next), or on its own 1st, in advance.

    Whatever is set, December is due on 31 December at the latest (11.9), and no month before the contract has begun.
    """

    AFTER = "after"
    AHEAD = "ahead"


class RankKey(StrEnum):
    """What may decide who of the continuing pupils is offered first; each ascends, `*_DESC` descends."""

    STUDY_YEAR_DESC = "study_year_desc"
    STUDY_YEAR = "study_year"
    STARTED = "started"
    CONCLUDED = "concluded"
    BIRTH_DATE = "birth_date"


class Silence(StrEnum):
    """What no answer to an offer means (portal message dictionary, 7, silentAnswer)."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"


class Short(StrEnum):
    """What happens when the pool holds less than the next pupil's volume: wait for returns, or offer what is left."""

    WAIT = "wait"
    PART = "part"


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthDay:
    """A day of every year."""

    month: int
    day: int

    def of(self, year: int) -> date:
        """Return the day in this year; 29 February is the 28th where there is none."""
        if (self.month, self.day) == (2, 29):
            return date(year, 3, 1) - timedelta(days=1)
        return date(year, self.month, self.day)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenewalPolicy:
    """How the priority right is exercised.

    The window opens and closes (last day included) in the year before the one that is offered. `limits` caps the volume
    of the next year by register (hundredths, or programmes); a register that is not named has no limit.
    """

    opens: MonthDay = MonthDay(month=12, day=1)
    closes: MonthDay = MonthDay(month=12, day=20)
    order: tuple[RankKey, ...] = (RankKey.STUDY_YEAR_DESC, RankKey.STARTED)
    silence: Silence = Silence.DECLINE
    short: Short = Short.WAIT
    limits: Mapping[Register, int] = field(default_factory=lambda: MappingProxyType({}))

    def window(self, year: int) -> tuple[date, date]:
        """Return the first and last day on which offers for `year` may be answered."""
        return self.opens.of(year - 1), self.closes.of(year - 1)


_DAY = timedelta(days=1)
_FORMS: Mapping[FormCode, frozenset[str]] = MappingProxyType(
    {
        FormCode.PD_PROCESSING: frozenset({"2026-01"}),
        FormCode.SOCIAL_CERT_APPLICATION: frozenset({"2026-01"}),
        FormCode.SPLIT_PAYMENT: frozenset({"2026-01"}),
    }
)


_NOMINALS: Mapping[Register, int] = MappingProxyType({Register.RUB: 12000_00, Register.HOUR: 144_00})


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """All settings of a region or municipality that the rules of a certificate's life ask for.

    issues_certificates     whether an enrolment here may issue a certificate (invariant 8; source document)
    unit                    what new certificates count: RUB or HOUR
    with_funds              whether new certificates pay; False issues accounting certificates, without nominals
    nominals                what a new certificate gets for a year, by register; of roubles and hours `unit` alone
    nominals_of             calendar year -> its own nominals, in place of `nominals`; they open that year beforehand
    agreement_needed        whether a group is taken only where its provider has an agreement with the payer (6.4)
    scheme                  personified financing or social order: a name to print, the rules are the same
    youngest, oldest        age in full years on the first day of study, both included (10)
    accepted_forms          consent form -> versions that count; PFDO_LEGACY counts only where it is named here (10)
    carry, carry_limit      what goes over New Year; the limit is hundredths (or programmes) a register
    rounding                of the two quotients of a split (11.5); months are always rounded down (11.6)
    remainder_month         where a year part's remainder goes
    normatives              most that a certificate pays for a full period of a group that has no normative of its own
    charge_day              when a month falls due
    requested_days, accepted_days   timers: a contract waiting longer may be refused by the system (6.3)
    stale_start_months      an application whose start is this many months back is withdrawn (6.3)
    live_goes_on            statuses of the certificate under which its live contracts are still charged (invariant 13)
    monthly_lowering        a certificate unused at a month's end loses a twelfth of the year's nominal (11.10)
    reissue_annulled        whether an enrolment may issue a new certificate where the old one is annulled
    erase_days              days from a withdrawal until personal data must be gone (10; 152-FZ)
    """

    issues_certificates: bool = True
    unit: Register = Register.RUB
    with_funds: bool = True
    nominals: Mapping[Register, int] = field(default_factory=lambda: _NOMINALS)
    nominals_of: Mapping[int, Mapping[Register, int]] = field(default_factory=lambda: MappingProxyType({}))
    agreement_needed: bool = False
    scheme: Scheme = Scheme.SOCIAL_ORDER
    youngest: int = 5
    oldest: int = 17
    accepted_forms: Mapping[FormCode, frozenset[str]] = field(default_factory=lambda: _FORMS)
    carry: Carry = Carry.NONE
    carry_limit: int = 0
    rounding: Rounding = Rounding.HALF_UP
    remainder_month: RemainderMonth = RemainderMonth.FIRST
    normatives: Mapping[Register, int] = field(default_factory=lambda: MappingProxyType({}))
    charge_day: ChargeDay = ChargeDay.AFTER
    requested_days: int = 5
    accepted_days: int = 10
    stale_start_months: int = 2
    renewal: RenewalPolicy = field(default_factory=RenewalPolicy)
    live_goes_on: frozenset[CertificateStatus] = frozenset(
        {CertificateStatus.SUSPENDED, CertificateStatus.EXHAUSTED, CertificateStatus.EXPIRED}
    )
    monthly_lowering: bool = False
    reissue_annulled: bool = False
    erase_days: int = 30

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other: RuleBroken with code BAD_POLICY."""
        if not 0 <= self.youngest <= self.oldest:
            raise RuleBroken(RuleCode.BAD_POLICY, what="youngest > oldest")
        for name in ("carry_limit", "requested_days", "accepted_days", "stale_start_months", "erase_days"):
            if getattr(self, name) < 0:
                raise RuleBroken(RuleCode.BAD_POLICY, what=f"{name} < 0")
        nominals = [amount for each in (self.nominals, *self.nominals_of.values()) for amount in each.values()]
        if any(amount < 0 for amount in (*self.normatives.values(), *self.renewal.limits.values(), *nominals)):
            raise RuleBroken(RuleCode.BAD_POLICY, what="nominals, normatives, limits < 0")
        if self.unit.counts:
            raise RuleBroken(RuleCode.BAD_POLICY, what="unit: RUB or HOUR")
        opens, closes = self.renewal.window(2001)
        if opens > closes:
            raise RuleBroken(RuleCode.BAD_POLICY, what="renewal.opens > renewal.closes")

    def nominals_for(self, year: int, unit: Register | None = None) -> Mapping[Register, int]:
        """Return what a certificate gets for a year: of roubles and hours `unit` alone (the policy's when None)."""
        own = self.unit if unit is None else unit
        named = self.nominals_of.get(year, self.nominals)
        return {register: amount for register, amount in named.items() if register.counts or register is own}

    def carried(self, unused: int) -> int:
        """Return how much of a register's unused nominal goes into the next year."""
        match self.carry:
            case Carry.NONE:
                return 0
            case Carry.ALL:
                return unused
            case Carry.UP_TO:
                return min(unused, self.carry_limit)


def settings() -> tuple[str, ...]:
    """Return the names of all settings, for the documentation and its test."""
    return tuple(found.name for found in fields(Policy)) + tuple(
        f"renewal.{found.name}" for found in fields(RenewalPolicy)
    )
