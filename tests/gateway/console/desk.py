"""A console in front of a registry with one municipality, one group and one child, and a person who uses it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, TypeVar

from tests.gateway import records
from tests.gateway.records import GROUP

from socert.gateway.domain.certificate import identity_of
from socert.gateway.domain.consent import Channel, Consent
from socert.gateway.domain.cost import Source
from socert.gateway.domain.order import OrderEvent as OrderEvent
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.quote import Agreed
from socert.gateway.life.enrolment import Application
from socert.gateway.life.issuing import NewPerson

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web
    from aiohttp.test_utils import TestClient
    from tests.gateway.records import Clock

    from socert.gateway.app import Workshop
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.records import Programme
    from socert.gateway.ports import UnitOfWork

    Client = TestClient[web.Request, web.Application]

T = TypeVar("T")
PRICE = 12000_00
NOMINAL = 8000_00
AUTUMN = (date(2026, 9, 15), date(2026, 12, 31))
FORMS = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT)


def programme(**changes: Any) -> Programme:
    """The group of the documented example: 12000 roubles for four months of autumn."""
    given: dict[str, Any] = {"start": AUTUMN[0], "end": AUTUMN[1], "price": PRICE, "places": 10}
    return records.programme(**{**given, **changes})


@dataclass
class Region:
    """What stands behind the pages, and short ways to what is in it."""

    shop: Workshop
    clock: Clock

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        return self.shop.units.run(work)

    def prepare(self) -> None:
        registry = self.shop.registry
        self.run(lambda unit: registry.put_municipalities(unit, [records.municipality()]))
        self.run(lambda unit: registry.put_programmes(unit, [programme()]))

    def issue(self, *, signed: bool = True, **child: Any) -> str:
        """Issue a certificate of 8000 roubles, with all consents, and return its GUID."""
        found = records.child(**child)
        person = NewPerson(child=found, applicant=records.parent())

        def issue(unit: UnitOfWork) -> str:
            guid = self.shop.issuing.find_or_issue(
                unit, identity_of(found), person=person, oktmo=records.OKTMO, start=AUTUMN[0], order_id=None
            ).guid
            if signed:
                certificate = self.shop.registry.certificates(unit.connection, [guid])[guid].certificate
                self.shop.consents.give(unit, certificate, self.consents())
            return guid

        return self.run(issue)

    def consents(self) -> tuple[Consent, ...]:
        return tuple(
            Consent(consent_id="", form=form, version="2026-01", given_at=self.clock(), channel=Channel.PORTAL)
            for form in FORMS
        )

    def enrol(self, guid: str, *, group: str = GROUP, start: date = AUTUMN[0], **changes: Any) -> str:
        """Request a contract for the group's period and return its id."""
        end = AUTUMN[1]
        quote = self.shop.store.look(lambda connection: self.shop.enrolments.quote(connection, guid, group, start, end))
        kept = self.kept(guid)
        application = Application(
            order_id=None,
            child=identity_of(kept.certificate.child),
            person=NewPerson(child=kept.certificate.child, applicant=kept.certificate.applicant),
            oktmo=records.OKTMO,
            group_guid=group,
            start=start,
            end=end,
            source=Source.CERTIFICATE,
            certificate_guid=guid,
            agreed=Agreed(split=quote.split, balance_version=quote.balance_version, own_part_accepted=True),
        )
        return self.run(lambda unit: self.shop.enrolments.request(unit, replace(application, **changes))).contract_id

    def accepted(self, guid: str) -> str:
        contract_id = self.enrol(guid)
        self.run(lambda unit: self.shop.contracts.accept(unit, contract_id))
        return contract_id

    def active(self, guid: str) -> str:
        contract_id = self.accepted(guid)
        self.run(lambda unit: self.shop.contracts.conclude(unit, contract_id, number="15"))
        return contract_id

    def kept(self, guid: str) -> Any:
        found = self.shop.store.look(lambda connection: self.shop.registry.kept(connection, guid))
        assert found is not None
        return found

    def life(self, contract_id: str) -> ContractLife:
        found = self.shop.store.look(lambda connection: self.shop.registry.life(connection, contract_id))
        assert found is not None
        return found

    def figures(self, guid: str) -> tuple[int, int, int]:
        """Nominal, reserved and spent of this year's roubles."""
        balance = self.kept(guid).certificate.balance
        return balance.nominal, balance.reserved, balance.spent


@dataclass
class FormSeen:
    """A form as a browser would have it: where it goes, and what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Reads forms and visible words out of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormSeen] = []
        self.words: list[str] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.forms.append(FormSeen(action=given.get("action") or "", method=given.get("method") or "get"))
        elif tag == "input" and self.forms and (given.get("type") != "checkbox" or "checked" in given):
            self.forms[-1].fields[name] = value
        elif tag == "textarea":
            self._area = name
            self.forms[-1].fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1].fields):
            self.forms[-1].fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        self._area = None if tag == "textarea" else self._area
        self._select = None if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data
        self.words.append(data)


@dataclass
class PageSeen:
    """An answer: its status, where the browser stands, what a person reads and what forms there are."""

    status: int
    path: str
    html: str
    headers: Any

    def __post_init__(self) -> None:
        parser = _Forms()
        parser.feed(self.html)
        self.forms = parser.forms
        self.words = re.sub(r"\s+", " ", " ".join(parser.words))

    def form(self, ending: str) -> FormSeen:
        """The form whose address ends so."""
        found = [form for form in self.forms if form.action.endswith(ending) and form.method == "post"]
        assert len(found) == 1, [form.action for form in self.forms]
        return found[0]

    def steps(self) -> set[str]:
        """The last words of the addresses of all posted forms."""
        return {form.action.rsplit("/", 1)[1] for form in self.forms if form.method == "post"}


@dataclass
class Operator:
    """Somebody with a browser."""

    client: Client

    async def open(self, path: str) -> PageSeen:
        answer = await self.client.get(path if path.startswith("/console") else f"/console{path}")
        return await _seen(answer)

    async def send(self, form: FormSeen, /, **typed: str) -> PageSeen:
        """Send a form as it stands, with what is typed into it; follows the redirect as a browser does."""
        answer = await self.client.post(form.action, data={**form.fields, **typed})
        return await _seen(answer)

    async def step(self, path: str, ending: str, /, **typed: str) -> PageSeen:
        """Open a page and send one of its forms."""
        return await self.send((await self.open(path)).form(ending), **typed)


async def _seen(answer: Any) -> PageSeen:
    return PageSeen(status=answer.status, path=answer.url.path_qs, html=await answer.text(), headers=answer.headers)
