"""How the operator's pages say things: amounts, days, states and reasons in Russian."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.gateway.domain.consent import Channel, ConsentState
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.ledger import EntryKind
from socert.gateway.domain.order import Stage
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.records import CertificateStatus, ContractState, Register
from socert.gateway.domain.rules_errors import RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.store.tables_life import AnswerState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime, tzinfo

STATUS = {
    CertificateStatus.ISSUED: "Выдан",
    CertificateStatus.ACTIVE: "Действует",
    CertificateStatus.SUSPENDED: "Приостановлен",
    CertificateStatus.EXHAUSTED: "Исчерпан",
    CertificateStatus.ANNULLED: "Аннулирован",
    CertificateStatus.EXPIRED: "Срок действия истёк",
}
STATE = {
    ContractState.REQUESTED: "Заявка",
    ContractState.ACCEPTED: "На подписании",
    ContractState.ACTIVE: "Действует",
    ContractState.TERMINATING: "Завершается досрочно",
    ContractState.TERMINATED: "Расторгнут",
    ContractState.COMPLETED: "Исполнен",
    ContractState.REFUSED: "Отказано",
}
TONE = {
    CertificateStatus.ISSUED: "calm",
    CertificateStatus.ACTIVE: "good",
    CertificateStatus.SUSPENDED: "warn",
    CertificateStatus.EXHAUSTED: "warn",
    ContractState.REQUESTED: "calm",
    ContractState.ACCEPTED: "calm",
    ContractState.ACTIVE: "good",
    ContractState.TERMINATING: "warn",
    ConsentState.GIVEN: "good",
    ConsentState.NEW_VERSION_NEEDED: "warn",
}
"""Which colour a state is shown in, "quiet" where none is named; the words say the same, the colour only helps."""
ENTRY = {
    EntryKind.ISSUE: "Выдано",
    EntryKind.RESERVE: "Забронировано",
    EntryKind.CHARGE: "Списано",
    EntryKind.RELEASE: "Бронь снята",
    EntryKind.EXPIRE: "Сгорело",
    EntryKind.ADJUST: "Исправлено",
}
REGISTER = {
    Register.RUB: "Рубли",
    Register.HOUR: "Часы",
    Register.SIGNIFICANT: "Значимые программы",
    Register.PREPROF: "Предпрофессиональные программы",
    Register.OTHER: "Иные программы",
}
FORM = {
    FormCode.PD_PROCESSING: "Обработка персональных данных",
    FormCode.SOCIAL_CERT_APPLICATION: "Заявление на социальный сертификат",
    FormCode.SPLIT_PAYMENT: "Оплата части из личных средств",
    FormCode.PFDO_LEGACY: "Прежняя форма (ПФДО)",
}
CONSENT = {
    ConsentState.GIVEN: "Дано",
    ConsentState.WITHDRAWN: "Отозвано",
    ConsentState.NEW_VERSION_NEEDED: "Нужна новая форма",
}
CHANNEL = {
    Channel.PORTAL: "на портале",
    Channel.ORGANISATION: "в организации",
    Channel.REGIONAL_SITE: "на сайте региона",
}
INITIATOR = {
    Initiator.PARENT: "родитель",
    Initiator.ORGANISATION: "организация",
    Initiator.OPERATOR: "оператор",
    Initiator.SYSTEM: "система, по сроку",
}
CASE = {
    CaseKind.IDENTITY: "Сведения о ребёнке расходятся",
    CaseKind.CONSENT_WITHDRAWN: "Согласие отозвано, договоры действуют",
    CaseKind.DAY_FAILED: "Работа дня остановилась на правиле",
}
REASON = {
    RuleCode.REFUSED_BY_PROVIDER: "Решение организации",
    RuleCode.REFUSED_BY_OPERATOR: "Решение оператора",
    RuleCode.NO_PLACE: "Нет мест в группе",
    RuleCode.AGE_OUT_OF_RANGE: "Ребёнок не подходит по возрасту",
    RuleCode.REGISTRATION_CLOSED: "Запись в группу закрыта",
    RuleCode.PROGRAMME_NOT_ELIGIBLE: "Программу нельзя оплатить сертификатом",
    RuleCode.NO_AGREEMENT: "У организации нет соглашения об оплате сертификатом",
    RuleCode.DUPLICATE_ENROLMENT: "Ребёнок уже записан в эту группу",
    RuleCode.IDENTITY_CONFLICT: "Сведения о ребёнке расходятся",
    RuleCode.NO_CONSENT: "Нет согласия на обработку данных",
    RuleCode.CONSENT_WITHDRAWN: "Согласие отозвано",
    RuleCode.CERT_SUSPENDED: "Сертификат приостановлен",
    RuleCode.CERT_ANNULLED: "Сертификат аннулирован",
    RuleCode.CERT_EXPIRED: "Срок действия сертификата истёк",
    RuleCode.EXHAUSTED: "Сертификат исчерпан",
    RuleCode.OFFER_EXPIRED: "Срок ответа истёк",
    RuleCode.CANCELLED_BY_PARENT: "По заявлению родителя",
    RuleCode.TECHNICAL: "Техническая ошибка",
}
"""Reasons that the portal knows, in short (portal message dictionary, 6.4)."""
STAGE = {
    Stage.REGISTERED: "Зарегистрировано",
    Stage.SENT_TO_REVIEW: "Отправлено в организацию",
    Stage.UNDER_REVIEW: "На рассмотрении",
    Stage.DOCUMENTS_NEEDED: "Нужны документы",
    Stage.CONTRACT_TO_SIGN: "Ожидается подписание договора",
    Stage.CONTRACT_REWORK: "Договор на доработке",
    Stage.CONTRACT_AT_ORG: "Договор у организации",
    Stage.ENROLLED: "Зачислен",
    Stage.REFUSED: "Отказано",
    Stage.CANCEL_PENDING: "Отменяется",
    Stage.CANCEL_FAILED: "Отменить не удалось",
    Stage.CANCELLED: "Отменено",
}
ANSWER = {
    AnswerState.PENDING: "ждёт отправки",
    AnswerState.PACKED: "отправляется",
    AnswerState.DELIVERED: "доставлен порталу",
    AnswerState.REJECTED: "не принят порталом",
    AnswerState.CANCELLED: "отменён: согласие отозвано",
}
DONE = {
    "accept": "Заявка принята. Договор ждёт подписания.",
    "refuse": "В заявке отказано, бронь снята.",
    "conclude": "Договор заключён.",
    "charge": "Месяц списан.",
    "refund": "Списанное возвращено на сертификат.",
    "terminate": "Договор расторгается.",
    "cancel": "Отменено по заявлению родителя.",
    "finish": "Договор закрыт.",
    "lapse": "Заявка снята по сроку, бронь снята.",
    "change": "Условия договора изменены.",
    "issued": "Сертификат выдан.",
    "found": "Сертификат у ребёнка уже есть, вот он.",
    "suspend": "Сертификат приостановлен.",
    "resume": "Сертификат снова действует.",
    "annul": "Сертификат аннулирован.",
    "give": "Согласие записано.",
    "withdraw": "Согласие отозвано. Данные больше не передаются.",
    "request": "Заявка создана, часть сертификата забронирована.",
    "decide": "Дело закрыто.",
    "say": "Сообщение родителю отправляется.",
    "run": "Работа дня начата.",
}
"""What a page says after a step was done."""
_UNITS = {Register.RUB: "руб.", Register.HOUR: "ч"}
_MONTHS = (
    "январь",
    "февраль",
    "март",
    "апрель",
    "май",
    "июнь",
    "июль",
    "август",
    "сентябрь",
    "октябрь",
    "ноябрь",
    "декабрь",
)
_NO_BREAK = "\N{NO-BREAK SPACE}"


def amount(value: int, register: Register) -> str:
    """Say an amount: 1745600 -> "17 456,00 руб."; on a count register whole programmes: "2 программы"."""
    if register.counts:
        return f"{value}{_NO_BREAK}{plural(value, 'программа', 'программы', 'программ')}"
    whole, decimals = divmod(abs(value), 100)
    grouped = f"{whole:,}".replace(",", _NO_BREAK)
    return f"{'−' if value < 0 else ''}{grouped},{decimals:02d}{_NO_BREAK}{_UNITS[register]}"


def typed(value: int, register: Register) -> str:
    """Write an amount the way it is typed into a field: "17456,00", a count as it is."""
    return str(value) if register.counts else f"{value // 100},{value % 100:02d}"


def plural(number: int, one: str, few: str, many: str) -> str:
    """Return the form of a Russian noun that goes with a number."""
    tail = abs(number) % 100
    if 11 <= tail <= 14:
        return many
    match tail % 10:
        case 1:
            return one
        case 2 | 3 | 4:
            return few
        case _:
            return many


def day(value: date) -> str:
    """Say a day: 07.09.2026."""
    return f"{value:%d.%m.%Y}"


def month(value: date) -> str:
    """Say a month: сентябрь 2026."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def moment_in(zone: tzinfo) -> Callable[[datetime], str]:
    """Return what says a moment in the region's zone: 07.09.2026 12:00."""
    return lambda value: f"{value.astimezone(zone):%d.%m.%Y %H:%M}"
