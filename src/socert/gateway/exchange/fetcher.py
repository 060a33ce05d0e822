"""The fetcher: brings the files of received messages from the exchange's file store, then acknowledges the messages.

A file is written to our folder piece by piece, and counts when it is whole, on the disk, and its hash is the one that
the sender signed. Only when all files of a message are there the message is handled and acknowledged: the exchange
removes them then. A file that does not come is tried again with growing pauses; after the last try the message is kept
without it and acknowledged as the region decided, since the exchange would bring it for weeks.
Source: SMEV 3 manual, section 5.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from typing import TYPE_CHECKING

from socert.contracts.errors import ContractError
from socert.contracts.signature.digest import Digest
from socert.contracts.signature.native import SuiteUnavailable
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import reply
from socert.gateway.errors import DeliveryError
from socert.gateway.exchange import files, inbox
from socert.gateway.store.tables_files import FileState
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, RowMapping

    from socert.contracts.smev.attachments import StoredFile
    from socert.gateway.exchange.acknowledging import Acknowledger
    from socert.gateway.exchange.policy import WhenUnhandled
    from socert.gateway.exchange.retry import Backoff
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports.files import FileStore
    from socert.gateway.store.writer import Store

log = get_logger("files")
MOST = 1024 * 1024 * 1024
"""Bytes that the files of one message may have together (SMEV 3 manual, section 5)."""
AT_ONCE = 4
"""Messages whose files are fetched side by side."""
NO_STORE = "there is no file store to fetch it from: set SOCERT_FILE_STORE"


class Fetcher:
    """Fetches files, and removes those that nobody needs any more."""

    def __init__(
        self,
        *,
        store: Store,
        file_store: FileStore | None,
        folder: Path,
        suites: Sequence[Suite],
        acknowledge: Acknowledger,
        backoff: Backoff,
        clock: Callable[[], datetime],
        unhandled: WhenUnhandled,
    ) -> None:
        """Take the parts; `suites` are those whose digests a file's hash may be."""
        self._store = store
        self._file_store = file_store
        self._folder = folder
        self._suites = suites
        self._acknowledge = acknowledge
        self._backoff = backoff
        self._clock = clock
        self._unhandled = unhandled

    async def run(self, work: Wake, arrived: Wake, watch: float) -> None:
        """Fetch for ever: when `work` is called and every `watch` seconds; call `arrived` when messages are whole."""
        while True:
            while await self.fetch():
                arrived.call()
            await self.sweep()
            await work.wait(watch)

    async def fetch(self) -> bool:
        """Fetch the files of some messages once; False when none is due."""
        now = self._clock()
        due = await self._store.read(lambda connection: files.due(connection, now, AT_ONCE))
        await asyncio.gather(*(self._message(key) for key in due))
        return bool(due)

    async def sweep(self) -> None:
        """Remove the bytes of files that were erased, and our copies of files that have gone out."""
        erased = await self._store.read(files.erased)
        gone = await self._store.read(files.gone)
        if erased:
            await asyncio.to_thread(_remove, [files.arrived_at(self._folder, *one) for one in erased])
            await self._store.write(lambda connection: files.swept(connection, [key for _, key in erased]))
        if gone:
            await asyncio.to_thread(_remove, [files.leaving_at(self._folder, *one[1:]) for one in gone])
            await self._store.write(lambda connection: files.dropped(connection, [one[0] for one in gone]))

    async def _message(self, key: int) -> None:
        message, rows = await self._store.read(
            lambda connection: (inbox.one(connection, key), files.of(connection, key))
        )
        stored = _stored(message.body, message.content_type)
        had = sum(row["size"] or 0 for row in rows if row["state"] == FileState.KEPT)
        problem = ""
        for row in rows:
            if row["state"] != FileState.WAITING:
                continue
            try:
                size = await self._bring(key, row, stored, MOST - had)
            except DeliveryError as error:
                problem = await self._failed(row, str(error))
                if problem:
                    break
                continue
            had += size
            await self._kept(row["id"], size)
        if problem:
            await self._abandon(key, message.message_id, problem)
        elif await self._store.write(lambda connection: files.complete(connection, key)):
            log.info("files are there", message_id=message.message_id, count=len(rows))
            await self._acknowledge(message.message_id, accepted=True)

    async def _bring(self, key: int, row: RowMapping, stored: Mapping[str, StoredFile], left: int) -> int:
        """Write a file to our folder; return its size. `DeliveryError` when it does not come whole or as signed."""
        file = stored.get(row["uuid"])
        if self._file_store is None:
            raise DeliveryError(NO_STORE)
        if file is None:
            raise DeliveryError(f"the message does not say how to fetch the file {row['uuid']}")
        place = files.arrived_at(self._folder, key, row["id"])
        part = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
        digests = [Digest(suite) for suite in self._suites]
        size = 0
        try:
            target = await asyncio.to_thread(_open, part)
            try:
                async for block in self._file_store.fetch(file):
                    size += len(block)
                    if size > left:
                        raise DeliveryError(f"the files of one message are larger than {MOST} bytes together")
                    await asyncio.to_thread(_write, target, block, digests)
                if row["digest"] not in [digest.base64() for digest in digests]:
                    raise DeliveryError(f"the file {row['uuid']} is not the one that was signed: its hash differs")
                await asyncio.to_thread(_settle, target, part, place)
            finally:
                os.close(target)
        except OSError as error:
            raise DeliveryError(f"the file {row['uuid']} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return size

    async def _kept(self, file_id: int, size: int) -> None:
        await self._store.write(lambda connection: files.keep(connection, file_id, size=size))

    async def _failed(self, row: RowMapping, why: str) -> str:
        """Note that a file did not come; return why when it was the last try."""
        tries, file_id = row["tries"] + 1, row["id"]
        pause = self._backoff.pause(tries)
        if pause is None:
            await self._store.write(lambda connection: files.give_up(connection, file_id, tries=tries, error=why))
            return why
        at = self._clock() + pause
        await self._store.write(lambda connection: files.postpone(connection, file_id, tries=tries, at=at, error=why))
        log.warning("a file does not come yet", file=row["uuid"], tries=tries, why=why)
        return ""

    async def _abandon(self, key: int, message_id: str, why: str) -> None:
        now = self._clock()

        def write(connection: Connection) -> bool:
            return files.abandon(connection, key, now=now, error=why)

        if await self._store.write(write):
            log.error("message is kept without its files", message_id=message_id, why=why)
            await self._acknowledge(message_id, accepted=self._unhandled.accepted)


def digest_suites(own: Suite) -> tuple[Suite, ...]:
    """Return the suites whose digests a file's hash may be: our own, and the exchange's where this machine has it."""
    found = [own]
    if own is not Suite.GOST_2012_256:
        try:
            Digest(Suite.GOST_2012_256)
        except SuiteUnavailable:
            log.info("no GOST library: files whose hash is GOST R 34.11-2012 cannot be checked here")
        else:
            found.append(Suite.GOST_2012_256)
    return tuple(found)


def _stored(body: bytes, content_type: str) -> Mapping[str, StoredFile]:
    """Return where the files of a message lie, by their folders."""
    try:
        delivery = reply.open_reply(body, content_type).delivery
    except ContractError:
        return {}  # it was erased meanwhile, or read by another version of this program
    return {} if delivery is None else {one.uuid: one for one in delivery.stored}


def _open(part: Path) -> int:
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _write(target: int, block: bytes, digests: Sequence[Digest]) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(target, view) :]
    for digest in digests:
        digest.update(block)


def _settle(target: int, part: Path, place: Path) -> None:
    """Let a whole file stand under its name, whatever happens to the machine from now on."""
    os.fsync(target)
    part.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(places: Sequence[Path]) -> None:
    for place in places:
        place.unlink(missing_ok=True)
        if place.parent.is_dir() and not any(place.parent.iterdir()):
            shutil.rmtree(place.parent, ignore_errors=True)
