"""Signing and verifying: what we sign others can verify, and what does not hold is refused with the right word."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import testkeys, xmldsig
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.contracts.signature.transform import normalize
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DS = "{http://www.w3.org/2000/09/xmldsig#}"
ALL = frozenset(Suite)

NORMAL = (
    '<ns1:Data xmlns:ns1="urn:t" Id="SIGNED_BY_CALLER">'
    '<ns2:Name xmlns:ns2="urn:n">Иванова &amp; Ко</ns2:Name></ns1:Data>'
)
DATA = '<t:Data Id="SIGNED_BY_CALLER">\n <n:Name>Иванова &amp; Ко</n:Name>\n</t:Data>'


def make_signer(name: str = "Gateway") -> KeySigner:
    made = testkeys.make(name, organisation="Test", now=NOW)
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


@pytest.fixture(scope="module")
def signer() -> KeySigner:
    return make_signer()


def envelope(data: str, signature: str, *, more: str = "") -> str:
    return (
        '<e:Envelope xmlns:e="urn:e" xmlns:t="urn:t" xmlns:n="urn:n"><e:Body>'
        f"<t:Request>{data}<t:Caller>{signature}</t:Caller></t:Request>{more}</e:Body></e:Envelope>"
    )


@pytest.fixture(scope="module")
def signature(signer: KeySigner) -> str:
    return xmldsig.sign(NORMAL.encode(), reference="SIGNED_BY_CALLER", signer=signer)


def verify(text: str, suites: frozenset[Suite] = ALL) -> xmldsig.Verified:
    """Verify as an exchange does: the signature in Caller must be over the Data of the Request."""
    root = parse(text.encode())
    request = root[0][0]
    target, found = request.find("{urn:t}Data"), request.find(f"{{urn:t}}Caller/{DS}Signature")
    assert target is not None
    return xmldsig.verify(found, target=target, suites=suites)


def fault(text: str, suites: frozenset[Suite] = ALL) -> tuple[SignatureFault, str]:
    with pytest.raises(SignatureInvalid) as caught:
        verify(text, suites)
    assert "Иванова" not in str(caught.value)
    return caught.value.reason, caught.value.detail


# --- what holds -------------------------------------------------------------------------------------------------------


def test_a_signature_holds_and_shows_what_was_signed(signer: KeySigner, signature: str) -> None:
    verified = verify(envelope(DATA, signature))
    assert verified == xmldsig.Verified(
        certificate=signer.certificate, suite=Suite.ECDSA_P256, canonical=NORMAL.encode()
    )


def test_somebody_elses_code_verifies_what_we_sign(signer: KeySigner, signature: str) -> None:
    """Verify with string work, hashlib and OpenSSL alone."""
    digest = re.search(r"<ds:DigestValue>(.*?)</ds:DigestValue>", signature)
    value = re.search(r"<ds:SignatureValue>(.*?)</ds:SignatureValue>", signature)
    certificate = re.search(r"<ds:X509Certificate>(.*?)</ds:X509Certificate>", signature)
    inside = re.search(r"<ds:SignedInfo>(.*?</ds:SignedInfo>)", signature)
    assert digest
    assert value
    assert certificate
    assert inside
    assert b64decode(digest[1]) == hashlib.sha256(NORMAL.encode()).digest()
    raw = b64decode(value[1])
    assert len(raw) == 64
    key = x509.load_der_x509_certificate(b64decode(certificate[1])).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    signed = '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">' + inside[1]
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))


def test_the_signature_is_in_canonical_form_already(signature: str) -> None:
    root = parse(signature.encode())
    assert etree.tostring(root, method="c14n", exclusive=True).decode() == signature
    assert [text for text in root.itertext() if not text.strip()] == []


def test_we_verify_what_somebody_else_signs(signer: KeySigner) -> None:
    """A signature with other prefixes, attribute quotes and line breaks, signed over its own canonical form."""
    digest = b64encode(hashlib.sha256(NORMAL.encode()).digest()).decode()
    signed_info = (
        '<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">\n'
        '<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></CanonicalizationMethod>\n'
        '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></SignatureMethod>\n'
        '<Reference URI="#SIGNED_BY_CALLER"><Transforms>'
        '<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform>'
        '<Transform Algorithm="urn://smev-gov-ru/xmldsig/transform"></Transform></Transforms>'
        '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>'
        f"<DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
    )
    value = b64encode(signer.sign(signed_info.encode())).decode()
    received = signed_info.replace(' xmlns="http://www.w3.org/2000/09/xmldsig#"', "").replace("></Transform>", "/>")
    text = envelope(
        DATA,
        f"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>{received.replace('Reference URI', 'Reference  URI')}"
        f"<SignatureValue>\n{value[:40]}\r\n{value[40:]}\n</SignatureValue><KeyInfo><X509Data><X509Certificate>"
        f"{b64encode(signer.certificate).decode()}</X509Certificate></X509Data></KeyInfo></Signature>",
    )
    assert verify(text).canonical == NORMAL.encode()


@pytest.mark.parametrize(
    "data",
    [
        NORMAL,
        '<Data xmlns="urn:t" Id="SIGNED_BY_CALLER" ><x:Name xmlns:x="urn:n">Иванова &#38; Ко</x:Name ><!----></Data>',
    ],
)
def test_the_same_content_written_otherwise_holds(signature: str, data: str) -> None:
    assert verify(envelope(data, signature)).canonical == NORMAL.encode()


def test_the_target_may_be_signed_by_several(signer: KeySigner, signature: str) -> None:
    """An exchange signs a part that holds the sender's part and signature: both must hold."""
    inner = f'<t:Data Id="OUTER">{DATA}<t:Sender>{signature}</t:Sender></t:Data>'
    outer = xmldsig.sign(
        normalize(parse(envelope(inner, "").encode())[0][0][0]), reference="OUTER", signer=make_signer("Exchange")
    )
    root = parse(envelope(inner, outer).encode())
    request = root[0][0]
    assert xmldsig.verify(request[1][0], target=request[0], suites=ALL).certificate != signer.certificate
    assert xmldsig.verify(request[0][1][0], target=request[0][0], suites=ALL).certificate == signer.certificate


@pytest.mark.parametrize("reference", ["", "#SIGNED", "1ST", 'A"B', "a b", "http://example.org", "a:b"])
def test_only_an_id_can_be_referred_to(signer: KeySigner, reference: str) -> None:
    with pytest.raises(ValueError, match="cannot be an Id"):
        xmldsig.sign(NORMAL.encode(), reference=reference, signer=signer)


# --- what does not ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Иванова", "Петрова"),
        ("&amp;", "и"),
        ("n:Name>", "t:Name>"),
        ("<n:Name>", "<n:Name a='1'>"),
        ('Id="SIGNED', 'a="1" Id="SIGNED'),
        ("Ко", " Ко"),
    ],
)
def test_changed_content_does_not_hold(signature: str, old: str, new: str) -> None:
    assert fault(envelope(DATA.replace(old, new), signature)) == (
        SignatureFault.SIGNATURE_IS_INVALID,
        "the content is not what was signed (digest)",
    )


def test_a_new_digest_needs_a_new_signature(signature: str) -> None:
    changed = DATA.replace("Иванова", "Петрова")
    digest = b64encode(hashlib.sha256(NORMAL.replace("Иванова", "Петрова").encode()).digest()).decode()
    forged = re.sub(r"<ds:DigestValue>.*?</", f"<ds:DigestValue>{digest}</", signature)
    assert fault(envelope(changed, forged)) == (
        SignatureFault.SIGNATURE_IS_INVALID,
        "the value was not made with the certificate's key",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ds:SignedInfo>", "<ds:SignedInfo> "),
        ("<ds:SignedInfo>", "<ds:SignedInfo>\n"),
        ("<ds:SignedInfo>", "<ds:SignedInfo a='1'>"),
        ("ds:", "dsig:"),
        ("xmlns:ds", "xmlns:dsig"),
    ],
)
def test_signed_info_is_taken_as_received(signature: str, old: str, new: str) -> None:
    changed = signature.replace(old, new)
    if old == "ds:":
        changed = changed.replace("xmlns:ds=", "xmlns:dsig=")
    elif old == "xmlns:ds":
        changed = re.sub(r"(</?)ds:", r"\1dsig:", changed)
    assert fault(envelope(DATA, changed))[0] is SignatureFault.SIGNATURE_IS_INVALID


def test_another_key_does_not_hold(signature: str) -> None:
    other = b64encode(make_signer("Other").certificate).decode()
    changed = re.sub(r"(<ds:X509Certificate>).*?(</)", rf"\g<1>{other}\g<2>", signature)
    assert fault(envelope(DATA, changed)) == (
        SignatureFault.SIGNATURE_IS_INVALID,
        "the value was not made with the certificate's key",
    )


def test_a_suite_must_be_allowed(signature: str) -> None:
    assert fault(envelope(DATA, signature), frozenset()) == (
        SignatureFault.SIGNATURE_IS_INVALID,
        "its algorithms are not among those accepted",
    )


@pytest.mark.parametrize(
    "value", [b"", b"\0" * 64, b"\0" * 32 + b"\xff" * 32, b"\xff" * 64, b"\x01" * 63, b"\x01" * 65, b"\x01" * 64]
)
def test_a_made_up_value_does_not_hold(signature: str, value: bytes) -> None:
    changed = re.sub(r"(<ds:SignatureValue>).*?(</)", rf"\g<1>{b64encode(value).decode()}\g<2>", signature)
    assert fault(envelope(DATA, changed))[0] is SignatureFault.SIGNATURE_IS_INVALID


def test_a_real_signature_of_another_suite_is_refused_and_not_stumbled_over(oracles: Path) -> None:
    """Real messages are signed by GOST keys: a gateway that accepts ECDSA alone says so, and needs no GOST for it."""
    root = parse((oracles / "smev3" / "signed" / "MC1.xml").read_bytes())
    found, reference = next(root.iter(f"{DS}Signature")), next(root.iter(f"{DS}Reference"))
    target = next(element for element in root.iter("*") if f"#{element.get('Id')}" == reference.get("URI"))
    with pytest.raises(SignatureInvalid, match="not among those accepted"):
        xmldsig.verify(found, target=target, suites=frozenset({Suite.ECDSA_P256}))
    der = b64decode(next(root.iter(f"{DS}X509Certificate")).text or "")
    assert not Suite.ECDSA_P256.verify(der, b"data", b"\1" * 64)


def test_every_bit_of_the_value_counts(signature: str) -> None:
    found = re.search(r"<ds:SignatureValue>(.*?)</", signature)
    assert found
    value = b64decode(found[1])
    for place in (0, 31, 32, 63):
        changed = bytearray(value)
        changed[place] ^= 1
        forged = signature.replace(found[1], b64encode(changed).decode())
        assert fault(envelope(DATA, forged))[0] is SignatureFault.SIGNATURE_IS_INVALID
