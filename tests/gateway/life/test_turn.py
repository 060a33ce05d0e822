"""1 January for all certificates of a real registry: whole or not at all, resumable, a repeat changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from tests.gateway import records
from tests.gateway.life.years import NEW_YEAR, VOLUME, YEAR, Town

from socert.adapters.registry.builtin.turning import Loaded
from socert.gateway.domain.policy import Carry, Register, Silence
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.life.turn_one import Tally, turn_one
from socert.gateway.store.tables import change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.gateway.life.turn import Run
    from socert.gateway.ports.life import Kept
    from socert.gateway.store.writer import Store

NOMINAL = 12000_00


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store, now=NEW_YEAR)


def run(town: Town, batch: int = 2) -> Run:
    return town.turn.run(year=YEAR, batch=batch)


def state(town: Town, guids: list[str]) -> Mapping[str, Any]:
    """Everything that a turn may change, to be compared."""

    def read(connection: Any) -> dict[str, Any]:
        found: dict[str, Any] = {
            guid: (town.registry.kept(connection, guid), town.registry.lives(connection, guid)) for guid in guids
        }
        found["changes"] = connection.scalar(select(func.count()).select_from(change))
        return found

    return town.look(read)


def by_the_rule(town: Town, guid: str) -> tuple[Kept, Any]:
    """What the rule says of one certificate by itself: before it, and after."""
    kept = town.kept(guid)
    lives = town.look(lambda connection: town.registry.lives(connection, guid))
    turned = turn_one(
        kept,
        lives,
        year=YEAR,
        today=town.today(),
        policy=town.policy,
        pool_of=lambda register: town.pool(register),
    )
    return kept, turned


def _lives(town: Town, guid: str, connection: Any) -> Any:
    return town.registry.lives(connection, guid)


@pytest.mark.invariant(6)
def test_the_shift_of_all_is_the_shift_of_each(town: Town) -> None:
    town.policy = replace(town.policy, carry=Carry.UP_TO, carry_limit=10_000)
    guids = [town.enrol(number) for number in range(1, 6)]
    expected = {guid: by_the_rule(town, guid)[1] for guid in guids}
    done = run(town)
    for guid in guids:
        kept = town.kept(guid)
        assert kept.book.accounts == expected[guid].shifted.book.accounts
        assert kept.certificate.status is expected[guid].status
        lives = town.look(partial(_lives, town, guid))
        assert list(lives) == list(expected[guid].shifted.contracts)
        assert (kept.book.available(2026, Register.RUB), kept.book.available(YEAR, Register.RUB)) == (0, 1_210_000)
    tally = done.tally
    assert (tally.certificates, tally.changed, tally.contracts, tally.failed) == (5, 5, 5, 0)
    assert (tally.expired, tally.carried) == ({Register.RUB: 250_000}, {Register.RUB: 50_000})
    assert tally.opened == {Register.RUB: 5 * (NOMINAL + 10_000)}
    assert town.look(town.registry.unbalanced) == []


@pytest.mark.invariant(6)
def test_a_second_run_changes_nothing(town: Town) -> None:
    guids = [town.enrol(number) for number in range(1, 4)]
    first = run(town)
    before = state(town, guids)
    second = run(town)
    assert state(town, guids) == before
    assert (first.number, second.number, second.tally.changed) == (1, 2, 0)
    assert second.tally == Tally(certificates=3)


@pytest.mark.invariant(6, 18)
@pytest.mark.parametrize("commits", range(7))
def test_a_run_killed_anywhere_goes_on_where_it_was(town: Town, commits: int) -> None:
    guids = [town.enrol(number) for number in range(1, 6)]
    assert town.killed(commits, lambda: run(town)) is (commits < 6)
    standing = town.look(lambda connection: town.turn.status(connection, year=YEAR))
    assert standing is None or (standing.finished_at is None) is (commits < 6)
    done = run(town)
    assert done.number == (1 if commits < 6 else 2)
    assert done.finished_at is not None
    if commits < 6:
        assert (done.tally.certificates, done.tally.changed) == (5, 5)
    assert [town.kept(guid).book.available(YEAR, Register.RUB) for guid in guids] == [NOMINAL] * 5
    assert [town.kept(guid).book.version for guid in guids] == [2] * 5


def test_two_runs_share_the_work(town: Town) -> None:
    guids = [town.enrol(number) for number in range(1, 7)]
    others: list[Run] = []

    def other(_done: Run) -> None:
        if not others:
            others.append(town.turn.run(year=YEAR, batch=1))

    done = town.turn.run(year=YEAR, batch=2, progress=other)
    assert others[0].tally.certificates == 6
    assert (done.number, done.tally) == (1, others[0].tally)
    assert [town.kept(guid).book.version for guid in guids] == [2] * 6


@pytest.mark.invariant(18)
def test_what_a_rule_refuses_is_listed_and_stops_nobody(town: Town) -> None:
    school_year = replace(records.balance(), period_from=date(2026, 9, 1), period_to=date(2027, 5, 31))
    good = [town.enrol(number) for number in (1, 3)]
    bad = town.enrol(2, payer={"balance": school_year})
    done = run(town)
    assert (done.tally.certificates, done.tally.changed, done.tally.failed) == (3, 2, 1)
    (failure,) = town.look(lambda connection: town.turn.failed(connection, year=YEAR))
    assert (failure.certificate_guid, failure.code) == (bad, RuleCode.PERIOD_NOT_A_YEAR.value)
    assert [town.kept(guid).book.available(YEAR, Register.RUB) for guid in good] == [NOMINAL] * 2
    run(town)
    assert len(town.look(lambda connection: town.turn.failed(connection, year=YEAR))) == 1


def test_what_our_own_code_fails_on_is_listed_and_stops_nobody(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    guids = [town.enrol(number) for number in range(1, 6)]
    save = Loaded.save

    def failing(loaded: Loaded, kept: Kept, **given: Any) -> None:
        if kept.certificate.guid == guids[2]:
            raise ZeroDivisionError("the child's name")
        save(loaded, kept, **given)

    with monkeypatch.context() as patched:
        patched.setattr(Loaded, "save", failing)
        done = run(town, batch=4)
    assert (done.tally.certificates, done.tally.changed, done.tally.failed) == (5, 4, 1)
    (failure,) = town.look(lambda connection: town.turn.failed(connection, year=YEAR))
    assert (failure.certificate_guid, failure.code) == (guids[2], "TECHNICAL")
    assert "name" not in failure.text
    mended = run(town)
    assert (mended.tally.changed, mended.tally.failed) == (1, 0)
    assert town.look(lambda connection: town.turn.failed(connection, year=YEAR)) == []


@pytest.mark.invariant(6)
def test_a_contract_over_new_year_keeps_its_second_part(town: Town) -> None:
    guid = town.enrol(1, end=date(2027, 5, 31))
    town.run(
        lambda unit: town.registry.put_certificates(
            unit,
            [
                records.certificate(
                    1, child=town.kept(guid).certificate.child, balance=records.balance(20_000, 20_000, year=2027)
                )
            ],
        )
    )
    before = town.look(lambda connection: town.registry.lives(connection, guid))[0]
    run(town)
    after = town.look(lambda connection: town.registry.lives(connection, guid))[0]
    held = [before.held(month) for month in before.months if month.year == YEAR]
    assert [after.held(month) for month in after.months if month.year == YEAR] == held
    assert sum(held) > 0
    assert after.state is ContractState.ACTIVE
    assert [after.held(month) for month in after.months if month.year == 2026] == [0] * 4


def test_a_child_who_has_come_of_age_expires_and_gets_nothing(town: Town) -> None:
    grown = records.child(birth_date=date(2009, 1, 1), snils="20000000009")
    young = records.child(birth_date=date(2009, 1, 2), snils="20000000010", birth_certificate="II-ЖД 000010")
    guids = [town.enrol(1, payer={"child": grown}), town.enrol(2, payer={"child": young})]
    done = run(town)
    assert [town.kept(guid).certificate.status for guid in guids] == [
        CertificateStatus.EXPIRED,
        CertificateStatus.ACTIVE,
    ]
    assert [town.kept(guid).book.available(YEAR, Register.RUB) for guid in guids] == [0, NOMINAL]
    assert done.tally.ended == 1


@pytest.mark.parametrize("status", [CertificateStatus.ANNULLED, CertificateStatus.EXPIRED])
def test_an_ended_certificate_gets_nothing(town: Town, status: CertificateStatus) -> None:
    guid = town.enrol(1, payer={"status": status})
    run(town)
    assert town.kept(guid).book.account(YEAR, Register.RUB) is None
    assert town.kept(guid).certificate.status is status


@pytest.mark.invariant(14)
def test_nominals_of_the_new_year_stay_within_the_municipalitys_limit(town: Town) -> None:
    town.limit(2 * NOMINAL + 5)
    guids = [town.enrol(number) for number in (1, 2, 3)]
    done = run(town)
    assert (done.tally.short, done.tally.opened[Register.RUB]) == (1, 2 * NOMINAL)
    assert [town.kept(guid).book.available(YEAR, Register.RUB) for guid in guids] == [NOMINAL, NOMINAL, 0]
    assert town.kept(guids[2]).certificate.status is CertificateStatus.EXHAUSTED
    assert town.pool().taken == 2 * NOMINAL
    town.limit(3 * NOMINAL)
    assert run(town).tally.changed == 1
    assert town.kept(guids[2]).certificate.status is CertificateStatus.ACTIVE
    assert town.pool().taken == 3 * NOMINAL


@pytest.mark.seed("priority")
@pytest.mark.invariant(14)
def test_what_silence_took_is_part_of_the_new_years_nominal(town: Town) -> None:
    town.at(date(2026, 12, 7))
    town.limit(NOMINAL, silence=Silence.ACCEPT)
    continuing = town.enrol(2)
    town.offering.make(year=YEAR)
    other = town.enrol(1, study_year=3)
    town.clock.now = NEW_YEAR
    run(town)
    # The offered volume came first; what the limit leaves tops it up, and nothing is left for the one without offer.
    assert [entry.nominal for entry in town.kept(continuing).book.entries.values() if entry.account.year == YEAR] == [
        VOLUME,
        NOMINAL - VOLUME,
    ]
    assert town.kept(other).book.available(YEAR, Register.RUB) == 0
    assert (town.pool().held, town.pool().taken) == (0, NOMINAL)


def test_a_year_that_is_not_over_is_not_turned(town: Town) -> None:
    guid = town.enrol(1)
    town.at(date(2026, 12, 31))
    with pytest.raises(Refused) as refused:
        run(town)
    assert refused.value.rule is RuleCode.YEAR_NOT_OVER
    assert town.kept(guid).book.account(YEAR, Register.RUB) is None
    assert town.look(lambda connection: town.turn.status(connection, year=YEAR)) is None


def test_a_preview_changes_nothing_and_says_what_the_run_will_do(town: Town) -> None:
    town.limit(4 * NOMINAL)
    town.policy = replace(town.policy, carry=Carry.ALL)
    school_year = replace(records.balance(), period_from=date(2026, 9, 1), period_to=date(2027, 5, 31))
    guids = [town.enrol(number) for number in range(1, 6)]
    town.enrol(7, payer={"balance": school_year})
    town.at(date(2026, 11, 30))
    before = state(town, guids)
    steps: list[int] = []
    seen = town.turn.preview(year=YEAR, batch=4, progress=lambda tally: steps.append(tally.certificates))
    assert state(town, guids) == before
    assert steps == [4, 6]
    town.clock.now = NEW_YEAR
    assert run(town).tally == seen
    assert (seen.short, seen.failed) == (1, 1)


def test_a_preview_of_one_municipality_counts_its_own_certificates(town: Town) -> None:
    town.enrol(1)
    town.enrol(2, payer={"oktmo": "11605001"})
    assert town.turn.preview(year=YEAR, oktmo="11605001").certificates == 1


def test_a_tally_is_kept_as_it_was() -> None:
    tally = Tally(certificates=3, failed=1)
    tally.expired[Register.HOUR] = 5
    assert Tally.of_text(tally.as_text()) == tally
