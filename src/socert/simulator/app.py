"""The simulator put together: one web application on one port, startable from code and from the command line.

async with Simulator(Settings(port=0)) as simulator:      # port 0: any free one
    simulator.url, simulator.exchange_url

with SimulatorThread(Settings(port=0)) as simulator:      # from code without an event loop
    simulator.url
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from aiohttp import web

from socert.contracts.smev.version import Version
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer
from socert.host.log import get_logger
from socert.simulator.clock import SimulatorClock
from socert.simulator.control.api import PREFIX, Control
from socert.simulator.control.exchange import Exchange
from socert.simulator.control.faults import Faults
from socert.simulator.control.journal import Journal
from socert.simulator.errors import SettingsError
from socert.simulator.portal.pages import Pages
from socert.simulator.portal.people_file import read_people
from socert.simulator.portal.portal import Portal
from socert.simulator.retention import Retention
from socert.simulator.settings import Settings
from socert.simulator.smev.attachments import Limits
from socert.simulator.smev.checks import Signatures
from socert.simulator.smev.files import FileStore
from socert.simulator.smev.http import Endpoint
from socert.simulator.smev.node import Node
from socert.simulator.smev.participants import PORTAL, Participants
from socert.simulator.smev.push import Push
from socert.simulator.smev.queues import Queues
from socert.simulator.smev.statuses import Statuses
from socert.simulator.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from socert.contracts.signature.signer import KeySigner

_ORGANISATION = "socert simulator"
_START_SECONDS = 30.0
_STOP_SECONDS = 3.0

log = get_logger("simulator")


class Simulator:
    """One portal in a box. Its parts are attributes, for tests that look inside.

    `source` is the clock behind the simulator's own. `SettingsError` at construction when a setting cannot be used.
    """

    def __init__(self, settings: Settings | None = None, *, source: Callable[[], datetime] = system_clock) -> None:
        self.settings = settings = settings or Settings()
        self.clock = SimulatorClock(settings.clock, source)
        exchange = self._signer("exchange", "Exchange of the simulator")
        portal = self._signer("portal", "Portal of the simulator")
        self.state = State(settings.state)
        self.journal = Journal()
        self.faults = Faults()
        self.queues = Queues(self.state, self.clock, settings.ack_timeout)
        self.statuses = Statuses(self.state, self.clock)
        self.participants = Participants(
            portal_certificate=portal.certificate, folder=settings.keys, listing=settings.participants
        )
        self._check_unsigned()
        self.files = self._file_store()
        self.node = Node(
            state=self.state,
            queues=self.queues,
            statuses=self.statuses,
            participants=self.participants,
            signer=exchange if settings.signatures else None,
            clock=self.clock,
            journal=self.journal,
            message_age=settings.message_age,
            retention=Retention(self.state, message_age=settings.message_age, keep=settings.retention),
            files=self.files,
            limits=Limits(ftp=settings.ftp_limit, quota=settings.ftp_quota),
            faults=self.faults,
            signatures=Signatures(verified=settings.signatures, unsigned=settings.unsigned),
        )
        self.push = Push(
            participants=self.participants,
            queues=self.queues,
            statuses=self.statuses,
            clock=self.clock,
            interval=settings.push_interval,
        )
        self.portal = Portal(
            settings,
            state=self.state,
            clock=self.clock,
            journal=self.journal,
            node=self.node,
            queues=self.queues,
            signer=portal,
        )
        self.people, self.accounts = self.portal.people, self.portal.accounts
        self.consumer, self.queries = self.portal.consumer, self.portal.queries
        self._pages = Pages(self.portal, clock=self.clock, version=settings.consent_version)
        self._runner: web.AppRunner | None = None
        self._work: asyncio.Task[None] | None = None
        self._port = settings.port
        self._load_people()

    @property
    def url(self) -> str:
        """Address of the portal's pages; the real port once started."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self._port}"

    @property
    def exchange_url(self) -> str:
        """Address of the exchange in version 1.2."""
        return self.exchange_address(Version.V1_2)

    def exchange_address(self, version: Version) -> str:
        """Address of the exchange in a version of its contract."""
        return f"{self.url}/smev/{version.value}"

    @property
    def ftp_port(self) -> int:
        """Where the file store of the exchange listens, once started."""
        return self.files.port

    async def start(self) -> None:
        """Listen, and let the portal take its messages; `SettingsError` when the port is taken."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=_STOP_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.settings.host, self.settings.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise SettingsError(
                f"The address {self.settings.host}:{self.settings.port} cannot be used: {error.strerror}."
                " Choose another with --port."
            ) from error
        self._port = self._runner.addresses[0][1]
        try:
            await self.files.start(self.settings.host, self.settings.ftp_port)
        except SettingsError:
            await self._runner.cleanup()
            raise
        self.node.attachments.resume()
        self.push.start()
        if not self.settings.exchange_only:
            self.queues.release(PORTAL)
            self._work = asyncio.create_task(self.consumer.run(), name="portal")
        log.info("ready", url=self.url, exchange=self.exchange_url)

    async def stop(self) -> None:
        """Stop listening and close the state."""
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work
        await self.push.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.node.attachments.stop()
        await self.files.stop()
        await self.portal.costs.close()
        self.state.close()

    def application(self) -> web.Application:
        """Return the web application: exchange, pages, control."""
        app = web.Application(client_max_size=self.settings.body_limit)
        for version in Version:
            Endpoint(self.node, self.faults, version, self.settings.body_limit).setup(app)
        control = Control(
            clock=self.clock,
            journal=self.journal,
            faults=self.faults,
            exchange=Exchange(
                node=self.node,
                queues=self.queues,
                statuses=self.statuses,
                participants=self.participants,
                push=self.push,
            ),
            participants=self.participants,
            portal=self.portal,
            reset=self.reset,
        )
        app.add_subapp(PREFIX, control.application())
        self._pages.setup(app)
        return app

    def reset(self) -> None:
        """Forget messages, accounts, ordered faults, moves of the clock; read the people anew."""
        self.state.reset()
        self.files.clear()
        self.journal.clear()
        self.faults.clear()
        self.clock.reset()
        self.push.reset()
        self._pages.forget()
        self._load_people()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    def _check_unsigned(self) -> None:
        unsigned = self.settings.unsigned
        if unsigned and self.participants.by_mnemonic(unsigned) is None:
            known = ", ".join(self.participants.mnemonics())
            raise SettingsError(f"There is no participant {unsigned} to send unsigned calls; known are {known}.")

    def _file_store(self) -> FileStore:
        """Return the store for large attachments; beside a state that is a file it outlives a restart too."""
        settings = self.settings
        return FileStore(
            state=self.state,
            folder=settings.files or (None if settings.state == ":memory:" else Path(f"{settings.state}.files")),
            limit=settings.ftp_limit,
            known=lambda mnemonic: self.participants.by_mnemonic(mnemonic) is not None,
            keep=settings.retention,
        )

    def _signer(self, name: str, common_name: str) -> KeySigner:
        files = ensure_key(
            self.settings.keys, name, common_name=common_name, organisation=_ORGANISATION, clock=self.clock
        )
        return load_signer(files)

    def _load_people(self) -> None:
        if self.settings.people is not None:
            with self.state.transaction():
                read_people(self.settings.people, self.people)


class SimulatorThread:
    """A simulator in a thread of its own, for callers without an event loop."""

    def __init__(self, settings: Settings | None = None, *, source: Callable[[], datetime] = system_clock) -> None:
        self._settings = settings
        self._source = source
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: Exception | None = None
        self.url = ""
        self.exchange_url = ""
        self.ftp_port = 0

    def start(self) -> None:
        """Start and wait until it listens; raises what the simulator raised when it could not start."""
        self._thread = threading.Thread(target=asyncio.run, args=(self._main(),), name="simulator", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise SettingsError("The simulator did not start in time.")
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Stop and wait for the end."""
        if self._loop is not None and self._stopping is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with Simulator(self._settings, source=self._source) as simulator:
                self.url, self.exchange_url = simulator.url, simulator.exchange_url
                self.ftp_port = simulator.ftp_port
                self._ready.set()
                await self._stopping.wait()
        except Exception as error:  # noqa: BLE001 - handed to the caller of start()
            self._failure = error
            self._ready.set()
