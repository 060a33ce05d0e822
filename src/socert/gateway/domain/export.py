"""What a region's export looks like to the gateway, whatever files it came in: tables of rows, good and wrong.

A reader (an adapter) turns each row into a record or into faults; the intake adds the faults that only show between
rows. A row with a fault is refused whole, and its first fault is what the report names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from socert.gateway.domain.records import Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(StrEnum):
    """The tables of an export, in the order in which they are taken."""

    MUNICIPALITY = "municipality"
    PROGRAMME = "programme"
    CERTIFICATE = "certificate"
    CONTRACT = "contract"


class Code(StrEnum):
    """Why a row is refused: stable, for programs; the reason beside it is for people."""

    BROKEN_ROW = "broken_row"
    BAD_CHARACTERS = "bad_characters"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    NEGATIVE = "negative"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_VALUE = "unknown_value"
    SNILS_FORM = "snils_form"
    SNILS_CHECKSUM = "snils_checksum"
    INN_FORM = "inn_form"
    INN_CHECKSUM = "inn_checksum"
    GUID_FORM = "guid_form"
    OKTMO_FORM = "oktmo_form"
    AGE_OVER_17 = "age_over_17"
    BORN_LATER = "born_later"
    ENDS_BEFORE_START = "ends_before_start"
    BALANCE_MISMATCH = "balance_mismatch"
    SUMS_EXCEED_PART = "sums_exceed_part"
    DUPLICATE_NUMBER = "duplicate_number"
    DUPLICATE_GUID = "duplicate_guid"
    GUID_CHANGED = "guid_changed"
    NO_CERTIFICATE = "no_certificate"
    CERTIFICATE_REFUSED = "certificate_refused"
    UNIT_DIFFERS = "unit_differs"
    PART_EXCEEDS_NOMINAL = "part_exceeds_nominal"


class Warned(StrEnum):
    """What is odd about a row that is taken all the same."""

    CONTRACTS_DO_NOT_ADD_UP = "contracts_do_not_add_up"
    UNKNOWN_OKTMO = "unknown_oktmo"
    UNKNOWN_PROGRAMME = "unknown_programme"
    AGE_UNDER_5 = "age_under_5"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong with a row. `field` is the column's name as the file has it, `reason` a Russian sentence."""

    field: str
    code: Code
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row(Generic[T_co]):
    """One row of a table: `record` is None exactly when there are faults.

    `number` is the row's place as a person sees it in the file, counted from 1, headers and titles too. `key` is what
    must not repeat in the table (certificate or contract number, group GUID, OKTMO); None where it could not be read.
    """

    number: int
    key: str | None
    record: T_co | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A refused row as the report shows it; `sheet` is empty for a CSV file."""

    kind: Kind
    file: str
    sheet: str
    row: int
    field: str
    code: Code
    reason: str


class Table(Protocol[T_co]):
    """One table of an export, read from its beginning each time it is iterated."""

    @property
    def kind(self) -> Kind:
        """Which table it is."""
        ...

    @property
    def file(self) -> str:
        """The file's name without its folder."""
        ...

    @property
    def sheet(self) -> str:
        """The sheet's name; empty for a CSV file."""
        ...

    @property
    def total(self) -> int | None:
        """About how many rows there are, for a progress bar; None when only reading would tell."""
        ...

    def title(self, field: str) -> str:
        """Return the file's own name of a column."""
        ...

    def __iter__(self) -> Iterator[Row[T_co]]:
        """Stream the rows; `ExportUnreadable` when the file turns out to be damaged on the way."""
        ...


class ExportSource(Protocol):
    """An opened export. A table that the export does not bring is None."""

    @property
    def profile(self) -> str:
        """Name of the mapping that fits."""
        ...

    @property
    def municipalities(self) -> Table[Municipality] | None:
        """Municipalities with the portal's codes."""
        ...

    @property
    def programmes(self) -> Table[Programme] | None:
        """Groups of programmes."""
        ...

    @property
    def certificates(self) -> Table[Certificate] | None:
        """Certificates with their balances."""
        ...

    @property
    def contracts(self) -> Table[Contract] | None:
        """Contracts paid by the certificates."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportSettings:
    """What the portal wants to know and exports do not say. Categories: portal message dictionary, 1 (one character).

    The region is used for municipalities whose table has no columns for it.
    """

    scheme: Scheme = Scheme.SOCIAL_ORDER
    category_code: str = "1"
    category_name: str = "Дети от 5 до 17 лет включительно"
    region_name: str | None = None
    region_guid: str | None = None
