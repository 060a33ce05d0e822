"""Diagnosis: every signature of a document, what holds, what does not and why."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from lxml import etree

from socert.contracts.signature import testkeys, xmldsig
from socert.contracts.signature.diagnose import Repair, Verdict, diagnose
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.contracts.signature.transform import normalize
from socert.contracts.xml import parse

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DATA = '<ns1:Data xmlns:ns1="urn:t" Id="ONE">Иванова</ns1:Data>'


@pytest.fixture(scope="module")
def signer() -> KeySigner:
    made = testkeys.make("Gateway", organisation="Test", now=NOW)
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


@pytest.fixture(scope="module")
def signature(signer: KeySigner) -> str:
    return xmldsig.sign(DATA.encode(), reference="ONE", signer=signer)


def message(signature: str, data: str = DATA) -> bytes:
    return f'<e xmlns="urn:e">\n{data}\n<Caller>{signature}</Caller></e>'.encode()


def only(document: bytes) -> Verdict:
    root = parse(document)
    before = etree.tostring(root)
    (verdict,) = diagnose(root)
    assert etree.tostring(root) == before
    return verdict


def test_what_holds_holds(signer: KeySigner, signature: str) -> None:
    verdict = only(message(signature))
    assert verdict == Verdict(
        line=3,
        place="Caller",
        signed="Data",
        reference="ONE",
        suite=Suite.ECDSA_P256,
        certificate=signer.certificate,
        digest=True,
        value=True,
    )
    assert verdict.holds


@pytest.mark.parametrize("blank", ["\n\t", " ", "\r\n  "])
def test_whitespace_in_signed_info_is_named(signature: str, blank: str) -> None:
    inside = re.sub(r"(<ds:SignedInfo>.*</ds:SignedInfo>)", lambda m: m[1].replace("><ds:", f">{blank}<ds:"), signature)
    verdict = only(message(inside))
    assert verdict.holds
    assert verdict.repair is Repair.WHITESPACE
    assert verdict.repair.value == "after removing whitespace in SignedInfo"


def test_text_in_signed_info_is_no_whitespace(signature: str) -> None:
    verdict = only(message(signature.replace("<ds:Reference", "x<ds:Reference")))
    assert (verdict.digest, verdict.value, verdict.repair) == (True, False, None)


def test_a_wrong_digest_is_told_apart_from_a_wrong_value(signature: str) -> None:
    verdict = only(message(signature, DATA.replace("Иванова", "Петрова")))
    assert (verdict.digest, verdict.value, verdict.holds) == (False, True, False)
    other = re.sub(r"(<ds:SignatureValue>).{4}", r"\g<1>AAAA", signature)
    verdict = only(message(other))
    assert (verdict.digest, verdict.value, verdict.holds) == (True, False, False)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('URI="#ONE"', 'URI="#TWO"', "not exactly one element with the Id 'TWO'"),
        ('URI="#ONE"', 'URI=""', "refers to no Id"),
        ('URI="#ONE"', 'URI="http://example.org#ONE"', "refers to no Id"),
        ("ecdsa-sha256", "ecdsa-sha1", "algorithms are not among those accepted"),
        ("urn://smev-gov-ru/xmldsig/transform", "http://www.w3.org/TR/1999/REC-xslt-19991116", "its transforms"),
        ("<ds:X509Certificate>", "<ds:X509Certificate>*", "X509Certificate is not base64"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>*", "SignatureValue is not base64"),
        ("ds:KeyInfo", "ds:Other", "0 certificates"),
    ],
)
def test_what_cannot_be_read_is_explained(signature: str, old: str, new: str, problem: str) -> None:
    verdict = only(message(signature.replace(old, new)))
    assert not verdict.holds
    assert verdict.suite is None
    assert verdict.problem is not None
    assert problem in verdict.problem


def test_an_id_that_stands_twice_is_told(signature: str) -> None:
    verdict = only(message(signature, DATA + DATA))
    assert verdict.problem == "there is not exactly one element with the Id 'ONE'"
    # An id of another spelling is found by a verifier too, and refused.
    verdict = only(message(signature, DATA + '<x ID="ONE"/>'))
    assert verdict.problem == "the Id of the signed element is not unique in the document"


def test_an_element_without_normal_form_is_told(signature: str) -> None:
    verdict = only(message(signature, DATA.replace(' Id="ONE"', ' Id="ONE" xml:lang="ru"')))
    assert verdict.problem is not None
    assert "xml:lang" in verdict.problem


def test_every_signature_is_judged(signer: KeySigner, signature: str) -> None:
    outer = f'<Outer Id="TWO">{DATA}<Caller>{signature}</Caller></Outer>'
    root = parse(f'<e xmlns="urn:e">{outer}<Exchange/></e>'.encode())
    canonical = normalize(root[0])
    second = xmldsig.sign(canonical, reference="TWO", signer=signer)
    verdicts = diagnose(parse(f'<e xmlns="urn:e">{outer}<Exchange>{second}</Exchange></e>'.encode()))
    assert [(verdict.place, verdict.signed, verdict.holds) for verdict in verdicts] == [
        ("Caller", "Data", True),
        ("Exchange", "Outer", True),
    ]


def test_a_signature_alone_and_none_at_all(signature: str) -> None:
    assert only(signature.encode()).place == ""
    assert diagnose(parse(b"<a/>")) == ()
