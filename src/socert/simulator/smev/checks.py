"""What the exchange checks in a call, each check refusing with the fault and the words of its manual.

Order: bytes, structure, form of the message id, schema of the envelope, signature, certificate, sender.
Sources: SMEV 3 manual 3.3, 2.4 (synchronous checks) and appendix 6; real answers where the manual is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.contracts.errors import (
    EnvelopeInvalid,
    SchemaInvalid,
    SignatureFault,
    SignatureInvalid,
    TransformError,
    XmlRefused,
)
from socert.contracts.signature.certificates import check_dates, load_certificate
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call as calls
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.faults import ValidationError
from socert.contracts.smev.ids import MessageIdInvalid, issued_at
from socert.contracts.smev.operation import Operation
from socert.simulator.errors import NodeRefused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from socert.contracts.errors import Violation
    from socert.contracts.smev.call import Call
    from socert.simulator.smev.participants import Participant, Participants

SUITES = frozenset(Suite)
_SENDING = frozenset({Operation.SEND_REQUEST, Operation.SEND_RESPONSE})
#: What the manual calls the signature of an information system.
_SYSTEM_SIGNATURE = "ЭП-ОВ"
_MOMENT = "%d.%m.%Y %H:%M:%S"


def refuse(operation: Operation, cause: Cause, **values: Any) -> NodeRefused:
    """Return the refusal for a cause, worded as the operation words it; raise it."""
    return NodeRefused(because(operation, cause, **values))


def open_call(data: bytes, content_type: str) -> Call:
    """Read a call's structure; anything that is no call is InvalidContent."""
    try:
        return calls.open_call(data, content_type)
    except (XmlRefused, EnvelopeInvalid) as error:
        # Which operation it was meant to be cannot be known; the text is the same for all.
        raise broken_envelope(Operation.SEND_REQUEST, [str(error)]) from error


def broken_envelope(operation: Operation, reasons: Iterable[str]) -> NodeRefused:
    """Return the refusal of an envelope that breaks its format, with one complaint for each reason."""
    errors = [ValidationError(text=reason) for reason in reasons]
    return NodeRefused(because(operation, Cause.ENVELOPE_BROKEN, errors=errors))


def check_form(call: Call) -> None:
    """Refuse a message id that is no UUID v1, then an envelope that breaks its schema, then one without a signature.

    The id goes first, so that its own fault is heard rather than the schema's complaint about a pattern.
    """
    if call.operation in _SENDING:
        _issued(call)
    if call.signature is None:
        raise refuse(call.operation, Cause.SIGNATURE_BLOCK_MISSING)
    try:
        calls.check_schema(call)
    except SchemaInvalid as error:
        errors = complaints(error.violations)
        raise NodeRefused(because(call.operation, Cause.ENVELOPE_BROKEN, errors=errors)) from error


def check_sender(call: Call, participants: Participants, now: datetime) -> Participant:
    """Verify the caller's signature over the bytes received and return whose certificate made it."""
    try:
        verified = calls.verify(call, SUITES)
    except SignatureInvalid as error:
        raise _bad_signature(call.operation, error.reason) from error
    except TransformError as error:
        raise _bad_signature(call.operation, SignatureFault.POOR_SOAP_ENVELOPE_FORMAT) from error
    participant = participants.by_certificate(verified.certificate)
    if participant is None:
        raise refuse(call.operation, Cause.SENDER_UNKNOWN)
    try:
        check_dates(verified.certificate, now)
    except SignatureInvalid as error:
        raise _bad_dates(call.operation, verified.certificate, now) from error
    return participant


def check_age(call: Call, now: datetime, oldest: timedelta) -> None:
    """Refuse a message id that is too old."""
    if now - _issued(call) > oldest:
        raise refuse(call.operation, Cause.ID_STALE)


def complaints(violations: Iterable[Violation]) -> list[ValidationError]:
    """Turn violations of a schema into the complaints of InvalidContent."""
    return [ValidationError(text=str(violation), position=violation.line) for violation in violations]


def restored(errors: Iterable[tuple[int, str]]) -> list[ValidationError]:
    """Return complaints from the form they have in a queue: line and text."""
    return [ValidationError(text=text, position=line) for line, text in errors]


def caller(call: Call) -> str:
    """Return the subject of the certificate a call was signed with, as the manual's texts quote it (RFC 1779)."""
    certificate = calls.verify(call, SUITES).certificate
    return ", ".join(part.rfc4514_string() for part in reversed(list(load_certificate(certificate).subject.rdns)))


def _issued(call: Call) -> datetime:
    try:
        return issued_at(call.message_id)
    except MessageIdInvalid as error:
        raise refuse(call.operation, Cause.ID_FORMAT) from error


def _bad_signature(operation: Operation, reason: SignatureFault) -> NodeRefused:
    cause = Cause.CERTIFICATE_NOT_VALID if reason is SignatureFault.CERTIFICATE_IS_NOT_FOUND else Cause.SIGNATURE_WRONG
    details = {"SignatureVerificationFault": reason.value}
    return NodeRefused(because(operation, cause, details=details, signature_type=_SYSTEM_SIGNATURE))


def _bad_dates(operation: Operation, certificate: bytes, now: datetime) -> NodeRefused:
    dates = load_certificate(certificate)
    details = {"SignatureVerificationFault": SignatureFault.CERTIFICATE_IS_EXPIRED.value}
    since, until = dates.not_valid_before_utc, dates.not_valid_after_utc
    cause = Cause.CERTIFICATE_NOT_YET_VALID if now < since else Cause.CERTIFICATE_EXPIRED
    return NodeRefused(
        because(
            operation,
            cause,
            details=details,
            valid_since=since.strftime(_MOMENT),
            valid_until=until.strftime(_MOMENT),
        )
    )
