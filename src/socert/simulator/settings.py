"""What a simulator can be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from socert.simulator.clock import ClockMode
from socert.simulator.portal.local_time import MOSCOW
from socert.simulator.smev.attachments import FTP_LIMIT, FTP_QUOTA

#: The largest request body that is read; a larger one gets a fault.
BODY_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Settings of one simulator; each has the default of `socert simulate`.

    `message_age`: how old a MessageID may be (SMEV 3 manual, 2.3: a day; its schema notes say two days).
    `ack_timeout`: when an unacknowledged message returns to its queue (SMEV 3 manual, 2.5.2).
    `push_interval`: how often participants with a service for it are told how many messages wait (ibid., 9).
    `retention`: how long messages, answers to them and where answers go are kept.
    `query_deadline`: how long a page waits for the region's answer (portal message dictionary, 12).
    `balance_includes_booked`: how the balance of the certificate query is read (portal message dictionary, 1, trap 2).
    `exchange_only`: the portal takes no messages, so that another program may play it with `portal.key`.
    `zone`: the time zone that pages show times in, a name of the IANA database.
    `region_url`, `region_token`: where the region answers what a group costs, and the Bearer token for it.
    `consent_version`: the version of the forms of consent that the portal shows.
    `signatures`: whether calls' are verified and replies have one; where not, a call is its certificate's owner's.
    `unsigned`: where signatures are not verified, the mnemonic of who is meant by a call without a certificate.
    `files`: the folder of the file store; None: beside the state's file, or one that goes with the simulator.
    `ftp_port`: where the file store listens, 0 for any free port.
    `ftp_limit`, `ftp_quota`: how many bytes files of one message, and those waiting for one recipient, may have.
    `query_unit`: the unit of a certificate that only a query told of, `rub` or `hour` (ibid., trap 4).
    """

    host: str = "127.0.0.1"
    port: int = 8090
    keys: Path = Path("socert-data/keys")
    people: Path | None = None
    catalogue: Path | None = None
    state: str = ":memory:"
    participants: Path | None = None
    clock: ClockMode = ClockMode.REAL
    zone: str = MOSCOW
    message_age: timedelta = timedelta(hours=24)
    ack_timeout: timedelta = timedelta(minutes=15)
    push_interval: timedelta = timedelta(minutes=5)
    retention: timedelta = timedelta(days=45)
    query_deadline: timedelta = timedelta(seconds=20)
    balance_includes_booked: bool = True
    query_unit: str = "rub"
    region_url: str = "http://127.0.0.1:8080"
    region_token: str = field(default="", repr=False)
    consent_version: str = "2026-01"
    exchange_only: bool = False
    signatures: bool = True
    unsigned: str = ""
    body_limit: int = BODY_LIMIT
    files: Path | None = None
    ftp_port: int = 0
    ftp_limit: int = FTP_LIMIT
    ftp_quota: int = FTP_QUOTA
