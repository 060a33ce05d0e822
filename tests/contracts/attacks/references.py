"""References to something else, and transforms and methods that nobody asked for.

All are signed anew by the true signer, so that it is the form that is refused and not the value.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from tests.contracts.attacks.signing import DSIG, EXCLUSIVE
from tests.contracts.attacks.table import Harmless, attack

from socert.contracts.errors import SignatureFault
from socert.contracts.signature.transform import normalize
from socert.contracts.smev.call import open_call
from socert.contracts.smev.reply import open_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contracts.attacks.signing import Message

TARGET = SignatureFault.INCORRECT_SIGNATURE_TARGET
INVALID = SignatureFault.SIGNATURE_IS_INVALID
POOR = SignatureFault.POOR_SOAP_ENVELOPE_FORMAT
C14N = f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>'
SMEV = '<ds:Transform Algorithm="urn://smev-gov-ru/xmldsig/transform"></ds:Transform>'
BOTH = C14N + SMEV
METHOD = f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
PREFIXES = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="#default ns1 typ"></ec:InclusiveNamespaces>'


def reference_of(message: Message) -> bytes:
    signature = message.signature
    return signature[signature.index(b"<ds:Reference") : signature.index(b"</ds:Reference>") + 15]


def uri(message: Message, written: str) -> Message:
    return message.edited(b' URI="#%b"' % message.identifier, written)


def enter(outcome: SignatureFault, name: str, old: Callable[[Message], str], written: str) -> None:
    """Enter an attack that puts something else into SignedInfo."""

    def change(message: Message) -> Message:
        return message.edited(old(message), written)

    change.__name__ = name
    attack(outcome)(change)


# --- references -------------------------------------------------------------------------------------------------------

for _name, _written in {
    "uri_left_out": "",
    "uri_empty": ' URI=""',
    "uri_of_the_document": ' URI="#"',
    "uri_remote": ' URI="http://127.0.0.1:9/evil.xml"',
    "uri_of_a_file": ' URI="file:///etc/passwd"',
    "uri_of_a_part": ' URI="cid:evil"',
    "uri_xpointer_root": ' URI="#xpointer(/)"',
    "uri_of_another_element": ' URI="#SENDER"',
}.items():
    enter(TARGET, _name, lambda message: f' URI="#{message.identifier.decode()}"', _written)


@attack(TARGET)
def uri_xpointer_id(message: Message) -> Message:
    return uri(message, f" URI=\"#xpointer(id('{message.identifier.decode()}'))\"")


@attack(TARGET)
def uri_without_the_hash(message: Message) -> Message:
    return uri(message, f' URI="{message.identifier.decode()}"')


@attack(TARGET)
def uri_percent_encoded(message: Message) -> Message:
    return uri(message, f' URI="#%53{message.identifier.decode()[1:]}"')


@attack(TARGET)
def reference_to_the_signature_itself(message: Message) -> Message:
    changed = message.swap_last(b"<ds:Signature ", b'<ds:Signature Id="SIG" ')
    return uri(changed, ' URI="#SIG"')


@attack(TARGET)
def reference_to_the_key(message: Message) -> Message:
    changed = message.swap_last(b"<ds:KeyInfo>", b'<ds:KeyInfo Id="KEY">')
    return uri(changed, ' URI="#KEY"')


@attack(POOR)
def two_references(message: Message) -> Message:
    return message.edited(b"</ds:Reference>", b"</ds:Reference>" + reference_of(message))


@attack(POOR)
def two_references_the_second_to_something_else(message: Message) -> Message:
    other = reference_of(message).replace(message.identifier, b"EVIL")
    return message.edited(b"</ds:Reference>", b"</ds:Reference>" + other)


@attack(POOR)
def no_reference(message: Message) -> Message:
    return message.edited(reference_of(message), b"")


@attack(POOR)
def reference_in_a_manifest(message: Message) -> Message:
    """The true reference stands in a manifest, whose digests nobody must check."""
    true = reference_of(message)
    held = b'<ds:Object><ds:Manifest Id="M">' + true + b"</ds:Manifest></ds:Object></ds:Signature>"
    return message.edited(true, b"").swap_last(b"</ds:Signature>", held)


# --- transforms -------------------------------------------------------------------------------------------------------


def _transform(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


XSLT = (
    '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/">'
    "<xsl:value-of select=\"document('file:///etc/passwd')\"></xsl:value-of></xsl:template></xsl:stylesheet>"
)
FILTER = '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//*</f:XPath>'
TRANSFORMS = {
    "xslt": BOTH + _transform("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT),
    "xslt_first": _transform("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT) + BOTH,
    "xpath": _transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>not(//Sum)</ds:XPath>") + BOTH,
    "xpath_filter_2": _transform("http://www.w3.org/2002/06/xmldsig-filter2", FILTER) + BOTH,
    "enveloped_signature": _transform(f"{DSIG}enveloped-signature") + BOTH,
    "base64": _transform(f"{DSIG}base64") + BOTH,
    "decryption": _transform("http://www.w3.org/2002/07/decrypt#XML") + BOTH,
    "inclusive_namespaces": _transform(EXCLUSIVE, PREFIXES) + SMEV,
    "parameter_of_the_exchange's": C14N + _transform("urn://smev-gov-ru/xmldsig/transform", "<ds:XPath>1</ds:XPath>"),
    "in_the_other_order": SMEV + C14N,
    "one_alone_c14n": C14N,
    "one_alone_exchange's": SMEV,
    "none": "",
    "twice": BOTH + BOTH,
    "inclusive_c14n": _transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315") + SMEV,
    "with_comments": _transform(f"{EXCLUSIVE}WithComments") + SMEV,
    "unknown": _transform("urn:evil") + BOTH,
    "without_a_name": "<ds:Transform></ds:Transform>" + BOTH,
    "in_another_namespace": BOTH + f'<e:Transform xmlns:e="urn:evil" Algorithm="{EXCLUSIVE}"></e:Transform>',
}
for _name, _written in TRANSFORMS.items():
    enter(INVALID, f"transform_{_name}", lambda _: BOTH, _written)

for _name, _written in {
    "inclusive": METHOD.replace(EXCLUSIVE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
    "with_comments": METHOD.replace(EXCLUSIVE, f"{EXCLUSIVE}WithComments"),
    "with_prefixes": METHOD.replace("></", f">{PREFIXES}</"),
    "unknown": METHOD.replace(EXCLUSIVE, "urn:evil"),
}.items():
    enter(INVALID, f"canonicalization_{_name}", lambda _: METHOD, _written)


@attack(POOR)
def canonicalization_left_out(message: Message) -> Message:
    return message.edited(METHOD, "")


@attack(POOR)
def two_lists_of_transforms(message: Message) -> Message:
    return message.edited("</ds:Transforms>", "</ds:Transforms><ds:Transforms></ds:Transforms>")


# --- algorithms -------------------------------------------------------------------------------------------------------

WORSE = {
    "rsa_sha1": f"{DSIG}rsa-sha1",
    "rsa_md5": "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    "ecdsa_sha1": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
    "dsa_sha1": f"{DSIG}dsa-sha1",
    "hmac_sha1": f"{DSIG}hmac-sha1",
    "hmac_sha256": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "hmac_gost": "urn:ietf:params:xml:ns:cpxmlsec:algorithms:hmac-gostr3411",
    "gost_2001": "http://www.w3.org/2001/04/xmldsig-more#gostr34102001-gostr3411",
    "none": "",
    "in_capitals": "HTTP://WWW.W3.ORG/2001/04/XMLDSIG-MORE#ECDSA-SHA256",
}
for _name, _written in WORSE.items():
    enter(INVALID, f"method_{_name}", lambda message: message.signer.suite.signature_uri, _written)


def digest_method(algorithm: str) -> str:
    return f'<ds:DigestMethod Algorithm="{algorithm}"'


for _name, _written in {
    "sha1": f"{DSIG}sha1",
    "md5": "http://www.w3.org/2001/04/xmldsig-more#md5",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
    "gost_94": "http://www.w3.org/2001/04/xmldsig-more#gostr3411",
    "none": "",
}.items():
    enter(
        INVALID,
        f"digest_method_{_name}",
        lambda message: digest_method(message.signer.suite.digest_uri),
        digest_method(_written),
    )


@attack(INVALID)
def output_length_of_hmac(message: Message) -> Message:
    """CVE-2009-0217: how many bits of the value count is said by whoever sends it."""
    return message.edited("</ds:SignatureMethod>", "<ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>")


@attack(INVALID)
def parameter_of_the_digest(message: Message) -> Message:
    return message.edited("</ds:DigestMethod>", "<ds:Length>1</ds:Length></ds:DigestMethod>")


@attack(POOR)
def two_methods(message: Message) -> Message:
    return message.edited("</ds:SignatureMethod>", '</ds:SignatureMethod><ds:SignatureMethod Algorithm=""/>')


@attack(INVALID)
def digest_cut_short(message: Message) -> Message:
    signature = message.signature
    value = signature[signature.index(b"<ds:DigestValue>") + 16 : signature.index(b"</ds:DigestValue>")]
    return message.edited(value, value[:4])


@attack(INVALID)
def digest_empty(message: Message) -> Message:
    signature = message.signature
    value = signature[signature.index(b"<ds:DigestValue>") + 16 : signature.index(b"</ds:DigestValue>")]
    return message.edited(value, b"")


@attack(INVALID)
def digest_of_evil_content(message: Message) -> Message:
    """The digest fits the evil content, the value is still that of the true SignedInfo."""
    suite, signature = message.signer.suite, message.signature
    value = signature[signature.index(b"<ds:DigestValue>") + 16 : signature.index(b"</ds:DigestValue>")]
    evil = message.swap(message.block, message.evil)
    target = open_call(evil.data).signed if message.kind == "call" else open_reply(evil.data).signed
    assert target is not None
    return evil.swap_last(value, b64encode(suite.digest(normalize(target))))


@attack(Harmless.SAME)
def reference_with_a_type(message: Message) -> Message:
    """A Type says what there is at the place, and nobody asks."""
    return message.edited(b"<ds:Reference ", b'<ds:Reference Type="http://www.w3.org/2000/09/xmldsig#Manifest" ')
