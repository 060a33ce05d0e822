"""Whose key it is, and what a value is: other people's certificates, keys shown beside them, values bent."""

from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
import tempfile
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.contracts.attacks.signing import DSIG, make_signer
from tests.contracts.attacks.table import Harmless, attack

from socert.contracts.errors import SignatureFault
from socert.contracts.signature import certificate_fields, transform
from socert.contracts.signature.suites import Suite
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from tests.contracts.attacks.signing import Message

INVALID = SignatureFault.SIGNATURE_IS_INVALID
MISSING = SignatureFault.CERTIFICATE_IS_NOT_FOUND
POOR = SignatureFault.POOR_SOAP_ENVELOPE_FORMAT
P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def shown(message: Message, whose: str = "signer") -> bytes:
    """The element that shows a certificate."""
    der = b64encode(getattr(message, whose).certificate)
    return b"<ds:X509Certificate>" + der + b"</ds:X509Certificate>"


def certificate_becomes(message: Message, written: bytes) -> Message:
    return message.swap_last(shown(message), written)


def value_of(message: Message) -> bytes:
    found = re.search(rb"<ds:SignatureValue>([^<]*)", message.signature)
    assert found is not None
    return b64decode(found[1])


def value_becomes(message: Message, value: bytes) -> Message:
    return message.swap_last(b64encode(value_of(message)), b64encode(value))


def signed_info(message: Message) -> bytes:
    found = parse(message.signature).find(f"{{{DSIG}}}SignedInfo")
    assert found is not None
    return transform.canonicalize(found)


# --- keys in KeyInfo --------------------------------------------------------------------------------------------------


@attack(Harmless.STRANGER)
def strangers_key_and_certificate(message: Message) -> Message:
    changed = certificate_becomes(message, shown(message, "stranger"))
    return changed.signed_anew(changed.signature, message.stranger)


@attack(INVALID)
def strangers_key_true_certificate(message: Message) -> Message:
    return message.signed_anew(message.signature, message.stranger)


@attack(INVALID)
def certificate_of_another_participant(message: Message) -> Message:
    return certificate_becomes(message, shown(message, "stranger"))


@attack(MISSING)
def two_certificates_the_true_one_first(message: Message) -> Message:
    changed = certificate_becomes(message, shown(message) + shown(message, "stranger"))
    return changed.signed_anew(changed.signature, message.stranger)


@attack(MISSING)
def two_certificates_the_true_one_last(message: Message) -> Message:
    changed = certificate_becomes(message, shown(message, "stranger") + shown(message))
    return changed.signed_anew(changed.signature, message.stranger)


@attack(MISSING)
def two_blocks_of_certificates(message: Message) -> Message:
    both = shown(message) + b"</ds:X509Data><ds:X509Data>" + shown(message, "stranger")
    return certificate_becomes(message, both)


@attack(MISSING)
def two_key_infos(message: Message) -> Message:
    other = b"</ds:KeyInfo><ds:KeyInfo><ds:X509Data>" + shown(message, "stranger") + b"</ds:X509Data></ds:KeyInfo>"
    return message.swap_last(b"</ds:KeyInfo>", other)


KEY_VALUE = (
    b"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>Aw==</ds:Exponent></ds:RSAKeyValue>"
    b"</ds:KeyValue>"
)
RETRIEVAL = (
    b'<ds:RetrievalMethod URI="http://127.0.0.1:9/key" Type="http://www.w3.org/2000/09/xmldsig#rawX509Certificate"/>'
)


@attack(INVALID)
def key_value_beside_the_true_certificate(message: Message) -> Message:
    changed = message.swap_last(b"<ds:KeyInfo>", b"<ds:KeyInfo>" + KEY_VALUE)
    return changed.signed_anew(changed.signature, message.stranger)


@attack(MISSING)
def key_value_alone(message: Message) -> Message:
    return message.swap_last(b"<ds:X509Data>" + shown(message) + b"</ds:X509Data>", KEY_VALUE)


@attack(MISSING)
def retrieval_method_alone(message: Message) -> Message:
    return message.swap_last(b"<ds:X509Data>" + shown(message) + b"</ds:X509Data>", RETRIEVAL)


@attack(Harmless.SAME)
def retrieval_method_beside(message: Message) -> Message:
    """Nobody follows it."""
    return message.swap_last(b"<ds:KeyInfo>", b"<ds:KeyInfo>" + RETRIEVAL)


@attack(MISSING)
def key_name_alone(message: Message) -> Message:
    return message.swap_last(b"<ds:X509Data>" + shown(message) + b"</ds:X509Data>", b"<ds:KeyName>signer</ds:KeyName>")


@attack(MISSING)
def no_key_info(message: Message) -> Message:
    signature = message.signature
    held = signature[signature.index(b"<ds:KeyInfo>") : signature.index(b"</ds:KeyInfo>") + 13]
    return message.swap_last(held, b"")


@attack(MISSING)
def certificate_in_a_token_reference(message: Message) -> Message:
    """As WS-Security has it: the key stands in the header, where nobody looks."""
    held = b"<ds:X509Data>" + shown(message) + b"</ds:X509Data>"
    token = b'<w:BinarySecurityToken xmlns:w="urn:w" Id="T">' + b64encode(message.signer.certificate)
    changed = message.swap_last(held, b'<w:Reference xmlns:w="urn:w" URI="#T"></w:Reference>')
    return changed.swap(b"<soap:Header>", b"<soap:Header>" + token + b"</w:BinarySecurityToken>")


@attack(MISSING)
def certificate_that_is_none(message: Message) -> Message:
    return certificate_becomes(message, b"<ds:X509Certificate>MAA=</ds:X509Certificate>")


@attack(MISSING)
def certificate_cut_short(message: Message) -> Message:
    der = b64encode(message.signer.certificate[:-40])
    return certificate_becomes(message, b"<ds:X509Certificate>" + der + b"</ds:X509Certificate>")


@attack(MISSING)
def certificate_with_something_behind(message: Message) -> Message:
    """Its bytes, and so its fingerprint, would be others while it is the same certificate."""
    der = b64encode(message.signer.certificate + b"\0")
    return certificate_becomes(message, b"<ds:X509Certificate>" + der + b"</ds:X509Certificate>")


@attack(MISSING)
def certificate_of_forty_thousand_bytes(message: Message) -> Message:
    der = b64encode(b"\x30" * 40_000)
    return certificate_becomes(message, b"<ds:X509Certificate>" + der + b"</ds:X509Certificate>")


@attack(POOR)
def certificate_split_by_a_comment(message: Message) -> Message:
    der = b64encode(message.signer.certificate)
    return message.swap_last(der, der[:100] + b"<!-- -->" + der[100:])


@attack(INVALID)
def curve_of_the_attackers_own(message: Message) -> Message:
    """A certificate tells its curve by numbers, and where its points begin is the key itself (CVE-2020-0601).

    To that curve the secret key is one, so that anybody can sign.
    """
    with tempfile.TemporaryDirectory() as folder:
        key, shown_as = Path(folder) / "key.pem", Path(folder) / "certificate.der"
        openssl("ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey", "-noout", "-out", key)
        openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=signer", "-outform", "DER", "-out", shown_as)
        point = openssl("ec", "-in", key, "-pubout", "-outform", "DER")[-65:]
        der = shown_as.read_bytes()
    begin = ec.derive_private_key(1, ec.SECP256R1()).public_key()
    base = begin.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    assert der.count(base) == 1
    shown_der = b64encode(der.replace(base, point))
    changed = certificate_becomes(message, b"<ds:X509Certificate>" + shown_der + b"</ds:X509Certificate>")
    once = ec.generate_private_key(ec.SECP256R1())
    r = int.from_bytes(once.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)))
    digest = int.from_bytes(hashlib.sha256(signed_info(changed)).digest())
    s = pow(once.private_numbers().private_value, -1, P256) * (digest + r) % P256
    return value_becomes(changed, r.to_bytes(32) + s.to_bytes(32))


@attack(Harmless.STRANGER)
def certificate_that_calls_itself_the_signers(message: Message) -> Message:
    """The same names in it, another key: who is meant is said by the whole certificate, and by nothing in it."""
    made = make_signer("signer", message.signer.suite)
    changed = certificate_becomes(replace(message, stranger=made), shown(replace(message, stranger=made), "stranger"))
    return changed.signed_anew(changed.signature, made)


def openssl(*arguments: str | Path) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


# --- values -----------------------------------------------------------------------------------------------------------


@attack(INVALID)
def hmac_with_the_certificate(message: Message) -> Message:
    """The classic: what everyone knows is taken for a secret."""
    changed = message.edited(message.signer.suite.signature_uri, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    return value_becomes(changed, hmac.digest(message.signer.certificate, signed_info(changed), "sha256"))


@attack(INVALID)
def hmac_with_the_public_key(message: Message) -> Message:
    changed = message.edited(message.signer.suite.signature_uri, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    key = certificate_fields.read(message.signer.certificate).spki
    return value_becomes(changed, hmac.digest(key, signed_info(changed), "sha256"))


@attack(INVALID)
def hmac_under_the_true_name(message: Message) -> Message:
    key = certificate_fields.read(message.signer.certificate).spki
    value = hmac.digest(key, signed_info(message), "sha256")
    return value_becomes(message, (value * (len(value_of(message)) // 32 + 1))[: len(value_of(message))])


@attack(INVALID)
def value_of_zeros(message: Message) -> Message:
    return value_becomes(message, bytes(len(value_of(message))))


@attack(INVALID)
def value_of_ones(message: Message) -> Message:
    """Both halves are far beyond the order of any group, and beyond any modulus."""
    return value_becomes(message, b"\xff" * len(value_of(message)))


@attack(INVALID)
def first_half_zero(message: Message) -> Message:
    value = value_of(message)
    return value_becomes(message, bytes(len(value) // 2) + value[len(value) // 2 :])


@attack(INVALID)
def second_half_zero(message: Message) -> Message:
    value = value_of(message)
    return value_becomes(message, value[: len(value) // 2] + bytes(len(value) // 2))


@attack(INVALID)
def halves_swapped(message: Message) -> Message:
    value = value_of(message)
    return value_becomes(message, value[len(value) // 2 :] + value[: len(value) // 2])


@attack(INVALID)
def value_reversed(message: Message) -> Message:
    return value_becomes(message, value_of(message)[::-1])


@attack(INVALID)
def value_empty(message: Message) -> Message:
    return message.swap_last(b64encode(value_of(message)), b"")


@attack(INVALID)
def value_cut_short(message: Message) -> Message:
    return value_becomes(message, value_of(message)[:-1])


@attack(INVALID)
def value_with_something_behind(message: Message) -> Message:
    return value_becomes(message, value_of(message) + b"\0")


@attack(INVALID)
def value_with_a_zero_before(message: Message) -> Message:
    return value_becomes(message, b"\0" + value_of(message))


@attack(INVALID)
def value_in_der(message: Message) -> Message:
    """What most libraries make by themselves is not what XMLDSig has."""
    key = ec.generate_private_key(ec.SECP256R1())
    value = key.sign(signed_info(message), ec.ECDSA(hashes.SHA256()))
    assert value[0] == 0x30
    return value_becomes(message, value)


@attack(INVALID)
def value_of_a_key_that_says_it_is_the_signers(message: Message) -> Message:
    """Fresh numbers of the right form and size, made with another key."""
    made = ec.generate_private_key(ec.SECP256R1()).sign(signed_info(message), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(made)
    value = (r.to_bytes(32, "big") + s.to_bytes(32, "big")) * (len(value_of(message)) // 64)
    return value_becomes(message, value)


@attack(POOR)
def value_twice(message: Message) -> Message:
    written = b"<ds:SignatureValue>" + b64encode(value_of(message)) + b"</ds:SignatureValue>"
    return message.swap_last(written, written * 2)


@attack(POOR)
def signed_info_twice(message: Message) -> Message:
    signature = message.signature
    held = signature[signature.index(b"<ds:SignedInfo>") : signature.index(b"</ds:SignedInfo>") + 16]
    return message.swap_last(held, held * 2)


@attack(INVALID)
def whitespace_in_signed_info(message: Message) -> Message:
    """The manual forbids it; a repair is for people who ask why, and never for who receives."""
    return message.swap_last(b"<ds:SignatureMethod", b"\n<ds:SignatureMethod")


@attack(Harmless.SAME)
def whitespace_in_the_value(message: Message) -> Message:
    value = b64encode(value_of(message))
    return message.swap_last(value, b"\n ".join(value[place : place + 76] for place in range(0, len(value), 76)))


@attack(POOR)
def garbage_in_the_value(message: Message) -> Message:
    value = b64encode(value_of(message))
    return message.swap_last(value, value[:10] + b"!*" + value[10:])


@attack(POOR)
def value_with_a_letter_less(message: Message) -> Message:
    return message.swap_last(b64encode(value_of(message)), b64encode(value_of(message))[:-1])


@attack(POOR)
def value_in_the_url_alphabet(message: Message) -> Message:
    return message.swap_last(b64encode(value_of(message)), b"_-" * 44)


@attack(Harmless.SAME)
def other_half_of_the_curve(message: Message) -> Message:
    """Whoever has (r, s) has (r, n - s): another value over the same content. Nothing may depend on the value."""
    if message.signer.suite is not Suite.ECDSA_P256:
        return message
    value = value_of(message)
    return value_becomes(message, value[:32] + (P256 - int.from_bytes(value[32:], "big")).to_bytes(32, "big"))


@attack(INVALID)
def numbers_beyond_the_order(message: Message) -> Message:
    """R + n is the same number to a careless verifier."""
    value = value_of(message)
    half = len(value) // 2
    beyond = (int.from_bytes(value[:half], "big") + P256) % (1 << 8 * half)
    return value_becomes(message, beyond.to_bytes(half, "big") + value[half:])
