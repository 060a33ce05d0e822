"""The columns of the two layouts, in order. A row is a mapping of these names to values; sums are `Sum`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

CERTIFICATES = (
    "Номер сертификата", "GUID", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "СНИЛС ребёнка",
    "Свидетельство о рождении", "Фамилия представителя", "Имя представителя", "Отчество представителя",
    "СНИЛС представителя", "Вид", "Единица", "Номинал", "Остаток", "Забронировано", "Израсходовано", "Начало",
    "Окончание", "Статус", "ОКТМО", "Форма согласия",
)  # fmt: skip
CONTRACTS = (
    "Номер договора", "Номер сертификата", "Дата договора", "Программа", "GUID группы", "Год обучения", "Организация",
    "ИНН", "Начало", "Окончание", "Единица", "По сертификату", "За счёт родителя", "Списано", "Забронировано", "Статус",
)  # fmt: skip
PROGRAMMES = (
    "GUID программы", "GUID группы", "Программа", "Направленность", "Срок, лет", "Организация", "ИНН",
    "Тип организации", "Часов в год", "Стоимость, руб.", "Возможна оплата сертификатом",
)  # fmt: skip
MUNICIPALITIES = ("oktmo", "municipality", "municipality_guid", "region", "region_guid")

SUMS = frozenset(
    {
        "Номинал",
        "Остаток",
        "Забронировано",
        "Израсходовано",
        "По сертификату",
        "За счёт родителя",
        "Списано",
        "Часов в год",
        "Стоимость, руб.",
    }
)
"""Columns that hold sums, in all tables."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum in hundredths of the row's unit."""

    hundredths: int


Value = str | int | date | Sum | None
Row = dict[str, Value]
