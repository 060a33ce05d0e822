"""The built-in registry: what is put in comes out, once, and its balances explain themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError
from tests.gateway.records import (
    GROUP,
    SNILS,
    balance,
    certificate,
    child,
    contract,
    guid,
    municipality,
    parent,
    programme,
)

from socert.adapters.registry.builtin import tables
from socert.gateway.domain.records import CertificateStatus, OrganisationKind, Unit
from socert.gateway.ports import Put, Wanted

if TYPE_CHECKING:
    from tests.registry.book import Book


def entries(book: Book) -> list[tuple[Any, ...]]:
    """Return the ledger as (certificate, period, version, kind, nominal, reserved, spent)."""
    return [
        (
            row["certificate_guid"][-2:],
            row["period_from"].year,
            row["version"],
            row["kind"],
            row["nominal"],
            row["reserved"],
            row["spent"],
        )
        for row in book.rows(tables.ledger_entry)
    ]


# --- in and out -------------------------------------------------------------------------------------------------------


def test_a_certificate_comes_out_as_it_was_put_in(book: Book) -> None:
    whole = certificate(1, balance=balance(reserved=300, spent=20))
    bare = certificate(
        2,
        child=child(snils=None, middle_name=None, birth_certificate=None),
        applicant=parent(snils=None),
        valid_to=None,
        consent_form=None,
        unit=Unit.HOUR,
        with_funds=False,
        status=CertificateStatus.SUSPENDED,
    )
    book.municipalities(municipality())
    assert book.certificates(whole, bare) == Put(new=2)
    seen = book.see(guid(1), guid(2), guid(3))
    assert {key: view.certificate for key, view in seen.items()} == {guid(1): whole, guid(2): bare}
    assert [view.version for view in seen.values()] == [1, 1]
    assert seen[guid(1)].municipality == municipality()


def test_a_contract_comes_out_as_it_was_put_in(book: Book) -> None:
    book.programmes(programme())
    book.certificates(certificate())
    assert book.contracts(contract(1), contract(2, group_guid="unknown")) == Put(new=2)
    seen = book.see_contracts("РД-1", "РД-2", "РД-3")
    assert {key: view.contract for key, view in seen.items()} == {
        "РД-1": contract(1),
        "РД-2": contract(2, group_guid="unknown"),
    }
    assert (seen["РД-1"].programme, seen["РД-2"].programme) == (programme(), None)
    assert seen["РД-1"].certificate_guid == guid(1)


def test_the_same_again_changes_nothing(book: Book) -> None:
    def put() -> list[Put]:
        return [
            book.municipalities(municipality()),
            book.programmes(programme()),
            book.certificates(certificate(1), certificate(2)),
            book.contracts(contract()),
        ]

    assert put() == [Put(new=1), Put(new=1), Put(new=2), Put(new=1)]
    before = book.everything()
    assert put() == [Put(same=1), Put(same=1), Put(same=2), Put(same=1)]
    assert book.everything() == before
    assert book.touched == ([], []), "nothing to tell the portal"


def test_counts(book: Book) -> None:
    book.certificates(certificate(1), certificate(2))
    book.contracts(contract())
    assert book.run(book.registry.count) == (2, 1)


def test_nothing_put_in_is_no_work(book: Book) -> None:
    assert [book.certificates(), book.contracts(), book.municipalities(), book.programmes()] == [Put()] * 4


def test_a_known_number_keeps_its_guid(book: Book) -> None:
    """The portal knows the certificate by it."""
    book.certificates(certificate())
    moved = replace(certificate(balance=balance(spent=5)), guid=guid(9))
    assert book.certificates(moved) == Put(changed=1)
    assert book.touched == ([guid(1)], [])
    assert list(book.see(guid(1), guid(9))) == [guid(1)]
    assert book.certificates(moved) == Put(same=1)


def test_two_certificates_never_share_a_guid(book: Book) -> None:
    book.certificates(certificate(1))
    with pytest.raises(IntegrityError):
        book.certificates(replace(certificate(2), guid=guid(1)))
    assert len(book.rows(tables.certificate)) == 1


def test_a_contract_needs_its_certificate(book: Book) -> None:
    with pytest.raises(KeyError):
        book.contracts(contract())


def test_briefs_tell_what_contracts_need(book: Book) -> None:
    book.certificates(certificate(1, unit=Unit.HOUR, balance=balance(nominal=700)))
    briefs = book.run(lambda unit: book.registry.certificates_by_number(unit, ["7700000001", "unknown"]))
    (brief,) = briefs.values()
    assert (brief.guid, brief.unit, brief.nominal) == (guid(1), Unit.HOUR, 700)


# --- what is touched --------------------------------------------------------------------------------------------------


def test_a_new_municipality_touches_the_certificates_that_wait_for_it(book: Book) -> None:
    book.certificates(certificate(1), certificate(2, oktmo="99999000"))
    book.municipalities(municipality())
    assert book.touched == ([guid(1)], [])
    book.municipalities(municipality(name="Нижнелесье"))
    assert book.touched == ([guid(1)], [])


def test_a_programme_touches_its_contracts(book: Book) -> None:
    book.certificates(certificate())
    book.contracts(contract(1), contract(2, group_guid="another"))
    book.programmes(programme())
    assert book.touched == ([], ["РД-1"])


def test_an_organisation_that_changes_touches_the_contracts_of_its_programmes(book: Book) -> None:
    """Their cards show its name and kind."""
    book.programmes(programme())
    book.certificates(certificate())
    book.contracts(contract())
    other = replace(programme().organisation, kind=OrganisationKind.MUNICIPAL, kpp="770101001")
    assert book.programmes(programme(organisation=other)) == Put(changed=1)
    assert book.touched == ([], ["РД-1"])
    assert book.see_contracts("РД-1")["РД-1"].programme == programme(organisation=other)


def test_a_contract_that_moves_to_another_certificate_is_touched(book: Book) -> None:
    book.certificates(certificate(1), certificate(2))
    book.contracts(contract(1, payer=1))
    assert book.contracts(contract(1, payer=2)) == Put(changed=1)
    assert book.touched == ([], ["РД-1"])
    assert list(book.contracts_of([guid(2)])) == ["РД-1"]


def test_contracts_of_certificates_come_in_a_stable_order(book: Book) -> None:
    book.certificates(certificate(1), certificate(2))
    book.contracts(contract(3, payer=2), contract(2, payer=1), contract(1, payer=1))
    assert list(book.contracts_of([guid(2), guid(1)])) == ["РД-1", "РД-2", "РД-3"]
    assert list(book.contracts_of([])) == []


# --- finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(snils=SNILS), ["7700000001", "7700000002"]),
        (Wanted(snils="20000000013"), ["7700000003"]),
        (Wanted(birth_certificate="II-ЖД 700116"), ["7700000003"]),
        (Wanted(guid=guid(1)), ["7700000001"]),
        (Wanted(guid=guid(1).upper()), ["7700000001"]),
        (Wanted(guid=guid(1), snils="20000000013"), ["7700000001", "7700000003"]),
        (Wanted(snils="00000000000"), []),
        (Wanted(), []),
    ],
)
def test_a_certificate_is_found_by_any_mark_that_is_given(book: Book, wanted: Wanted, numbers: list[str]) -> None:
    other = child(snils="20000000013", birth_certificate="II-ЖД 700116")
    book.certificates(certificate(1), certificate(2), certificate(3, child=other))
    assert book.find(wanted) == numbers


def test_ten_are_found_at_most(book: Book) -> None:
    book.certificates(*(certificate(number) for number in range(1, 15)))
    assert book.find(Wanted(snils=SNILS)) == [f"77{number:08d}" for number in range(1, 11)]


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_balances_move_by_entries(book: Book) -> None:
    book.certificates(certificate(balance=balance(nominal=1000, reserved=300, spent=20)))
    book.certificates(certificate(balance=balance(nominal=1000, reserved=250, spent=70)))
    book.certificates(certificate(balance=balance(nominal=900, reserved=0, spent=60)))
    assert entries(book) == [
        ("01", 2026, 1, "issue", 1000, 0, 0),
        ("01", 2026, 1, "reserve", 0, 320, 0),
        ("01", 2026, 1, "charge", 0, -20, 20),
        ("01", 2026, 2, "charge", 0, -50, 50),
        ("01", 2026, 3, "adjust", -100, 0, -10),
        ("01", 2026, 3, "release", 0, -250, 0),
    ]
    assert book.see(guid(1))[guid(1)].version == 3
    assert book.unbalanced() == []


def test_a_change_that_moves_no_money_makes_no_entry(book: Book) -> None:
    book.certificates(certificate())
    assert book.certificates(certificate(child=child(last_name="Соколенко"))) == Put(changed=1)
    assert len(entries(book)) == 1
    assert book.see(guid(1))[guid(1)].version == 1


def test_a_new_period_begins_with_a_balance_of_its_own(book: Book) -> None:
    book.certificates(certificate(balance=balance(nominal=1000, spent=1000, year=2026)))
    book.certificates(certificate(balance=balance(nominal=500, year=2027)))
    assert [(row["period_from"], row["nominal"]) for row in book.rows(tables.balance)] == [
        (date(2026, 1, 1), 1000),
        (date(2027, 1, 1), 500),
    ]
    seen = book.see(guid(1))[guid(1)]
    now, then = balance(nominal=1000, spent=1000, year=2026), balance(nominal=500, year=2027)
    assert (seen.certificate.balance, seen.balances, seen.version) == (now, (now, then), 2), "it is 2026"
    assert book.unbalanced() == []


def test_last_year_s_record_does_not_undo_this_year_s(book: Book) -> None:
    """An old export that is taken again tells of a period that is over."""
    now, then = balance(nominal=500, year=2027), balance(nominal=1000, spent=1000, year=2026)
    book.certificates(certificate(balance=then))
    book.certificates(certificate(balance=now))
    book.certificates(certificate(balance=replace(then, spent=900)))
    assert book.unbalanced() == []
    assert book.see(guid(1))[guid(1)].balances == (replace(then, spent=900), now)
    (old, _) = book.rows(tables.balance)
    assert (old["nominal"], old["spent"]) == (1000, 900)


@pytest.mark.parametrize(
    "wrong",
    [balance(nominal=100, reserved=60, spent=60), balance(reserved=-1), balance(nominal=-1), balance(spent=-1)],
)
def test_no_balance_below_zero_is_ever_kept(book: Book, wrong: Any) -> None:
    book.certificates(certificate())
    before = book.everything()
    for number in (1, 2):
        with pytest.raises(IntegrityError):
            book.certificates(certificate(number, balance=wrong))
    assert book.everything() == before


def test_a_balance_that_its_entries_do_not_explain_is_named(book: Book) -> None:
    book.certificates(*(certificate(number) for number in range(1, 4)))

    def tamper(connection: Any) -> None:
        row = tables.balance.c
        connection.execute(tables.balance.update().where(row.certificate_guid == guid(2)).values(spent=1))
        entry = tables.ledger_entry
        connection.execute(entry.delete().where(entry.c.certificate_guid == guid(3)))

    book.store.run(tamper)
    assert book.unbalanced() == ["7700000002", "7700000003"]


def test_sums_of_any_size_are_kept(book: Book) -> None:
    """Hundredths of large sums do not fit into 32 bits."""
    large = balance(nominal=10**15, reserved=10**14, spent=10**13)
    book.certificates(certificate(balance=large))
    book.programmes(programme(price=10**12))
    assert book.see(guid(1))[guid(1)].certificate.balance == large
    assert book.unbalanced() == []


def test_many_records_in_one_transaction(book: Book) -> None:
    many = range(1, 1503)
    book.municipalities(municipality())
    book.programmes(programme())
    assert book.certificates(*(certificate(number) for number in many)) == Put(new=1502)
    assert book.contracts(*(contract(number, payer=number) for number in many)) == Put(new=1502)
    assert book.certificates(*(certificate(number, balance=balance(spent=1)) for number in many)) == Put(changed=1502)
    assert len(book.see(*(guid(number) for number in many))) == 1502
    assert book.unbalanced() == []
    assert GROUP in {view.contract.group_guid for view in book.see_contracts("РД-1").values()}
