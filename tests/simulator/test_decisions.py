"""The parent's decisions in the account, the live read, and the comparison with the region."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.simulator.parent import AS_OF, CERTIFICATE, FIRST_DAY, GROUP, LAST_DAY, PROGRAMME, TOWN, Parent

from socert.contracts.portal import account
from socert.contracts.portal.blocks import FormCode
from socert.contracts.smev.status import RejectCode, Rejection
from socert.simulator.app import Simulator
from socert.simulator.errors import OrderRefused
from socert.simulator.portal.live import LiveOutcome
from socert.simulator.portal.people import Identity
from socert.simulator.portal.snapshots import PAGE

ACTIONS, QUERIES, SNAPSHOTS = "AccountActionRequest", "AccountQueryRequest", "AccountSnapshotRequest"
BOTH = frozenset({FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT})


def offer(parent: Parent, seq: int = 3, **more: Any) -> account.Update:
    """Return an update of a renewal offer that may be answered for a day: 12 000,00, a third of it the family's."""
    now = parent.simulator.clock()
    contract = parent.region.contract().body
    card = account.RenewalOffer(
        offer_id="offer-1",
        previous_contract_id="contract-0001",
        offer_state=account.OfferState.OFFERED,
        organisation=contract.organisation,
        programme_guid=PROGRAMME,
        programme_name="Тестовая программа «Ритм»",
        group_guid=GROUP,
        study_year=2,
        start_date=FIRST_DAY,
        end_date=LAST_DAY,
        certificate_guid=CERTIFICATE,
        certificate_version=18,
        split=contract.split,
        priority_rank=1,
        offered_at=now - timedelta(days=1),
        respond_by=now + timedelta(days=1),
    )
    update = parent.region.certificate(
        seq, object_id="offer-1", cause=account.Cause.OFFER_MADE, body=replace(card, **more)
    )
    found: account.Update = update
    return found


def told(result: account.ActionResult, **more: Any) -> Any:
    """Answer a decision."""
    return lambda request: [account.ActionResponse(action_id=request.action_id, result=result, **more)]


async def answer(parent: Parent, **more: Any) -> Any:
    """Accept the offer with everything that is needed."""
    wish: dict[str, Any] = {
        "owner": parent.owner,
        "offer": "offer-1",
        "seq": 3,
        "answer": account.Answer.ACCEPT,
        "own_part_accepted": True,
        "forms": BOTH,
    }
    return await parent.portal.actions.answer_offer(**(wish | more))


# Offers


async def test_offer_is_shown_and_accepted(parent: Parent) -> None:
    await parent.region.push(offer(parent))
    (card,) = parent.portal.accounts.offers(parent.child, parent.owner)
    assert (card.id, card.seq, card.state, card.study_year, card.rank) == ("offer-1", 3, "OFFERED", 2, 1)
    assert (card.division.total, card.division.own_part, card.silent_answer) == (1200000, 400000, "DECLINE")
    assert card.open_at(parent.simulator.clock())
    assert not card.open_at(card.respond_by)

    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED, object_id="contract-0002", seq=1)
    decision = await answer(parent, comment="Продолжаем")

    (request,) = parent.got[ACTIONS]
    assert account.check_action(request) == []
    assert (request.recipient.applicant.snils, request.recipient.child.snils) == ("90000000182", "11223344595")
    sent = request.action
    assert (sent.offer_id, sent.offer_seq, sent.answer, sent.comment) == ("offer-1", 3, "ACCEPT", "Продолжаем")
    assert (sent.agreed_split.balance_version, sent.agreed_split.split) == (18, parent.region.contract().body.split)
    assert {one.form_code for one in sent.consents} == BOTH
    assert (decision.result, decision.object_id, decision.seq) == ("ACCEPTED", "contract-0002", 1)
    assert parent.portal.actions.of(parent.owner, parent.child) == [decision]


@pytest.mark.parametrize("result", list(account.ActionResult))
async def test_every_result_is_shown_in_words(parent: Parent, result: account.ActionResult) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(result, reason_code="STALE_BALANCE")
    decision = await answer(parent)

    assert (decision.result, decision.reason_code) == (result.value, "STALE_BALANCE")
    assert decision.text
    assert parent.portal.actions.get(decision.id) == decision


async def test_declining_needs_no_split_and_no_consent(parent: Parent) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED, message="Отказ принят")
    decision = await answer(parent, answer=account.Answer.DECLINE, own_part_accepted=False, forms=())

    assert (parent.got[ACTIONS][0].action.agreed_split, parent.got[ACTIONS][0].action.consents) == (None, ())
    assert decision.text == "Отказ принят"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"offer": "offer-2"}, "нет"),
        ({"owner": 999}, "нет"),
        ({"seq": 2}, "изменилось"),
        ({"own_part_accepted": False}, "за счёт семьи"),
        ({"forms": ()}, "согласие"),
        ({"comment": "я" * 2049}, "длиннее"),
        ({"comment": "\x01"}, "недопустимые"),
    ],
)
async def test_answer_that_the_page_stops_is_not_sent(parent: Parent, more: dict[str, Any], said: str) -> None:
    await parent.region.push(offer(parent))
    with pytest.raises(OrderRefused, match=said):
        await answer(parent, **more)
    assert parent.simulator.state.all("SELECT * FROM decision") == []


@pytest.mark.parametrize(
    ("state", "said"),
    [(account.OfferState.DECLINED, "уже дан ответ"), (account.OfferState.EXPIRED, "не действует")],
)
async def test_offer_that_is_not_open_is_not_answered(parent: Parent, state: account.OfferState, said: str) -> None:
    await parent.region.push(offer(parent, offer_state=state))
    with pytest.raises(OrderRefused, match=said):
        await answer(parent)


async def test_late_answer_is_stopped_and_sent_when_unchecked(parent: Parent) -> None:
    await parent.region.push(offer(parent))
    parent.simulator.clock.advance(timedelta(days=1))
    with pytest.raises(OrderRefused, match="Срок"):
        await answer(parent)

    parent.replies[ACTIONS] = told(account.ActionResult.REJECTED, reason_code="OFFER_EXPIRED")
    decision = await answer(parent, seq=1, checked=False)
    assert (decision.result, decision.reason_code) == ("REJECTED", "OFFER_EXPIRED")
    assert parent.got[ACTIONS][0].action.offer_seq == 1


async def test_application_that_answers_an_offer_names_it(parent: Parent) -> None:
    await parent.region.push(offer(parent))
    order = await parent.filed(offer="offer-1", start_date=LAST_DAY)

    enrolment = parent.got["FormData"][0].body.enrolment
    assert (enrolment.renewal_offer_id, enrolment.previous_contract_id) == ("offer-1", "contract-0001")
    assert (enrolment.start_date, enrolment.end_date) == (FIRST_DAY, LAST_DAY)
    assert order.renewal_offer_id == "offer-1"


async def test_offer_of_a_programme_on_a_count_register(parent: Parent) -> None:
    count = account.CountSplit(register=account.Register.SIGNIFICANT, programmes=1)
    await parent.region.push(offer(parent, split=count))
    (card,) = parent.portal.accounts.offers(parent.child)
    assert (card.division.unit, card.division.total, card.division.own_part) == ("count", 100, 0)

    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    await answer(parent, own_part_accepted=False, forms=())
    assert parent.got[ACTIONS][0].action.agreed_split.split == count


@pytest.mark.parametrize(
    "mark",
    [
        {"snils": None, "document": account.IdentityDocument(type="1", series="0000", number="1:2")},
        {"snils": None, "document": account.IdentityDocument(type="1", number="12")},
        {"snils": None, "esia_oid": 5},
    ],
)
async def test_parent_acts_under_the_mark_that_the_region_knows(parent: Parent, mark: dict[str, Any]) -> None:
    update = offer(parent)
    applicant = replace(update.recipient.applicant, **mark)
    await parent.region.push(replace(update, recipient=replace(update.recipient, applicant=applicant)))
    row = parent.simulator.state.one("SELECT owner FROM object")
    assert row is not None
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    await answer(parent, owner=row["owner"])

    assert parent.got[ACTIONS][0].recipient.applicant == applicant


async def test_parent_known_by_inn_only_cannot_act(parent: Parent) -> None:
    owner = parent.portal.people.put_owner(Identity("inn", ("000123456731",)), "А", "Б", None)
    parent.portal.people.link(owner, parent.child)
    with pytest.raises(OrderRefused, match="не подтверждена"):
        await parent.portal.live.read(owner, parent.child)


# Consents


@pytest.mark.parametrize("deed", list(account.ConsentDeed))
async def test_consent_is_given_and_withdrawn(parent: Parent, deed: account.ConsentDeed) -> None:
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    decision = await parent.portal.actions.consent(
        owner=parent.owner, child=parent.child, deed=deed, forms=[FormCode.PD_PROCESSING], reason="Решили"
    )

    action = parent.got[ACTIONS][0].action
    assert account.check_action(parent.got[ACTIONS][0]) == []
    assert (action.deed, action.reason) == (deed, "Решили")
    (consent,) = action.consents
    assert (consent.form_code, consent.form_version) == (FormCode.PD_PROCESSING, "2026-01")
    assert consent.given_at == parent.simulator.clock()
    assert (decision.kind, decision.subject, decision.deed) == ("consent", "PD_PROCESSING", deed.value)


async def test_form_of_an_older_version_can_be_given(parent: Parent) -> None:
    parent.replies[ACTIONS] = told(account.ActionResult.REJECTED, reason_code="NO_CONSENT")
    await parent.portal.actions.consent(
        owner=parent.owner,
        child=parent.child,
        deed=account.ConsentDeed.GIVE,
        forms=[FormCode.PFDO_LEGACY],
        version="2019-01",
    )
    assert parent.got[ACTIONS][0].action.consents[0].form_version == "2019-01"


@pytest.mark.parametrize("more", [{"forms": []}, {"child": 999}, {"reason": "я" * 2049}])
async def test_consent_of_nothing_or_nobody_is_refused(parent: Parent, more: dict[str, Any]) -> None:
    wish: dict[str, Any] = {"owner": parent.owner, "child": parent.child, "forms": [FormCode.PD_PROCESSING]}
    with pytest.raises(OrderRefused):
        await parent.portal.actions.consent(deed=account.ConsentDeed.GIVE, **(wish | more))


async def test_repeat_is_the_same_action_with_the_same_content(parent: Parent) -> None:
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    wish: dict[str, Any] = {"owner": parent.owner, "child": parent.child, "forms": [FormCode.PD_PROCESSING]}
    first = await parent.portal.actions.consent(deed=account.ConsentDeed.WITHDRAW, **wish)
    parent.simulator.clock.advance(timedelta(minutes=1))
    parent.replies[ACTIONS] = told(account.ActionResult.DUPLICATE)
    second = await parent.portal.actions.repeat(first.id, parent.owner)

    assert parent.got[ACTIONS][0] == parent.got[ACTIONS][1]
    assert (second.id, second.result) == (first.id, "DUPLICATE")
    with pytest.raises(OrderRefused):
        await parent.portal.actions.repeat(first.id, 999)


async def test_answer_may_come_after_the_page_stopped_waiting(
    parent: Parent, parent_settings: Any, tmp_path: Any
) -> None:
    """Not even the simulator need have run all the time."""
    settings = replace(parent_settings, state=str(tmp_path / "state.sqlite"), query_deadline=timedelta(milliseconds=50))
    wish: dict[str, Any] = {"forms": [FormCode.PD_PROCESSING], "deed": account.ConsentDeed.WITHDRAW}
    async with Simulator(settings) as first:
        one = Parent(first, type(parent.region)(first, parent.region.signer, parent.region.http), parent.costs)
        serving = asyncio.create_task(one.serve())
        decision = await one.portal.actions.consent(owner=one.owner, child=one.child, **wish)
        await one.until(1, ACTIONS)
        serving.cancel()
    assert (decision.result, "не пришёл" in decision.text) == ("SENT", True)

    async with Simulator(settings) as second:
        other = Parent(second, type(parent.region)(second, parent.region.signer, parent.region.http), parent.costs)
        reply = account.ActionResponse(action_id=decision.id, result=account.ActionResult.ACCEPTED)
        await other.reply(one.deliveries[ACTIONS][0], reply)
        await second.consumer.at_rest()
        late = other.portal.actions.get(decision.id)
        assert late is not None
        assert late.result == "ACCEPTED"


async def test_decision_that_is_refused_or_not_taken_has_failed(parent: Parent) -> None:
    rejection = Rejection(code=RejectCode.ACCESS_DENIED, description="Нет прав")
    parent.replies[ACTIONS] = lambda _request: [{"rejections": (rejection,)}]
    wish: dict[str, Any] = {"owner": parent.owner, "child": parent.child, "forms": [FormCode.PD_PROCESSING]}
    refused = await parent.portal.actions.consent(deed=account.ConsentDeed.GIVE, **wish)
    assert (refused.result, refused.text) == ("FAILED", "Нет прав")

    parent.simulator.participants._by_mnemonic.pop("REGION")
    lost = await parent.portal.actions.consent(deed=account.ConsentDeed.GIVE, **wish)
    assert lost.result == "FAILED"


async def test_answer_to_another_action_is_not_this_ones(parent_settings: Any, parent: Parent) -> None:
    parent.portal.actions._deadline = timedelta(milliseconds=50)
    parent.replies[ACTIONS] = lambda _request: [
        account.ActionResponse(action_id=TOWN, result=account.ActionResult.ACCEPTED)
    ]
    wish: dict[str, Any] = {"owner": parent.owner, "child": parent.child, "forms": [FormCode.PD_PROCESSING]}
    decision = await parent.portal.actions.consent(deed=account.ConsentDeed.GIVE, **wish)
    await parent.until(1, ACTIONS)
    await parent.simulator.consumer.at_rest()
    still = parent.portal.actions.get(decision.id)
    assert still is not None
    assert still.result == "SENT"


# The live read


def objects(parent: Parent, **more: Any) -> Any:
    """Answer a live read with a certificate and a contract."""

    def reply(request: account.QueryRequest) -> list[account.QueryResponse]:
        found = (parent.region.certificate(1), parent.region.contract(1), offer(parent))
        answer = account.QueryResponse(
            query_id=request.query_id,
            result=account.QueryResult.OK,
            as_of=found[0].as_of,
            live=True,
            objects=tuple(replace(one, cause=account.Cause.RECONCILE) for one in found),
        )
        return [replace(answer, **more)]

    return reply


async def test_live_read_shows_what_the_region_holds_and_keeps_nothing(parent: Parent) -> None:
    parent.replies[QUERIES] = objects(parent)
    answer = await parent.portal.live.read(parent.owner, parent.child)

    (request,) = parent.got[QUERIES]
    assert (request.recipient.child.snils, request.include) == ("11223344595", tuple(account.Include))
    assert (answer.outcome, answer.live, answer.text) == (LiveOutcome.OK, True, "")
    assert answer.as_of == parent.region.certificate(1).as_of
    assert [one.number for one in answer.certificates] == ["1234567890"]
    assert [one.reserved for one in answer.contracts] == [800000]
    assert [one.id for one in answer.offers] == ["offer-1"]
    assert parent.simulator.state.all("SELECT * FROM object") == []


async def test_stored_copy_is_told_as_such(parent: Parent) -> None:
    parent.replies[QUERIES] = objects(parent, live=False)
    answer = await parent.portal.live.read(parent.owner, parent.child, [account.Include.CERTIFICATE])

    assert answer.live is False
    assert parent.got[QUERIES][0].include == (account.Include.CERTIFICATE,)


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"result": account.QueryResult.NOT_FOUND, "objects": ()}, LiveOutcome.NOT_FOUND),
        (
            {"result": account.QueryResult.REFUSED, "objects": (), "reason_code": "CONSENT_WITHDRAWN"},
            LiveOutcome.REFUSED,
        ),
        ({"result": account.QueryResult.UNAVAILABLE, "objects": ()}, LiveOutcome.UNAVAILABLE),
        ({"result": account.QueryResult.REFUSED}, LiveOutcome.FAILED),
        ({"query_id": TOWN}, LiveOutcome.FAILED),
        ({"as_of": None}, LiveOutcome.FAILED),
    ],
)
async def test_live_read_without_data_says_why(parent: Parent, more: dict[str, Any], outcome: LiveOutcome) -> None:
    parent.replies[QUERIES] = objects(parent, **more)
    answer = await parent.portal.live.read(parent.owner, parent.child)

    assert (answer.outcome, answer.certificates) == (outcome, ())
    assert answer.text
    assert answer.reason_code == (more.get("reason_code") or "")


@pytest.mark.parametrize("child", [{"snils": "90000000283"}, {"snils": None, "last_name": "Чужой"}])
async def test_data_of_another_child_are_not_shown(parent: Parent, child: dict[str, Any]) -> None:
    foreign = parent.region.certificate(1, cause=account.Cause.RECONCILE, recipient=parent.region.recipient(**child))
    parent.replies[QUERIES] = objects(parent, objects=(foreign,))

    assert (await parent.portal.live.read(parent.owner, parent.child)).outcome is LiveOutcome.FAILED


async def test_child_of_somebody_else_cannot_be_asked_about(parent: Parent) -> None:
    with pytest.raises(OrderRefused):
        await parent.portal.live.read(parent.owner, 999)


async def test_live_read_that_is_rejected_is_refused(parent: Parent) -> None:
    rejection = Rejection(code=RejectCode.ACCESS_DENIED, description="Нет прав")
    parent.replies[QUERIES] = lambda _request: [{"rejections": (rejection,)}]
    refused = await parent.portal.live.read(parent.owner, parent.child)
    assert (refused.outcome, refused.text) == (LiveOutcome.REFUSED, "Нет прав")


async def test_live_read_that_nobody_answers_ends(parent: Parent) -> None:
    parent.portal.live._deadline = timedelta(milliseconds=50)
    assert (await parent.portal.live.read(parent.owner, parent.child)).outcome is LiveOutcome.NO_ANSWER
    parent.simulator.participants._by_mnemonic.pop("REGION")
    assert (await parent.portal.live.read(parent.owner, parent.child)).outcome is LiveOutcome.FAILED


# The comparison


def snapshot(**more: Any) -> account.SnapshotRequest:
    """Ask the portal what it has."""
    wish: dict[str, Any] = {"snapshot_id": TOWN, "requested_at": AS_OF}
    return account.SnapshotRequest(**(wish | more))


async def test_portal_tells_digests_of_what_it_holds(parent: Parent) -> None:
    updates = (parent.region.certificate(4), parent.region.contract(2), offer(parent))
    await parent.region.push(*updates)
    found = await parent.ask_portal(snapshot())

    assert (found.snapshot_id, found.page_token, found.as_of) == (TOWN, None, parent.simulator.clock())
    assert {(one.object_id, one.object_kind, one.seq, one.digest) for one in found.items} == {
        (updates[0].object_id, "CERTIFICATE", 4, account.body_digest(updates[0].body)),
        ("contract-0001", "CONTRACT", 2, account.body_digest(updates[1].body)),
        ("offer-1", "OFFER", 3, account.body_digest(updates[2].body)),
    }


async def test_closed_object_has_the_digest_of_nothing(parent: Parent) -> None:
    await parent.region.push(parent.region.certificate(1))
    await parent.region.push(parent.region.close(2))
    (item,) = (await parent.ask_portal(snapshot())).items
    assert (item.seq, item.digest) == (2, account.body_digest(None))


async def test_portal_tells_only_what_was_asked_for(parent: Parent) -> None:
    await parent.region.push(parent.region.certificate(1))
    parent.simulator.clock.advance(timedelta(hours=1))
    since = parent.simulator.clock() - timedelta(minutes=1)
    await parent.region.push(parent.region.contract(1))

    changed = await parent.ask_portal(snapshot(changed_since=since))
    named = await parent.ask_portal(snapshot(object_ids=(CERTIFICATE, "nothing")))
    assert [one.object_id for one in changed.items] == ["contract-0001"]
    assert [one.object_id for one in named.items] == [CERTIFICATE]


async def test_long_answers_come_in_pages(parent: Parent) -> None:
    first = parent.simulator.state
    await parent.region.push(parent.region.certificate(1))
    first.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO object"
        " SELECT printf('x-%05d', i), 1, 'contract', 0, owner, child, as_of, changed, cause, digest, NULL, card"
        " FROM n, object",
        2 * PAGE,
    )
    seen, token = [], None
    for _ in range(3):
        page = await parent.ask_portal(snapshot(page_token=token))
        seen += [one.object_id for one in page.items]
        token = page.page_token
    assert token is None
    assert len(seen) == len(set(seen)) == 2 * PAGE + 1


async def test_token_that_the_portal_never_gave_is_refused(parent: Parent) -> None:
    for token in ("not base64!", "/w==", "////"):
        refused = await parent.ask_portal(snapshot(page_token=token))
        assert [one.code for one in refused] == [RejectCode.FAILURE]


async def test_portal_compares_page_by_page(parent: Parent) -> None:
    await parent.region.push(parent.region.certificate(1), parent.region.contract(1), offer(parent))
    await parent.region.push(parent.region.close(9, "closed-only-here"))
    same = account.body_digest(parent.region.card())

    def reply(request: account.SnapshotRequest) -> list[account.SnapshotResponse]:
        item = account.SnapshotItem(
            object_kind=account.ObjectKind.CERTIFICATE, object_id=CERTIFICATE, seq=1, digest=same
        )
        first = (item, replace(item, object_id="contract-0001", object_kind=account.ObjectKind.CONTRACT))
        second = (replace(item, object_id="only-there"),)
        more = request.page_token is None
        return [
            account.SnapshotResponse(
                snapshot_id=request.snapshot_id,
                as_of=request.requested_at,
                page_token="next" if more else None,
                items=first if more else second,
            )
        ]

    parent.replies[SNAPSHOTS] = reply
    found = await parent.portal.snapshots.compare(parent.simulator.consumer)

    assert [one.page_token for one in parent.got[SNAPSHOTS]] == [None, "next"]
    assert (found.outcome, found.equal) == ("ok", 1)
    assert (found.missing_here, found.missing_there) == (("only-there",), ("offer-1",))
    assert found.different == ("contract-0001",)

    named = await parent.portal.snapshots.compare(parent.simulator.consumer, ["offer-1"])
    assert named.missing_there == ("offer-1",)
    assert parent.got[SNAPSHOTS][-1].object_ids == ("offer-1",)


@pytest.mark.parametrize("endless", [True, False])
async def test_comparison_that_fails_says_so(parent: Parent, endless: bool) -> None:
    parent.replies[SNAPSHOTS] = lambda request: [
        account.SnapshotResponse(
            snapshot_id=request.snapshot_id if endless else TOWN, as_of=request.requested_at, page_token="again"
        )
    ]
    assert (await parent.portal.snapshots.compare(parent.simulator.consumer)).outcome == "failed"

    rejection = Rejection(code=RejectCode.NO_DATA, description="Нет")
    parent.replies[SNAPSHOTS] = lambda _request: [{"rejections": (rejection,)}]
    refused = await parent.portal.snapshots.compare(parent.simulator.consumer)
    assert (refused.outcome, refused.text) == ("refused", "Нет")

    parent.replies.pop(SNAPSHOTS)
    parent.portal.snapshots._deadline = timedelta(milliseconds=50)
    assert (await parent.portal.snapshots.compare(parent.simulator.consumer)).outcome == "no_answer"
