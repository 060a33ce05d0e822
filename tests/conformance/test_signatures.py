"""What is wrong with a signature is said in words that lead to the mistake."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from tests.conformance import samples as s
from tests.conformance.test_requirements import result

from socert.conformance import report
from socert.conformance.requirement import Outcome
from socert.contracts import xml
from socert.contracts.signature import transform, xmldsig
from socert.contracts.signature.native import SuiteUnavailable
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.conformance.message import Message

_DS = f"{{{xmldsig.NAMESPACE}}}"


def redone(change: Callable[[etree._Element], None], data: bytes = b"") -> Message:
    """A SendRequest in which something was done to the tree."""
    root = xml.parse(data or s.send())
    change(root)
    return s.said(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def element(root: etree._Element, name: str) -> etree._Element:
    found = root.find(f".//{_DS}{name}")
    assert found is not None
    return found


def resigned(root: etree._Element, digest: bytes) -> None:
    """Put another digest, and the value that belongs to it."""
    element(root, "DigestValue").text = b64encode(digest).decode()
    signed_info = transform.canonicalize(element(root, "SignedInfo"))
    element(root, "SignatureValue").text = b64encode(s.signer().sign(signed_info)).decode()


def block(root: etree._Element) -> etree._Element:
    return next(root.iter(f"{{{s.V.types}}}SenderProvidedRequestData"))


def swap(root: etree._Element) -> None:
    value = element(root, "SignatureValue")
    data = b64decode(value.text or "")
    value.text = b64encode(data[32:] + data[:32]).decode()


def indent(root: etree._Element) -> None:
    etree.indent(element(root, "SignedInfo"))


def over_the_transform(root: etree._Element) -> None:
    data = transform.normalize(element(root, "SignedInfo"))
    element(root, "SignatureValue").text = b64encode(s.signer().sign(data)).decode()


def untransformed(root: etree._Element) -> None:
    block(root).text = "\n"  # what is sent is in normal form as it stands: a line break keeps the two forms apart
    resigned(root, s.signer().suite.digest(transform.canonicalize(block(root))))


def reversed_digest(root: etree._Element) -> None:
    resigned(root, s.signer().suite.digest(transform.normalize(block(root)))[::-1])


def no_base64(root: etree._Element) -> None:
    element(root, "DigestValue").text = "?"


@pytest.mark.parametrize(
    ("number", "done", "words"),
    [
        ("SMEV-SIG-015", swap, "halves are swapped"),
        ("SMEV-SIG-015", indent, "whitespace is removed from SignedInfo"),
        ("SMEV-SIG-015", over_the_transform, "after the exchange's transform"),
        ("SMEV-SIG-014", untransformed, "without the transform"),
        ("SMEV-SIG-014", reversed_digest, "reverse order"),
        ("SMEV-SIG-014", no_base64, "no base64"),
    ],
)
def test_a_usual_mistake_is_named(number: str, done: Callable[[etree._Element], None], words: str) -> None:
    found = result(number, redone(done))
    assert found.outcome is Outcome.KO
    assert words in found.findings[0].reason.en


def test_a_digest_of_xop_include_itself_is_named() -> None:
    content = b'<n:Note xmlns:n="urn:example:note"><n:File>' + s.include("p").encode() + b"</n:File></n:Note>"
    found = result("SMEV-SIG-014", s.multipart(s.send(content=content), ("p", b"file")))
    assert found.outcome is Outcome.KO
    assert "xop:Include" in found.findings[0].reason.en


def test_a_signature_that_this_machine_cannot_verify_is_neither_ok_nor_ko(monkeypatch: pytest.MonkeyPatch) -> None:
    message = s.said(s.send())

    def missing(*_: object) -> bytes:
        raise SuiteUnavailable("no library here knows GOST")

    monkeypatch.setattr(Suite, "digest", missing)
    found = result("SMEV-SIG-014", message)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.doubt is not None
    printed = list(report.text(report.Report(subject="m", made=s.NOW, results=(found,))))
    assert printed[1].strip() == "cannot be told: no library here knows GOST"
    assert printed[-1].endswith("; 1 cannot be told on this machine")
