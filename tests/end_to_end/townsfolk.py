"""Who lives in the town of the tests and what is taught there, written as each side reads it.

A programme's price is for the calendar year, a hundred days of it are left on the first day of study, and each price is
a multiple of 365 roubles: so sums are round.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.end_to_end import region

if TYPE_CHECKING:
    from pathlib import Path

OKTMO, TOWN, LAND = "11605000", "bbbbbbbb-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-0000000000aa"
OTHER_OKTMO, OTHER_TOWN = "11610000", "bbbbbbbb-0000-4000-8000-000000000002"
"""A municipality without programmes that a certificate pays: the region has set that it gives none."""
FIRST_DAY = "2026-09-23"
"""A hundred days before the year ends, the last included."""
NOMINAL = 10_000_00
FORMS = ["PD_PROCESSING", "SOCIAL_CERT_APPLICATION"]
"""Consents that every application needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A programme's group: `cost` is what the hundred days cost, in kopecks."""

    place: int
    name: str
    cost: int
    years: int
    organisation: str
    inn: str
    kind: str
    ogrn: str | None = None
    accepted: bool = True

    @property
    def guid(self) -> str:
        return f"cccccccc-0000-4000-8000-{self.place:012d}"

    @property
    def programme_guid(self) -> str:
        return f"dddddddd-0000-4000-8000-{self.place:012d}"

    @property
    def price(self) -> int:
        """For the calendar year of 365 days."""
        return self.cost * 365 // 100


RHYTHM = Group(
    place=1,
    name="Ритмика",
    cost=8_000_00,
    years=4,
    organisation="МБУ ДО «Дом творчества»",
    inn="0012345673",
    kind="MUNICIPAL",
)
POTTERY = Group(
    place=2,
    name="Гончарное дело",
    cost=6_000_00,
    years=1,
    organisation="ИП Образцова Мария Тестовна",
    inn="000123456731",
    kind="SOLE_TRADER",
    ogrn="399000000000011",
)
CHESS = Group(
    place=3,
    name="Шахматы",
    cost=1_000_00,
    years=2,
    organisation="ООО «Стружка»",
    inn="0001234562",
    kind="PRIVATE",
)
PAID = Group(
    place=4,
    name="Верховая езда",
    cost=9_000_00,
    years=1,
    organisation="ООО «Стружка»",
    inn="0001234562",
    kind="PRIVATE",
    accepted=False,
)
GROUPS = (RHYTHM, POTTERY, CHESS, PAID)


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A parent and a child without a certificate, by number; `paper` is the child's birth certificate."""

    place: int
    paper: str = ""

    @property
    def parent(self) -> str:
        return region.snils(400_000_000 + self.place)

    @property
    def child(self) -> str:
        return region.snils(500_000_000 + self.place)

    @property
    def last_name(self) -> str:
        return region.LAST_NAMES[self.place % len(region.LAST_NAMES)]


ANNA, VERA, OLGA = (Family(place=place) for place in range(3))
KNOWN = region.Child(place=3)
"""Came with a certificate from the region's former system."""
STRANGER = Family(place=3, paper=KNOWN.birth_certificate)
"""Shows the paper of a child that has a certificate and is somebody else."""
FAMILIES = (ANNA, VERA, OLGA, STRANGER)


def write_people(place: Path) -> Path:
    people = [
        {
            "last_name": family.last_name,
            "first_name": "Евпраксия",
            "snils": family.parent,
            "children": [
                {
                    "last_name": family.last_name,
                    "first_name": region.FIRST_NAMES[family.place % 3],
                    "birth_date": f"2016-03-{10 + family.place}",
                    "snils": family.child,
                    "birth_certificate": family.paper or f"II-ЖД {700_200 + family.place}",
                }
            ],
        }
        for family in FAMILIES
    ]
    place.write_text(json.dumps({"people": people}, ensure_ascii=False), encoding="utf-8")
    return place


def write_catalogue(place: Path) -> Path:
    programmes = [
        {
            "name": group.name,
            "organisation": {
                "name": group.organisation,
                "kind": group.kind,
                "inn": group.inn,
                **({"ogrn": group.ogrn} if group.ogrn else {}),
            },
            "years": group.years,
            "price": group.price,
            "certificate_accepted": group.accepted,
            "municipality_code": TOWN,
            "programme_guid": group.programme_guid,
            "group_guid": group.guid,
        }
        for group in GROUPS
    ]
    places = [
        {"code": code, "name": name, "oktmo": oktmo, "region": "Лесной край", "region_code": LAND}
        for code, name, oktmo in ((TOWN, "Верхнелесье", OKTMO), (OTHER_TOWN, "Нижнелесье", OTHER_OKTMO))
    ]
    document = {"programmes": programmes, "municipalities": places}
    place.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return place


def write_export(folder: Path) -> Path:
    """Write what the region's system exports: programmes and municipalities, and the certificate of one child."""
    region.write_export(folder)
    for name, kept in (("contracts.csv", (0,)), ("certificates.csv", (0, 1 + KNOWN.place))):
        place = folder / name
        lines = place.read_bytes().splitlines(keepends=True)
        place.write_bytes(b"".join(lines[number] for number in kept))
    (folder / "municipalities.csv").write_text(
        "oktmo,municipality,municipality_guid,region,region_guid\n"
        f"{OKTMO},Верхнелесье,{TOWN},Лесной край,{LAND}\n"
        f"{OTHER_OKTMO},Нижнелесье,{OTHER_TOWN},Лесной край,{LAND}\n",
        encoding="utf-8",
    )
    region.write_rows(
        folder / "programmes.csv",
        [
            {
                "GUID программы": group.programme_guid,
                "GUID группы": group.guid,
                "Программа": group.name,
                "Направленность": "художественная",
                "Срок, лет": str(group.years),
                "Организация": group.organisation,
                "ИНН": group.inn,
                "Тип организации": "municipal" if group.kind == "MUNICIPAL" else "private",
                "Часов в год": "72",
                "Стоимость, руб.": f"{group.price // 100},{group.price % 100:02d}",
                "Возможна оплата сертификатом": "Да" if group.accepted else "Нет",
            }
            for group in GROUPS
        ],
    )
    return folder
