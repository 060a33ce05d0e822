"""Pages of certificates: the search, and one certificate with balances, contracts, consents and its status.

What is searched for is personal, so it is posted and kept here under a random key: it never stands in an address.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from aiohttp import web

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import normal_snils
from socert.gateway.console import words
from socert.gateway.console.errors import Moved
from socert.gateway.console.forms import SURE, Field, Form, Kind
from socert.gateway.console.shell import PREFIX, matched, part
from socert.gateway.console.steps import path_of
from socert.gateway.domain.certificate import FINAL, CertificateStep
from socert.gateway.domain.consent import Channel, Consent, state_of
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.records import CertificateStatus, Register, Unit
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from socert.gateway.console.desk import Desk
    from socert.gateway.console.forms import Typed
    from socert.gateway.console.shell import Problem, Shell
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import Certificate
    from socert.gateway.ports import CertificateView, UnitOfWork
    from socert.gateway.ports.listing import CertificateLine, ContractLine, EntryLine

LISTED = 25
ENTRIES = 200
_REMEMBERED = 500
_LONGEST = 100
_STEPS = tuple(step.value for step in (CertificateStep.SUSPEND, CertificateStep.RESUME, CertificateStep.ANNUL))
_FORMS = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT, FormCode.PFDO_LEGACY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a certificate's page is made of."""

    view: CertificateView
    contracts: Sequence[ContractLine]
    entries: Sequence[EntryLine]
    consents: Sequence[Consent]
    may_leave: bool


class CertificatePages:
    """The search and the page of one certificate."""

    def __init__(self, shell: Shell, desk: Desk) -> None:
        """Take what all pages share and what they work with."""
        self._shell = shell
        self._desk = desk
        self._searches: dict[str, str] = {}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' routes."""
        return [
            web.get("/certificates", self._search),
            web.post("/certificates", self._remember),
            web.get("/certificates/{certificate}", self._one),
            web.post(rf"/certificates/{{certificate}}/{{step:{'|'.join(_STEPS)}}}", self._step),
            web.post("/certificates/{certificate}/give", self._give),
            web.post("/certificates/{certificate}/withdraw", self._withdraw),
        ]

    # The search

    async def _remember(self, request: web.Request) -> web.Response:
        async def work(typed: Typed) -> str:
            wanted = typed.text("words", longest=_LONGEST)
            typed.check()
            key = secrets.token_urlsafe(12)
            while len(self._searches) >= _REMEMBERED:
                del self._searches[next(iter(self._searches))]
            self._searches[key] = wanted
            return f"{PREFIX}/certificates?search={key}"

        async def again(problem: Problem) -> web.Response:
            return self._found(request, "", [], "", problem)

        return await self._shell.take(request, step="search", about="", work=work, again=again)

    async def _search(self, request: web.Request) -> web.Response:
        key, after = request.query.get("search", ""), request.query.get("after", "")[:50]
        wanted = self._searches.get(key, "")
        lines: Sequence[CertificateLine] = []
        if wanted:
            lines = await self._desk.store.read(lambda connection: self._lines(connection, wanted, after))
        more = f"?search={key}&after={part(lines[LISTED - 1].number)}" if len(lines) > LISTED else ""
        return self._found(request, wanted, lines[:LISTED], more, None)

    def _lines(self, connection: Connection, wanted: str, after: str) -> Sequence[CertificateLine]:
        try:
            snils = normal_snils(wanted)
        except ValueRefused:
            snils = None
        return self._desk.listing.certificates(
            connection, number=wanted, snils=snils, surname=wanted, after=after, limit=LISTED + 1
        )

    def _found(
        self, request: web.Request, wanted: str, lines: Sequence[CertificateLine], more: str, problem: Problem | None
    ) -> web.Response:
        field = Field(
            name="words",
            label="Номер сертификата, СНИЛС или фамилия ребёнка",
            value=wanted,
            longest=_LONGEST,
        )
        form = Form(name="search", path=f"{PREFIX}/certificates", title="", button="Найти", fields=(field,))
        context = {
            "section": "certificates",
            "form": self._shell.shown(form, problem),
            "wanted": wanted,
            "lines": [
                {
                    "path": place_of(line.guid),
                    "line": line,
                    "status": words.STATUS[line.status],
                    "tone": words.TONE.get(line.status, "quiet"),
                }
                for line in lines
            ],
            "more": more,
        }
        return self._shell.page(request, "certificates.html", context, status=200 if problem is None else 422)

    # One certificate

    async def _one(self, request: web.Request) -> web.Response:
        return await self._page(request, matched(request, "certificate"), None)

    async def _page(self, request: web.Request, guid: str, problem: Problem | None) -> web.Response:
        found = await self._desk.store.read(lambda connection: self._read(connection, guid))
        if found is None:
            raise web.HTTPNotFound
        certificate = found.view.certificate
        policy = self._desk.policy_of(certificate.oktmo)
        own = Register.HOUR if certificate.unit is Unit.HOUR else Register.RUB
        forms = [self._shell.shown(form, problem) for form in self._forms(found, policy)]
        lost = problem is not None and all(form.name != problem.step for form in forms)
        context = {
            "section": "certificates",
            "shown": found,
            "certificate": certificate,
            "status": words.STATUS[certificate.status],
            "tone": words.TONE.get(certificate.status, "quiet"),
            "balances": [
                (balance, balance.register or own)
                for balance in sorted(
                    found.view.balances or (certificate.balance,),
                    key=lambda balance: (-balance.period_from.year, balance.register or own),
                )
            ],
            "contracts": [
                {
                    "path": path_of(line.contract_id),
                    "line": line,
                    "state": words.STATE[line.state],
                    "tone": words.TONE.get(line.state, "quiet"),
                }
                for line in found.contracts
            ],
            "consents": [
                (consent, words.CONSENT[state], words.TONE.get(state, "quiet"))
                for consent in sorted(found.consents, key=lambda one: (_FORMS.index(one.form), one.given_at))
                for state in [state_of(consent, policy)]
            ],
            "forms": [form for form in forms if not form.ending],
            "endings": [form for form in forms if form.ending],
            "refusal": problem.refusal if problem is not None and lost else "",
            "enrol": f"{place_of(guid)}/enrol",
        }
        return self._shell.page(request, "certificate.html", context, status=200 if problem is None else 422)

    def _read(self, connection: Connection, guid: str) -> Shown | None:
        view = self._desk.registry.certificates(connection, [guid]).get(guid)
        if view is None:
            return None
        return Shown(
            view=view,
            contracts=self._desk.listing.contracts_of(connection, guid),
            entries=self._desk.listing.entries(connection, guid, limit=ENTRIES),
            consents=self._desk.consents.of(connection, view.certificate),
            may_leave=self._desk.consents.may_leave(connection, view.certificate),
        )

    def _forms(self, found: Shown, policy: Policy) -> Iterator[Form]:
        certificate = found.view.certificate
        place, status = place_of(certificate.guid), certificate.status
        given = consent_fields(policy)
        day = Field(name="given", label="Дата на бумаге", kind=Kind.DATE, value=words.day(self._desk.today()))
        lead = "Родитель подписал согласие на бумаге в организации."
        yield Form(
            name="give",
            path=f"{place}/give",
            title="Записать согласие",
            button="Записать",
            fields=(*given, day),
            lead=lead,
        )
        own = Field(name="seen", kind=Kind.HIDDEN, value=status.value)
        if status is CertificateStatus.SUSPENDED:
            yield Form(name="resume", path=f"{place}/resume", title="Возобновить", button="Возобновить", fields=(own,))
        elif status not in FINAL:
            lead = "Новых заявок не будет; действующие договоры — по правилам региона."
            yield Form(
                name="suspend",
                path=f"{place}/suspend",
                title="Приостановить",
                button="Приостановить",
                fields=(own,),
                lead=lead,
            )
        active = [consent for consent in found.consents if consent.withdrawn_at is None]
        if active:
            yield _withdrawal(place, active)
        if status not in FINAL:
            lead = "Сертификат больше не будет действовать."
            yield Form(
                name="annul",
                path=f"{place}/annul",
                title="Аннулировать",
                button="Аннулировать",
                fields=(own, SURE),
                lead=lead,
                ending=True,
            )

    async def _change(
        self, request: web.Request, step: str, read: Callable[[Typed], Callable[[UnitOfWork, Certificate], object]]
    ) -> web.Response:
        """Take a form of the page: `read` what was typed and return what it does to the certificate."""
        guid = matched(request, "certificate")

        async def work(typed: Typed) -> str:
            change = read(typed)

            def done(unit: UnitOfWork) -> None:
                view = self._desk.registry.certificates(unit.connection, [guid]).get(guid)
                if view is None:
                    raise Refused(RuleCode.NOT_FOUND, what=guid)
                change(unit, view.certificate)

            await self._desk.units.write(done)
            return f"{place_of(guid)}?done={step}"

        async def again(problem: Problem) -> web.Response:
            return await self._page(request, guid, problem)

        return await self._shell.take(request, step=step, about=guid, work=work, again=again)

    async def _step(self, request: web.Request) -> web.Response:
        step = CertificateStep(request.match_info["step"])

        def read(typed: Typed) -> Callable[[UnitOfWork, Certificate], object]:
            if step is CertificateStep.ANNUL:
                typed.sure()
            typed.check()
            was = typed.posted.get("seen", "")

            def change(unit: UnitOfWork, certificate: Certificate) -> object:
                if certificate.status.value != was:
                    raise Moved("the certificate's status has changed since the page was made")
                return self._desk.issuing.step(unit, certificate.guid, step)

            return change

        return await self._change(request, step.value, read)

    async def _give(self, request: web.Request) -> web.Response:
        def read(typed: Typed) -> Callable[[UnitOfWork, Certificate], object]:
            read_consents = consents_of(typed, self._desk, day=typed.day("given"))
            if not any(typed.yes(name) for name in map(_field_name, _FORMS)):
                typed.wrong[_field_name(_FORMS[0])] = "Отметьте, на что дано согласие."
            typed.check()
            return lambda unit, certificate: self._desk.consents.give(
                unit, certificate, read_consents(self._desk.policy_of(certificate.oktmo))
            )

        return await self._change(request, "give", read)

    async def _withdraw(self, request: web.Request) -> web.Response:
        def read(typed: Typed) -> Callable[[UnitOfWork, Certificate], object]:
            chosen = typed.posted.get("form", "")
            form = None if chosen == _ALL else typed.choice("form", _FORMS)
            typed.sure()
            typed.check()
            return lambda unit, certificate: self._desk.consents.withdraw(
                unit, certificate, form=form, channel=Channel.ORGANISATION
            )

        return await self._change(request, "withdraw", read)


_ALL = "all"


def _withdrawal(place: str, active: Sequence[Consent]) -> Form:
    forms = sorted({consent.form for consent in active})
    options = ((_ALL, "Все согласия"), *((form.value, words.FORM[form]) for form in forms))
    return Form(
        name="withdraw",
        path=f"{place}/withdraw",
        title="Отозвать согласие",
        button="Отозвать",
        fields=(
            Field(name="form", label="Какое", kind=Kind.CHOICE, options=options),
            Field(name="sure", label="Подтверждаю: родитель отозвал согласие.", kind=Kind.YES),
        ),
        lead="Данные ребёнка сразу перестанут передаваться порталу и будут удалены в срок. Договоры не расторгаются.",
        ending=True,
    )


def place_of(guid: str) -> str:
    """Return the address of a certificate's page."""
    return f"{PREFIX}/certificates/{part(guid)}"


def _field_name(form: FormCode) -> str:
    return f"consent_{form.value}"


def consent_fields(policy: Policy) -> tuple[Field, ...]:
    """Return a box for each consent form that the region takes."""
    return tuple(
        Field(name=_field_name(form), label=words.FORM[form], kind=Kind.YES, required=False)
        for form in _FORMS
        if policy.accepted_forms.get(form)
    )


def consents_of(typed: Typed, desk: Desk, *, day: date) -> Callable[[Policy], tuple[Consent, ...]]:
    """Read which consents were ticked, given on `day` on paper; a policy then says which version that is."""
    if day > desk.today():
        typed.wrong.setdefault("given", "Этот день ещё не наступил.")
    ticked = [form for form in _FORMS if typed.yes(_field_name(form))]
    given_at = datetime.combine(day, time(), desk.zone)

    def made(policy: Policy) -> tuple[Consent, ...]:
        consents = []
        for form in ticked:
            version = max(policy.accepted_forms.get(form, frozenset()), default="")
            consents.append(
                Consent(consent_id="", form=form, version=version, given_at=given_at, channel=Channel.ORGANISATION)
            )
        return tuple(consents)

    return made
