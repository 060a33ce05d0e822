"""All requirements, in the order in which they are checked and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from socert.conformance import (
    rules_ack,
    rules_attachment,
    rules_data,
    rules_endpoint,
    rules_envelope,
    rules_fault,
    rules_http,
    rules_session,
    rules_signature,
)

if TYPE_CHECKING:
    from socert.conformance.message import Message
    from socert.conformance.probing import Probed
    from socert.conformance.requirement import Requirement, Rule
    from socert.conformance.session import Session

MESSAGE_RULES: Final[tuple[Rule[Message], ...]] = (
    *rules_http.RULES.all,
    *rules_envelope.RULES.all,
    *rules_data.RULES.all,
    *rules_signature.RULES.all,
    *rules_attachment.RULES.all,
    *rules_fault.RULES.all,
)

SESSION_RULES: Final[tuple[Rule[Session], ...]] = (*rules_ack.RULES.all, *rules_session.RULES.all)

ENDPOINT_RULES: Final[tuple[Rule[Probed], ...]] = tuple(rules_endpoint.RULES.all)

OF_THE_EXCHANGE: Final = frozenset({"SMEV-SES-010", "SMEV-SES-011", "SMEV-SES-012", "SMEV-SES-013"})
"""The requirements on a session that bind the exchange: the others bind whoever calls it."""


def requirements() -> tuple[Requirement, ...]:
    """Return every requirement, each of its own number."""
    return (
        *(rule.requirement for rule in MESSAGE_RULES),
        *(rule.requirement for rule in SESSION_RULES),
        *(rule.requirement for rule in ENDPOINT_RULES),
    )
