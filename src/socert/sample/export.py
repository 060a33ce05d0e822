"""Writing the export of an invented region, with its people, its catalogue and the list of its wrong rows."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Literal

from socert.sample import offers
from socert.sample.book import Book
from socert.sample.columns import MUNICIPALITIES, Row, Sum
from socert.sample.errors import SampleError
from socert.sample.files import CsvWriter, Writer, XlsxWriter
from socert.sample.people import families
from socert.sample.world import (
    family_document,
    municipality_document,
    people_file,
    programme_document,
    write_catalogue,
)
from socert.sample.wrong import Spoiler

if TYPE_CHECKING:
    from pathlib import Path

    from socert.sample.offers import Programme

SHEET_ROWS = 1_048_576


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What to make: how many certificates, in which layout, of which year; `wrong` rows among them or none."""

    certificates: int = 60
    kind: Literal["csv", "xlsx"] = "csv"
    seed: int = 1
    year: int = 2026
    wrong: bool = True


def write_export(folder: Path, settings: Settings) -> None:
    """Write the export into a folder (made if missing; files of the same names are replaced), row by row.

    Besides the export: municipalities.csv, wrong.json, people.json and catalogue.json. Raises `SampleError` for a
    workbook with more certificates than a sheet has rows, with room for two contracts each.
    """
    if settings.kind == "xlsx" and settings.certificates * 2 + 3 > SHEET_ROWS:
        raise SampleError(f"A sheet has {SHEET_ROWS} rows: make fewer certificates, or take --kind csv.")
    # A seed of its own for the layout, so that both layouts tell of the same people.
    random, layout = Random(settings.seed), Random(settings.seed)  # noqa: S311 - invented data must be repeatable
    programmes = offers.programmes(random)
    first_day = date(settings.year, 1, 1)
    book, spoiler = Book(random, programmes, settings.year), Spoiler(settings.certificates, spoil=settings.wrong)
    folder.mkdir(parents=True, exist_ok=True)
    writer: Writer = CsvWriter(folder) if settings.kind == "csv" else XlsxWriter(folder, layout, first_day)
    with closing(writer), people_file(folder) as add:
        for programme in programmes:
            writer.write("programmes", _programme_row(programme))
        for family in families(settings.certificates, random, first_day):
            add(family_document(family))
            for child in family.children:
                certificate, contracts = spoiler.spoil(*book.enter(family.parent, child))
                writer.write("certificates", certificate)
                for contract in contracts:
                    writer.write("contracts", contract)
    municipalities = _write_municipalities(folder)
    write_catalogue(folder, map(programme_document, programmes), map(municipality_document, municipalities))
    document = spoiler.document(len(programmes))
    (folder / "wrong.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _programme_row(programme: Programme) -> Row:
    return {
        "GUID программы": programme.programme_guid,
        "GUID группы": programme.group_guid,
        "Программа": programme.name,
        "Направленность": programme.direction,
        "Срок, лет": programme.years,
        "Организация": programme.organisation.name,
        "ИНН": programme.organisation.inn,
        "Тип организации": programme.organisation.kind,
        "Часов в год": Sum(programme.hours),
        "Стоимость, руб.": Sum(programme.price),
        "Возможна оплата сертификатом": "Да" if programme.certificate_accepted else "Нет",
    }


def _write_municipalities(folder: Path) -> list[dict[str, str]]:
    rows = [
        dict(zip(MUNICIPALITIES, (oktmo, name, guid, *offers.REGION), strict=True))
        for oktmo, name, guid in offers.MUNICIPALITIES
    ]
    with (folder / "municipalities.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, MUNICIPALITIES, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows
