"""Attachments at the exchange: whether headers, contents and files of a message agree, and what becomes of them.

    claims = attachments.check(call, sender, recipients, name)      # NodeRefused; nothing is changed yet
    attachments.keep(call, recipients, name, claims)                # in the transaction that puts it into queues
    attachments.verify(call.message_id)                             # after it

Counts, ids and sizes are checked at once. Hashes of files are computed afterwards, piece by piece in another thread;
until then the message is held: it stands in its queue, and nobody is given it. Held are also those that a restart of
the simulator found so.

Sources: SMEV 3 manual 3.3, 2.4, 2.6.1 (table 1), 3.2.2, 5, appendix 6; faults schema.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.signature.digest import Digest
from socert.contracts.signature.suites import Suite
from socert.contracts.smev.attachments import AttachmentContent
from socert.contracts.smev.envelope import DSIG
from socert.contracts.smev.fault_texts import Cause
from socert.host.log import get_logger
from socert.simulator.smev import checks
from socert.simulator.smev.files import Claim
from socert.simulator.smev.queues import HELD

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from socert.contracts.smev.attachments import RefAttachmentHeader, StoredFile
    from socert.contracts.smev.call import Call
    from socert.simulator.errors import NodeRefused
    from socert.simulator.smev.files import FileStore
    from socert.simulator.smev.queues import Queued
    from socert.simulator.state import State

MTOM_LIMIT = 5 * 1024 * 1024
"""What attachments inside one message may have together, in bytes (SMEV 3 manual 3.3, 3.2.2)."""
FTP_LIMIT = 1024 * 1024 * 1024
"""What files of one message in the file store may have together (ibid., 5)."""
FTP_QUOTA = 10 * FTP_LIMIT
"""What may wait in the file store for one recipient and message type: the exchange's own number is not published."""

_PIECE = 1024 * 1024
_UNSIGNED = (Suite.GOST_2012_256, Suite.ECDSA_P256)

log = get_logger("attachments")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How large attachments may be, in bytes: inside a message, in files of a message, in files that wait."""

    mtom: int = MTOM_LIMIT
    ftp: int = FTP_LIMIT
    quota: int = FTP_QUOTA


class Attachments:
    """Checks and keeps attachments. `quota` tells how many bytes of files may wait for a recipient in one type.

    `released` hears of each recipient that a held message has gone to, `wrong` of each message whose files are not
    what it says: it takes the message out of the queues and tells the sender.
    """

    def __init__(
        self,
        *,
        state: State,
        files: FileStore,
        limits: Limits,
        quota: Callable[[str], int],
        released: Callable[[str], None],
        wrong: Callable[[str], object],
    ) -> None:
        self._state = state
        self._files = files
        self._limits = limits
        self._quota = quota
        self._released = released
        self._wrong = wrong
        self._work: set[asyncio.Task[None]] = set()

    def check(self, call: Call, sender: str, recipients: Collection[str], message_type: str) -> list[Claim]:
        """Refuse a message whose attachments do not agree; return what it says of its files. Raises `NodeRefused`."""
        self._check_contents(call)
        headers = [*call.files, *(header for record in call.registry for header in record.files)]
        if not headers:
            return []
        if _blank(call):
            raise checks.refuse(call.operation, Cause.ATTACHMENT_FIELDS_EMPTY)
        claims = [self._claim(call, header, sender) for header in headers]
        if len({claim.file.uuid for claim in claims}) < len(claims):
            raise _wrong_files(call)
        size = sum(claim.file.size for claim in claims)
        if size > self._limits.ftp:
            raise _too_big(call, Cause.FTP_ATTACHMENTS_TOO_BIG, self._limits.ftp, size)
        for recipient in recipients:
            left = self._quota(recipient) - self._files.used(recipient, message_type)
            if size > left:
                details = {"RemainedTotalQuoteSize": str(max(left, 0)), "RealTotalAttachmentSize": str(size)}
                raise checks.refuse(call.operation, Cause.QUOTA_EXCEEDED, details=details)
        return claims

    def keep(self, call: Call, recipients: Collection[str], message_type: str, claims: Sequence[Claim]) -> None:
        """Keep what a message brings; one with files is held. Call in the transaction that has put it into queues.

        Of a message that nobody gets, its sender's uploads are removed.
        """
        if not recipients:
            self._files.discard([claim.file for claim in claims])
            return
        for number, content in enumerate(call.contents):
            self._state.run(
                "INSERT INTO attachment VALUES (?, ?, ?, ?)", call.message_id, number, content.id, content.content
            )
        if claims:
            self._files.keep(call.message_id, message_type, recipients, claims)
            self._state.run("UPDATE queue SET kind = ? || kind WHERE message_id = ?", HELD, call.message_id)

    def verify(self, message_id: str) -> None:
        """Begin to compute the hashes of a held message's files. Call inside the event loop."""
        task = asyncio.create_task(self._verify(message_id), name="files")
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def resume(self) -> None:
        """Begin with what was held when the simulator stopped."""
        held = f"{HELD}%"
        for row in self._state.all("SELECT DISTINCT message_id FROM queue WHERE kind LIKE ?", held):
            self.verify(row["message_id"])

    async def at_rest(self) -> None:
        """Wait until no message is held."""
        while self._work:
            await asyncio.wait(self._work)

    async def stop(self) -> None:
        """Leave off; what is held stays so until the next start."""
        for task in self._work:
            task.cancel()
        await self.at_rest()

    def of(self, message: Queued) -> tuple[tuple[AttachmentContent, ...], tuple[StoredFile, ...]]:
        """Return what travels inside a message, and where its recipient finds its files."""
        if b"AttachmentHeader" not in message.data:
            return (), ()
        rows = self._state.all(
            "SELECT id, content FROM attachment WHERE message_id = ? ORDER BY number", message.message_id
        )
        contents = tuple(AttachmentContent(id=row["id"], content=row["content"]) for row in rows)
        return contents, self._files.stored(message.message_id, message.recipient)

    def release(self, message_id: str, recipient: str) -> None:
        """Let go of what a recipient has acknowledged."""
        self._files.release(message_id, recipient)
        self._state.run(
            "DELETE FROM attachment WHERE message_id = ? AND NOT EXISTS"
            " (SELECT 1 FROM queue WHERE queue.message_id = attachment.message_id)",
            message_id,
        )

    def sweep(self, now: datetime) -> None:
        """Let go of what belongs to messages that no queue holds any more, and of uploads that waited too long."""
        self._files.sweep(now)
        self._state.run(
            "DELETE FROM attachment WHERE NOT EXISTS"
            " (SELECT 1 FROM queue WHERE queue.message_id = attachment.message_id)"
        )

    def _check_contents(self, call: Call) -> None:
        headers = [*call.attachments, *(header for record in call.registry for header in record.attachments)]
        contents = call.contents
        values = {"attachments": len(contents), "headers": len(headers)}
        if contents and not headers:
            raise checks.refuse(call.operation, Cause.ATTACHMENTS_WITHOUT_HEADERS, **values)
        if len(contents) != len(headers):
            raise checks.refuse(call.operation, Cause.ATTACHMENT_COUNTS_DIFFER, **values)
        named = {header.content_id for header in headers}
        for content in contents:
            if content.id not in named:
                raise checks.refuse(call.operation, Cause.ATTACHMENT_WITHOUT_HEADER, attachment_id=content.id)
        if any(not content.content for content in contents) or not all(header.content_id for header in headers):
            raise checks.refuse(call.operation, Cause.ATTACHMENT_FIELDS_EMPTY)
        size = sum(len(content.content) for content in contents)
        if size > self._limits.mtom:
            raise _too_big(call, Cause.ATTACHMENTS_TOO_BIG, self._limits.mtom, size)

    def _claim(self, call: Call, header: RefAttachmentHeader, sender: str) -> Claim:
        file = self._files.uploaded(sender, header.uuid, header.file_name)
        if file is None or not header.hash:
            raise _wrong_files(call)
        return Claim(file=file, hash=header.hash, suites=_suites(call))

    async def _verify(self, message_id: str) -> None:
        files = self._files.kept(message_id)
        right = bool(files) and all([await asyncio.to_thread(holds, place, claim) for place, claim in files])
        if not right:
            log.info("files are not what their message says", message_id=message_id)
            self._wrong(message_id)
            self._files.release(message_id)
            return
        with self._state.transaction():
            rows = self._state.all(
                "UPDATE queue SET kind = substr(kind, ?) WHERE message_id = ? AND kind LIKE ? RETURNING recipient",
                len(HELD) + 1,
                message_id,
                f"{HELD}%",
            )
        for row in rows:
            self._released(row["recipient"])


def holds(place: Path, claim: Claim) -> bool:
    """Whether a file is what its message says; reads it once, piece by piece."""
    digests = [Digest(suite) for suite in claim.suites]
    size = 0
    try:
        with place.open("rb") as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                for digest in digests:
                    digest.update(piece)
    except OSError:
        return False
    return size == claim.file.size and any(digest.digest() == claim.hash for digest in digests)


def _suites(call: Call) -> tuple[Suite, ...]:
    """Return whose digests a sender may use: his own suite's; without a signature any that tests are made with."""
    if call.signature is None:
        return _UNSIGNED
    method = call.signature.find(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}SignatureMethod")
    uri = None if method is None else method.get("Algorithm")
    return tuple(suite for suite in Suite if suite.signature_uri == uri) or _UNSIGNED


def _blank(call: Call) -> bool:
    """Whether a reference to a file lacks its UUID or its hash."""
    names = (f"{{{call.version.basic}}}uuid", f"{{{call.version.basic}}}Hash")
    references = call.signed.iter(f"{{{call.version.basic}}}RefAttachmentHeader")
    return any(not (field.text or "").strip() for one in references for field in one.iterchildren(*names))


def _wrong_files(call: Call) -> NodeRefused:
    return checks.refuse(call.operation, Cause.FTP_ATTACHMENT_WRONG, message_id=call.message_id)


def _too_big(call: Call, cause: Cause, permitted: int, size: int) -> NodeRefused:
    details = {"PermittedTotalAttachmentSize": str(permitted), "RealTotalAttachmentSize": str(size)}
    return checks.refuse(call.operation, cause, details=details)
