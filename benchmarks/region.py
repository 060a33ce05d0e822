"""An invented region in memory: certificates and contracts as a registry gives them, as many as are wanted.

Two certificates, or two contracts, in one AccountUpdateRequest come to about 4 KB.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from socert.contracts.portal import account as cards
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
    Scheme,
    Unit,
)
from socert.gateway.mapping import account
from socert.gateway.ports import CertificateView, ContractView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

CONSENT = "СС-2026"
AS_OF = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OBJECTS = 2
"""Objects in one message of the comparison."""
UNIT = 50
"""Families in one transaction of the registry: their certificates come first, then their contracts."""

_SPACE = UUID("6f0a51b2-7c1e-4c58-9f0e-1d2b3c4d5e6f")
_SURNAMES = ("Сидорова", "Кузнецова", "Белова", "Орлова", "Громова", "Лебедева", "Васильева", "Соловьёва")
_NAMES = ("Анна", "Мария", "Ольга", "Елена", "Ирина", "Татьяна", "Светлана")
_CHILDREN = ("Варвара", "Полина", "Алиса", "Ева", "Дарья", "Милана")
_PROGRAMMES = ("Юный робототехник", "Хоровая студия «Радуга»", "Шахматы: первый разряд", "Лыжные гонки")


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A child's certificate and a contract that it pays."""

    certificate: CertificateView
    contract: ContractView


def families(start: int, count: int) -> list[Family]:
    """Return families number `start` and following; the same numbers are always the same families."""
    return [_family(number) for number in range(start, start + count)]


def units(listed: Sequence[Family]) -> Iterator[Sequence[Family]]:
    """Cut families into the transactions in which a registry writes them."""
    for start in range(0, len(listed), UNIT):
        yield listed[start : start + UNIT]


def requests(listed: Sequence[Family], objects: int = OBJECTS) -> list[cards.UpdateRequest]:
    """Return the messages that tell of families, in the gateway's order: two certificates each, then two contracts."""
    made: list[cards.UpdateRequest] = []
    for unit in units(listed):
        updates = [_update(account.draw_certificate(one.certificate), cards.Cause.ISSUED) for one in unit]
        updates += [
            _update(account.draw_contract(one.contract, one.certificate), cards.Cause.CONTRACT_CONCLUDED)
            for one in unit
        ]
        for start in range(0, len(updates), objects):
            part = tuple(updates[start : start + objects])
            batch_id = str(uuid5(_SPACE, f"batch {part[0].object_id}"))
            made.append(cards.UpdateRequest(batch_id=batch_id, sent_at=AS_OF, updates=part))
    return made


class MemoryRegistry:
    """A registry that holds views in memory, so that what is measured is the gateway and no registry."""

    def __init__(self) -> None:
        """Start empty."""
        self._certificates: dict[str, CertificateView] = {}
        self._contracts: dict[str, ContractView] = {}

    def hold(self, listed: Sequence[Family]) -> None:
        """Hold these families and nothing else."""
        self._certificates = {one.certificate.certificate.guid: one.certificate for one in listed}
        self._contracts = {one.contract.contract.contract_id: one.contract for one in listed}

    def certificates(self, connection: Connection, guids: Collection[str]) -> Mapping[str, CertificateView]:
        """The certificates of these ids."""
        del connection
        return {guid: self._certificates[guid] for guid in guids}

    def contracts(self, connection: Connection, ids: Collection[str]) -> Mapping[str, ContractView]:
        """The contracts of these ids."""
        del connection
        return {key: self._contracts[key] for key in ids}

    def contracts_of(self, connection: Connection, guids: Collection[str]) -> Sequence[str]:
        """The contracts of these certificates."""
        del connection
        wanted = set(guids)
        return [key for key, view in self._contracts.items() if view.certificate_guid in wanted]


def _update(drawing: account.Drawing, cause: cards.Cause) -> cards.Update:
    return cards.Update(
        object_id=drawing.object_id,
        operation=cards.Operation.CREATE,
        seq=1,
        as_of=AS_OF,
        cause=cause,
        recipient=drawing.recipient,
        body=drawing.body,
    )


def _guid(kind: str, number: int) -> str:
    return str(uuid5(_SPACE, f"{kind} {number}"))


def _family(number: int) -> Family:
    surname = _SURNAMES[number % len(_SURNAMES)]
    guid, serial = _guid("certificate", number), f"{number:08d}"
    spent = 100 * (number % 900)
    certificate = Certificate(
        guid=guid,
        number=f"7800{serial}",
        with_funds=True,
        unit=Unit.RUB,
        child=Child(
            last_name=surname,
            first_name=_CHILDREN[number % len(_CHILDREN)],
            middle_name="Алексеевна",
            snils=f"902{serial}",
            birth_date=date(2014 + number % 6, 1 + number % 12, 1 + number % 28),
            gender=Gender.FEMALE,
            birth_certificate=f"IV-АБ {number % 1_000_000:06d}",
        ),
        applicant=Person(
            last_name=surname,
            first_name=_NAMES[number % len(_NAMES)],
            middle_name="Сергеевна",
            snils=f"901{serial}",
        ),
        status=CertificateStatus.ACTIVE,
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
        oktmo="78701000",
        consent_form=CONSENT,
        scheme=Scheme.SOCIAL_ORDER,
        category_code="0",
        category_name="Дети от 5 до 17 лет",
        balance=Balance(
            period_from=date(2026, 1, 1),
            period_to=date(2026, 12, 31),
            nominal=2_540_000,
            reserved=1_270_000 - spent,
            spent=spent,
        ),
    )
    return Family(
        certificate=CertificateView(certificate=certificate, version=1, municipality=_PLACE),
        contract=ContractView(
            contract=_contract(number, certificate), programme=_PROGRAMME[number % 4], certificate_guid=guid
        ),
    )


def _contract(number: int, certificate: Certificate) -> Contract:
    programme = _PROGRAMME[number % 4]
    return Contract(
        contract_id=_guid("contract", number),
        number=f"Д-2026/{number:08d}",
        certificate_number=certificate.number,
        concluded_on=date(2026, 1, 12),
        group_guid=programme.group_guid,
        programme_name=programme.name,
        study_year=1,
        organisation_inn=programme.organisation.inn,
        organisation_name=programme.organisation.name,
        start=date(2026, 2, 1),
        end=date(2026, 11, 30),
        unit=Unit.RUB,
        certificate_part=1_270_000,
        own_part=230_000,
        spent=certificate.balance.spent,
        reserved=certificate.balance.reserved,
        state=ContractState.ACTIVE,
    )


_PLACE = Municipality(
    oktmo="78701000",
    name="Город Приозёрный",
    guid=_guid("municipality", 1),
    region_name="Озёрная область",
    region_guid=_guid("region", 1),
)
_PROVIDER = Organisation(
    inn="0012345673",
    name="Муниципальное учреждение дополнительного образования «Дом детского творчества»",
    kind=OrganisationKind.MUNICIPAL,
    ogrn="1020000000008",
    kpp="001201001",
)
_PROGRAMME = tuple(
    Programme(
        group_guid=_guid("group", place),
        programme_guid=_guid("programme", place),
        name=name,
        direction="Техническая",
        years=1,
        organisation=_PROVIDER,
        hours=14_400,
        price=1_500_000,
        certificate_accepted=True,
    )
    for place, name in enumerate(_PROGRAMMES)
)
