"""An exchange of participants and message types of its own, told in one file, and participants who speak to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.contracts.message import MessageType
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultReceived
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.version import Version
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer

if TYPE_CHECKING:
    from pathlib import Path

    from socert.contracts.smev.faults import Fault
    from socert.simulator.app import Simulator

NAMESPACE = "urn:test:{}"
SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:test:{name}"
 elementFormDefault="qualified">
 <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="Code" type="xs:string" minOccurs="0"
 maxOccurs="9"/></xs:sequence><xs:attribute name="Id" type="xs:ID"/></xs:complexType></xs:element>
 <xs:element name="Told"><xs:complexType><xs:sequence/></xs:complexType></xs:element>
</xs:schema>"""
TYPES = """
[[message_type]]
name = "plain"
schema = "plain.xsd"
request = "Ask"
responses = ["Told"]

[[message_type]]
name = "plain"
schema = "newer.xsd"
request = "Ask"
responses = ["Told"]

[[message_type]]
name = "coded"
schema = "coded.xsd"
request = "Ask"
responses = ["Told"]
routing_code = "/tns:Ask/tns:Code"

[[message_type]]
name = "news"
schema = "news.xsd"
request = "Ask"
category = "broadcast"
"""
PARTICIPANTS = """
[[participant]]
mnemonic = "ASKER"
name = "Asking system"
certificates = ["asker.crt"]
sends = ["plain", "coded", "news"]

[[participant]]
mnemonic = "VIP"
certificates = ["vip.crt"]
sends = ["plain", "news"]
priority = true

[[participant]]
mnemonic = "TELLER"
certificates = ["teller.crt", "teller-next.crt"]
serves = ["plain", "coded", "news"]
routing_codes = ["45000000"]
identifiers = ["teller-one"]

[[participant]]
mnemonic = "OTHER"
certificates = ["other.crt"]
serves = ["coded", "news"]
routing_codes = ["46000000", "47000000"]
"""
KEYS = ("asker", "vip", "teller", "teller-next", "other", "official")


def write_exchange(folder: Path, participants: str = PARTICIPANTS) -> Path:
    """Write keys, schemas and the list of participants into a folder; return the list's path."""
    for name in ("plain", "newer", "coded", "news"):
        (folder / f"{name}.xsd").write_text(SCHEMA.format(name=name), "utf-8")
    for name in KEYS:
        ensure_key(folder, name, common_name=name, organisation="Test", clock=system_clock)
    place = folder / "participants.toml"
    place.write_text(TYPES + participants, "utf-8")
    return place


def ask(name: str = "plain", *codes: str) -> bytes:
    """Return a request of a message type."""
    inside = "".join(f"<t:Code>{code}</t:Code>" for code in codes)
    return f'<t:Ask xmlns:t="urn:test:{name}">{inside}</t:Ask>'.encode()


def told(name: str = "plain") -> bytes:
    """Return an answer of a message type."""
    return f'<t:Told xmlns:t="urn:test:{name}"/>'.encode()


def kind(name: str, root: str = "Ask") -> MessageType:
    """Return the name of a root element."""
    return MessageType(namespace=NAMESPACE.format(name), root=root)


class Speaker:
    """One participant at one exchange, in one version of its contract."""

    def __init__(self, simulator: Simulator, folder: Path, name: str, version: Version = Version.V1_2) -> None:
        self.simulator = simulator
        self.folder = folder
        self.name = name
        self.version = version
        self.signer = load_signer(ensure_key(folder, name, common_name=name, organisation="Test", clock=system_clock))
        self.ids = MessageIds(simulator.clock)

    def speaking(self, version: Version) -> Speaker:
        """Return the same participant in another version."""
        return Speaker(self.simulator, self.folder, self.name, version)

    async def say(self, data: bytes) -> reply.Reply:
        """Make a call, check schema and signature of the reply, return it; `FaultReceived` for a fault."""
        status, body = await self.simulator.node.handle(data, "text/xml", self.version)
        answer = reply.open_reply(body)
        assert status == 200
        reply.check_schema(answer)
        if not self.simulator.settings.signatures:
            assert answer.signature is None
        elif answer.signed is not None:
            reply.verify(answer, frozenset(Suite))
        return answer

    async def fault(self, data: bytes) -> Fault:
        """Make a call that must be refused, return the fault."""
        try:
            await self.say(data)
        except FaultReceived as refused:
            return refused.fault
        raise AssertionError("the exchange has taken it")

    def request(self, content: bytes | None = None, **more: Any) -> bytes:
        """Build SendRequest; the id is new unless told."""
        given: dict[str, Any] = {"message_id": self.ids(), "signer": self.signer, "version": self.version} | more
        if "registry" not in given:
            given["content"] = ask() if content is None else content
        return call.send_request(**given)

    async def ask(self, content: bytes | None = None, **more: Any) -> str:
        """Send a request, return its id."""
        message_id = more.pop("message_id", None) or self.ids()
        await self.say(self.request(content, message_id=message_id, **more))
        return str(message_id)

    async def tell(self, to: str | None, content: bytes | None = None, **more: Any) -> str:
        """Send an answer, return its id."""
        message_id = self.ids()
        if not more:
            more = {"content": told() if content is None else content}
        await self.say(
            call.send_response(message_id=message_id, to=to or "", signer=self.signer, version=self.version, **more)
        )
        return message_id

    async def next_request(self, **more: Any) -> reply.Delivery | None:
        """GetRequest: the next request, None when there is none."""
        data = call.get_request(timestamp=self.simulator.clock(), signer=self.signer, version=self.version, **more)
        return (await self.say(data)).delivery

    async def next_response(self, **more: Any) -> reply.Delivery | None:
        """GetResponse: the next answer, None when there is none."""
        data = call.get_response(timestamp=self.simulator.clock(), signer=self.signer, version=self.version, **more)
        return (await self.say(data)).delivery

    async def next_status(self) -> reply.Delivery | None:
        """GetStatus: the next status, None when there is none."""
        data = call.get_status(timestamp=self.simulator.clock(), signer=self.signer, version=self.version)
        return (await self.say(data)).delivery

    async def statistics(self, node_id: str | None = None) -> dict[str, int]:
        """GetIncomingQueueStatistics: how many messages wait, by the queue's name."""
        data = call.get_incoming_queue_statistics(timestamp=self.simulator.clock(), signer=self.signer, node_id=node_id)
        return {one.name: one.pending for one in (await self.say(data)).statistics}

    async def ack(self, message_id: str) -> None:
        """Acknowledge a message."""
        await self.say(call.ack(message_id=message_id, signer=self.signer, version=self.version))

    async def took(self, **more: Any) -> reply.Delivery:
        """Take the next request, which must be there, and leave it unacknowledged."""
        delivery = await self.next_request(**more)
        assert delivery is not None
        return delivery

    async def got(self) -> reply.Delivery:
        """Take the next request and acknowledge it."""
        delivery = await self.took()
        await self.ack(delivery.message_id)
        return delivery

    async def heard(self, **more: Any) -> reply.Delivery:
        """Take the next answer and acknowledge it."""
        delivery = await self.next_response(**more)
        assert delivery is not None
        await self.ack(delivery.message_id)
        return delivery
