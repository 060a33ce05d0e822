"""What is wrong with a message beyond its schema."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One broken rule: where (an element path inside the thing checked) and what is expected; never personal data.

    `code` is a `reasons.ReasonCode` where the parent is to be told one, else empty.
    """

    field: str
    reason: str
    code: str = ""

    def __str__(self) -> str:
        """Return one line for a log or an answer."""
        return f"{self.field}: {self.reason}" if self.field else self.reason
