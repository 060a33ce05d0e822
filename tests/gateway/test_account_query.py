"""The account page's question: live data for who represents the child, the last word told when the registry is slow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from tests.gateway import records

from socert.contracts.portal import account
from socert.gateway.exchange.answering import Received
from socert.gateway.mapping.account_query import AccountQueryAnswerer

if TYPE_CHECKING:
    from tests.gateway.records import Clock
    from tests.gateway.region import Region

QUERY_ID = "00000000-0000-4000-8000-00000000c0de"
ALL = tuple(account.Include)


def recipient(**changes: Any) -> account.Recipient:
    """Return the family of all certificates as the portal would name it."""
    child, parent = records.child(), records.parent()
    applicant = {"last_name": parent.last_name, "first_name": parent.first_name, "snils": parent.snils}
    named = {
        "last_name": child.last_name,
        "first_name": child.first_name,
        "middle_name": child.middle_name,
        "birth_date": child.birth_date,
        "snils": child.snils,
    }
    return account.Recipient(
        applicant=account.Applicant(**{**applicant, **changes.get("applicant", {})}),
        child=account.Child(**{**named, **changes.get("child", {})}),
    )


@pytest.fixture
def family(region: Region) -> Region:
    """A certificate with a contract, told to the portal."""
    region.put(records.certificate(balance=records.balance(reserved=40_000)))
    region.sign(records.contract())
    region.deliver()
    return region


def ask(
    region: Region,
    clock: Clock,
    *,
    late: bool = False,
    include: tuple[account.Include, ...] = ALL,
    who: account.Recipient | None = None,
) -> account.QueryResponse:
    """Ask and return the answer, as the portal reads it."""
    answerer = AccountQueryAnswerer(
        registry=region.registry, consents=region.consents, projector=region.projector, clock=clock, zone=UTC
    )
    question = account.QueryRequest(query_id=QUERY_ID, sent_at=clock(), recipient=who or recipient(), include=include)
    content = etree.fromstring(question.render())
    account.schema().check(content)
    look = answerer.take(content, Received(message_id="m", reply_to="r", at=clock()))
    assert look.late is not None
    reply = region.store.look(look.late if late else look.find)
    told = etree.fromstring(reply.content.render())
    account.schema().check(told)
    answer = account.read_query_response(told)
    assert (reply.about != ()) == (answer.result is account.QueryResult.OK), "a withdrawal stops what tells of a child"
    return answer


def bodies(answer: account.QueryResponse) -> list[str]:
    return [type(one.body).__name__ for one in answer.objects]


@pytest.mark.seed("not-kept")
def test_the_answer_is_what_the_registry_has_now(family: Region, clock: Clock) -> None:
    def spend() -> None:
        family.put(records.certificate(balance=records.balance(reserved=30_000, spent=10_000)))

    spend()
    answer = ask(family, clock)
    assert (answer.result, answer.live, answer.as_of) == (account.QueryResult.OK, True, clock())
    assert bodies(answer) == ["CertificateCard", "ContractCard"]
    card = answer.objects[0].body
    assert isinstance(card, account.CertificateCard)
    (balance,) = card.balances
    assert isinstance(balance, account.Balance)
    assert balance.spent == 10_000
    assert {one.cause for one in answer.objects} == {account.Cause.RECONCILE}


def test_a_slow_registry_is_stood_in_for_by_what_was_told(family: Region, clock: Clock) -> None:
    told_at = clock()
    clock.advance(3600)
    answer = ask(family, clock, late=True)
    assert (answer.result, answer.live, answer.as_of) == (account.QueryResult.OK, False, told_at)
    assert bodies(answer) == ["CertificateCard", "ContractCard"]


def test_nothing_told_is_nothing_to_stand_in(region: Region, clock: Clock) -> None:
    region.put(records.certificate(applicant=records.parent()))
    region.store.run(lambda connection: connection.exec_driver_sql("DELETE FROM change"))
    assert ask(region, clock, late=True).result is account.QueryResult.UNAVAILABLE


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ((account.Include.CERTIFICATE,), ["CertificateCard"]),
        ((account.Include.CONTRACTS,), ["ContractCard"]),
        ((account.Include.OFFERS, account.Include.CONSENTS), []),
    ],
)
def test_only_what_was_asked_for_is_told(
    family: Region, clock: Clock, include: tuple[account.Include, ...], expected: list[str]
) -> None:
    assert bodies(ask(family, clock, include=include)) == expected


@pytest.mark.invariant(9)
@pytest.mark.parametrize(
    "stranger",
    [
        {"applicant": {"snils": "11223344595"}},
        {"child": {"snils": "08765430300"}},
        {"child": {"birth_date": date(2014, 3, 16)}},
        {"child": {"last_name": "Журавлин"}},
        {"child": {"snils": None}},
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_who_does_not_represent_the_child_learns_nothing(
    family: Region, clock: Clock, stranger: dict[str, Any], *, late: bool
) -> None:
    answer = ask(family, clock, who=recipient(**stranger), late=late)
    nothing = account.QueryResult.UNAVAILABLE if late else account.QueryResult.NOT_FOUND
    assert answer == account.QueryResponse(query_id=QUERY_ID, result=nothing)


@pytest.mark.invariant(12)
@pytest.mark.parametrize("late", [False, True])
def test_without_a_consent_nothing_is_told(family: Region, clock: Clock, *, late: bool) -> None:
    family.put(replace(records.certificate(balance=records.balance(reserved=40_000)), consent_form=None))
    answer = ask(family, clock, late=late)
    result = account.QueryResult.UNAVAILABLE if late else account.QueryResult.REFUSED
    assert (answer.result, answer.reason_code) == (result, None if late else "NO_CONSENT")
    assert answer.objects == ()


def test_the_registry_is_not_asked_while_it_is_slow(
    family: Region, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: object, **_given: object) -> None:
        raise AssertionError("the registry is slow")

    for name in ("find", "certificates", "contracts", "contracts_of", "offers"):
        monkeypatch.setattr(type(family.registry), name, slow)
    assert ask(family, clock, late=True).result is account.QueryResult.OK


def test_a_municipality_without_the_portal_s_code_cannot_be_told_of(region: Region, clock: Clock) -> None:
    region.put(records.certificate(oktmo="99999999"))
    assert ask(region, clock).result is account.QueryResult.UNAVAILABLE
