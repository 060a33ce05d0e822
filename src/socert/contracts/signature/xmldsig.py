"""XMLDSig as the exchange uses it: detached, one reference, exclusive c14n and then the exchange's transform.

Source: SMEV 3 manual 3.3, section on signatures (tables 4, 6, 7), and XMLDSig core. Everything outside that profile is
refused rather than understood. Who the certificate belongs to and whether it is trusted is the caller's question.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from socert.contracts.errors import SignatureFault, SignatureInvalid, TransformError
from socert.contracts.signature import transform
from socert.contracts.signature.certificates import load_certificate

if TYPE_CHECKING:
    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite

NAMESPACE: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

_DS: Final = f"{{{NAMESPACE}}}"
_MAX_CERTIFICATE_BYTES: Final = 32_768  # real ones are about 2 KB; loaded certificates are cached
_NCNAME: Final = re.compile(r"[^\W\d][\w.\-]*")
_SAME_ID: Final = etree.XPath(
    # Values are compared first: hardly any is the one, and to compare names of all takes twice as long.
    "count(//@*[. = $id][local-name()='Id' or local-name()='ID' or local-name()='id'])",
    smart_strings=False,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A signature that holds: the signer's certificate (DER), the suite, and the exact bytes that were signed."""

    certificate: bytes
    suite: Suite
    canonical: bytes


def sign(canonical: bytes, *, reference: str, signer: Signer) -> str:
    """Return a `ds:Signature` element, without whitespace, over bytes in normal form (`transform.normalize`).

    `reference` is the Id of the element that the bytes are of, without `#`; `ValueError` when it cannot be an Id.
    """
    if not _NCNAME.fullmatch(reference):
        raise ValueError(f"{reference!r} cannot be an Id: give the value of the Id attribute, without '#'.")
    suite = signer.suite
    inside = (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{suite.signature_uri}"></ds:SignatureMethod>'
        f'<ds:Reference URI="#{reference}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{EXCLUSIVE_C14N}"></ds:Transform>'
        f'<ds:Transform Algorithm="{transform.URI}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{suite.digest_uri}"></ds:DigestMethod>'
        f"<ds:DigestValue>{b64encode(suite.digest(canonical)).decode()}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    # Alone, SignedInfo declares the prefix itself; inside Signature it inherits it. Both are the same canonical form.
    value = signer.sign(f'<ds:SignedInfo xmlns:ds="{NAMESPACE}">{inside}'.encode())
    return (
        f'<ds:Signature xmlns:ds="{NAMESPACE}"><ds:SignedInfo>{inside}'
        f"<ds:SignatureValue>{b64encode(value).decode()}</ds:SignatureValue>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{b64encode(signer.certificate).decode()}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a signature of the profile claims: nothing of it is proven yet.

    `certificate` is DER; `digest` and `value` are the bytes of DigestValue and SignatureValue.
    """

    suite: Suite
    certificate: bytes
    signed_info: etree._Element
    digest: bytes
    value: bytes

    def digest_holds(self, canonical: bytes) -> bool:
        """Return whether the digest is that of these bytes."""
        return hmac.compare_digest(self.suite.digest(canonical), self.digest)

    def value_holds(self, signed_info: bytes) -> bool:
        """Return whether the value was made over these bytes with the certificate's key."""
        return self.suite.verify(self.certificate, signed_info, self.value)


def verify(signature: etree._Element | None, *, target: etree._Element, suites: frozenset[Suite]) -> Verified:
    """Return what was signed by whom, when `signature` is a signature over exactly `target`, in one of the `suites`.

    Both elements must be of one document, as received: nothing is repaired. `SignatureInvalid` otherwise; its reason
    is the exchange's word for it (None is a signature that was not found). The certificate is only read: trust and
    dates are the caller's. `SuiteUnavailable` when this machine cannot tell.
    """
    claim = read(signature, target=target, suites=suites)
    try:
        canonical = transform.normalize(target)
        signed_info = transform.canonicalize(claim.signed_info)
    except TransformError as error:
        raise SignatureInvalid(SignatureFault.SIGNATURE_IS_INVALID, "the signed XML has no normal form") from error
    if not claim.digest_holds(canonical):
        raise SignatureInvalid(SignatureFault.SIGNATURE_IS_INVALID, "the content is not what was signed (digest)")
    if not claim.value_holds(signed_info):
        raise SignatureInvalid(SignatureFault.SIGNATURE_IS_INVALID, "the value was not made with the certificate's key")
    return Verified(certificate=claim.certificate, suite=claim.suite, canonical=canonical)


def read(signature: etree._Element | None, *, target: etree._Element, suites: frozenset[Suite]) -> Claim:
    """Return what a signature claims, when its form is the profile's and its one reference is to exactly `target`.

    `SignatureInvalid` otherwise. Nothing is computed here: `verify` does, and is what everyone but a diagnosis calls.
    """
    if signature is None:
        raise SignatureInvalid(SignatureFault.NO_SIGNATURE_FOUND, "there is no ds:Signature where it must be")
    if signature.tag != f"{_DS}Signature":
        raise SignatureInvalid(SignatureFault.NO_SIGNATURE_FOUND, "the element is not a ds:Signature")
    signed_info = _only(signature, "SignedInfo")
    reference = _only(signed_info, "Reference")
    suite = _suite(signed_info, reference, suites)
    _check_profile(signed_info, reference)
    _check_target(signature, reference, target)
    _check_text(target)
    return Claim(
        suite=suite,
        certificate=_certificate(signature),
        signed_info=signed_info,
        digest=_base64(_only(reference, "DigestValue")),
        value=_base64(_only(signature, "SignatureValue")),
    )


def _only(parent: etree._Element, name: str) -> etree._Element:
    """Return the one child of that name in the signature namespace."""
    found = parent.findall(f"{_DS}{name}")
    if len(found) != 1:
        raise SignatureInvalid(
            SignatureFault.POOR_SOAP_ENVELOPE_FORMAT,
            f"{etree.QName(parent).localname} has {len(found)} elements {name}; exactly one is expected",
        )
    return found[0]


def _suite(signed_info: etree._Element, reference: etree._Element, suites: frozenset[Suite]) -> Suite:
    """Return the accepted suite that the signature names by both of its URIs."""
    named = (_only(signed_info, "SignatureMethod").get("Algorithm"), _only(reference, "DigestMethod").get("Algorithm"))
    for suite in suites:
        if named == (suite.signature_uri, suite.digest_uri):
            return suite
    raise SignatureInvalid(SignatureFault.SIGNATURE_IS_INVALID, "its algorithms are not among those accepted")


def _check_profile(signed_info: etree._Element, reference: etree._Element) -> None:
    """Refuse canonicalization and transforms other than the profile's, and parameters of any method."""
    methods = [_only(signed_info, "CanonicalizationMethod"), *_only(reference, "Transforms").iterchildren("*")]
    plain = [*methods, _only(signed_info, "SignatureMethod"), _only(reference, "DigestMethod")]
    named = [(method.tag, method.get("Algorithm")) for method in methods]
    expected = [
        (f"{_DS}CanonicalizationMethod", EXCLUSIVE_C14N),
        (f"{_DS}Transform", EXCLUSIVE_C14N),
        (f"{_DS}Transform", transform.URI),
    ]
    if named != expected or any(map(len, plain)):
        raise SignatureInvalid(
            SignatureFault.SIGNATURE_IS_INVALID,
            f"its canonicalization must be {EXCLUSIVE_C14N} and its transforms that and {transform.URI}, and neither"
            " these nor its algorithms may have parameters",
        )


def _check_target(signature: etree._Element, reference: etree._Element, target: etree._Element) -> None:
    """Refuse a reference to anything but `target`, and a target that shares its Id with anything."""
    identifier = target.get("Id")
    if not identifier:
        raise SignatureInvalid(SignatureFault.INCORRECT_SIGNATURE_TARGET, "the element to be signed has no Id")
    if reference.get("URI") != f"#{identifier}":
        raise SignatureInvalid(
            SignatureFault.INCORRECT_SIGNATURE_TARGET, "its reference is not to the element that must be signed"
        )
    if target.getroottree().getroot() is not signature.getroottree().getroot():
        raise SignatureInvalid(
            SignatureFault.INCORRECT_SIGNATURE_TARGET, "the signature and its target are not in one document"
        )
    if _SAME_ID(target, id=identifier) != 1:
        raise SignatureInvalid(
            SignatureFault.INCORRECT_SIGNATURE_TARGET, "the Id of the signed element is not unique in the document"
        )


def _check_text(target: etree._Element) -> None:
    """Refuse processing instructions in what was signed.

    The transform drops them, and blank text between two of them: anybody could put spaces into a signed text with them
    and the signature would still hold. SOAP 1.1 (3) allows none in a message.
    """
    if next(target.iter(etree.ProcessingInstruction), None) is not None:
        raise SignatureInvalid(
            SignatureFault.POOR_SOAP_ENVELOPE_FORMAT, "the signed element holds a processing instruction"
        )


def _certificate(signature: etree._Element) -> bytes:
    """Return the DER bytes of the one certificate in KeyInfo."""
    found = signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if len(found) != 1:
        raise SignatureInvalid(
            SignatureFault.CERTIFICATE_IS_NOT_FOUND, f"KeyInfo has {len(found)} certificates; exactly one is expected"
        )
    der = _base64(found[0])
    if len(der) > _MAX_CERTIFICATE_BYTES:
        raise SignatureInvalid(SignatureFault.CERTIFICATE_IS_NOT_FOUND, f"the certificate is {len(der)} bytes long")
    load_certificate(der)
    return der


def _base64(element: etree._Element) -> bytes:
    """Return the bytes of an element that holds base64 and nothing else; line breaks are allowed."""
    try:
        if len(element):
            raise ValueError
        return b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureInvalid(
            SignatureFault.POOR_SOAP_ENVELOPE_FORMAT, f"{etree.QName(element).localname} is not base64"
        ) from None
