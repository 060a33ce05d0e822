"""Why a signature does not hold, for people: every signature of a document, step by step, with known repairs tried.

Nothing that receives messages may use this: what holds only after a repair does not hold. See `xmldsig.verify`.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from socert.contracts.errors import SignatureInvalid, TransformError
from socert.contracts.signature import transform, xmldsig
from socert.contracts.signature.suites import Suite
from socert.contracts.xml import is_blank

if TYPE_CHECKING:
    from socert.contracts.signature.xmldsig import Claim

_DS: Final = f"{{{xmldsig.NAMESPACE}}}"
_EVERY_SUITE: Final = frozenset(Suite)


class Repair(Enum):
    """What had to be done to a document before a signature held."""

    WHITESPACE = "after removing whitespace in SignedInfo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What was found of one signature.

    `line` is where it begins, `place` the name of the element around it, `signed` the name of the element it refers
    to (None when there is none such) and `reference` the Id. `suite` and `certificate` (DER) are None, and `digest` and
    `value` False, when the signature could not be read that far; `problem` then says why. `repair` is what made the
    value hold.
    """

    line: int
    place: str
    signed: str | None
    reference: str
    suite: Suite | None = None
    certificate: bytes | None = None
    digest: bool = False
    value: bool = False
    repair: Repair | None = None
    problem: str | None = None

    @property
    def holds(self) -> bool:
        """Whether digest and value are right, be it after a repair."""
        return self.digest and self.value


def diagnose(root: etree._Element) -> tuple[Verdict, ...]:
    """Return a verdict on each signature of a document, in document order.

    The document is not changed. `SuiteUnavailable` when a signature is of a suite that this machine cannot verify.
    """
    return tuple(_verdict(signature) for signature in root.iter(f"{_DS}Signature"))


def _verdict(signature: etree._Element) -> Verdict:
    reference = _reference(signature)
    target = _target(signature, reference)
    parent = signature.getparent()
    line, place = _line(signature), "" if parent is None else etree.QName(parent).localname
    if target is None:
        problem = f"there is not exactly one element with the Id {reference!r}" if reference else "it refers to no Id"
        return Verdict(line=line, place=place, signed=None, reference=reference, problem=problem)
    signed = etree.QName(target).localname
    try:
        claim = xmldsig.read(signature, target=target, suites=_EVERY_SUITE)
        digest = claim.digest_holds(transform.normalize(target))
        value, repair = _value(claim)
    except (SignatureInvalid, TransformError) as error:
        problem = error.detail if isinstance(error, SignatureInvalid) else str(error)
        return Verdict(line=line, place=place, signed=signed, reference=reference, problem=problem)
    return Verdict(
        line=line,
        place=place,
        signed=signed,
        reference=reference,
        suite=claim.suite,
        certificate=claim.certificate,
        digest=digest,
        value=value,
        repair=repair,
    )


def _line(element: etree._Element) -> int:
    """Return the line that an element begins in, from 1."""
    return cast("int", element.sourceline)  # the stubs know nothing of it


def _reference(signature: etree._Element) -> str:
    """Return the Id that a signature refers to, or nothing."""
    found = signature.find(f"{_DS}SignedInfo/{_DS}Reference")
    uri = "" if found is None else found.get("URI", "")
    return uri[1:] if uri.startswith("#") else ""


def _target(signature: etree._Element, reference: str) -> etree._Element | None:
    """Return the one element of that Id."""
    if not reference:
        return None
    found = [element for element in signature.getroottree().iter("*") if element.get("Id") == reference]
    return found[0] if len(found) == 1 else None


def _value(claim: Claim) -> tuple[bool, Repair | None]:
    """Return whether the signature's value holds, and after which repair."""
    if claim.value_holds(transform.canonicalize(claim.signed_info)):
        return True, None
    if claim.value_holds(transform.canonicalize(_without_whitespace(claim.signed_info))):
        return True, Repair.WHITESPACE
    return False, None


def _without_whitespace(element: etree._Element) -> etree._Element:
    """Return a copy without the blank text that pretty-printing puts between elements."""
    copied = deepcopy(element)
    copied.tail = None
    for inner in copied.iter("*"):
        if len(inner) and inner.text and is_blank(inner.text):
            inner.text = None
        if inner.tail and is_blank(inner.tail):
            inner.tail = None
    return copied
