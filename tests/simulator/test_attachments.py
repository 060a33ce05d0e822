"""Attachments through the exchange: inside messages (MTOM) and by its file store (FTP), in all versions."""

from __future__ import annotations

import asyncio
import ftplib
import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.simulator.conftest import GUID, Region, signer_of

from socert.contracts.portal import account
from socert.contracts.signature.digest import Digest
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, multipart, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
from socert.contracts.smev.faults import Fault, FaultKind, FaultReceived
from socert.contracts.smev.status import InteractionStatus
from socert.contracts.smev.version import Version
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from typing import Any

    import aiohttp

    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.attachments import StoredFile
    from socert.contracts.smev.delivery import Delivery

SUITES = frozenset(Suite)
#: Small ones, so that tests need no large files.
LIMIT, QUOTA = 400_000, 600_000
PDF = b"%PDF-1.7\r\n--\r\n\0\xff" * 3000
SIGNATURE = b"PKCS#7 of the file"


@dataclass
class Pair:
    """The region, who sends, and the portal, who receives, at one exchange, in one version."""

    region: Region
    portal: Signer
    version: Version

    @property
    def simulator(self) -> Simulator:
        return self.region.simulator

    async def post(self, data: bytes, content_type: str) -> tuple[int, str, bytes]:
        address = self.simulator.exchange_address(self.version)
        async with self.region.http.post(
            address, data=io.BytesIO(data), headers={"Content-Type": content_type}
        ) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.read()

    async def say(self, data: bytes, *, mtom: bool = False, signatures: bool = False) -> reply.Reply:
        """Make a call, as multipart or not; check the answer as its receiver would."""
        body, content_type = multipart.write(data, signatures=signatures) if mtom else (data, "text/xml; charset=utf-8")
        _, answered, content = await self.post(body, content_type)
        answer = reply.open_reply(content, answered)
        reply.check_schema(answer)
        if answer.signed is not None:
            reply.verify(answer, SUITES)
        return answer

    def request(self, **more: Any) -> bytes:
        content = self.region.batch(self.region.certificate())
        wanted: dict[str, Any] = {"message_id": self.region.ids(), "signer": self.region.signer, **more}
        return call.send_request(content=content, version=self.version, **wanted)

    async def refused(self, **more: Any) -> Fault:
        with pytest.raises(FaultReceived) as caught:
            await self.say(self.request(**more))
        return caught.value.fault

    async def send(self, **more: Any) -> str:
        message_id = self.region.ids()
        await self.say(self.request(message_id=message_id, **more))
        await self.simulator.node.attachments.at_rest()
        return message_id

    async def receive(self) -> Delivery | None:
        """What the portal gets next."""
        data = call.get_request(timestamp=self.simulator.clock(), signer=self.portal, version=self.version)
        answer = await self.say(data)
        if answer.delivery is not None and answer.delivery.sender_signature is not None:
            reply.verify_sender(answer, SUITES)
        return answer.delivery

    async def answers(self) -> Delivery | None:
        """What the region gets next."""
        data = call.get_response(timestamp=self.simulator.clock(), signer=self.region.signer, version=self.version)
        return (await self.say(data)).delivery

    async def ack(self, message_id: str, signer: Signer | None = None) -> None:
        await self.say(call.ack(message_id=message_id, signer=signer or self.portal, version=self.version))

    async def upload(self, data: bytes, *, user: str = "anonymous", name: str = "order.pdf") -> RefAttachmentHeader:
        """Put a file into the store; return what a message says of it."""
        uuid = self.region.ids()

        def store() -> None:
            with ftplib.FTP(timeout=20) as client:
                client.connect("127.0.0.1", self.simulator.ftp_port)
                client.login(user, "any")
                client.mkd(uuid)
                client.storbinary(f"STOR {uuid}/{name}", io.BytesIO(data))

        await asyncio.to_thread(store)
        return RefAttachmentHeader(uuid=uuid, hash=hashed(data), mime_type="application/pdf", signature=SIGNATURE)

    async def fetch(self, file: StoredFile) -> bytes:
        pieces: list[bytes] = []

        def load() -> None:
            with ftplib.FTP(timeout=20) as client:
                client.connect("127.0.0.1", self.simulator.ftp_port)
                client.login(file.user_name, file.password)
                client.cwd(file.uuid)
                client.retrbinary(f"RETR {file.file_name}", pieces.append)

        await asyncio.to_thread(load)
        return b"".join(pieces)


def hashed(data: bytes, suite: Suite = Suite.ECDSA_P256) -> bytes:
    digest = Digest(suite)
    digest.update(data)
    return digest.digest()


def header(content_id: str, **more: Any) -> AttachmentHeader:
    return AttachmentHeader(content_id=content_id, mime_type="application/pdf", **more)


@pytest.fixture(params=list(Version))
async def pair(request: pytest.FixtureRequest, keys: Path, http: aiohttp.ClientSession) -> AsyncIterator[Pair]:
    """Region and portal at an exchange, in each version."""
    settings = Settings(port=0, keys=keys, clock=ClockMode.MANUAL, exchange_only=True, ftp_limit=LIMIT, ftp_quota=QUOTA)
    async with Simulator(settings) as running:
        region = Region(running, signer_of(keys, "region"), http)
        yield Pair(region=region, portal=signer_of(keys, "portal"), version=request.param)


@pytest.mark.parametrize(("mtom", "signatures"), [(False, False), (True, False), (True, True)])
async def test_contents_travel_as_parts_and_every_signature_holds(pair: Pair, mtom: bool, signatures: bool) -> None:
    contents = (AttachmentContent(id="a", content=PDF), AttachmentContent(id="b", content=b"\0"))
    headers = (header("a", signature=SIGNATURE), header("b"))
    message_id = pair.region.ids()
    await pair.say(
        pair.request(message_id=message_id, attachments=headers, contents=contents), mtom=mtom, signatures=signatures
    )
    poll = call.get_request(timestamp=pair.simulator.clock(), signer=pair.portal, version=pair.version)
    status, content_type, body = await pair.post(poll, "text/xml")
    assert (status, multipart.is_multipart(content_type)) == (200, True)
    assert PDF in body
    answer = reply.open_reply(body, content_type)
    reply.check_schema(answer)
    reply.verify(answer, SUITES)
    reply.verify_sender(answer, SUITES)
    assert answer.delivery is not None
    assert (answer.delivery.message_id, answer.delivery.attachments) == (message_id, headers)
    assert answer.delivery.contents == contents
    await pair.ack(message_id)
    assert pair.simulator.state.all("SELECT * FROM attachment") == []


async def test_an_answer_brings_attachments_too(pair: Pair) -> None:
    await pair.send()
    asked = await pair.receive()
    assert asked is not None
    file = await pair.upload(PDF, user="EPGU")
    response = account.UpdateResponse(batch_id=GUID.format(0xF1), code=0, message="Принято")
    data = call.send_response(
        message_id=pair.region.ids(),
        to=asked.reply_to or "",
        signer=pair.portal,
        version=pair.version,
        content=response,
        attachments=(header("a"),),
        contents=(AttachmentContent(id="a", content=b"x"),),
        files=(file,),
    )
    await pair.say(data, mtom=True)
    await pair.simulator.node.attachments.at_rest()
    got = await pair.answers()
    assert got is not None
    assert [one.content for one in got.contents] == [b"x"]
    assert await pair.fetch(got.stored[0]) == PDF
    await pair.ack(got.message_id, pair.region.signer)


@pytest.mark.parametrize("user", ["anonymous", "REGION"])
async def test_files_go_through_the_store_and_end_with_the_acknowledgement(pair: Pair, user: str) -> None:
    files = (await pair.upload(PDF, user=user), await pair.upload(b"x", user=user, name="приказ.txt"))
    message_id = await pair.send(files=files)
    got = await pair.receive()
    assert got is not None
    assert [(one.uuid, one.file_name) for one in got.stored] == [
        (files[0].uuid, "order.pdf"),
        (files[1].uuid, "приказ.txt"),
    ]
    assert [one.hash for one in got.files] == [hashed(PDF), hashed(b"x")]
    assert [await pair.fetch(one) for one in got.stored] == [PDF, b"x"]

    # It comes again until it is acknowledged, with the same users and passwords.
    await pair.region.http.post(f"{pair.simulator.url}/_sim/clock", json={"advance": 901})
    again = await pair.receive()
    assert again is not None
    assert again.stored == got.stored
    await pair.ack(message_id)
    with pytest.raises(ftplib.error_perm, match="530"):
        await pair.fetch(got.stored[0])
    assert pair.simulator.state.all("SELECT * FROM stored_file") == []


async def test_a_file_that_is_not_what_the_message_says_is_found_later(pair: Pair) -> None:
    """Table 1 of the manual: the message is taken; then a response of the exchange, and a status, tell of it."""
    file = await pair.upload(PDF)
    message_id = await pair.send(files=(replace(file, hash=hashed(b"other")),))
    assert await pair.receive() is None
    told = await pair.answers()
    assert told is not None
    assert told.original_message_id == message_id
    assert told.async_status is not None
    words = (
        "Ошибка проверки ftp файлов вложения. Файлы повреждены либо данные о файлах, переданные в сообщении,"
        " некорректные."
    )
    assert (told.async_status.category, told.async_status.details) == (InteractionStatus.REJECTED, words)
    assert told.async_status.fault is not None
    assert told.async_status.fault.kind is FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION
    data = call.get_status(timestamp=pair.simulator.clock(), signer=pair.region.signer, version=pair.version)
    status = (await pair.say(data)).delivery
    assert status is not None
    assert status.async_status is not None
    assert status.async_status.original_message_id == message_id
    assert pair.simulator.state.all("SELECT * FROM stored_file") == []


async def test_the_quota_is_free_again_after_the_acknowledgement(pair: Pair) -> None:
    first = await pair.send(files=(await pair.upload(bytes(400_000)),))
    file = await pair.upload(bytes(250_000))
    fault = await pair.refused(files=(file,))
    assert (fault.kind, fault.text) == (
        FaultKind.QUOTE_LIMIT_EXCEEDED,
        "Квота на файловое хранилище для получателя превышена!",
    )
    assert fault.details == {"RemainedTotalQuoteSize": "200000", "RealTotalAttachmentSize": "250000"}
    assert await pair.receive() is not None
    await pair.ack(first)
    await pair.send(files=(file,))
    assert await pair.receive() is not None


async def test_what_nobody_will_fetch_any_more_uses_no_quota(pair: Pair) -> None:
    end = pair.simulator.clock() + timedelta(minutes=5)
    await pair.send(files=(await pair.upload(bytes(400_000)),), end_of_life=end)
    await pair.region.http.post(f"{pair.simulator.url}/_sim/clock", json={"advance": 301})
    assert await pair.receive() is None
    await pair.send(files=(await pair.upload(bytes(400_000)),))
    assert await pair.receive() is not None


async def test_files_are_too_large_together(pair: Pair) -> None:
    files = (await pair.upload(bytes(200_000)), await pair.upload(bytes(200_001)))
    fault = await pair.refused(files=files)
    assert (fault.kind, fault.text) == (
        FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED,
        "Превышен максимально допустимый суммарный размер ftp файлов.",
    )
    assert fault.details == {"PermittedTotalAttachmentSize": "400000", "RealTotalAttachmentSize": "400001"}


@pytest.mark.parametrize("size", [5 * 1024 * 1024 + 1, 8 * 1024 * 1024])
async def test_contents_are_too_large_together(pair: Pair, size: int) -> None:
    """The second would not even fit into the XML that the exchange reads."""
    data = pair.request(attachments=(header("a"),), contents=(AttachmentContent(id="a", content=bytes(size)),))
    with pytest.raises(FaultReceived) as caught:
        await pair.say(data, mtom=True)
    assert caught.value.fault.kind is FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED
    assert caught.value.fault.text == "Превышен максимально допустимый суммарный размер присоединённых файлов."


async def test_as_much_as_may_be_inside_a_message_gets_there(pair: Pair) -> None:
    content = AttachmentContent(id="a", content=bytes(5 * 1024 * 1024))
    await pair.say(pair.request(attachments=(header("a"),), contents=(content,)), mtom=True)
    got = await pair.receive()
    assert got is not None
    assert got.contents == (content,)


@pytest.mark.parametrize(
    ("headers", "contents", "text"),
    [
        ([], ["a"], "Количество вложений - 1, нет ни одного заголовка."),
        (["a"], [], "Количество вложений - 0, количество заголовков - 1"),
        (["a"], ["a", "b"], "Количество вложений - 2, количество заголовков - 1"),
        (["a", "b"], ["a"], "Количество вложений - 1, количество заголовков - 2"),
        (["a"], ["b"], 'Вложение [Id="b"] не имеет заголовка.'),
        (["a", "a"], ["a", "b"], 'Вложение [Id="b"] не имеет заголовка.'),
    ],
)
async def test_headers_and_contents_that_do_not_agree(
    pair: Pair, headers: list[str], contents: list[str], text: str
) -> None:
    fault = await pair.refused(
        attachments=tuple(header(one) for one in headers),
        contents=tuple(AttachmentContent(id=one, content=b"x") for one in contents),
    )
    assert (fault.kind, fault.text) == (FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION, text)
    assert fault.smev_code == 201
    assert await pair.receive() is None


async def test_required_fields_that_are_empty(pair: Pair) -> None:
    file = await pair.upload(PDF)
    for more in (
        {"attachments": (header("a"),), "contents": (AttachmentContent(id="a", content=b""),)},
        {"files": (replace(file, uuid=""),)},
        {"files": (replace(file, hash=b""),)},
    ):
        fault = await pair.refused(**more)
        assert (fault.kind, fault.text) == (
            FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
            "Вложения не имеют заполненных требуемых полей.",
        )


async def test_references_to_files_that_are_not_there(pair: Pair) -> None:
    file, own = await pair.upload(PDF), await pair.upload(PDF, user="EPGU")
    wrong: list[tuple[RefAttachmentHeader, ...]] = [
        (replace(file, uuid=pair.region.ids()),),
        (replace(file, uuid="../shared/" + file.uuid),),
        (file, file),
        (file, own),  # somebody else's place
    ]
    if pair.version is Version.V1_3:
        wrong.append((replace(file, file_name="other.pdf"),))
    for files in wrong:
        message_id = pair.region.ids()
        fault = await pair.refused(message_id=message_id, files=files)
        assert (fault.kind, fault.text) == (
            FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
            f"Некорректная информация о фтп вложениях; message id = {message_id}",
        )
    # Nothing of that has cost the file.
    await pair.send(files=(file,))
    assert await pair.receive() is not None
    # A file belongs to one message.
    assert (await pair.refused(files=(file,))).kind is FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION


async def test_a_message_that_goes_nowhere_takes_its_files_along(pair: Pair) -> None:
    file = await pair.upload(PDF)
    content = pair.region.batch(replace(pair.region.certificate(), object_id="x" * 500))
    message_id = pair.region.ids()
    data = call.send_request(
        message_id=message_id, content=content, signer=pair.region.signer, version=pair.version, files=(file,)
    )
    await pair.say(data)
    told = await pair.answers()
    assert told is not None
    assert told.async_status is not None
    assert pair.simulator.files.uploaded("REGION", file.uuid) is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda body: body.replace(b"cid:1.", b"cid:9."), "xop:Include 1 names a part that is not there"),
        (lambda body: body.replace(b'href="cid:1.', b'href="http://example.org/1.'), "outside of the message"),
        (lambda body: body[: len(body) // 2], "cut short"),
        (lambda body: body.replace(b"<xop:Include", b"<Include"), "no xop:Include names part 2"),
    ],
)
async def test_parts_that_make_no_sense(pair: Pair, damage: Callable[[bytes], bytes], words: str) -> None:
    data = pair.request(attachments=(header("a"),), contents=(AttachmentContent(id="a", content=PDF),))
    body, content_type = multipart.write(data)
    status, answered, content = await pair.post(damage(body), content_type)
    assert status == 500
    with pytest.raises(FaultReceived) as caught:
        reply.open_reply(content, answered)
    assert caught.value.fault.kind is FaultKind.INVALID_CONTENT
    assert any(words in error.text for error in caught.value.fault.errors)
    assert words in pair.simulator.journal.last(1)[0]["reason"]


async def test_a_part_is_inside_what_was_signed(pair: Pair) -> None:
    """SignaturePKCS7 that comes in a part belongs to the signed block: another one breaks the signature."""
    data = pair.request(
        attachments=(header("a", signature=SIGNATURE),), contents=(AttachmentContent(id="a", content=PDF),)
    )
    body, content_type = multipart.write(data, signatures=True)
    assert SIGNATURE in body
    status, answered, content = await pair.post(body.replace(SIGNATURE, SIGNATURE[::-1]), content_type)
    assert status == 500
    with pytest.raises(FaultReceived) as caught:
        reply.open_reply(content, answered)
    assert caught.value.fault.kind is FaultKind.SIGNATURE_VERIFICATION


async def test_a_held_message_is_verified_after_a_restart(
    keys: Path, tmp_path: Path, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        port=0, keys=keys, clock=ClockMode.MANUAL, exchange_only=True, state=str(tmp_path / "state.sqlite")
    )
    async with Simulator(settings) as running:
        pair = Pair(
            region=Region(running, signer_of(keys, "region"), http),
            portal=signer_of(keys, "portal"),
            version=Version.V1_2,
        )
        file = await pair.upload(PDF)
        monkeypatch.setattr(running.node.attachments, "verify", lambda _message_id: None)
        await pair.say(pair.request(files=(file,)))
        assert await pair.receive() is None
        assert [one["queue"] for one in running.queues.sizes()] == ["held:request"]
    async with Simulator(settings) as running:
        await running.node.attachments.at_rest()
        pair = Pair(
            region=Region(running, signer_of(keys, "region"), http),
            portal=signer_of(keys, "portal"),
            version=Version.V1_2,
        )
        got = await pair.receive()
        assert got is not None
        assert await pair.fetch(got.stored[0]) == PDF


async def test_the_digest_is_that_of_the_senders_suite(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """A sender with a GOST certificate writes Streebog; SHA-256 is not taken from it."""
    folder = tmp_path / "keys"
    suite = Suite.GOST_2012_256
    files = ensure_key(folder, "region", common_name="Region", organisation="Region", clock=system_clock, suite=suite)
    settings = Settings(port=0, keys=folder, clock=ClockMode.MANUAL, exchange_only=True)
    async with Simulator(settings) as running:
        pair = Pair(
            region=Region(running, load_signer(files), http),
            portal=signer_of(folder, "portal"),
            version=Version.V1_2,
        )
        file = await pair.upload(PDF)
        await pair.send(files=(replace(file, hash=hashed(PDF, suite)),))
        assert await pair.receive() is not None
        await pair.send(files=(await pair.upload(PDF),))
        assert await pair.receive() is None


async def test_files_of_a_forgotten_message_are_removed(pair: Pair) -> None:
    await pair.send(files=(await pair.upload(PDF),))
    await pair.region.http.post(f"{pair.simulator.url}/_sim/clock", json={"advance": 46 * 86400})
    await pair.send()
    assert pair.simulator.state.all("SELECT * FROM stored_file") == []
