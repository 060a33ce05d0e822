"""A sender's block in another version's words: for a recipient who polls with another version than the sender's.

    sender_block(call.sender_data(), call.version, Version.V1_1)

The sender's signature is over the block as it was, so it cannot survive: leave it out of such a delivery
(SenderInformationSystemSignature is optional in every version), and the exchange's own is all that the recipient gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socert.contracts.smev.version import Version


def sender_block(data: bytes, version_from: Version, version_to: Version) -> bytes:
    """Return SenderProvidedRequestData or SenderProvidedResponseData of one version as one of another.

    What the other version has no field for is dropped; the business content, and what is signed in it, stays as it is.
    """
    raise NotImplementedError
