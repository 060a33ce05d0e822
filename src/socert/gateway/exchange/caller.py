"""What we say to the exchange: each call signed by the region's key, in the version in which the exchange is spoken to.

One version holds for everything that leaves: a participant is registered with one, and its address answers one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.smev import call
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from socert.contracts.message import BusinessMessage, MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
    from socert.contracts.smev.status import Rejection


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Writes the calls of one participant; each method returns the bytes of a whole envelope."""

    signer: Signer
    version: Version = Version.V1_2

    def wrote(self, envelope: bytes) -> bool:
        """Whether an envelope is in the version that is spoken now; one that waited may be of the time before."""
        return self.version.types.encode() in envelope

    def request(self, message_id: str, content: BusinessMessage) -> bytes:
        """A request of ours."""
        return call.send_request(message_id=message_id, content=content, signer=self.signer, version=self.version)

    def response(
        self,
        message_id: str,
        to: str,
        content: BusinessMessage | None = None,
        *,
        rejections: Sequence[Rejection] = (),
        attachments: Sequence[AttachmentHeader] = (),
        contents: Sequence[AttachmentContent] = (),
        files: Sequence[RefAttachmentHeader] = (),
    ) -> bytes:
        """An answer to the request whose ReplyTo was `to`: its content with its files, or why it is refused."""
        return call.send_response(
            message_id=message_id,
            to=to,
            content=content,
            rejections=rejections,
            signer=self.signer,
            version=self.version,
            attachments=attachments,
            contents=contents,
            files=files,
        )

    def ask(self, operation: Operation, at: datetime, selector: MessageType | None = None) -> bytes:
        """A look into one of our queues: GetRequest, GetResponse (both of one type or of all), GetStatus."""
        if operation is Operation.GET_STATUS:
            return call.get_status(timestamp=at, signer=self.signer, version=self.version)
        get = call.get_request if operation is Operation.GET_REQUEST else call.get_response
        return get(timestamp=at, signer=self.signer, selector=selector, version=self.version)

    def acknowledge(self, message_id: str, *, accepted: bool) -> bytes:
        """The word that a message was received; `accepted` says whether it is what the exchange sent."""
        return call.ack(message_id=message_id, signer=self.signer, accepted=accepted, version=self.version)
