"""The texts of faults against the manual itself, where it is at hand: to the letter, table by table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from socert.contracts.smev.fault_texts import Cause, Origin, fields, origin, text
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {
    Operation.SEND_REQUEST: 14,
    Operation.SEND_RESPONSE: 15,
    Operation.GET_REQUEST: 16,
    Operation.GET_RESPONSE: 17,
    Operation.ACK: 18,
    Operation.GET_STATUS: 19,
}
#: Names of exceptions, broken over several lines.
LEFT_COLUMN = re.compile(r"^ ?[A-Za-z]+ {2,}")
FIELD = "\0"
#: Fields are written as Java: `" + @messageId + "`, and some quotes and signs around them are left out.
JAVA = re.compile(r'\s*["”]?\s*\+?\s*@[\w.]+(?:\([\w.]*\))*(?:\.\w+\([\w.]*\))*\s*\+?\s*"?\s*', re.ASCII)


@pytest.fixture(scope="module")
def tables(oracles: Path) -> dict[Operation, str]:
    """The manual's tables, each without its breaks of lines and pages, its fields marked."""
    whole = (oracles / "smev3" / "manual.txt").read_text("utf-8")
    lines = [LEFT_COLUMN.sub("", line) for line in whole.splitlines()]
    begun = {number: lines.index(line) for number in range(14, 20) for line in lines if _begins(line, number)}
    end = next(at for at, line in enumerate(lines) if at > begun[19] and line.startswith("11.7."))
    limits = [*(begun[number] for number in range(14, 20)), end]
    return {
        operation: squeezed("".join(lines[limits[number - 14] : limits[number - 13]]))
        for operation, number in TABLES.items()
    }


def _begins(line: str, number: int) -> bool:
    return line.startswith(f"Таблица {number} – Перечень ошибок") and "...." not in line


def squeezed(words: str) -> str:
    """Return a text without what its setting has put in: blanks, quotes, signs of joining."""
    words = re.sub(r"\d{3}Исключение {2}Текст ошибки|\f", "", words.replace('\\"', "'"))
    words = JAVA.sub(FIELD, words)
    return re.sub(r"[\s\"”+]", "", words)


@pytest.mark.parametrize("operation", list(TABLES))
def test_every_text_of_the_manual_stands_in_its_table(operation: Operation, tables: dict[Operation, str]) -> None:
    missing = []
    for cause in Cause:
        if origin(operation, cause) is not Origin.MANUAL:
            continue
        written = text(operation, cause, **dict.fromkeys(fields(operation, cause), FIELD))
        # Before a field and after it the table may break off: what stands between is compared.
        pieces = [re.sub(r"[\s\"”+]", "", piece.replace('"', "")) for piece in written.split(FIELD)]
        table = tables[operation].replace("'", "")
        # A dot at the end must not be left out either.
        missing += [
            (cause.name, piece)
            for piece in pieces
            if len(piece) > 2 and not re.search(re.escape(piece) + r"(?!\.)", table)
        ]
    assert missing == []
