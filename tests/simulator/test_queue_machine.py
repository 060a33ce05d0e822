"""The queues against a model so simple that it can be read: one list of messages, looked through from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from socert.contracts.smev.status import MessageCategory
from socert.simulator.clock import ClockMode, SimulatorClock
from socert.simulator.smev.queues import Kind, Queued, Queues
from socert.simulator.smev.statuses import Statuses
from socert.simulator.smev.verdicts import Verdicts
from socert.simulator.state import State

if TYPE_CHECKING:
    from datetime import datetime

TIMEOUT = timedelta(minutes=15)
# Most messages meet in one queue: what is told apart there is where the rules are.
RECIPIENTS, TYPES = st.sampled_from("AAAB"), st.sampled_from("xy")
NODES = st.sampled_from([None, None, "one"])
KINDS = st.sampled_from([Kind.REQUEST, Kind.REQUEST, Kind.RESPONSE])
SPANS = st.sampled_from([1, 5, 10, 15, 15, 15, 40]).map(lambda minutes: timedelta(minutes=minutes))


@dataclass(kw_only=True)
class Message:
    """A message of the model. `until`: when it comes back if it is not acknowledged, None before it was given out."""

    number: int
    recipient: str
    kind: Kind
    node: str
    type: str
    important: bool
    end: datetime | None
    until: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether it may be given out."""
        return self.until is None or self.until <= now


class QueueMachine(RuleBasedStateMachine):
    """Puts, takes, acknowledges and lets time pass, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SimulatorClock(ClockMode.MANUAL)
        self.state = State()
        self.queues = Queues(self.state, self.clock, TIMEOUT)
        self.statuses = Statuses(self.state, self.clock)
        self.verdicts = Verdicts(state=self.state, queues=self.queues, statuses=self.statuses, clock=self.clock)
        self.model: list[Message] = []
        self.expired = 0
        self.number = 0

    def teardown(self) -> None:
        """Close the database."""
        self.state.close()

    @rule(
        recipient=RECIPIENTS,
        kind=KINDS,
        node=NODES,
        message_type=TYPES,
        important=st.booleans(),
        lives=st.none() | SPANS,
    )
    def put(
        self,
        recipient: str,
        kind: Kind,
        node: str | None,
        message_type: str,
        important: bool,
        lives: timedelta | None,
    ) -> None:
        """Queue a message; responses know neither priority nor an end."""
        self.number += 1
        request = kind is Kind.REQUEST
        end = self.clock() + lives if request and lives is not None else None
        self.queues.put(
            Queued(
                recipient=recipient,
                kind=kind,
                category=MessageCategory(kind.upper()),
                message_type=message_type,
                message_id=str(self.number),
                sender="S",
                sent_at=self.clock(),
                node_id=node,
                end_of_life=end,
                priority=request and important,
            )
        )
        self.model.append(
            Message(
                number=self.number,
                recipient=recipient,
                kind=kind,
                node="" if request else node or "",
                type=message_type,
                important=request and important,
                end=end,
            )
        )

    @rule(recipient=RECIPIENTS, kind=KINDS, node=NODES, message_type=st.none() | TYPES)
    def take(self, recipient: str, kind: Kind, node: str | None, message_type: str | None) -> None:
        """Give out the first: important ones before others, then what came back, then what came first."""
        self.sweep()
        wanted = "" if kind is Kind.REQUEST else node or ""
        found = [
            one
            for one in self.model
            if (one.recipient, one.kind, one.node) == (recipient, kind, wanted)
            and message_type in (None, one.type)
            and one.waits(self.clock())
        ]
        first = min(found, key=lambda one: (not one.important, one.until is None, one.number), default=None)

        taken = self.queues.take(recipient, kind, message_type, node)

        assert (None if taken is None else taken.message_id) == (None if first is None else str(first.number))
        if first is not None:
            first.until = self.clock() + TIMEOUT

    @rule(recipient=RECIPIENTS, data=st.data())
    def acknowledge(self, recipient: str, data: st.DataObject) -> None:
        """Remove what the recipient holds; nothing else can be removed."""
        known = [one.number for one in self.model if one.until is not None]
        number = data.draw(st.sampled_from(known) if known else st.integers(1, 9))
        held = [
            one
            for one in self.model
            if (one.number, one.recipient) == (number, recipient) and not one.waits(self.clock())
        ]

        assert self.queues.acknowledge(recipient, str(number)) is bool(held)
        self.model = [one for one in self.model if one not in held]

    @rule(span=SPANS)
    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(span)

    @rule()
    def sweep(self) -> None:
        """Let go of what has ended while it waited; its sender is told in both of its queues."""
        now = self.clock()
        ended = [one for one in self.model if one.end is not None and one.end <= now and one.waits(now)]
        assert self.verdicts.sweep() == ["S" for _ in ended]
        self.model = [one for one in self.model if one not in ended]
        self.expired += len(ended)

    @invariant()
    def counts_agree(self) -> None:
        """Every count is that of the model."""
        now = self.clock()
        for recipient in "AB":
            own = [one for one in self.model if one.recipient == recipient]
            waiting = {(one.kind, one.node_id): one.messages for one in self.queues.waiting(recipient)}
            for (kind, node), messages in waiting.items():
                assert messages == sum(one.waits(now) for one in own if (one.kind, one.node) == (kind, node))
            for kind in Kind:
                held = sum(one.kind is kind for one in own)
                assert self.queues.holds(recipient, kind, held + 1) is False
                assert held == 0 or self.queues.holds(recipient, kind, held)
            returns = [one.until for one in own if not one.waits(now) and one.node == "" and one.until is not None]
            assert self.queues.next_return(recipient, now) == min(returns, default=None)
        told = sum(one.messages for one in self.queues.waiting("S"))
        assert told == self.expired == self.statuses.waiting("S")


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
