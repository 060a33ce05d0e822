"""The rules of the exchange's queues, by calls: order, nodes, formats, ends of life, limits, statuses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.simulator.exchanging import PARTICIPANTS, Speaker, ask, kind, told, write_exchange

from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, reply
from socert.contracts.smev.delivery import DeliveryKind
from socert.contracts.smev.fault_texts import number
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.status import (
    BusinessStatus,
    InteractionStatus,
    InteractionType,
    MessageCategory,
    RejectCode,
    Rejection,
)
from socert.contracts.smev.version import Version
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings
from socert.simulator.smev.verdicts import Defect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

TIMEOUT = timedelta(minutes=15)
SUITES = frozenset(Suite)
BROKEN = b'<t:Ask xmlns:t="urn:test:plain"><t:Odd/></t:Ask>'
CODE = "c7b6d996-e90c-11f1-bc86-df7e33cd72cb|0123456789|c2lnbmF0dXJl"


def settings(folder: Path, participants: str = PARTICIPANTS) -> Settings:
    """Return the settings of an exchange whose clock stands still."""
    listing = write_exchange(folder, participants)
    return Settings(port=0, keys=folder, clock=ClockMode.MANUAL, participants=listing, exchange_only=True)


@pytest.fixture
async def who(tmp_path: Path) -> AsyncIterator[Callable[..., Speaker]]:
    """Participants by the name of their key and the version that they speak."""
    async with Simulator(settings(tmp_path)) as simulator:
        yield lambda name, version=Version.V1_2: Speaker(simulator, tmp_path, name, version)


# Order and priority


async def test_requests_of_important_participants_go_first(who: Callable[..., Speaker]) -> None:
    asker, vip, teller = who("asker"), who("vip"), who("teller")
    ordinary = [await asker.ask(), await asker.ask()]
    important = [await vip.ask(), await vip.ask()]

    assert [(await teller.got()).message_id for _ in range(4)] == important + ordinary


async def test_a_request_that_came_back_waits_for_important_ones(who: Callable[..., Speaker]) -> None:
    asker, vip, teller = who("asker"), who("vip"), who("teller")
    first, second = await asker.ask(), await asker.ask()
    assert (await teller.took()).message_id == first
    asker.simulator.clock.advance(TIMEOUT)
    important = await vip.ask()

    assert [(await teller.got()).message_id for _ in range(3)] == [important, first, second]


async def test_an_important_request_that_came_back_goes_first_of_all(who: Callable[..., Speaker]) -> None:
    asker, vip, teller = who("asker"), who("vip"), who("teller")
    important = [await vip.ask(), await vip.ask()]
    assert (await teller.took()).message_id == important[0]
    ordinary = await asker.ask()
    asker.simulator.clock.advance(TIMEOUT)

    assert [(await teller.got()).message_id for _ in range(3)] == [*important, ordinary]


async def test_responses_and_broadcasts_know_no_priority(who: Callable[..., Speaker]) -> None:
    asker, vip, teller = who("asker"), who("vip"), who("teller")
    sent = [await asker.ask(ask("news")), await vip.ask(ask("news"))]
    assert [(await teller.got()).message_id for _ in range(2)] == sent

    await vip.ask()
    to = (await teller.got()).reply_to
    answers = [await teller.tell(to), await teller.tell(to)]
    assert [(await vip.heard()).message_id for _ in range(2)] == answers


@pytest.mark.parametrize("certificate", ["teller", "teller-next"])
async def test_a_participant_may_have_several_certificates(who: Callable[..., Speaker], certificate: str) -> None:
    message_id = await who("asker").ask()

    assert (await who(certificate).got()).message_id == message_id


# Nodes


async def test_answers_wait_for_the_node_that_asked(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker"), who("teller")
    asked = {node: await asker.ask(node_id=node) for node in ("one", "two", None)}
    for _ in asked:
        got = await teller.got()
        await teller.tell(got.reply_to)

    assert await asker.next_response(node_id="three") is None
    for node, message_id in asked.items():
        assert (await asker.heard(node_id=node)).original_message_id == message_id
        assert await asker.next_response(node_id=node) is None


async def test_a_provider_sees_requests_of_every_node_and_which_one_asked(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker"), who("teller")
    await asker.ask(node_id="one")
    await asker.ask(node_id="two")

    assert [(await teller.took(node_id="mine")).node_id for _ in range(2)] == ["one", "two"]


async def test_a_rejection_waits_for_the_node_that_sent_the_request(who: Callable[..., Speaker]) -> None:
    asker = who("asker")
    message_id = await asker.ask(BROKEN, node_id="one")

    assert await asker.next_response() is None
    assert (await asker.heard(node_id="one")).original_message_id == message_id


# Selectors


@pytest.mark.parametrize("selected", ["plain", "newer"])
@pytest.mark.parametrize("root", ["Ask", "Told"])
@pytest.mark.parametrize("sent", ["plain", "newer"])
async def test_a_selector_of_any_format_takes_messages_of_all_formats(
    who: Callable[..., Speaker], selected: str, root: str, sent: str
) -> None:
    asker, teller = who("asker"), who("teller")
    await asker.ask(ask("news"))
    message_id = await asker.ask(ask(sent))

    got = await teller.next_request(selector=kind(selected, root))
    assert got is not None
    assert got.message_id == message_id
    await teller.tell(got.reply_to or "", told("newer" if sent == "plain" else "plain"))
    heard = await asker.next_response(selector=kind(selected, root))
    assert heard is not None
    assert heard.original_message_id == message_id


@pytest.mark.parametrize("name", ["asker", "other"])
async def test_a_selector_of_what_one_does_not_serve_is_refused(who: Callable[..., Speaker], name: str) -> None:
    speaker = who(name)
    data = call.get_request(
        timestamp=speaker.simulator.clock(), signer=speaker.signer, selector=kind("plain"), version=Version.V1_2
    )

    assert (await speaker.fault(data)).kind is FaultKind.UNKNOWN_MESSAGE_TYPE


# What travels along


@pytest.mark.parametrize("version", list(Version))
async def test_a_chain_a_transaction_and_marks_travel_along(who: Callable[..., Speaker], version: Version) -> None:
    asker, teller = who("asker", version), who("teller", version)
    root = await asker.ask(transaction_code=CODE)
    await teller.got()
    process = b'<p:Case xmlns:p="urn:process">7</p:Case>'
    message_id = await asker.ask(
        reference_message_id=root, transaction_code=CODE, business_process_metadata=process, test=True
    )

    got = await teller.got()
    assert (got.message_id, got.reference_message_id, got.transaction_code) == (message_id, root, CODE)
    assert got.test
    assert got.business_process_metadata is not None
    await teller.tell(got.reply_to)
    heard = await asker.heard()
    assert (heard.original_message_id, heard.reference_message_id, heard.transaction_code) == (message_id, root, CODE)


@pytest.mark.parametrize(
    "code",
    [
        "none",
        CODE.replace("|", "/"),
        CODE + "|more",
        CODE.replace("-11f1-", "-41f1-"),
        CODE.replace("0123456789", ""),
        CODE.replace("0123456789", "1" * 21),
        CODE[: CODE.rindex("|") + 1],
        CODE + "!",
    ],
)
async def test_a_transaction_code_that_has_not_its_form_is_refused(who: Callable[..., Speaker], code: str) -> None:
    asker = who("asker")

    assert (await asker.fault(asker.request(transaction_code=code))).kind is FaultKind.TRANSACTION_CODE_INVALID


async def test_any_number_of_answers_go_to_one_request(who: Callable[..., Speaker]) -> None:
    """Statuses, refusals and the content: the manual limits none, and closes no address after the content."""
    asker, teller = who("asker"), who("teller")
    message_id = await asker.ask()
    to = (await teller.got()).reply_to

    sent = [await teller.tell(to, status=BusinessStatus(code=code, description="В работе")) for code in range(3)]
    refusals = [
        Rejection(code=RejectCode.NO_DATA, description="Нет"),
        Rejection(code=RejectCode.FAILURE, description="Сбой"),
    ]
    sent += [await teller.tell(to, rejections=refusals), await teller.tell(to), await teller.tell(to)]

    heard = [await asker.heard() for _ in sent]
    assert [one.message_id for one in heard] == sent
    assert {one.original_message_id for one in heard} == {message_id}
    assert heard[3].rejections == tuple(refusals)


async def test_only_who_got_a_request_may_answer_it(who: Callable[..., Speaker]) -> None:
    await who("asker").ask()
    to = (await who("teller").got()).reply_to
    other = who("other")
    data = call.send_response(message_id=other.ids(), to=to or "", content=told(), signer=other.signer)

    assert (await other.fault(data)).kind is FaultKind.RECIPIENT_IS_NOT_FOUND


# Versions


@pytest.mark.parametrize("asks", list(Version))
@pytest.mark.parametrize("answers", list(Version))
async def test_each_side_speaks_its_own_version(who: Callable[..., Speaker], asks: Version, answers: Version) -> None:
    asker, teller = who("asker", asks), who("teller", answers)
    message_id = await asker.ask(node_id="one")

    data = call.get_request(timestamp=asker.simulator.clock(), signer=teller.signer, version=answers)
    opened = await teller.say(data)
    got = opened.delivery
    assert got is not None
    assert (got.message_id, got.node_id, opened.version) == (message_id, "one", answers)
    # The sender's signature is over its own words: in others it cannot hold, so it is left out.
    assert (got.sender_signature is not None) is (asks is answers)
    if asks is answers:
        assert reply.verify_sender(opened, SUITES).certificate == asker.signer.certificate
    await teller.ack(got.message_id)
    await teller.tell(got.reply_to)
    heard = await asker.heard(node_id="one")
    assert heard.original_message_id == message_id
    assert heard.metadata is not None
    delivered = InteractionStatus.RESPONSE_DELIVERED if asks is Version.V1_1 else InteractionStatus.DELIVERED
    assert heard.metadata.status is delivered


async def test_the_oldest_version_hears_more_of_a_message(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker", Version.V1_1), who("teller", Version.V1_1)
    await asker.ask()

    said = (await teller.got()).metadata
    assert said is not None
    assert (said.sender, said.sender_name) == ("ASKER", "Asking system")
    assert (said.recipient, said.recipient_name) == ("TELLER", "TELLER")
    assert (said.destination, said.content_type) == ("TELLER.request", "plain")
    assert said.interaction is InteractionType.AGENCY_TO_AGENCY
    assert said.message_type is MessageCategory.REQUEST


async def test_a_cancel_is_heard_in_the_oldest_version_alone(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker", Version.V1_1), who("teller", Version.V1_1)
    message_id = await asker.ask()
    cancel = asker.simulator.node.cancel(message_id)
    await teller.got()
    got = await teller.next_request()
    assert got is not None
    assert (got.kind, got.message_id, got.original_message_id) == (DeliveryKind.CANCEL, cancel, message_id)
    assert got.metadata is not None
    assert got.metadata.message_type is MessageCategory.CANCEL
    await teller.ack(got.message_id)

    asker.simulator.node.cancel(message_id)
    following = await asker.ask()
    assert (await who("teller", Version.V1_2).got()).message_id == following
    assert await teller.next_request() is None
    assert asker.simulator.node.cancel("no such request") is None


# Ends of life


async def test_a_request_whose_end_of_life_passes_while_it_waits_is_told_to_its_sender(
    who: Callable[..., Speaker],
) -> None:
    asker, teller = who("asker"), who("teller")
    clock = asker.simulator.clock
    message_id = await asker.ask(end_of_life=clock() + timedelta(minutes=1), node_id="one")
    other = await asker.ask()
    clock.advance(timedelta(minutes=1))

    assert (await teller.got()).message_id == other
    heard = await asker.heard(node_id="one")
    assert heard.async_status is not None
    assert heard.async_status.category is InteractionStatus.REJECTED
    assert heard.async_status.fault is not None
    assert heard.async_status.fault.smev_code == number(FaultKind.END_OF_LIFE_REACHED)
    status = await asker.next_status()
    assert status is not None
    assert status.original_message_id == message_id


async def test_what_was_given_out_in_time_may_be_acknowledged_later(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker"), who("teller")
    clock = asker.simulator.clock
    await asker.ask(end_of_life=clock() + timedelta(minutes=1))
    got = await teller.next_request()
    assert got is not None
    clock.advance(timedelta(minutes=2))
    assert await asker.next_response() is None

    await teller.ack(got.message_id)
    clock.advance(TIMEOUT)
    assert await asker.next_response() is None


async def test_what_comes_back_after_its_end_of_life_comes_no_more(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker"), who("teller")
    clock = asker.simulator.clock
    message_id = await asker.ask(end_of_life=clock() + timedelta(minutes=1))
    await teller.next_request()
    clock.advance(TIMEOUT)

    assert await teller.next_request() is None
    assert (await asker.heard()).original_message_id == message_id


# Limits


async def test_a_full_queue_takes_no_more_until_something_is_acknowledged(tmp_path: Path) -> None:
    text = PARTICIPANTS.replace('mnemonic = "TELLER"', 'mnemonic = "TELLER"\nqueue_limit = 2')
    async with Simulator(settings(tmp_path, text)) as simulator:
        asker, teller = (Speaker(simulator, tmp_path, name) for name in ("asker", "teller"))
        await asker.ask()
        await asker.ask(end_of_life=simulator.clock() + timedelta(hours=1))
        data = asker.request()
        fault = await asker.fault(data)
        assert fault.kind is FaultKind.DESTINATION_OVERFLOW
        assert fault.details["DestinationName"] == "TELLER.request"
        await teller.next_request()
        assert (await asker.fault(data)).kind is FaultKind.DESTINATION_OVERFLOW  # given out is still there

        got = await teller.next_request()
        assert got is not None
        await teller.ack(got.message_id)
        await asker.say(data)  # the same id: it was not taken before

        assert (await asker.fault(asker.request())).kind is FaultKind.DESTINATION_OVERFLOW


async def test_a_place_that_an_end_of_life_has_freed_is_free(tmp_path: Path) -> None:
    text = PARTICIPANTS.replace('mnemonic = "TELLER"', 'mnemonic = "TELLER"\nqueue_limit = 1')
    async with Simulator(settings(tmp_path, text)) as simulator:
        asker = Speaker(simulator, tmp_path, "asker")
        await asker.ask(end_of_life=simulator.clock() + timedelta(hours=1))
        simulator.clock.advance(timedelta(hours=1))

        await asker.ask()


async def test_a_broadcast_for_one_full_queue_reaches_nobody(tmp_path: Path) -> None:
    text = PARTICIPANTS.replace('mnemonic = "OTHER"', 'mnemonic = "OTHER"\nqueue_limit = 1')
    async with Simulator(settings(tmp_path, text)) as simulator:
        asker, teller = (Speaker(simulator, tmp_path, name) for name in ("asker", "teller"))
        await asker.ask(ask("news"))
        await teller.got()

        assert (await asker.fault(asker.request(ask("news")))).kind is FaultKind.DESTINATION_OVERFLOW
        assert await teller.next_request() is None


async def test_answers_overflow_too(tmp_path: Path) -> None:
    text = PARTICIPANTS.replace('mnemonic = "ASKER"', 'mnemonic = "ASKER"\nqueue_limit = 1')
    async with Simulator(settings(tmp_path, text)) as simulator:
        asker, teller = (Speaker(simulator, tmp_path, name) for name in ("asker", "teller"))
        await asker.ask()
        to = (await teller.got()).reply_to
        await teller.tell(to)
        data = call.send_response(message_id=teller.ids(), to=to or "", content=told(), signer=teller.signer)

        assert (await teller.fault(data)).kind is FaultKind.DESTINATION_OVERFLOW
        await asker.heard()
        await teller.say(data)


# Ids


@pytest.mark.parametrize("hours", [24, 48])
async def test_how_old_an_id_may_be_is_set(tmp_path: Path, hours: int) -> None:
    """The manual says a day, the notes of the schema two: both can be had."""
    listing = write_exchange(tmp_path)
    given = Settings(
        port=0, keys=tmp_path, clock=ClockMode.MANUAL, participants=listing, message_age=timedelta(hours=hours)
    )
    async with Simulator(given) as simulator:
        asker = Speaker(simulator, tmp_path, "asker")
        edge = simulator.clock() - timedelta(hours=hours)

        await asker.ask(message_id=MessageIds(lambda: edge)())
        stale = asker.request(message_id=MessageIds(lambda: edge - timedelta(seconds=1))())
        assert (await asker.fault(stale)).kind is FaultKind.STALE_MESSAGE_ID


async def test_an_id_is_taken_once_by_anybody(who: Callable[..., Speaker]) -> None:
    asker, vip = who("asker"), who("vip")
    message_id = await asker.ask()

    assert (await vip.fault(vip.request(message_id=message_id))).kind is FaultKind.MESSAGE_IS_ALREADY_SENT


# Status queues


async def test_a_rejection_stands_in_both_queues_and_a_status_comes_once(who: Callable[..., Speaker]) -> None:
    asker = who("asker")
    message_id = await asker.ask(BROKEN)

    status = await asker.next_status()
    assert status is not None
    assert status.original_message_id == message_id
    assert status.async_status is not None
    assert status.async_status.fault is not None
    assert status.async_status.fault.kind is FaultKind.INVALID_CONTENT
    asker.simulator.clock.advance(TIMEOUT)
    assert await asker.next_status() is None  # it has no id that could be acknowledged
    heard = await asker.heard()
    assert heard.async_status is not None
    assert heard.sender_signature is None


async def test_an_answer_that_breaks_its_schema_is_told_to_who_answered(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker"), who("teller")
    await asker.ask(node_id="one")
    to = (await teller.got()).reply_to

    message_id = await teller.tell(to, b'<t:Told xmlns:t="urn:test:plain"><t:Odd/></t:Told>')

    heard = await teller.heard()
    assert heard.async_status is not None
    assert heard.async_status.original_message_id == message_id
    assert heard.async_status.category is InteractionStatus.RESPONSE_REJECTED
    assert await asker.next_response(node_id="one") is None


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("defect", list(Defect))
async def test_a_defect_found_later_takes_the_message_out_of_its_queue(
    who: Callable[..., Speaker], defect: Defect, version: Version
) -> None:
    asker, teller = who("asker", version), who("teller", version)
    message_id = await asker.ask()

    assert asker.simulator.node.withdraw(message_id, defect)

    assert await teller.next_request() is None
    status = await asker.next_status()
    assert status is not None
    assert status.async_status is not None
    assert status.async_status.details == defect.text
    assert (await asker.heard()).original_message_id == message_id
    assert not asker.simulator.node.withdraw(message_id, defect)


async def test_statuses_that_nobody_fetches_are_forgotten_in_time(who: Callable[..., Speaker]) -> None:
    asker = who("asker")
    await asker.ask(BROKEN)
    asker.simulator.clock.advance(asker.simulator.settings.retention + timedelta(minutes=1))
    await asker.ask()

    assert await asker.next_status() is None
    assert await asker.next_response() is None


async def test_a_broadcast_that_ends_in_several_queues_is_told_of_once(who: Callable[..., Speaker]) -> None:
    asker = who("asker")
    message_id = await asker.ask(ask("news"), end_of_life=asker.simulator.clock() + timedelta(minutes=1))
    asker.simulator.clock.advance(timedelta(minutes=1))

    assert (await asker.heard()).original_message_id == message_id
    assert await asker.next_response() is None
    assert await who("other").next_request() is None


# Statistics


async def test_statistics_count_what_waits_by_queue(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker", Version.V1_1), who("teller", Version.V1_1)
    assert await teller.statistics() == {"TELLER.request": 0, "TELLER.response": 0, "TELLER.status": 0}
    await asker.ask(node_id="one")
    await asker.ask(node_id="one")
    await asker.ask(BROKEN)
    assert (await teller.statistics())["TELLER.request"] == 2
    to = (await teller.took()).reply_to
    assert (await teller.statistics())["TELLER.request"] == 1  # what was given out does not wait
    await teller.tell(to)

    assert await asker.statistics() == {
        "ASKER.request": 0,
        "ASKER.response": 1,
        "ASKER.response.one": 1,
        "ASKER.status": 1,
    }
    assert await asker.statistics("one") == {"ASKER.response.one": 1}
    asker.simulator.clock.advance(TIMEOUT)
    assert (await teller.statistics())["TELLER.request"] == 2
