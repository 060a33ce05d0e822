"""The page on which a contract gets other terms: its last day, and the group's price of today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from socert.gateway.console import words
from socert.gateway.console.enrol import sums_of
from socert.gateway.console.forms import Field, Form, Kind, Typed
from socert.gateway.console.shell import matched
from socert.gateway.console.steps import path_of
from socert.gateway.domain.quote import Agreed
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.console.desk import Desk
    from socert.gateway.console.shell import Problem, Shell
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.quote import Quote
    from socert.gateway.ports import ContractView, UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """What other terms would come to: the quote, or the sentence of the rule that stands against them."""

    life: ContractLife
    view: ContractView
    quote: Quote | None
    against: str


class ChangePages:
    """Changing a contract's terms."""

    def __init__(self, shell: Shell, desk: Desk) -> None:
        """Take what all pages share and what they work with."""
        self._shell = shell
        self._desk = desk

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the page's routes."""
        return [
            web.get("/contracts/{contract}/change", self._show),
            web.post("/contracts/{contract}/change", self._take),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        typed = Typed(posted={"end": request.query.get("end", "")})
        return await self._page(request, typed.day_or_none("end"), typed.wrong.get("end", ""), None)

    async def _page(self, request: web.Request, end: date | None, wrong: str, problem: Problem | None) -> web.Response:
        contract_id = matched(request, "contract")
        found = await self._desk.store.read(lambda connection: self._propose(connection, contract_id, end))
        if found is None:
            raise web.HTTPNotFound
        asked = end or found.life.end
        path = f"{path_of(contract_id)}/change"
        form = None if found.quote is None else self._shell.shown(_form(found.quote, asked, path), problem)
        context = {
            "section": "contracts",
            "back": path_of(contract_id),
            "path": path,
            "life": found.life,
            "contract": found.view.contract,
            "end": Field(name="end", label="Последний день", kind=Kind.DATE, value=words.day(asked), wrong=wrong),
            "against": found.against,
            "split": None if found.quote is None else found.quote.split,
            "form": form,
            "refusal": problem.refusal if problem is not None and form is None else "",
        }
        return self._shell.page(request, "change.html", context, status=200 if problem is None else 422)

    def _propose(self, connection: Connection, contract_id: str, end: date | None) -> Proposed | None:
        life = self._desk.registry.life(connection, contract_id)
        view = self._desk.registry.contracts(connection, [contract_id]).get(contract_id)
        if life is None or view is None:
            return None
        quote, against = None, ""
        try:
            quote = self._desk.contracts.requote(connection, contract_id, end=end)
        except RuleBroken as broken:
            against = broken.people_text
        return Proposed(life=life, view=view, quote=quote, against=against)

    async def _take(self, request: web.Request) -> web.Response:
        contract_id = matched(request, "contract")

        async def work(typed: Typed) -> str:
            end = typed.day("end")
            typed.check()

            def change(unit: UnitOfWork) -> ContractLife:
                # The split is made anew: if it is not the one that the page showed, nobody has agreed to it.
                fresh = self._desk.contracts.requote(unit.connection, contract_id, end=end)
                if typed.posted.get("sums") != sums_of(fresh):
                    raise Refused(RuleCode.SPLIT_DIFFERS)
                agreed = Agreed(
                    split=fresh.split,
                    balance_version=fresh.balance_version,
                    own_part_accepted=typed.yes("own_part"),
                )
                return self._desk.contracts.change(unit, contract_id, agreed=agreed, end=end)

            await self._desk.units.write(change)
            return f"{path_of(contract_id)}?done=change"

        async def again(problem: Problem) -> web.Response:
            typed = Typed(posted=problem.posted)
            return await self._page(request, typed.day_or_none("end"), typed.wrong.get("end", ""), problem)

        return await self._shell.take(request, step="change", about=contract_id, work=work, again=again)


def _form(quote: Quote, end: date, path: str) -> Form:
    fields = [
        Field(name="end", kind=Kind.HIDDEN, value=end.isoformat()),
        Field(name="sums", kind=Kind.HIDDEN, value=sums_of(quote)),
    ]
    if quote.split.own_part:
        agrees = "Родитель согласен оплатить свою часть"
        fields.append(Field(name="own_part", label=agrees, kind=Kind.YES, required=False))
    return Form(name="change", path=path, title="", button="Изменить условия", fields=tuple(fields))
