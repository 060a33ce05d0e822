"""The running gateway: packer, sender, pollers and handler around a workshop's services.

With `workshop` it is the composition root: the only places that pick adapters.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from functools import cached_property, partial
from hashlib import sha256
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Self

from socert.adapters.portal.files import FtpFiles
from socert.adapters.portal.smev import SmevTransport
from socert.adapters.registry.files.detect import open_export
from socert.contracts.portal import account, pf_certificate
from socert.contracts.signature.suites import SIGNING
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.gateway import plugins
from socert.gateway.domain.export import ImportSettings
from socert.gateway.errors import SettingsError
from socert.gateway.exchange.acknowledging import Acknowledger
from socert.gateway.exchange.answer_packer import AnswerPacker
from socert.gateway.exchange.caller import Caller
from socert.gateway.exchange.carriers import Carriers
from socert.gateway.exchange.enclosing import Encloser
from socert.gateway.exchange.enrolling import EnrolmentAnswerer
from socert.gateway.exchange.exchange import Exchange
from socert.gateway.exchange.fetcher import Fetcher, digest_suites
from socert.gateway.exchange.handler import Handler
from socert.gateway.exchange.packer import Packer
from socert.gateway.exchange.pinned import Pinned
from socert.gateway.exchange.poller import Poller
from socert.gateway.exchange.retry import Backoff, Breaker
from socert.gateway.exchange.sender import Sender
from socert.gateway.exchange.settling import SETTLERS
from socert.gateway.exchange.wake import Wake
from socert.gateway.intake import run_import
from socert.gateway.mapping.account_query import AccountQueryAnswerer
from socert.gateway.mapping.action import ActionAnswerer
from socert.gateway.mapping.pf_certificate import CertificateAnswerer
from socert.gateway.mapping.snapshot import SnapshotAnswerer
from socert.gateway.reconcile import Reconciler, snapshots
from socert.gateway.standing import held as held
from socert.gateway.standing import idle as idle
from socert.gateway.standing import standing as standing
from socert.gateway.workshop import Workshop as Workshop
from socert.gateway.workshop import new_id as new_id
from socert.host.keys import KeyFiles, ensure_key, load_signer
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import KeySigner
    from socert.gateway.config import Settings
    from socert.gateway.exchange.answering import Answerer
    from socert.gateway.intake import Progress, Summary
    from socert.gateway.ports import Ids

log = get_logger("gateway")
SUITES = frozenset(SIGNING.values())
"""What the exchange may sign by."""
AWAITED = (pf_certificate.REQUEST, account.QUERY_REQUEST)
"""Questions that a parent at a page waits for (portal message dictionary, 12); all else is heard of later."""
TEST_NAME = "REGION"
"""Common name of the test certificate: also the mnemonic under which a simulator knows the region."""


class Gateway:
    """The running gateway: packs, sends, polls and handles until it is stopped. Use as an async context manager."""

    def __init__(self, workshop: Workshop) -> None:
        """Put the parts together; nothing runs yet."""
        self.workshop = workshop
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None
        self.changed = Wake()
        self._ready = Wake()
        self._unpacked = Wake()
        self._compared = Wake()
        self._handled = Wake(self.changed, self._unpacked, self._ready, self._compared)
        self._settled = Wake(self._unpacked)
        self._arrived = Wake()
        self._fetching = Wake()
        self._received = Wake(self._arrived, self._fetching)
        self._hurry_requests = Wake()

    @cached_property
    def signer(self) -> KeySigner:
        """The region's own signer; a test key is made when no key is configured and none is there."""
        settings = self.workshop.settings
        if (settings.key is None) != (settings.certificate is None):
            raise SettingsError("SOCERT_KEY and SOCERT_CERTIFICATE belong together: give both or neither.")
        if settings.key and settings.certificate:
            files = KeyFiles(key=settings.key, certificate=settings.certificate)
        else:
            files = ensure_key(
                settings.keys, "region", common_name=TEST_NAME, organisation="Region", clock=self.workshop.clock
            )
        password = settings.key_password
        return load_signer(files, password.get_secret_value().encode() if password else None)

    @cached_property
    def caller(self) -> Caller:
        """What writes our calls to the exchange."""
        return Caller(signer=self.signer, version=self.workshop.settings.exchange_version)

    @cached_property
    def exchange(self) -> Exchange:
        """The exchange, reached over HTTP."""
        settings = self.workshop.settings
        place = settings.exchange_certificate or settings.keys / "exchange.crt"
        breaker = Breaker(failures=settings.breaker_failures, pause=settings.breaker_pause, clock=self.workshop.clock)
        return Exchange(transport=self.transport, trusted=Pinned(place), suites=SUITES, breaker=breaker)

    @cached_property
    def transport(self) -> SmevTransport:
        """The connection pool to the exchange."""
        settings = self.workshop.settings
        return SmevTransport(url=settings.exchange_url, timeout=settings.exchange_timeout)

    @cached_property
    def message_ids(self) -> Ids:
        """MessageIDs of this process."""
        return MessageIds(self.workshop.clock)

    @cached_property
    def packer(self) -> Packer:
        """Pending changes become messages."""
        shop = self.workshop
        return Packer(
            store=shop.store,
            caller=self.caller,
            clock=shop.clock,
            message_ids=self.message_ids,
            ids=new_id,
            batch_size=shop.settings.batch_size,
            carriers=Carriers(
                zone=shop.settings.zone, elk=shop.settings.elk, environment=shop.settings.portal_environment
            ),
        )

    @cached_property
    def backoff(self) -> Backoff:
        """Pauses between tries."""
        settings = self.workshop.settings
        return Backoff(
            first=settings.retry_first,
            most=settings.retry_most,
            attempts=settings.attempts,
            chance=random.Random().random,  # noqa: S311  jitter, not a secret
        )

    @cached_property
    def file_store(self) -> FtpFiles | None:
        """The exchange's file store; None where none is set."""
        settings = self.workshop.settings
        if settings.file_store is None:
            return None
        return FtpFiles(
            url=settings.file_store,
            user=settings.file_store_user,
            password=settings.file_store_password.get_secret_value(),
            timeout=settings.exchange_timeout,
        )

    @cached_property
    def fetcher(self) -> Fetcher:
        """Files of received messages are fetched."""
        shop, settings = self.workshop, self.workshop.settings
        return Fetcher(
            store=shop.store,
            file_store=self.file_store,
            folder=settings.files,
            suites=digest_suites(self.signer.suite),
            acknowledge=Acknowledger(exchange=self.exchange, caller=self.caller),
            backoff=self.backoff,
            clock=shop.clock,
            unhandled=settings.unhandled,
        )

    @cached_property
    def sender(self) -> Sender:
        """Messages leave."""
        shop, settings = self.workshop, self.workshop.settings
        return Sender(
            store=shop.store,
            exchange=self.exchange,
            backoff=self.backoff,
            clock=shop.clock,
            node=settings.node,
            parallel=settings.senders,
            folder=settings.files,
            file_store=self.file_store,
            wrote=self.caller.wrote,
        )

    @cached_property
    def answer_packer(self) -> AnswerPacker:
        """Answers about orders become messages."""
        shop = self.workshop
        return AnswerPacker(store=shop.store, caller=self.caller, clock=shop.clock, message_ids=self.message_ids)

    @cached_property
    def answerers(self) -> Sequence[Answerer]:
        """Who answers which requests of the portal."""
        shop, settings = self.workshop, self.workshop.settings
        certificates = CertificateAnswerer(
            registry=shop.registry,
            life=shop.registry,
            issuing=shop.issuing,
            consents=shop.consents,
            today=shop.today,
            zone=settings.zone,
            balance_includes_booked=settings.balance_includes_booked,
            hours_in_query=settings.hours_in_query,
        )
        enrolment = EnrolmentAnswerer(
            orders=shop.orders, enrolments=shop.enrolments, contracts=shop.contracts, zone=settings.zone
        )
        questions = AccountQueryAnswerer(
            registry=shop.registry,
            consents=shop.consents,
            projector=shop.projector,
            clock=shop.clock,
            zone=settings.zone,
        )
        decisions = ActionAnswerer(
            registry=shop.registry,
            renewals=shop.renewals,
            consents=shop.consents,
            policy_of=settings.policy_of,
        )
        own = (certificates, enrolment, questions, decisions, SnapshotAnswerer())
        return plugins.load(entry_points(group=plugins.GROUP), shop.services, own)

    @cached_property
    def handler(self) -> Handler:
        """What arrived takes effect."""
        shop = self.workshop
        return Handler(
            store=shop.store,
            units=shop.units,
            caller=self.caller,
            clock=shop.clock,
            message_ids=self.message_ids,
            answerers=self.answerers,
            settlers={**SETTLERS, account.SNAPSHOT_RESPONSE: snapshots.take_answer},
            deadline=shop.settings.query_deadline,
            encloser=Encloser(
                caller=self.caller,
                folder=shop.settings.files,
                ids=self.message_ids,
                has_store=self.file_store is not None,
            ),
            folder=shop.settings.files,
            awaited=AWAITED,
        )

    @cached_property
    def reconciler(self) -> Reconciler:
        """The portal is asked what it has, and compared."""
        shop, settings = self.workshop, self.workshop.settings
        return Reconciler(
            store=shop.store,
            registry=shop.registry,
            projector=shop.projector,
            caller=self.caller,
            clock=shop.clock,
            message_ids=self.message_ids,
            ids=new_id,
            nightly=settings.reconcile_at if settings.reconcile_nightly else None,
            zone=settings.zone,
            repairs=settings.reconcile_repairs,
        )

    def poller(self, operation: Operation, selector: MessageType | None = None) -> Poller:
        """A reader of one queue of the exchange, of all its messages or of one type."""
        shop, settings = self.workshop, self.workshop.settings
        return Poller(
            operation=operation,
            selector=selector,
            store=shop.store,
            exchange=self.exchange,
            caller=self.caller,
            clock=shop.clock,
            least=settings.poll_least,
            most=settings.poll_most,
            receivers=settings.receivers,
            knows=self.handler.knows,
            unhandled=settings.unhandled,
        )

    async def __aenter__(self) -> Self:
        """Start all loops; what former settings held back is looked at again first."""
        shop = self.workshop
        released = await shop.store.write(shop.projector.release)
        if released:
            log.info("held changes looked at again", count=released)
        await self._stack.enter_async_context(self.transport)
        self._task = asyncio.create_task(self._loops(), name="socert-gateway")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all loops; what was committed stays, what was on its way is sent again at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._stack.aclose()

    async def _loops(self) -> None:
        watch = self.workshop.settings.watch
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.packer.run(self.changed, self._ready, watch))
                group.create_task(self.review())
                group.create_task(self.answer_packer.run(self._unpacked, self._ready, watch))
                group.create_task(self.sender.run(self._ready, self._settled, watch))
                group.create_task(self.handler.run(self._arrived, self._handled, watch))
                group.create_task(self.fetcher.run(self._fetching, self._arrived, watch))
                group.create_task(self.workshop.daily.keep(self._handled, watch))
                group.create_task(self.reconciler.run(self._compared, self._ready, watch))
                group.create_task(self.poller(Operation.GET_RESPONSE).run(self._settled, self._received))
                group.create_task(self.poller(Operation.GET_STATUS).run(Wake(), self._received))
                for answerer in self.answerers:
                    # A queue of each type by itself: a burst of applications holds no parent's question up.
                    poller = self.poller(Operation.GET_REQUEST, answerer.message_type)
                    group.create_task(poller.run(self._hurry_requests, self._received))
        except* Exception as failed:
            for one in failed.exceptions:
                log.critical("a loop of the gateway broke", error=repr(one), exc_info=one)
            raise

    async def review(self) -> None:
        """Look at all that is shown once more, where settings that decide about it have changed since the last time."""
        shop = self.workshop
        mark = what_shows(shop.settings)
        if not await shop.store.read(lambda connection: shop.projector.must_review(connection, mark)):
            return
        after: str | None = ""
        while after is not None:
            after = await shop.store.write(partial(shop.projector.review, after=after, settings=mark))
            self.changed.call()
        log.info("settings of what is shown have changed: all of it was looked at again")

    @property
    def failed(self) -> BaseException | None:
        """What ended the loops although nobody stopped them; None while they run."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    async def wait_failed(self) -> None:
        """Return when the loops have ended."""
        assert self._task is not None
        await asyncio.wait([self._task])

    async def idle(self) -> bool:
        """Whether nothing waits: no change to pack, no message on its way or unanswered, nothing to handle."""
        return await self.workshop.store.read(idle)


def what_shows(settings: Settings) -> str:
    """Return a digest of the settings that decide what the portal's account shows, and which way."""
    forms = [
        sorted((form.value, sorted(versions)) for form, versions in policy.accepted_forms.items())
        for policy in settings.policies
    ]
    parts = (settings.consent_forms, forms, settings.account_push, settings.notify_by, settings.municipalities)
    return sha256(repr(parts).encode()).hexdigest()


def take_export(
    workshop: Workshop, path: Path, *, profile: str | None, report: Path | None, progress: Progress
) -> Summary:
    """Take an export into the built-in registry by the settings; `IntakeError` when it cannot be read at all."""
    settings = workshop.settings
    given = ImportSettings(
        scheme=settings.scheme, category_code=settings.category_code, category_name=settings.category_name
    )
    return run_import(
        path,
        open_export=lambda place: open_export(place, profile, given),
        registry=workshop.registry,
        units=workshop.units,
        report=report,
        progress=progress,
    )
