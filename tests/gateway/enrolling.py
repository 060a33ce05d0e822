"""A parent's messages about an enrolment, and what the region answered: each right as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.gateway.records import GROUP, NOON, OKTMO, PARENT_SNILS, SNILS, guid, municipality, programme

from socert.contracts.portal import enrolment, order_event
from socert.contracts.smev import call
from socert.contracts.smev.operation import Operation
from socert.gateway.mapping.account_cards import split_of

if TYPE_CHECKING:
    from tests.gateway.line import Line

ORDER = 1_000_000_001
START, END = date(2026, 9, 15), date(2026, 12, 31)
PAPER = enrolment.BirthCertificate(series="II-ЖД", number="700115", issue_date=date(2014, 4, 1), issued_by="ЗАГС")
FORMS = (
    enrolment.FormCode.PD_PROCESSING,
    enrolment.FormCode.SOCIAL_CERT_APPLICATION,
    enrolment.FormCode.SPLIT_PAYMENT,
)


def consents(*forms: enrolment.FormCode, version: str = "2026-01") -> tuple[enrolment.Consent, ...]:
    """Return consents given with a form; all three where none is named."""
    return tuple(
        enrolment.Consent(form_code=form, form_version=version, given_at=NOON, channel=enrolment.Channel.PORTAL)
        for form in forms or FORMS
    )


def agreed(line: Line, certificate: str | None = None, **changes: Any) -> enrolment.AgreedSplit:
    """Return the yes to what is calculated now."""
    made = line.region.store.look(
        lambda connection: line.services.enrolments.quote(connection, certificate or guid(1), GROUP, START, END)
    )
    yes = enrolment.AgreedSplit(
        calculated_at=NOON,
        balance_version=made.balance_version,
        balance_as_of=NOON,
        split=split_of(made.split),
        applicant_part_accepted=True,
        agreed_at=NOON,
    )
    return replace(yes, **changes)


def application(line: Line, order: int = ORDER, **changes: Any) -> enrolment.Application:
    """Return the application of the child of `records` for the programme of `records`, paid by certificate 1."""
    provider = programme().organisation
    made = enrolment.Application(
        order_id=order,
        service="ENROLMENT-1",
        filing_date=NOON,
        person=enrolment.Person(
            last_name="Журавлёва",
            first_name="Евпраксия",
            birth_date=date(1985, 1, 1),
            snils=PARENT_SNILS,
            phone="+70000000000",
            role=enrolment.PersonRole.PARENT,
        ),
        identity=enrolment.IdentityDocument(
            kind_code="1",
            kind="Паспорт гражданина РФ",
            series="0000",
            number="000000",
            issue_date=date(2010, 1, 1),
            issued_by="Тест",
        ),
        child=enrolment.Child(
            last_name="Журавлёв",
            first_name="Платон",
            middle_name="Святославович",
            birth_date=date(2014, 3, 15),
            gender=enrolment.Gender.MALE,
            snils=SNILS,
            document=PAPER,
        ),
        address=enrolment.Address(
            full_address="Верхнелесье",
            region=enrolment.AddressPart(name="Лесной край", code=municipality().region_guid),
        ),
        enrolment=enrolment.Enrolment(
            region_code=municipality().region_guid,
            municipality_code=municipality().guid,
            organisation=enrolment.Organisation(
                organisation_id="org-1",
                name=provider.name,
                kind=enrolment.OrganisationKind(provider.kind.value),
                inn=provider.inn,
            ),
            programme_guid=programme().programme_guid,
            programme_name=programme().name,
            group_guid=GROUP,
            start_date=START,
            end_date=END,
        ),
        financing=enrolment.Financing(
            source=enrolment.FinancialSource.CERTIFICATE,
            certificate_guid=guid(1),
            agreed_split=changes.pop("agreed", None) or agreed(line),
        ),
        consents=consents(),
    )
    return replace(made, **changes)


async def file(line: Line, body: enrolment.Body, *, oktmo: str = OKTMO, message_id: str | None = None) -> str:
    """Let the portal send a message about an order, and the gateway do all that follows; returns the message's id."""
    asked = line.stub.ask(enrolment.Request(oktmo=oktmo, body=body), message_id=message_id)
    await line.receive(Operation.GET_REQUEST)
    await go(line)
    return asked


async def go(line: Line) -> None:
    """Pack and send until nothing may leave any more."""
    while await line.answer_packer.pack() or await line.try_all():
        pass


def heard(line: Line) -> list[tuple[str, enrolment.Answer]]:
    """Return what the portal was answered about enrolments, in the order it was sent: address and answer."""
    found = []
    for body in line.stub.sent("SendResponse"):
        opened = call.open_call(body)
        assert opened.content is not None
        if opened.content.tag.startswith(f"{{{enrolment.NAMESPACE}}}"):
            enrolment.schema().check(opened.content)
            response = enrolment.read_response(opened.content)
            assert enrolment.check_response(response) == []
            found.append((opened.to or "", response.answer))
    return found


def statuses(line: Line, order: int = ORDER) -> list[enrolment.StatusChange]:
    """Return the statuses of an order that the portal was told."""
    return [
        answer for _, answer in heard(line) if isinstance(answer, enrolment.StatusChange) and answer.order_id == order
    ]


def codes(line: Line, order: int = ORDER) -> list[tuple[int, int | str]]:
    """Return the statuses of an order as (number, code)."""
    return [(change.seq, change.status) for change in statuses(line, order)]


def texts(line: Line) -> list[order_event.Request]:
    """Return the events on orders that were sent."""
    found = []
    for body in line.stub.sent("SendRequest"):
        content = call.open_call(body).content
        assert content is not None
        if content.tag.startswith(f"{{{order_event.NAMESPACE}}}"):
            order_event.schema().check(content)
            found.append(order_event.read_request(content))
    return found
