"""The priority right in the registry: who continues, what was offered to whom, and what a municipality has left."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError
from tests.gateway.records import GROUP, OKTMO, certificate, contract, guid, programme
from tests.registry.keeper import RUB_2026, Keeper

from socert.adapters.registry.builtin import tables
from socert.gateway.domain.ledger import AccountKey
from socert.gateway.domain.policy import Silence
from socert.gateway.domain.records import CertificateStatus, ContractState, Register, Unit
from socert.gateway.domain.renewal import Offer, OfferState, Pool, decline, offer_id, offer_key
from socert.gateway.domain.turn import Continuing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.registry.book import Book

PROGRAMME = programme().programme_guid


def pupils(book: Book, year: int = 2027, oktmo: str | None = None) -> list[Continuing]:
    """Return the continuing pupils, in one order."""
    found = book.store.look(lambda connection: list(book.registry.pupils(connection, year=year, oktmo=oktmo)))
    return sorted(found, key=lambda one: one.contract_id)


def made(number: int = 1, **changes: Any) -> Offer:
    """Return an offer to certificate `number` for going on with its contract."""
    return replace(
        Offer(
            key=offer_key(guid(number), PROGRAMME, 2027),
            certificate_guid=guid(number),
            previous_contract_id=f"РД-{number}",
            programme_guid=PROGRAMME,
            study_year=2,
            oktmo=OKTMO,
            year=2027,
            register=Register.RUB,
            volume=500_000,
            rank=number,
            since=date(2026, 12, 1),
            respond_by=date(2026, 12, 20),
            silence=Silence.DECLINE,
        ),
        **changes,
    )


def save(book: Book, *offers: Offer) -> None:
    """Store offers in one unit of work."""

    def work(unit: Any) -> None:
        for offer in offers:
            book.registry.save_offer(unit, offer)

    book.run(work)


# Who continues


@pytest.mark.invariant(14)
@pytest.mark.seed("priority", "after-first-year")
def test_pupils_of_the_year_that_ends_may_continue(book: Book) -> None:
    book.programmes(programme(normative=800_000))
    book.certificates(*(certificate(number) for number in range(1, 4)), certificate(4, oktmo="99999000"))
    book.contracts(
        contract(1, payer=1),
        contract(2, payer=2, state=ContractState.COMPLETED, study_year=2, concluded_on=None),
        contract(3, payer=3, state=ContractState.TERMINATED),
        contract(4, payer=4),
        contract(5, payer=1, start=date(2025, 9, 1), end=date(2025, 12, 31)),
        contract(6, payer=1, start=date(2025, 9, 1), end=date(2026, 5, 31)),
        contract(7, payer=1, start=date(2027, 1, 1), end=date(2027, 5, 31)),
        contract(8, payer=1, group_guid="unknown"),
    )
    first = Continuing(
        oktmo=OKTMO,
        certificate_guid=guid(1),
        contract_id="РД-1",
        programme_guid=PROGRAMME,
        study_year=1,
        programme_years=3,
        start=date(2026, 9, 1),
        concluded_on=date(2026, 9, 1),
        birth_date=date(2014, 3, 15),
        status=CertificateStatus.ACTIVE,
        state=ContractState.ACTIVE,
        register=Register.RUB,
        wanted=800_000,
    )
    found = pupils(book)
    assert [one.contract_id for one in found] == ["РД-1", "РД-2", "РД-4", "РД-6"]
    assert found[0] == first
    assert found[1] == replace(
        first, certificate_guid=guid(2), contract_id="РД-2", study_year=2, state=ContractState.COMPLETED
    )
    assert [one.contract_id for one in pupils(book, oktmo="99999000")] == ["РД-4"]
    assert [one.contract_id for one in pupils(book, year=2028)] == ["РД-7"]


def test_municipalities_come_one_after_another(book: Book) -> None:
    """Each is planned by itself."""
    book.programmes(programme())
    book.certificates(*(certificate(number, oktmo=f"{99 - number % 3}000000") for number in range(1, 10)))
    book.contracts(*(contract(number, payer=number) for number in range(1, 10)))
    found = book.store.look(lambda connection: [one.oktmo for one in book.registry.pupils(connection, year=2027)])
    assert found == ["97000000"] * 3 + ["98000000"] * 3 + ["99000000"] * 3


@pytest.mark.parametrize(
    ("unit", "group", "wanted"),
    [
        (Unit.RUB, {}, 900_000),
        (Unit.RUB, {"normative": 1_000_000}, 900_000),
        (Unit.RUB, {"normative": 10}, 10),
        (Unit.HOUR, {}, 7200),
        (Unit.HOUR, {"normative": 3600}, 3600),
        (Unit.HOUR, {"hours": 0}, 40_000),
        (Unit.RUB, {"price": 0, "normative": 10}, 40_000),
    ],
)
def test_what_is_wanted_is_what_the_certificate_would_pay_of_the_next_year(
    book: Book, unit: Unit, group: dict[str, Any], wanted: int
) -> None:
    book.programmes(programme(**group))
    book.certificates(certificate(unit=unit))
    book.contracts(contract(unit=unit))
    assert [one.wanted for one in pupils(book)] == [wanted]


def test_a_programme_of_a_count_register_wants_one(keeper: Keeper) -> None:
    count = AccountKey(year=2026, register=Register.SIGNIFICANT)
    keeper.book.programmes(programme(register=Register.SIGNIFICANT))
    keeper.issue(accounts=((RUB_2026, 0), (count, 1)))
    step = keeper.request(kept=replace(keeper.kept(), register=Register.SIGNIFICANT), price=1)
    keeper.save(step)
    keeper.conclude()
    assert [(one.register, one.wanted) for one in pupils(keeper.book)] == [(Register.SIGNIFICANT, 1)]
    view = keeper.book.see_contracts("c-1")["c-1"]
    assert (view.contract.register, view.contract.certificate_part) == (Register.SIGNIFICANT, 1)


def test_the_stream_of_pupils_is_not_kept_in_memory(book: Book) -> None:
    """Thousands of pupils of one municipality take no more than a few batches of them."""
    book.programmes(programme())
    count, batch = 4000, 1000
    for start in range(1, count, batch):
        numbers = range(start, start + batch)
        book.certificates(*(certificate(number) for number in numbers))
        book.contracts(*(contract(number, payer=number) for number in numbers))

    def drain(connection: Any) -> int:
        sum(1 for _ in book.registry.pupils(connection, year=2000))  # what is made once for all queries is no part
        tracemalloc.start()
        seen = sum(1 for _ in book.registry.pupils(connection, year=2027))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_200_000, "bytes: a few batches, not all pupils"
        return seen

    assert book.store.look(drain) == count


# Offers


def ready(book: Book, numbers: Sequence[int] = (1, 2)) -> None:
    """Import the certificates and contracts that are continued."""
    book.programmes(programme())
    book.certificates(*(certificate(number) for number in numbers))
    book.contracts(*(contract(number, payer=number) for number in numbers))


def test_an_offer_comes_out_as_it_was_saved(book: Book) -> None:
    ready(book)
    save(book, made(1), made(2, silence=Silence.ACCEPT, register=Register.HOUR))
    registry, look = book.registry, book.store.look
    assert look(lambda connection: registry.offer(connection, made(1).key)) == made(1)
    assert look(lambda connection: registry.offer(connection, "unknown")) is None
    assert look(lambda connection: list(registry.offers_of(connection, guid(2)))) == [
        made(2, silence=Silence.ACCEPT, register=Register.HOUR)
    ]
    (first, _) = book.rows(tables.offer, tables.offer.c.key)
    assert first["offer_id"] == offer_id(made(1).key)
    assert book.touched_offers == [made(1).key, made(2).key]


def test_an_offer_is_renewed_and_the_same_again_is_no_change(book: Book) -> None:
    ready(book)
    save(book, made())
    before = book.everything()
    save(book, made())
    assert (book.everything(), book.touched_offers) == (before, [])
    answered = replace(made(), state=OfferState.ACCEPTED, version=2, volume=5)
    save(book, answered)
    assert book.store.look(lambda connection: book.registry.offer(connection, made().key)) == answered
    assert book.touched_offers == [made().key]


@pytest.mark.invariant(14)
def test_nobody_is_offered_twice(book: Book) -> None:
    """The database says so, whatever key somebody makes up."""
    ready(book)
    save(book, made())
    with pytest.raises(IntegrityError):
        save(book, made(key="another"))


def test_offers_whose_window_is_over(book: Book) -> None:
    ready(book, (1, 2, 3))
    save(book, made(1), made(2, state=OfferState.DECLINED), made(3, respond_by=date(2026, 12, 10)))

    def over(today: date, limit: int = 10) -> list[int]:
        registry = book.registry
        found = book.store.look(lambda connection: registry.offers_to_lapse(connection, today, limit=limit))
        return [offer.rank for offer in found]

    assert over(date(2026, 12, 10)) == []
    assert over(date(2026, 12, 11)) == [3]
    assert over(date(2026, 12, 21)) == [3, 1]
    assert over(date(2026, 12, 21), limit=1) == [3]


def test_an_offer_s_card_shows_what_it_continues_and_what_would_follow(book: Book) -> None:
    ready(book)
    other = replace(programme().organisation, inn="0007654321")
    following = programme(group_guid="next", study_year=2, start=date(2027, 1, 11), end=date(2027, 12, 31))
    book.programmes(
        programme(group_guid="elsewhere", study_year=2, organisation=other),
        programme(group_guid="third", study_year=3),
        programme(group_guid="former", study_year=2, start=date(2026, 1, 11), end=date(2026, 12, 31)),
        following,
    )
    save(book, made(1), made(2, study_year=4))
    seen = book.store.look(lambda connection: book.registry.offers(connection, [made(1).key, made(2).key, "unknown"]))
    first, second = seen[made(1).key], seen[made(2).key]
    assert (first.offer, first.group) == (made(1), following)
    assert (first.previous.contract, first.previous.programme) == (contract(1), programme())
    assert (second.previous.contract.contract_id, second.group) == ("РД-2", None)
    assert GROUP not in {one.group.group_guid for one in seen.values() if one.group}


# Pools


@pytest.mark.invariant(14)
@pytest.mark.parametrize("wrong", [{"held": 70, "taken": 40}, {"held": -1}, {"taken": -1}])
def test_a_pool_never_gives_more_than_it_has(book: Book, wrong: dict[str, Any]) -> None:
    """Whatever code writes it."""
    pool = Pool(oktmo=OKTMO, year=2027, register=Register.RUB, limit=100)
    book.run(lambda unit: book.registry.save_pool(unit, pool.hold(60)))
    with pytest.raises(IntegrityError):
        book.run(lambda unit: book.registry.save_pool(unit, replace(pool, **wrong)))
    assert kept_pool(book) == pool.hold(60)


def test_a_pool_is_stored_as_it_is(book: Book) -> None:
    assert kept_pool(book) is None
    without = Pool(oktmo=OKTMO, year=2027, register=Register.RUB, limit=None, held=500_000)
    ready(book)
    book.run(lambda unit: book.registry.save_pool(unit, without))
    assert kept_pool(book) == without
    answered = decline(made(), without, seen=1, today=date(2026, 12, 10))
    book.run(lambda unit: book.registry.save_pool(unit, answered.pool))
    assert kept_pool(book) == replace(without, held=0)
    assert kept_pool(book, Register.HOUR) is None


def kept_pool(book: Book, register: Register = Register.RUB) -> Pool | None:
    """Return the municipality's pool as it is stored."""
    return book.store.look(lambda connection: book.registry.pool(connection, OKTMO, 2027, register))
