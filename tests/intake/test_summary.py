"""What the operator is told: the summary, the progress, single files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from socert.adapters.registry.files import open_export
from socert.gateway.domain.export import Code, Kind, Warned
from socert.gateway.intake import Silent, render_summary, terminal_progress
from socert.gateway.intake.run import run_import
from socert.gateway.intake.summary import REFUSED, WARNED

if TYPE_CHECKING:
    import pytest
    from tests.intake.conftest import Export, Region


def test_every_code_has_its_words() -> None:
    assert set(REFUSED) == set(Code)
    assert set(WARNED) == set(Warned)


def test_the_summary_tells_counts_reasons_and_warnings(region: Region, export: Export) -> None:
    region.take(export.folder)
    export.certificates({"ОКТМО": "99999999", "GUID": "00000000-0000-4000-8000-00000000000f"}, {"Пол": "?"})
    export.certificates(
        {"Номер сертификата": "2", "GUID": "00000000-0000-4000-8000-00000000000f", "ОКТМО": "99999999"}, {"Пол": "?"}
    )

    text = render_summary(region.take(export.folder))

    assert "Профиль выгрузки: pfdo" in text
    assert "Сертификаты: строк 2, новых 1, изменено 0, без изменений 0, отклонено 1" in text
    assert "оставлены прежними: 1" in text
    assert "неизвестное значение (unknown_value): 1" in text
    assert "ОКТМО, которого нет в справочнике" in text
    assert "Ветров" not in text


def test_one_file_alone_brings_one_table(region: Region, export: Export) -> None:
    export.contracts({})
    region.take(export.folder)

    summary = region.take((export.folder / "contracts.csv").rename(region.folder / "Договоры за ноябрь.csv"))

    assert [kind.kind for kind in summary.kinds] == [Kind.CONTRACT]
    assert summary.of(Kind.CONTRACT).put.same == 1
    assert summary.of(Kind.CERTIFICATE).missing is None


class Told:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def start(self, kind: Kind, total: int | None) -> None:
        self.calls.append((kind, total))

    def advance(self, rows: int) -> None:
        self.calls.append((rows,))

    def finish(self) -> None:
        self.calls.append(())


def test_progress_hears_of_every_table(region: Region, export: Export) -> None:
    export.certificates({}, {}, {})
    told = Told()

    run_import(export.folder, open_export=open_export, registry=region.registry, units=region.units, progress=told)

    assert told.calls[:3] == [(Kind.MUNICIPALITY, 1), (1,), ()]
    assert [call for call in told.calls if len(call) == 2] == [
        (Kind.MUNICIPALITY, 1),
        (Kind.PROGRAMME, 1),
        (Kind.CERTIFICATE, 3),
        (Kind.CONTRACT, 0),
    ]


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bars_are_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, terminal = io.StringIO(), Terminal()
    for stream in (plain, terminal):
        monkeypatch.setattr("sys.stderr", stream)
        with terminal_progress() as progress:
            assert isinstance(progress, Silent) is (stream is plain)
            progress.start(Kind.CERTIFICATE, 4)
            progress.advance(3)
            progress.finish()

    assert plain.getvalue() == ""
    assert "Сертификаты" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()
