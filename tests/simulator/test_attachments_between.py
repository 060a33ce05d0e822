"""Attachments where recipients are several, speak another version, have a quota of their own, or sign nothing."""

from __future__ import annotations

import asyncio
import ftplib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.simulator.exchanging import PARTICIPANTS, Speaker, ask, write_exchange

from socert.contracts.signature.digest import Digest
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.registry import Record
from socert.contracts.smev.version import Version
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from socert.contracts.smev.attachments import StoredFile

DATA = b"%PDF-1.7 \0\xff" * 100
CONTENT = AttachmentContent(id="a", content=DATA)
HEADER = AttachmentHeader(content_id="a", mime_type="application/pdf", signature=b"PKCS#7")
TIGHT = PARTICIPANTS.replace('mnemonic = "OTHER"', f'mnemonic = "OTHER"\nquota = {len(DATA) - 1}')


def settings(folder: Path, participants: str = PARTICIPANTS) -> Settings:
    return Settings(
        port=0,
        keys=folder,
        clock=ClockMode.MANUAL,
        participants=write_exchange(folder, participants),
        exchange_only=True,
        files=folder / "files",
    )


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with Simulator(settings(tmp_path)) as running:
        yield running


def uploaded(speaker: Speaker, suite: Suite = Suite.ECDSA_P256) -> RefAttachmentHeader:
    """Put a file where uploads go; return what a message says of it."""
    uuid = speaker.ids()
    place = speaker.folder / "files" / "inbound" / "shared" / uuid
    place.mkdir()
    (place / "order.pdf").write_bytes(DATA)
    digest = Digest(suite)
    digest.update(DATA)
    return RefAttachmentHeader(uuid=uuid, hash=digest.digest(), mime_type="application/pdf")


async def fetched(simulator: Simulator, file: StoredFile) -> bytes:
    pieces: list[bytes] = []

    def load() -> None:
        with ftplib.FTP(timeout=20) as client:
            client.connect("127.0.0.1", simulator.ftp_port)
            client.login(file.user_name, file.password)
            client.retrbinary(f"RETR {file.uuid}/{file.file_name}", pieces.append)

    await asyncio.to_thread(load)
    return b"".join(pieces)


def held(simulator: Simulator) -> tuple[int, int]:
    """How many contents and how many files the exchange keeps."""
    contents, files = (len(simulator.state.all(f"SELECT 1 FROM {name}")) for name in ("attachment", "stored_file"))
    return contents, files


async def test_each_recipient_of_a_broadcast_has_users_of_its_own(simulator: Simulator, tmp_path: Path) -> None:
    asker, teller, other = (Speaker(simulator, tmp_path, name) for name in ("asker", "teller", "other"))
    await asker.ask(ask("news"), attachments=(HEADER,), contents=(CONTENT,), files=(uploaded(asker),))
    await simulator.node.attachments.at_rest()

    first, second = await teller.took(), await other.took()
    assert first.contents == second.contents == (CONTENT,)
    (of_teller,), (of_other,) = first.stored, second.stored
    assert (of_teller.user_name, of_teller.password) != (of_other.user_name, of_other.password)
    await teller.ack(first.message_id)
    assert held(simulator) == (1, 1)
    with pytest.raises(ftplib.error_perm, match="530"):
        await fetched(simulator, of_teller)
    assert await fetched(simulator, of_other) == DATA
    await other.ack(second.message_id)
    assert held(simulator) == (0, 0)


@pytest.mark.parametrize("sent", list(Version))
@pytest.mark.parametrize("received", list(Version))
async def test_versions_may_differ(simulator: Simulator, tmp_path: Path, sent: Version, received: Version) -> None:
    asker, teller = Speaker(simulator, tmp_path, "asker", sent), Speaker(simulator, tmp_path, "teller", received)
    file = uploaded(asker)
    await asker.ask(attachments=(HEADER,), contents=(CONTENT,), files=(file,))
    await simulator.node.attachments.at_rest()

    got = await teller.got()
    assert (got.attachments, got.contents, got.files) == ((HEADER,), (CONTENT,), (file,))
    assert [(one.uuid, one.file_name) for one in got.stored] == [(file.uuid, "order.pdf")]


async def test_a_participant_may_have_a_quota_of_its_own(tmp_path: Path) -> None:
    async with Simulator(settings(tmp_path, TIGHT)) as simulator:
        asker = Speaker(simulator, tmp_path, "asker")
        file = uploaded(asker)
        fault = await asker.fault(asker.request(ask("coded", "46000000"), files=(file,)))
        assert fault.kind is FaultKind.QUOTE_LIMIT_EXCEEDED
        assert fault.details["RemainedTotalQuoteSize"] == str(len(DATA) - 1)
        await asker.ask(ask("coded", "45000000"), files=(file,))
        await simulator.node.attachments.at_rest()
        assert (await Speaker(simulator, tmp_path, "teller").got()).stored


async def test_records_of_a_registry_bring_attachments(simulator: Simulator, tmp_path: Path) -> None:
    asker, teller = (Speaker(simulator, tmp_path, name, Version.V1_3) for name in ("asker", "teller"))
    file = replace(uploaded(asker), file_name="order.pdf")
    records = [
        Record(record_id=1, content=ask("plain"), attachments=(HEADER,)),
        Record(record_id=2, content=ask("plain"), files=(file,)),
    ]
    fault = await asker.fault(asker.request(registry=records))
    assert fault.text == "Количество вложений - 0, количество заголовков - 1"
    await asker.ask(registry=records, contents=(CONTENT,))
    await simulator.node.attachments.at_rest()
    got = await teller.got()
    assert got.contents == (CONTENT,)
    assert [one.uuid for one in got.stored] == [file.uuid]
    assert held(simulator) == (0, 0)


@pytest.mark.parametrize("suite", [Suite.GOST_2012_256, Suite.ECDSA_P256])
async def test_without_signatures_either_digest_is_taken(tmp_path: Path, suite: Suite) -> None:
    unsigned = replace(settings(tmp_path), signatures=False, unsigned="ASKER")
    async with Simulator(unsigned) as simulator:
        asker, teller = (Speaker(simulator, tmp_path, name) for name in ("asker", "teller"))
        data = asker.request(files=(uploaded(asker, suite),))
        start, end = data.index(b"<typ:CallerInformationSystemSignature>"), data.index(b"</typ:SendRequestRequest>")
        status, body = await simulator.node.handle(data[:start] + data[end:], "text/xml")
        assert status == 200, reply.open_reply(body)
        await simulator.node.attachments.at_rest()
        assert (await teller.got()).stored
