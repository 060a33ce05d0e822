"""A small invented region, as it stands on two days: what its system exports, and which parents the portal knows."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHILDREN = 15
UNKNOWN_PLACE, NO_CONSENT, OLD_CONSENT, IN_HOURS = 11, 12, 13, 14
"""Children (by number from 0) whose certificate is special; all others are plain."""
CONSENT_TAKEN, CONSENT_GIVEN, TERMINATED = 5, 13, 2
"""What happens overnight: consent withdrawn, consent given, contract terminated."""
CHARGED = frozenset({0, 1, 3, 14})
"""Children whose lessons were paid overnight."""
LAST_NAMES = ("Журавлёв", "Соколенко", "Мухортов", "Белогривый", "Ясенев")
FIRST_NAMES = ("Платон", "Ульяна", "Мирон")


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """One child of the region with its certificate and parent."""

    place: int

    @property
    def last_name(self) -> str:
        return LAST_NAMES[self.place % 5]

    @property
    def first_name(self) -> str:
        return FIRST_NAMES[self.place // 5]

    @property
    def snils(self) -> str:
        return snils(200_000_000 + self.place)

    @property
    def parent_snils(self) -> str:
        return snils(300_000_000 + self.place)

    @property
    def birth_certificate(self) -> str:
        return f"II-ЖД {700_100 + self.place}"

    @property
    def guid(self) -> str:
        return f"aaaaaaaa-0000-4000-8000-{self.place:012d}"

    @property
    def number(self) -> str:
        return f"77{self.place:08d}"


def children() -> list[Child]:
    """Return all children."""
    return [Child(place=place) for place in range(CHILDREN)]


def snils(number: int) -> str:
    """Return a SNILS with its check digits for a nine-digit number."""
    digits = f"{number:09d}"
    rest = sum(int(digit) * (9 - place) for place, digit in enumerate(digits)) % 101
    return f"{digits}{0 if rest == 100 else rest:02d}"


def personal_data() -> list[str]:
    """Return every text that must never be in a log."""
    found = [*LAST_NAMES, *FIRST_NAMES, "Святославович", "Изяславовна", "Евпраксия"]
    for child in children():
        found += [child.snils, child.parent_snils, child.birth_certificate.split(" ")[1]]
    return found


def write_people(place: Path) -> Path:
    """Write the parents that the portal knows from the start, one for each child."""
    people = [
        {
            "last_name": child.last_name,
            "first_name": "Евпраксия",
            "snils": child.parent_snils,
            "children": [
                {
                    "last_name": child.last_name,
                    "first_name": child.first_name,
                    "birth_date": f"2014-03-{10 + child.place}",
                    "snils": child.snils,
                    "birth_certificate": child.birth_certificate,
                }
            ],
        }
        for child in children()
    ]
    place.write_text(json.dumps({"people": people}, ensure_ascii=False), encoding="utf-8")
    return place


def write_export(folder: Path, *, next_day: bool = False) -> Path:
    """Write the region's export of a day into a new folder."""
    folder.mkdir(parents=True)
    (folder / "municipalities.csv").write_text(
        "oktmo,municipality,municipality_guid,region,region_guid\n"
        "11605000,Верхнелесье,bbbbbbbb-0000-4000-8000-000000000001,Лесной край,bbbbbbbb-0000-4000-8000-0000000000aa\n",
        encoding="utf-8",
    )
    write_rows(folder / "programmes.csv", [_programme()])
    write_rows(folder / "certificates.csv", [_certificate(child, next_day=next_day) for child in children()])
    contracts = [_contract(child, next_day=next_day) for child in children() if child.place % 4 != 3]
    write_rows(folder / "contracts.csv", contracts)
    return folder


def _programme() -> dict[str, str]:
    return {
        "GUID программы": "cccccccc-0000-4000-8000-000000000001",
        "GUID группы": "cccccccc-0000-4000-8000-000000000002",
        "Программа": "Резьба по дереву",
        "Направленность": "художественная",
        "Срок, лет": "3",
        "Организация": "ООО «Стружка»",
        "ИНН": "0001234562",
        "Тип организации": "private",
        "Часов в год": "72",
        "Стоимость, руб.": "9000,00",
        "Возможна оплата сертификатом": "Да",
    }


def _spent(child: Child, *, next_day: bool) -> int:
    """Roubles or hours spent so far."""
    return 100 if next_day and child.place in CHARGED else 0


def _certificate(child: Child, *, next_day: bool) -> dict[str, str]:
    spent = _spent(child, next_day=next_day)
    booked = 0 if child.place % 4 == 3 else 400
    if next_day and child.place == TERMINATED:
        booked = 0
    consent = {NO_CONSENT: "", OLD_CONSENT: "ПФ-2023"}.get(child.place, "СС-2026")
    if next_day:
        consent = {CONSENT_TAKEN: "", CONSENT_GIVEN: "СС-2026"}.get(child.place, consent)
    reserved = max(0, booked - spent)
    return {
        "Номер сертификата": child.number,
        "GUID": child.guid,
        "Фамилия": child.last_name,
        "Имя": child.first_name,
        "Отчество": "Святославович",
        "Дата рождения": f"{10 + child.place}.03.2014",
        "Пол": "М",
        "СНИЛС ребёнка": child.snils,
        "Свидетельство о рождении": child.birth_certificate,
        "Фамилия представителя": child.last_name,
        "Имя представителя": "Евпраксия",
        "Отчество представителя": "Изяславовна",
        "СНИЛС представителя": child.parent_snils,
        "Вид": "ПФ",
        "Единица": _unit(child),
        "Номинал": "1000,00",
        "Остаток": f"{1000 - reserved - spent},00",
        "Забронировано": f"{reserved},00",
        "Израсходовано": f"{spent},00",
        "Начало": "01.01.2026",
        "Окончание": "31.12.2026",
        "Статус": "Действует",
        "ОКТМО": "11699000" if child.place == UNKNOWN_PLACE else "11605000",
        "Форма согласия": consent,
    }


def _contract(child: Child, *, next_day: bool) -> dict[str, str]:
    ended = next_day and child.place == TERMINATED
    spent = _spent(child, next_day=next_day)
    return {
        "Номер договора": f"РД-{child.place}",
        "Номер сертификата": child.number,
        "Дата договора": "01.09.2026",
        "Программа": "Резьба по дереву",
        "GUID группы": "cccccccc-0000-4000-8000-000000000002",
        "Год обучения": "1",
        "Организация": "ООО «Стружка»",
        "ИНН": "0001234562",
        "Начало": "01.09.2026",
        "Окончание": "31.12.2026",
        "Единица": _unit(child),
        "По сертификату": "400,00",
        "За счёт родителя": "0,00",
        "Списано": f"{spent},00",
        "Забронировано": f"{0 if ended else 400 - spent},00",
        "Статус": "Расторгнут" if ended else "Заключён",
    }


def _unit(child: Child) -> str:
    return "час" if child.place == IN_HOURS else "руб."


def write_rows(place: Path, rows: list[dict[str, str]]) -> None:
    """Write a file of an export."""
    with place.open("w", encoding="cp1251", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
