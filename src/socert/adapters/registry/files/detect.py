"""Opening an export: which profile fits, and all its tables checked before anything is read from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from socert.adapters.registry.files.csv_source import CsvTable
from socert.adapters.registry.files.profile import load_profile, shipped_profiles
from socert.adapters.registry.files.rows import Certificates, Contracts, Municipalities, Programmes
from socert.adapters.registry.files.xlsx_book import Book
from socert.adapters.registry.files.xlsx_source import XlsxTable
from socert.gateway.domain.export import ImportSettings, Kind
from socert.gateway.domain.intake_errors import (
    ColumnsMissing,
    ExportMissing,
    ExportUnreadable,
    IntakeError,
    ProfileError,
)

if TYPE_CHECKING:
    from socert.adapters.registry.files.profile import Profile, TableProfile
    from socert.adapters.registry.files.rows import Reader
    from socert.gateway.domain.export import Table
    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme

T = TypeVar("T")


class FileExport:
    """An opened export (`ExportSource` of the gateway). Close it: a workbook stays open while it is read."""

    def __init__(self, profile: str, book: Book | None = None) -> None:
        """Begin without tables; the opener sets those that are there."""
        self.profile = profile
        self.municipalities: Table[Municipality] | None = None
        self.programmes: Table[Programme] | None = None
        self.certificates: Table[Certificate] | None = None
        self.contracts: Table[Contract] | None = None
        self._book = book

    def close(self) -> None:
        """Let go of the workbook."""
        if self._book is not None:
            self._book.close()


def open_export(path: Path, profile: str | Path | None = None, settings: ImportSettings | None = None) -> FileExport:
    """Open the export at `path`: a folder of CSV files or with one XLSX workbook, a workbook, or one CSV file alone.

    `profile`: name of a shipped profile or path of a mapping file; None tries the shipped ones and takes the one whose
    files and column names fit. All headers are checked here, so that an export that cannot be read is known before
    anything is taken. Raises the errors of `IntakeError`, the likeliest one where no profile fits.
    """
    settings = settings or ImportSettings()
    if not path.exists():
        raise ExportMissing(f"Нет файла или папки {path}: проверьте путь к выгрузке.")
    if profile is not None:
        return _open(path, _named(profile), settings)
    fits: list[FileExport] = []
    failures: list[IntakeError] = []
    for candidate in shipped_profiles().values():
        try:
            fits.append(_open(path, candidate, settings))
        except (ExportMissing, ExportUnreadable, ColumnsMissing) as error:
            failures.append(error)
    if len(fits) == 1:
        return fits[0]
    for export in fits:
        export.close()
    if fits:
        names = ", ".join(export.profile for export in fits)
        raise ProfileError(f"К {path} подходит несколько профилей ({names}): выберите один в --profile.")
    raise max(failures, key=_likeliness)


def _named(profile: str | Path) -> Profile:
    """Return a shipped profile by name, or the mapping file at a path."""
    shipped = shipped_profiles()
    if isinstance(profile, str) and profile in shipped:
        return shipped[profile]
    place = Path(profile)
    if isinstance(profile, str) and not place.exists():
        raise ProfileError(f"Профиля «{profile}» нет: есть {', '.join(shipped)}, или укажите путь к своему файлу TOML.")
    return load_profile(place)


def _likeliness(error: IntakeError) -> tuple[int, int]:
    """Rank why profiles did not fit: a file of the right kind with some right columns says most."""
    rank = 2 if isinstance(error, ColumnsMissing) else int(isinstance(error, ExportUnreadable) or error.found > 0)
    return rank, error.found


def _open(path: Path, profile: Profile, settings: ImportSettings) -> FileExport:
    if profile.kind == "xlsx":
        return _open_xlsx(path, profile, settings)
    return _open_folder(path, profile, settings) if path.is_dir() else _open_file(path, profile, settings)


def _open_folder(path: Path, profile: Profile, settings: ImportSettings) -> FileExport:
    """Open the CSV files of a folder: all of them must be there, only the municipalities need not."""
    needed = [str(table.file) for kind, table in profile.tables().items() if kind is not Kind.MUNICIPALITY]
    lost = [name for name in needed if not (path / name).exists()]
    if lost:
        raise ExportMissing(
            f"В папке {path} нет {', '.join(lost)}: для профиля {profile.name} нужны {', '.join(needed)}.",
            found=len(needed) - len(lost),
        )

    def table(kind: Kind, described: TableProfile, reader: type[Reader[T]]) -> CsvTable[T]:
        return _csv(path / str(described.file), kind, profile, described, reader, settings)

    export = FileExport(profile.name)
    export.municipalities = _municipalities(path, profile, settings)
    export.programmes = table(Kind.PROGRAMME, profile.programmes, Programmes)
    export.certificates = table(Kind.CERTIFICATE, profile.certificates, Certificates)
    export.contracts = table(Kind.CONTRACT, profile.contracts, Contracts)
    return export


def _open_file(path: Path, profile: Profile, settings: ImportSettings) -> FileExport:
    """Open one CSV file as the only table of an export: the one whose columns it has, whatever its name."""
    if path.suffix.lower() == ".xlsx":
        raise ExportMissing(f"{path.name} не файл CSV, а профиль {profile.name} читает CSV.")
    export = FileExport(profile.name)
    failures: list[ColumnsMissing] = []

    def table(kind: Kind, described: TableProfile, reader: type[Reader[T]]) -> CsvTable[T] | None:
        try:
            return _csv(path, kind, profile, described, reader, settings)
        except ColumnsMissing as error:
            failures.append(error)
            return None

    export.certificates = table(Kind.CERTIFICATE, profile.certificates, Certificates)
    export.contracts = table(Kind.CONTRACT, profile.contracts, Contracts)
    export.programmes = table(Kind.PROGRAMME, profile.programmes, Programmes)
    if len(failures) == len(profile.tables()) - (profile.municipalities is not None):
        raise max(failures, key=_likeliness)
    return export


def _open_xlsx(path: Path, profile: Profile, settings: ImportSettings) -> FileExport:
    """Open a workbook, or the only one of a folder."""
    place = _only_workbook(path) if path.is_dir() else path
    if place.suffix.lower() == ".csv":
        raise ExportMissing(f"{place.name} не книга XLSX, а профиль {profile.name} читает XLSX.")
    book = Book(place)

    def table(kind: Kind, described: TableProfile, reader: type[Reader[T]]) -> XlsxTable[T]:
        return XlsxTable(book, kind=kind, profile=profile, table=described, reader=reader, settings=settings)

    export = FileExport(profile.name, book)
    try:
        export.municipalities = _municipalities(place.parent, profile, settings)
        export.programmes = table(Kind.PROGRAMME, profile.programmes, Programmes)
        export.certificates = table(Kind.CERTIFICATE, profile.certificates, Certificates)
        export.contracts = table(Kind.CONTRACT, profile.contracts, Contracts)
    except IntakeError:
        export.close()
        raise
    return export


def _only_workbook(folder: Path) -> Path:
    """Return the one XLSX file of a folder; those that spreadsheet programs leave as locks do not count."""
    books = [
        place for place in sorted(folder.iterdir()) if place.suffix.lower() == ".xlsx" and place.name[0] not in "~."
    ]
    if len(books) == 1:
        return books[0]
    if books:
        names = ", ".join(place.name for place in books)
        raise ExportMissing(f"В папке {folder} несколько книг ({names}): укажите одну из них.", found=len(books))
    raise ExportMissing(f"В папке {folder} нет книги XLSX и нет файлов CSV выгрузки: проверьте путь.")


def _municipalities(folder: Path, profile: Profile, settings: ImportSettings) -> CsvTable[Municipality] | None:
    """Open the directory of municipalities beside the export, if the profile knows one and it is there."""
    table = profile.municipalities
    if table is None or not (folder / table.file).exists():
        return None
    return CsvTable(
        folder / table.file,
        kind=Kind.MUNICIPALITY,
        profile=profile,
        table=table,
        reader=Municipalities,
        settings=settings,
        encoding=table.encoding,
        delimiter=table.delimiter,
    )


def _csv(
    path: Path, kind: Kind, profile: Profile, table: TableProfile, reader: type[Reader[T]], settings: ImportSettings
) -> CsvTable[T]:
    return CsvTable(
        path,
        kind=kind,
        profile=profile,
        table=table,
        reader=reader,
        settings=settings,
        encoding=profile.encoding,
        delimiter=profile.delimiter,
    )
