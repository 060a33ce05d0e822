"""For each requirement on a session: a session that keeps it, and one that breaks it by as little as can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.conformance import samples as s

from socert.contracts.smev.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from socert.conformance.message import Message
    from socert.conformance.session import Session


def refused(kind: FaultKind) -> Message:
    return s.heard(s.fault(kind), status=500)


def at(message: Message, minutes: int) -> Message:
    return replace(message, moment=s.NOW + timedelta(minutes=minutes))


def acknowledged(minutes: int) -> Session:
    return s.session(
        (at(s.said(s.poll()), 0), at(s.heard(s.delivered_answer()), 0)),
        (at(s.said(s.ack()), minutes), at(s.heard(s.acked()), minutes)),
    )


def answered(to: str) -> Session:
    return s.session((s.poll_requests(), s.delivered_request()), (s.answer(to=to), None))


PAIRS: Mapping[str, tuple[Callable[[], Session], Callable[[], Session]]] = {
    "SMEV-SES-001": (
        lambda: s.session((s.poll(), s.delivered_answer()), (s.ack(), s.acked())),
        lambda: s.session((s.poll(), s.delivered_answer()), (s.poll(), s.empty())),
    ),
    "SMEV-SES-002": (
        lambda: s.session((s.poll(), s.verdict()), (s.ack(), s.acked())),
        lambda: s.session((s.poll(), s.verdict()), (s.poll(), s.empty())),
    ),
    "SMEV-SES-003": (
        lambda: s.session((s.poll(), s.delivered_answer()), (s.ack(), s.acked())),
        lambda: s.session((s.poll(), s.delivered_answer()), (s.ack(s.ID), s.acked())),
    ),
    "SMEV-SES-004": (lambda: acknowledged(14), lambda: acknowledged(16)),
    "SMEV-SES-005": (
        lambda: s.session((again := s.send(), None), (again, s.taken())),
        lambda: s.session((s.send(), None), (s.send(content=b'<n:Note xmlns:n="urn:example:note"/>'), s.taken())),
    ),
    "SMEV-SES-006": (lambda: answered(s.REPLY_TO), lambda: answered(s.REPLY_TO + "\n")),
    "SMEV-SES-007": (
        lambda: s.session((again := s.send(), refused(FaultKind.SMEV_FAILURE)), (again, s.taken())),
        lambda: s.session((s.send(), refused(FaultKind.SMEV_FAILURE)), (s.send(s.OTHER_ID), s.taken())),
    ),
    "SMEV-SES-008": (
        lambda: s.session((s.send(), refused(FaultKind.MESSAGE_IS_ALREADY_SENT)), (s.poll(), s.empty())),
        lambda: s.session((s.send(), refused(FaultKind.MESSAGE_IS_ALREADY_SENT)), (s.send(s.OTHER_ID), s.taken())),
    ),
    "SMEV-SES-009": (
        lambda: s.session((s.send(), refused(FaultKind.STALE_MESSAGE_ID)), (s.send(s.OTHER_ID), s.taken())),
        lambda: s.session((again := s.send(), refused(FaultKind.STALE_MESSAGE_ID)), (again, s.taken())),
    ),
    "SMEV-SES-010": (
        lambda: s.session((s.poll(), s.empty())),
        lambda: s.session((s.poll(), s.acked())),
    ),
    "SMEV-SES-011": (
        lambda: s.session((s.send(), refused(FaultKind.STALE_MESSAGE_ID))),
        lambda: s.session((s.poll(), refused(FaultKind.STALE_MESSAGE_ID))),
    ),
    "SMEV-SES-012": (
        lambda: s.session((s.send(), s.taken())),
        lambda: s.session((s.send(), s.taken(s.OTHER_ID))),
    ),
    "SMEV-SES-013": (
        lambda: s.session(
            (s.poll(), s.delivered_answer()), (s.poll(), s.delivered_answer(s.THIRD_ID)), (s.ack(), s.acked())
        ),
        lambda: s.session((s.poll(), s.delivered_answer()), (s.ack(), s.acked()), (s.poll(), s.delivered_answer())),
    ),
    "SMEV-SES-014": (
        lambda: s.session((s.send(node_id="one"), s.taken()), (s.poll(node_id="one"), s.delivered_answer())),
        lambda: s.session((s.send(node_id="one"), s.taken()), (s.poll(), s.delivered_answer())),
    ),
    "SMEV-SES-015": (
        lambda: s.session((s.poll_requests(selector=s.NOTE), s.delivered_request())),
        lambda: s.session((s.poll_requests(selector=replace(s.NOTE, root="Letter")), s.delivered_request())),
    ),
}
