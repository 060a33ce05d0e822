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
from socert.gateway.projection import shown

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
            find=lambda connection: self._answer(connection, request, self._live),
            late=lambda connection: self._answer(connection, request, self._told),
        )

    def _answer(
        self,
        connection: Connection,
        request: account.QueryRequest,
        look: Callable[[Connection, CertificateView], tuple[datetime, bool, Sequence[account.Update]] | None],
    ) -> Reply:
        views = certificates_of(self.registry, connection, request.recipient)
        if not views:
            return Reply(content=account.QueryResponse(query_id=request.query_id, result=account.QueryResult.NOT_FOUND))
        view = views[0]
        guid = view.certificate.guid
        if not self.consents.may_leave(connection, view.certificate):
            code = rule_of(self._why(connection, view)).wire
            refused = account.QueryResult.REFUSED
            return Reply(content=account.QueryResponse(query_id=request.query_id, result=refused, reason_code=code))
        found = look(connection, view)
        if found is None:
            unavailable = account.QueryResult.UNAVAILABLE
            return Reply(content=account.QueryResponse(query_id=request.query_id, result=unavailable))
        as_of, live, objects = found
        wanted = tuple(one for one in objects if _KINDS[type(one.body)] in request.include)
        answer = account.QueryResponse(
            query_id=request.query_id,
            result=account.QueryResult.OK,
            as_of=as_of,
            live=live,
            objects=wanted[:MOST],
        )
        return Reply(content=answer, about=(guid,))

    def _why(self, connection: Connection, view: CertificateView) -> RuleCode:
        kept = self.consents.of(connection, view.certificate)
        withdrawn = any(one.withdrawn_at is not None for one in kept)
        return RuleCode.CONSENT_WITHDRAWN if withdrawn else RuleCode.NO_CONSENT

    def _live(
        self, connection: Connection, view: CertificateView
    ) -> tuple[datetime, bool, Sequence[account.Update]] | None:
        """Draw everything from the registry now; None where the portal cannot be told of this municipality."""
        if view.municipality is None:
            return None
        now = self.clock()
        return now, True, self.projector.draw(connection, view.certificate.guid, as_of=now)

    def _told(
        self, connection: Connection, view: CertificateView
    ) -> tuple[datetime, bool, Sequence[account.Update]] | None:
        """Return what was told last, with its moment; None where nothing was."""
        found = shown(connection, view.certificate.guid)
        return None if found is None else (found.as_of, False, found.objects)
