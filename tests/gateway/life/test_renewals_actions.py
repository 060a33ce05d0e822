"""What a parent decides in the account: answers to offers, consents given and withdrawn (M13, M14), each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from sqlalchemy import func, select
from tests.gateway import records
from tests.gateway.life.years import VOLUME, YEAR, Town

from socert.contracts.portal import account
from socert.contracts.portal.agreed import AgreedSplit
from socert.contracts.portal.agreed import Consent as Given
from socert.contracts.portal.blocks import Channel as PortalChannel
from socert.contracts.portal.blocks import FormCode as PortalForm
from socert.gateway.domain import renewal
from socert.gateway.domain.policy import Register
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.renewal import OfferState
from socert.gateway.exchange.answering import Effect, Received
from socert.gateway.mapping.action import ActionAnswerer
from socert.gateway.store.tables import ChangeState, change, projection
from socert.gateway.store.tables_life import action as actions

if TYPE_CHECKING:
    from typing import Any

    from socert.gateway.store.writer import Store

SENT = datetime(2026, 12, 7, 9, tzinfo=UTC)
ANNULLED_FORMS = (PortalForm.PD_PROCESSING, PortalForm.SOCIAL_CERT_APPLICATION)


class Parent:
    """A parent whose child has one open offer, and the answerer."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.guid = town.enrol(1, payer={"child": records.child()})
        town.offering.make(year=YEAR)
        self.answerer = ActionAnswerer(
            registry=town.registry, renewals=town.renewals, consents=town.consents, policy_of=town.policy_of
        )
        self.ids = records.Numbers()
        self.recipient = account.Recipient(
            applicant=account.Applicant(
                last_name="Журавлёва", first_name="Евпраксия", snils=records.PARENT_SNILS, citizenship="RUS"
            ),
            child=account.Child(
                last_name="Журавлёв", first_name="Платон", birth_date=date(2014, 3, 15), snils=records.SNILS
            ),
        )

    @property
    def offer_id(self) -> str:
        return renewal.offer_id(self.town.offer(self.guid).key)

    @property
    def seq(self) -> int:
        chosen = select(projection.c.seq).where(projection.c.object_id == self.offer_id)
        return int(self.town.look(lambda connection: connection.scalars(chosen).one()))

    def answer(self, answer: account.Answer, **changes: Any) -> account.ActionRequest:
        """An answer to the offer as it is shown now."""
        accepts = answer is account.Answer.ACCEPT
        given = {
            "offer_id": self.offer_id,
            "offer_seq": self.seq,
            "answer": answer,
            "agreed_split": agreed() if accepts else None,
        }
        return self.request(account.RenewalAnswer(**(given | changes)))  # type: ignore[arg-type]  # fields of an answer

    def consent(self, deed: account.ConsentDeed, *forms: PortalForm, version: str = "2026-01") -> account.ActionRequest:
        return self.request(
            account.ConsentAction(deed=deed, consents=tuple(given(form, self.town.clock(), version) for form in forms))
        )

    def request(self, action: account.RenewalAnswer | account.ConsentAction) -> account.ActionRequest:
        return account.ActionRequest(action_id=self.ids(), sent_at=SENT, recipient=self.recipient, action=action)

    def send(self, request: account.ActionRequest) -> account.ActionResponse:
        """Let it come in over the wire: rendered, checked by the schema, read, done, answered."""
        content = etree.fromstring(request.render().encode())
        account.schema().check(content)
        received = Received(message_id="1", reply_to="there", at=self.town.clock())
        effect = self.answerer.take(content, received)
        assert isinstance(effect, Effect)
        (reply,) = self.town.run(effect.apply)
        answer = reply.content
        assert isinstance(answer, account.ActionResponse)
        account.schema().check(etree.fromstring(answer.render().encode()))
        assert (reply.about, answer.action_id) == ((), request.action_id)
        return answer

    @property
    def state(self) -> OfferState:
        return self.town.offer(self.guid).state


def agreed(certificate_part: int = VOLUME, own_part: int = 0, **changes: Any) -> AgreedSplit:
    split = account.Split(
        unit=account.Unit.RUB,
        total=certificate_part + own_part,
        certificate_part=certificate_part,
        applicant_part=own_part,
        year_parts=(account.YearPart(year=YEAR, certificate_part=certificate_part, applicant_part=own_part),),
    )
    return AgreedSplit(
        calculated_at=SENT,
        balance_version=1,
        balance_as_of=SENT,
        split=replace(split, **changes),
        applicant_part_accepted=True,
        agreed_at=SENT,
    )


def given(form: PortalForm, at: datetime, version: str = "2026-01") -> Given:
    return Given(form_code=form, form_version=version, given_at=at, channel=PortalChannel.PORTAL)


@pytest.fixture
def parent(store: Store) -> Parent:
    return Parent(Town(store))


# Offers


@pytest.mark.seed("priority", "after-first-year")
@pytest.mark.invariant(14)
def test_a_parent_accepts_an_offer_in_the_account(parent: Parent) -> None:
    answer = parent.send(parent.answer(account.Answer.ACCEPT))
    assert (answer.result, answer.object_id) == (account.ActionResult.ACCEPTED, parent.offer_id)
    assert parent.state is OfferState.ACCEPTED
    assert parent.town.kept(parent.guid).book.available(YEAR, Register.RUB) == VOLUME


@pytest.mark.invariant(14)
def test_a_parent_declines_and_the_volume_returns(parent: Parent) -> None:
    assert parent.send(parent.answer(account.Answer.DECLINE)).result is account.ActionResult.ACCEPTED
    assert parent.state is OfferState.DECLINED
    assert (parent.town.pool().held, parent.town.pool().taken) == (0, 0)


@pytest.mark.invariant(14)
def test_what_is_agreed_to_below_the_offer_leaves_the_rest_to_the_pool(parent: Parent) -> None:
    parent.send(parent.answer(account.Answer.ACCEPT, agreed_split=agreed(VOLUME - 100_000)))
    assert (parent.town.pool().held, parent.town.pool().taken) == (0, VOLUME - 100_000)


@pytest.mark.parametrize("answer", list(account.Answer))
def test_a_repeat_gets_the_first_answer_and_does_nothing_again(parent: Parent, answer: account.Answer) -> None:
    request = parent.answer(answer)
    first = parent.send(request)
    version = parent.town.kept(parent.guid).book.version
    again = parent.send(request)
    assert again == replace(first, result=account.ActionResult.DUPLICATE)
    upper = parent.send(replace(request, action_id=request.action_id.upper()))
    assert (upper.result, upper.object_id) == (account.ActionResult.DUPLICATE, first.object_id)
    assert parent.town.kept(parent.guid).book.version == version
    assert parent.town.look(lambda c: c.scalar(select(func.count()).select_from(actions))) == 1


def test_a_repeat_of_a_refusal_is_the_same_refusal(parent: Parent) -> None:
    parent.town.at(date(2026, 12, 21))
    request = parent.answer(account.Answer.ACCEPT)
    first = parent.send(request)
    parent.town.at(date(2026, 12, 10))
    again = parent.send(request)
    assert (first.result, first.reason_code) == (account.ActionResult.REJECTED, "OFFER_EXPIRED")
    assert again == replace(first, result=account.ActionResult.DUPLICATE)
    assert parent.state is OfferState.OFFERED


def test_an_answer_to_a_card_that_has_changed_is_stale(parent: Parent) -> None:
    answer = parent.send(parent.answer(account.Answer.ACCEPT, offer_seq=parent.seq - 1))
    assert (answer.result, answer.reason_code) == (account.ActionResult.STALE, "STALE_BALANCE")
    assert parent.state is OfferState.OFFERED


@pytest.mark.invariant(5, 10)
@pytest.mark.parametrize(
    "changes",
    [
        {"agreed_split": agreed(VOLUME + 1)},
        {"agreed_split": agreed(unit=account.Unit.HOUR)},
        {"agreed_split": agreed(year_parts=(account.YearPart(year=2028, certificate_part=VOLUME, applicant_part=0),))},
        {"agreed_split": replace(agreed(), split=account.CountSplit(register=account.Register.OTHER, programmes=1))},
    ],
)
def test_a_split_that_is_not_the_offered_one_is_stale(parent: Parent, changes: dict[str, Any]) -> None:
    assert parent.send(parent.answer(account.Answer.ACCEPT, **changes)).result is account.ActionResult.STALE
    assert parent.state is OfferState.OFFERED
    assert parent.town.pool().held == VOLUME


@pytest.mark.parametrize(
    "changes",
    [
        {"agreed_split": None},
        {"agreed_split": agreed(total=VOLUME + 1)},
        {"agreed_split": agreed(own_part=100)},  # without the consent to split payment
    ],
)
def test_a_decision_that_does_not_add_up_is_rejected(parent: Parent, changes: dict[str, Any]) -> None:
    answer = parent.send(parent.answer(account.Answer.ACCEPT, **changes))
    assert (answer.result, answer.reason_code) == (account.ActionResult.REJECTED, "TECHNICAL")
    assert parent.state is OfferState.OFFERED


@pytest.mark.seed("split")
def test_an_own_part_is_agreed_to_with_its_consent(parent: Parent) -> None:
    forms = (given(PortalForm.SPLIT_PAYMENT, SENT),)
    answer = parent.send(parent.answer(account.Answer.ACCEPT, agreed_split=agreed(VOLUME, 50_000), consents=forms))
    assert answer.result is account.ActionResult.ACCEPTED
    certificate = parent.town.kept(parent.guid).certificate
    stored = parent.town.look(lambda c: parent.town.consents.standing(c, [certificate]))[parent.guid].kept
    assert [one.form.value for one in stored] == ["SPLIT_PAYMENT"]


def test_nothing_of_a_refused_decision_stays(parent: Parent) -> None:
    """A consent that came with an answer is not kept where the answer is refused."""
    forms = (given(PortalForm.SPLIT_PAYMENT, SENT),)
    request = parent.answer(account.Answer.ACCEPT, agreed_split=agreed(VOLUME + 1, 50_000), consents=forms)
    assert parent.send(request).result is account.ActionResult.STALE
    certificate = parent.town.kept(parent.guid).certificate
    assert parent.town.look(lambda c: parent.town.consents.standing(c, [certificate]))[parent.guid].kept == ()


def test_an_offer_that_was_answered_is_not_answered_again(parent: Parent) -> None:
    parent.town.decline(parent.guid)
    answer = parent.send(parent.answer(account.Answer.ACCEPT))
    assert answer.result is account.ActionResult.REJECTED
    assert answer.message == "На это предложение уже получен ответ, или оно снято."
    assert parent.state is OfferState.DECLINED


def test_an_offer_that_lost_its_ground_is_taken_back_by_the_answer(parent: Parent) -> None:
    gone = records.contract(1, 1, start=date(2026, 9, 1), state=ContractState.TERMINATED)
    parent.town.run(lambda unit: parent.town.registry.put_contracts(unit, [gone]))
    answer = parent.send(parent.answer(account.Answer.ACCEPT))
    assert (answer.result, answer.reason_code) == (account.ActionResult.REJECTED, "PROGRAMME_INELIGIBLE")
    assert parent.state is OfferState.WITHDRAWN
    assert parent.town.pool().held == 0


# Who decides


@pytest.mark.invariant(9)
@pytest.mark.parametrize(
    "stranger",
    [
        {"applicant": {"snils": "08765430301"}},
        {"child": {"snils": "11223344596"}},
        {"child": {"snils": None}},
        {"child": {"birth_date": date(2014, 3, 16)}},
        {"child": {"last_name": "Другой"}},
        {"child": {"first_name": "Другой"}},
        {"applicant": {"snils": None, "esia_oid": 5}},
    ],
)
def test_nobody_else_decides_and_nothing_is_told(parent: Parent, stranger: dict[str, dict[str, Any]]) -> None:
    parts = {name: replace(getattr(parent.recipient, name), **changes) for name, changes in stranger.items()}
    request = parent.answer(account.Answer.ACCEPT)
    answer = parent.send(replace(request, recipient=replace(parent.recipient, **parts)))
    assert (answer.result, answer.reason_code, answer.object_id) == (
        account.ActionResult.REJECTED,
        "IDENTITY_CONFLICT",
        None,
    )
    assert parent.state is OfferState.OFFERED


@pytest.mark.invariant(9)
def test_an_offer_of_another_child_is_not_found(parent: Parent) -> None:
    other = parent.town.enrol(2)
    parent.town.offering.make(year=YEAR)
    foreign = renewal.offer_id(parent.town.offer(other).key)
    answer = parent.send(parent.answer(account.Answer.ACCEPT, offer_id=foreign))
    assert (answer.result, answer.message) == (
        account.ActionResult.REJECTED,
        "Такого предложения нет. Обновите страницу.",
    )
    assert parent.town.offer(other).state is OfferState.OFFERED


# Consents


@pytest.mark.seed("withdraw")
@pytest.mark.invariant(12)
def test_a_withdrawal_in_the_account_stops_everything_and_takes_the_offer_back(parent: Parent) -> None:
    answer = parent.send(parent.consent(account.ConsentDeed.WITHDRAW, PortalForm.PD_PROCESSING))
    assert (answer.result, answer.reason_code) == (account.ActionResult.ACCEPTED, None)
    certificate = parent.town.kept(parent.guid).certificate
    assert not parent.town.look(lambda c: parent.town.consents.may_leave(c, certificate))
    assert parent.state is OfferState.WITHDRAWN
    pending = select(func.count()).select_from(change).where(change.c.state == ChangeState.PENDING)
    # Nothing was told yet, so nothing is left to be closed.
    assert parent.town.look(lambda c: c.scalar(pending)) == 0
    refused = parent.send(parent.answer(account.Answer.ACCEPT))
    assert refused.result is account.ActionResult.REJECTED


@pytest.mark.seed("new-forms")
@pytest.mark.invariant(12)
def test_a_consent_given_in_the_account_resumes(parent: Parent) -> None:
    parent.send(parent.consent(account.ConsentDeed.WITHDRAW, *ANNULLED_FORMS))
    answer = parent.send(parent.consent(account.ConsentDeed.GIVE, *ANNULLED_FORMS))
    assert answer.result is account.ActionResult.ACCEPTED
    certificate = parent.town.kept(parent.guid).certificate
    assert parent.town.look(lambda c: parent.town.consents.may_leave(c, certificate))


def test_a_form_that_does_not_count_is_rejected(parent: Parent) -> None:
    answer = parent.send(parent.consent(account.ConsentDeed.GIVE, PortalForm.PD_PROCESSING, version="2019-01"))
    assert (answer.result, answer.reason_code) == (account.ActionResult.REJECTED, "NO_CONSENT")


def test_of_two_forms_one_that_was_never_given_takes_the_other_back(parent: Parent) -> None:
    forms = (PortalForm.PD_PROCESSING, PortalForm.SPLIT_PAYMENT)
    answer = parent.send(parent.consent(account.ConsentDeed.WITHDRAW, *forms))
    assert (answer.result, answer.reason_code) == (account.ActionResult.REJECTED, "NO_CONSENT")
    certificate = parent.town.kept(parent.guid).certificate
    assert parent.town.look(lambda c: parent.town.consents.may_leave(c, certificate))
