"""The codes of the rules, each with its sentence for people, for the log and its word for the portal.

Facts put into the sentences are figures, dates, states and ids: never a name, a SNILS or a document.
Source: portal message dictionary, 6.4 (codes that the portal is told) and 10-15 (the rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RuleCode(StrEnum):
    """Stable codes of the rules. The first group is the portal's own list (portal message dictionary, 6.4)."""

    STALE_BALANCE = "STALE_BALANCE"
    EXHAUSTED = "EXHAUSTED"
    CERT_SUSPENDED = "CERT_SUSPENDED"
    CERT_ANNULLED = "CERT_ANNULLED"
    CERT_EXPIRED = "CERT_EXPIRED"
    AGE_OUT_OF_RANGE = "AGE_OUT_OF_RANGE"
    NO_PLACE = "NO_PLACE"
    DUPLICATE_ENROLMENT = "DUPLICATE_ENROLMENT"
    IDENTITY_CONFLICT = "IDENTITY_CONFLICT"
    NO_CONSENT = "NO_CONSENT"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    NO_AGREEMENT = "NO_AGREEMENT"
    PROGRAMME_NOT_ELIGIBLE = "PROGRAMME_NOT_ELIGIBLE"
    REGISTRATION_CLOSED = "REGISTRATION_CLOSED"
    CANCELLED_BY_PARENT = "CANCELLED_BY_PARENT"
    REFUSED_BY_PROVIDER = "REFUSED_BY_PROVIDER"
    REFUSED_BY_OPERATOR = "REFUSED_BY_OPERATOR"
    OFFER_EXPIRED = "OFFER_EXPIRED"
    TECHNICAL = "TECHNICAL"

    NO_CERTIFICATES_HERE = "NO_CERTIFICATES_HERE"
    NO_FUTURE_NOMINAL = "NO_FUTURE_NOMINAL"
    NOT_FOUND = "NOT_FOUND"
    MUNICIPALITY_UNKNOWN = "MUNICIPALITY_UNKNOWN"
    BAD_GROUP_DATA = "BAD_GROUP_DATA"
    OUTSIDE_GROUP = "OUTSIDE_GROUP"
    NOT_ENOUGH_DATA = "NOT_ENOUGH_DATA"
    UNIT_MIXED = "UNIT_MIXED"
    SPLIT_BROKEN = "SPLIT_BROKEN"
    SPLIT_DIFFERS = "SPLIT_DIFFERS"
    OWN_PART_NOT_AGREED = "OWN_PART_NOT_AGREED"
    AVAILABLE_EXCEEDED = "AVAILABLE_EXCEEDED"
    RESERVE_EXCEEDED = "RESERVE_EXCEEDED"
    RELEASE_EXCEEDED = "RELEASE_EXCEEDED"
    SPENT_EXCEEDED = "SPENT_EXCEEDED"
    NOMINAL_BELOW_USED = "NOMINAL_BELOW_USED"
    BAD_ENTRY = "BAD_ENTRY"
    WRONG_ACCOUNT = "WRONG_ACCOUNT"
    KEY_REUSED = "KEY_REUSED"
    CERT_STEP = "CERT_STEP"
    CONTRACT_STEP = "CONTRACT_STEP"
    OFFER_STEP = "OFFER_STEP"
    CONSENT_STEP = "CONSENT_STEP"
    MONTH_NOT_DUE = "MONTH_NOT_DUE"
    MONTH_NOT_PLANNED = "MONTH_NOT_PLANNED"
    MONTH_CLOSED = "MONTH_CLOSED"
    NOT_ENDED = "NOT_ENDED"
    NOT_LATE = "NOT_LATE"
    CHANGE_OF_PAST = "CHANGE_OF_PAST"
    POOL_EXCEEDED = "POOL_EXCEEDED"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    STALE_OFFER = "STALE_OFFER"
    YEAR_NOT_OVER = "YEAR_NOT_OVER"
    PERIOD_NOT_A_YEAR = "PERIOD_NOT_A_YEAR"
    FORM_NOT_ACCEPTED = "FORM_NOT_ACCEPTED"
    INN_WRONG = "INN_WRONG"
    OGRN_WRONG = "OGRN_WRONG"
    KPP_WRONG = "KPP_WRONG"
    BAD_POLICY = "BAD_POLICY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A code with its sentences: `people` in Russian, `log` in English, both with places for facts in braces.

    `wire` is what a portal message carries: a code of section 6.4, at most 20 characters (its type there is code20).
    """

    code: RuleCode
    people: str
    log: str
    wire: str


def catalogue() -> tuple[Rule, ...]:
    """Return every rule with its sentences, in the order of the codes; for the documentation and its test."""
    return tuple(rule_of(code) for code in RuleCode)


def rule_of(code: RuleCode) -> Rule:
    """Return the sentences of a code."""
    people, log = _SENTENCES[code]
    return Rule(code=code, people=people, log=log, wire=_WIRE.get(code, RuleCode.TECHNICAL.value))


def plain(code: RuleCode) -> str:
    """Return the sentence for people where nobody knows the facts: a reason that somebody chose, not one that arose."""
    return _PLAIN.get(code) or rule_of(code).people


_PLAIN: dict[RuleCode, str] = {
    RuleCode.AGE_OUT_OF_RANGE: "Возраст ребёнка на день начала занятий не подходит для сертификата.",
}
_PORTAL_CODES = tuple(RuleCode)[: tuple(RuleCode).index(RuleCode.TECHNICAL) + 1]
_WIRE: dict[RuleCode, str] = {code: code.value for code in _PORTAL_CODES} | {
    # The dictionary's own code has 22 characters and its type takes 20, so a message cannot carry it as it is.
    RuleCode.PROGRAMME_NOT_ELIGIBLE: "PROGRAMME_INELIGIBLE",
    RuleCode.NO_CERTIFICATES_HERE: "PROGRAMME_INELIGIBLE",
    RuleCode.NO_FUTURE_NOMINAL: RuleCode.EXHAUSTED.value,
    RuleCode.AVAILABLE_EXCEEDED: RuleCode.EXHAUSTED.value,
    RuleCode.SPLIT_DIFFERS: RuleCode.STALE_BALANCE.value,
    RuleCode.OWN_PART_NOT_AGREED: RuleCode.NO_CONSENT.value,
    RuleCode.FORM_NOT_ACCEPTED: RuleCode.NO_CONSENT.value,
    RuleCode.WINDOW_CLOSED: RuleCode.OFFER_EXPIRED.value,
    RuleCode.STALE_OFFER: RuleCode.STALE_BALANCE.value,
    RuleCode.OUTSIDE_GROUP: RuleCode.REGISTRATION_CLOSED.value,
}

_SENTENCES: dict[RuleCode, tuple[str, str]] = {
    RuleCode.STALE_BALANCE: (
        "Остаток сертификата изменился после расчёта. Посмотрите новый расчёт и подтвердите его.",
        "the split was agreed at balance version {agreed}, the balance is now at {current}: recalculate",
    ),
    RuleCode.EXHAUSTED: (
        "На сертификате не осталось средств или часов.",
        "nothing is available on register {register} of {year}",
    ),
    RuleCode.CERT_SUSPENDED: (
        "Действие сертификата приостановлено. Обратитесь в организацию, выдавшую сертификат.",
        "the certificate is suspended",
    ),
    RuleCode.CERT_ANNULLED: (
        "Сертификат аннулирован. Обратитесь в организацию, выдавшую сертификат.",
        "the certificate is annulled",
    ),
    RuleCode.CERT_EXPIRED: (
        "Срок действия сертификата закончился: сертификат действует до 18 лет.",
        "the certificate has expired",
    ),
    RuleCode.AGE_OUT_OF_RANGE: (
        "На день начала занятий ({start}) ребёнку {age}, а сертификат для детей от {youngest} до {oldest} лет.",
        "the child is {age} on the start day {start}; {youngest} to {oldest} are allowed",
    ),
    RuleCode.NO_PLACE: ("В группе нет свободных мест.", "the group has no free place"),
    RuleCode.DUPLICATE_ENROLMENT: (
        "Ребёнок уже записан в эту группу на этот период.",
        "contract {contract} of the same child, group and period is live",
    ),
    RuleCode.IDENTITY_CONFLICT: (
        "Сведения о ребёнке расходятся с имеющимися. Заявление рассмотрит сотрудник.",
        "the child's identity contradicts what is kept ({conflict}): manual case",
    ),
    RuleCode.NO_CONSENT: (
        "Нет действующего согласия на обработку персональных данных по форме социального сертификата.",
        "no consent in force: form {form} is missing",
    ),
    RuleCode.CONSENT_WITHDRAWN: (
        "Согласие на обработку персональных данных отозвано.",
        "the consent is withdrawn",
    ),
    RuleCode.NO_AGREEMENT: (
        "У организации нет соглашения об оплате занятий сертификатом.",
        "the provider has no agreement with the payer",
    ),
    RuleCode.PROGRAMME_NOT_ELIGIBLE: (
        "Эту программу нельзя оплатить сертификатом.",
        "the programme is not marked as payable by certificate",
    ),
    RuleCode.REGISTRATION_CLOSED: ("Запись в группу закрыта.", "registration of the group is closed"),
    RuleCode.CANCELLED_BY_PARENT: ("Отменено по заявлению родителя.", "cancelled by the parent"),
    RuleCode.REFUSED_BY_PROVIDER: ("Организация отказала в зачислении.", "refused by the provider"),
    RuleCode.REFUSED_BY_OPERATOR: ("Оператор отказал в зачислении.", "refused by the operator"),
    RuleCode.OFFER_EXPIRED: ("Срок ответа истёк.", "the time to answer is over"),
    RuleCode.TECHNICAL: (
        "Техническая ошибка. Повторите попытку позже.",
        "a technical failure",
    ),
    RuleCode.NO_CERTIFICATES_HERE: (
        "В этом муниципалитете сертификаты не выдаются.",
        "the municipality issues no certificates",
    ),
    RuleCode.NO_FUTURE_NOMINAL: (
        "Номинал сертификата на {year} год ещё не установлен: рассчитать часть договора за этот год нельзя.",
        "there is no nominal of register {register} for {year} yet",
    ),
    RuleCode.NOT_FOUND: (
        "Не найдено: {what}.",
        "not known here: {what}",
    ),
    RuleCode.MUNICIPALITY_UNKNOWN: (
        "Этот муниципалитет здесь не обслуживается.",
        "municipality {oktmo} is not served here, or its code is another one",
    ),
    RuleCode.BAD_GROUP_DATA: (
        "Данные группы содержат ошибку, рассчитать стоимость нельзя.",
        "the group's data cannot be right: {what}",
    ),
    RuleCode.OUTSIDE_GROUP: (
        "Период занятий {start} – {end} не входит в период работы группы.",
        "the period {start}..{end} is not inside the group's own {group_start}..{group_end}",
    ),
    RuleCode.NOT_ENOUGH_DATA: (
        "Данных для расчёта стоимости недостаточно.",
        "not enough data to compute the cost: {what}",
    ),
    RuleCode.UNIT_MIXED: (
        "Сертификат ведётся в других единицах (часы и рубли не смешиваются).",
        "register {register} cannot be used: the certificate counts {other} in {year}",
    ),
    RuleCode.SPLIT_BROKEN: (
        "Суммы расчёта не сходятся.",
        "the split does not add up: {what}",
    ),
    RuleCode.SPLIT_DIFFERS: (
        "Подтверждённые суммы отличаются от расчёта. Посмотрите новый расчёт и подтвердите его.",
        "the agreed split is not the one calculated for this balance version",
    ),
    RuleCode.OWN_PART_NOT_AGREED: (
        "Подтвердите согласие на оплату части стоимости из личных средств.",
        "the parent has not agreed to pay the own part",
    ),
    RuleCode.AVAILABLE_EXCEEDED: (
        "На сертификате недостаточно средств или часов.",
        "{amount} hundredths asked, {available} available on register {register} of {year}",
    ),
    RuleCode.RESERVE_EXCEEDED: (
        "Списание больше забронированного по договору.",
        "charge of {amount}, only {reserved} is held",
    ),
    RuleCode.RELEASE_EXCEEDED: (
        "Возвращается больше, чем осталось в брони.",
        "release of {amount}, only {reserved} is held",
    ),
    RuleCode.SPENT_EXCEEDED: (
        "Возврат больше израсходованного.",
        "correction of {amount}, only {spent} is spent",
    ),
    RuleCode.NOMINAL_BELOW_USED: (
        "Номинал нельзя уменьшить ниже забронированного и израсходованного.",
        "nominal {nominal} would be below reserved and spent ({used})",
    ),
    RuleCode.BAD_ENTRY: (
        "Проводка составлена неверно.",
        "entry {key} cannot be right: {what}",
    ),
    RuleCode.WRONG_ACCOUNT: (
        "Проводка относится к другому счёту.",
        "entry {key} is of another account than register {register} of {year}",
    ),
    RuleCode.KEY_REUSED: (
        "Такая операция уже проведена с другой суммой.",
        "key {key} already stands for another entry",
    ),
    RuleCode.CERT_STEP: (
        "Сертификат в состоянии «{status}»: это действие невозможно.",
        "a certificate in status {status} cannot {step}",
    ),
    RuleCode.CONTRACT_STEP: (
        "Договор в состоянии «{state}»: это действие невозможно.",
        "contract {contract} in state {state} cannot {step}",
    ),
    RuleCode.OFFER_STEP: (
        "На это предложение уже получен ответ, или оно снято.",
        "offer {offer} in state {state} cannot {step}",
    ),
    RuleCode.CONSENT_STEP: (
        "Согласие уже отозвано или ещё не дано.",
        "consent {consent} in state {state} cannot {step}",
    ),
    RuleCode.MONTH_NOT_DUE: (
        "Списать за месяц {month} можно не раньше {due}.",
        "month {month} of contract {contract} may be charged from {due} on",
    ),
    RuleCode.MONTH_NOT_PLANNED: (
        "Месяц {month} не входит в договор.",
        "month {month} is not in the plan of contract {contract}",
    ),
    RuleCode.MONTH_CLOSED: (
        "Месяц {month} уже закрыт: списан или освобождён.",
        "month {month} of contract {contract} is charged or released already",
    ),
    RuleCode.NOT_ENDED: (
        "Договор действует по {end} включительно.",
        "contract {contract} runs until {end}",
    ),
    RuleCode.NOT_LATE: (
        "Срок ожидания по договору ещё не истёк.",
        "contract {contract} has waited less than its timer",
    ),
    RuleCode.CHANGE_OF_PAST: (
        "Изменить можно только ещё не оплаченные месяцы договора.",
        "the change of contract {contract} touches month {month}, which is closed",
    ),
    RuleCode.POOL_EXCEEDED: (
        "Объём, выделенный муниципалитету, исчерпан.",
        "{amount} hundredths asked of the pool of {oktmo} for {year}, {free} free",
    ),
    RuleCode.OUT_OF_ORDER: (
        "Очередь продолжающих обучение построена неверно.",
        "certificate {certificate} stands out of order or twice in the turn of the year",
    ),
    RuleCode.WINDOW_CLOSED: (
        "Срок ответа на предложение: по {until}.",
        "the offer's window was {since}..{until}",
    ),
    RuleCode.STALE_OFFER: (
        "Предложение изменилось. Посмотрите его новую редакцию.",
        "offer {offer} is at version {current}, the answer is to {seen}",
    ),
    RuleCode.PERIOD_NOT_A_YEAR: (
        "Период остатка ({since} — {until}) не укладывается в один календарный год, операции по нему невозможны.",
        "a balance of register {register} for {since}..{until} is not the only one inside one calendar year",
    ),
    RuleCode.YEAR_NOT_OVER: (
        "Год {year} ещё не закончился.",
        "year {year} is not over",
    ),
    RuleCode.FORM_NOT_ACCEPTED: (
        "Эта форма согласия не принимается: нужна новая форма.",
        "form {form} of version {version} is not accepted",
    ),
    RuleCode.INN_WRONG: (
        "ИНН должен содержать {digits} цифр и верные контрольные цифры.",
        "the INN of a {kind} provider has {digits} digits with right check digits",
    ),
    RuleCode.OGRN_WRONG: (
        "{name} должен содержать {digits} цифр и верную контрольную цифру.",
        "the OGRN or OGRNIP of a {kind} provider has {digits} digits with a right check digit",
    ),
    RuleCode.KPP_WRONG: (
        "КПП указан неверно: у организации он из 9 знаков, у предпринимателя его нет.",
        "the KPP does not fit a {kind} provider",
    ),
    RuleCode.BAD_POLICY: (
        "Настройки правил противоречат друг другу: {what}.",
        "the policy cannot be used: {what}",
    ),
}
