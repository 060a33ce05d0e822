"""Starting `socert` commands as processes of their own, and looking at them over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from socert.demo.errors import DemoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

STOP_SECONDS = 10.0
LOOK_SECONDS = 0.1


def free_port(wanted: int) -> int:
    """Return the wanted port when it is free on this machine, else another one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No port is free on this machine.")


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "socert", *arguments]


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its own gateway settings, and with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOCERT_")}
    return {**kept, **settings}


def run(arguments: Sequence[str], settings: Mapping[str, str], folder: Path) -> str:
    """Run a command to its end and return what it printed; `DemoError` with its words when it failed."""
    done = subprocess.run(  # noqa: S603  our own command
        _command(arguments), env=_environment(settings), cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DemoError(f"socert {arguments[0]} ended with code {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


@contextmanager
def running(name: str, arguments: Sequence[str], settings: Mapping[str, str], folder: Path) -> Iterator[Process]:
    """Run a command while the block lasts; its output goes to a log file in the folder."""
    place = folder / f"{name}.log"
    with place.open("wb") as output:
        started = subprocess.Popen(  # noqa: S603  our own command
            _command(arguments),
            env=_environment(settings),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to pass on, so that both end in order
        )
        try:
            yield Process(name, started, place)
        finally:
            _stop(started)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Process:
    """A command that runs beside us."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], place: Path) -> None:
        """Take its name for people, the process, and the place of its log."""
        self.name = name
        self._process = process
        self._log = place

    def until(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready`; `DemoError` when the process ends before, or when it takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise DemoError(f"{self.name} ended by itself. Its log:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise DemoError(f"{self.name}: {what} took more than {seconds:.0f} seconds. Its log:\n{self._tail()}")
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """`DemoError` when the process has ended."""
        if self._process.poll() is not None:
            raise DemoError(f"{self.name} ended by itself. Its log:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])


def get(url: str) -> Any:
    """Return the JSON at an address of this machine; None for 404 and while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  our own address
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise DemoError(f"{url} answered HTTP {error.code}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


def post(url: str, body: Mapping[str, Any]) -> Any:
    """Post JSON to an address of this machine and return its JSON; `DemoError` with its words when it refuses."""
    request = urllib.request.Request(  # noqa: S310  our own address
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  the same
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise DemoError(f"{url} answered HTTP {error.code}: {error.read().decode(errors='replace').strip()}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise DemoError(f"{url} does not answer: {error}") from error
