"""Events on an order: they survive the wire, and their rules hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.portal.strategies import DAYS, MOMENTS, SLOW, check_round_trip, maybe, members, texts, tuples

from socert.contracts.portal import order_event
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.statuses import TERMINAL, PortalStatus, is_ending, is_terminal
from socert.contracts.portal.values import cut
from socert.contracts.xml import parse

EVENTS = (
    st.builds(
        order_event.StatusEvent,
        status=st.integers(-(2**15), 2**15 - 1) | texts(20, 0),
        cancel_allowed=maybe(st.booleans()),
        send_message_allowed=maybe(st.booleans()),
    )
    | st.builds(
        order_event.PaymentEvent,
        payments=tuples(st.builds(order_event.Payment, uin=texts(256, 0), description=texts(210, 0)), 10, 1),
    )
    | st.builds(order_event.InfoEvent, code=texts(20, 0))
    | st.builds(order_event.TextMessageEvent)
    | st.builds(
        order_event.InvitationEvent,
        offices=tuples(
            st.builds(order_event.Office, organization_id=texts(50, 0), area_ids=tuples(texts(50, 0), 10)), 3
        ),
        start_date=maybe(DAYS),
        end_date=maybe(DAYS),
    )
    | st.builds(order_event.InvitationClosedEvent)
)
EVENT = order_event.Request(
    environment=order_event.Environment.SVCDEV,
    order_id=1_000_000_001,
    comment="Подпишите договор",
    event=order_event.TextMessageEvent(),
)


@SLOW
@given(
    st.builds(
        order_event.Request,
        environment=members(order_event.Environment),
        order_id=st.integers(-(2**63), 2**63 - 1),
        event_date=maybe(MOMENTS),
        comment=maybe(texts(2048, 0)),
        author=maybe(texts(256, 0)),
        event=EVENTS,
    )
)
def test_any_event_survives(message: order_event.Request) -> None:
    check_round_trip(message)


@SLOW
@given(st.builds(order_event.Response, code=st.integers(-128, 127), message=texts(256, 0)))
def test_any_answer_survives(message: order_event.Response) -> None:
    check_round_trip(message)


def test_a_fixed_element_may_be_empty() -> None:
    payment = order_event.PaymentEvent(payments=(order_event.Payment(uin="1", description="x"),))
    written = replace(EVENT, event=payment).render()
    element = parse(written.replace(">W<", "><").replace(">FK<", "><").encode())
    order_event.schema().check(element)
    assert order_event.read_request(element).event == payment


def test_another_value_of_a_fixed_element_is_refused() -> None:
    payment = order_event.PaymentEvent(payments=(order_event.Payment(uin="1", description="x"),))
    element = parse(replace(EVENT, event=payment).render().replace(">W<", ">X<").encode())
    assert order_event.schema().violations(element)
    with pytest.raises(ValueRefused, match="only W"):
        order_event.read_request(element)


@pytest.mark.parametrize("inside", [" ", "\n", "text"])
def test_not_even_a_space_stands_in_a_text_message_event(inside: str) -> None:
    written = EVENT.render().replace("<ns1:textMessageEvent>", f"<ns1:textMessageEvent>{inside}")
    assert order_event.schema().violations(parse(written.encode()))


def test_an_unknown_environment_is_refused_with_its_place() -> None:
    element = parse(EVENT.render().replace("SVCDEV", "MOON").encode())
    with pytest.raises(ValueRefused) as refused:
        order_event.read_request(element)
    assert refused.value.field == "eventServiceRequest/@env"


def test_only_code_0_is_accepted() -> None:
    assert order_event.Response(code=0, message="OK").accepted
    assert not order_event.Response(code=1, message="").accepted


# Rules


def test_a_good_event_has_no_problems() -> None:
    assert order_event.check_request(EVENT) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_id": 0}, "orderId"),
        ({"comment": None}, "eventComment"),
        ({"comment": "  "}, "eventComment"),
        (
            {"event": order_event.StatusEvent(status=PortalStatus.RENDERED, cancel_allowed=True)},
            "event/orderStatusEvent/cancelAllowed",
        ),
        (
            {"event": order_event.InvitationEvent(start_date=date(2026, 9, 2), end_date=date(2026, 9, 1))},
            "event/equeueEvent/equeueInvitation/endDate",
        ),
    ],
)
def test_broken_rules_are_named_by_their_place(change: dict[str, object], field: str) -> None:
    (problem,) = order_event.check_request(replace(EVENT, **change))  # type: ignore[arg-type]  # one of many fields
    assert problem.field == field


@pytest.mark.parametrize(
    "event",
    [
        order_event.StatusEvent(status=PortalStatus.ACCEPTED, cancel_allowed=True),
        order_event.StatusEvent(status=PortalStatus.RENDERED, cancel_allowed=False),
        order_event.StatusEvent(status="3", cancel_allowed=True),
        order_event.InvitationEvent(start_date=date(2026, 9, 1), end_date=date(2026, 9, 1)),
        order_event.InvitationEvent(end_date=date(2026, 9, 1)),
    ],
)
def test_what_is_allowed_is_no_problem(event: order_event.Event) -> None:
    assert order_event.check_request(replace(EVENT, event=event)) == []


# Statuses


def test_terminal_codes_are_those_of_the_dictionary() -> None:
    assert {-1, 3, 4, 5, 10, 18, 22, 24, 57, 58, 84} == TERMINAL
    assert {code for code in range(-128, 128) if is_ending(code)} == {3, 4, 10}
    assert all(is_terminal(code) for code in (3, 4, 10))


def test_an_unknown_code_stays_a_number_and_ends_nothing() -> None:
    assert not is_terminal(777)
    event = replace(EVENT, event=order_event.StatusEvent(status=777))
    assert order_event.read_request(parse(event.render().encode())).event == order_event.StatusEvent(status=777)


# Texts


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("", 5, ""),
        ("пятьб", 5, "пятьб"),
        ("шестьб", 5, "шест…"),
        ("a b c d", 5, "a b…"),
        ("\U0001f9d2" * 6, 5, "\U0001f9d2" * 4 + "…"),
    ],
)
def test_texts_are_cut_by_characters_and_the_cut_is_marked(text: str, longest: int, expected: str) -> None:
    assert cut(text, longest) == expected
    assert len(cut(text, longest)) <= longest
