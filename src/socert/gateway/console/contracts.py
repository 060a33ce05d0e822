"""Pages of contracts: the list by state, words and municipality; one with its money, order and steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import func, select

from socert.gateway.console import words
from socert.gateway.console.forms import Field, Form, Kind
from socert.gateway.console.shell import PREFIX, matched
from socert.gateway.console.steps import STEPS, forms_of, path_of, unless_moved, work_of
from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.contract_steps import overdue, waits_too_long
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.store.tables_life import AnswerState, answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from socert.gateway.console.desk import Desk
    from socert.gateway.console.forms import Typed
    from socert.gateway.console.shell import Problem, Shell
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.records import Municipality
    from socert.gateway.exchange.orders import Text
    from socert.gateway.ports import CertificateView, ContractView, UnitOfWork
    from socert.gateway.ports.listing import ContractLine, EntryLine

LISTED = 25
ENTRIES = 200
_LONGEST_WORDS = 100
_LONGEST_LETTER = 2000
_LONGEST_AUTHOR = 250
CHANGEABLE = LIVE - {ContractState.TERMINATING}
_GROUPS = {
    "requested": ("Заявки", (ContractState.REQUESTED,)),
    "accepted": ("На подписании", (ContractState.ACCEPTED,)),
    "running": ("Действуют", (ContractState.ACTIVE, ContractState.TERMINATING)),
    "ended": ("Завершены", (ContractState.TERMINATED, ContractState.COMPLETED, ContractState.REFUSED)),
    "all": ("Все", tuple(ContractState)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTold:
    """The portal's order that a contract came by: its stage, answers by where they stand, and texts both ways."""

    order_id: str
    stage: str
    answers: Sequence[tuple[str, int]]
    texts: Sequence[Text]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a contract's page is made of."""

    life: ContractLife
    view: ContractView
    payer: CertificateView
    entries: Sequence[EntryLine]
    order: OrderTold | None


class ContractPages:
    """The list and the page of one contract."""

    def __init__(self, shell: Shell, desk: Desk) -> None:
        """Take what all pages share and what they work with."""
        self._shell = shell
        self._desk = desk

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' routes."""
        steps = "|".join(STEPS)
        return [
            web.get("/contracts", self._list),
            web.get("/contracts/{contract}", self._one),
            web.post(rf"/contracts/{{contract}}/{{step:{steps}}}", self._step),
            web.post("/contracts/{contract}/say", self._say),
        ]

    # The list

    async def _list(self, request: web.Request) -> web.Response:
        asked = request.query
        group = asked.get("group", "requested")
        if group not in _GROUPS:
            raise web.HTTPNotFound
        wanted, oktmo = asked.get("words", "")[:_LONGEST_WORDS].strip(), asked.get("oktmo", "")[:11]
        after = asked.get("after", "")[:100]

        def read(connection: Connection) -> tuple[Sequence[ContractLine], Sequence[Municipality]]:
            lines = self._desk.listing.contracts(
                connection,
                states=_GROUPS[group][1],
                words=wanted,
                oktmo=oktmo or None,
                after=after,
                limit=LISTED + 1,
            )
            return lines, self._desk.listing.municipalities(connection)

        lines, places = await self._desk.store.read(read)
        kept = {name: value for name, value in (("words", wanted), ("oktmo", oktmo)) if value}
        more = ""
        if len(lines) > LISTED:
            more = "?" + urlencode({"group": group, **kept, "after": lines[LISTED - 1].key})
        return self._shell.page(
            request,
            "contracts.html",
            {
                "section": "contracts",
                "lines": [self._line(line) for line in lines[:LISTED]],
                "places": places,
                "group": group,
                "groups": [
                    (name, title, "?" + urlencode({"group": name, **kept})) for name, (title, _) in _GROUPS.items()
                ],
                "wanted": wanted,
                "oktmo": oktmo,
                "more": more,
                "first": "" if not after else "?" + urlencode({"group": group, **kept}),
            },
        )

    def _line(self, line: ContractLine) -> dict[str, Any]:
        return {
            "path": path_of(line.contract_id),
            "line": line,
            "late": late(self._desk, line),
            "state": words.STATE[line.state],
            "tone": words.TONE.get(line.state, "quiet"),
        }

    # One contract

    async def _one(self, request: web.Request) -> web.Response:
        return await self._page(request, matched(request, "contract"), None)

    async def _page(self, request: web.Request, contract_id: str, problem: Problem | None) -> web.Response:
        found = await self._desk.store.read(lambda connection: self._read(connection, contract_id))
        if found is None:
            raise web.HTTPNotFound
        life, policy = found.life, self._desk.policy_of(found.payer.certificate.oktmo)
        forms = [
            self._shell.shown(form, problem)
            for form in forms_of(life, now=self._desk.clock(), today=self._desk.today(), policy=policy)
        ]
        letter = None if found.order is None else self._shell.shown(_letter(contract_id), problem)
        lost = problem is not None and problem.step != "say" and all(form.name != problem.step for form in forms)
        context = {
            "section": "contracts",
            "shown": found,
            "life": life,
            "contract": found.view.contract,
            "programme": found.view.programme,
            "payer": found.payer.certificate,
            "place": found.payer.municipality,
            "register": life.split.register,
            "forms": [form for form in forms if not form.ending],
            "endings": [form for form in forms if form.ending],
            "letter": letter,
            "change": f"{path_of(contract_id)}/change" if life.state in CHANGEABLE else "",
            # A step that is no longer there has no form to stand beside.
            "refusal": problem.refusal if problem is not None and lost else "",
            "late": overdue(life, now=self._desk.clock(), today=self._desk.today(), policy=policy),
        }
        return self._shell.page(request, "contract.html", context, status=200 if problem is None else 422)

    def _read(self, connection: Connection, contract_id: str) -> Shown | None:
        registry = self._desk.registry
        life = registry.life(connection, contract_id)
        view = registry.contracts(connection, [contract_id]).get(contract_id)
        if life is None or view is None:
            return None
        payer = registry.certificates(connection, [view.certificate_guid])[view.certificate_guid]
        entries = self._desk.listing.entries(connection, view.certificate_guid, contract_id=contract_id, limit=ENTRIES)
        order = None if life.order_id is None else _told(connection, self._desk, life.order_id)
        return Shown(life=life, view=view, payer=payer, entries=entries, order=order)

    async def _step(self, request: web.Request) -> web.Response:
        contract_id, step = matched(request, "contract"), request.match_info["step"]

        async def work(typed: Typed) -> str:
            desk = self._desk
            life = await desk.store.read(lambda connection: desk.registry.life(connection, contract_id))
            if life is None:
                raise web.HTTPNotFound
            done = work_of(step, typed, life, desk.contracts)
            was = typed.posted.get("seen", "")
            await desk.units.write(unless_moved(done, desk.registry, contract_id, was))
            return f"{path_of(contract_id)}?done={step}"

        async def again(problem: Problem) -> web.Response:
            return await self._page(request, contract_id, problem)

        return await self._shell.take(request, step=step, about=contract_id, work=work, again=again)

    async def _say(self, request: web.Request) -> web.Response:
        contract_id = matched(request, "contract")

        async def work(typed: Typed) -> str:
            text = typed.text("text", longest=_LONGEST_LETTER)
            typed.check()

            def say(unit: UnitOfWork) -> None:
                found = self._read(unit.connection, contract_id)
                if found is None or found.order is None:
                    raise Refused(RuleCode.NOT_FOUND, what=contract_id)
                author = found.view.contract.organisation_name[:_LONGEST_AUTHOR]
                self._desk.orders.say(unit, found.order.order_id, text, author=author)

            await self._desk.units.write(say)
            return f"{path_of(contract_id)}?done=say"

        async def again(problem: Problem) -> web.Response:
            return await self._page(request, contract_id, problem)

        return await self._shell.take(request, step="say", about=contract_id, work=work, again=again)


def _letter(contract_id: str) -> Form:
    text = Field(name="text", label="Текст", kind=Kind.AREA, longest=_LONGEST_LETTER)
    path = f"{path_of(contract_id)}/say"
    return Form(name="say", path=path, title="", button="Написать родителю", fields=(text,))


def late(desk: Desk, line: ContractLine) -> bool:
    """Say whether a contract in a list waits longer than its municipality's timers allow."""
    if line.since is None:
        return False
    return waits_too_long(
        state=line.state,
        since=line.since,
        start=line.start,
        now=desk.clock(),
        today=desk.today(),
        policy=desk.policy_of(line.oktmo),
    )


def _told(connection: Connection, desk: Desk, order_id: str) -> OrderTold | None:
    order = desk.orders.get(connection, order_id)
    if order is None:
        return None
    counted = connection.execute(
        select(answer.c.state, func.count()).where(answer.c.order_id == order_id).group_by(answer.c.state)
    )
    return OrderTold(
        order_id=order_id,
        stage="ещё не сообщалось" if order.stage is None else words.STAGE[order.stage],
        answers=[(words.ANSWER[AnswerState(state)], number) for state, number in counted],
        texts=desk.orders.texts(connection, order_id),
    )


def list_of(group: str) -> str:
    """Return the address of a list of contracts."""
    return f"{PREFIX}/contracts?group={group}"
