"""The signature of a person (PersonalSignature): over the root element of the business content, which needs an Id.

    signature = sign(content, signer)                            # send_request(content=content, personal_signature=…)
    verify(call.personal_signature, call.content, suites)        # of a Call or a Delivery

Source: SMEV 3 manual 3.3, section 3.2 and table 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize

if TYPE_CHECKING:
    from lxml import etree

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite
    from socert.contracts.signature.xmldsig import Verified


def sign(content: bytes, signer: Signer) -> bytes:
    """Return ds:Signature over a business document. Raises XmlRefused, and ValueError where its root has no Id."""
    root = xml.parse(content)
    return xmldsig.sign(normalize(root), reference=root.get("Id", ""), signer=signer).encode()


def verify(signature: etree._Element | None, content: etree._Element | None, suites: frozenset[Suite]) -> Verified:
    """Verify a person's signature over the content of a message. Raises SignatureInvalid."""
    if signature is None or content is None:
        raise SignatureInvalid(SignatureFault.NO_SIGNATURE_FOUND, "the message holds no signature in PersonalSignature")
    return xmldsig.verify(signature, target=content, suites=suites)
