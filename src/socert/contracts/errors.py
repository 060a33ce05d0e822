"""Errors of what goes over the wire.

ContractError
 +-- XmlRefused          bytes that are not XML, or XML that is not accepted (DOCTYPE, too big, too deep)
 +-- SchemaInvalid       XML that its schema does not allow; carries every violation
 +-- SignatureInvalid    a signature that does not hold; `reason` is the exchange's own word for it
 |    +-- CertificateUntrusted   the certificate is not believed; `doubt` says why, the text what to do
 +-- EnvelopeInvalid     an envelope without a part that it must have, or with one that it must not have
 |    +-- AttachmentsTooBig   binary parts that are larger together than a message may be
 +-- TransformError      XML that the exchange's transform has no result for

No message quotes what the XML holds: it may be somebody's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar


class ContractError(Exception):
    """What was received, or was about to be sent, breaks the contract. `code` is stable; the text is for people."""

    code: ClassVar[str] = "contract"


class XmlRefused(ContractError):
    """The bytes are not well-formed XML, or are XML that is not accepted.

    `line` counts from 1 and is None where it is not known; `reason` never holds content.
    """

    code: ClassVar[str] = "xml_refused"

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        """Say why, and at which line."""
        super().__init__(f"The XML is refused: {reason}" + ("" if line is None else f" (line {line})"))
        self.reason = reason
        self.line = line


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One place where XML breaks its schema: line (from 1), path of local names, reason without the value itself."""

    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        """Return one line for people."""
        return f"line {self.line}, {self.path}: {self.reason}"


class SchemaInvalid(ContractError):
    """The XML breaks its schema; `violations` are in document order and never empty."""

    code: ClassVar[str] = "schema_invalid"

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        """Keep every violation; the text shows the first."""
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"The XML breaks its schema: {violations[0]}{more}")
        self.violations = violations


class SignatureFault(Enum):
    """Why a signature does not hold: the values of the exchange's SignatureVerificationFault (SMEV 3 faults schema)."""

    POOR_SOAP_ENVELOPE_FORMAT = "PoorSOAPEnvelopeFormat"
    NO_SIGNATURE_FOUND = "NoSignatureFound"
    INCORRECT_SIGNATURE_TARGET = "IncorrectSignatureTarget"
    SIGNATURE_IS_INVALID = "SignatureIsInvalid"
    CERTIFICATE_IS_NOT_FOUND = "CertificateIsNotFound"
    CERTIFICATE_IS_EXPIRED = "CertificateIsExpired"


class SignatureInvalid(ContractError):
    """The signature does not hold: `reason` is the exchange's word, `detail` says what was looked for."""

    code: ClassVar[str] = "signature_invalid"

    def __init__(self, reason: SignatureFault, detail: str) -> None:
        """Say which of the exchange's faults it is, and what exactly is wrong."""
        super().__init__(f"The signature does not hold ({reason.value}): {detail}")
        self.reason = reason
        self.detail = detail


class Doubt(Enum):
    """Why a certificate is not believed."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    KEY_EXPIRED = "key_expired"
    WRONG_USAGE = "wrong_usage"
    UNREADABLE = "unreadable"
    UNKNOWN_AUTHORITY = "unknown_authority"
    FALSE_SIGNATURE = "false_signature"
    NO_AUTHORITY = "no_authority"
    PATH_TOO_LONG = "path_too_long"
    AUTHORITY_NOT_VALID = "authority_not_valid"
    CRL_MISSING = "crl_missing"
    CRL_STALE = "crl_stale"
    REVOKED = "revoked"


class CertificateUntrusted(SignatureInvalid):
    """The certificate of a signature is not believed: `doubt` says why, the text what to do about it."""

    code: ClassVar[str] = "certificate_untrusted"

    def __init__(self, doubt: Doubt, detail: str) -> None:
        """Say why; the exchange's own word follows from it."""
        expired = doubt in {Doubt.EXPIRED, Doubt.NOT_YET_VALID, Doubt.KEY_EXPIRED}
        super().__init__(
            SignatureFault.CERTIFICATE_IS_EXPIRED if expired else SignatureFault.CERTIFICATE_IS_NOT_FOUND, detail
        )
        self.doubt = doubt


class EnvelopeInvalid(ContractError):
    """The envelope lacks a part that it must have, or has one that it must not have."""

    code: ClassVar[str] = "envelope_invalid"


class AttachmentsTooBig(EnvelopeInvalid):
    """The binary parts of a multipart message are larger together than a message may be."""

    code: ClassVar[str] = "attachments_too_big"


class TransformError(ContractError):
    """The exchange's transform has no result for this XML: the reference implementation fails on it too."""

    code: ClassVar[str] = "transform"
