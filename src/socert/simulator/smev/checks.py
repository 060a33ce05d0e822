"""What the exchange checks in a call, each check refusing with the fault and the words of its manual.

Order: bytes, structure, version of the address, form of the message id, schema of the envelope, signature,
certificate, sender. Each refusal carries a reason for the journal: the rule and the place, never what stands there.
Sources: SMEV 3 manual 3.3, 2.4 (synchronous checks) and appendix 6; real answers where the manual is silent.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from socert.contracts.errors import (
    AttachmentsTooBig,
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
from socert.contracts.smev.envelope import DSIG
from socert.contracts.smev.fault_texts import SYSTEM_SIGNATURE, Cause, because
from socert.contracts.smev.faults import ValidationError
from socert.contracts.smev.ids import MessageIdInvalid, issued_at
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.simulator.errors import NodeRefused
from socert.simulator.smev.subjects import subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from socert.contracts.errors import Violation
    from socert.contracts.smev.call import Call
    from socert.contracts.smev.version import Version
    from socert.simulator.smev.participants import Participant, Participants

SUITES = frozenset(Suite)
_BY_ACTION = {name: operation for operation in Operation for name in (operation.value, operation.action)}
_SENDING = frozenset({Operation.SEND_REQUEST, Operation.SEND_RESPONSE})
#: Moments in texts, as in real answers: the exchange's own time, no zone.
_MOMENT = "%Y-%m-%d %H:%M"
_MOSCOW = timezone(timedelta(hours=3))
_MEANT = re.compile(rb"<(?:[^\s<>/:]+:)?(" + b"|".join(name.encode() for name in Operation) + rb")Request[\s>/]")
_ID = re.compile(r"[0-9a-fA-F-]{36}", re.ASCII)
#: The certification authority's answer about a revoked certificate: its real codes are not published.
_REVOKED = 1
#: An operation's element that stands further in than this is not looked for.
_HEAD = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Signatures:
    """Whether signatures of calls are verified; where not, who is meant by a call without a certificate."""

    verified: bool = True
    unsigned: str = ""


def refuse(operation: Operation, cause: Cause, **values: Any) -> NodeRefused:
    """Return the refusal for a cause, worded as the operation words it; raise it."""
    return NodeRefused(because(operation, cause, **values), cause.name.lower().replace("_", " "))


def meant(data: bytes, action: str = "") -> Operation | None:
    """Return which operation a call is meant to be: by its SOAPAction, else by the first element named like one."""
    operation = _BY_ACTION.get(action.strip().strip("\"'"))
    if operation is not None:
        return operation
    found = _MEANT.search(data, 0, _HEAD)
    return None if found is None else Operation(found[1].decode())


def open_call(data: bytes, content_type: str, version: Version | None = None) -> Call:
    """Read a call's structure; anything that is no call, or none of the address's `version`, is InvalidContent."""
    try:
        call = calls.open_call(data, content_type)
    except AttachmentsTooBig as error:
        raise refuse(meant(data) or Operation.SEND_REQUEST, Cause.ATTACHMENTS_TOO_BIG) from error
    except (XmlRefused, EnvelopeInvalid) as error:
        raise broken_envelope(meant(data) or Operation.SEND_REQUEST, [str(error)]) from error
    if version is not None and call.version is not version:
        wrong = f"the call is of version {call.version.value}, this is the address of version {version.value}"
        raise broken_envelope(call.operation, [wrong])
    if call.operation not in OPERATIONS_OF[call.version]:
        raise broken_envelope(call.operation, [f"version {call.version.value} has no operation {call.operation.value}"])
    return call


def broken_envelope(operation: Operation, reasons: Iterable[str]) -> NodeRefused:
    """Return the refusal of an envelope that breaks its format, with one complaint for each reason."""
    return _broken(operation, [ValidationError(text=reason) for reason in reasons])


def check_form(call: Call, signatures: Signatures) -> None:
    """Refuse a message id that is no UUID v1, then an envelope without a signature, then one that breaks its schema.

    The id goes first, so that its own fault is heard rather than the schema's complaint about a pattern.
    """
    if call.operation in _SENDING:
        _issued(call)
    if signatures.verified and call.signature is None:
        if _foreign_signature(call):
            raise _bad_signature(call.operation, SignatureFault.NO_SIGNATURE_FOUND, "no ds:Signature in its block")
        raise refuse(call.operation, Cause.SIGNATURE_BLOCK_MISSING)
    try:
        calls.check_schema(call)
    except SchemaInvalid as error:
        raise _broken(call.operation, complaints(error.violations)) from error


def check_sender(call: Call, participants: Participants, now: datetime, signatures: Signatures) -> Participant:
    """Return whose call this is: whose certificate made the signature over the bytes received.

    Where signatures are not verified, whose certificate the call shows, or who is meant by a call without one.
    """
    if not signatures.verified:
        return _named_sender(call, participants, signatures.unsigned)
    try:
        verified = calls.verify(call, SUITES)
    except SignatureInvalid as error:
        raise _bad_signature(call.operation, error.reason, error.detail) from error
    except TransformError as error:
        raise _bad_signature(call.operation, SignatureFault.POOR_SOAP_ENVELOPE_FORMAT, str(error)) from error
    participant = participants.by_certificate(verified.certificate)
    if participant is None:
        raise refuse(call.operation, Cause.SENDER_UNKNOWN)
    try:
        check_dates(verified.certificate, now)
    except SignatureInvalid as error:
        raise _bad_dates(call.operation, verified.certificate, now) from error
    if participants.revoked(verified.certificate):
        # The schema has no word for it: this one asks for the same of the caller, a new certificate.
        details = {"SignatureVerificationFault": SignatureFault.CERTIFICATE_IS_EXPIRED.value}
        raise refuse(call.operation, Cause.CERTIFICATE_REVOKED, details=details, answer=_REVOKED)
    return participant


def check_age(call: Call, now: datetime, oldest: timedelta) -> None:
    """Refuse a message id that is too old."""
    if now - _issued(call) > oldest:
        raise refuse(call.operation, Cause.ID_STALE)


def check_routing(call: Call, participants: Participants, sender: Participant) -> None:
    """Verify the signature over the routing of a request: it is its sender's too."""
    try:
        verified = calls.verify_routing(call, SUITES)
    except SignatureInvalid as error:
        raise _bad_signature(call.operation, error.reason, f"RoutingSignature: {error.detail}") from error
    if participants.by_certificate(verified.certificate) != sender:
        raise _bad_signature(
            call.operation, SignatureFault.CERTIFICATE_IS_NOT_FOUND, "RoutingSignature is not by the message's sender"
        )


def complaints(violations: Iterable[Violation]) -> list[ValidationError]:
    """Turn violations of a schema into the complaints of InvalidContent."""
    return [ValidationError(text=str(violation), position=violation.line) for violation in violations]


def caller(call: Call) -> str:
    """Return the subject of the certificate that a call shows, as the manual's texts quote it; empty without one."""
    der = certificate_of(call)
    try:
        return "" if der is None else subject(load_certificate(der))
    except SignatureInvalid:
        return ""


def shown_id(call: Call) -> str:
    """Return the id in a call for the journal; empty where it is none, and may be anything that nobody may keep."""
    return call.message_id if _ID.fullmatch(call.message_id) else ""


def values_of(call: Call) -> dict[str, str]:
    """Return what the texts of faults may quote of a call."""
    named = call.message_type or call.selector
    return {
        "message_id": call.message_id,
        "to": call.to,
        "namespace": "" if named is None else named.namespace,
        "root": "" if named is None else named.root,
        "subject": caller(call),
    }


def _broken(operation: Operation, errors: list[ValidationError]) -> NodeRefused:
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return NodeRefused(because(operation, Cause.ENVELOPE_BROKEN, errors=errors), f"{errors[0].text}{more}")


def _issued(call: Call) -> datetime:
    try:
        return issued_at(call.message_id)
    except MessageIdInvalid as error:
        raise refuse(call.operation, Cause.ID_FORMAT) from error


def _foreign_signature(call: Call) -> bool:
    """Whether the signature's block holds something, which is no signature."""
    block = call.root.find(f"{{{call.version.types}}}CallerInformationSystemSignature")
    return block is not None and len(block) > 0


def certificate_of(call: Call) -> bytes | None:
    """Return the certificate that a call shows, whatever its signature is worth; None without one."""
    if call.signature is None:
        return None
    found = call.signature.find(f".//{{{DSIG}}}X509Certificate")
    try:
        return None if found is None else b64decode("".join((found.text or "").split()), validate=True)
    except ValueError:
        return b""


def _named_sender(call: Call, participants: Participants, unsigned: str) -> Participant:
    der = certificate_of(call)
    found = participants.by_mnemonic(unsigned) if der is None else participants.by_certificate(der)
    if found is None:
        raise refuse(call.operation, Cause.SENDER_UNKNOWN)
    return found


def _bad_signature(operation: Operation, reason: SignatureFault, detail: str) -> NodeRefused:
    missing = reason is SignatureFault.NO_SIGNATURE_FOUND
    cause = Cause.SIGNATURE_MISSING if missing else Cause.SIGNATURE_WRONG
    details = {"SignatureVerificationFault": reason.value}
    fault = because(operation, cause, details=details, signature_type=SYSTEM_SIGNATURE)
    return NodeRefused(fault, f"{reason.value}: {detail}")


def _bad_dates(operation: Operation, certificate: bytes, now: datetime) -> NodeRefused:
    dates = load_certificate(certificate)
    details = {"SignatureVerificationFault": SignatureFault.CERTIFICATE_IS_EXPIRED.value}
    since, until = dates.not_valid_before_utc, dates.not_valid_after_utc
    cause = Cause.CERTIFICATE_NOT_YET_VALID if now < since else Cause.CERTIFICATE_EXPIRED
    return refuse(
        operation,
        cause,
        details=details,
        valid_since=since.astimezone(_MOSCOW).strftime(_MOMENT),
        valid_until=until.astimezone(_MOSCOW).strftime(_MOMENT),
    )
