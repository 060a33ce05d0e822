"""An export that cannot be read gives one clear error, and nothing is taken from it."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook, load_workbook

from socert.adapters.registry.files import open_export
from socert.gateway.domain.intake_errors import (
    ColumnsMissing,
    ExportMissing,
    ExportUnreadable,
    IntakeError,
    ProfileError,
    ReportError,
)
from socert.gateway.intake import run_import
from socert.sample import Settings, write_export

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.conftest import Export, Region


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A workbook in the second layout."""
    write_export(tmp_path / "book", Settings(certificates=12, kind="xlsx", wrong=False))
    return tmp_path / "book" / "export.xlsx"


def told(path: Path, kind: type[IntakeError], *words: str, profile: str | None = None) -> None:
    """Expect an error of this kind whose text holds the words."""
    with pytest.raises(IntakeError) as caught:
        open_export(path, profile)
    assert type(caught.value) is kind, caught.value
    for word in words:
        assert word in str(caught.value)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    told(tmp_path / "нет", ExportMissing, "нет", "проверьте путь")


def test_a_folder_without_an_export(tmp_path: Path) -> None:
    told(tmp_path, ExportMissing, "XLSX", "CSV")


def test_a_folder_that_lacks_a_file(export: Export) -> None:
    (export.folder / "contracts.csv").unlink()
    told(export.folder, ExportMissing, "contracts.csv", "нужны")


def test_a_file_that_lacks_a_column(export: Export) -> None:
    place = export.folder / "certificates.csv"
    place.write_bytes(place.read_bytes().replace("Номинал".encode("cp1251"), "Сумма".encode("cp1251")))
    told(export.folder, ColumnsMissing, "certificates.csv", "«Номинал»", "профиле")


def test_a_file_in_another_encoding(export: Export) -> None:
    export.encoding = "utf-8"
    export.certificates({})
    told(export.folder, ColumnsMissing, "certificates.csv", "utf-8", "cp1251", "encoding")


def test_a_file_with_another_delimiter(export: Export) -> None:
    place = export.folder / "contracts.csv"
    place.write_bytes(place.read_bytes().replace(b";", b"\t"))
    told(export.folder, ColumnsMissing, "contracts.csv", "разделитель")


def test_a_file_without_a_byte(export: Export) -> None:
    (export.folder / "programmes.csv").write_bytes(b"")
    told(export.folder, ColumnsMissing, "programmes.csv", "не пуста")


def test_a_folder_in_the_place_of_a_file(export: Export) -> None:
    (export.folder / "programmes.csv").unlink()
    (export.folder / "programmes.csv").mkdir()
    told(export.folder, ExportUnreadable, "programmes.csv")


def test_a_file_alone_that_fits_no_table(export: Export) -> None:
    (export.folder / "other.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    told(export.folder / "other.csv", ColumnsMissing, "other.csv")


def test_a_workbook_that_is_none(book: Path) -> None:
    book.write_bytes(b"not a workbook at all" * 100)
    told(book, ExportUnreadable, "export.xlsx", "выгрузите его заново")
    told(book.parent, ExportUnreadable, "export.xlsx")


def test_a_workbook_cut_short(book: Path) -> None:
    data = book.read_bytes()
    book.write_bytes(data[: len(data) // 2])
    told(book, ExportUnreadable, "повреждён")


def test_a_workbook_with_a_password(book: Path) -> None:
    book.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    told(book, ExportUnreadable, "паролем")


def test_a_workbook_without_a_sheet(book: Path) -> None:
    workbook = load_workbook(book)
    workbook["Договоры"].title = "Прочее"
    workbook.save(book)
    told(book, ExportMissing, "«Договоры»", "Прочее")


def test_a_sheet_without_a_cell(book: Path) -> None:
    workbook = load_workbook(book)
    del workbook["Договоры"]
    workbook.create_sheet("Договоры")
    workbook.save(book)
    told(book, ColumnsMissing, "«Договоры»", "не пуста")


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    told(tmp_path / "a.xlsx", ExportUnreadable, "a.xlsx")


def test_several_workbooks_in_a_folder(book: Path) -> None:
    Workbook().save(book.parent / "other.xlsx")
    told(book.parent, ExportMissing, "other.xlsx", "укажите одну")


def test_a_lock_left_by_a_spreadsheet_program_is_no_workbook(book: Path) -> None:
    (book.parent / "~$export.xlsx").write_bytes(b"lock")
    open_export(book.parent).close()


def test_a_folder_where_both_layouts_fit(book: Path, export: Export) -> None:
    shutil.copy(book, export.folder)
    told(export.folder, ProfileError, "navigator", "pfdo", "--profile")
    open_export(export.folder, "pfdo").close()


def test_a_sheet_damaged_in_its_middle_stops_with_an_error_and_keeps_what_was_read(
    region: Region, tmp_path: Path
) -> None:
    write_export(tmp_path / "big", Settings(certificates=2000, kind="xlsx", wrong=False))
    place = tmp_path / "big" / "export.xlsx"
    with zipfile.ZipFile(place) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(place.read_bytes())
    middle = info.header_offset + info.compress_size * 9 // 10
    data[middle : middle + 2000] = bytes(2000)
    place.write_bytes(bytes(data))

    with pytest.raises(ExportUnreadable, match="повреждён"):
        region.take(place)

    assert len(region.registry.certificates) % 1000 == 0
    assert region.registry.certificates


@pytest.mark.parametrize("name", ["certificates.csv", "municipalities.csv"])
def test_a_report_is_never_written_over_the_export(region: Region, export: Export, name: str) -> None:
    before = (export.folder / name).read_bytes()

    with pytest.raises(ReportError, match="затёр бы"):
        run_import(
            export.folder,
            open_export=open_export,
            registry=region.registry,
            units=region.units,
            report=export.folder / ".." / export.folder.name / name,
        )

    assert (export.folder / name).read_bytes() == before


def test_a_report_that_cannot_be_written_is_known_before_anything_is_taken(region: Region, export: Export) -> None:
    region.folder = region.folder / "нет такой папки"

    with pytest.raises(ReportError, match="--report"):
        region.take(export.folder)

    assert not region.registry.programmes
