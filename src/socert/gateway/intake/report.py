"""The report of refused rows: a CSV file that the operator opens beside the export."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING

from socert.gateway.domain.intake_errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from socert.gateway.domain.export import Refusal

HEADER = ("file", "sheet", "row", "field", "code", "reason")


def _ignore(_refusal: Refusal) -> None:
    """Write nothing."""


@contextmanager
def open_report(path: Path | None) -> Iterator[Callable[[Refusal], None]]:
    """Give a function that writes one refusal as one line (UTF-8, commas); without a path it writes nothing.

    The file is opened before anything is imported, so that a place that cannot be written is known in time:
    `ReportError`.
    """
    if path is None:
        yield _ignore
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise ReportError(
            f"Отчёт {path} нельзя записать ({error.strerror}): укажите в --report файл в существующей папке, "
            "открытой для записи."
        ) from error
    with file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)

        def write(refusal: Refusal) -> None:
            writer.writerow(
                (refusal.file, refusal.sheet, refusal.row, refusal.field, refusal.code.value, refusal.reason)
            )

        yield write
