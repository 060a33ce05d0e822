"""Errors of values and messages that are well-formed and schema-valid, but still not usable.

ContractError
 +-- ValueRefused    a value breaks a rule that no schema can state, or a message lacks what its reader needs
"""

from __future__ import annotations

from typing import ClassVar

from socert.contracts.errors import ContractError


class ValueRefused(ContractError, ValueError):
    """A value cannot be read or written.

    `field` is where it stands (an element path such as `update/certificateCard/version`, or empty when unknown);
    `reason` says what is wrong and what is expected. Neither ever holds the value itself: it may be personal data.
    """

    code: ClassVar[str] = "value_refused"

    def __init__(self, reason: str, *, field: str = "") -> None:
        """Keep both parts apart, so that a reader further out may add the path."""
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field
