"""The reader of workbooks against openpyxl, and against parts written by hand as other programs write them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from socert.adapters.registry.files.xlsx_book import Book
from socert.gateway.domain.intake_errors import ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
PARTS = {
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{LINKS}/officeDocument"'
    ' Target="/xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="Лист" sheetId="1" r:id="s"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="s" Type="{LINKS}/worksheet"'
    f' Target="worksheets/one.xml"/><Relationship Id="t" Type="{LINKS}/sharedStrings" Target="texts.xml"/>'
    f'<Relationship Id="u" Type="{LINKS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.00&quot;дней&quot;;[Red]0"/></numFmts><cellStyleXfs><xf numFmtId="14"/>'
    '</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
    "</styleSheet>",
    "xl/texts.xml": f'<sst xmlns="{MAIN}"><si><t xml:space="preserve"> Глеб </t></si><si><r><t>Вет</t></r><r><rPr/>'
    "<t>ров</t></r><rPh><t>phonetic</t></rPh></si><si><t></t></si><si><t>a_x000D_b</t></si></sst>",
}


def write(path: Path, sheet: str, **changes: str) -> Path:
    """Write a workbook of hand-made parts; `sheet` is what stands in <sheetData>."""
    whole = f'<worksheet xmlns="{MAIN}"><dimension ref="A1:C9"/><sheetData>{sheet}</sheetData></worksheet>'
    parts: Mapping[str, str] = {**PARTS, "xl/worksheets/one.xml": whole, **changes}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def rows(path: Path) -> list[tuple[int, list[object]]]:
    """Read the only sheet."""
    book = Book(path)
    try:
        return list(book.rows(book.sheets[0]))
    finally:
        book.close()


CELLS = (
    st.none()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False, width=64)
    | st.booleans()
    | st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="_"), min_size=1, max_size=8)
    | st.dates(date(1900, 3, 1), date(2200, 1, 1))
)


@given(st.lists(st.lists(CELLS, max_size=5), min_size=1, max_size=6))
def test_values_are_those_that_openpyxl_reads(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[int | float | bool | str | date | None]]
) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    book = Workbook()
    for number, cells in enumerate(table, start=1):
        for column, cell in enumerate(cells, start=1):
            if not (isinstance(cell, str) and cell.startswith("=")):
                book.worksheets[0].cell(number, column).value = cell
    book.save(path)

    due = {
        (cell.row, cell.column): cell.value.date() if isinstance(cell.value, datetime) else cell.value
        for line in load_workbook(path).worksheets[0].iter_rows()
        for cell in line
        if cell.value is not None
    }
    read = {
        (number, column): cell
        for number, cells in rows(path)
        for column, cell in enumerate(cells, start=1)
        if cell is not None
    }
    assert read == due


def test_shared_texts_runs_and_escapes(tmp_path: Path) -> None:
    sheet = "".join(f'<c r="{letter}1" t="s"><v>{place}</v></c>' for place, letter in enumerate("ABCD"))

    assert rows(write(tmp_path / "a.xlsx", f'<row r="1">{sheet}</row>')) == [(1, [" Глеб ", "Ветров", "", "a\rb"])]


def test_kinds_of_cells(tmp_path: Path) -> None:
    sheet = (
        '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="C2" t="e"><v>#N/A</v></c><c t="str"><f>A1</f><v>итог</v></c>'
        '<c t="d"><v>2026-02-28T00:00:00</v></c><c t="inlineStr"><is><t>текст</t></is></c><c r="AB2"><v>1.5</v></c>'
        "</row>"
        '<row><c><v>7</v></c><c s="1"/></row>'
    )

    first, second = rows(write(tmp_path / "a.xlsx", sheet))

    assert first == (2, [True, None, "#N/A", "итог", datetime(2026, 2, 28), "текст", *[None] * 21, 1.5])  # noqa: DTZ001
    assert second == (3, [7])


def test_styles_tell_days_from_numbers(tmp_path: Path) -> None:
    shown = ((0, 46023), (1, 46023), (2, 46023), (3, 46023), (1, -1), (1, 59))
    sheet = "".join(f'<c s="{style}"><v>{number}</v></c>' for style, number in shown)

    ((_, cells),) = rows(write(tmp_path / "a.xlsx", f"<row>{sheet}</row>"))

    assert cells == [46023, date(2026, 1, 1), date(2026, 1, 1), 46023, -1, date(1900, 2, 28)]


def test_days_counted_from_1904(tmp_path: Path) -> None:
    workbook = PARTS["xl/workbook.xml"].replace("<sheets>", '<workbookPr date1904="1"/><sheets>')

    path = write(tmp_path / "a.xlsx", '<row><c s="1"><v>0</v></c></row>', **{"xl/workbook.xml": workbook})

    assert rows(path) == [(1, [date(1904, 1, 1)])]


def test_prefixed_names_are_read_as_well(tmp_path: Path) -> None:
    whole = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>1</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )

    assert rows(write(tmp_path / "a.xlsx", "", **{"xl/worksheets/one.xml": whole})) == [(1, ["Ветров"])]


def test_the_declared_size_is_what_the_sheet_says(tmp_path: Path) -> None:
    book = Book(write(tmp_path / "a.xlsx", ""))

    assert book.declared_rows("Лист") == 9
    book.close()


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("xl/worksheets/one.xml", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet><sheetData/></worksheet>'),
        ("xl/worksheets/one.xml", '<worksheet><sheetData><row><c t="s"><v>99</v></c></row></sheetData></worksheet>'),
        (
            "xl/worksheets/one.xml",
            '<worksheet><sheetData><row><c r="ZZZZ1"><v>1</v></c></row></sheetData></worksheet>',
        ),
        ("xl/worksheets/one.xml", "<worksheet><sheetData><row><c><v>один</v></c></row></sheetData></worksheet>"),
        ("xl/worksheets/one.xml", "<worksheet><sheetData><row>"),
        ("xl/workbook.xml", '<workbook><sheets><sheet name="Лист" sheetId="1"/></sheets></workbook>'),
        ("_rels/.rels", "<Relationships/>"),
        ("xl/texts.xml", "<sst><si>"),
    ],
)
def test_a_damaged_part_is_an_error_for_the_operator(tmp_path: Path, part: str, text: str) -> None:
    path = write(tmp_path / "a.xlsx", "", **{part: text})

    with pytest.raises(ExportUnreadable, match=r"a\.xlsx повреждён"):
        rows(path)
