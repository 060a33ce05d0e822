"""Workbooks of parts written by hand, as other programs than openpyxl write them: what the reader makes of them."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from socert.adapters.registry.files.xlsx_book import Book
from socert.gateway.domain.intake_errors import ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
NEW_YEAR = datetime(2026, 1, 1)  # noqa: DTZ001 - a spreadsheet's day has no zone
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/texts.xml" ContentType="{TYPES}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="a" Type="{LINKS}/officeDocument"'
    ' Target="/xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="Лист" sheetId="1" r:id="s"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="s"'
    f' Type="{LINKS}/worksheet" Target="worksheets/one.xml"/><Relationship Id="t" Type="{LINKS}/sharedStrings"'
    f' Target="texts.xml"/><Relationship Id="u" Type="{LINKS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.00&quot;дней&quot;;[Red]0"/></numFmts><cellStyleXfs><xf numFmtId="14"/>'
    '</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
    "</styleSheet>",
    "xl/texts.xml": f'<sst xmlns="{MAIN}"><si><t xml:space="preserve"> Глеб </t></si><si><r><t>Вет</t></r><r><rPr/>'
    '<t>ров</t></r><rPh sb="0" eb="1"><t>phonetic</t></rPh></si><si><t></t></si><si><t>a_x000D_b</t></si>'
    "<si><t>_xD83D_</t></si></sst>",
}


def write(path: Path, sheet: str, changes: Mapping[str, str] | None = None, *, packed: bool = True) -> Path:
    """Write a workbook of hand-made parts; `sheet` is what stands in <sheetData>."""
    whole = f'<worksheet xmlns="{MAIN}"><dimension ref="A1:C9"/><sheetData>{sheet}</sheetData></worksheet>'
    parts = {**PARTS, "xl/worksheets/one.xml": whole, **(changes or {})}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
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


def test_shared_texts_runs_and_escapes(tmp_path: Path) -> None:
    sheet = "".join(f'<c r="{letter}1" t="s"><v>{place}</v></c>' for place, letter in enumerate("ABCDE"))

    due = [" Глеб ", "Ветров", "", "a\rb", "\ud83d"]
    assert rows(write(tmp_path / "a.xlsx", f'<row r="1">{sheet}</row>')) == [(1, due)]


def test_kinds_of_cells(tmp_path: Path) -> None:
    sheet = (
        '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="C2" t="e"><v>#N/A</v></c><c t="str"><f>A1</f><v>итог</v></c>'
        '<c t="d"><v>2026-01-01T00:00:00</v></c><c t="inlineStr"><is><t>текст</t></is></c><c r="AB2"><v>1.5</v></c>'
        "</row>"
        '<row><c><f>SUM(A1:A9)</f><v>7</v></c><c s="1"/></row>'
        '<row r="9" hidden="1"><c r="A9"><v>10000000000.01</v></c></row>'
    )

    first, second, hidden = rows(write(tmp_path / "a.xlsx", sheet))

    assert first == (2, [True, None, "#N/A", "итог", NEW_YEAR, "текст", *[None] * 21, 1.5])
    assert second == (3, [7, None])
    assert hidden == (9, [10000000000.01])


def test_styles_tell_days_from_numbers(tmp_path: Path) -> None:
    shown = ((0, 46023), (1, 46023), (2, 46023), (3, 46023), (1, 10**9))
    sheet = "".join(f'<c s="{style}"><v>{number}</v></c>' for style, number in shown)

    ((_, cells),) = rows(write(tmp_path / "a.xlsx", f"<row>{sheet}</row>"))

    assert cells == [46023, NEW_YEAR, NEW_YEAR, 46023, "#VALUE!"]


def test_days_counted_from_1904(tmp_path: Path) -> None:
    workbook = PARTS["xl/workbook.xml"].replace("<sheets>", '<workbookPr date1904="1"/><sheets>')

    path = write(tmp_path / "a.xlsx", '<row><c s="1"><v>44561</v></c></row>', {"xl/workbook.xml": workbook})

    assert rows(path) == [(1, [NEW_YEAR])]


def test_prefixed_names_are_read_as_well(tmp_path: Path) -> None:
    whole = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>1</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )

    assert rows(write(tmp_path / "a.xlsx", "", {"xl/worksheets/one.xml": whole})) == [(1, ["Ветров"])]


@pytest.mark.parametrize(("dimension", "due"), [('<dimension ref="A1:C9"/>', 9), ("", None)])
def test_the_declared_size_is_what_the_sheet_says(tmp_path: Path, dimension: str, due: int | None) -> None:
    sheet = f'<worksheet xmlns="{MAIN}">{dimension}<sheetData><row/></sheetData></worksheet>'
    book = Book(write(tmp_path / "a.xlsx", "", {"xl/worksheets/one.xml": sheet}))

    assert book.declared_rows("Лист") == due
    book.close()


def test_what_openpyxl_warns_of_is_passed_over(tmp_path: Path) -> None:
    """No default style, a sheet of no part, names of a sheet that is not there, an extension after the rows."""
    workbook = PARTS["xl/workbook.xml"].replace("<sheets>", '<sheets><sheet name="Пусто" sheetId="2"/>')
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c><v>1</v></c></row></sheetData>'
        '<extLst><ext uri="{0}"/></extLst></worksheet>'
    )

    path = write(tmp_path / "a.xlsx", "", {"xl/workbook.xml": workbook, "xl/worksheets/one.xml": sheet})

    assert rows(path) == [(1, [1])]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("xl/worksheets/one.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}')
        for sheet in (
            '<row><c t="s"><v>99</v></c></row></sheetData></worksheet>',
            '<row><c r="ZZZZ1"><v>1</v></c></row></sheetData></worksheet>',
            "<row><c><v>один</v></c></row></sheetData></worksheet>",
            "<row>",
        )
    ]
    + [
        ("xl/worksheets/one.xml", f'<!DOCTYPE a [<!ENTITY b "c">]><worksheet xmlns="{MAIN}"><sheetData/></worksheet>'),
        ("xl/styles.xml", f'<!-- {"x" * 9000} --><!DOCTYPE a><styleSheet xmlns="{MAIN}"/>'),
        ("xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets><sheet name="Лист" sheetId="1"/></sheets></workbook>'),
        ("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>'),
        ("[Content_Types].xml", "<"),
        ("xl/_rels/workbook.xml.rels", PARTS["xl/_rels/workbook.xml.rels"].replace("one", "two")),
        ("xl/texts.xml", "<sst><si>"),
        ("xl/styles.xml", f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="x"/></cellXfs></styleSheet>'),
    ],
)
def test_a_damaged_part_is_an_error_for_the_operator(tmp_path: Path, part: str, text: str) -> None:
    path = write(tmp_path / "a.xlsx", "", {part: text})

    with pytest.raises(ExportUnreadable, match=r"a\.xlsx повреждён"):
        rows(path)


def test_a_strict_book_is_refused_rather_than_found_empty(tmp_path: Path) -> None:
    strict = {
        name: text.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            LINKS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
        )
        for name, text in PARTS.items()
    }

    with pytest.raises(ExportUnreadable, match=r"a\.xlsx повреждён"):
        Book(write(tmp_path / "a.xlsx", "", strict))


def test_a_book_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", " " * (70 << 20))

    with pytest.raises(ExportUnreadable, match=r"a\.xlsx повреждён"):
        Book(path)


def test_a_byte_changed_within_a_text_is_found(tmp_path: Path) -> None:
    """Also where much follows the rows, so that the checksum is still far when the last of them is read."""
    after = "<mergeCells>" + '<mergeCell ref="A1:A2"/>' * 9000 + "</mergeCells>"
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row><c><v>1</v></c></row></sheetData>{after}</worksheet>'
    path = write(tmp_path / "a.xlsx", "", {"xl/worksheets/one.xml": sheet}, packed=False)
    path.write_bytes(path.read_bytes().replace(b"<v>1</v>", b"<v>2</v>"))

    with pytest.raises(ExportUnreadable, match=r"a\.xlsx повреждён"):
        rows(path)


def peak(path: Path, count: int) -> int:
    """Read a book of this many rows, each with texts of its own and a height, and return the most bytes held at once.

    The texts are asked for in no order, as after sorting in a spreadsheet.
    """
    texts = "".join(f"<si><t>Текст {number} которого нет в другой строке</t></si>" for number in range(count))
    places = random.Random(1).sample(range(count), count)
    sheet = "".join(f'<row ht="12.8" customHeight="1"><c t="s"><v>{place}</v></c></row>' for place in places)
    write(path, sheet, {"xl/texts.xml": f'<sst xmlns="{MAIN}">{texts}</sst>'})
    del texts, sheet
    tracemalloc.start()
    book = Book(path)
    try:
        assert sum(1 for _ in book.rows("Лист")) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        book.close()


def test_neither_texts_nor_rows_are_kept_in_memory(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few.xlsx", 5_000), peak(tmp_path / "many.xlsx", 15_000)

    assert many < few + 500_000
