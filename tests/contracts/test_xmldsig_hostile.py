"""Signatures made to deceive: moved, doubled and wrapped content, foreign references, transforms and algorithms.

The signer here signs anything, so that what is refused is refused for its form and not because its value is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import testkeys, xmldsig
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.contracts.signature.transform import normalize
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from lxml import etree

DSIG = "http://www.w3.org/2000/09/xmldsig#"
C14N = '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>'
METHOD = '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></ds:SignatureMethod>'
EXCLUSIVE = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>'
SMEV = '<ds:Transform Algorithm="urn://smev-gov-ru/xmldsig/transform"></ds:Transform>'
SHA256 = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'

GOOD = '<t:Data Id="D"><t:Sum>100</t:Sum></t:Data>'
EVIL = '<t:Data Id="D"><t:Sum>999</t:Sum></t:Data>'
NORMAL = b'<ns1:Data xmlns:ns1="urn:t" Id="D"><ns1:Sum>100</ns1:Sum></ns1:Data>'


@pytest.fixture(scope="module")
def signer() -> KeySigner:
    made = testkeys.make("Attacker", organisation="Test", now=datetime(2026, 11, 23, tzinfo=UTC))
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


def reference(uri: str = '"#D"', transforms: str = EXCLUSIVE + SMEV, method: str = SHA256, data: bytes = NORMAL) -> str:
    digest = b64encode(hashlib.sha256(data).digest()).decode()
    written = f" URI={uri}" if uri else ""
    return (
        f"<ds:Reference{written}><ds:Transforms>{transforms}</ds:Transforms>{method}"
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )


def signed(signer: KeySigner, inside: str, *, certificates: int = 1) -> str:
    """Return a signature whose value is right for whatever stands in its SignedInfo."""
    value = b64encode(signer.sign(f'<ds:SignedInfo xmlns:ds="{DSIG}">{inside}</ds:SignedInfo>'.encode())).decode()
    certificate = f"<ds:X509Certificate>{b64encode(signer.certificate).decode()}</ds:X509Certificate>"
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{inside}</ds:SignedInfo>'
        f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>{certificate * certificates}"
        "</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )


def document(data: str, signature: str, *, more: str = "", attributes: str = "") -> etree._Element:
    return parse(
        f'<e:Envelope xmlns:e="urn:e" xmlns:t="urn:t"{attributes}><t:Request>{data}<t:Caller>{signature}</t:Caller>'
        f"</t:Request>{more}</e:Envelope>".encode()
    )


def verify(root: etree._Element) -> xmldsig.Verified:
    """Verify as an exchange does: the signature in Caller must be over the first element of the Request."""
    request = root[0]
    return xmldsig.verify(request[1].find(f"{{{DSIG}}}Signature"), target=request[0], suites=frozenset(Suite))


def fault(root: etree._Element) -> SignatureFault:
    with pytest.raises(SignatureInvalid) as caught:
        verify(root)
    return caught.value.reason


@pytest.fixture(scope="module")
def honest(signer: KeySigner) -> str:
    return signed(signer, C14N + METHOD + reference())


def test_the_honest_one_holds(honest: str) -> None:
    assert verify(document(GOOD, honest)).canonical == NORMAL


# --- wrapping -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(GOOD, id="beside"),
        pytest.param(f"<t:Wrapper>{GOOD}</t:Wrapper>", id="wrapped"),
        pytest.param(f"<t:Wrapper xmlns:t='urn:other'>{GOOD}</t:Wrapper>", id="in another namespace"),
        pytest.param('<t:Other ID="D"/>', id="ID"),
        pytest.param('<t:Other id="D"/>', id="id"),
        pytest.param('<t:Other xml:id="D"/>', id="xml:id"),
        pytest.param('<t:Other xmlns:w="urn:w" w:Id="D"/>', id="w:Id"),
        pytest.param('<Other Id="D"/>', id="no namespace"),
    ],
)
def test_an_id_that_stands_twice_is_refused(honest: str, more: str) -> None:
    assert fault(document(GOOD, honest, more=more)) is SignatureFault.INCORRECT_SIGNATURE_TARGET
    assert fault(document(EVIL, honest, more=more)) is SignatureFault.INCORRECT_SIGNATURE_TARGET


@pytest.mark.parametrize("attributes", [' Id="D"', ' xmlns:w="urn:w" w:ID="D"'])
def test_an_id_that_stands_on_the_envelope_too_is_refused(honest: str, attributes: str) -> None:
    assert fault(document(GOOD, honest, attributes=attributes)) is SignatureFault.INCORRECT_SIGNATURE_TARGET


@pytest.mark.parametrize(
    "nested",
    ['<t:Sum Id="D">100</t:Sum>', '<t:Sum><t:Data Id="D"/></t:Sum>', '<t:Sum xmlns:w="urn:w" w:id="D">1</t:Sum>'],
)
def test_an_id_repeated_inside_the_target_is_refused(signer: KeySigner, nested: str) -> None:
    data = f'<t:Data Id="D">{nested}</t:Data>'
    normal = normalize(document(data, "")[0][0])
    assert fault(document(data, signed(signer, C14N + METHOD + reference(data=normal)))) is (
        SignatureFault.INCORRECT_SIGNATURE_TARGET
    )


def test_signed_content_moved_away_leaves_nothing_signed(honest: str) -> None:
    evil = EVIL.replace('Id="D"', 'Id="E"')
    assert fault(document(evil, honest, more=GOOD)) is SignatureFault.INCORRECT_SIGNATURE_TARGET
    assert fault(document(evil, honest + f"<t:Old>{GOOD}</t:Old>")) is SignatureFault.INCORRECT_SIGNATURE_TARGET
    nested = f'<t:Data Id="E"><t:Sum>999</t:Sum>{GOOD}</t:Data>'
    assert fault(document(nested, honest)) is SignatureFault.INCORRECT_SIGNATURE_TARGET


def test_content_moved_into_the_signature_is_not_found(honest: str) -> None:
    inside = honest.replace("</ds:KeyInfo>", f"</ds:KeyInfo><ds:Object>{GOOD}</ds:Object>")
    assert fault(document(EVIL.replace('"D"', '"E"'), inside)) is SignatureFault.INCORRECT_SIGNATURE_TARGET
    assert fault(document(EVIL, inside)) is SignatureFault.INCORRECT_SIGNATURE_TARGET


def test_content_replaced_in_place_does_not_hold(honest: str) -> None:
    assert fault(document(EVIL, honest)) is SignatureFault.SIGNATURE_IS_INVALID


@pytest.mark.parametrize("data", ["<t:Data/>", '<t:Data Id=""/>', '<t:Data ID="D"/>', '<t:Data t:Id="D"/>'])
def test_a_target_without_id_is_refused(honest: str, data: str) -> None:
    assert fault(document(data, honest)) is SignatureFault.INCORRECT_SIGNATURE_TARGET


def test_signature_and_target_are_of_one_document(honest: str) -> None:
    one, other = document(GOOD, honest), document(GOOD, honest)
    with pytest.raises(SignatureInvalid) as caught:
        xmldsig.verify(one[0][1][0], target=other[0][0], suites=frozenset(Suite))
    assert caught.value.reason is SignatureFault.INCORRECT_SIGNATURE_TARGET


# --- references, transforms, algorithms ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        "",
        '""',
        '"D"',
        '"#"',
        '"#E"',
        '"#D "',
        '"##D"',
        '"http://example.org/#D"',
        '"file:///etc/passwd"',
        "\"#xpointer(id('D'))\"",
        '"#xpointer(/)"',
        '"cid:D"',
    ],
)
def test_only_the_target_may_be_referred_to(signer: KeySigner, uri: str) -> None:
    signature = signed(signer, C14N + METHOD + reference(uri))
    assert fault(document(GOOD, signature)) is SignatureFault.INCORRECT_SIGNATURE_TARGET


@pytest.mark.parametrize("second", ['"#D"', '"#E"', '""'])
def test_several_references_are_refused(signer: KeySigner, second: str) -> None:
    for both in (reference() + reference(second), reference(second) + reference()):
        signature = signed(signer, C14N + METHOD + both)
        assert fault(document(GOOD, signature)) is SignatureFault.POOR_SOAP_ENVELOPE_FORMAT


XPATH = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1</ds:XPath></ds:Transform>'
XSLT = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"></ds:Transform>'
ENVELOPED = f'<ds:Transform Algorithm="{DSIG}enveloped-signature"></ds:Transform>'
INCLUSIVE = '<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></ds:Transform>'
PREFIXED = (
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces '
    'xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="t"></ec:InclusiveNamespaces></ds:Transform>'
)
FOREIGN = '<Transform xmlns="urn:x" Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform>'


@pytest.mark.parametrize(
    "transforms",
    [
        "",
        EXCLUSIVE,
        SMEV,
        SMEV + EXCLUSIVE,
        EXCLUSIVE + SMEV + SMEV,
        EXCLUSIVE + XPATH,
        EXCLUSIVE + SMEV + XPATH,
        XPATH + EXCLUSIVE + SMEV,
        EXCLUSIVE + SMEV + XSLT,
        ENVELOPED + EXCLUSIVE + SMEV,
        INCLUSIVE + SMEV,
        PREFIXED + SMEV,
        FOREIGN + SMEV,
        FOREIGN + EXCLUSIVE + SMEV,
    ],
)
def test_only_the_two_transforms_are_done(signer: KeySigner, transforms: str) -> None:
    signature = signed(signer, C14N + METHOD + reference(transforms=transforms))
    assert fault(document(GOOD, signature)) is SignatureFault.SIGNATURE_IS_INVALID


@pytest.mark.parametrize(
    "canonicalization",
    [
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>',
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>',
        "<ds:CanonicalizationMethod/>",
        C14N.replace("></ds:C", '><ec:InclusiveNamespaces xmlns:ec="urn:x" PrefixList="t"/></ds:C'),
    ],
)
def test_only_exclusive_canonicalization_is_done(signer: KeySigner, canonicalization: str) -> None:
    signature = signed(signer, canonicalization + METHOD + reference())
    assert fault(document(GOOD, signature)) is SignatureFault.SIGNATURE_IS_INVALID


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        ("http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmlenc#sha256"),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", "http://www.w3.org/2001/04/xmlenc#sha256"),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", ""),
        ("", ""),
        ("HTTP://WWW.W3.ORG/2001/04/XMLDSIG-MORE#ECDSA-SHA256", "http://www.w3.org/2001/04/xmlenc#sha256"),
    ],
)
def test_other_algorithms_are_refused(signer: KeySigner, method: str, digest: str) -> None:
    inside = C14N + f'<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod>'
    inside += reference(method=f'<ds:DigestMethod Algorithm="{digest}"></ds:DigestMethod>')
    assert fault(document(GOOD, signed(signer, inside))) is SignatureFault.SIGNATURE_IS_INVALID


def test_a_certificate_is_no_shared_secret(signer: KeySigner) -> None:
    """The classic: HMAC over SignedInfo with the public certificate as the key."""
    inside = C14N + '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>' + reference()
    value = hmac.digest(signer.certificate, f'<ds:SignedInfo xmlns:ds="{DSIG}">{inside}'.encode(), "sha256")
    signature = signed(signer, inside)
    start, end = signature.index("<ds:SignatureValue>") + 19, signature.index("</ds:SignatureValue>")
    forged = signature[:start] + b64encode(value).decode() + signature[end:]
    assert fault(document(GOOD, forged)) is SignatureFault.SIGNATURE_IS_INVALID


# --- broken forms -------------------------------------------------------------------------------------------------


def test_no_signature_at_all() -> None:
    assert fault(document(GOOD, "")) is SignatureFault.NO_SIGNATURE_FOUND


def test_something_else_is_no_signature() -> None:
    root = document(GOOD, '<ds:Other xmlns:ds="urn:x"/>')
    with pytest.raises(SignatureInvalid) as caught:
        xmldsig.verify(root[0][1][0], target=root[0][0], suites=frozenset(Suite))
    assert caught.value.reason is SignatureFault.NO_SIGNATURE_FOUND


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("SignedInfo", ""),
        ("SignatureValue", ""),
        ("SignatureValue", "<ds:SignatureValue>Ivanova!</ds:SignatureValue>"),
        ("SignatureValue", "<ds:SignatureValue>ё</ds:SignatureValue>"),
        ("SignatureValue", "<ds:SignatureValue>AA<!-- c -->AA</ds:SignatureValue>"),
        ("Reference", ""),
        ("Transforms", ""),
        ("DigestMethod", ""),
        ("DigestValue", ""),
        ("DigestValue", "<ds:DigestValue>Ivanova!</ds:DigestValue>"),
        ("SignatureMethod", ""),
        ("SignatureMethod", METHOD * 2),
        ("CanonicalizationMethod", ""),
        ("CanonicalizationMethod", C14N * 2),
    ],
)
def test_a_part_missing_or_broken_is_named(honest: str, part: str, instead: str) -> None:
    start, end = honest.index(f"<ds:{part}"), honest.index(f"</ds:{part}>") + len(f"</ds:{part}>")
    with pytest.raises(SignatureInvalid) as caught:
        verify(document(GOOD, honest[:start] + instead + honest[end:]))
    assert caught.value.reason is SignatureFault.POOR_SOAP_ENVELOPE_FORMAT
    assert part in caught.value.detail
    assert "Ivanova" not in str(caught.value)


def test_doubled_parts_are_refused(honest: str) -> None:
    for part in ("SignedInfo", "SignatureValue"):
        start, end = honest.index(f"<ds:{part}"), honest.index(f"</ds:{part}>") + len(f"</ds:{part}>")
        doubled = honest[:end] + honest[start:end] + honest[end:]
        assert fault(document(GOOD, doubled)) is SignatureFault.POOR_SOAP_ENVELOPE_FORMAT


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_certificate_is_expected(signer: KeySigner, count: int) -> None:
    signature = signed(signer, C14N + METHOD + reference(), certificates=count)
    assert fault(document(GOOD, signature)) is SignatureFault.CERTIFICATE_IS_NOT_FOUND


@pytest.mark.parametrize("der", [b"", b"Ivanova", b"\x30\x80" * 100, b"\x30" * 40_000])
def test_bytes_that_are_no_certificate_are_refused(signer: KeySigner, honest: str, der: bytes) -> None:
    changed = honest.replace(b64encode(signer.certificate).decode(), b64encode(der).decode())
    assert fault(document(GOOD, changed)) is SignatureFault.CERTIFICATE_IS_NOT_FOUND


@pytest.mark.parametrize(
    "data",
    ['<Data xmlns="" Id="D"/>', '<t:Data Id="D" xml:lang="ru"/>', '<t:Data Id="D"><x xmlns="relative"/></t:Data>'],
)
def test_a_target_without_normal_form_does_not_hold(honest: str, data: str) -> None:
    assert fault(document(data, honest)) is SignatureFault.SIGNATURE_IS_INVALID


def test_a_hundred_thousand_ids_take_no_time(honest: str) -> None:
    root = document(GOOD, honest, more='<t:Other Id="E"/>' * 100_000)
    started = time.perf_counter()
    assert verify(root).canonical == NORMAL
    assert time.perf_counter() - started < 1
