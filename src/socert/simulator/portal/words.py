"""How things are said to parents: amounts, dates and statuses in Russian. Moments are said by `local_time`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

CERTIFICATE_STATUS = {
    "ISSUED": "Выдан",
    "ACTIVE": "Действует",
    "SUSPENDED": "Приостановлен",
    "EXHAUSTED": "Средства исчерпаны",
    "ANNULLED": "Аннулирован",
    "EXPIRED": "Срок действия истёк",
}
CONTRACT_STATE = {
    "REQUESTED": "Заявка на рассмотрении",
    "ACCEPTED": "Ожидает заключения",
    "ACTIVE": "Действует",
    "TERMINATING": "Завершается досрочно",
    "TERMINATED": "Расторгнут",
    "COMPLETED": "Исполнен",
    "REFUSED": "Отказано",
}
SCHEME = {"PF": "Сертификат дополнительного образования", "SOCIAL_ORDER": "Социальный сертификат"}
#: Which colour a status is shown in; the words say the same, the colour only helps.
TONE = {
    "ISSUED": "calm",
    "ACTIVE": "good",
    "SUSPENDED": "warn",
    "EXHAUSTED": "warn",
    "ANNULLED": "quiet",
    "EXPIRED": "quiet",
    "REQUESTED": "calm",
    "ACCEPTED": "calm",
    "TERMINATING": "warn",
    "TERMINATED": "quiet",
    "COMPLETED": "quiet",
    "REFUSED": "quiet",
}
OFFER_STATE = {
    "OFFERED": "Ожидает вашего ответа",
    "ACCEPTED": "Вы согласились",
    "DECLINED": "Вы отказались",
    "EXPIRED": "Срок ответа истёк",
    "WITHDRAWN": "Предложение отозвано",
}
CONSENT_STATE = {
    "GIVEN": "Дано",
    "WITHDRAWN": "Отозвано",
    "NEW_VERSION_NEEDED": "Нужно согласие по новой форме",
}
#: Where a consent was given.
CHANNEL = {
    "PORTAL": "на портале",
    "ORGANISATION": "в организации",
    "REGIONAL_SITE": "на сайте региона",
}
REGISTER = {
    "SIGNIFICANT": "реестр значимых программ",
    "PREPROF": "реестр предпрофессиональных программ",
    "OTHER": "реестр иных программ",
}
INITIATOR = {
    "PARENT": "родитель",
    "ORGANISATION": "организация",
    "OPERATOR": "оператор региона",
    "SYSTEM": "система, по сроку",
}
#: Why an order, a contract or a decision ended as it did (portal message dictionary, 6.4).
REASON = {
    "STALE_BALANCE": "Остаток сертификата изменился после расчёта.",
    "EXHAUSTED": "Средств сертификата не хватает.",
    "CERT_SUSPENDED": "Сертификат приостановлен.",
    "CERT_ANNULLED": "Сертификат аннулирован.",
    "CERT_EXPIRED": "Срок действия сертификата истёк.",
    "AGE_OUT_OF_RANGE": "На день начала обучения ребёнку должно быть от 5 до 17 лет.",
    "NO_PLACE": "В группе нет свободных мест.",
    "DUPLICATE_ENROLMENT": "Ребёнок уже записан в эту группу.",
    "IDENTITY_CONFLICT": "Данные ребёнка не совпали с данными региона.",
    "NO_CONSENT": "Нет действующего согласия на обработку данных.",
    "CONSENT_WITHDRAWN": "Согласие на обработку данных отозвано.",
    "NO_AGREEMENT": "У организации нет соглашения об оплате сертификатом.",
    "PROGRAMME_NOT_ELIGIBLE": "Эту программу нельзя оплатить сертификатом.",
    "REGISTRATION_CLOSED": "Запись на программу закрыта.",
    "CANCELLED_BY_PARENT": "Отменено по вашему желанию.",
    "REFUSED_BY_PROVIDER": "Отказала организация.",
    "REFUSED_BY_OPERATOR": "Отказал оператор региона.",
    "OFFER_EXPIRED": "Срок предложения истёк.",
    "TECHNICAL": "Технический сбой.",
}
#: The portal's own statuses of an order (portal message dictionary, 8.1).
ORDER_STATUS = {
    -1: "Ошибка в результате",
    0: "Черновик",
    1: "Зарегистрировано",
    2: "Получено ведомством",
    3: "Услуга оказана",
    4: "Отказано",
    5: "Ошибка отправки",
    6: "Принято к рассмотрению",
    7: "Промежуточные результаты",
    9: "Отменяется",
    10: "Отменено",
    11: "Отменить не удалось",
    12: "Входящее сообщение",
    14: "Ожидаются дополнительные сведения",
    15: "Требуется исправление",
    16: "Исходящее сообщение",
    17: "Зарегистрировано на портале",
    18: "Отправить невозможно",
    21: "Отправлено в ведомство",
    22: "Ошибка при получении",
    24: "Ошибка при обработке",
    25: "Приглашение на приём",
    31: "Подписывается",
    32: "Подписывается",
    36: "Взято в работу",
    48: "Автоматическая проверка не пройдена",
    49: "Нет подходящего подразделения",
    57: "Удовлетворено",
    58: "Отклонено",
    60: "Договор ожидает вашей подписи",
    61: "Договор дорабатывается",
    62: "Договор ожидает подписи организации",
    84: "Аннулировано",
    101: "Зарегистрировано",
}
UNIT = {"rub": "в рублях", "hour": "в часах", "count": "в программах"}
_PROGRAMMES = ("программа", "программы", "программ")
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


def amount(hundredths: int, unit: str) -> str:
    """Say an amount: 925600 rub -> "9 256,00 руб.", 1250 hour -> "12,50 ч", 200 count -> "2 программы"."""
    if unit == "count":
        return plural(hundredths // 100, _PROGRAMMES)
    sign = "−" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 100)
    figures = f"{whole:,}".replace(",", " ")
    return f"{sign}{figures},{part:02d} {'ч' if unit == 'hour' else 'руб.'}"


def figures(hundredths: int) -> str:
    """Say a number without a unit and as short as it goes: 7200 -> "72", 7250 -> "72,5"."""
    whole, part = divmod(hundredths, 100)
    return f"{whole},{part:02d}".rstrip("0").rstrip(",") if part else str(whole)


def plural(number: int, forms: tuple[str, str, str]) -> str:
    """Say a number with its noun: (программа, программы, программ)."""
    tens, ones = number % 100, number % 10
    if ones == 1 and tens != 11:
        form = forms[0]
    elif ones in {2, 3, 4} and tens not in {12, 13, 14}:
        form = forms[1]
    else:
        form = forms[2]
    return f"{number} {form}"


def day(value: date | None) -> str:
    """Say a date: 20.02.2016; nothing for None."""
    return "" if value is None else value.strftime("%d.%m.%Y")


def month(value: date) -> str:
    """Say a month: сентябрь 2026."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def order_status(code: int | str) -> str:
    """Say an order's status: the portal's own code in words, the agency's or an unknown one by itself."""
    return ORDER_STATUS.get(code, f"Статус {code}") if isinstance(code, int) else f"Статус ведомства {code}"
