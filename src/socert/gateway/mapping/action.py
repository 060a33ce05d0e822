"""Decisions that a parent makes in the account: an answer to a renewal offer, a consent given or withdrawn (M13, M14).

Each decision takes effect once: its answer is kept under its id, and a repeat gets the same answer as DUPLICATE. Who
decides must be the certificate's applicant, about its child; to anybody else nothing is told (invariant 9).

An offer's `offerSeq` is the version of its card, which the projection numbers: an answer to an older one is STALE. The
balance's version that comes with the agreed split is not compared: an offer holds its volume whatever the balance does.
Source: portal message dictionary, 7 (AccountActionRequest, AccountActionResponse), 10, 13 (M13, M14).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import insert, select

from socert.contracts.portal import account
from socert.gateway.domain.consent import Channel, Consent
from socert.gateway.domain.policy import FormCode, Register
from socert.gateway.domain.quote import MonthPart, Quote, Split, YearPart
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode, rule_of
from socert.gateway.exchange.answering import Effect, Received, Reply
from socert.gateway.mapping.recipient import certificates_of
from socert.gateway.store.tables import micros, projection
from socert.gateway.store.tables_life import action as table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import MessageType
    from socert.contracts.portal.agreed import AgreedSplit
    from socert.contracts.portal.agreed import Consent as Given
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import Certificate
    from socert.gateway.domain.renewal import Offer
    from socert.gateway.life.consents import Consents
    from socert.gateway.life.renewals import Renewals
    from socert.gateway.ports import Registry, UnitOfWork

NOT_YOURS = "Сертификат ребёнка не найден, или он оформлен на другого заявителя. Обратитесь в организацию."
NO_OFFER = "Такого предложения нет. Обновите страницу."
WRONG = "Решение заполнено неверно: суммы или согласия не сходятся. Посмотрите предложение и ответьте ещё раз."
_STALE = frozenset({RuleCode.STALE_OFFER, RuleCode.SPLIT_DIFFERS, RuleCode.POOL_EXCEEDED})


class ActionAnswerer:
    """Answers AccountActionRequest."""

    message_type: ClassVar[MessageType] = account.ACTION_REQUEST

    def __init__(
        self,
        *,
        registry: Registry,
        renewals: Renewals,
        consents: Consents,
        policy_of: Callable[[str], Policy],
    ) -> None:
        """Take the parts; `policy_of` an OKTMO."""
        self._registry = registry
        self._renewals = renewals
        self._consents = consents
        self._policy_of = policy_of

    def take(self, content: etree._Element, received: Received) -> Effect:
        """Read a schema-valid decision; `ContractError` when it cannot be read."""
        request = account.read_action_request(content, zone=received.at.tzinfo)
        return Effect(apply=lambda unit: [Reply(content=self.act(unit, request, received.at))])

    def act(self, unit: UnitOfWork, request: account.ActionRequest, now: datetime) -> account.ActionResponse:
        """Do what was decided, once, and return the answer; nothing of it is done when any part is refused."""
        before = _answered(unit.connection, request.action_id)
        if before is not None:
            return replace(before, result=account.ActionResult.DUPLICATE)
        found = certificates_of(self._registry, unit.connection, request.recipient)
        certificates = [view.certificate for view in found]
        answer = self._answer(unit, request, certificates)
        # An action id is compared without case, as any GUID.
        unit.connection.execute(
            insert(table).values(
                action_id=request.action_id.lower(),
                certificate_guid=certificates[0].guid if certificates else None,
                result=answer.result.value,
                reason_code=answer.reason_code,
                text=answer.message,
                object_id=answer.object_id,
                taken_at=micros(now),
            )
        )
        return answer

    def _answer(
        self, unit: UnitOfWork, request: account.ActionRequest, certificates: Sequence[Certificate]
    ) -> account.ActionResponse:
        if not certificates:
            return _refused(request, RuleCode.IDENTITY_CONFLICT, NOT_YOURS)
        if account.check_action(request):
            return _refused(request, RuleCode.TECHNICAL, WRONG)
        action = request.action
        try:
            with unit.connection.begin_nested():
                if isinstance(action, account.ConsentAction):
                    object_id = self._consent(unit, certificates[0], action)
                else:
                    object_id = self._renewal(unit, certificates, action)
        except RuleBroken as broken:
            # An offer that has lost its ground is taken back at once: the account shows it so.
            for certificate in certificates:
                self._renewals.take_back_lost(unit, certificate.guid)
            result = account.ActionResult.STALE if broken.rule in _STALE else account.ActionResult.REJECTED
            return account.ActionResponse(
                action_id=request.action_id,
                result=result,
                reason_code=broken.wire_code,
                message=NO_OFFER if broken.rule is RuleCode.NOT_FOUND else broken.people_text,
            )
        return account.ActionResponse(
            action_id=request.action_id, result=account.ActionResult.ACCEPTED, object_id=object_id
        )

    # --- offers -----------------------------------------------------------------------------------------------------

    def _renewal(
        self, unit: UnitOfWork, certificates: Sequence[Certificate], action: account.RenewalAnswer
    ) -> str | None:
        connection = unit.connection
        found = ((one, self._renewals.find(connection, one.guid, action.offer_id)) for one in certificates)
        certificate, offer = next(((one, offer) for one, offer in found if offer is not None), (None, None))
        if certificate is None or offer is None:
            raise Refused(RuleCode.NOT_FOUND, what="renewal offer")
        seen = _seen(connection, offer, action)
        if action.consents:
            self._consents.give(unit, certificate, [_given(one) for one in action.consents])
        if action.answer is account.Answer.DECLINE:
            self._renewals.decline(unit, offer.key, seen=seen)
        else:
            agreed = action.agreed_split
            quote = None if agreed is None else _quote(agreed, offer, self._policy_of(certificate.oktmo))
            self._renewals.accept(unit, offer.key, seen=seen, quote=quote)
        return action.offer_id

    # --- consents ---------------------------------------------------------------------------------------------------

    def _consent(self, unit: UnitOfWork, certificate: Certificate, action: account.ConsentAction) -> str | None:
        if action.deed is account.ConsentDeed.GIVE:
            self._consents.give(unit, certificate, [_given(one) for one in action.consents])
        else:
            for one in action.consents:
                self._consents.withdraw(
                    unit, certificate, form=FormCode(one.form_code.value), channel=Channel(one.channel.value)
                )
        return None


def _refused(request: account.ActionRequest, code: RuleCode, text: str) -> account.ActionResponse:
    return account.ActionResponse(
        action_id=request.action_id,
        result=account.ActionResult.REJECTED,
        reason_code=rule_of(code).wire,
        message=text,
    )


def _answered(connection: Connection, action_id: str) -> account.ActionResponse | None:
    row = connection.execute(select(table).where(table.c.action_id == action_id.lower())).mappings().first()
    if row is None:
        return None
    return account.ActionResponse(
        action_id=action_id,
        result=account.ActionResult(row["result"]),
        reason_code=row["reason_code"],
        message=row["text"],
        object_id=row["object_id"],
    )


def _seen(connection: Connection, offer: Offer, action: account.RenewalAnswer) -> int:
    """Return the version of the offer that was answered: its own where the latest card was seen, else none of it."""
    told = connection.scalar(select(projection.c.seq).where(projection.c.object_id == action.offer_id.lower()))
    return offer.version if action.offer_seq == (told or offer.version) else 0


def _given(one: Given) -> Consent:
    return Consent(
        consent_id="",
        form=FormCode(one.form_code.value),
        version=one.form_version,
        given_at=one.given_at,
        channel=Channel(one.channel.value),
        text_digest=None if one.text_digest is None else one.text_digest.value,
    )


def _quote(agreed: AgreedSplit, offer: Offer, policy: Policy) -> Quote:
    """Return the split that was agreed to as a quote; SPLIT_DIFFERS (Refused) when it is not of the offered year.

    Its sums and the yes to the own part were checked with the message.
    """
    split = _split(agreed.split, offer.year)
    if split.register is not offer.register or [part.year for part in split.years] != [offer.year]:
        raise Refused(RuleCode.SPLIT_DIFFERS)
    return Quote(
        split=split,
        balance_version=agreed.balance_version,
        rounding=policy.rounding,
        remainder_month=policy.remainder_month,
    )


def _split(split: account.AnySplit, year: int) -> Split:
    if isinstance(split, account.CountSplit):
        whole = YearPart(year=year, certificate_part=split.programmes, own_part=0)
        return Split(
            register=Register(split.register.value),
            total=split.programmes,
            certificate_part=split.programmes,
            own_part=0,
            years=(whole,),
            months=(),
        )
    return Split(
        register=Register.RUB if split.unit is account.Unit.RUB else Register.HOUR,
        total=split.total,
        certificate_part=split.certificate_part,
        own_part=split.applicant_part,
        years=tuple(
            YearPart(year=part.year, certificate_part=part.certificate_part, own_part=part.applicant_part)
            for part in split.year_parts
        ),
        months=tuple(
            MonthPart(month=part.month, certificate_part=part.certificate_part, own_part=part.applicant_part)
            for part in split.month_parts
        ),
        payable=split.applicant_payable,
    )
