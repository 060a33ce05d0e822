"""What waits for the operator, the cases that only a person may decide, failed messages, and the day's work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy import func, select

from socert.gateway.console import words
from socert.gateway.console.certificates import place_of
from socert.gateway.console.contracts import late, list_of
from socert.gateway.console.forms import Field, Form, Kind
from socert.gateway.console.shell import PREFIX
from socert.gateway.console.steps import path_of
from socert.gateway.domain.records import ContractState
from socert.gateway.store import tables
from socert.gateway.store.tables import ChangeState, InboxState, MessageState, moment
from socert.gateway.store.tables_life import AnswerState, CaseState, answer
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.console.desk import Desk
    from socert.gateway.console.forms import Typed
    from socert.gateway.console.shell import Problem, Shell
    from socert.gateway.life.cases import Case
    from socert.gateway.life.days import DayDone

LOOKED_AT = 1000
"""How many of the contracts that wait are asked whether they wait too long; with more, it is at least so many."""
_CASES = 200
_MESSAGES = 50

log = get_logger("console")


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Counts of what waits; `late_more` tells that there may be more late contracts than were counted."""

    requested: int
    accepted: int
    cases: int
    late: int
    late_more: bool
    failed: int


@dataclass(kw_only=True, slots=True)
class DayRun:
    """The day's work as it was started from these pages: when, and what it came to, None while it runs."""

    started: datetime
    done: DayDone | None = None
    broke: bool = False

    @property
    def running(self) -> bool:
        """Whether it is not over yet."""
        return self.done is None and not self.broke


class OverviewPages:
    """The front page, cases, failed messages and the day."""

    def __init__(self, shell: Shell, desk: Desk) -> None:
        """Take what all pages share and what they work with."""
        self._shell = shell
        self._desk = desk
        self._run: DayRun | None = None
        self._task: asyncio.Task[None] | None = None

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' routes."""
        return [
            web.get("", self._front),
            web.get("/", self._front),
            web.get("/cases", self._cases),
            web.post(r"/cases/{case:\d{1,18}}", self._decide),
            web.get("/messages", self._messages),
            web.get("/day", self._day),
            web.post("/day", self._start_day),
        ]

    async def background(self, _app: web.Application) -> AsyncIterator[None]:
        """Wait at the end for a day's work that is under way: it stops nowhere but between two units."""
        yield
        if self._task is not None:
            await self._task

    # The front page

    async def _front(self, request: web.Request) -> web.Response:
        waiting = await self._desk.store.read(self._waiting)
        context = {"section": "front", "waiting": waiting, "list_of": list_of}
        return self._shell.page(request, "front.html", context)

    def _waiting(self, connection: Connection) -> Waiting:
        states = self._desk.listing.contracts_by_state(connection)
        lines = self._desk.listing.contracts(
            connection, states=(ContractState.REQUESTED, ContractState.ACCEPTED), limit=LOOKED_AT + 1
        )
        return Waiting(
            requested=states.get(ContractState.REQUESTED, 0),
            accepted=states.get(ContractState.ACCEPTED, 0),
            cases=self._desk.cases.count_open(connection),
            late=sum(late(self._desk, line) for line in lines[:LOOKED_AT]),
            late_more=len(lines) > LOOKED_AT,
            failed=_failed(connection),
        )

    # Cases

    async def _cases(self, request: web.Request) -> web.Response:
        return await self._cases_page(request, None)

    async def _cases_page(self, request: web.Request, problem: Problem | None) -> web.Response:
        closed = request.query.get("state") == CaseState.CLOSED.value
        state = CaseState.CLOSED if closed else CaseState.OPEN
        listed = await self._desk.store.read(lambda connection: self._desk.cases.listed(connection, state=state))
        shown = list(reversed(listed))[:_CASES] if closed else list(listed)[:_CASES]
        cases = [self._case(case, problem) for case in shown]
        lost = problem is not None and all(case["form"] is None or not case["form"].refusal for case in cases)
        context = {
            "section": "cases",
            "cases": cases,
            "closed": closed,
            "total": len(listed),
            "refusal": problem.refusal if problem is not None and lost else "",
        }
        return self._shell.page(request, "cases.html", context, status=200 if problem is None else 422)

    def _case(self, case: Case, problem: Problem | None) -> dict[str, Any]:
        form = None
        if case.state is CaseState.OPEN:
            decision = Field(name="decision", label="Что решено", kind=Kind.AREA, longest=1000)
            form = Form(
                name=f"decide {case.id}",
                path=f"{PREFIX}/cases/{case.id}",
                title="",
                button="Закрыть дело",
                fields=(decision,),
            )
            form = self._shell.shown(form, problem)
        return {
            "case": case,
            "title": words.CASE[case.kind],
            "rule": "" if case.rule is None else words.REASON.get(case.rule, case.rule.value),
            "certificate": "" if case.certificate_guid is None else place_of(case.certificate_guid),
            "contract": "" if case.contract_id is None else path_of(case.contract_id),
            "form": form,
        }

    async def _decide(self, request: web.Request) -> web.Response:
        number = int(request.match_info["case"])

        async def work(typed: Typed) -> str:
            decision = typed.text("decision", longest=1000)
            typed.check()
            await self._desk.units.write(lambda unit: self._desk.cases.close(unit, number, decision=decision))
            return f"{PREFIX}/cases?done=decide"

        return await self._shell.take(
            request,
            step=f"decide {number}",
            about=str(number),
            work=work,
            again=partial(self._cases_page, request),
        )

    # Failed messages

    async def _messages(self, request: web.Request) -> web.Response:
        listed = await self._desk.store.read(_failures)
        return self._shell.page(request, "messages.html", {"section": "messages", "listed": listed})

    # The day's work

    async def _day(self, request: web.Request) -> web.Response:
        return await self._day_page(request, None)

    async def _day_page(self, request: web.Request, problem: Problem | None) -> web.Response:
        form = Form(name="run", path=f"{PREFIX}/day", title="", button="Выполнить работу дня")
        context = {
            "section": "day",
            "run": self._run,
            "today": self._desk.today(),
            "form": self._shell.shown(form, problem),
        }
        return self._shell.page(request, "day.html", context, status=200 if problem is None else 422)

    async def _start_day(self, request: web.Request) -> web.Response:
        async def work(_typed: Typed) -> str:
            if self._run is None or not self._run.running:
                self._run = DayRun(started=self._desk.clock())
                self._task = asyncio.create_task(self._work(self._run), name="console-day")
            return f"{PREFIX}/day?done=run"

        return await self._shell.take(
            request, step="run", about="day", work=work, again=partial(self._day_page, request)
        )

    async def _work(self, run: DayRun) -> None:
        try:
            run.done = await asyncio.to_thread(self._desk.days.run, self._desk.units)
        except Exception as error:  # noqa: BLE001  the page says that it broke; the cause goes to the log
            run.broke = True
            log.error("the day's work broke", error=type(error).__name__)
        else:
            log.info("the day's work is done", failed=run.done.failed)


def _failed(connection: Connection) -> int:
    """Count what the portal will not get unless somebody looks at it."""
    counted = (
        select(func.count()).select_from(tables.outbox).where(tables.outbox.c.state.in_(_FAILED_MESSAGES)),
        select(func.count()).select_from(tables.change).where(tables.change.c.state == ChangeState.REJECTED),
        select(func.count()).select_from(tables.inbox).where(tables.inbox.c.state == InboxState.FAILED),
        select(func.count()).select_from(answer).where(answer.c.state == AnswerState.REJECTED.value),
    )
    return sum(connection.scalar(chosen) or 0 for chosen in counted)


_FAILED_MESSAGES = (MessageState.DEAD, MessageState.REJECTED)


def _failures(connection: Connection) -> Sequence[dict[str, Any]]:
    """Return the latest failures of each kind: messages out, objects refused, messages in. Ids and reasons only."""
    sent, changed, received = tables.outbox.c, tables.change.c, tables.inbox.c
    refused, unhandled = changed.state == ChangeState.REJECTED, received.state == InboxState.FAILED
    kinds = (
        ("Сообщение не ушло", sent.message_id, sent.outcome, sent.created_at, sent.state.in_(_FAILED_MESSAGES)),
        ("Портал не принял запись", changed.object_id, changed.reason, changed.created_at, refused),
        ("Входящее не обработано", received.message_id, received.error, received.received_at, unhandled),
    )
    found: list[dict[str, Any]] = []
    for title, name, reason, at, condition in kinds:
        chosen = select(name, reason, at).where(condition).order_by(at.desc()).limit(_MESSAGES)
        found += [
            {"title": title, "id": one, "reason": why or "", "at": moment(when)}
            for one, why, when in connection.execute(chosen)
        ]
    return sorted(found, key=lambda row: row["at"], reverse=True)
