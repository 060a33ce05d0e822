"""The page of consents: which are in force, withdrawing with a page that says what follows, giving again.

Source: portal message dictionary, 7 (A-CONSENT, AccountActionRequest) and 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from socert.contracts.portal.account import Cause, ConsentDeed
from socert.contracts.portal.blocks import FormCode
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import pages_views as views
from socert.simulator.portal.pages_base import CHILD, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.simulator.portal.cards import ConsentCard
    from socert.simulator.portal.pages_base import Desk
    from socert.simulator.portal.people import KnownChild, Owner

#: What is withdrawn, or given, where the account keeps no consents: an enrolment rests on these two.
_BASIC = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION)
_STANDING = frozenset({"GIVEN", "NEW_VERSION_NEEDED"})


class ConsentPages:
    """The pages of the consents for a child."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._portal = desk.portal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(CHILD + "/consents", self._list),
            web.get(CHILD + "/consents/withdraw", self._withdraw_form),
            web.post(CHILD + "/consents/withdraw", self._withdraw),
            web.get(CHILD + "/consents/give", self._give_form),
            web.post(CHILD + "/consents/give", self._give),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        consents, closed = self._consents(owner, child), self._portal.accounts.closed(child.id, owner.id)
        decisions = [one for one in self._portal.actions.of(owner.id, child.id) if one.kind == "consent"]
        return self._desk.page(
            request,
            "consents.html",
            owner,
            child=child,
            consents=[views.consent(card, self._desk.version) for card in consents],
            standing=any(card.state in _STANDING for card in consents),
            gone=[one for one in closed if one.cause == Cause.CONSENT_WITHDRAWN],
            decisions=[views.decision(one) for one in decisions],
            version=self._desk.version,
        )

    # Withdrawing

    async def _withdraw_form(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        codes = self._chosen(request.query.get("form", ""), self._standing(owner, child))
        return self._withdraw_page(request, owner, child, codes, chosen=request.query.get("form", ""))

    def _withdraw_page(
        self,
        request: web.Request,
        owner: Owner,
        child: KnownChild,
        codes: tuple[FormCode, ...],
        *,
        chosen: str,
        reason: str = "",
        problems: Mapping[str, str] | None = None,
    ) -> web.Response:
        return self._desk.page(
            request,
            "withdraw.html",
            owner,
            child=child,
            chosen=chosen,
            forms=[views.form(code) for code in codes],
            stops=FormCode.PD_PROCESSING in codes,
            contracts=self._portal.accounts.contracts(child.id, owner.id),
            reason=reason,
            problems=problems or {},
        )

    async def _withdraw(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        form = await request.post()
        chosen, reason = text(form, "form"), text(form, "reason")
        codes = self._chosen(chosen, self._standing(owner, child))
        problems = {}
        if not form.get("sure"):
            problems["sure"] = "Подтвердите, что понимаете последствия."
        else:
            try:
                raise await self._decide(request, owner, child, ConsentDeed.WITHDRAW, codes, reason)
            except OrderRefused as error:
                problems["reason" if reason else ""] = str(error)
        return self._withdraw_page(request, owner, child, codes, chosen=chosen, reason=reason, problems=problems)

    # Giving

    async def _give_form(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        chosen = request.query.get("form", "")
        return self._give_page(request, owner, child, self._chosen(chosen, _BASIC), chosen=chosen)

    def _give_page(
        self,
        request: web.Request,
        owner: Owner,
        child: KnownChild,
        codes: tuple[FormCode, ...],
        *,
        chosen: str,
        ticked: frozenset[FormCode] = frozenset(),
        problems: Mapping[str, str] | None = None,
    ) -> web.Response:
        return self._desk.page(
            request,
            "give.html",
            owner,
            child=child,
            chosen=chosen,
            forms=[views.form(code, ticked=code in ticked) for code in codes],
            version=self._desk.version,
            problems=problems or {},
        )

    async def _give(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        form = await request.post()
        chosen = text(form, "form")
        codes = self._chosen(chosen, _BASIC)
        given = frozenset(code for code in codes if form.get(f"form-{code.value}"))
        problems = views.unticked(None, codes, given, own=False)
        if not problems:
            try:
                raise await self._decide(request, owner, child, ConsentDeed.GIVE, codes, "")
            except OrderRefused as error:
                problems = {"": str(error)}
        return self._give_page(request, owner, child, codes, chosen=chosen, ticked=given, problems=problems)

    # Parts

    async def _decide(
        self,
        request: web.Request,
        owner: Owner,
        child: KnownChild,
        deed: ConsentDeed,
        codes: tuple[FormCode, ...],
        reason: str,
    ) -> web.HTTPSeeOther:
        async def work() -> str:
            await self._portal.actions.consent(owner=owner.id, child=child.id, deed=deed, forms=codes, reason=reason)
            return f"/account/child/{child.id}/consents"

        return await self._desk.once(request, owner, await request.post(), work)

    def _consents(self, owner: Owner, child: KnownChild) -> list[ConsentCard]:
        return self._portal.accounts.consents(child.id, owner.id)

    def _standing(self, owner: Owner, child: KnownChild) -> tuple[FormCode, ...]:
        """Return the forms that can be withdrawn together: those in force here, or what an enrolment rests on."""
        standing = {FormCode(card.form) for card in self._consents(owner, child) if card.state in _STANDING}
        return tuple(code for code in FormCode if code in standing) or _BASIC

    def _chosen(self, code: str, otherwise: tuple[FormCode, ...]) -> tuple[FormCode, ...]:
        """Return the one form of an address, or all of them where it names none; 404 for what is no form."""
        if not code:
            return otherwise
        try:
            return (FormCode(code),)
        except ValueError:
            raise web.HTTPNotFound from None
