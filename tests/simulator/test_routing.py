"""Who gets a request: by its type, by the code in it, by what its sender says, record by record, or everybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.exchanging import PARTICIPANTS, Speaker, ask, told, write_exchange

from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, personal, registry, reply
from socert.contracts.smev.fault_texts import number
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.registry import Record
from socert.contracts.smev.routing import RecordRouting, Routing, RoutingCode
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from socert.contracts.smev.status import AsyncStatus

SUITES = frozenset(Suite)
MOSCOW, REGION = "45000000", "46000000"


@pytest.fixture
async def who(tmp_path: Path) -> AsyncIterator[Callable[..., Speaker]]:
    """Participants by the name of their key and the version that they speak."""
    settings = Settings(
        port=0, keys=tmp_path, clock=ClockMode.MANUAL, participants=write_exchange(tmp_path), exchange_only=True
    )
    async with Simulator(settings) as simulator:

        def speaker(name: str, version: Version = Version.V1_2) -> Speaker:
            return Speaker(simulator, tmp_path, name, version)

        yield speaker


async def verdict_of(asker: Speaker) -> AsyncStatus:
    """Return the verdict that waits for a participant as a response."""
    status = (await asker.heard()).async_status
    assert status is not None
    return status


# By code


@pytest.mark.parametrize(("code", "name"), [(MOSCOW, "teller"), (REGION, "other"), ("47000000", "other")])
async def test_the_code_in_the_content_leads_to_its_provider(who: Callable[..., Speaker], code: str, name: str) -> None:
    message_id = await who("asker").ask(ask("coded", code))

    assert (await who(name).got()).message_id == message_id
    assert await who({"teller": "other", "other": "teller"}[name]).next_request() is None


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ((), "код маршрутизации не заполнен"),
        ((" ",), "код маршрутизации не заполнен"),
        ((MOSCOW, REGION), "код маршрутизации не заполнен"),
        (("9" * 201,), "код маршрутизации длиннее 200"),
        (("48000000",), "Ошибка ОКТМО:код маршрутизации 48000000 не зарегистрирован"),
    ],
)
async def test_a_code_that_leads_nowhere_is_refused(
    who: Callable[..., Speaker], codes: tuple[str, ...], words: str
) -> None:
    asker = who("asker")

    fault = await asker.fault(asker.request(ask("coded", *codes)))

    assert fault.kind is FaultKind.RECIPIENT_IS_NOT_FOUND
    assert words in fault.text


async def test_the_longest_code_is_looked_up(who: Callable[..., Speaker]) -> None:
    asker = who("asker")

    fault = await asker.fault(asker.request(ask("coded", "9" * 200)))

    assert "Ошибка ОКТМО" in fault.text


# Broadcasts


async def test_a_broadcast_goes_to_everybody_who_serves_it_and_has_no_answer(who: Callable[..., Speaker]) -> None:
    asker = who("asker")
    message_id = asker.ids()
    taken = await asker.say(asker.request(ask("news"), message_id=message_id))
    assert taken.metadata is not None
    assert (taken.metadata.message_type, taken.metadata.recipient) == (MessageCategory.BROADCAST, None)

    for name in ("teller", "other"):
        got = await who(name).got()
        assert got.message_id == message_id
        assert got.reply_to is None
        assert got.metadata is not None
        assert (got.metadata.message_type, got.metadata.recipient) == (MessageCategory.BROADCAST, None)
        assert await who(name).next_request() is None


async def test_nobody_answers_a_broadcast(who: Callable[..., Speaker]) -> None:
    await who("asker").ask(ask("news"))
    teller = who("teller", Version.V1_1)
    got = await teller.got()
    assert got.reply_to  # the oldest version must name one

    fault = await teller.fault(
        call.send_response(
            message_id=teller.ids(), to=got.reply_to, content=told(), signer=teller.signer, version=Version.V1_1
        )
    )

    assert fault.kind is FaultKind.RECIPIENT_IS_NOT_FOUND


# By the sender's word (1.3)


def routing(message_id: str, **more: Any) -> Routing:
    """Return a routing of a message."""
    return Routing(message_id=message_id, **more)


async def send_routed(asker: Speaker, content: bytes | None = None, **more: object) -> str:
    """Send a request with a routing, return its id."""
    message_id = asker.ids()
    given = {"registry": more.pop("registry")} if "registry" in more else {}
    await asker.say(asker.request(content, message_id=message_id, routing=routing(message_id, **more), **given))
    return message_id


@pytest.mark.parametrize(
    "more",
    [
        {"dynamic": (MOSCOW, REGION)},
        {"identifiers": ("teller-one", "OTHER")},
        {"dynamic": (MOSCOW,), "identifiers": ("OTHER",)},
    ],
)
async def test_a_sender_names_its_recipients(who: Callable[..., Speaker], more: dict[str, tuple[str, ...]]) -> None:
    asker = who("asker", Version.V1_3)
    message_id = await send_routed(asker, ask("coded"), **more)

    addresses = set()
    for name in ("teller", "other"):
        opened = await who(name, Version.V1_3).say(
            call.get_request(timestamp=asker.simulator.clock(), signer=who(name).signer, version=Version.V1_3)
        )
        assert opened.delivery is not None
        assert opened.delivery.message_id == message_id
        assert reply.verify_sender(opened, SUITES).certificate == asker.signer.certificate
        addresses.add(opened.delivery.reply_to)
        await who(name).tell(opened.delivery.reply_to, told("coded"))
    assert len(addresses) == 2
    assert {(await asker.heard()).original_message_id for _ in range(2)} == {message_id}
    assert await asker.next_response() is None


async def test_who_is_named_twice_gets_it_once(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    await send_routed(asker, ask("coded"), dynamic=(REGION, "47000000"), identifiers=("OTHER",))

    await who("other").got()
    assert await who("other").next_request() is None


async def test_what_is_not_found_is_told_and_the_rest_is_delivered(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    message_id = await send_routed(asker, ask("coded"), dynamic=(MOSCOW, "48"), identifiers=("NOBODY",))

    assert (await who("teller").got()).message_id == message_id
    status = await verdict_of(asker)
    assert (status.original_message_id, status.category) == (message_id, InteractionStatus.ACCEPTED)
    assert status.routing is not None
    assert [(one.value, one.code) for one in status.routing.dynamic] == [
        (MOSCOW, RoutingCode.SUCCESS),
        ("48", RoutingCode.RECIPIENT_NOT_FOUND),
    ]
    assert [(one.value, one.code) for one in status.routing.identifiers] == [
        ("NOBODY", RoutingCode.RECIPIENT_NOT_FOUND)
    ]


async def test_where_nobody_is_found_the_request_is_rejected_after_it_was_taken(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    await send_routed(asker, ask("coded"), dynamic=("48",))

    status = await verdict_of(asker)
    assert status.category is InteractionStatus.REJECTED
    assert status.fault is not None
    assert status.fault.smev_code == number(FaultKind.RECIPIENT_IS_NOT_FOUND)
    assert status.routing is not None
    assert await who("teller").next_request() is None


async def test_who_does_not_serve_the_type_is_not_found(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    await send_routed(asker, ask("plain"), identifiers=("OTHER",))

    status = await verdict_of(asker)
    assert status.category is InteractionStatus.REJECTED
    assert await who("other").next_request() is None


async def test_a_routing_that_names_nobody_is_refused(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    message_id = asker.ids()

    fault = await asker.fault(asker.request(ask("coded"), message_id=message_id, routing=routing(message_id)))

    assert fault.kind is FaultKind.RECIPIENT_IS_NOT_FOUND


async def test_a_routing_of_another_message_is_refused(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    first, second = asker.ids(), asker.ids()
    data = asker.request(ask("coded"), message_id=first, routing=routing(first, dynamic=(MOSCOW,)))
    other = asker.request(ask("coded"), message_id=second, routing=routing(second, dynamic=(MOSCOW,)))
    start, end = b"<ns1:RoutingInformation", b"</ns1:RoutingInformation>"
    block = data[data.index(start) : data.index(end)]
    foreign = other[other.index(start) : other.index(end)]

    fault = await asker.fault(data.replace(block, foreign))

    assert fault.kind is FaultKind.INVALID_CONTENT


async def test_a_routing_that_was_changed_is_refused(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    message_id = asker.ids()
    data = asker.request(ask("coded"), message_id=message_id, routing=routing(message_id, dynamic=(MOSCOW,)))

    fault = await asker.fault(data.replace(MOSCOW.encode(), REGION.encode()))

    assert fault.kind is FaultKind.SIGNATURE_VERIFICATION
    assert await who("other").next_request() is None


async def test_a_routing_that_somebody_else_has_signed_is_refused(who: Callable[..., Speaker]) -> None:
    asker, other = who("asker", Version.V1_3), who("vip", Version.V1_3)
    message_id = asker.ids()
    given = {"message_id": message_id, "routing": routing(message_id, dynamic=(MOSCOW,))}
    own, foreign = asker.request(ask("coded"), **given), other.request(ask("coded"), **given)
    block = re.compile(rb"<rou:Routing .*</rou:Routing>", re.DOTALL)
    theirs = block.search(foreign)
    assert theirs is not None
    data = block.sub(lambda _own: theirs[0], own)

    fault = await asker.fault(data)

    assert fault.kind is FaultKind.SIGNATURE_VERIFICATION
    assert fault.details["SignatureVerificationFault"] == "CertificateIsNotFound"


# Record by record


def records(*numbers: int) -> list[Record]:
    """Return records of a registry."""
    return [Record(record_id=number, content=ask("coded", str(number))) for number in numbers]


async def test_each_record_goes_where_it_is_routed(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    message_id = await send_routed(
        asker,
        registry=records(1, 2, 3),
        records=(
            RecordRouting(record_id=1, general=False, dynamic=(MOSCOW,)),
            RecordRouting(record_id=2, general=False, identifiers=("OTHER",)),
            RecordRouting(record_id=3, general=False, dynamic=(MOSCOW, REGION)),
        ),
    )

    wanted = {"teller": [1, 3], "other": [2, 3]}
    for name, numbers in wanted.items():
        recipient = who(name, Version.V1_3)
        opened = await recipient.say(
            call.get_request(timestamp=asker.simulator.clock(), signer=recipient.signer, version=Version.V1_3)
        )
        got = opened.delivery
        assert got is not None
        assert got.message_id == message_id
        assert [one.record_id for one in got.registry] == numbers
        assert got.sender_signature is None  # it was over all the records
        for record in got.registry:
            assert registry.verify(record, SUITES).certificate == asker.signer.certificate
    assert await asker.next_response() is None


async def test_a_registry_that_one_recipient_gets_whole_keeps_its_signature(who: Callable[..., Speaker]) -> None:
    asker, other = who("asker", Version.V1_3), who("other", Version.V1_3)
    await send_routed(asker, registry=records(1, 2), dynamic=(REGION,))

    opened = await other.say(
        call.get_request(timestamp=asker.simulator.clock(), signer=other.signer, version=Version.V1_3)
    )

    assert reply.verify_sender(opened, SUITES).certificate == asker.signer.certificate


async def test_a_record_may_go_where_the_message_goes(who: Callable[..., Speaker]) -> None:
    asker, teller, other = who("asker", Version.V1_3), who("teller", Version.V1_3), who("other", Version.V1_3)
    await send_routed(
        asker,
        registry=records(1, 2, 3),
        dynamic=(MOSCOW,),
        records=(
            RecordRouting(record_id=1, general=True, identifiers=("OTHER",)),
            RecordRouting(record_id=2, general=False, identifiers=("OTHER",)),
        ),
    )

    # Of the third record nothing is said, so it goes with the message.
    assert [one.record_id for one in (await teller.got()).registry] == [1, 3]
    assert [one.record_id for one in (await other.got()).registry] == [1, 2]


async def test_what_became_of_each_record_is_told(who: Callable[..., Speaker]) -> None:
    asker, teller = who("asker", Version.V1_3), who("teller", Version.V1_3)
    await send_routed(
        asker,
        registry=records(1, 2, 3),
        records=(
            RecordRouting(record_id=1, general=False, dynamic=(MOSCOW,)),
            RecordRouting(record_id=2, general=True),
            RecordRouting(record_id=3, general=False, dynamic=("48",)),
            RecordRouting(record_id=9, general=False, dynamic=(MOSCOW,)),
        ),
    )

    assert [one.record_id for one in (await teller.got()).registry] == [1]
    status = await verdict_of(asker)
    assert status.category is InteractionStatus.ACCEPTED
    assert status.routing is not None
    assert [(one.record_id, one.code) for one in status.routing.records] == [
        (1, RoutingCode.SUCCESS),
        (2, RoutingCode.GENERAL_ROUTING_NOT_FOUND),
        (3, RoutingCode.RECIPIENT_NOT_FOUND),
        (9, RoutingCode.INVALID_RECORD_ID),
    ]


@pytest.mark.parametrize("case", ["changed", "of a stranger", "unsigned"])
async def test_a_record_goes_only_with_a_signature_that_holds(who: Callable[..., Speaker], case: str) -> None:
    """Who signs the records may be another than who sends them, but a participant; a record may have no signature."""
    asker, teller = who("asker", Version.V1_3), who("teller", Version.V1_3)
    signed = re.compile(rb"<dir:RecordSignature>.*?</dir:RecordSignature>", re.DOTALL)
    message_id, wanted = asker.ids(), (RecordRouting(record_id=1, general=False, dynamic=(MOSCOW,)),)
    by = who("official", Version.V1_3) if case == "of a stranger" else asker
    content = registry.render_registry(records(1, 2), by.signer).encode()
    if case == "changed":
        content = content.replace(b">1</t:Code>", b">7</t:Code>")
        assert b">7</t:Code>" in content
    if case == "unsigned":
        content = signed.sub(b"", content)

    await asker.ask(content, message_id=message_id, routing=routing(message_id, records=wanted))

    got = await teller.next_request()
    assert (got is None) is (case != "unsigned")
    if got is None:
        status = (await verdict_of(asker)).routing
        code = RoutingCode.SIGNATURE_INVALID if case == "changed" else RoutingCode.CERTIFICATE_INVALID
        assert status is not None
        assert [one.code for one in status.records] == [code]


async def test_a_record_that_breaks_its_schema_rejects_the_registry(who: Callable[..., Speaker]) -> None:
    asker = who("asker", Version.V1_3)
    wrong = Record(record_id=2, content=b'<t:Ask xmlns:t="urn:test:coded"><t:Odd/></t:Ask>')
    await send_routed(asker, registry=[*records(1), wrong], dynamic=(MOSCOW,))

    status = await verdict_of(asker)
    assert status.fault is not None
    assert status.fault.kind is FaultKind.INVALID_CONTENT
    assert await who("teller").next_request() is None


# Officials


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Callable[..., Speaker]]:
    """Participants at an exchange whose teller takes what one official has signed."""
    text = PARTICIPANTS.replace('mnemonic = "TELLER"', 'mnemonic = "TELLER"\npersonal_access = ["official.crt"]')
    settings = Settings(
        port=0, keys=tmp_path, clock=ClockMode.MANUAL, participants=write_exchange(tmp_path, text), exchange_only=True
    )
    async with Simulator(settings) as simulator:
        yield lambda name, version=Version.V1_2: Speaker(simulator, tmp_path, name, version)


SIGNED = b'<t:Ask xmlns:t="urn:test:plain" Id="ASK"></t:Ask>'


@pytest.mark.parametrize("version", list(Version))
async def test_what_the_official_has_signed_is_let_in(guarded: Callable[..., Speaker], version: Version) -> None:
    asker = guarded("asker", version)
    signature = personal.sign(SIGNED, guarded("official").signer)

    await asker.ask(SIGNED, personal_signature=signature)

    assert (await guarded("teller", version).got()).personal_signature is not None


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("case", ["nobody", "another", "changed"])
async def test_nobody_else_is_let_in(guarded: Callable[..., Speaker], version: Version, case: str) -> None:
    asker, content = guarded("asker", version), SIGNED
    signature = None if case == "nobody" else personal.sign(SIGNED, guarded("official").signer)
    if case == "another":
        signature = personal.sign(SIGNED, guarded("vip").signer)
    if case == "changed":
        content = SIGNED.replace(b"></", b"><t:Code>1</t:Code></")

    fault = await asker.fault(asker.request(content, personal_signature=signature))

    personal_fault = version is Version.V1_3
    assert fault.kind is (FaultKind.PERSONAL_ACCESS_DENIED if personal_fault else FaultKind.ACCESS_DENIED)


async def test_a_routing_tells_of_who_lets_nobody_in(guarded: Callable[..., Speaker]) -> None:
    asker = guarded("asker", Version.V1_3)
    await send_routed(asker, ask("coded"), dynamic=(MOSCOW, REGION))

    await guarded("other").got()
    status = await verdict_of(asker)
    assert status.routing is not None
    assert [one.code for one in status.routing.dynamic] == [RoutingCode.PERSONAL_ACCESS_DENIED, RoutingCode.SUCCESS]
