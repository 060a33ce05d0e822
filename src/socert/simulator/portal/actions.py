"""The parent's decisions in the account: an answer to a renewal offer, consents given and withdrawn (M13, M14).

A decision is kept with the exact content sent, so that a repeat is the same decision; its answer may come after the
page has stopped waiting. Source: portal message dictionary, 7 (AccountActionRequest) and 13.
"""

# ruff: noqa: TC003 - pydantic reads the annotations while the module runs

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from socert.contracts.errors import ContractError
from socert.contracts.portal import account
from socert.contracts.portal.blocks import FormCode
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.rules import LONGEST_TEXT
from socert.simulator.clock import microseconds
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import forms as all_forms
from socert.simulator.portal.consumer import expect_no_more
from socert.simulator.portal.recipient import persons, recipient

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.accounts import Accounts
    from socert.simulator.portal.cards import Offer
    from socert.simulator.portal.consumer import Answered, Consumer
    from socert.simulator.portal.people import People
    from socert.simulator.state import State

#: Kind of the messages whose answers belong to decisions.
ACTION = "action"
SENT = "SENT"
FAILED = "FAILED"

_SAID = {
    SENT: "Ваше решение отправлено, ответ региона ещё не пришёл.",
    FAILED: "Передать решение не удалось. Попробуйте ещё раз.",
    "ACCEPTED": "Ваше решение принято.",
    "IN_PROGRESS": "Ваше решение принято в работу.",
    "DUPLICATE": "Это решение уже было принято раньше.",
    "STALE": "Предложение или остаток сертификата изменились. Посмотрите новые данные и решите ещё раз.",
    "REJECTED": "Регион не принял ваше решение.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A decision and what became of it.

    `kind` is "offer" or "consent"; `subject` the offer's id, or the forms' codes with commas. `result` is an
    `account.ActionResult`'s value, "SENT" while no answer has come (it may still come later), "FAILED" when the
    exchange did not take it or the region refused to answer; `text` says it in Russian. `object_id` and `seq` name
    what it changed or made.
    """

    id: str
    owner: int
    child: int
    kind: str
    subject: str
    deed: str
    sent: datetime
    result: str = SENT
    reason_code: str = ""
    text: str = _SAID[SENT]
    object_id: str = ""
    seq: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the decision for testers."""
        found: dict[str, Any] = _DECISIONS.dump_python(self, mode="json")
        return found


_DECISIONS = TypeAdapter(Decision)


class Actions:
    """Sends decisions and keeps what became of them. `deadline`: how long a page waits; `version`: of the forms."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        accounts: Accounts,
        people: People,
        state: State,
        clock: SimulatorClock,
        guids: Callable[[], str],
        deadline: timedelta,
        version: str,
    ) -> None:
        self._consumer = consumer
        self._accounts = accounts
        self._people = people
        self._state = state
        self._clock = clock
        self._guids = guids
        self._deadline = deadline
        self._version = version
        self._answered: dict[str, asyncio.Event] = {}
        consumer.listen(ACTION, self._heard)

    async def answer_offer(
        self,
        *,
        owner: int,
        offer: str,
        seq: int,
        answer: account.Answer,
        own_part_accepted: bool = False,
        forms: Collection[FormCode] = (),
        comment: str = "",
        checked: bool = True,
    ) -> Decision:
        """Answer a renewal offer as it was seen: `seq` is the version of the card on the screen (`cards.Offer.seq`).

        `checked` False sends also what the page would stop. Waits for the region's answer up to the query deadline.
        Raises `OrderRefused`.
        """
        found = self._accounts.offer(offer, owner)
        if found is None:
            raise OrderRefused("Такого предложения в вашем личном кабинете нет.")
        card, child = found
        now = self._clock()
        accepts = answer is account.Answer.ACCEPT
        if checked:
            _check(card, seq, now, accepts=accepts, own_part_accepted=own_part_accepted, forms=forms)
            _check_text(comment)
        agreed = account.AgreedSplit(
            calculated_at=card.offered,
            balance_version=card.certificate_version,
            balance_as_of=card.as_of,
            split=card.division.split(),
            applicant_part_accepted=own_part_accepted,
            agreed_at=now,
        )
        action = account.RenewalAnswer(
            offer_id=card.id,
            offer_seq=seq,
            answer=answer,
            agreed_split=agreed if accepts else None,
            consents=tuple(all_forms.consent(code, self._version, now) for code in sorted(forms)),
            comment=comment or None,
        )
        return await self._decide(owner, child, action, kind="offer", subject=card.id, deed=answer.value)

    async def consent(
        self,
        *,
        owner: int,
        child: int,
        deed: account.ConsentDeed,
        forms: Collection[FormCode],
        reason: str = "",
        version: str | None = None,
    ) -> Decision:
        """Give or withdraw consents of a child; `version` is the form's, the current one unless told.

        Waits for the region's answer up to the query deadline. Raises `OrderRefused`.
        """
        if not forms:
            raise OrderRefused("Выберите хотя бы одно согласие.")
        _check_text(reason)
        now = self._clock()
        codes = sorted(set(forms))
        action = account.ConsentAction(
            deed=deed,
            consents=tuple(all_forms.consent(code, version or self._version, now) for code in codes),
            reason=reason or None,
        )
        return await self._decide(owner, child, action, kind="consent", subject=",".join(codes), deed=deed.value)

    async def repeat(self, action_id: str, owner: int | None = None) -> Decision:
        """Send a decision again, the very same content with the same action id. Raises `OrderRefused`."""
        decision = self.get(action_id)
        if decision is None or owner not in {None, decision.owner}:
            raise OrderRefused("Такого решения в вашем личном кабинете нет.")
        row = self._state.one("SELECT content FROM decision WHERE id = ?", action_id)
        assert row is not None
        return await self._send(replace(decision, result=SENT, text=_SAID[SENT]), bytes(row["content"]))

    def get(self, action_id: str) -> Decision | None:
        """Return a decision."""
        row = self._state.one("SELECT document FROM decision WHERE id = ?", action_id)
        return None if row is None else _DECISIONS.validate_json(row["document"])

    def of(self, owner: int, child: int) -> list[Decision]:
        """Return the decisions of an owner for a child, the latest first."""
        rows = self._state.all(
            "SELECT document FROM decision WHERE owner = ? AND child = ? ORDER BY sent DESC, rowid DESC", owner, child
        )
        return [_DECISIONS.validate_json(row["document"]) for row in rows]

    async def _decide(
        self, owner: int, child: int, action: account.Action, *, kind: str, subject: str, deed: str
    ) -> Decision:
        request = account.ActionRequest(
            action_id=self._guids(),
            sent_at=self._clock(),
            recipient=recipient(*persons(self._people, owner, child)),
            action=action,
        )
        decision = Decision(
            id=request.action_id,
            owner=owner,
            child=child,
            kind=kind,
            subject=subject,
            deed=deed,
            sent=request.sent_at,
        )
        try:
            return await self._send(decision, request.render().encode())
        except ContractError as error:
            raise OrderRefused("Такой текст передать нельзя: в нём есть недопустимые знаки.") from error

    async def _send(self, decision: Decision, content: bytes) -> Decision:
        event = self._answered.setdefault(decision.id, asyncio.Event())

        def remember(_message_id: str) -> None:
            self._put(decision, content)

        await self._consumer.send(content, kind=ACTION, ref=decision.id, remember=remember)
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                await event.wait()
        except TimeoutError:
            self._answered.pop(decision.id, None)
        found = self.get(decision.id)
        assert found is not None
        return found

    def _put(self, decision: Decision, content: bytes) -> None:
        self._state.run(
            "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            decision.id,
            decision.owner,
            decision.child,
            microseconds(decision.sent),
            content,
            _DECISIONS.dump_json(decision),
        )

    def _heard(self, ref: str, answered: Answered) -> None:
        """Take the answer to a decision: a listener of the portal's consumer."""
        decision = self.get(ref)
        assert decision is not None
        if answered.content is None:
            told = replace(decision, result=FAILED, text=answered.refused or _SAID[FAILED])
        else:
            answer = account.read_action_response(answered.content)
            if answer.action_id != decision.id:
                raise ValueRefused("the answer is to another action", field="actionId")
            told = replace(
                decision,
                result=answer.result.value,
                reason_code=answer.reason_code or "",
                text=answer.message or _SAID[answer.result.value],
                object_id=answer.object_id or "",
                seq=answer.seq,
            )
        self._state.run("UPDATE decision SET document = ? WHERE id = ?", _DECISIONS.dump_json(told), ref)
        if told.result != account.ActionResult.IN_PROGRESS:
            expect_no_more(self._state, ACTION, ref)
        event = self._answered.pop(ref, None)
        if event is not None:
            event.set()


def _check(
    card: Offer, seq: int, now: datetime, *, accepts: bool, own_part_accepted: bool, forms: Collection[FormCode]
) -> None:
    """Stop an answer that the page would stop. Raises `OrderRefused`."""
    if seq != card.seq:
        raise OrderRefused("Предложение изменилось, пока вы читали. Посмотрите его и ответьте ещё раз.")
    if card.state != account.OfferState.OFFERED:
        raise OrderRefused("На это предложение уже дан ответ, или оно больше не действует.")
    if now >= card.respond_by:
        raise OrderRefused("Срок ответа на предложение истёк.")
    if accepts and card.division.own_part > 0:
        if not own_part_accepted:
            raise OrderRefused("Подтвердите, что согласны оплатить часть стоимости за счёт семьи.")
        if FormCode.SPLIT_PAYMENT not in forms:
            raise OrderRefused("Отметьте согласие на оплату части стоимости за счёт семьи.")


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise OrderRefused(f"Текст длиннее {LONGEST_TEXT} знаков. Сократите его.")
