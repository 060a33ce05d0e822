"""The account page's question about one child, answered from the registry, or from what was told while that is slow.

An answer that is not live says so and since when, and the portal allows no order by it. Data go out only to the
certificate's applicant and only with a consent in force; a mismatch is told like nothing found, so that nobody learns
by guessing who has a certificate.
Source: portal message dictionary, 7 (AccountQuery), 7.1 (rules 5, 7), 12, 15 (invariants 9, 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal import account
from socert.gateway.domain.rules_errors import RuleCode, rule_of
from socert.gateway.exchange.answering import Look, Reply
from socert.gateway.mapping.recipient import certificates_of
from socert.gateway.projection import shown_to

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, tzinfo

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import MessageType
    from socert.gateway.exchange.answering import Received
    from socert.gateway.life.consents import Consents
    from socert.gateway.ports import CertificateView, Registry
    from socert.gateway.projection import Projector

_KINDS: dict[type, account.Include] = {
    account.CertificateCard: account.Include.CERTIFICATE,
    account.ContractCard: account.Include.CONTRACTS,
    account.RenewalOffer: account.Include.OFFERS,
    account.ConsentState: account.Include.CONSENTS,
}
MOST = 200
"""Objects of one answer (portal message dictionary, 7, AccountQueryResponse)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountQueryAnswerer:
    """Answers AccountQueryRequest."""

    message_type: ClassVar[MessageType] = account.QUERY_REQUEST

    registry: Registry
    consents: Consents
    projector: Projector
    clock: Callable[[], datetime]
    zone: tzinfo

    def take(self, content: etree._Element, received: Received) -> Look:
        """Look into the registry, or into the projection when that takes too long."""
        request = account.read_query_request(content, zone=self.zone)
        return Look(
            find=lambda connection: self._live(connection, request),
            late=lambda connection: self._told(connection, request),
        )

    def _live(self, connection: Connection, request: account.QueryRequest) -> Reply:
        """Draw everything from the registry now."""
        views = certificates_of(self.registry, connection, request.recipient)
        if not views:
            return _nothing(request, account.QueryResult.NOT_FOUND)
        view = views[0]
        if not self.consents.may_leave(connection, view.certificate):
            return _nothing(request, account.QueryResult.REFUSED, self._why(connection, view))
        if view.municipality is None:
            return _nothing(request, account.QueryResult.UNAVAILABLE)
        now, guid = self.clock(), view.certificate.guid
        return _found(request, guid, now, self.projector.draw(connection, guid, as_of=now), live=True)

    def _told(self, connection: Connection, request: account.QueryRequest) -> Reply:
        """Tell what was told last, without the registry; what is not shown any more is not told either."""
        found = shown_to(connection, request.recipient)
        if found is None:
            return _nothing(request, account.QueryResult.UNAVAILABLE)
        return _found(request, found.guid, found.as_of, found.objects, live=False)

    def _why(self, connection: Connection, view: CertificateView) -> RuleCode:
        kept = self.consents.of(connection, view.certificate)
        withdrawn = any(one.withdrawn_at is not None for one in kept)
        return RuleCode.CONSENT_WITHDRAWN if withdrawn else RuleCode.NO_CONSENT


def _nothing(request: account.QueryRequest, result: account.QueryResult, why: RuleCode | None = None) -> Reply:
    code = None if why is None else rule_of(why).wire
    return Reply(content=account.QueryResponse(query_id=request.query_id, result=result, reason_code=code))


def _found(
    request: account.QueryRequest, guid: str, as_of: datetime, objects: Sequence[account.Update], *, live: bool
) -> Reply:
    wanted = tuple(one for one in objects if _KINDS[type(one.body)] in request.include)
    answer = account.QueryResponse(
        query_id=request.query_id, result=account.QueryResult.OK, as_of=as_of, live=live, objects=wanted[:MOST]
    )
    return Reply(content=answer, about=(guid,))
