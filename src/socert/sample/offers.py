"""Invented municipalities, organisations and programmes of the region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.sample import numbers

if TYPE_CHECKING:
    from random import Random

REGION = ("Заозёрный край", "5d1e9a10-0000-4000-8000-0000000000c0")
MUNICIPALITIES = (
    ("09701000", "город Заозёрск", "5d1e9a10-0000-4000-8000-0000000000c1"),
    ("09612000", "Луговой район", "5d1e9a10-0000-4000-8000-0000000000c2"),
    ("09645101", "Верхнеполянский округ", "5d1e9a10-0000-4000-8000-0000000000c3"),
)
"""OKTMO, name and the portal's code of each; no region has the OKTMO prefix or the GUIDs."""

UNKNOWN_OKTMO = "09699000"
"""An OKTMO that the directory of municipalities lacks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """A provider; `kind` as exports write it: state, municipal, private (a sole trader is private with 12 digits)."""

    name: str
    inn: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Programme:
    """A group: `hours` in hundredths a year, `price` in kopecks a year."""

    name: str
    direction: str
    years: int
    organisation: Organisation
    programme_guid: str
    group_guid: str
    hours: int
    price: int
    certificate_accepted: bool


_ORGANISATIONS = (
    ("МБУ ДО «Дворец творчества Заозёрска»", "municipal"),
    ("ГАУ ДО «Центр „Горизонт“»", "state"),
    ('ООО «Мастерская "Лад"»', "private"),
    ("ИП Рощина Нина Платоновна", "trader"),
)
_PROGRAMMES = (
    ("Гончарное дело", "художественная", 3, 0, 7200, 1260000, True),
    ("Хор «Колокольчик»", "художественная", 4, 0, 14400, 1824050, True),
    ("Судомоделирование", "техническая", 3, 1, 10800, 2173525, True),
    ("Астрономия для начинающих", "естественнонаучная", 1, 1, 3600, 948075, True),
    ("Спортивное ориентирование", "туристско-краеведческая", 2, 0, 14400, 1119960, True),
    ("Настольный теннис", "физкультурно-спортивная", 4, 2, 10800, 2640000, True),
    ("Мультипликация", "художественная", 2, 2, 7200, 1999999, True),
    ("Разговорный татарский", "социально-гуманитарная", 2, 3, 7200, 880010, True),
    ("Подготовка к школе", "социально-гуманитарная", 1, 3, 3600, 1550000, False),
    ("Умный дом", "техническая", 2, 1, 5400, 1307035, True),
)


def programmes(random: Random) -> tuple[Programme, ...]:
    """Return the catalogue; only the GUIDs depend on the seed."""
    organisations = [
        Organisation(
            name=name,
            inn=numbers.inn(1201 + place, sole_trader=kind == "trader"),
            kind="private" if kind == "trader" else kind,
        )
        for place, (name, kind) in enumerate(_ORGANISATIONS)
    ]
    return tuple(
        Programme(
            name=name,
            direction=direction,
            years=years,
            organisation=organisations[organisation],
            programme_guid=numbers.guid(random),
            group_guid=numbers.guid(random),
            hours=hours,
            price=price,
            certificate_accepted=accepted,
        )
        for name, direction, years, organisation, hours, price, accepted in _PROGRAMMES
    )
