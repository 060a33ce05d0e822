"""What the simulator knows before any message: the people with portal accounts, and the catalogue of programmes.

`people.json`: {"people": [{snils, last_name, first_name, middle_name, children: [{snils, last_name, first_name,
middle_name, birth_date, gender, birth_certificate}]}]}: SNILS as 11 digits, dates ISO, gender Male or Female.
`catalogue.json`: {"programmes": [{name, group_guid, programme_guid, direction, years, organisation: {name, inn, kind},
hours, price, certificate_accepted}], "municipalities": [{code, name, oktmo, region, region_code}]}: hours and price a
year as integer hundredths, kind STATE, MUNICIPAL, PRIVATE or SOLE_TRADER.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from socert.sample.numbers import is_snils
from socert.sample.plain import digits, iso_date, read_export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from socert.sample.offers import Programme
    from socert.sample.people import Family

Document = dict[str, Any]
_GENDERS = {"М": "Male", "Ж": "Female"}


@contextmanager
def people_file(folder: Path) -> Iterator[Callable[[Document], None]]:
    """Give a function that adds one parent with children to `people.json`; a million of them never meet in memory."""
    with (folder / "people.json").open("w", encoding="utf-8") as file:
        file.write('{"people": [')
        separator = "\n"

        def add(person: Document) -> None:
            nonlocal separator
            file.write(separator + json.dumps(person, ensure_ascii=False))
            separator = ",\n"

        yield add
        file.write("\n]}\n")


def family_document(family: Family) -> Document:
    """Return an invented family as `people.json` has it."""
    parent = family.parent
    return {
        "snils": parent.snils,
        "last_name": parent.last_name,
        "first_name": parent.first_name,
        "middle_name": parent.middle_name,
        "children": [
            {
                "snils": child.snils,
                "last_name": child.last_name,
                "first_name": child.first_name,
                "middle_name": child.middle_name,
                "birth_date": child.birth_date.isoformat(),
                "gender": "Male" if child.male else "Female",
                "birth_certificate": child.birth_certificate,
            }
            for child in family.children
        ],
    }


def programme_document(programme: Programme) -> Document:
    """Return an invented programme as `catalogue.json` has it."""
    organisation = programme.organisation
    return {
        "name": programme.name,
        "group_guid": programme.group_guid,
        "programme_guid": programme.programme_guid,
        "direction": programme.direction,
        "years": programme.years,
        "organisation": {
            "name": organisation.name,
            "inn": organisation.inn,
            "kind": _organisation_kind(organisation.kind, organisation.inn),
        },
        "hours": programme.hours,
        "price": programme.price,
        "certificate_accepted": programme.certificate_accepted,
    }


def write_catalogue(folder: Path, programmes: Iterable[Document], municipalities: Iterable[Document]) -> None:
    """Write `catalogue.json`."""
    document = {"programmes": list(programmes), "municipalities": list(municipalities)}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (folder / "catalogue.json").write_text(text + "\n", encoding="utf-8")


def municipality_document(row: Mapping[str, Any]) -> Document:
    """Return a row of `municipalities.csv` as `catalogue.json` has it."""
    return {
        "code": row["municipality_guid"],
        "name": row["municipality"],
        "oktmo": row["oktmo"],
        "region": row["region"],
        "region_code": row["region_guid"],
    }


def write_world(export: Path, folder: Path) -> None:
    """Write `people.json` and `catalogue.json` for the people and programmes of an export of either layout.

    Parents are told apart by SNILS. Rows whose person cannot be a person (no name, no date, a SNILS that is none) are
    left out; those that are wrong in another way are not, for the people exist all the same. `SampleError` when the
    export is not there.
    """
    found = read_export(export)
    folder.mkdir(parents=True, exist_ok=True)
    people: dict[str, Document] = {}
    for row in found.certificates:
        parent, child = _parent(row), _child(row)
        if parent is not None and child is not None:
            children = people.setdefault(parent["snils"], parent)["children"]
            if child not in children:
                children.append(child)
    with people_file(folder) as add:
        for person in people.values():
            add(person)
    write_catalogue(folder, map(_programme, found.programmes), map(municipality_document, found.municipalities))


def _parent(row: Mapping[str, Any]) -> Document | None:
    person = _person(row, " представителя")
    snils = digits(row["СНИЛС представителя"])
    if person is None or snils is None or not is_snils(snils):
        return None
    return {"snils": snils, **person, "children": []}


def _child(row: Mapping[str, Any]) -> Document | None:
    person, born = _person(row, ""), iso_date(row["Дата рождения"])
    snils = digits(row["СНИЛС ребёнка"])
    if person is None or born is None or (snils is not None and not is_snils(snils)):
        return None
    return {
        "snils": snils,
        **person,
        "birth_date": born,
        "gender": _GENDERS.get(str(row["Пол"]).strip()),
        "birth_certificate": row["Свидетельство о рождении"],
    }


def _person(row: Mapping[str, Any], whose: str) -> Document | None:
    last, first, middle = (str(row[name + whose] or "").strip() for name in ("Фамилия", "Имя", "Отчество"))
    if not (last and first):
        return None
    return {"last_name": last, "first_name": first, "middle_name": middle or None}


def _programme(row: Mapping[str, Any]) -> Document:
    inn = str(row["ИНН"])
    return {
        "name": row["Программа"],
        "group_guid": row["GUID группы"],
        "programme_guid": row["GUID программы"],
        "direction": row["Направленность"],
        "years": int(row["Срок, лет"]),
        "organisation": {
            "name": row["Организация"],
            "inn": inn,
            "kind": _organisation_kind(str(row["Тип организации"]), inn),
        },
        "hours": row["amounts"]["Часов в год"],
        "price": row["amounts"]["Стоимость, руб."],
        "certificate_accepted": row["Возможна оплата сертификатом"] == "Да",
    }


def _organisation_kind(kind: str, inn: str) -> str:
    return "SOLE_TRADER" if kind == "private" and len(inn) == 12 else kind.upper()
