"""One signature, step by step: what it names, whether digest and value hold, and the usual mistakes tried when not.

Nothing that receives messages may use this: what holds only after a repair does not hold.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from copy import deepcopy
from typing import TYPE_CHECKING, Final

from socert.conformance.requirement import Words
from socert.contracts.errors import SignatureInvalid, TransformError
from socert.contracts.signature import transform
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.suites import Suite
from socert.contracts.signature.xmldsig import NAMESPACE
from socert.contracts.xml import is_blank

if TYPE_CHECKING:
    from lxml import etree

    from socert.conformance.message import Message
    from socert.conformance.signed import Signed

DS: Final = f"{{{NAMESPACE}}}"


def one(element: etree._Element | None, path: str) -> etree._Element | None:
    """Return the first element at a path of names in the signature namespace."""
    return None if element is None else element.find("/".join(f"{DS}{name}" for name in path.split("/")))


def algorithm(element: etree._Element | None, path: str) -> str:
    """Return the Algorithm of the element at a path, empty where there is none."""
    found = one(element, path)
    return "" if found is None else found.get("Algorithm", "")


def suite_of(signature: etree._Element) -> Suite | None:
    """Return the suite whose two URIs a signature names, None where they are of none."""
    named = (
        algorithm(signature, "SignedInfo/SignatureMethod"),
        algorithm(signature, "SignedInfo/Reference/DigestMethod"),
    )
    return next((suite for suite in Suite if named == (suite.signature_uri, suite.digest_uri)), None)


def certificate_of(signature: etree._Element) -> bytes | None:
    """Return the first certificate (DER) that a signature carries, None where there is none that can be read."""
    data = decoded(one(signature, "KeyInfo/X509Data/X509Certificate"))
    try:
        if data:
            load_certificate(data)
            return data
    except SignatureInvalid:
        return None
    return None


def decoded(element: etree._Element | None) -> bytes | None:
    """Return the bytes of an element that holds base64, None where it does not."""
    if element is None:
        return None
    try:
        return b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def digest_problem(place: Signed, suite: Suite, message: Message) -> Words | None:
    """Return what is wrong with the digest of a signature, None where it holds."""
    assert place.target is not None
    claimed = decoded(one(place.signature, "SignedInfo/Reference/DigestValue"))
    if claimed is None:
        return Words(en="DigestValue is no base64", ru="DigestValue — не base64")
    try:
        normal = transform.normalize(place.target)
    except TransformError:
        return Words(en="what is signed has no normal form", ru="у подписанного нет нормальной формы")
    digest = suite.digest(normal)
    if digest == claimed:
        return None
    if digest[::-1] == claimed:
        return Words(en="its bytes are in the reverse order", ru="байты хэша в обратном порядке")
    if suite.digest(transform.canonicalize(place.target)) == claimed:
        return Words(
            en=f"it is of the canonical form without the transform {transform.URI}",
            ru=f"хэш канонической формы без преобразования {transform.URI}",
        )
    if _holds_with_includes(place.target, suite, message, claimed):
        return Words(
            en="it is of xop:Include, not of the content that stands for it",
            ru="хэш вычислен над xop:Include, а не над содержимым вложения",
        )
    return Words(en="the content is not what was signed", ru="подписано не это содержимое")


def _holds_with_includes(target: etree._Element, suite: Suite, message: Message, claimed: bytes) -> bool:
    """Whether the digest is of the block as it stood before the parts were put into it."""
    if message.raw is None or message.raw is message.root:
        return False
    same = [element for element in message.raw.iter(target.tag) if element.get("Id") == target.get("Id")]
    try:
        return len(same) == 1 and suite.digest(transform.normalize(same[0])) == claimed
    except TransformError:
        return False


def value_problem(signature: etree._Element, suite: Suite, certificate: bytes) -> Words | None:
    """Return what is wrong with the value of a signature, None where it holds. `SuiteUnavailable`."""
    signed_info, value = one(signature, "SignedInfo"), decoded(one(signature, "SignatureValue"))
    if signed_info is None or value is None:
        return Words(en="SignatureValue is no base64", ru="SignatureValue — не base64")
    canonical = transform.canonicalize(signed_info)
    if suite.verify(certificate, canonical, value):
        return None
    half = len(value) // 2
    trials = (
        (canonical, value[half:] + value[:half], "its halves are swapped", "половины значения переставлены"),
        (canonical, value[::-1], "its bytes are in the reverse order", "байты значения в обратном порядке"),
        (
            transform.canonicalize(without_whitespace(signed_info)),
            value,
            "it holds only after whitespace is removed from SignedInfo",
            "сходится, только если убрать пробелы и переводы строк из SignedInfo",
        ),
        (
            _normalized(signed_info),
            value,
            "it is of SignedInfo after the exchange's transform, which SignedInfo does not pass",
            "подписан SignedInfo после преобразования СМЭВ, а он ему не подлежит",
        ),
    )
    for data, tried, en, ru in trials:
        if suite.verify(certificate, data, tried):
            return Words(en=en, ru=ru)
    return Words(
        en="it was not made with the certificate's key over this SignedInfo",
        ru="сделано не ключом сертификата или не над этим SignedInfo",
    )


def without_whitespace(element: etree._Element) -> etree._Element:
    """Return a copy without the blank text that pretty-printing puts between elements."""
    copied = deepcopy(element)
    copied.tail = None
    for inner in copied.iter("*"):
        if len(inner) and inner.text and is_blank(inner.text):
            inner.text = None
        if inner.tail and is_blank(inner.tail):
            inner.tail = None
    return copied


def _normalized(element: etree._Element) -> bytes:
    try:
        return transform.normalize(element)
    except TransformError:
        return b""
