"""What a group costs a child: one of five outcomes, each from its true cause.

The outcomes are the five answers of the portal's cost query; this module knows nothing of their XML. Whether the
application may be filed (`order_allowed`) is told apart from the outcome, as the portal wants it.
Sources: portal message dictionary, 2 (answers, traps 2, 3), 9.2 (sources), 11.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.values import format_for_people
from socert.gateway.domain.certificate import check_age, refusal_of
from socert.gateway.domain.enrolment import Conditions, check_conditions
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import Split, check_period, own_split, quote
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode

if TYPE_CHECKING:
    from datetime import date

    from socert.gateway.domain.ledger import Book
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.quote import Priced
    from socert.gateway.domain.records import CertificateStatus


class Source(StrEnum):
    """Who pays, as the portal asks (portal message dictionary, 9.2, financialSource)."""

    NONE = "none"
    BUDGET = "budget"
    CERTIFICATE = "pfdod_certificate"
    PAID = "paid"
    PRIVATE = "private"


class Outcome(StrEnum):
    """The five answers to a cost query."""

    CALCULATED = "calculated"
    INEFFECTUAL = "ineffectual"
    FREE_OF_CHARGE = "free_of_charge"
    EXHAUSTED = "exhausted"
    BAD_DATA = "bad_data"


@dataclass(frozen=True, kw_only=True, slots=True)
class Payer:
    """The certificate that would pay, as far as the cost depends on it."""

    status: CertificateStatus
    birth_date: date
    book: Book


@dataclass(frozen=True, kw_only=True, slots=True)
class CostQuestion:
    """What is asked. `group` is None when it is unknown or has no price yet; `payer` when no certificate was named.

    `budget_register` is the count register of a `budget` group, None where its kind has none (`free`).
    """

    source: Source
    start: date
    end: date | None
    group: Priced | None
    conditions: Conditions | None = None
    payer: Payer | None = None
    budget_register: Register | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """The answer. `message` is Russian, for the parent; `cause` is the rule behind anything but a plain price.

    CALCULATED has a `split`; FREE_OF_CHARGE has `allowed` and `used`, the programme counts of the register (0 and 0
    where nothing is counted). `balance_version` is that of the certificate the split was made from.
    """

    outcome: Outcome
    order_allowed: bool
    message: str
    cause: RuleCode | None = None
    split: Split | None = None
    balance_version: int | None = None
    allowed: int = 0
    used: int = 0


def cost(question: CostQuestion, *, policy: Policy) -> Cost:
    """Answer a cost query; never raises RuleBroken: each rule that stops the calculation has its outcome.

    BAD_DATA       what is known of the group or the question contradicts itself
    INEFFECTUAL    something needed is not known: the group's price, the certificate, next year's nominal
    EXHAUSTED      the certificate that should pay has nothing left for these days
    FREE_OF_CHARGE nobody pays: a budget group, no source, a price of nothing
    CALCULATED     a split; `order_allowed` is False where status, age or the group's conditions stand against it
    """
    try:
        return _answer(question, policy)
    except RuleBroken as broken:
        return failed(broken)


_INEFFECTUAL = frozenset({RuleCode.NOT_ENOUGH_DATA, RuleCode.NO_FUTURE_NOMINAL})


def failed(broken: RuleBroken) -> Cost:
    """Return the answer where a rule stopped the calculation. Only a lack of data leaves the way open."""
    if broken.rule in _INEFFECTUAL:
        outcome, allowed = Outcome.INEFFECTUAL, True
    elif broken.rule is RuleCode.EXHAUSTED:
        outcome, allowed = Outcome.EXHAUSTED, False
    else:
        outcome, allowed = Outcome.BAD_DATA, False
    return Cost(outcome=outcome, order_allowed=allowed, message=broken.people_text, cause=broken.rule)


def _answer(question: CostQuestion, policy: Policy) -> Cost:
    if question.source is Source.BUDGET and question.budget_register is not None:
        return _counted(question, question.budget_register, policy)
    if question.source in {Source.BUDGET, Source.NONE}:
        return _free("Занятия бесплатные.", _obstacle(question, policy))
    group, end = question.group, question.end
    if group is None:
        raise Refused(RuleCode.NOT_ENOUGH_DATA, what="the group's price")
    end = group.end if end is None else end
    check_period(group, start=question.start, end=end)
    if group.register.counts:
        return _counted(question, group.register, policy)
    if group.price == 0:
        return _free("Занятия бесплатные.", _obstacle(question, policy))
    if question.source is Source.CERTIFICATE:
        return _by_certificate(question, group, end, policy)
    split = own_split(group, start=question.start, end=end, policy=policy)
    return _calculated(split, None, _obstacle(question, policy))


def _by_certificate(question: CostQuestion, group: Priced, end: date, policy: Policy) -> Cost:
    """Split with a certificate. Exhausted is only what it would pay if anything were left on it."""
    payer = question.payer
    if payer is None:
        raise Refused(RuleCode.NOT_ENOUGH_DATA, what="the certificate")
    obstacle = _obstacle(question, policy)
    refusal = refusal_of(payer.status)
    if refusal is RuleCode.EXHAUSTED:
        raise Refused(RuleCode.EXHAUSTED, register=group.register, year=question.start.year)
    if refusal is not None:  # it pays nothing now, so the figures must not promise that it would
        return _calculated(own_split(group, start=question.start, end=end, policy=policy), None, obstacle)
    made = quote(group, start=question.start, end=end, book=payer.book, policy=policy)
    check_pays(made.split, payer.book)
    return _calculated(made.split, payer.book.version, obstacle)


def check_pays(split: Split, book: Book) -> None:
    """Refuse a split of something that costs when the certificate has nothing left in any of its years (EXHAUSTED)."""
    left = any(book.available(part.year, split.register) for part in split.years)
    if split.certificate_part == 0 and split.total and not left:
        raise Refused(RuleCode.EXHAUSTED, register=split.register, year=split.years[0].year)


def _counted(question: CostQuestion, register: Register, policy: Policy) -> Cost:
    """A budget group of a count register: free while programmes are left."""
    payer = question.payer
    if payer is None:
        raise Refused(RuleCode.NOT_ENOUGH_DATA, what="the certificate")
    account = payer.book.account(question.start.year, register)
    if account is None:
        raise Refused(RuleCode.NO_FUTURE_NOMINAL, register=register, year=question.start.year)
    obstacle = _obstacle(question, policy)
    if account.available < 1:
        raise Refused(RuleCode.EXHAUSTED, register=register, year=question.start.year)
    used = account.reserved + account.spent
    message = f"Занятия бесплатные. Доступно программ: {account.available} из {account.nominal}."
    found = _free(message, obstacle)
    return Cost(
        outcome=found.outcome,
        order_allowed=found.order_allowed,
        message=found.message,
        cause=found.cause,
        balance_version=payer.book.version,
        allowed=account.nominal,
        used=used,
    )


def _obstacle(question: CostQuestion, policy: Policy) -> RuleBroken | None:
    """Return what stands against an application although its cost is known, None when nothing does."""
    payer, conditions = question.payer, question.conditions
    try:
        if payer is not None and question.source in {Source.CERTIFICATE, Source.BUDGET}:
            check_age(payer.birth_date, start=question.start, policy=policy)
            refusal = refusal_of(payer.status)
            if refusal not in {None, RuleCode.EXHAUSTED}:
                return Refused(refusal or RuleCode.TECHNICAL)
        if conditions is not None:
            by_certificate = question.source is Source.CERTIFICATE
            check_conditions(conditions if by_certificate else conditions.without_certificate())
    except RuleBroken as broken:
        return broken
    return None


def _free(message: str, obstacle: RuleBroken | None) -> Cost:
    return Cost(
        outcome=Outcome.FREE_OF_CHARGE,
        order_allowed=obstacle is None,
        message=message if obstacle is None else obstacle.people_text,
        cause=None if obstacle is None else obstacle.rule,
    )


def _calculated(split: Split, version: int | None, obstacle: RuleBroken | None) -> Cost:
    return Cost(
        outcome=Outcome.CALCULATED,
        order_allowed=obstacle is None,
        message=_told(split) if obstacle is None else obstacle.people_text,
        cause=None if obstacle is None else obstacle.rule,
        split=split,
        balance_version=version,
    )


_UNITS = {Register.RUB: "руб.", Register.HOUR: "ч"}


def _told(split: Split) -> str:
    """Say the split in words for the parent."""
    unit = _UNITS[split.register]
    total, by_certificate = format_for_people(split.total), format_for_people(split.certificate_part)
    if split.own_part == 0:
        return f"Сертификат оплачивает всё: {total} {unit}"
    if split.certificate_part == 0:
        return f"Стоимость оплачивается из личных средств: {total} {unit}"
    own = format_for_people(split.own_part)
    return f"Из {total} {unit} сертификат оплачивает {by_certificate} {unit}, из личных средств — {own} {unit}"
