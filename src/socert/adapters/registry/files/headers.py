"""Finding the header row of a file or sheet by the names of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.adapters.registry.files.profile import plain
from socert.gateway.domain.intake_errors import ColumnsMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socert.adapters.registry.files.profile import TableProfile
    from socert.adapters.registry.files.values import Cell

DEEPEST = 30
"""Titles above the headers take fewer lines than this."""


class Header:
    """The header row: its number in the file (from 1), its cells as text, and the column index of each field."""

    def __init__(self, number: int, titles: Sequence[str], places: dict[str, int]) -> None:
        """Keep what was found."""
        self.number = number
        self.titles = titles
        self.places = places


def find_header(rows: Iterable[tuple[int, Sequence[Cell]]], table: TableProfile, where: str) -> Header:
    """Return the first row that holds all column names of the mapping, in any order, among others too.

    `where` names the file or sheet in the error: `ColumnsMissing` says which names the likeliest row lacks.
    """
    best: set[str] = set()
    for number, cells in rows:
        titles = [" ".join(str(cell).replace("\ufeff", "").split()) if cell is not None else "" for cell in cells]
        names: dict[str, int] = {}
        for place, title in enumerate(titles):
            names.setdefault(plain(title), place)
        places = {field: names[plain(name)] for field, name in table.columns.items() if plain(name) in names}
        if len(places) == len(table.columns):
            return Header(number, titles, places)
        if len(places) > len(best):
            best = set(places)
        if number >= DEEPEST:
            break
    lost = [name for field, name in table.columns.items() if field not in best]
    if best:
        named = ", ".join(f"«{name}»" for name in lost)
        raise ColumnsMissing(
            f"{where}: нет столбцов {named}. Добавьте их в выгрузку или поправьте имена столбцов в профиле.",
            found=len(best),
        )
    raise ColumnsMissing(
        f"{where}: в первых {DEEPEST} строках нет строки с именами столбцов (ждём «{lost[0]}» и другие). Проверьте, "
        "что это та выгрузка, что она не пуста и что имена столбцов, кодировка и разделитель в профиле верны.",
        found=0,
    )
