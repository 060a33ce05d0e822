"""From the cells of a row to a record of the gateway, or to the faults that refuse the row.

Rules of reading: an active certificate with nothing left is exhausted; a private provider with an INN of 12 digits is a
sole trader; all sums of a row are in its unit; names are trimmed and never corrected; GUIDs go to small letters.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar

from socert.adapters.registry.files.cells import ID, Cells
from socert.adapters.registry.files.profile import plain
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import is_kpp, is_ogrn, normal_birth_certificate
from socert.gateway.domain import intake_rules as rules
from socert.gateway.domain.export import Code, Row
from socert.gateway.domain.records import (
    Balance,
    Certificate,
    CertificateStatus,
    Child,
    Contract,
    ContractState,
    Gender,
    Municipality,
    Organisation,
    OrganisationKind,
    Person,
    Programme,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from socert.adapters.registry.files.cells import Layout
    from socert.adapters.registry.files.profile import Profile
    from socert.adapters.registry.files.values import Cell
    from socert.gateway.domain.export import ImportSettings
    from socert.gateway.domain.intake_rules import Found

T = TypeVar("T")
K = TypeVar("K")
LONG = 500
FOREIGN_DOCUMENT = 61


def _folded(words: Mapping[str, T]) -> dict[str, T]:
    """Add the plain spelling of every word; the profile's own one is found faster, and it is the usual one."""
    return {**{plain(word): meaning for word, meaning in words.items()}, **words}


class Reader(Generic[T]):
    """Reads the rows of one table. Subclasses say which field is the key and how a record is made."""

    key: str

    def __init__(self, layout: Layout, profile: Profile, settings: ImportSettings) -> None:
        """Take what the header row and the mapping file say."""
        self.layout = layout
        self.settings = settings
        words = profile.values
        self.certificate_status = _folded(words.certificate_status)
        self.contract_state = _folded(words.contract_state)
        self.with_funds = _folded(words.with_funds)
        self.unit = _folded(words.unit)
        self.gender = _folded(words.gender)
        self.organisation_kind = _folded(words.organisation_kind)
        self.yes_no = _folded(words.yes_no)

    def read(self, number: int, raw: Sequence[Cell]) -> Row[T]:
        """Return one row, good or refused; `number` is its place in the file."""
        cells = Cells(self.layout, raw)
        record, faults = self.record(cells)
        if not cells.faults:
            for found in faults:
                cells.note(found)
        key = self.key_of(record)
        if cells.faults:
            return Row(number=number, key=key or None, record=None, faults=tuple(cells.faults))
        return Row(number=number, key=key, record=record)

    def broken(self, number: int, reason: str) -> Row[T]:
        """Return a row that could not even be cut into cells."""
        cells = Cells(self.layout, ())
        cells.note((self.key, Code.BROKEN_ROW, reason))
        return Row(number=number, key=None, record=None, faults=tuple(cells.faults))

    def record(self, cells: Cells) -> tuple[T, Iterator[Found]]:
        """Make a record of the cells, and the judgement of it, which is used only if all cells could be read."""
        raise NotImplementedError  # each table has its own

    def key_of(self, record: T) -> str:
        """Return what must not repeat in the table."""
        key: str = getattr(record, self.key)
        return key


class Certificates(Reader[Certificate]):
    """Rows of certificates."""

    key = "number"

    def record(self, cells: Cells) -> tuple[Certificate, Iterator[Found]]:
        """Read one; its balance is for its period, to the end of the year where the file gives no last day."""
        number = cells.text("number", ID)
        guid = cells.text("guid", ID).lower()
        child = self._child(cells)
        applicant = Person(
            last_name=cells.text("applicant_last_name"),
            first_name=cells.text("applicant_first_name"),
            middle_name=cells.optional("applicant_middle_name"),
            snils=cells.snils("applicant_snils"),
        )
        with_funds = cells.word("with_funds", self.with_funds, instead=False)
        unit = cells.word("unit", self.unit, Unit.RUB)
        nominal, available = cells.amount("nominal"), cells.amount("available")
        reserved, spent = cells.amount("reserved"), cells.amount("spent")
        start, end = cells.day("valid_from"), cells.optional_day("valid_to")
        status = cells.word("status", self.certificate_status, CertificateStatus.ACTIVE, code=Code.UNKNOWN_STATUS)
        certificate = Certificate(
            guid=guid,
            number=number,
            with_funds=with_funds,
            unit=unit,
            child=child,
            applicant=applicant,
            status=rules.status_at(status, available),
            valid_from=start,
            valid_to=end,
            oktmo=cells.oktmo("oktmo"),
            consent_form=cells.optional("consent_form", ID),
            scheme=self.settings.scheme,
            category_code=self.settings.category_code,
            category_name=self.settings.category_name,
            balance=Balance(
                period_from=start,
                period_to=end or date(start.year, 12, 31),
                nominal=nominal,
                reserved=reserved,
                spent=spent,
            ),
        )
        return certificate, rules.certificate_faults(certificate, available=available)

    def _child(self, cells: Cells) -> Child:
        document = cells.optional("birth_certificate", FOREIGN_DOCUMENT)
        if document is not None:
            with suppress(ValueRefused):  # a foreign one has a form of its own and is kept as it is spelt
                document = normal_birth_certificate(document)
        return Child(
            last_name=cells.text("last_name"),
            first_name=cells.text("first_name"),
            middle_name=cells.optional("middle_name"),
            birth_date=cells.day("birth_date"),
            gender=cells.word("gender", self.gender, Gender.MALE),
            snils=cells.optional_snils("snils"),
            birth_certificate=document,
        )


class Contracts(Reader[Contract]):
    """Rows of contracts."""

    key = "number"

    def record(self, cells: Cells) -> tuple[Contract, Iterator[Found]]:
        """Read one; its id comes from its number and the certificate's."""
        number, certificate_number = cells.text("number", ID), cells.text("certificate_number", ID)
        contract = Contract(
            contract_id=rules.contract_id(certificate_number, number),
            number=number,
            certificate_number=certificate_number,
            concluded_on=cells.day("concluded_on"),
            group_guid=cells.guid("group_guid"),
            programme_name=cells.text("programme_name", LONG),
            study_year=cells.integer("study_year", least=1, most=12),
            organisation_inn=cells.inn("organisation_inn"),
            organisation_name=cells.text("organisation_name", LONG),
            start=cells.day("start"),
            end=cells.day("end"),
            unit=cells.word("unit", self.unit, Unit.RUB),
            certificate_part=cells.amount("certificate_part"),
            own_part=cells.amount("own_part"),
            spent=cells.amount("spent"),
            reserved=cells.amount("reserved"),
            state=cells.word("state", self.contract_state, ContractState.ACTIVE, code=Code.UNKNOWN_STATUS),
        )
        return contract, rules.contract_faults(contract)


class Programmes(Reader[Programme]):
    """Rows of programmes: one a group."""

    key = "group_guid"

    def record(self, cells: Cells) -> tuple[Programme, Iterator[Found]]:
        """Read one with its organisation."""
        programme = Programme(
            group_guid=cells.guid("group_guid"),
            programme_guid=cells.guid("programme_guid"),
            name=cells.text("name", LONG),
            direction=cells.text("direction"),
            years=cells.integer("years", least=1, most=12),
            organisation=self._organisation(cells),
            hours=cells.amount("hours"),
            price=cells.amount("price"),
            certificate_accepted=cells.word("certificate_accepted", self.yes_no, instead=False),
        )
        return programme, iter(())

    def _organisation(self, cells: Cells) -> Organisation:
        inn = cells.inn("organisation_inn")
        kind = cells.word("organisation_kind", self.organisation_kind, OrganisationKind.PRIVATE)
        if kind is OrganisationKind.PRIVATE and len(inn) == 12:
            kind = OrganisationKind.SOLE_TRADER
        elif inn and len(inn) != (12 if kind is OrganisationKind.SOLE_TRADER else 10):
            cells.note(("organisation_inn", Code.INN_FORM, "У организации ИНН из 10 цифр, у предпринимателя из 12."))
        ogrn, kpp = cells.optional("organisation_ogrn"), cells.optional("organisation_kpp")
        if ogrn is not None and not is_ogrn(ogrn):
            cells.note(
                ("organisation_ogrn", Code.BAD_NUMBER, "ОГРН не по форме или его контрольная цифра не сходится.")
            )
        if kpp is not None and not is_kpp(kpp):
            cells.note(("organisation_kpp", Code.BAD_NUMBER, "КПП состоит из 9 знаков."))
        return Organisation(inn=inn, name=cells.text("organisation_name", LONG), kind=kind, ogrn=ogrn, kpp=kpp)


class Municipalities(Reader[Municipality]):
    """Rows of the directory of municipalities."""

    key = "oktmo"

    def record(self, cells: Cells) -> tuple[Municipality, Iterator[Found]]:
        """Read one; the region comes from the settings where the table has no columns for it."""
        municipality = Municipality(
            oktmo=cells.oktmo("oktmo"),
            name=cells.text("name"),
            guid=cells.guid("guid"),
            region_name=self.settings.region_name or cells.text("region_name"),
            region_guid=self.settings.region_guid or cells.guid("region_guid"),
        )
        return municipality, iter(())
