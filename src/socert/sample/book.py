"""Certificates and contracts of invented children, as rows of an export. Every sum adds up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from socert.sample import numbers, offers
from socert.sample.columns import Row, Sum

if TYPE_CHECKING:
    from random import Random

    from socert.sample.offers import Programme
    from socert.sample.people import Child, Parent

CONSENT = "СС-2026"
OLD_CONSENT = "ПФ-2023"
NOMINALS = {"руб.": (1260000, 1824050, 2173525, 948075), "час": (3600, 7200, 10800, 14400)}
PERIODS = (((1, 1), (5, 31)), ((2, 1), (12, 31)), ((9, 1), (12, 31)))


class Book:
    """Writes the rows of one child after another."""

    def __init__(self, random: Random, programmes: tuple[Programme, ...], year: int) -> None:
        """All certificates are for the calendar year; contracts are for programmes that take certificates."""
        self._random = random
        self._programmes = [item for item in programmes if item.certificate_accepted]
        self._year = year
        self._certificates = 0
        self._contracts = 0

    def enter(self, parent: Parent, child: Child) -> tuple[Row, list[Row]]:
        """Return the next certificate's row and the rows of its contracts."""
        random = self._random
        number = numbers.certificate_number(self._certificates)
        self._certificates += 1
        funds = random.random() < 0.85
        unit = "час" if random.random() < 0.3 else "руб."
        nominal = random.choice(NOMINALS[unit]) if funds else 0
        contracts: list[Row] = []
        reserved = spent = 0
        for _ in range(random.choices((0, 1, 2), (30, 55, 15))[0]):
            left = nominal - reserved - spent
            if left <= 0:
                break
            row, held, charged = self._contract(number, unit, left)
            contracts.append(row)
            reserved, spent = reserved + held, spent + charged
        row = self._person(parent, child) | {
            "Номер сертификата": number,
            "GUID": numbers.guid(random),
            "Вид": "ПФ" if funds else "Учёта",
            "Единица": unit,
            "Номинал": Sum(nominal),
            "Остаток": Sum(nominal - reserved - spent),
            "Забронировано": Sum(reserved),
            "Израсходовано": Sum(spent),
            "Начало": date(self._year, 1, 1),
            "Окончание": date(self._year, 12, 31),
            "Статус": random.choices(("Действует", "Приостановлен", "Аннулирован"), (95, 4, 1))[0],
            "ОКТМО": random.choice(offers.MUNICIPALITIES)[0] if random.random() > 0.04 else offers.UNKNOWN_OKTMO,
            "Форма согласия": random.choices((CONSENT, OLD_CONSENT, None), (90, 7, 3))[0],
        }
        return row, contracts

    def _person(self, parent: Parent, child: Child) -> Row:
        plain = self._random.random() < 0.5
        return {
            "Фамилия": child.last_name,
            "Имя": child.first_name,
            "Отчество": child.middle_name,
            "Дата рождения": child.birth_date,
            "Пол": "М" if child.male else "Ж",
            "СНИЛС ребёнка": child.snils if plain else numbers.with_separators(child.snils),
            "Свидетельство о рождении": child.birth_certificate,
            "Фамилия представителя": parent.last_name,
            "Имя представителя": parent.first_name,
            "Отчество представителя": parent.middle_name,
            "СНИЛС представителя": numbers.with_separators(parent.snils) if plain else parent.snils,
        }

    def _contract(self, certificate: str, unit: str, left: int) -> tuple[Row, int, int]:
        """Return a contract's row with what it holds and what it was charged, out of `left` hundredths."""
        random = self._random
        programme = random.choice(self._programmes)
        full = programme.hours if unit == "час" else programme.price
        part = min(full, left)
        state = random.choices(("Заключён", "Ожидает подтверждения", "Расторгнут", "Исполнен"), (65, 12, 12, 11))[0]
        share = part * random.choice((0, 1, 2, 3)) // 4
        spent = {"Ожидает подтверждения": 0, "Исполнен": part}.get(state, share)
        reserved = 0 if state == "Расторгнут" else part - spent
        start, end = random.choice(PERIODS)
        self._contracts += 1
        row: Row = {
            "Номер договора": f"ДО-{self._year}-{self._contracts:07d}",
            "Номер сертификата": certificate,
            "Дата договора": date(self._year, *start),
            "Программа": programme.name,
            "GUID группы": programme.group_guid,
            "Год обучения": random.randint(1, programme.years),
            "Организация": programme.organisation.name,
            "ИНН": programme.organisation.inn,
            "Начало": date(self._year, *start),
            "Окончание": date(self._year, *end),
            "Единица": unit,
            "По сертификату": Sum(part),
            "За счёт родителя": Sum(full - part),
            "Списано": Sum(spent),
            "Забронировано": Sum(reserved),
            "Статус": state,
        }
        return row, reserved, spent
