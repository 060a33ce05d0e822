"""CSV as people and programs really write it: quotes, line breaks, blank lines, foreign bytes."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socert.adapters.registry.files.csv_lines import LONGEST_CELL_LINES, CsvLines
from socert.gateway.domain.export import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.conftest import Export, Region


def rewrite(export: Export, name: str, old: bytes, new: bytes) -> None:
    """Replace bytes of a file; they must be there."""
    place = export.folder / name
    data = place.read_bytes()
    assert old in data
    place.write_bytes(data.replace(old, new))


def lines(path: Path, text: str) -> list[tuple[int, list[str] | None]]:
    """Cut a text as a file."""
    path.write_text(text, encoding="utf-8", newline="")
    return list(CsvLines(path, encoding="utf-8", delimiter=";"))


def test_quotes_doubled_and_left_open_in_the_middle(region: Region, export: Export) -> None:
    export.programmes({"Организация": 'ООО «Школа "Старт"»'})
    rewrite(export, "certificates.csv", "IV-АБ 123456".encode("cp1251"), 'IV-"АБ" 123456'.encode("cp1251"))

    summary = region.take(export.folder)

    assert summary.refused == 0
    assert [item.organisation.name for item in region.registry.programmes.values()] == ['ООО «Школа "Старт"»']


def test_a_cell_with_a_line_break_moves_the_rows_below(region: Region, export: Export) -> None:
    export.certificates({"Имя": "Глеб\nМатвей"}, {"Пол": "?"})

    region.take(export.folder)

    assert region.codes() == {("certificates.csv", 4): "unknown_value"}


def test_a_quote_that_is_never_closed_costs_one_row(region: Region, export: Export) -> None:
    export.certificates(*({} for _ in range(LONGEST_CELL_LINES * 2)))
    rewrite(export, "certificates.csv", b"\r\n1000000003;", b'\r\n"1000000003;')

    summary = region.take(export.folder)

    assert region.codes() == {("certificates.csv", 4): "broken_row"}
    assert summary.of(Kind.CERTIFICATE).put.new == LONGEST_CELL_LINES * 2 - 1


def test_a_quote_left_open_near_the_end_costs_one_row(region: Region, export: Export) -> None:
    export.certificates({}, {}, {})
    rewrite(export, "certificates.csv", b"\r\n1000000002;", b'\r\n"1000000002;')

    summary = region.take(export.folder)

    assert region.codes() == {("certificates.csv", 3): "broken_row"}
    assert summary.of(Kind.CERTIFICATE).put.new == 2


@pytest.mark.parametrize(("row", "code"), [("1;2;3", "broken_row"), (";" * 23 + ";лишнее", "broken_row")])
def test_a_row_of_another_width_is_refused(region: Region, export: Export, row: str, code: str) -> None:
    with (export.folder / "certificates.csv").open("ab") as file:
        file.write(row.encode("cp1251") + b"\r\n")

    region.take(export.folder)

    assert region.codes() == {("certificates.csv", 3): code}


def test_blank_lines_and_empty_cells_at_the_end_are_nothing(region: Region, export: Export) -> None:
    export.certificates({}, {}, {"Пол": "?"})
    rewrite(export, "certificates.csv", b"\r\n1000000002", b"\r\n\r\n" + b";" * 30 + b"\r\n1000000002")
    rewrite(export, "certificates.csv", b"\r\n1000000003", b";;\r\n1000000003")

    summary = region.take(export.folder)

    assert region.codes() == {("certificates.csv", 6): "unknown_value"}
    assert summary.of(Kind.CERTIFICATE).read == 3


def test_a_delimiter_at_the_end_of_the_header_alone_is_no_column(region: Region, export: Export) -> None:
    rewrite(export, "certificates.csv", "Форма согласия\r\n".encode("cp1251"), "Форма согласия;;\r\n".encode("cp1251"))

    assert region.take(export.folder).refused == 0


def test_bytes_that_the_encoding_lacks_cost_one_row(region: Region, export: Export) -> None:
    export.certificates({}, {"Имя": "Г?леб"}, {})
    rewrite(export, "certificates.csv", "Г?леб".encode("cp1251"), b"\xc3\x98\xeb\xe5\xe1")

    region.take(export.folder)

    assert region.codes() == {("certificates.csv", 3): "bad_characters"}


def test_rows_that_quotes_glue_together_are_not_believed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('"a;b;c\nd;e";f\ng;h;i\n', encoding="utf-8")

    read = list(CsvLines(tmp_path / "a.csv", encoding="utf-8", delimiter=";", width=3))

    assert read == [(1, None), (2, ["d", 'e"', "f"]), (3, ["g", "h", "i"])]


def test_a_last_line_without_its_end_is_a_row(tmp_path: Path) -> None:
    assert lines(tmp_path / "a.csv", "a;b\nc;d") == [(1, ["a", "b"]), (2, ["c", "d"])]


def test_a_cell_without_end_costs_one_row(region: Region, export: Export) -> None:
    export.certificates({}, {"Имя": '"' + "Я" * 200_000}, {})

    region.take(export.folder)

    assert region.codes() == {("certificates.csv", 3): "broken_row"}


@given(st.text(alphabet=st.sampled_from('a";\n\r'), max_size=60), st.integers(1, 3) | st.none())
def test_any_text_is_cut_into_rows_in_order(
    tmp_path_factory: pytest.TempPathFactory, text: str, width: int | None
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with path.open(encoding="utf-8", newline="") as file:
        lines = sum(1 for _ in file)

    numbers = [number for number, _ in CsvLines(path, encoding="utf-8", delimiter=";", width=width)]

    assert numbers == sorted(set(numbers))
    assert not numbers or (numbers[0] == 1 and numbers[-1] <= lines)
    assert len(numbers) <= lines


CELL = st.text(alphabet=st.sampled_from('aЯ;",\n '), max_size=6)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), max_size=8))
def test_whatever_a_writer_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\n").writerows(rows)

    assert [cells for _, cells in CsvLines(path, encoding="utf-8", delimiter=";")] == rows
