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
UNIT = {"rub": "в рублях", "hour": "в часах", "count": "в программах"}
_PROGRAMMES = ("программа", "программы", "программ")


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
