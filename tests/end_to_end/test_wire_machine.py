"""Parents, organisations and faults against gateway and portal that meet over the wire only.

Whatever was done, in whatever order, with calls lost before or after they took effect, messages given out twice, a
gateway stopped and started anew and a clock that jumps: as soon as the dust has settled the invariants hold on both
sides. The model keeps what parents agreed to; `wire.Invariants` compares it with what both sides have.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.end_to_end.town import PortalRefused, Town, agreeing, town
from tests.end_to_end.townsfolk import ANNA, CHESS, POTTERY, RHYTHM, STRANGER, TOWN, VERA
from tests.end_to_end.wire import CANCELLED, ENROLLED, REFUSED, Agreed, Invariants, look
from tests.gateway.line import eventually

from socert.contracts.smev.version import Version
from socert.gateway.domain.consent import Channel, Consent
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.rules_errors import RuleBroken, RuleCode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.end_to_end.townsfolk import Family, Group

    from socert.gateway.ports import UnitOfWork

T = TypeVar("T")
PICK = st.integers(0, 99)
FAMILIES = st.sampled_from([ANNA, ANNA, VERA, VERA, STRANGER])
GROUPS = st.sampled_from([RHYTHM, POTTERY, CHESS])
UNACKNOWLEDGED = timedelta(seconds=901)
FORGOTTEN = 40
"""Looks without any change after which what was given out and never acknowledged is taken to be lost."""
FAULTS = ("drop-before", "drop-after", "SMEVFailure")
CALLS = ("SendRequest", "SendResponse", "GetRequest", "GetResponse", "Ack", "*")


class Wire(Invariants, RuleBasedStateMachine):
    """A town whose messages suffer."""

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.agreed: dict[str, Agreed] = {}
        self.priced: list[tuple[Family, Group, Any]] = []
        self.texts = 0
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="socert-wire-")
        self.stack = AsyncExitStack()
        self.place: Town = self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _open(self) -> Town:
        folder = Path(self.folder.name)
        shutil.copy(self.template, folder / "socert.db")
        made = town(folder, f"sqlite:///{folder / 'socert.db'}", deadline=timedelta(seconds=3))
        place = await self.stack.enter_async_context(made)
        await place.start()
        return place

    @property
    def up(self) -> bool:
        return bool(self.place.runs)

    # Parents

    @initialize()
    def the_season_opens(self) -> None:
        """Both children are enrolled somewhere, and each has a second form on the screen that grows stale."""
        for family, groups in ((ANNA, (RHYTHM, POTTERY)), (VERA, (CHESS, RHYTHM))):
            for group in groups:
                self.run(self._price(family, group))
            self.apply(pick=len(self.priced) - len(groups))

    @precondition(lambda self: self.up)
    @rule(family=FAMILIES, group=GROUPS, files=st.booleans())
    def enrol(self, family: Family, group: Group, files: bool) -> None:
        """Draft an order up to its price, and mostly file it; trouble on the line stops it, as it stops a parent."""
        before = len(self.priced)
        self.run(self._price(family, group))
        if files and len(self.priced) > before:
            self.apply(pick=before)

    async def _price(self, family: Family, group: Group) -> None:
        order = await self.place.begin(family, group, start=self._start(), municipality=TOWN)
        order = await self.place.step(order["id"], "certificate")
        if order["certificate"]["outcome"] != "found":
            assert not order["certificate"]["guid"]
            return
        assert family is not STRANGER
        order = await self.place.step(order["id"], "cost")
        if order["agreeable"]:
            self.priced.append((family, group, order))

    def _start(self) -> str:
        return str((self.place.portal.clock() + timedelta(days=3)).date())

    @precondition(lambda self: self.priced)
    @rule(pick=PICK)
    def apply(self, pick: int) -> None:
        """File an application, for the first time or again."""
        family, group, order = self.priced[pick % len(self.priced)]
        division, number = order["cost"]["division"], order["id"]
        try:
            self.run(self.place.step(number, "submit", own_part_accepted=True))
        except PortalRefused:
            return  # it is over
        self.agreed.setdefault(
            str(number),
            Agreed(
                family=family,
                group=group.guid,
                version=order["cost"]["balance_version"],
                total=division["total"],
                certificate_part=division["certificate_part"],
                own_part=division["own_part"],
            ),
        )

    @precondition(lambda self: self.agreed)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        number = sorted(self.agreed)[pick % len(self.agreed)]
        self.run(self.place.step(int(number), "cancel", unchecked=True))

    @precondition(lambda self: self.agreed)
    @rule(pick=PICK)
    def write(self, pick: int) -> None:
        self.texts += 1
        number = sorted(self.agreed)[pick % len(self.agreed)]
        self.run(self.place.step(int(number), "text", text=f"Вопрос {self.texts}", unchecked=True))

    # The organisation

    @precondition(lambda self: self.up and self.agreed)
    @rule(pick=PICK)
    def conclude(self, pick: int) -> None:
        self.decide(pick, "accept")
        self.decide(pick, "conclude")

    @precondition(lambda self: self.up and self.agreed)
    @rule(pick=PICK, step=st.sampled_from(["accept", "refuse", "terminate"]))
    def decide(self, pick: int, step: str) -> None:
        number = sorted(self.agreed)[pick % len(self.agreed)]
        shop = self.place.shop
        life = shop.store.look(lambda connection: shop.registry.life_of_order(connection, number))
        if life is None:
            return
        contract = life.contract_id
        who, why = Initiator.ORGANISATION, RuleCode.REFUSED_BY_PROVIDER
        steps: dict[str, Callable[[UnitOfWork], Any]] = {
            "accept": lambda unit: shop.contracts.accept(unit, contract),
            "conclude": lambda unit: shop.contracts.conclude(unit, contract, number=f"Д-{number}"),
            "refuse": lambda unit: shop.contracts.refuse(unit, contract, initiator=who, reason=why),
            "terminate": lambda unit: shop.contracts.terminate(unit, contract, initiator=who, reason=why),
        }
        self.attempt(steps[step])

    @precondition(lambda self: self.up)
    @rule(family=st.sampled_from([ANNA, VERA]), gives=st.booleans())
    def consent(self, family: Family, gives: bool) -> None:
        """A paper is brought to the organisation: consents given, or one withdrawn."""
        shop, now = self.place.shop, self.place.portal.clock()
        forms = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION)
        papers = [
            Consent(consent_id="", form=form, version="2026-01", given_at=now, channel=Channel.ORGANISATION)
            for form in forms
        ]

        def work(unit: UnitOfWork) -> None:
            known = self.place.certificate_of(unit.connection, family)
            if known is not None and gives:
                shop.consents.give(unit, known, papers)
            elif known is not None:
                shop.consents.withdraw(unit, known, form=forms[0], channel=Channel.ORGANISATION)

        self.attempt(work)

    def attempt(self, work: Callable[[UnitOfWork], Any]) -> None:
        try:
            self.run(self.place.shop.units.write(work))
        except RuleBroken:
            return  # a rule forbids it, and says so to whoever tries
        self.place.gateway.changed.call()

    # Trouble

    @rule(kind=st.sampled_from(FAULTS), operation=st.sampled_from(CALLS), times=st.integers(1, 3))
    def lose(self, kind: str, operation: str, times: int) -> None:
        self.run(self.place.ask("POST", "faults", kind=kind, operation=operation, times=times))

    @rule(
        what=st.sampled_from(["stop or start", "restart", "jump", "wait"]),
        hours=st.sampled_from([0.26, 1.0, 26.0]),
        version=st.sampled_from(Version),
    )
    def disturb(self, what: str, hours: float, version: Version) -> None:
        """A gateway stops amid its work or starts on what the former left; the clock jumps over ages and timeouts.

        It may speak another version of the exchange's schemas than the former, which what waits is of.
        """
        spoken = {"exchange_url": self.place.portal.exchange_address(version), "exchange_version": version}
        match what:
            case "stop or start":
                self.run(self.place.stop() if self.up else self.place.start(**spoken))
            case "restart" if self.up:
                self.run(self.place.restart(**spoken))
            case "jump":
                self.run(self._pass(timedelta(hours=hours)))
            case _:
                self.run(asyncio.sleep(hours / 20))  # some of it arrives

    @rule(days=st.sampled_from([1, 3, 20]))
    def nights(self, days: int) -> None:
        """Days pass; the gateway does their work."""
        self.run(self._settle())
        self.run(self._pass(timedelta(days=days)))
        self.run(self.place.aside(lambda shop: shop.days.run(shop.units)))

    # What must hold

    @rule()
    def dust_settles(self) -> None:
        self.run(self._settle())
        self.seen = self.run(look(self.place, (ANNA, VERA, STRANGER)))
        self.check()
        over = {ENROLLED, REFUSED, CANCELLED}
        self.priced = [one for one in self.priced if self.seen.orders[str(one[2]["id"])]["status"] not in over]

    async def _pass(self, span: timedelta) -> None:
        """Move the clock where everything that waits for it lives."""
        self.place.portal.clock.advance(span)

    async def _settle(self) -> None:
        await self.place.ask("DELETE", "faults")
        if not self.up:
            await self.place.start()
        quiet = hidden = 0

        async def still() -> bool:
            nonlocal quiet, hidden
            place = self.place
            assert place.gateway.failed is None, place.gateway.failed
            sizes = place.portal.queues.sizes()
            waiting, lost = any(one["waiting"] for one in sizes), any(one["unacknowledged"] for one in sizes)
            hidden = hidden + 1 if lost and not waiting else 0
            if hidden > FORGOTTEN:
                place.portal.clock.advance(UNACKNOWLEDGED)
                hidden = 0
            quiet = 0 if waiting or lost or not await place.gateway.idle() else quiet + 1
            return quiet > 2

        await eventually(still, "the dust settles", 40)

    def teardown(self) -> None:
        try:
            self.dust_settles()
            self.run(agreeing(self.place))
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()


def test_the_wire(sqlite_template: Path) -> None:
    class Here(Wire):
        template = sqlite_template

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=14,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            # Making a failure smaller would take longer than reading it: each example is a life of its own.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
