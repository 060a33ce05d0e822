"""How far an import has come, for the person who waits."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from socert.gateway.domain.export import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = {
    Kind.MUNICIPALITY: "Муниципалитеты",
    Kind.PROGRAMME: "Программы",
    Kind.CERTIFICATE: "Сертификаты",
    Kind.CONTRACT: "Договоры",
}


class Progress(Protocol):
    """Is told what is being read; `total` is about how many rows, None when unknown."""

    def start(self, kind: Kind, total: int | None) -> None:
        """A table begins."""
        ...

    def advance(self, rows: int) -> None:
        """So many more of its rows are done."""
        ...

    def finish(self) -> None:
        """The table is done."""
        ...


class Silent:
    """Tells nobody."""

    def start(self, kind: Kind, total: int | None) -> None:
        """Do nothing."""

    def advance(self, rows: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class _Terminal:
    """One bar a table on a terminal."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._done = 0

    def start(self, kind: Kind, total: int | None) -> None:
        self._task, self._done = self._bars.add_task(NAMES[kind], total=total), 0

    def advance(self, rows: int) -> None:
        if self._task is not None:
            self._done += rows
            self._bars.update(self._task, completed=self._done)

    def finish(self) -> None:
        if self._task is not None:
            # The total was an estimate: the bar ends full and shows the true count.
            self._bars.update(self._task, total=self._done, completed=self._done)


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Give bars on standard error while the block runs; where that is no terminal, give silence."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    columns = (
        TextColumn("{task.description:<15}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield _Terminal(bars)
