"""Push notifications: the exchange tells a participant's own service how many messages wait in its queues.

Each round asks who has registered a service and has anything waiting, and calls it once. Where the service cannot be
reached, what it would have heard goes to the participant's status queue.
Source: SMEV 3 manual 3.3, 9 and 2.6.1 (table 1, 4). Its example writes every element without a namespace, its schema
does not: what is sent is valid by the schema.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp

from socert.contracts import xml
from socert.contracts.errors import XmlRefused
from socert.contracts.smev.envelope import SOAP
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.status import AsyncStatus, InteractionStatus
from socert.contracts.xml import escape_text
from socert.host.log import get_logger
from socert.simulator.clock import Alarm
from socert.simulator.smev.queues import queue_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.statuses import Statuses

NAMESPACE = "urn://x-artefacts-smev-gov-ru/smev/1.0"
ACTION = "PushNotification"

#: How long a service may take, in real time.
_SECONDS = 10.0
_LARGEST_ANSWER = 64 * 1024
_REMEMBERED = 100
_DETAILS_LIMIT = 500
_HEARD = {f"{{{NAMESPACE}}}PushNotificationResponse", f"{{{NAMESPACE}}}PushNotificationException"}

log = get_logger("push")


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One notification: to whom, when, what of (sizes by queue), and why it did not arrive, empty where it did."""

    participant: str
    time: datetime
    sizes: Mapping[str, int]
    failure: str

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self) | {"time": self.time.isoformat()}


class Push:
    """Tells participants of their queues every `interval` of the simulator's clock, and whenever it is asked to."""

    def __init__(
        self,
        *,
        participants: Participants,
        queues: Queues,
        statuses: Statuses,
        clock: SimulatorClock,
        interval: timedelta,
    ) -> None:
        self._participants = participants
        self._queues = queues
        self._statuses = statuses
        self._clock = clock
        self._interval = interval
        self._ids = MessageIds(clock)
        self._alarm = Alarm(clock, self._ring)
        self._told: deque[Told] = deque(maxlen=_REMEMBERED)
        self._round: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to tell. Call inside the event loop."""
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        self._alarm.set(self._clock() + self._interval)

    async def stop(self) -> None:
        """Leave off."""
        self._alarm.set(None)
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait([self._round])
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def at_rest(self) -> None:
        """Wait until the round that has begun is over."""
        if self._round is not None:
            await asyncio.wait([self._round])

    async def tell(self, mnemonic: str | None = None) -> list[Told]:
        """Tell every participant that has something waiting, or one whatever waits; return what was told."""
        found = [one for one in self._participants.all() if one.push and mnemonic in (None, one.mnemonic)]
        told = []
        for participant in found:
            sizes = self.sizes(participant.mnemonic)
            if mnemonic is not None or any(sizes.values()):
                told.append(await self._tell(participant, sizes))
        self._told.extend(told)
        return told

    def last(self) -> list[Told]:
        """Return the last notifications, oldest first."""
        return list(self._told)

    def reset(self) -> None:
        """Forget them, and count the time to the next round from now: the clock may have gone back."""
        self._told.clear()
        if self._session is not None:
            self._alarm.set(self._clock() + self._interval)

    def sizes(self, mnemonic: str) -> dict[str, int]:
        """How many messages wait in each queue of a participant, by the queue's name."""
        waiting = {
            queue_name(mnemonic, one.kind.value, one.node_id): one.messages for one in self._queues.waiting(mnemonic)
        }
        return waiting | {queue_name(mnemonic, "status"): self._statuses.waiting(mnemonic)}

    def _ring(self) -> None:
        # The clock may be moved between two runs of the loop: what is to be told waits for the next one.
        if self._loop is not None and (self._round is None or self._round.done()):
            self._round = self._loop.create_task(self._tell_all(), name="push")

    async def _tell_all(self) -> None:
        try:
            await self.tell()
        finally:
            self._alarm.set(self._clock() + self._interval)

    async def _tell(self, participant: Participant, sizes: Mapping[str, int]) -> Told:
        assert self._session is not None
        assert participant.push is not None
        now = self._clock()
        failure = ""
        try:
            async with self._session.post(
                participant.push,
                data=notification(now, sizes),
                headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{ACTION}"'},
                allow_redirects=False,
            ) as response:
                if not _is_heard(await response.content.read(_LARGEST_ANSWER)):
                    failure = f"HTTP {response.status}, and no answer of the service"
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = type(error).__name__
        if failure:
            log.warning("push notification not delivered", participant=participant.mnemonic, reason=failure)
            self._statuses.put(participant.mnemonic, self._undelivered(sizes))
        return Told(participant=participant.mnemonic, time=now, sizes=sizes, failure=failure)

    def _undelivered(self, sizes: Mapping[str, int]) -> AsyncStatus:
        """Return what the status queue says of a notification: there is no message that it could be of, so a new id."""
        said = "; ".join(f"{name}: {size}" for name, size in sizes.items())
        return AsyncStatus(
            original_message_id=self._ids(),
            category=InteractionStatus.QUEUED,
            details=f"Push-уведомления о наличии сообщений. {said}"[:_DETAILS_LIMIT],
        )


def notification(moment: datetime, sizes: Mapping[str, int]) -> bytes:
    """Return the envelope of one notification; `sizes`: how many messages wait, by the queue's name."""
    queues = "".join(
        f"<psh:QueueInformation><QueueName>{escape_text(name)}</QueueName><QueueSize>{size:d}</QueueSize>"
        "</psh:QueueInformation>"
        for name, size in sizes.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body>'
        f'<psh:PushNotificationRequest xmlns:psh="{NAMESPACE}"><PushNotification>'
        f"<InformationTimestamp>{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</InformationTimestamp>{queues}"
        "</PushNotification></psh:PushNotificationRequest></soap:Body></soap:Envelope>"
    ).encode()


def _is_heard(answer: bytes) -> bool:
    """Whether a service has answered: its answer with an error confirms that it was told, too (manual, table 13)."""
    try:
        root = xml.parse(answer)
    except XmlRefused:
        return False
    return any(element.tag in _HEARD for element in root.iter())
