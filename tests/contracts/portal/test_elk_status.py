"""Orders in the account that no parent filed: written as they were seen, read in any style."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.contracts.portal.strategies import (
    DAYS,
    MOMENTS,
    SLOW,
    SNILS,
    check_round_trip,
    maybe,
    members,
    texts,
    tuples,
)

from socert.contracts.message import MessageType
from socert.contracts.portal import elk_status
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.signature import transform
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from lxml.etree import _Element

INN = st.from_regex(r"[0-9]{10}([0-9]{2})?", fullmatch=True)
KPP = st.from_regex(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}", fullmatch=True)
WORDS = texts(300)
NAMED = {"last_name": WORDS, "first_name": WORDS, "middle_name": maybe(WORDS), "citizenship": WORDS}
OWNERS = (
    st.builds(elk_status.PersonByDocument, document_type=WORDS, series=maybe(texts(20, 0)), number=WORDS, **NAMED)
    | st.builds(elk_status.PersonBySnils, snils=SNILS, **NAMED)
    | st.builds(elk_status.PersonBySnilsAndBirthDate, citizenship=WORDS, snils=SNILS, birth_date=DAYS)
    | st.builds(elk_status.PersonByInn, inn=INN, **NAMED)
    | st.builds(elk_status.Organization, ogrn=st.from_regex(r"[0-9]{13}", fullmatch=True))
    | st.builds(elk_status.Organization, inn=INN, kpp=maybe(KPP))
    | st.builds(elk_status.SoleTrader)
)
ENTRIES = st.builds(
    elk_status.StatusEntry,
    status=st.integers(-(10**18), 10**18),
    informed=maybe(st.booleans()),
    status_date=MOMENTS,
    comment=maybe(texts(2048, 0)),
    attachments=tuples(st.builds(elk_status.Attachment, file_id=WORDS, document_type=WORDS), 2),
)
SENDERS = {"sender_kpp": KPP, "sender_inn": INN, "order_number": texts(36), "history": tuples(ENTRIES, 3, 1)}
NEW_ORDERS = st.builds(
    elk_status.NewOrder,
    owner=OWNERS,
    service_target_code=WORDS,
    region=st.from_regex(r"[0-9]{8}([0-9]{3})?", fullmatch=True),
    request_date=MOMENTS,
    office=st.builds(
        elk_status.Office,
        name=maybe(texts(300, 0)),
        address=maybe(texts(300, 0)),
        frgu_code=maybe(texts(300, 0)),
        acceptance=WORDS,
    ),
    **SENDERS,
)
UPDATES = st.builds(elk_status.OrderUpdate, **SENDERS)
SEEN = datetime(2026, 9, 1, 6, tzinfo=UTC)
ENTRY = elk_status.StatusEntry(status=3, status_date=SEEN, comment="Доступно 9256,00 руб.")
ORDER = elk_status.NewOrder(
    owner=elk_status.PersonBySnils(snils="90000000182", last_name="Примерова", first_name="Анна", citizenship="RUS"),
    sender_kpp="000001001",
    sender_inn="0001234562",
    service_target_code="TEST-0001",
    order_number="C-0000000000004000800000000000000aa",
    request_date=SEEN,
    office=elk_status.Office(acceptance="1"),
    history=(ENTRY,),
)
REQUEST = elk_status.Request(environment="SVCDEV", new_orders=(ORDER,))
ANSWER = elk_status.Response(
    batch=elk_status.Batch.CREATED,
    code=elk_status.CODE_SOME_FAILED,
    message="Completed with errors",
    results=(
        elk_status.OrderResult(order_number="C-1", elk_order_number="1234567890", status=0, message="OK"),
        elk_status.OrderResult(order_number="C-2", status=elk_status.STATUS_UNKNOWN_STATUS, message="Статус не найден"),
    ),
)


@SLOW
@given(
    st.builds(elk_status.Request, environment=WORDS, new_orders=tuples(NEW_ORDERS, 2, 1))
    | st.builds(elk_status.Request, environment=WORDS, updates=tuples(UPDATES, 2, 1))
)
def test_any_batch_survives(message: elk_status.Request) -> None:
    check_round_trip(message)


@SLOW
@given(
    st.builds(
        elk_status.Response,
        batch=members(elk_status.Batch),
        code=st.integers(-(10**18), 10**18),
        message=texts(300, 0),
        results=tuples(
            st.builds(
                elk_status.OrderResult,
                order_number=texts(36),
                elk_order_number=maybe(st.from_regex(r"[0-9]{1,20}", fullmatch=True)),
                status=st.integers(-(10**18), 10**18),
                message=texts(300, 0),
            ),
            3,
        ),
    )
)
def test_any_answer_survives(message: elk_status.Response) -> None:
    check_round_trip(message)


# As it was seen


def test_a_new_order_is_written_in_the_order_seen() -> None:
    (order,) = parse(REQUEST.render().encode()).iterfind(".//{*}order")
    assert [etree.QName(child).localname for child in order] == [
        "user",
        "senderKpp",
        "senderInn",
        "serviceTargetCode",
        "userSelectedRegion",
        "orderNumber",
        "requestDate",
        "OfficeInfo",
        "statusHistoryList",
    ]
    assert order.findtext("{*}userSelectedRegion") == "00000000"
    assert order.findtext("{*}user/{*}userDocSnils/{*}snils") == "900-000-001 82"


@pytest.mark.parametrize(("name", "text"), [("statusDate", "2026-09-01"), ("status", "3.5"), ("status", "")])
def test_what_made_the_portal_refuse_a_message_breaks_the_schema(name: str, text: str) -> None:
    element = parse(REQUEST.render().encode())
    next(element.iterfind(f".//{{*}}{name}")).text = text
    assert elk_status.schema().violations(element)


def test_a_sole_trader_may_have_anything_inside() -> None:
    owner = replace(ORDER, owner=elk_status.SoleTrader())
    written = replace(REQUEST, new_orders=(owner,)).render()
    written = written.replace("<ns1:ogrn_inn_IP>", "<ns1:ogrn_inn_IP><ns1:ogrnip>1</ns1:ogrnip>")
    element = parse(written.encode())
    elk_status.schema().check(element)
    assert elk_status.read_request(element).new_orders[0].owner == elk_status.SoleTrader()


UPDATE = elk_status.OrderUpdate(order_number="C-1", sender_kpp="000001001", sender_inn="0001234562", history=(ENTRY,))


@pytest.mark.parametrize("request_", [replace(REQUEST, new_orders=()), replace(REQUEST, updates=(UPDATE,))])
def test_a_batch_is_of_one_kind(request_: elk_status.Request) -> None:
    with pytest.raises(ValueRefused, match="either new orders or updates"):
        request_.render()
    assert [problem.field for problem in elk_status.check_request(request_)] == ["orders"]


# Styles

STYLES = [elk_status.Style(snils_separator="-"), elk_status.Style(namespace="http://epgu.gosuslugi.ru/elk/order/3.3.0")]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_signed_as_it_stands_and_read_back(style: elk_status.Style) -> None:
    for message, read in (
        (replace(REQUEST, style=style), elk_status.read_request),
        (replace(ANSWER, style=style), elk_status.read_response),
    ):
        written = message.render().encode()
        element = parse(written)
        assert transform.normalize(element) == written
        assert MessageType.of(element) == message.message_type
        assert message.message_type.namespace == style.namespace
        elk_status.schema().check(elk_status.alike(element))
        assert read(element) == message


def test_the_separator_is_the_styles() -> None:
    assert "<ns1:snils>900-000-001-82</ns1:snils>" in replace(REQUEST, style=STYLES[0]).render()


# Reading


def changed(message: elk_status.Request | elk_status.Response, *changes: tuple[str, str]) -> _Element:
    """A message with some of its text replaced."""
    written = message.render("k")
    for before, after in changes:
        assert before in written
        written = written.replace(before, after)
    return parse(written.encode())


def test_elements_without_a_namespace_are_read() -> None:
    written = ANSWER.render("k").replace("<k:", "<").replace("</k:", "</")
    written = written.replace("<ElkOrderResponse", "<k:ElkOrderResponse").replace(
        "</ElkOrderResponse", "</k:ElkOrderResponse"
    )
    assert elk_status.read_response(parse(written.encode())) == ANSWER


def test_unknown_elements_are_passed_over() -> None:
    element = changed(ANSWER, ("<k:code>", "<k:traceId>77</k:traceId><k:code>"), ("<k:status>", "<k:new/><k:status>"))
    assert elk_status.schema().violations(element)
    assert elk_status.read_response(element) == ANSWER


def test_an_answer_without_texts_and_orders_is_read() -> None:
    bare = elk_status.Response(batch=elk_status.Batch.UPDATED, code=0)
    element = changed(bare, ("<k:message></k:message>", ""))
    assert elk_status.read_response(element) == bare
    quiet = elk_status.read_response(changed(ANSWER, ("<k:message>OK</k:message>", "")))
    assert quiet.results[0].message == ""


@pytest.mark.parametrize("missing", ["<k:orderNumber>C-1</k:orderNumber>", "<k:status>0</k:status>"])
def test_without_number_or_status_nobody_can_tell_what_was_done(missing: str) -> None:
    with pytest.raises(ValueRefused, match="missing"):
        elk_status.read_response(changed(ANSWER, (missing, "")))


def test_a_snils_is_read_whatever_separates_it() -> None:
    element = changed(REQUEST, ("900-000-001 82", "90000000182"))
    assert elk_status.read_request(element) == REQUEST
    with pytest.raises(ValueRefused, match="11 digits"):
        elk_status.read_request(changed(REQUEST, ("900-000-001 82", "900")))


def test_reading_changes_nothing_of_what_was_received() -> None:
    element = parse(replace(REQUEST, style=STYLES[1]).render().encode())
    before = etree.tostring(element)
    elk_status.read_request(element)
    assert etree.tostring(element) == before


def test_results_are_told_apart() -> None:
    assert [result.done for result in ANSWER.results] == [True, False]


def test_another_message_is_refused() -> None:
    with pytest.raises(ValueRefused, match="another message"):
        elk_status.read_response(parse(REQUEST.render().encode()))


# Rules


def test_a_good_batch_has_no_problems() -> None:
    assert elk_status.check_request(REQUEST) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_number": "x" * 37}, "order[1]/orderNumber"),
        ({"order_number": ""}, "order[1]/orderNumber"),
        ({"sender_inn": "0001234563"}, "order[1]/senderInn"),
        ({"sender_kpp": "00000100"}, "order[1]/senderKpp"),
        ({"history": ()}, "order[1]/statusHistoryList"),
        (
            {"history": (ENTRY, replace(ENTRY, comment="ё" * 2049))},
            "order[1]/statusHistoryList/statusHistory[2]/statusComment",
        ),
        (
            {
                "owner": elk_status.PersonBySnilsAndBirthDate(
                    citizenship="RUS", snils="90000000183", birth_date=date(1988, 5, 5)
                )
            },
            "order[1]/user",
        ),
    ],
)
def test_broken_rules_are_named_by_their_place(change: dict[str, Any], field: str) -> None:
    (problem,) = elk_status.check_request(replace(REQUEST, new_orders=(replace(ORDER, **change),)))
    assert problem.field == field


def test_each_order_stands_once() -> None:
    (problem,) = elk_status.check_request(replace(REQUEST, new_orders=(ORDER, ORDER)))
    assert problem.field == "orders"
