"""Between the registry's rows and what the rules work with: contracts by months, accounts, entries, offers, pools."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from socert.gateway.domain.contract import ContractLife, Ending, Initiator
from socert.gateway.domain.ledger import Account, AccountKey, Entry, EntryKind
from socert.gateway.domain.policy import Silence
from socert.gateway.domain.quote import MonthPart, Split, YearPart
from socert.gateway.domain.records import ContractState, Register
from socert.gateway.domain.renewal import Offer, OfferState, Pool, offer_id
from socert.gateway.domain.rules_errors import NeedsPerson, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import RowMapping

    from socert.gateway.domain.records import Unit
    from socert.gateway.ports.life import Terms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return an aware datetime as the tables keep it."""
    return (moment - _EPOCH) // _TICK


# Accounts and entries


def accounts_of(balances: Iterable[Mapping[str, Any] | RowMapping]) -> dict[AccountKey, Account]:
    """Return the accounts in balance rows: each is of the calendar year that its period lies in.

    A period may be a part of a year, as it is where a certificate was issued in spring. NeedsPerson (PERIOD_NOT_A_YEAR)
    where one goes over New Year, as a school year does, or where a year has two: which of the money is of which year
    is then not known, and no rule may guess.
    """
    accounts: dict[AccountKey, Account] = {}
    for row in balances:
        since, until = row["period_from"], row["period_to"]
        key = AccountKey(year=since.year, register=Register(row["register"]))
        if until.year != since.year or key in accounts:
            raise NeedsPerson(RuleCode.PERIOD_NOT_A_YEAR, register=key.register, since=since, until=until)
        accounts[key] = Account(key=key, nominal=row["nominal"], reserved=row["reserved"], spent=row["spent"])
    return accounts


def account_row(guid: str, account: Account, period: tuple[date, date]) -> dict[str, Any]:
    """Return the columns of an account's balance."""
    since, until = period
    return {
        "certificate_guid": guid,
        "register": account.key.register.value,
        "period_from": since,
        "period_to": until,
        "nominal": account.nominal,
        "reserved": account.reserved,
        "spent": account.spent,
    }


def entry_row(
    guid: str, entry: Entry, *, period_from: date, version: int, source: str, now: datetime
) -> dict[str, Any]:
    """Return the columns of an entry that the rules made."""
    return {
        "certificate_guid": guid,
        "register": entry.account.register.value,
        "period_from": period_from,
        "version": version,
        "kind": entry.kind.value,
        "nominal": entry.nominal,
        "reserved": entry.reserved,
        "spent": entry.spent,
        "source": source,
        "at": micros(now),
        "contract_id": entry.contract_id,
        "month": entry.month,
        "key": entry.key,
    }


def entry_of(row: RowMapping) -> Entry:
    """Return the entry in a row that has a key."""
    return Entry(
        key=row["key"],
        kind=EntryKind(row["kind"]),
        account=AccountKey(year=row["period_from"].year, register=Register(row["register"])),
        nominal=row["nominal"],
        reserved=row["reserved"],
        spent=row["spent"],
        contract_id=row["contract_id"],
        month=row["month"],
    )


# Contracts


def life_of(row: Mapping[str, Any] | RowMapping, months: Sequence[RowMapping]) -> ContractLife:
    """Return the contract in a row that the rules keep, with its months in order."""
    plan = tuple(
        MonthPart(month=part["month"], certificate_part=part["certificate_part"], own_part=part["own_part"])
        for part in months
    )
    return ContractLife(
        contract_id=row["contract_id"],
        certificate_guid=row["certificate_guid"],
        group_guid=row["group_guid"],
        start=row["start_date"],
        end=row["end_date"],
        split=Split(
            register=Register(row["register"]),
            total=row["certificate_part"] + row["own_part"],
            certificate_part=row["certificate_part"],
            own_part=row["own_part"],
            years=tuple(_years(plan)),
            months=plan,
            payable=row["payable"],
        ),
        since=_EPOCH + _TICK * row["since"],
        state=ContractState(row["state"]),
        order_id=row["order_id"],
        previous_contract_id=row["previous_contract_id"],
        number=row["number"],
        concluded_on=row["concluded_on"],
        revision=row["revision"],
        charged=MappingProxyType({part["month"]: part["charged"] for part in months if part["charged"] is not None}),
        refunded=MappingProxyType({part["month"]: part["refunded"] for part in months if part["refunded"]}),
        released=frozenset(part["month"] for part in months if part["released"]),
        ending=_ending(row),
    )


def _years(plan: Iterable[MonthPart]) -> Iterator[YearPart]:
    """Yield the parts of each year: the sums of its months."""
    sums: dict[int, tuple[int, int]] = {}
    for part in plan:
        certificate_part, own_part = sums.get(part.month.year, (0, 0))
        sums[part.month.year] = (certificate_part + part.certificate_part, own_part + part.own_part)
    for year, (certificate_part, own_part) in sums.items():
        yield YearPart(year=year, certificate_part=certificate_part, own_part=own_part)


def _ending(row: Mapping[str, Any] | RowMapping) -> Ending | None:
    if row["last_day"] is None:
        return None
    return Ending(
        last_day=row["last_day"],
        initiator=Initiator(row["initiator"]),
        reason=RuleCode(row["reason"]),
        text=row["text"],
        released=row["released"],
    )


def life_row(life: ContractLife) -> dict[str, Any]:
    """Return the columns that a contract's life fills, the ones of `terms_row` and `new_contract_row` left out."""
    ending = life.ending
    return {
        "contract_id": life.contract_id,
        "number": life.number,
        "concluded_on": life.concluded_on,
        "group_guid": life.group_guid,
        "start_date": life.start,
        "end_date": life.end,
        "register": life.split.register.value,
        "certificate_part": life.split.certificate_part,
        "own_part": life.split.own_part,
        "spent": life.spent,
        "reserved": life.reserved,
        "state": life.state.value,
        "kept": 1,
        "since": micros(life.since),
        "revision": life.revision,
        "payable": life.split.payable,
        "order_id": life.order_id,
        "previous_contract_id": life.previous_contract_id,
        "last_day": None if ending is None else ending.last_day,
        "initiator": None if ending is None else ending.initiator.value,
        "reason": None if ending is None else ending.reason.value,
        "text": None if ending is None else ending.text,
        "released": None if ending is None else ending.released,
    }


def new_contract_row(life: ContractLife, unit: Unit) -> dict[str, Any]:
    """Return the columns of a new contract, its terms left out."""
    return {**life_row(life), "certificate_guid": life.certificate_guid, "unit": unit.value, "digest": NOT_IMPORTED}


NOT_IMPORTED = ""
"""Digest of a record that no import ever brought."""


def terms_row(terms: Terms) -> dict[str, Any]:
    """Return the columns of what a contract's papers say."""
    return {
        "programme_name": terms.programme_name,
        "study_year": terms.study_year,
        "organisation_inn": terms.organisation_inn,
        "organisation_name": terms.organisation_name,
    }


def month_rows(life: ContractLife) -> Iterator[dict[str, Any]]:
    """Yield the columns of each month of a contract's plan."""
    for part in life.split.months:
        yield {
            "contract_id": life.contract_id,
            "month": part.month,
            "certificate_part": part.certificate_part,
            "own_part": part.own_part,
            "charged": life.charged.get(part.month),
            "refunded": life.refunded.get(part.month, 0),
            "released": int(part.month in life.released),
        }


# Offers and pools


def offer_row(offer: Offer) -> dict[str, Any]:
    """Return the columns of an offer, without those that are made once."""
    return {
        "key": offer.key,
        "certificate_guid": offer.certificate_guid,
        "previous_contract_id": offer.previous_contract_id,
        "programme_guid": offer.programme_guid,
        "study_year": offer.study_year,
        "oktmo": offer.oktmo,
        "year": offer.year,
        "register": offer.register.value,
        "volume": offer.volume,
        "rank": offer.rank,
        "since": offer.since,
        "respond_by": offer.respond_by,
        "silence": offer.silence.value,
        "version": offer.version,
        "state": offer.state.value,
    }


def offer_made(offer: Offer, now: datetime) -> dict[str, Any]:
    """Return the columns of an offer that are written once, when it is made."""
    return {"offer_id": offer_id(offer.key), "offered_at": micros(now)}


def offer_of(row: RowMapping) -> Offer:
    """Return the offer in a row."""
    return Offer(
        key=row["key"],
        certificate_guid=row["certificate_guid"],
        previous_contract_id=row["previous_contract_id"],
        programme_guid=row["programme_guid"],
        study_year=row["study_year"],
        oktmo=row["oktmo"],
        year=row["year"],
        register=Register(row["register"]),
        volume=row["volume"],
        rank=row["rank"],
        since=row["since"],
        respond_by=row["respond_by"],
        silence=Silence(row["silence"]),
        version=row["version"],
        state=OfferState(row["state"]),
    )


def pool_row(pool: Pool) -> dict[str, Any]:
    """Return the columns of a pool."""
    return {
        "oktmo": pool.oktmo,
        "year": pool.year,
        "register": pool.register.value,
        "limit": pool.limit,
        "held": pool.held,
        "taken": pool.taken,
    }


def pool_of(row: RowMapping) -> Pool:
    """Return the pool in a row."""
    return Pool(
        oktmo=row["oktmo"],
        year=row["year"],
        register=Register(row["register"]),
        limit=row["limit"],
        held=row["held"],
        taken=row["taken"],
    )
