"""An invented region at the end of a year: certificates with contracts that run, put into the registry's own tables.

Each certificate has one contract of autumn, two of five have a second one that goes on till May; September to November
are charged, December and spring are held. All of it is as the rules would have left it: balances are the sums of their
entries, and contracts explain what is held and spent.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert

from benchmarks import region
from socert.adapters.registry.builtin import rows, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from socert.gateway.store.writer import Store

MUNICIPALITIES = 50
AT_ONCE = 5_000
"""Certificates in one transaction."""
NOMINAL = 2_540_000
MONTH = 100_000
"""What a contract costs the certificate each month, in kopecks."""
_AUTUMN = tuple(date(2026, month, 1) for month in (9, 10, 11, 12))
_SPRING = tuple(date(2027, month, 1) for month in (1, 2, 3, 4, 5))
_CHARGED = 3
_AT = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp()) * 1_000_000
_PRIME = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""Spreads numbers over all GUIDs, so that they come in no order, as real ones do."""


def fill(store: Store, certificates: int) -> int:
    """Put a region into an empty registry; return how many contracts it has."""
    numbers = iter(range(certificates))
    contracts = 0
    store.run(_places)
    while part := list(islice(numbers, AT_ONCE)):
        contracts += store.run(partial(_some, part))
    return contracts


def _places(connection: Connection) -> None:
    families = region.families(0, 4)
    programmes = {
        one.contract.programme.group_guid: one.contract.programme for one in families if one.contract.programme
    }
    provider = next(iter(programmes.values())).organisation
    place = families[0].certificate.municipality
    assert place is not None
    connection.execute(
        insert(tables.organisation),
        [{"inn": provider.inn, "name": provider.name, "kind": provider.kind.value, "ogrn": provider.ogrn}],
    )
    connection.execute(
        insert(tables.programme),
        [
            {
                "group_guid": one.group_guid,
                "programme_guid": one.programme_guid,
                "name": one.name,
                "direction": one.direction,
                "years": 4,
                "organisation_inn": provider.inn,
                "hours": one.hours,
                "price": one.price,
                "certificate_accepted": 1,
            }
            for one in programmes.values()
        ],
    )
    connection.execute(
        insert(tables.municipality),
        [
            {
                "oktmo": oktmo(number),
                "name": f"{place.name} {number}",
                "guid": guid(number, 7),
                "region_name": place.region_name,
                "region_guid": place.region_guid,
            }
            for number in range(MUNICIPALITIES)
        ],
    )


def oktmo(number: int) -> str:
    """Return the OKTMO of a certificate's municipality."""
    return f"787{number % MUNICIPALITIES:02d}000"


def guid(number: int, kind: int) -> str:
    """Return the GUID of an object of a kind."""
    return str(UUID(int=((number * 8 + kind + 1) * _PRIME) % 2**128, version=4))


def _some(numbers: list[int], connection: Connection) -> int:
    written: dict[Table, list[dict[str, Any]]] = {
        table: []
        for table in (
            tables.certificate,
            tables.balance,
            tables.contract,
            tables.contract_month,
            tables.ledger_entry,
        )
    }
    for family, number in zip(region.families(numbers[0], len(numbers)), numbers, strict=True):
        payer = guid(number, 0)
        certificate = rows.certificate_row(family.certificate.certificate)
        written[tables.certificate].append(
            {**certificate, "guid": payer, "oktmo": oktmo(number), "version": 5, "kept_here": 1, "valid_to": None}
        )
        _money(written, payer, number)
    for table, listed in written.items():
        connection.execute(insert(table), listed)
    return len(written[tables.contract])


def _money(written: dict[Table, list[dict[str, Any]]], payer: str, number: int) -> None:
    two = number % 5 < 2
    entries: list[tuple[str, int, str, int, int, int, str | None, date | None]] = [
        ("2026:RUB:issue", 2026, "issue", NOMINAL, 0, 0, None, None)
    ]
    if two:
        entries.append(("2027:RUB:issue", 2027, "issue", NOMINAL, 0, 0, None, None))
    for kind, months in ((1, _AUTUMN), (2, (*_AUTUMN, *_SPRING)))[: 1 + two]:
        contract = guid(number, kind)
        _contract(written, payer, contract, (number + kind) % 4, months)
        for year in (2026, 2027):
            mine = [month for month in months if month.year == year]
            if mine:
                key = f"{contract}:{mine[0]:%Y-%m}:reserve"
                entries.append((key, year, "reserve", 0, len(mine) * MONTH, 0, contract, mine[0]))
        for month in months[:_CHARGED]:
            key = f"{contract}:{month:%Y-%m}:charge"
            entries.append((key, 2026, "charge", 0, -MONTH, MONTH, contract, month))
    for year in (2026, 2027):
        mine_of_year = [entry for entry in entries if entry[1] == year]
        if mine_of_year:
            written[tables.balance].append(
                {
                    "certificate_guid": payer,
                    "register": "RUB",
                    "period_from": date(year, 1, 1),
                    "period_to": date(year, 12, 31),
                    "nominal": sum(entry[3] for entry in mine_of_year),
                    "reserved": sum(entry[4] for entry in mine_of_year),
                    "spent": sum(entry[5] for entry in mine_of_year),
                }
            )
    for key, year, name, nominal, reserved, spent, of, month_of in entries:
        written[tables.ledger_entry].append(
            {
                "certificate_guid": payer,
                "register": "RUB",
                "period_from": date(year, 1, 1),
                "version": 5,
                "kind": name,
                "nominal": nominal,
                "reserved": reserved,
                "spent": spent,
                "source": "rules",
                "at": _AT,
                "contract_id": of,
                "month": month_of,
                "key": key,
            }
        )


def _contract(
    written: dict[Table, list[dict[str, Any]]], payer: str, contract: str, place: int, months: tuple[date, ...]
) -> None:
    programme = region.families(place, 1)[0].contract.programme
    assert programme is not None
    whole, charged = len(months) * MONTH, _CHARGED * MONTH
    written[tables.contract].append(
        {
            "contract_id": contract,
            "number": f"Д-{contract[:8]}",
            "digest": "",
            "certificate_guid": payer,
            "concluded_on": date(2026, 8, 25),
            "group_guid": programme.group_guid,
            "programme_name": programme.name,
            "study_year": 1,
            "organisation_inn": programme.organisation.inn,
            "organisation_name": programme.organisation.name,
            "start_date": months[0],
            "end_date": date(2026, 12, 31) if months[-1].year == 2026 else date(2027, 5, 31),
            "unit": "rub",
            "register": "RUB",
            "certificate_part": whole,
            "own_part": 0,
            "spent": charged,
            "reserved": whole - charged,
            "state": "ACTIVE",
            "kept": 1,
            "since": _AT,
            "revision": 0,
        }
    )
    written[tables.contract_month] += [
        {
            "contract_id": contract,
            "month": month,
            "certificate_part": MONTH,
            "own_part": 0,
            "charged": MONTH if at < _CHARGED else None,
            "refunded": 0,
            "released": 0,
        }
        for at, month in enumerate(months)
    ]
