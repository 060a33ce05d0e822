"""Invented families: a parent and one to three children."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from socert.sample import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SURNAMES = (
    ("Ветров", "Ветрова"), ("Лугов", "Лугова"), ("Озёров", "Озёрова"), ("Рощин", "Рощина"), ("Сосновый", "Сосновая"),
    ("Шишкин", "Шишкина"), ("Берёзкин", "Берёзкина"), ("Камышов", "Камышова"), ("Ягодин", "Ягодина"),
    ("Журавлин", "Журавлина"), ("Полевой", "Полевая"), ("Снегирёв", "Снегирёва"), ("Хамзин", "Хамзина"),
    ("Алтынбаев", "Алтынбаева"), ("Щукин-Речной", "Щукина-Речная"), ("Ежов", "Ежова"),
)  # fmt: skip
MEN = ("Глеб", "Матвей", "Арсений", "Тихон", "Платон", "Савва", "Рустам", "Елисей", "Мирон", "Назар", "Семён", "Эльдар")
WOMEN = ("Милана", "Агата", "Ульяна", "Стефания", "Зарина", "Есения", "Лилия", "Нина", "Рада", "Тамара", "Яна", "Эля")
FATHERS = (
    ("Глебович", "Глебовна"), ("Матвеевич", "Матвеевна"), ("Тихонович", "Тихоновна"), ("Платонович", "Платоновна"),
    ("Рустамович", "Рустамовна"), ("Миронович", "Мироновна"), ("Назарович", "Назаровна"), ("Семёнович", "Семёновна"),
)  # fmt: skip
_LETTERS = "АБВГДЕИКМНРСТ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """A parent; `snils` 11 digits."""

    snils: str
    last_name: str
    first_name: str
    middle_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A child; `snils` 11 digits, `male` or not, `birth_certificate` "IV-АБ 123456"."""

    snils: str
    last_name: str
    first_name: str
    middle_name: str | None
    birth_date: date
    male: bool
    birth_certificate: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A parent with children."""

    parent: Parent
    children: tuple[Child, ...]


def families(children: int, random: Random, first_day: date) -> Iterator[Family]:
    """Make families until they have so many children together, aged 5 to 16 on `first_day`."""
    person = made = 0
    while made < children:
        surname = random.choice(SURNAMES)
        count = min(random.choices((1, 2, 3), (70, 24, 6))[0], children - made)
        parent = Parent(
            snils=numbers.snils(person),
            last_name=surname[1],
            first_name=random.choice(WOMEN),
            middle_name=random.choice(FATHERS)[1],
        )
        father = random.choice(FATHERS) if random.random() > 0.04 else None
        born = tuple(_child(person + 1 + place, surname, father, random, first_day) for place in range(count))
        yield Family(parent=parent, children=born)
        person += 1 + count
        made += count


def _child(
    person: int, surname: tuple[str, str], father: tuple[str, str] | None, random: Random, first_day: date
) -> Child:
    male = random.random() < 0.5
    letters = random.choice(_LETTERS) + random.choice(_LETTERS)
    return Child(
        snils=numbers.snils(person),
        last_name=surname[0 if male else 1],
        first_name=random.choice(MEN if male else WOMEN),
        middle_name=None if father is None else father[0 if male else 1],
        birth_date=first_day - timedelta(days=random.randint(1827, 6200)),
        male=male,
        birth_certificate=f"{random.choice(('I', 'II', 'III', 'IV', 'V'))}-{letters} {random.randrange(10**6):06d}",
    )
