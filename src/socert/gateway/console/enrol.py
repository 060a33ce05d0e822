"""Pages for what the organisation does by hand: issue a certificate, choose a group, see the split, enrol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from socert.gateway.console import words
from socert.gateway.console.certificates import consent_fields, consents_of, place_of
from socert.gateway.console.forms import Field, Form, Kind, Typed
from socert.gateway.console.shell import PREFIX, matched, part
from socert.gateway.console.steps import path_of
from socert.gateway.domain.certificate import identity_of
from socert.gateway.domain.cost import Source
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import Agreed
from socert.gateway.domain.records import Child, Gender, Person
from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleBroken, RuleCode
from socert.gateway.life.enrolment import Application
from socert.gateway.life.groups import priced
from socert.gateway.life.issuing import Issued, NewPerson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.console.desk import Desk
    from socert.gateway.console.shell import Problem, Shell
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.quote import Quote
    from socert.gateway.domain.records import Certificate, Municipality, Programme
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept

T = TypeVar("T")
LISTED = 25
_LONGEST_WORDS = 100
_SEXES = ((Gender.MALE.value, "Мужской"), (Gender.FEMALE.value, "Женский"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """What a group would cost a child: the quote, or the sentence of the rule that stands against it."""

    kept: Kept
    programme: Programme
    taken: int
    start: date
    end: date
    quote: Quote | None
    refusal: str


class EnrolPages:
    """Issuing and enrolling by hand."""

    def __init__(self, shell: Shell, desk: Desk) -> None:
        """Take what all pages share and what they work with."""
        self._shell = shell
        self._desk = desk

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' routes."""
        return [
            web.get("/issue", self._issue_form),
            web.post("/issue", self._issue),
            web.get("/certificates/{certificate}/enrol", self._groups),
            web.get("/certificates/{certificate}/enrol/{group}", self._group),
            web.post("/certificates/{certificate}/enrol/{group}", self._request),
        ]

    # Issue

    async def _issue_form(self, request: web.Request) -> web.Response:
        return await self._issue_page(request, None)

    async def _issue_page(self, request: web.Request, problem: Problem | None) -> web.Response:
        places = await self._desk.store.read(self._desk.listing.municipalities)
        form = self._shell.shown(_issue_form(places, self._desk), problem)
        context = {"section": "issue", "form": form, "places": places}
        return self._shell.page(request, "issue.html", context, status=200 if problem is None else 422)

    async def _issue(self, request: web.Request) -> web.Response:
        async def work(typed: Typed) -> str:
            person, oktmo, start = _person(typed), typed.text("oktmo", longest=11), typed.day("start")
            given = consents_of(typed, self._desk, day=typed.day("given"))
            typed.check()

            def issue(unit: UnitOfWork) -> Issued:
                issued = self._desk.issuing.find_or_issue(
                    unit, identity_of(person.child), person=person, oktmo=oktmo, start=start, order_id=None
                )
                certificate = self._desk.registry.certificates(unit.connection, [issued.guid])[issued.guid].certificate
                consents = given(self._desk.policy_of(certificate.oktmo))
                if consents:
                    self._desk.consents.give(unit, certificate, consents)
                return issued

            issued = await self._decided(issue)
            return f"{place_of(issued.guid)}?done={'issued' if issued.fresh else 'found'}"

        async def again(problem: Problem) -> web.Response:
            return await self._issue_page(request, problem)

        return await self._shell.take(request, step="issue", about="", work=work, again=again)

    async def _decided(self, work: Callable[[UnitOfWork], T]) -> T:
        """Do the work in a unit; where only a person may decide, commit the case that it opened, then say so."""

        def guarded(unit: UnitOfWork) -> T | NeedsPerson:
            try:
                return work(unit)
            except NeedsPerson as broken:
                return broken

        done = await self._desk.units.write(guarded)
        if isinstance(done, NeedsPerson):
            raise done
        return done

    # Choose a group

    async def _groups(self, request: web.Request) -> web.Response:
        guid = matched(request, "certificate")
        wanted = request.query.get("words", "")[:_LONGEST_WORDS].strip()

        def read(connection: Connection) -> tuple[Certificate | None, Sequence[Programme]]:
            view = self._desk.registry.certificates(connection, [guid]).get(guid)
            groups = self._desk.listing.groups(connection, words=wanted, limit=LISTED + 1)
            return None if view is None else view.certificate, groups

        certificate, groups = await self._desk.store.read(read)
        if certificate is None:
            raise web.HTTPNotFound
        context = {
            "section": "certificates",
            "certificate": certificate,
            "back": place_of(guid),
            "wanted": wanted,
            "groups": [(group, f"{place_of(guid)}/enrol/{part(group.group_guid)}") for group in groups[:LISTED]],
            "more": len(groups) > LISTED,
            "rub": Register.RUB,
        }
        return self._shell.page(request, "groups.html", context)

    # See the split and enrol

    async def _group(self, request: web.Request) -> web.Response:
        typed = Typed(posted={name: request.query.get(name, "") for name in ("start", "end")})
        start, end = typed.day_or_none("start"), typed.day_or_none("end")
        return await self._group_page(request, start, end, typed.wrong, None)

    async def _group_page(
        self,
        request: web.Request,
        start: date | None,
        end: date | None,
        wrong: dict[str, str],
        problem: Problem | None,
    ) -> web.Response:
        guid, group = matched(request, "certificate"), matched(request, "group")
        offered = await self._desk.store.read(lambda connection: self._offer(connection, guid, group, start, end))
        if offered is None:
            raise web.HTTPNotFound
        path = f"{place_of(guid)}/enrol/{part(group)}"
        form = _request_form(offered, path)
        days = (("start", "Первый день", offered.start), ("end", "Последний день", offered.end))
        context = {
            "section": "certificates",
            "offered": offered,
            "certificate": offered.kept.certificate,
            "programme": offered.programme,
            "back": f"{place_of(guid)}/enrol",
            "days": [
                Field(name=name, label=label, kind=Kind.DATE, value=words.day(day), wrong=wrong.get(name, ""))
                for name, label, day in days
            ],
            "path": path,
            "split": None if offered.quote is None else offered.quote.split,
            "form": None if form is None else self._shell.shown(form, problem),
            "refusal": problem.refusal if problem is not None and form is None else "",
        }
        return self._shell.page(request, "enrol.html", context, status=200 if problem is None else 422)

    def _offer(
        self, connection: Connection, guid: str, group_guid: str, start: date | None, end: date | None
    ) -> Offered | None:
        kept = self._desk.registry.kept(connection, guid)
        group = self._desk.registry.group(connection, group_guid)
        if kept is None or group is None:
            return None
        today = self._desk.today()
        whole = priced(group.programme, Register.RUB, start or today)
        assert whole is not None  # in roubles every group has a price
        first, last = start or max(today, whole.start), end or whole.end
        quote, refusal = None, ""
        try:
            quote = self._desk.enrolments.quote(connection, guid, group_guid, first, last)
        except RuleBroken as broken:
            refusal = broken.people_text
        return Offered(
            kept=kept,
            programme=group.programme,
            taken=group.taken,
            start=first,
            end=last,
            quote=quote,
            refusal=refusal,
        )

    async def _request(self, request: web.Request) -> web.Response:
        guid, group = matched(request, "certificate"), matched(request, "group")

        async def work(typed: Typed) -> str:
            start, end = typed.day("start"), typed.day("end")
            typed.check()
            made = await self._decided(lambda unit: self._enrol(unit, typed, guid, group, start, end))
            return f"{path_of(made.contract_id)}?done=request"

        async def again(problem: Problem) -> web.Response:
            typed = Typed(posted=problem.posted)
            return await self._group_page(
                request, typed.day_or_none("start"), typed.day_or_none("end"), typed.wrong, problem
            )

        return await self._shell.take(request, step="request", about=guid, work=work, again=again)

    def _enrol(
        self, unit: UnitOfWork, typed: Typed, guid: str, group_guid: str, start: date, end: date
    ) -> ContractLife:
        """Ask for the split that the page showed: a newer balance or other sums are refused, and shown anew."""
        offered = self._offer(unit.connection, guid, group_guid, start, end)
        if offered is None:
            raise Refused(RuleCode.NOT_FOUND, what=group_guid)
        agreed = None
        if offered.quote is not None:
            if typed.posted.get("sums") != sums_of(offered.quote):
                raise Refused(RuleCode.SPLIT_DIFFERS)
            agreed = Agreed(
                split=offered.quote.split,
                balance_version=offered.quote.balance_version,
                own_part_accepted=typed.yes("own_part"),
            )
        certificate = offered.kept.certificate
        application = Application(
            order_id=None,
            child=identity_of(certificate.child),
            person=NewPerson(child=certificate.child, applicant=certificate.applicant),
            oktmo=certificate.oktmo,
            group_guid=group_guid,
            start=start,
            end=end,
            source=Source.CERTIFICATE if offered.programme.register is None else Source.BUDGET,
            certificate_guid=guid,
            agreed=agreed,
        )
        return self._desk.enrolments.request(unit, application)


def _issue_form(places: Sequence[Municipality], desk: Desk) -> Form:
    today = words.day(desk.today())
    policy = desk.policy_of(places[0].oktmo if places else "")
    return Form(
        name="issue",
        path=f"{PREFIX}/issue",
        title="",
        button="Выдать или найти",
        fields=(
            Field(name="last_name", label="Фамилия", above="Ребёнок"),
            Field(name="first_name", label="Имя"),
            Field(name="middle_name", label="Отчество", required=False),
            Field(name="birth_date", label="Дата рождения", kind=Kind.DATE),
            Field(name="gender", label="Пол", kind=Kind.CHOICE, options=_SEXES),
            Field(name="snils", label="СНИЛС", required=False, hint="Нужен СНИЛС или свидетельство."),
            Field(
                name="birth_certificate",
                label="Свидетельство о рождении",
                required=False,
                longest=30,
                hint="Например, IV-АБ 123456.",
            ),
            Field(name="applicant_last_name", label="Фамилия", above="Родитель"),
            Field(name="applicant_first_name", label="Имя"),
            Field(name="applicant_middle_name", label="Отчество", required=False),
            Field(name="applicant_snils", label="СНИЛС"),
            Field(
                name="oktmo",
                label="Муниципалитет",
                above="Запись",
                kind=Kind.CHOICE,
                options=tuple((place.oktmo, place.name) for place in places),
            ),
            Field(
                name="start",
                label="Первый день занятий",
                kind=Kind.DATE,
                value=today,
                hint="На этот день считается возраст.",
            ),
            Field(name="given", label="Дата на бумаге", kind=Kind.DATE, value=today, above="Согласия на бумаге"),
            *consent_fields(policy),
        ),
    )


def _person(typed: Typed) -> NewPerson:
    snils, document = typed.snils("snils"), typed.birth_certificate("birth_certificate")
    if snils is None and document is None:
        typed.wrong.setdefault("snils", "Укажите СНИЛС или свидетельство о рождении.")
    typed.text("applicant_snils")
    return NewPerson(
        child=Child(
            last_name=typed.text("last_name"),
            first_name=typed.text("first_name"),
            middle_name=typed.text_or_none("middle_name"),
            snils=snils,
            birth_date=typed.day("birth_date"),
            gender=typed.choice("gender", tuple(Gender)),
            birth_certificate=document,
        ),
        applicant=Person(
            last_name=typed.text("applicant_last_name"),
            first_name=typed.text("applicant_first_name"),
            middle_name=typed.text_or_none("applicant_middle_name"),
            snils=typed.snils("applicant_snils"),
        ),
    )


def sums_of(quote: Quote) -> str:
    """Return what tells whether a split is still the one that a page showed."""
    split = quote.split
    return f"{quote.balance_version}.{split.certificate_part}.{split.own_part}"


def _request_form(offered: Offered, path: str) -> Form | None:
    """Return the form that asks for the split that is shown; None where a rule stands against it."""
    if offered.quote is None:
        return None
    fields = [
        Field(name="start", kind=Kind.HIDDEN, value=offered.start.isoformat()),
        Field(name="end", kind=Kind.HIDDEN, value=offered.end.isoformat()),
        Field(name="sums", kind=Kind.HIDDEN, value=sums_of(offered.quote)),
    ]
    if offered.quote.split.own_part:
        fields.append(
            Field(name="own_part", label="Родитель согласен оплатить свою часть", kind=Kind.YES, required=False)
        )
    return Form(name="request", path=path, title="", button="Создать заявку", fields=tuple(fields))
