"""Consents: which are in force, and what a withdrawal does at each point of a message's life."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.records import NOON, balance, certificate, contract, guid
from tests.gateway.region import Region, consents_of

from socert.contracts.portal import account
from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.gateway.domain.consent import Channel, Consent, DutyKind
from socert.gateway.domain.policy import FormCode, Policy
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import Refused
from socert.gateway.exchange import outbox, outcome
from socert.gateway.exchange.sender import LEASE
from socert.gateway.projection import Projector, shown
from socert.gateway.store import tables, tables_life
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping
    from tests.gateway.line import Line
    from tests.gateway.records import Clock

    from socert.gateway.ports import UnitOfWork

pytestmark = [pytest.mark.invariant(12)]


@dataclass
class Asked:
    """A person who is asked, and the answers that are stopped: what was said to them."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def consent_withdrawn(self, unit: UnitOfWork, guid: str) -> None:
        assert unit.connection.in_transaction()
        self.said.append(("opened", guid))

    def consent_given(self, unit: UnitOfWork, guid: str) -> None:
        assert unit.connection.in_transaction()
        self.said.append(("closed", guid))

    def cancel_personal(self, connection: Connection, guid: str) -> None:
        assert connection.in_transaction()
        self.said.append(("stopped", guid))


def consent(form: FormCode = FormCode.PD_PROCESSING, version: str = "2026-01", **changes: Any) -> Consent:
    made = Consent(consent_id="", form=form, version=version, given_at=NOON, channel=Channel.PORTAL)
    return replace(made, **changes)


BOTH = (consent(), consent(FormCode.SOCIAL_CERT_APPLICATION))


def with_policy(region: Region, clock: Clock, policy: Policy, asked: Asked | None = None) -> Region:
    """Return the region under another policy, and with somebody to be asked."""
    given: dict[str, Any] = {} if asked is None else {"cases": asked, "answers": asked}
    consents = consents_of(region.registry, clock, policy=policy, **given)
    projector = Projector(registry=region.registry, clock=clock, consents=consents)
    return replace(region, consents=consents, projector=projector, units=ProjectedUnits(region.store, projector))


def give(region: Region, *consents: Consent, number: int = 1) -> None:
    kept = certificate_of(region, number)
    region.units.run(lambda unit: region.consents.give(unit, kept, consents))


def withdraw(region: Region, form: FormCode | None = None, number: int = 1) -> tuple[DutyKind, ...]:
    kept = certificate_of(region, number)
    ordered = region.units.run(
        lambda unit: region.consents.withdraw(unit, kept, form=form, channel=Channel.ORGANISATION)
    )
    return tuple(duty.kind for duty in ordered)


def certificate_of(region: Region, number: int) -> Any:
    key = guid(number)
    return region.store.look(lambda connection: region.registry.certificates(connection, [key])[key].certificate)


def duties(region: Region) -> list[tuple[str, str, bool]]:
    return [(row["kind"], row["state"], bool(row["whole"])) for row in region.rows(tables_life.duty)]


def outgoing(region: Region, object_id: str | None = None) -> list[tuple[str, str]]:
    """Return what was told of an object: operation and state of each change."""
    return [(row["operation"], row["state"]) for row in region.changes(object_id) if row["state"] != "held"]


def names_in(message: RowMapping) -> list[str]:
    """Return the ids of the objects that a message carries."""
    content = call.open_call(message["body"]).content
    assert content is not None
    return [update.object_id for update in account.read_update_request(content).updates]


# --- which are in force -----------------------------------------------------------------------------------------------


def test_an_imported_form_stands_for_two_consents_with_lasting_ids(region: Region) -> None:
    region.put(certificate())
    kept = certificate_of(region, 1)
    found = region.store.look(lambda connection: region.consents.of(connection, kept))
    assert [one.form for one in found] == [FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION]
    again = region.store.look(lambda connection: region.consents.of(connection, kept))
    assert [one.consent_id for one in again] == [one.consent_id for one in found]


def test_consents_given_here_count_without_an_imported_form(region: Region) -> None:
    region.put(certificate(consent_form=None))
    assert region.waiting() == []
    give(region, BOTH[0])
    assert region.waiting() == [], "one of two forms is not enough"
    give(region, BOTH[1])
    told = region.waiting()
    assert [type(update.body) for update in told] == [
        account.CertificateCard,
        account.ConsentState,
        account.ConsentState,
    ]
    assert {update.cause for update in told[1:]} == {"CONSENT_GIVEN"}


@pytest.mark.seed("new-forms")
def test_the_old_form_is_not_the_new_one(region: Region, clock: Clock) -> None:
    region.put(certificate(consent_form=None))
    legacy = consent(FormCode.PFDO_LEGACY, "2019-01")
    give(region, BOTH[0])
    with pytest.raises(Refused, match="FORM_NOT_ACCEPTED"):
        give(region, legacy)
    assert region.waiting() == []
    both = {**Policy().accepted_forms, FormCode.PFDO_LEGACY: frozenset({"2019-01"})}
    region = with_policy(region, clock, Policy(accepted_forms=both))
    give(region, legacy)
    assert region.waiting()[0].object_id == guid(1), "where the region says so, it counts"


def test_the_same_consent_again_changes_nothing(region: Region) -> None:
    region.put(certificate(consent_form=None))
    for _ in range(2):
        give(region, *BOTH)
    assert len(region.rows(tables_life.consent)) == 2
    assert len(region.changes()) == len({row["object_id"] for row in region.changes() if row["state"] == "pending"}) + 1


def test_many_certificates_are_asked_about_at_once(region: Region) -> None:
    region.put(*(certificate(number, consent_form=None) for number in (1, 2, 3)))
    give(region, *BOTH, number=2)
    kept = [certificate_of(region, number) for number in (1, 2, 3)]
    gate = region.store.look(lambda connection: region.consents.gate(connection, kept))
    assert gate == {guid(1): False, guid(2): True, guid(3): False}


# --- duties -----------------------------------------------------------------------------------------------------------


@pytest.mark.seed("withdraw")
def test_a_withdrawal_orders_everything_and_ends_no_contract(region: Region, clock: Clock) -> None:
    asked = Asked()
    region = with_policy(region, clock, Policy(), asked)
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    assert set(withdraw(region)) == {
        DutyKind.STOP_QUEUED,
        DutyKind.REFUSE_QUERIES,
        DutyKind.CLOSE_ACCOUNT,
        DutyKind.OPEN_CASE,
        DutyKind.ERASE,
    }
    assert asked.said == [("stopped", guid(1)), ("opened", guid(1))]
    (due,) = [row for row in region.rows(tables_life.duty) if row["kind"] == "erase"]
    assert (due["state"], due["due"], due["whole"]) == ("open", date(2026, 10, 7), 0), "the contract needs the registry"
    view = region.store.look(lambda connection: region.registry.contracts(connection, ["РД-1"])["РД-1"])
    assert view.contract.state is ContractState.ACTIVE


def test_without_a_live_contract_everything_is_to_be_erased_and_nobody_is_asked(region: Region, clock: Clock) -> None:
    asked = Asked()
    region = with_policy(region, clock, Policy(), asked)
    region.put(certificate())
    withdraw(region)
    assert asked.said == [("stopped", guid(1))]
    assert ("erase", "open", True) in duties(region)


def test_a_repeated_withdrawal_orders_nothing(region: Region) -> None:
    region.put(certificate())
    withdraw(region)
    before = duties(region)
    assert withdraw(region) == ()
    assert duties(region) == before


def test_what_was_never_given_cannot_be_withdrawn(region: Region) -> None:
    region.put(certificate(consent_form=None))
    with pytest.raises(Refused, match="NO_CONSENT"):
        withdraw(region)


def test_a_withdrawal_outlasts_every_import(region: Region) -> None:
    region.put(certificate())
    region.deliver()
    withdraw(region)
    region.deliver()
    region.put(certificate(balance=balance(spent=100)))
    assert region.waiting() == [], "the imported paper is the one that was withdrawn"


def test_one_form_that_is_withdrawn_is_enough(region: Region) -> None:
    region.put(certificate())
    region.deliver()
    withdraw(region, FormCode.SOCIAL_CERT_APPLICATION)
    assert [update.operation for update in region.waiting()] == ["CLOSE"]


def test_a_new_consent_resumes(region: Region, clock: Clock) -> None:
    asked = Asked()
    region = with_policy(region, clock, Policy(), asked)
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    region.deliver()
    withdraw(region)
    region.deliver()
    give(region, *BOTH)
    told = region.waiting()
    assert [(update.object_id, update.operation) for update in told if update.object_id in {guid(1), "РД-1"}] == [
        (guid(1), "CREATE"),
        ("РД-1", "CREATE"),
    ]
    assert asked.said[-1] == ("closed", guid(1))
    assert ("erase", "cancelled", False) in duties(region)
    assert not [kind for kind, state, _ in duties(region) if kind == "erase" and state == "open"]


# --- consents in the account ------------------------------------------------------------------------------------------


def test_a_withdrawn_consent_says_so_itself(region: Region) -> None:
    region.put(certificate(consent_form=None))
    give(region, *BOTH)
    region.deliver()
    withdraw(region, FormCode.PD_PROCESSING)
    closing = {update.object_id: update for update in region.waiting()}
    assert {update.operation for update in closing.values()} == {"CLOSE"}
    assert {update.cause for update in closing.values()} == {"CONSENT_WITHDRAWN"}
    (said,) = [update.body for update in closing.values() if update.body is not None]
    assert isinstance(said, account.ConsentState)
    assert (said.form_code, said.state, said.channel) == ("PD_PROCESSING", "WITHDRAWN", "ORGANISATION")
    assert all(account.check_update(update) == [] for update in closing.values())


def test_a_form_that_needs_a_new_version_is_asked_for_and_all_else_is_closed(region: Region, clock: Clock) -> None:
    region.put(certificate(consent_form=None))
    give(region, *BOTH)
    region.deliver()
    newer = {**Policy().accepted_forms, FormCode.PD_PROCESSING: frozenset({"2027-01"})}
    region = with_policy(region, clock, Policy(accepted_forms=newer))
    review(region)
    told = {update.object_id: update for update in region.waiting()}
    assert told[guid(1)].operation == "CLOSE"
    assert {update.cause for update in told.values()} == {"FORM_UPDATED"}
    (asked,) = [update for update in told.values() if update.operation == "UPDATE"]
    assert isinstance(asked.body, account.ConsentState)
    assert (asked.body.state, asked.body.required_version) == ("NEW_VERSION_NEEDED", "2027-01")

    region.deliver()
    before = region.told()
    review(region)
    assert region.told() == before, "it is asked for once"
    give(region, consent(version="2027-01"))
    again = {(update.object_id, update.operation) for update in region.waiting()}
    assert (guid(1), "CREATE") in again
    assert (asked.object_id, "CLOSE") in again, "the old paper is not asked about any more"


def test_consent_events_are_never_coalesced(region: Region) -> None:
    region.put(certificate(consent_form=None))
    give(region, *BOTH, consent(FormCode.SPLIT_PAYMENT))
    region.deliver()
    withdraw(region, FormCode.SPLIT_PAYMENT)
    give(region, consent(FormCode.SPLIT_PAYMENT, given_at=NOON + timedelta(days=1)))
    assert [(update.operation, update.cause) for update in region.waiting()] == [
        ("CLOSE", "CONSENT_WITHDRAWN"),
        ("CREATE", "CONSENT_GIVEN"),
    ]


def review(region: Region, settings: str = "other") -> None:
    """Look at everything anew, as the gateway does when it starts with other settings."""
    after: str | None = ""
    while after is not None:
        after = region.store.run(partial(region.projector.review, after=after, settings=settings))


# --- at each point of a message's life --------------------------------------------------------------------------------


async def test_withdrawn_before_it_was_projected(line: Line) -> None:
    region = line.region
    region.put(certificate(consent_form=None))
    give(region, BOTH[0])
    withdraw(region)
    region.put(certificate(consent_form=None, balance=balance(spent=100)))
    assert await line.pack() == []
    assert {(row["state"] in {"held", "superseded"}, row["body"]) for row in region.changes()} == {(True, None)}


async def test_withdrawn_while_pending(line: Line) -> None:
    line.region.put(certificate())
    line.region.sign(contract())
    withdraw(line.region)
    assert await line.pack() == []
    assert {state for _, state in outgoing(line.region)} == {"superseded"}


async def test_withdrawn_when_packed_but_not_sent(line: Line) -> None:
    """The whole message is stopped, nobody is told of the child, and other children's objects go in another."""
    line.region.put(certificate(1), certificate(2))
    (message,) = await line.pack()
    withdraw(line.region, number=1)
    stopped = line.message(message["message_id"])
    assert (stopped["state"], stopped["body"]) == ("cancelled", b"")
    (other,) = await line.pack()
    assert names_in(other) == [guid(2)]
    assert outgoing(line.region, guid(1)) == [("CREATE", "superseded")], "not even a closing: the portal knows nothing"
    await line.try_all()
    assert len(line.stub.sent("SendRequest")) == 1


@pytest.mark.invariant(12)
@pytest.mark.parametrize("tried", [False, True])
async def test_withdrawn_again_when_the_closing_is_packed_but_not_sent(line: Line, tried: bool) -> None:
    """What the account shows must be closed, although the message that was to close it is taken back."""
    region = line.region
    region.put(certificate(consent_form=None))
    give(region, *BOTH)
    region.deliver()
    withdraw(region, FormCode.PD_PROCESSING)
    await line.packer.pack()
    if tried:
        line.stub.down = True
        await line.try_all()
        line.stub.down = False
    line.clock.advance(600)
    give(region, consent(given_at=line.clock()))
    withdraw(region, FormCode.PD_PROCESSING)
    region.deliver()
    last = {row["object_id"]: row["operation"] for row in region.changes() if row["state"] == "delivered"}
    assert set(last.values()) == {"CLOSE"}


async def test_withdrawn_while_claimed(line: Line) -> None:
    """It may be on the wire at this moment: it goes, and is followed by the closing."""
    line.region.put(certificate(1), certificate(2))
    await line.pack()
    (claimed,) = claim(line)
    withdraw(line.region)
    await line.sender.send(claimed)
    answered(line)
    await line.receive()
    (closing,) = await line.pack()
    assert names_in(closing) == [guid(1)]
    assert outgoing(line.region, guid(1)) == [("CREATE", "delivered"), ("CLOSE", "packed")]


async def test_withdrawn_while_claimed_and_the_try_failed(line: Line) -> None:
    """Nobody knows whether it arrived: those bytes do not go again, the closing does."""
    line.region.put(certificate(1), certificate(2))
    (message,) = await line.pack()
    (claimed,) = claim(line)
    withdraw(line.region)
    line.stub.down = True
    await line.sender.send(claimed)
    line.stub.down = False
    assert line.message(message["message_id"])["state"] == "cancelled"
    (after,) = await line.pack()
    assert sorted(names_in(after)) == [guid(1), guid(2)]
    assert outgoing(line.region, guid(1)) == [("CREATE", "superseded"), ("CLOSE", "packed")]


async def test_withdrawn_while_it_waits_for_its_next_try(line: Line) -> None:
    line.region.put(certificate(1), certificate(2))
    (message,) = await line.pack()
    line.stub.down = True
    await line.try_all()
    line.stub.down = False
    withdraw(line.region)
    assert line.message(message["message_id"])["state"] == "cancelled"
    (after,) = await line.pack()
    assert sorted(names_in(after)) == [guid(1), guid(2)], "the closing of one, the other again"


async def test_withdrawn_after_the_process_died_with_it_in_hand(line: Line) -> None:
    """A claim that was given back does not say that nothing was sent."""
    line.region.put(certificate())
    (message,) = await line.pack()
    claim(line)
    line.region.store.run(lambda connection: outbox.let_go(connection, "gateway-1"))
    withdraw(line.region)
    assert line.message(message["message_id"])["state"] == "cancelled"
    assert outgoing(line.region, guid(1))[-1] == ("CLOSE", "pending")


async def test_withdrawn_when_accepted_and_not_answered(line: Line) -> None:
    line.region.put(certificate())
    await line.pack()
    await line.try_all()
    withdraw(line.region)
    assert await line.pack() == [], "versions of one object keep their order"
    answered(line)
    await line.receive()
    (closing,) = await line.pack()
    assert names_in(closing) == [guid(1)]


async def test_withdrawn_when_accepted_and_its_id_grew_too_old(line: Line) -> None:
    """The content is not sent anew under another id."""
    line.region.put(certificate())
    await line.pack()
    (claimed,) = claim(line)
    withdraw(line.region)
    line.clock.advance(2 * 86_400)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.sender.send(claimed)
    (after,) = await line.pack()
    assert outgoing(line.region, guid(1)) == [("CREATE", "superseded"), ("CLOSE", "packed")]
    assert names_in(after) == [guid(1)]


async def test_withdrawn_when_delivered(line: Line) -> None:
    line.region.put(certificate(balance=balance(reserved=40_000)))
    line.region.sign(contract())
    await line.deliver()
    withdraw(line.region)
    closing = line.region.waiting()
    assert {(update.object_id, update.operation, update.cause) for update in closing} == {
        (guid(1), "CLOSE", "CONSENT_WITHDRAWN"),
        ("РД-1", "CLOSE", "CONSENT_WITHDRAWN"),
    }
    assert all(update.body is None and update.notice is None for update in closing)
    await line.deliver()
    assert {row["body"] for row in line.region.changes()} == {None}, "what the portal has no more is not kept here"


async def test_withdrawn_when_dead(line: Line) -> None:
    """A dead letter is stopped for good: replaying it would tell what must not be told."""
    line.region.put(certificate(1), certificate(2))
    (message,) = await line.pack()
    line.stub.next("SendRequest", line.stub.refused(FaultKind.ACCESS_DENIED))
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "dead"
    withdraw(line.region)
    assert line.message(message["message_id"])["state"] == "cancelled"
    (after,) = await line.pack()
    assert sorted(names_in(after)) == [guid(1), guid(2)]
    assert line.region.store.run(lambda connection: outcome.replay(connection, None, NOON)) == 0


async def test_a_message_that_died_after_the_withdrawal_is_not_replayed(line: Line) -> None:
    line.region.put(certificate())
    (message,) = await line.pack()
    (claimed,) = claim(line)
    withdraw(line.region)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.ACCESS_DENIED))
    await line.sender.send(claimed)
    line.region.store.run(lambda connection: outcome.replay(connection, None, NOON))
    assert line.message(message["message_id"])["state"] == "cancelled"
    assert await line.try_all() == 0


def test_after_a_withdrawal_questions_find_nothing(region: Region) -> None:
    region.put(certificate())
    region.deliver()
    assert region.store.look(lambda connection: shown(connection, guid(1))) is not None
    withdraw(region)
    assert region.store.look(lambda connection: shown(connection, guid(1))) is None


def claim(line: Line) -> Any:
    """Take what is due in hand, as a sender does before it sends."""
    return line.region.store.run(
        lambda connection: outbox.claim(connection, node="gateway-1", now=line.clock(), lease=LEASE, limit=10)
    )


def answered(line: Line) -> None:
    """Let the portal apply everything that was taken."""
    for row in line.messages():
        if row["state"] == tables.MessageState.ACCEPTED:
            line.stub.respond(row["message_id"], line.verdict(row))


# --- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.invariant(7)
async def test_a_restored_backup_loses_no_update(line: Line) -> None:
    """The numbers of versions go on above all that the portal may have seen since the backup."""
    line.region.put(certificate())
    (backup,) = line.region.rows(tables.projection)
    line.clock.advance(60)
    line.region.put(certificate(balance=balance(spent=100)))
    (lost,) = line.region.waiting()
    row = tables.projection.c
    restore = tables.projection.update().where(row.object_id == guid(1)).values(seq=backup["seq"])
    line.region.store.run(lambda connection: connection.execute(restore))
    line.clock.advance(60)
    line.region.put(certificate(balance=balance(spent=200)))
    (again,) = line.region.waiting()
    assert again.seq > lost.seq


@pytest.mark.invariant(7)
async def test_a_stale_verdict_on_our_newest_version_sends_it_again_above(line: Line) -> None:
    line.region.put(certificate())
    await line.pack()
    await line.try_all()
    (message,) = [row for row in line.messages() if row["state"] == "accepted"]
    line.stub.respond(message["message_id"], line.verdict(message, 0, **{guid(1): "STALE"}))
    await line.receive()
    (update,) = line.region.waiting()
    assert (update.seq, update.operation) == (1 + 86_400, "CREATE")
    await line.deliver()
    assert outgoing(line.region) == [("CREATE", "delivered")]


@pytest.mark.invariant(7)
async def test_a_stale_verdict_on_an_older_version_changes_nothing(line: Line) -> None:
    line.region.put(certificate())
    await line.pack()
    await line.try_all()
    line.region.put(certificate(balance=balance(spent=100)))
    (message,) = [row for row in line.messages() if row["state"] == "accepted"]
    line.stub.respond(message["message_id"], line.verdict(message, 0, **{guid(1): "STALE"}))
    await line.receive()
    assert [state for _, state in outgoing(line.region)] == ["delivered", "pending"]
