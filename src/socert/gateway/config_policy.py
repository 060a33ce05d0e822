"""The rules' settings as people write them: roubles and hours as decimals, days of the year as "12-01".

`[policy]` of the settings file is the region's own; `[municipalities.OKTMO]` has what a municipality does otherwise.
Defaults are those of `domain.policy`; this module only reads. Sources: portal message dictionary, 6.3, 10-12, 17.6.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from socert.contracts.portal.values import parse_count, parse_hundredths
from socert.gateway.domain.channel import Carrier, Push
from socert.gateway.domain.policy import (
    Carry,
    ChargeDay,
    FormCode,
    MonthDay,
    Policy,
    RankKey,
    Register,
    RemainderMonth,
    RenewalPolicy,
    Rounding,
    Short,
    Silence,
)
from socert.gateway.domain.records import CertificateStatus, Scheme

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULT = Policy()


def _hundredths(given: Any) -> int:
    """Read roubles or hours, 12.50, as hundredths; a float is read by its digits, never calculated with."""
    return _number(given, parse_hundredths)


def _amounts(given: Any) -> dict[Register, int]:
    """Read a table of amounts by register: roubles and hours as decimals, whole programmes on the others."""
    if not isinstance(given, dict):
        raise ValueError("a table is expected, such as { RUB = 12000.00 }")
    amounts = {}
    for name, value in given.items():
        try:
            register = Register(name)
        except ValueError:
            raise ValueError(f"{name} is no register: {', '.join(Register)}") from None
        amounts[register] = _number(value, parse_count if register.counts else parse_hundredths)
    return amounts


def _number(given: Any, parse: Callable[[str], int]) -> int:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError("a number is expected, such as 12000.00")
    return parse(str(given))


def _month_day(given: Any) -> MonthDay:
    found = re.fullmatch(r"(\d{2})-(\d{2})", str(given))
    try:
        if found is None:
            raise ValueError
        day = MonthDay(month=int(found[1]), day=int(found[2]))
        day.of(2028)  # a leap year: 02-29 is a day of some years
    except ValueError:
        raise ValueError('a day of the year is written as month and day, "12-01"') from None
    return day


Amount = Annotated[int, BeforeValidator(_hundredths)]
Amounts = Annotated[dict[Register, int], BeforeValidator(_amounts)]
YearDay = Annotated[MonthDay, BeforeValidator(_month_day)]
Days = Annotated[int, Field(ge=0)]
_TABLE = "Roubles and hours with two decimals, programmes whole."


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class RenewalSettings(_Table):
    """How continuing pupils come first."""

    opens: YearDay = Field(_DEFAULT.renewal.opens, description="First day of the window, in the year before.")
    closes: YearDay = Field(_DEFAULT.renewal.closes, description="Last day of the window, in the year before.")
    order: tuple[RankKey, ...] = Field(_DEFAULT.renewal.order, description="What decides who is offered first.")
    silence: Silence = Field(_DEFAULT.renewal.silence, description="What no answer in the window means.")
    short: Short = Field(
        _DEFAULT.renewal.short,
        description="What becomes of a pupil whose volume is not there: wait for returns, or a part is offered.",
    )
    limits: Amounts = Field(
        {}, description=f"Volume of the next year, by register; one that is not named has no limit. {_TABLE}"
    )


class PolicySettings(_Table):
    """What a region or municipality decides about its certificates."""

    issues_certificates: bool = Field(
        _DEFAULT.issues_certificates, description="Whether an enrolment may issue a certificate here."
    )
    unit: str = Field("RUB", pattern="^(RUB|HOUR)$", description="What new certificates count: roubles or hours.")
    with_funds: bool = Field(
        _DEFAULT.with_funds, description="Whether new certificates pay; otherwise they are accounting certificates."
    )
    nominals: Amounts = Field(
        dict(_DEFAULT.nominals),
        description=f"What a new certificate gets for a year, by register; of RUB and HOUR only `unit`. {_TABLE}",
    )
    nominals_of: dict[int, Amounts] = Field(
        {},
        description="The same for a year of its own, such as `[policy.nominals_of.2027]`: from then on new certificates"
        " get that year's nominal beforehand, which a contract over New Year needs.",
    )
    agreement_needed: bool = Field(
        _DEFAULT.agreement_needed,
        description="Whether a group is paid only where its provider's agreement with the payer is known.",
    )
    scheme: Scheme | None = Field(None, description="Legal scheme of new certificates. Default: the setting `scheme`.")
    youngest: int = Field(_DEFAULT.youngest, ge=0, description="Least age in full years on the first day of study.")
    oldest: int = Field(_DEFAULT.oldest, ge=0, description="Greatest age on that day, the whole year included.")
    accepted_forms: dict[FormCode, tuple[str, ...]] = Field(
        {form: tuple(versions) for form, versions in _DEFAULT.accepted_forms.items()},
        description="Consent forms that count, each with its versions. PFDO_LEGACY, the older form, only if named.",
    )
    carry: Carry = Field(_DEFAULT.carry, description="What of a year's unused nominal goes into the next.")
    carry_limit: Amount = Field(0, description="Most that goes over with `up_to`, in roubles or hours.")
    rounding: Rounding = Field(_DEFAULT.rounding, description="How a part of a price becomes whole hundredths.")
    remainder_month: RemainderMonth = Field(
        _DEFAULT.remainder_month, description="Month of a year that takes what is left when months are rounded down."
    )
    normatives: Amounts = Field(
        {}, description=f"Most that a certificate pays for a group without a normative of its own. {_TABLE}"
    )
    charge_day: ChargeDay = Field(
        _DEFAULT.charge_day, description="When a month is charged: after it, or ahead on its 1st."
    )
    requested_days: Days = Field(_DEFAULT.requested_days, description="Days an application may wait for the provider.")
    accepted_days: Days = Field(_DEFAULT.accepted_days, description="Days an accepted contract may wait to be signed.")
    stale_start_months: Days = Field(
        _DEFAULT.stale_start_months, description="Months after its start at which a waiting application is withdrawn."
    )
    live_goes_on: tuple[CertificateStatus, ...] = Field(
        tuple(sorted(_DEFAULT.live_goes_on)),
        description="Statuses of a certificate under which its live contracts are still charged.",
    )
    monthly_lowering: bool = Field(
        _DEFAULT.monthly_lowering,
        description="Whether a certificate that is not used in a month loses a twelfth of the year.",
    )
    reissue_annulled: bool = Field(
        _DEFAULT.reissue_annulled, description="Whether an annulled certificate may be followed by a new one."
    )
    erase_days: Days = Field(
        _DEFAULT.erase_days, description="Days from a withdrawal until personal data are erased; the law says 30."
    )
    renewal: RenewalSettings = Field(RenewalSettings(), description="How continuing pupils come first.")

    def policy(self, scheme: Scheme) -> Policy:
        """Return the rules' policy; RuleBroken (BAD_POLICY) where settings contradict each other."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        renewal = {name: getattr(self.renewal, name) for name in RenewalSettings.model_fields}
        renewal["limits"] = MappingProxyType(self.renewal.limits)
        return Policy(
            **given
            | {
                "unit": Register(self.unit),
                "scheme": self.scheme or scheme,
                "accepted_forms": MappingProxyType(
                    {form: frozenset(versions) for form, versions in self.accepted_forms.items()}
                ),
                "live_goes_on": frozenset(self.live_goes_on),
                "renewal": RenewalPolicy(**renewal),
            }
        )

    def with_own(self, own: PolicySettings) -> PolicySettings:
        """Return these settings with those that a municipality sets itself in their place."""
        renewal = {**_given(self.renewal), **_given(own.renewal)}
        return PolicySettings.model_construct(
            **{**_given(self), **_given(own), "renewal": RenewalSettings.model_construct(**renewal)}
        )


class MunicipalitySettings(_Table):
    """What a municipality does otherwise than the region."""

    account_push: Push | None = Field(None, description="As `account_push`, for this municipality.")
    notify_by: Carrier | None = Field(None, description="As `notify_by`, for this municipality.")
    policy: PolicySettings = Field(
        PolicySettings(), description="Any setting of `policy` that is another one for this municipality."
    )


def _given(table: BaseModel) -> dict[str, Any]:
    return {name: getattr(table, name) for name in table.model_fields_set}
