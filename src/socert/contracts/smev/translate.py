"""A sender's block in another version's words: for a recipient who polls with another version than the sender's.

    sender_block(call.sender_data(), call.version, Version.V1_1)

The sender's signature is over the block as it was, so it cannot survive: leave it out of such a delivery
(SenderInformationSystemSignature is optional in every version), and the exchange's own is all that the recipient gets.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, cast

from lxml import etree

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev.envelope import children, fragment, short
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLOCKS = {"SenderProvidedRequestData", "SenderProvidedResponseData"}
_FOREIGN = {"MessagePrimaryContent", "PersonalSignature", "BusinessProcessMetadata"}
"""What is in these is not the exchange's: it is copied, in whatever namespace it is."""

_SINCE_1_3 = {"FileName", "NamespaceUri", "Archive"}
"""Fields of attachments' headers that earlier versions have no place for."""


def sender_block(data: bytes, version_from: Version, version_to: Version) -> bytes:
    """Return SenderProvidedRequestData or SenderProvidedResponseData of one version as one of another.

    What the other version has no field for is dropped; the business content, and a person's signature over it, stay as
    they are. Raises EnvelopeInvalid where the data is not such a block of `version_from`.
    """
    block = xml.parse(data)
    name = etree.QName(block)
    if name.namespace != version_from.types or name.localname not in _BLOCKS:
        raise EnvelopeInvalid(f"{short(block)} is no sender's block of version {version_from.value}")
    if version_from is version_to:
        return data
    spaces = {version_from.types: version_to.types, version_from.basic: version_to.basic}
    return fragment(_translated(block, spaces, frozenset() if version_to is Version.V1_3 else frozenset(_SINCE_1_3)))


def _translated(element: etree._Element, spaces: Mapping[str, str], dropped: frozenset[str]) -> etree._Element:
    """Return a copy of an element of the exchange under the other version's namespaces."""
    name = etree.QName(element)
    declared = {prefix: spaces.get(uri, uri) for prefix, uri in element.nsmap.items()}
    made = etree.Element(
        f"{{{spaces[name.namespace or '']}}}{name.localname}",
        nsmap=cast("dict[str, str]", declared),  # the stubs do not know of a default namespace
    )
    for attribute, value in element.items():
        made.set(attribute, value)
    made.text = element.text
    for part in children(element):
        inside = etree.QName(part)
        if name.localname in _FOREIGN or inside.namespace not in spaces:
            copy = deepcopy(part)
            copy.tail = None
            made.append(copy)
        elif inside.localname not in dropped:
            made.append(_translated(part, spaces, dropped))
    return made
