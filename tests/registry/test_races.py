"""Two at once on PostgreSQL, without waiting for each other's turn: the database itself lets one of them win."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.databases import migrate
from tests.gateway.records import Clock, child, guid
from tests.registry.book import Book
from tests.registry.keeper import CHILD, RUB_2026, TERMS, Keeper, fresh, opening

from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.domain.certificate import child_keys
from socert.gateway.domain.ledger import AccountKey
from socert.gateway.domain.records import CertificateStatus, Register, Unit
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.ports import KeyTakenError
from socert.gateway.store.engine import open_engine
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gateway.databases import Postgres

SECONDS = 30
ROUNDS = 10


@pytest.fixture
def pair(postgres: Postgres) -> Iterator[tuple[Keeper, Keeper]]:
    """One database, and two registries that reach it as two processes would: by stores of their own."""
    name = postgres.make(migrated=False)
    url = postgres.url(name)
    migrate(url)
    stores = [Store(open_engine(url)) for _ in range(2)]
    first, second = (Keeper(book=Book(store=store, registry=BuiltinRegistry(clock=Clock()))) for store in stores)
    yield first, second
    for store in stores:
        store.close()
    postgres.drop(name)


def at_once(pair: tuple[Keeper, Keeper], *works: Callable[[BuiltinRegistry, Any], Any]) -> list[Any]:
    """Run a work in each registry so that both are inside their transactions; return results and errors, in order."""
    inside = Barrier(2)

    def run(keeper: Keeper, work: Callable[[BuiltinRegistry, Any], Any]) -> Any:
        def both(unit: Any) -> Any:
            unit.connection.exec_driver_sql("SELECT 1")
            inside.wait(SECONDS)
            return work(keeper.book.registry, unit)

        try:
            return keeper.book.run(both)
        except (KeyTakenError, Refused) as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(run, keeper, work) for keeper, work in zip(pair, works, strict=True)]
        return [future.result(SECONDS) for future in futures]


@pytest.mark.invariant(8)
@pytest.mark.seed("by-itself")
def test_two_enrolments_at_once_issue_one_certificate(pair: tuple[Keeper, Keeper]) -> None:
    """One knows the child by SNILS and document, the other by the document alone."""
    for number in range(1, ROUNDS + 1):
        document = f"II-ЖД {700_100 + number}"
        born = child(snils=f"{number:011d}", birth_certificate=document)

        def issue(registry: BuiltinRegistry, unit: Any, *, as_number: int, keys: list[str], born: Any = born) -> Any:
            made = fresh(as_number, child=born)
            return registry.issue(unit, made, keys=keys, order_id=None, entries=opening((RUB_2026, 1)))

        keys = [f"snils:{number:011d}", f"document:{document}"]
        done = at_once(
            pair,
            partial(issue, as_number=2 * number, keys=keys),
            partial(issue, as_number=2 * number + 1, keys=keys[1:]),
        )
        assert sum(isinstance(one, KeyTakenError) for one in done) == 1
        assert sum(keeper_has(pair[0], 2 * number + more) for more in (0, 1)) == 1
    assert pair[0].book.unbalanced() == []


def keeper_has(keeper: Keeper, number: int) -> bool:
    """Say whether a certificate is there."""
    return guid(number) in keeper.book.see(guid(number))


@pytest.mark.invariant(8)
def test_an_annulled_certificate_is_followed_by_one(pair: tuple[Keeper, Keeper]) -> None:
    last = pair[0].issue(1)

    def again(registry: BuiltinRegistry, unit: Any, *, number: int) -> Any:
        entries = opening((RUB_2026, 1))
        return registry.issue(unit, fresh(number), keys=child_keys(CHILD), order_id=None, entries=entries)

    for number in range(2, 2 * ROUNDS, 2):
        annul = partial(pair[0].book.registry.save, kept=last, status=CertificateStatus.ANNULLED)
        pair[0].book.run(annul)
        done = at_once(pair, partial(again, number=number), partial(again, number=number + 1))
        (last,) = [one for one in done if not isinstance(one, KeyTakenError)]
        live = [one for one in (number, number + 1) if keeper_has(pair[0], one)]
        assert [guid(one) for one in live] == [last.certificate.guid]


@pytest.mark.invariant(1, 10)
@pytest.mark.seed("volume")
def test_two_reserves_of_the_last_hour_and_one_wins(pair: tuple[Keeper, Keeper]) -> None:
    """Both were quoted while the hour was free; whoever commits second is told that it is gone, and holds nothing."""
    hours = AccountKey(year=2026, register=Register.HOUR)
    for number in range(1, ROUNDS + 1):
        pair[0].issue(
            number,
            accounts=((hours, 100),),
            unit=Unit.HOUR,
            child=child(snils=f"{number:011d}", birth_certificate=None),
        )
        kept = pair[0].kept(number)
        steps = [pair[0].request(f"c-{number}-{who}", payer=number, price=100) for who in (1, 2)]

        def reserve(registry: BuiltinRegistry, unit: Any, *, step: Any, kept: Any = kept) -> Any:
            terms = {step.contract.contract_id: TERMS}
            return registry.save(unit, kept, entries=step.entries, contracts=[step.contract], terms=terms)

        done = at_once(pair, *(partial(reserve, step=step) for step in steps))
        (lost,) = [one for one in done if isinstance(one, Refused)]
        assert lost.rule is RuleCode.STALE_BALANCE
        balance = pair[1].kept(number).certificate.balance
        assert (balance.reserved, balance.available) == (100, 0)
        assert len(pair[1].lives(number)) == 1
    assert pair[0].book.unbalanced() == []
