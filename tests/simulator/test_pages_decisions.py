"""Renewal offers, consents, notices, balances and the live read, on the parent's pages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.parent import AS_OF, Parent
from tests.simulator.test_decisions import ACTIONS, QUERIES, offer, told

from socert.contracts.portal import account
from socert.contracts.portal.blocks import Channel, FormCode, Register
from socert.simulator.portal.people import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.browsing import Browser

OFFER = "/account/offer/offer-1"
YES = {"answer": "ACCEPT", "own": "1", "form-SPLIT_PAYMENT": "1"}
ACCEPTED, REJECTED, STALE = account.ActionResult.ACCEPTED, account.ActionResult.REJECTED, account.ActionResult.STALE


@pytest.fixture
def source() -> Callable[[], Any]:
    """A clock that stands still."""
    return lambda: AS_OF


@pytest.fixture
def child(parent: Parent) -> str:
    """The address of the child's page."""
    return f"/account/child/{parent.child}"


def consent(
    parent: Parent, form: FormCode = FormCode.PD_PROCESSING, state: str = "GIVEN", seq: int = 1, **more: Any
) -> account.Update:
    """Return an update of a consent."""
    facts: dict[str, Any] = {
        "consent_id": f"consent-{form.value}",
        "form_code": form,
        "form_version": "2026-01",
        "state": account.ConsentStanding(state),
        "changed_at": AS_OF,
        "channel": Channel.ORGANISATION,
    }
    update: account.Update = parent.region.certificate(
        seq,
        object_id=f"consent-{form.value}",
        cause=account.Cause.CONSENT_GIVEN,
        body=account.ConsentState(**(facts | more)),
    )
    return update


def telling(*objects: account.Update, live: bool = True) -> Callable[[account.QueryRequest], list[Any]]:
    """Answer a live read with these objects."""
    told_now = tuple(replace(one, cause=account.Cause.RECONCILE) for one in objects)
    return lambda request: [
        account.QueryResponse(
            query_id=request.query_id, as_of=AS_OF, live=live, result=account.QueryResult.OK, objects=told_now
        )
    ]


# Renewal offers


@pytest.mark.seed("priority", "after-first-year")
@pytest.mark.invariant(14)
async def test_offer_is_shown_first_with_deadline_rank_and_split(parent: Parent, site: Browser, child: str) -> None:
    await parent.region.push(offer(parent), parent.region.certificate(1))

    account_page, child_page, page = await site.get("/account"), await site.get(child), await site.get(OFFER)

    headings = [one.text_content() for one in account_page.root.iter("h2")]
    assert headings[0] == "Нужен ваш ответ"
    assert next(one.text_content() for one in child_page.root.iter("h2")) == "Предложения продолжить обучение"
    for said in (
        "средства нового года предлагают ему раньше, чем остальным",
        "Год обучения 2",
        "Место в очереди продолжающих 1",
        "Ответить до 02.09.2026 в 09:00 (МСК)",
        "Если не ответить будет считаться отказом",
        "Оплатит сертификат 8 000,00 руб.",
        "Оплатит семья 4 000,00 руб.",
    ):
        assert said in page.text


async def test_silence_that_means_yes_is_told(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent, silent_answer=account.Answer.ACCEPT))

    assert "Если не ответить будет считаться согласием" in (await site.get(OFFER)).text


async def test_offer_is_accepted_with_both_agreements(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(ACCEPTED, message="Место за вами")

    page = await site.send(await site.get(OFFER), OFFER, 0, **YES)

    assert page.path == OFFER
    assert "Согласие с предложением Место за вами" in page.text
    sent = parent.got[ACTIONS][0].action
    assert (sent.answer, sent.offer_seq, sent.agreed_split.applicant_part_accepted) == ("ACCEPT", 3, True)
    assert [one.form_code for one in sent.consents] == [FormCode.SPLIT_PAYMENT]
    # The offer's new state has not come yet: nothing more is asked for.
    assert "Вы ответили" in page.text
    assert not page.root.xpath("//main//form")
    assert "Нужен ваш ответ" not in (await site.get("/account")).text
    await parent.region.push(offer(parent, 4, offer_state=account.OfferState.ACCEPTED))
    page = await site.get(OFFER)
    assert "Вы согласились" in page.text
    assert not page.root.xpath("//main//form")
    assert "Нужен ваш ответ" not in (await site.get("/account")).text


async def test_missing_agreements_to_an_offer_are_told_beside_each(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))

    page = await site.send(await site.get(OFFER), OFFER, 0, answer="ACCEPT", own="1")

    assert (page.status, page.marked()) == (422, ["form-SPLIT_PAYMENT"])
    assert page.root.xpath("//input[@name='own'][@checked]")
    assert parent.got[ACTIONS] == []


async def test_offer_is_declined_with_a_word(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(ACCEPTED)

    page = await site.send(await site.get(OFFER), OFFER, 1, answer="DECLINE", comment="Переехали")

    assert "Отказ от предложения" in page.text
    sent = parent.got[ACTIONS][0].action
    assert (sent.answer, sent.comment, sent.agreed_split, sent.consents) == ("DECLINE", "Переехали", None, ())


async def test_too_long_a_word_is_not_lost(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))

    page = await site.send(await site.get(OFFER), OFFER, 1, answer="DECLINE", comment="о" * 2049)

    assert page.problems() == ["Текст длиннее 2048 знаков. Сократите его."]
    assert page.root.xpath("//textarea/text()") == ["о" * 2049]


async def test_answer_sent_twice_is_one(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(ACCEPTED)
    page = await site.get(OFFER)

    pages = await asyncio.gather(*(site.send(page, OFFER, 0, **YES) for _ in range(3)))

    assert {one.path for one in pages} == {OFFER}
    assert len(parent.got[ACTIONS]) == 1


async def test_offer_that_changed_while_it_was_read_is_shown_again(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    old = await site.get(OFFER)
    await parent.region.push(offer(parent, 4, priority_rank=2))

    page = await site.send(old, OFFER, 0, **YES)

    assert page.problems() == ["Предложение изменилось, пока вы читали. Посмотрите его и ответьте ещё раз."]
    assert "Место в очереди продолжающих 2" in page.text
    assert not page.root.xpath("//input[@type='checkbox'][@checked]")
    assert parent.got[ACTIONS] == []


@pytest.mark.invariant(10)
async def test_stale_answer_shows_the_offer_again(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(STALE, reason_code="STALE_BALANCE")

    page = await site.send(await site.get(OFFER), OFFER, 0, **YES)
    assert "Посмотрите новые данные и решите ещё раз" in page.text
    assert not page.root.xpath("//input[@type='checkbox'][@checked]")

    parent.replies[ACTIONS] = told(ACCEPTED)
    page = await site.send(page, OFFER, 0, **YES)
    assert "Ваше решение принято" in page.text


async def test_rejected_answer_is_told_in_the_regions_words(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(REJECTED, reason_code="EXHAUSTED", message="Лимит исчерпан")

    page = await site.send(await site.get(OFFER), OFFER, 0, **YES)

    assert "Лимит исчерпан Средств сертификата не хватает." in page.text


async def test_answer_without_an_answer_can_be_sent_again_as_the_same(
    parent: Parent, site: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parent.region.push(offer(parent))
    monkeypatch.setattr(parent.portal.actions, "_deadline", timedelta(milliseconds=50))
    page = await site.send(await site.get(OFFER), OFFER, 0, **YES)
    assert "ответ региона ещё не пришёл" in page.text
    assert not page.root.xpath(f"//form[@action='{OFFER}']")

    parent.replies[ACTIONS] = told(ACCEPTED)
    monkeypatch.setattr(parent.portal.actions, "_deadline", timedelta(seconds=10))
    (again,) = [one.get("action") for one in page.root.xpath("//main//form")]
    page = await site.send(page, again)

    assert "Ваше решение принято" in page.text
    first, second = parent.got[ACTIONS]
    assert first == second


async def test_answer_after_the_deadline_is_not_taken(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    old = await site.get(OFFER)
    parent.simulator.clock.advance(timedelta(days=2))

    page, late = await site.get(OFFER), await site.send(old, OFFER, 0, **YES)

    assert "Срок ответа истёк. Молчание считается отказом." in page.text
    assert late.problems() == ["Срок ответа на предложение истёк."]
    assert parent.got[ACTIONS] == []


async def test_forms_that_are_out_of_date_are_signed_with_the_yes(parent: Parent, site: Browser) -> None:
    await parent.region.push(
        offer(parent), consent(parent, state="NEW_VERSION_NEEDED", form_version="2025-01", required_version="2026-01")
    )
    parent.replies[ACTIONS] = told(ACCEPTED)

    page = await site.send(await site.get(OFFER), OFFER, 0, **YES)
    assert page.marked() == ["form-PD_PROCESSING"]
    await site.send(page, OFFER, 0, **YES, **{"form-PD_PROCESSING": "1"})

    (request,) = parent.got[ACTIONS]
    assert {one.form_code for one in request.action.consents} == {FormCode.PD_PROCESSING, FormCode.SPLIT_PAYMENT}


async def test_foreign_offer_and_decision_are_not_there(parent: Parent, site: Browser) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(ACCEPTED)
    await site.send(await site.get(OFFER), OFFER, 0, **YES)
    (decision,) = parent.portal.actions.of(parent.owner, parent.child)
    stranger = parent.portal.people.put_owner(Identity.snils("1"), "Чужая", "Анна", None)
    await site.post("/sign-in", person=str(stranger))

    assert (await site.get(OFFER)).status == 404
    assert (await site.post(OFFER, **YES)).status == 404
    assert (await site.post(f"/account/decision/{decision.id}/repeat")).status == 404
    assert (await site.post("/account/decision/none/repeat")).status == 404
    assert len(parent.got[ACTIONS]) == 1


# Consents


@pytest.mark.seed("new-forms")
async def test_consents_are_listed_with_version_date_and_channel(parent: Parent, site: Browser, child: str) -> None:
    outdated = consent(
        parent,
        FormCode.SOCIAL_CERT_APPLICATION,
        "NEW_VERSION_NEEDED",
        form_version="2025-01",
        required_version="2026-01",
    )
    await parent.region.push(consent(parent), outdated)

    page = await site.get(child + "/consents")

    for said in (
        "Согласие на обработку персональных данных",
        "Версия формы 2026-01",
        "Дано 01.09.2026 в 09:00 (МСК), в организации",
        "Форма обновилась",
        "прочитайте новую (версия 2026-01)",
        "Подписать новую форму",
        "Отозвать все согласия",
    ):
        assert said in page.text
    assert len(page.root.xpath("//details")) == 1  # the text of an older version is not here to be shown


@pytest.mark.seed("withdraw")
async def test_withdrawing_says_what_follows_and_needs_a_yes(parent: Parent, site: Browser, child: str) -> None:
    await parent.region.push(consent(parent), parent.region.contract(1))
    parent.replies[ACTIONS] = told(ACCEPTED)
    path = child + "/consents/withdraw"

    asked = await site.get(path + "?form=PD_PROCESSING")
    for said in (
        "Договоры об обучении на этом не заканчиваются: сейчас в кабинете их 1",
        "из этого кабинета исчезнут",
        "не позже чем через тридцать дней",
        "нужно будет дать новое согласие",
    ):
        assert said in asked.text
    page = await site.send(asked, path, reason="Не согласны")
    assert (page.status, page.marked(), page.root.xpath("//textarea/text()")) == (422, ["sure"], ["Не согласны"])
    assert parent.got[ACTIONS] == []

    page = await site.send(page, path, sure="1")

    assert page.path == child + "/consents"
    assert "Согласие отозвано: согласие на обработку персональных данных Ваше решение принято." in page.text
    sent = parent.got[ACTIONS][0].action
    assert (sent.deed, sent.reason) == ("WITHDRAW", "Не согласны")
    assert [one.form_code for one in sent.consents] == [FormCode.PD_PROCESSING]


async def test_all_consents_are_withdrawn_at_once(parent: Parent, site: Browser, child: str) -> None:
    await parent.region.push(
        consent(parent), consent(parent, FormCode.SPLIT_PAYMENT), consent(parent, FormCode.PFDO_LEGACY, "WITHDRAWN")
    )
    parent.replies[ACTIONS] = told(ACCEPTED)
    path = child + "/consents/withdraw"

    page = await site.send(await site.get(path), path, sure="1")

    assert page.path == child + "/consents"
    sent = parent.got[ACTIONS][0].action
    assert {one.form_code for one in sent.consents} == {FormCode.PD_PROCESSING, FormCode.SPLIT_PAYMENT}


async def test_withdrawing_only_the_split_keeps_the_data_here(parent: Parent, site: Browser, child: str) -> None:
    asked = await site.get(child + "/consents/withdraw?form=SPLIT_PAYMENT")

    assert "исчезнут" not in asked.text


async def test_withdrawing_twice_is_once(parent: Parent, site: Browser, child: str) -> None:
    parent.replies[ACTIONS] = told(ACCEPTED)
    path = child + "/consents/withdraw"
    asked = await site.get(path)

    await asyncio.gather(*(site.send(asked, path, sure="1") for _ in range(2)))

    assert len(parent.got[ACTIONS]) == 1


@pytest.mark.invariant(12)
async def test_after_a_withdrawal_nothing_of_the_child_is_shown_and_consent_can_be_given_anew(
    parent: Parent, site: Browser, child: str
) -> None:
    await parent.region.push(parent.region.certificate(1), consent(parent))
    gone = {"operation": account.Operation.CLOSE, "cause": account.Cause.CONSENT_WITHDRAWN, "body": None}
    await parent.region.push(
        parent.region.certificate(2, notice="Сведения больше не передаются.", **gone),
        parent.region.certificate(2, object_id="consent-PD_PROCESSING", **gone),
    )
    parent.replies[ACTIONS] = told(ACCEPTED)

    page, consents = await site.get(child), await site.get(child + "/consents")

    assert "1234567890" not in page.source
    assert "Согласие на обработку данных отозвано. Чтобы снова видеть" in page.text
    assert "Отзыв согласия договоров не прекращает" in page.text
    assert "Сведения больше не передаются." in page.text
    assert "Согласие отозвано, поэтому сведения о ребёнке здесь больше не показываются" in consents.text
    give = child + "/consents/give"
    form = await site.get(give)
    wrong = await site.send(form, give, **{"form-PD_PROCESSING": "1"})
    assert wrong.marked() == ["form-SOCIAL_CERT_APPLICATION"]
    assert wrong.root.xpath("//input[@name='form-PD_PROCESSING'][@checked]")
    page = await site.send(wrong, give, **{"form-SOCIAL_CERT_APPLICATION": "1"})
    assert "Согласие дано" in page.text
    sent = parent.got[ACTIONS][0].action
    assert (sent.deed, {one.form_version for one in sent.consents}) == ("GIVE", {"2026-01"})


async def test_one_form_is_given_anew(parent: Parent, site: Browser, child: str) -> None:
    await parent.region.push(consent(parent, state="WITHDRAWN"))
    parent.replies[ACTIONS] = told(ACCEPTED)
    page = await site.get(child + "/consents")
    (link,) = page.root.xpath("//a[contains(text(), 'Дать снова')]/@href")

    await site.send(await site.get(link), child + "/consents/give", **{"form-PD_PROCESSING": "1"})

    assert [one.form_code for one in parent.got[ACTIONS][0].action.consents] == [FormCode.PD_PROCESSING]


async def test_unsent_withdrawal_is_told_and_sent_again(
    parent: Parent, site: Browser, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent.portal.actions, "_deadline", timedelta(milliseconds=50))
    path = child + "/consents/withdraw"
    page = await site.send(await site.get(path), path, sure="1")
    assert "ответ региона ещё не пришёл" in page.text

    parent.replies[ACTIONS] = told(ACCEPTED)
    monkeypatch.setattr(parent.portal.actions, "_deadline", timedelta(seconds=10))
    (again,) = page.root.xpath("//form[contains(@action, '/repeat')]/@action")
    page = await site.send(page, again)

    assert page.path == child + "/consents"
    assert "Ваше решение принято" in page.text


async def test_unknown_form_and_foreign_child_have_no_page(parent: Parent, site: Browser, child: str) -> None:
    assert (await site.get(child + "/consents/withdraw?form=NOTHING")).status == 404
    for page in ("/consents", "/consents/withdraw", "/consents/give"):
        assert (await site.get("/account/child/999" + page)).status == 404
    assert (await site.post("/account/child/999/consents/withdraw", sure="1")).status == 404


# What the account shows


@pytest.mark.seed("control", "unit")
async def test_balances_are_told_by_year_and_register(parent: Parent, site: Browser, child: str) -> None:
    region = parent.region
    next_year = region.balance(
        period_from=date(2027, 1, 1),
        period_to=date(2027, 12, 31),
        nominal=2000000,
        reserved=300000,
        spent=0,
        available=1700000,
    )
    counted = account.ProgrammeBalance(
        period_from=date(2026, 1, 1),
        period_to=date(2026, 12, 31),
        register=Register.SIGNIFICANT,
        nominal=2,
        used=1,
        available=1,
    )
    card = region.card(balances=(region.balance(), next_year, counted))
    await region.push(region.certificate(1, body=card))

    page = await site.get(child)

    for said in (
        "В рублях, 01.01.2026 – 31.12.2026 Остаток 9 256,00 руб.",
        "Реестр значимых программ, 01.01.2026 – 31.12.2026 Остаток 1 программа Номинал 2 программы Израсходовано 1",
        "В рублях, 01.01.2027 – 31.12.2027 Остаток 17 000,00 руб. Номинал 20 000,00 руб. Забронировано 3 000,00 руб.",
    ):
        assert said in page.text


async def test_ended_contract_says_how_and_what_came_back(parent: Parent, site: Browser, child: str) -> None:
    end = account.Termination(
        date=date(2026, 10, 31),
        initiator=account.Initiator.PARENT,
        reason_code="CANCELLED_BY_PARENT",
        reason_text="По заявлению",
        released=400000,
    )
    update = parent.region.contract(1)
    ended = replace(
        update.body,
        contract_state=account.ContractState.TERMINATED,
        reserved_now=0,
        spent_now=400000,
        termination=end,
    )
    await parent.region.push(replace(update, body=ended))

    page = await site.get(child)

    for said in (
        "Расторгнут",
        "Израсходовано 4 000,00 руб.",
        "Вернулось на сертификат 4 000,00 руб.",
        "Обучение закончено 31.10.2026. По заявлению Прекращает договор: родитель.",
    ):
        assert said in page.text


async def test_notices_are_told_the_latest_first(parent: Parent, site: Browser, child: str) -> None:
    for seq in range(1, 13):
        await parent.region.push(parent.region.certificate(seq, notice=f"Известие {seq}"))

    page = await site.get(child)

    assert page.text.index("Известие 12") < page.text.index("Известие 3 ")
    assert "Прежние уведомления: 2" in page.text


# Query-only mode


@pytest.mark.seed("not-kept")
async def test_account_says_that_a_certificate_is_not_kept_and_asks_on_demand(
    parent: Parent, site: Browser, child: str
) -> None:
    parent.replies[QUERIES] = telling(
        parent.region.certificate(1), parent.region.contract(1), offer(parent), consent(parent)
    )
    page = await site.get(child)
    assert "Выпущенный сертификат в кабинете не хранится" in page.text

    answer = await site.send(page, child + "/live")

    assert answer.heading() == "Сведения региона сейчас"
    for said in ("Остаток 9 256,00 руб.", "Договор № 15", "Тестовая программа «Ритм»", "версия 2026-01"):
        assert said in answer.text
    assert "В кабинете эти сведения не сохраняются" in answer.text
    assert "9 256,00" not in (await site.get(child)).text


async def test_stored_answer_to_a_live_read_says_so(parent: Parent, site: Browser, child: str) -> None:
    parent.replies[QUERIES] = telling(parent.region.certificate(1), live=False)

    page = await site.send(await site.get(child), child + "/live")

    assert "это сохранённые сведения на 01.09.2026 в 09:00 (МСК)" in page.text


async def test_live_read_without_an_answer_can_be_repeated(
    parent: Parent, site: Browser, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent.portal.live, "_deadline", timedelta(milliseconds=50))

    page = await site.send(await site.get(child), child + "/live")

    assert page.heading() == "Регион пока не ответил"
    assert page.root.xpath("//form/@action").count(child + "/live") == 1


async def test_answer_about_one_child_is_not_shown_at_another(parent: Parent, site: Browser, child: str) -> None:
    parent.replies[QUERIES] = telling(parent.region.certificate(1))
    answer = await site.send(await site.get(child), child + "/live")

    page = await site.get(answer.path.replace(child, f"/account/child/{parent.baby}"))

    assert page.path == f"/account/child/{parent.baby}"
    assert "9 256,00" not in page.text
