"""The versions of the exchange's contract, and what differs by version: namespaces and schemas.

    Version.V1_2.types      # urn://x-artefacts-smev-gov-ru/services/message-exchange/types/1.2
    schema(Version.V1_2)    # types and faults together: a message may carry xsi:type="faults:InvalidContent"

Source: SMEV 3 schemas 1.1, 1.2 and 1.3. A later version is one more member here and one more folder under `schemas/`.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from socert.contracts.xml import Schema

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PACKAGE = "socert.contracts.smev"
_BASE = "urn://x-artefacts-smev-gov-ru/services/message-exchange"


class Version(StrEnum):
    """A version of the exchange's contract; the value is as in its namespaces and addresses.

    Namespaces are kept once made: every element read or written asks for one.
    """

    V1_1 = "1.1"
    V1_2 = "1.2"
    V1_3 = "1.3"

    @cached_property
    def service(self) -> str:
        """Namespace of the WSDL."""
        return f"{_BASE}/{self.value}"

    @cached_property
    def types(self) -> str:
        """Namespace of the envelopes."""
        return f"{_BASE}/types/{self.value}"

    @cached_property
    def basic(self) -> str:
        """Namespace of the basic types: content, selector, Ack target, fault code."""
        return f"{_BASE}/types/basic/{self.value}"

    @cached_property
    def faults(self) -> str:
        """Namespace of the fault details."""
        return f"{_BASE}/types/faults/{self.value}"

    @cached_property
    def routing(self) -> str:
        """Namespace of the sender's choice of recipients; only version 1.3 has it."""
        return f"{_BASE}/types/routing/{self.value}"

    @cached_property
    def directive(self) -> str:
        """Namespace of registries, the messages of many records; only version 1.3 has it."""
        return f"{_BASE}/types/directive/{self.value}"


BY_TYPES: dict[str, Version] = {version.types: version for version in Version}
"""Which version an envelope is of, by the namespace of the element in the SOAP body."""


@lru_cache
def schema(version: Version) -> Schema:
    """Return the schema of one version: envelopes and faults in one, since either may stand inside the other."""
    folder = f"schemas/{version.value}"
    return Schema.load(PACKAGE, f"{folder}/types.xsd", f"{folder}/faults.xsd")


def files(version: Version) -> dict[str, bytes]:
    """Return the published files of one version by name: `service.wsdl` and the schemas that it imports.

    They name one another by bare file name, so that a server may give each out beside the others.
    """
    folder: Traversable = resources.files(PACKAGE) / "schemas" / version.value
    return {entry.name: entry.read_bytes() for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)}
