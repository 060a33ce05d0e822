"""The priority right: continuing pupils, the offers made to them, and the municipalities' pools."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from socert.adapters.registry.builtin import life_rows, tables
from socert.adapters.registry.builtin.lives import Lives
from socert.adapters.registry.builtin.sql import chunks
from socert.gateway.domain.months import year_end
from socert.gateway.domain.records import CertificateStatus, ContractState, Register
from socert.gateway.domain.renewal import OfferState
from socert.gateway.domain.turn import Continuing
from socert.gateway.ports import OfferView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from socert.gateway.domain.records import Programme
    from socert.gateway.domain.renewal import Offer, Pool
    from socert.gateway.ports import UnitOfWork

_STUDIED = (ContractState.ACTIVE.value, ContractState.COMPLETED.value)
_AT_ONCE = 1000
"""Rows of pupils that are fetched at once."""


class Renewing(Lives):
    """What the turn of the year reads and stores."""

    def pupils(self, connection: Connection, *, year: int, oktmo: str | None = None) -> Iterator[Continuing]:
        """Yield who may continue in `year`: contracts of the year before that run or ran to their end.

        By municipality of the certificate, unsorted within it; a child with two contracts in one programme comes twice
        (`turn.latest`). Contracts whose group is not known are left out: nothing says how many years the programme
        takes. `wanted` is what the certificate would pay of the next year: the programme's price, or hours, for its
        whole period, at most its normative; 1 on a count register; the contract's own part by certificate where the
        programme has no price. Rows are fetched as they are asked for, so the reading must stay inside its transaction.
        """
        table = tables.certificate
        places = (
            [oktmo] if oktmo is not None else connection.scalars(select(table.c.oktmo).distinct().order_by("oktmo"))
        )
        for place in list(places):
            yield from self._pupils_of(connection, place, year)

    def _pupils_of(self, connection: Connection, oktmo: str, year: int) -> Iterator[Continuing]:
        certificate, contract, programme = tables.certificate, tables.contract, tables.programme
        chosen = (
            select(
                contract.c.contract_id,
                contract.c.certificate_guid,
                contract.c.study_year,
                contract.c.start_date,
                contract.c.concluded_on,
                contract.c.state,
                contract.c.register,
                contract.c.certificate_part,
                certificate.c.child_birth_date,
                certificate.c.status,
                programme.c.programme_guid,
                programme.c.years,
                programme.c.price,
                programme.c.hours,
                programme.c.normative,
            )
            .join(contract, contract.c.certificate_guid == certificate.c.guid)
            .join(programme, programme.c.group_guid == contract.c.group_guid)
            .where(
                certificate.c.oktmo == oktmo,
                contract.c.state.in_(_STUDIED),
                contract.c.start_date <= year_end(year - 1),
                contract.c.end_date >= date(year - 1, 1, 1),
            )
            .execution_options(yield_per=_AT_ONCE)
        )
        for row in connection.execute(chosen):
            yield Continuing(
                oktmo=oktmo,
                certificate_guid=row.certificate_guid,
                contract_id=row.contract_id,
                programme_guid=row.programme_guid,
                study_year=row.study_year,
                programme_years=row.years,
                start=row.start_date,
                concluded_on=row.concluded_on or row.start_date,
                birth_date=row.child_birth_date,
                status=CertificateStatus(row.status),
                state=ContractState(row.state),
                register=Register(row.register),
                wanted=_wanted(row),
            )

    def certificates_of_year(self, connection: Connection, *, year: int, after: str, limit: int) -> Sequence[str]:
        """Return the next GUIDs, in order, of certificates with accounts of `year`."""
        table = tables.balance
        chosen = (
            select(table.c.certificate_guid)
            .where(table.c.certificate_guid > after, table.c.period_from.between(date(year, 1, 1), year_end(year)))
            .distinct()
            .order_by(table.c.certificate_guid)
            .limit(limit)
        )
        return connection.scalars(chosen).all()

    # Offers

    def offer(self, connection: Connection, key: str) -> Offer | None:
        """Return an offer by its key."""
        table = tables.offer
        row = connection.execute(select(table).where(table.c.key == key)).mappings().first()
        return None if row is None else life_rows.offer_of(row)

    def offers_to_lapse(self, connection: Connection, today: date, *, limit: int) -> Sequence[Offer]:
        """Return open offers whose window is over, the oldest window first."""
        table = tables.offer
        chosen = select(table).where(table.c.state == OfferState.OFFERED.value, table.c.respond_by < today)
        found = connection.execute(chosen.order_by(table.c.respond_by, table.c.key).limit(limit)).mappings()
        return [life_rows.offer_of(row) for row in found]

    def offers_of(self, connection: Connection, guid: str) -> Sequence[Offer]:
        """Return all offers made to a certificate, by key: the oldest year first."""
        table = tables.offer
        found = connection.execute(
            select(table).where(table.c.certificate_guid == guid).order_by(table.c.key)
        ).mappings()
        return [life_rows.offer_of(row) for row in found]

    def save_offer(self, unit: UnitOfWork, offer: Offer) -> None:
        """Put an offer in or renew it, and touch it; the same again changes nothing and touches nothing."""
        table, connection = tables.offer, unit.connection
        stored = self.offer(connection, offer.key)
        if stored == offer:
            return
        row = life_rows.offer_row(offer)
        if stored is None:
            connection.execute(insert(table), [row | life_rows.offer_made(offer, self._clock())])
        else:
            connection.execute(update(table).where(table.c.key == offer.key).values(row))
        unit.touch((), (), [offer.key])

    def offers(self, connection: Connection, keys: Collection[str]) -> Mapping[str, OfferView]:
        """The renewal offers of these keys that are known, with the group of the next study year where one is known."""
        table = tables.offer
        found: dict[str, Offer] = {}
        for chunk in chunks(keys):
            for row in connection.execute(select(table).where(table.c.key.in_(chunk))).mappings():
                found[row["key"]] = life_rows.offer_of(row)
        previous = self.contracts(connection, {one.previous_contract_id for one in found.values()})
        groups = self._next_groups(connection, {one.programme_guid for one in found.values()})
        return {
            key: OfferView(
                offer=one,
                previous=previous[one.previous_contract_id],
                group=_next_group(
                    one, groups.get(one.programme_guid, ()), previous[one.previous_contract_id].programme
                ),
            )
            for key, one in found.items()
        }

    def _next_groups(self, connection: Connection, programmes: Collection[str]) -> dict[str, list[Programme]]:
        """All groups of programmes that tell their study year."""
        table = tables.programme
        found: dict[str, list[Programme]] = {}
        for chunk in chunks(programmes):
            condition = table.c.programme_guid.in_(chunk) & table.c.study_year.is_not(None)
            for group in self._programmes(connection, condition).values():
                found.setdefault(group.programme_guid, []).append(group)
        return found

    # Pools

    def pool(self, connection: Connection, oktmo: str, year: int, register: Register) -> Pool | None:
        """Return a municipality's pool, None when it was never stored."""
        table = tables.pool
        chosen = select(table).where(table.c.oktmo == oktmo, table.c.year == year, table.c.register == register.value)
        row = connection.execute(chosen).mappings().first()
        return None if row is None else life_rows.pool_of(row)

    def save_pool(self, unit: UnitOfWork, pool: Pool) -> None:
        """Store a pool as it is."""
        table, row = tables.pool, life_rows.pool_row(pool)
        same = (table.c.oktmo == pool.oktmo) & (table.c.year == pool.year) & (table.c.register == pool.register.value)
        if unit.connection.execute(update(table).where(same).values(row)).rowcount == 0:
            unit.connection.execute(insert(table), [row])


def _wanted(row: Any) -> int:
    register = Register(row.register)
    if register.counts:
        return 1
    price = int(row.hours if register is Register.HOUR else row.price)
    if not price:
        return int(row.certificate_part)
    return price if row.normative is None else min(price, int(row.normative))


def _next_group(offer: Offer, groups: Sequence[Programme], now: Programme | None) -> Programme | None:
    """Return the programme's group of the offered study year: at the child's place, starting in that year, if any."""
    fitting = [
        one
        for one in groups
        if one.study_year == offer.study_year and (one.start is None or one.start.year == offer.year)
    ]
    here = None if now is None else now.organisation.inn
    return min(
        fitting,
        key=lambda one: (one.organisation.inn != here, one.oktmo != offer.oktmo, one.start is None, one.group_guid),
        default=None,
    )
