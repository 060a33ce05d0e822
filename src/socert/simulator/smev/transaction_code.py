"""Transaction codes: what a request says of the public service that it is a part of.

    Transaction_UUID|FRGU_Code|Signature_Detached

The signature is RSA over the MD5 of what stands before it, without a certificate. The key of the system that issues
codes belongs to the real exchange, so here the form is checked and the signature is not.
Source: SMEV 3 manual 3.3, 8.
"""

from __future__ import annotations

import binascii
from base64 import b64decode

from socert.contracts.smev.ids import MessageIdInvalid, issued_at

_LONGEST_SERVICE = 20


def is_transaction_code(text: str) -> bool:
    """Whether a text has the form of a transaction code: a UUID of version 1, a code of up to 20 characters, base64."""
    parts = text.split("|")
    if len(parts) != 3:
        return False
    uuid, service, signature = parts
    try:
        issued_at(uuid.lower())
        signed = b64decode(signature, validate=True)
    except (MessageIdInvalid, binascii.Error, ValueError):
        return False
    return bool(signed) and 0 < len(service) <= _LONGEST_SERVICE
