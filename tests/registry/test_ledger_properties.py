"""Whatever is put in, in whatever order and however often: entries explain balances, and nothing goes below zero."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from tests.gateway.records import balance, certificate, child, guid

from socert.adapters.registry.builtin import ledger, tables
from socert.gateway.domain.records import Balance, CertificateStatus, Unit

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from tests.registry.book import Book

    from socert.gateway.domain.records import Certificate

AMOUNTS = st.integers(0, 10**9)
EACH = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""The database is emptied before each example, so one for the whole test will do."""


@st.composite
def balances(draw: st.DrawFn, years: tuple[int, ...] = (2026, 2027)) -> Balance:
    """A balance that holds."""
    reserved, spent, free = draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS)
    return balance(nominal=reserved + spent + free, reserved=reserved, spent=spent, year=draw(st.sampled_from(years)))


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    """One of three certificates in some state."""
    number = draw(st.integers(1, 3))
    return certificate(
        number,
        unit=Unit.HOUR if number == 3 else Unit.RUB,
        balance=draw(balances()),
        status=draw(st.sampled_from(CertificateStatus)),
        child=child(last_name=draw(st.sampled_from(["Журавлёв", "Соколенко"]))),
        consent_form=draw(st.sampled_from([None, "СС-2026"])),
    )


@st.composite
def batches(draw: st.DrawFn) -> list[Certificate]:
    """What one transaction puts in: a certificate stands in it once, as the import sees to."""
    made = draw(st.lists(certificates(), max_size=3))
    return list({item.number: item for item in made}.values())


def empty(book: Book) -> None:
    """Forget everything."""

    def work(connection: Connection) -> None:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))

    book.store.run(work)


def check_sums(book: Book) -> None:
    """Each balance is the sum of its entries, its parts are not negative and what is available neither."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for row in book.rows(tables.ledger_entry):
        total = sums.setdefault((row["certificate_guid"], row["period_from"]), [0, 0, 0])
        for place, name in enumerate(("nominal", "reserved", "spent")):
            total[place] += row[name]
    kept = {
        (row["certificate_guid"], row["period_from"]): [row["nominal"], row["reserved"], row["spent"]]
        for row in book.rows(tables.balance)
    }
    assert sums == kept
    for nominal, reserved, spent in kept.values():
        assert min(nominal, reserved, spent, nominal - reserved - spent) >= 0
    assert book.unbalanced() == []


@EACH
@given(st.lists(batches(), max_size=8))
def test_entries_explain_balances(book: Book, puts: list[list[Certificate]]) -> None:
    empty(book)
    last: dict[str, Certificate] = {}
    for batch in puts:
        put = book.certificates(*batch)
        assert put.new + put.changed + put.same == len(batch)
        assert set(book.touched[0]) <= {item.guid for item in batch}
        check_sums(book)
        last.update({item.guid: item for item in batch})
    seen = book.see(*last)
    for key, item in last.items():
        latest = seen[key].balances[-1]
        assert latest.period_from >= item.balance.period_from
        if latest.period_from == item.balance.period_from:
            assert replace(seen[key].certificate, balance=latest) == item


@EACH
@given(st.lists(batches(), max_size=5))
def test_repeats_change_nothing(book: Book, puts: list[list[Certificate]]) -> None:
    empty(book)
    for batch in puts:
        book.certificates(*batch)
        before = book.everything()
        put = book.certificates(*batch)
        assert (put.new, put.changed, put.same) == (0, 0, len(batch))
        assert book.touched == ([], [])
        assert book.everything() == before


@EACH
@given(st.lists(batches(), max_size=6))
def test_versions_grow_with_each_move_and_never_otherwise(book: Book, puts: list[list[Certificate]]) -> None:
    empty(book)
    for batch in puts:
        before = {key: view.version for key, view in book.see(guid(1), guid(2), guid(3)).items()}
        count = len(book.rows(tables.ledger_entry))
        book.certificates(*batch)
        entries = book.rows(tables.ledger_entry)[count:]
        after = {key: view.version for key, view in book.see(guid(1), guid(2), guid(3)).items()}
        for key, version in after.items():
            moved = [row["version"] for row in entries if row["certificate_guid"] == key]
            assert version == before.get(key, 0) + bool(moved)
            assert set(moved) <= {version}


@given(balances(years=(2026,)), balances(years=(2026,)))
def test_the_difference_of_two_balances_leads_from_one_to_the_other(before: Balance, after: Balance) -> None:
    """And every step on the way is a balance that holds, whichever bank clerk reads it."""
    at = before
    for entry in ledger.difference(before, after):
        at = balance(
            nominal=at.nominal + entry.nominal, reserved=at.reserved + entry.reserved, spent=at.spent + entry.spent
        )
        assert any((entry.nominal, entry.reserved, entry.spent)), "an entry that moves nothing is none"
    assert at == after
    kinds = [entry.kind for entry in ledger.difference(before, after)]
    assert len(kinds) == len(set(kinds)), "one of a kind in a version"


@given(balances(years=(2026,)))
def test_the_opening_makes_the_balance(made: Balance) -> None:
    entries = list(ledger.opening(made))
    assert (
        sum(entry.nominal for entry in entries),
        sum(entry.reserved for entry in entries),
        sum(entry.spent for entry in entries),
    ) == (made.nominal, made.reserved, made.spent)
    assert list(ledger.difference(made, made)) == []
