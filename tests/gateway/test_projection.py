"""What the account is told, held back, closed and told again, as the registry changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.records import (
    CONSENT,
    PARENT_SNILS,
    balance,
    certificate,
    child,
    contract,
    guid,
    municipality,
    parent,
    programme,
)
from tests.gateway.region import consents_of

from socert.contracts.portal import account
from socert.gateway.domain.records import CertificateStatus, ContractState, Unit
from socert.gateway.projection import HOLD_REASONS, Hold, Projector, explain
from socert.gateway.store import tables

if TYPE_CHECKING:
    from tests.gateway.records import Clock
    from tests.gateway.region import Region

    from socert.gateway.domain.records import Certificate

HELD: list[tuple[str, dict[str, Any]]] = [
    ("NO_CONSENT", {"consent_form": None}),
    ("NO_CONSENT", {"consent_form": "ПФ-2023"}),
    ("UNKNOWN_MUNICIPALITY", {"oktmo": "99999000"}),
    ("NO_RECIPIENT", {"applicant": parent(snils=None)}),
]


# --- telling ----------------------------------------------------------------------------------------------------------


def test_a_certificate_is_told_whole_before_its_contract(region: Region) -> None:
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    first, second = region.waiting()
    assert isinstance(first.body, account.CertificateCard)
    assert isinstance(second.body, account.ContractCard)
    assert (first.object_id, first.operation, first.seq, first.cause) == (guid(1), "CREATE", 1, "ISSUED")
    assert (second.object_id, second.operation, second.seq, second.cause) == ("РД-1", "CREATE", 1, "CONTRACT_CONCLUDED")
    assert second.body.certificate_guid == guid(1)
    assert second.body.certificate_version == first.body.version == 1
    assert first.body.balances[0].available == 60_000
    assert first.recipient == second.recipient


def test_the_same_record_again_changes_nothing(region: Region) -> None:
    for _ in range(2):
        region.put(certificate())
        region.sign(contract())
    assert [row["seq"] for row in region.changes()] == [1, 1]


def test_a_figure_that_the_account_does_not_show_is_not_told(region: Region) -> None:
    """The child's birth certificate is the registry's own business: no card holds it."""
    region.put(certificate())
    region.put(certificate(child=child(birth_certificate="III-АБ 000001")))
    assert len(region.changes()) == 1


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ({}, {"balance": balance(nominal=120_000)}, "NOMINAL_CHANGED"),
        ({}, {"balance": balance(reserved=500)}, "RESERVED"),
        ({"balance": balance(reserved=500)}, {"balance": balance()}, "RELEASED"),
        ({"balance": balance(reserved=500)}, {"balance": balance(spent=500)}, "CHARGED"),
        ({}, {"child": child(last_name="Соколенко")}, "UPDATED"),
        ({}, {"status": CertificateStatus.SUSPENDED}, "SUSPENDED"),
        ({"status": CertificateStatus.SUSPENDED}, {}, "RESUMED"),
        ({}, {"status": CertificateStatus.ANNULLED}, "ANNULLED"),
        ({}, {"status": CertificateStatus.EXPIRED}, "EXPIRED"),
        ({}, {"status": CertificateStatus.EXHAUSTED, "balance": balance(spent=100_000)}, "EXHAUSTED"),
    ],
)
def test_the_cause_says_what_happened(
    region: Region, before: dict[str, Any], after: dict[str, Any], cause: str
) -> None:
    region.put(certificate(**before))
    region.deliver()
    region.put(certificate(**after))
    (update,) = region.waiting()
    assert (update.operation, update.seq, update.cause) == ("UPDATE", 2, cause)


def test_hours_stay_hours(region: Region) -> None:
    region.put(certificate(unit=Unit.HOUR, balance=balance(nominal=7_250, reserved=150)))
    (update,) = region.waiting()
    assert isinstance(update.body, account.CertificateCard)
    (told,) = update.body.balances
    assert isinstance(told, account.Balance)
    assert (told.unit, told.nominal, told.reserved, told.available) == ("hour", 7_250, 150, 7_100)


# --- one after another ------------------------------------------------------------------------------------------------


def test_balances_that_wait_are_told_once_as_they_stand_last(region: Region) -> None:
    for spent in (0, 100, 250):
        region.put(certificate(balance=balance(spent=spent)))
    assert region.told() == [
        (guid(1), 1, "CREATE", "ISSUED", "superseded"),
        (guid(1), 2, "CREATE", "CHARGED", "superseded"),
        (guid(1), 3, "CREATE", "CHARGED", "pending"),
    ]
    (update,) = region.waiting()
    assert isinstance(update.body, account.CertificateCard)
    assert update.body.balances[0].available == 99_750
    assert [row["body"] for row in region.changes()][:2] == [None, None], "figures are not kept longer than needed"


def test_what_stands_in_a_message_is_never_touched(region: Region) -> None:
    region.put(certificate())
    pack(region)
    region.put(certificate(balance=balance(spent=100)))
    region.put(certificate(balance=balance(spent=200)))
    assert [(seq, operation, state) for _, seq, operation, _, state in region.told()] == [
        (1, "CREATE", "packed"),
        (2, "UPDATE", "superseded"),
        (3, "UPDATE", "pending"),
    ]
    assert region.changes()[0]["body"] is not None


def test_contract_events_all_arrive(region: Region) -> None:
    region.put(certificate())
    states = [ContractState.REQUESTED, ContractState.ACTIVE, ContractState.TERMINATED]
    for state in states:
        region.sign(contract(state=state, reserved=0))
    updates = [update for update in region.waiting() if update.object_id == "РД-1"]
    assert [update.seq for update in updates] == [1, 2, 3]
    cards = [update.body for update in updates if isinstance(update.body, account.ContractCard)]
    assert [card.contract_state.value for card in cards] == [state.value for state in states]
    assert [update.cause for update in updates] == ["CONTRACT_CHANGED", "CONTRACT_CONCLUDED", "CONTRACT_TERMINATED"]


# --- holding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reason", "lack"), HELD)
def test_what_must_not_leave_is_held_with_the_reason(region: Region, reason: str, lack: dict[str, Any]) -> None:
    region.put(certificate(**lack))
    region.sign(contract())
    assert [(row["object_id"], row["state"], row["reason"], row["body"]) for row in region.changes()] == [
        (guid(1), "held", reason, None),
        ("РД-1", "held", reason, None),
    ]
    assert region.rows(tables.projection) == [], "nothing was told"


@pytest.mark.parametrize(("reason", "lack"), HELD)
def test_what_was_held_leaves_when_the_reason_is_gone(region: Region, reason: str, lack: dict[str, Any]) -> None:
    region.put(certificate(**lack))
    region.sign(contract())
    if reason == "UNKNOWN_MUNICIPALITY":
        place = municipality(oktmo="99999000")
        region.units.run(lambda unit: region.registry.put_municipalities(unit, [place]))
    else:
        region.put(certificate())
    assert [(object_id, seq, operation, state) for object_id, seq, operation, _, state in region.told()] == [
        (guid(1), 1, "CREATE", "superseded"),
        ("РД-1", 1, "CREATE", "superseded"),
        (guid(1), 1, "CREATE", "pending"),
        ("РД-1", 1, "CREATE", "pending"),
    ]
    assert len(region.waiting()) == 2


def test_a_contract_about_an_unknown_programme_waits_for_it(region: Region) -> None:
    other = "cccccccc-0000-4000-8000-0000000000ff"
    region.put(certificate())
    region.sign(contract(group_guid=other))
    assert region.changes("РД-1")[0]["reason"] == "UNKNOWN_PROGRAMME"
    region.units.run(lambda unit: region.registry.put_programmes(unit, [programme(group_guid=other)]))
    assert [row["state"] for row in region.changes("РД-1")] == ["superseded", "pending"]


def test_text_that_xml_cannot_carry_holds_only_its_object(region: Region) -> None:
    region.put(certificate(1, child=child(first_name="Пла\x01тон")), certificate(2))
    first, second = region.changes()
    assert (first["state"], second["state"]) == ("held", "pending")
    assert first["reason"].startswith("INVALID: ")
    assert "Пла" not in first["reason"]


def test_a_change_of_settings_releases_at_the_next_start(region: Region, clock: Clock) -> None:
    region.put(certificate(consent_form="ПФ-2030"))
    region.sign(contract())
    assert region.waiting() == []
    consents = consents_of(region.registry, clock, CONSENT, "ПФ-2030")
    later = Projector(registry=region.registry, clock=clock, consents=consents)
    region.store.run(later.release)
    assert [update.object_id for update in region.waiting()] == [guid(1), "РД-1"]
    region.store.run(later.release)
    assert len(region.waiting()) == 2


def test_releasing_what_must_still_be_held_changes_nothing(region: Region) -> None:
    region.put(certificate(consent_form=None))
    region.sign(contract())
    before = region.changes()
    region.store.run(region.projector.release)
    assert region.changes() == before


def test_a_held_certificate_keeps_up_with_the_registry(region: Region) -> None:
    region.put(certificate(consent_form=None))
    region.put(certificate(consent_form=None, balance=balance(spent=700)))
    region.put(certificate(balance=balance(spent=700)))
    (update,) = region.waiting()
    assert isinstance(update.body, account.CertificateCard)
    assert update.body.balances[0].available == 99_300


# --- consent ----------------------------------------------------------------------------------------------------------


def consent_withdrawn(region: Region, **changes: Any) -> Certificate:
    taken = certificate(consent_form=None, **changes)
    region.put(taken)
    return taken


def test_a_withdrawn_consent_closes_what_the_account_shows(region: Region) -> None:
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract(), contract(2, state=ContractState.TERMINATED, reserved=0))
    region.deliver()
    consent_withdrawn(region, balance=balance(reserved=40_000))
    closing = region.waiting()
    assert [(update.object_id, update.operation, update.seq, update.cause) for update in closing] == [
        (guid(1), "CLOSE", 2, "CONSENT_WITHDRAWN"),
        ("РД-1", "CLOSE", 2, "CONSENT_WITHDRAWN"),
        ("РД-2", "CLOSE", 2, "CONSENT_WITHDRAWN"),
    ]
    assert all(update.body is None and update.notice is None for update in closing), "no figures leave any more"
    assert [(seq, state) for _, seq, _, _, state in region.told()[-6:] if state == "held"] == [(3, "held")] * 3


def test_a_withdrawn_consent_stays_withdrawn(region: Region) -> None:
    region.put(certificate())
    region.deliver()
    consent_withdrawn(region)
    before = region.told()
    consent_withdrawn(region, balance=balance(spent=100))
    assert region.told() == before


def test_a_withdrawn_consent_cancels_what_has_not_left(region: Region) -> None:
    """The portal never heard of the child, so it must not hear of it now, not even that it is closed."""
    region.put(certificate())
    region.sign(contract())
    consent_withdrawn(region)
    assert region.waiting() == []
    assert [(object_id, state) for object_id, _, _, _, state in region.told()] == [
        (guid(1), "superseded"),
        ("РД-1", "superseded"),
        (guid(1), "held"),
        ("РД-1", "held"),
    ]


def test_a_withdrawn_consent_closes_what_is_on_its_way(region: Region) -> None:
    region.put(certificate())
    pack(region)
    region.put(certificate(balance=balance(spent=100)))
    consent_withdrawn(region, balance=balance(spent=100))
    assert [(seq, operation, state) for _, seq, operation, _, state in region.told()] == [
        (1, "CREATE", "packed"),
        (2, "UPDATE", "superseded"),
        (3, "CLOSE", "pending"),
        (4, "CREATE", "held"),
    ]


def test_an_account_is_closed_where_it_is_shown(region: Region) -> None:
    """By what the portal was told: without a consent nothing new leaves, and the parent must still be found."""
    region.put(certificate())
    region.deliver()
    (shown,) = [row["told_to"] for row in region.rows(tables.projection)]
    consent_withdrawn(region, applicant=parent(snils=None), child=child(last_name="Соко\x01ленко"))
    (closing,) = region.waiting()
    assert closing.operation == "CLOSE"
    assert closing.recipient.applicant.snils == PARENT_SNILS
    assert closing.recipient.child.last_name == "Журавлёв"
    assert shown
    assert [row["told_to"] for row in region.rows(tables.projection)] == [""], "it is not kept longer than needed"


def test_a_consent_given_again_shows_everything_again(region: Region) -> None:
    region.put(certificate())
    region.sign(contract())
    region.deliver()
    consent_withdrawn(region)
    region.deliver()
    region.put(certificate())
    assert [(update.object_id, update.operation, update.seq, update.cause) for update in region.waiting()] == [
        (guid(1), "CREATE", 3, "CONSENT_GIVEN"),
        ("РД-1", "CREATE", 3, "CONTRACT_CHANGED"),
    ]


def test_a_consent_given_and_withdrawn_again_before_anything_left_is_silence(region: Region) -> None:
    region.put(certificate())
    region.deliver()
    consent_withdrawn(region)
    region.deliver()
    region.put(certificate())
    consent_withdrawn(region)
    assert region.waiting() == [], "the account was closed and stays closed"
    region.put(certificate())
    (update,) = region.waiting()
    assert update.operation == "CREATE"


def test_a_parent_who_cannot_be_found_any_more_is_told_nothing(region: Region) -> None:
    region.put(certificate())
    region.deliver()
    region.put(certificate(applicant=parent(snils=None)))
    assert region.waiting() == []
    assert region.changes()[-1]["reason"] == "NO_RECIPIENT"
    region.put(certificate())
    (update,) = region.waiting()
    assert update.seq == 2


# --- the whole --------------------------------------------------------------------------------------------------------


def test_a_failure_leaves_neither_record_nor_change(region: Region) -> None:
    def fail(unit: Any) -> None:
        region.registry.put_certificates(unit, [certificate()])
        raise LookupError

    with pytest.raises(LookupError):
        region.units.run(fail)
    assert region.units.run(region.registry.count) == (0, 0)
    assert region.changes() == []


def test_many_objects_at_once(region: Region) -> None:
    """More than stand in one list of a statement."""
    many = range(1, 1202)
    region.put(*(certificate(number) for number in many))
    region.sign(*(contract(number, payer=number) for number in many))
    assert len(region.changes()) == 2 * len(many)
    region.deliver()
    region.put(*(replace(certificate(number), consent_form=None) for number in many))
    assert len([row for row in region.changes() if row["operation"] == "CLOSE"]) == 2 * len(many)


@pytest.mark.parametrize("hold", Hold)
def test_each_reason_is_explained(hold: Hold) -> None:
    assert explain(hold) == HOLD_REASONS[hold]
    assert explain(f"{hold}: place 7") == f"{HOLD_REASONS[hold]} place 7"


def pack(region: Region) -> None:
    """Let everything that is pending stand in a message."""
    done = tables.change.update().where(tables.change.c.state == "pending")
    region.store.run(lambda connection: connection.execute(done.values(state="packed", message_id="a message")))
