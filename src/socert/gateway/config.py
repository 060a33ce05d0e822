"""Settings of the gateway: one TOML file and `SOCERT_*` variables, each with a default that works for a trial.

A variable wins over the file. The file is named by `SOCERT_CONFIG`; by default it is `socert.toml` in the current
folder, when it is there. Secrets are given as variables or as files, never in the example file.
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from socert.contracts.portal.order_event import Environment
from socert.contracts.smev.version import Version
from socert.gateway.config_policy import MunicipalitySettings, PolicySettings
from socert.gateway.domain.channel import Carrier, Channel, Elk, Push
from socert.gateway.domain.order import Stage
from socert.gateway.domain.policy import Policy
from socert.gateway.domain.records import Scheme
from socert.gateway.domain.rules_errors import RuleBroken
from socert.gateway.errors import SettingsError
from socert.gateway.exchange.policy import WhenUnhandled

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX = "SOCERT_"
DEFAULT_FILE = "socert.toml"
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Oktmo = Annotated[str, Field(pattern=r"^\d{8}(\d{3})?$")]
_VERSION = re.compile(r"/v?(\d\.\d)(?=/|$)")
REGION = ""
"""Stands for the region itself where policies are named by OKTMO."""


class Settings(BaseSettings):
    """All settings, typed. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    data_dir: Path = Field(Path("socert-data"), description="Folder for the SQLite file and the test keys.")
    database_url: SecretStr | None = Field(
        None,
        description="Database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. Default: SQLite in data_dir.",
    )
    host: str = Field("127.0.0.1", description="Address the gateway listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the gateway listens on; 0 takes a free one.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged.")
    log_json: bool = Field(False, description="Log one JSON object a line instead of text for people.")
    node: str = Field(
        "gateway-1", max_length=50, description="Name of this process; unique among those on one database."
    )
    console_password: SecretStr | None = Field(
        None,
        min_length=12,
        description="Password of the operator's pages (user: operator). Default: none, they answer this machine only.",
    )

    exchange_url: str = Field(
        "http://127.0.0.1:8090/smev/1.2",
        pattern="^https?://",
        description="Address of the exchange (SMEV 3).",
    )
    exchange_version: Version = Field(
        Version.V1_2, description="Version of the exchange's schemas that it is spoken to in; its address must fit."
    )
    exchange_timeout: Seconds = Field(30.0, description="How long one call to the exchange may take.")
    exchange_certificate: Path | None = Field(
        None, description="Certificate (PEM) the exchange signs with. Default: exchange.crt in the folder of keys."
    )
    keys_dir: Path | None = Field(None, description="Folder of key files. Default: keys in data_dir.")
    key: Path | None = Field(
        None, description="The region's private key (PEM, PKCS#8). Default: region.key in keys_dir, made if absent."
    )
    certificate: Path | None = Field(
        None, description="The region's certificate (PEM). Default: region.crt in keys_dir."
    )
    key_password: SecretStr | None = Field(None, description="Password of the private key, if it has one.")

    file_store: str | None = Field(
        None,
        pattern="^ftp://[^/@]+$",
        description="The exchange's file store for large files, ftp://HOST:PORT. Default: none, such files stay there.",
    )
    file_store_user: str = Field("anonymous", description="User under which files of ours are stored there.")
    file_store_password: SecretStr = Field(SecretStr("smev"), description="Password of that user.")
    files_dir: Path | None = Field(
        None, description="Folder of files that came with messages or wait to go. Default: files in data_dir."
    )

    zone: ZoneInfo = Field(ZoneInfo("Europe/Moscow"), description="The region's time zone: its days begin there.")
    consent_forms: tuple[str, ...] = Field(
        ("СС-2026",), description="Consent forms that allow data to leave; any other form, or none, holds them."
    )
    scheme: Scheme = Field(
        Scheme.SOCIAL_ORDER, description="Legal scheme of imported certificates: PF or SOCIAL_ORDER."
    )
    category_code: str = Field("0", min_length=1, max_length=1, description="Category of imported certificates.")
    category_name: str = Field(
        "От 5 до 17 лет", max_length=250, description="Name of that category, as parents read it."
    )
    balance_includes_booked: bool = Field(
        True,
        description="Whether certificateBalance in query answers includes the booked part, as portals usually read it.",
    )
    hours_in_query: bool = Field(
        False, description="Whether certificates in hours show a balance in query answers, which carry no unit."
    )

    account_push: Push = Field(
        Push.FULL, description="What the portal's account is told: off (questions only), notify (no sums) or full."
    )
    notify_by: Carrier = Field(
        Carrier.ORDER_EVENT, description="What carries a notice: order_event (on the parent's order) or elk."
    )

    elk: Elk | None = Field(
        None,
        description="What orders of ours in the account are written with; needed where notices go by elk. Its keys:"
        " sender_inn, sender_kpp, service (goal code), acceptance, citizenship, informed, closed (classifiers 7213,"
        " 7210 and 7212); environment, region (OKATO) and office where they are other than usual.",
    )
    query_deadline: Seconds = Field(10.0, description="How long looking up the answer to a question may take.")
    eais_token: SecretStr | None = Field(
        None, description="Token that cost questions must bring (Authorization: Bearer). Default: none is asked for."
    )
    calculation_kept: Seconds = Field(
        86_400.0, description="How long the exact figures of a cost answer can be asked for."
    )
    order_codes: dict[Stage, int | str] = Field(
        {}, description="Status codes of the region's service by stage, where they are not the portal's usual ones."
    )
    portal_environment: Environment = Field(
        Environment.SVCDEV, description="Installation of the portal that events on orders are for: PROD in production."
    )

    policy: PolicySettings = Field(PolicySettings(), description="What the region decides about its certificates.")
    municipalities: dict[Oktmo, MunicipalitySettings] = Field(
        {}, description="What municipalities do otherwise than the region, by OKTMO (8 or 11 digits)."
    )

    batch_size: int = Field(100, ge=1, le=100, description="Objects in one message to the portal, at most.")
    senders: Count = Field(4, description="Messages on their way to the exchange at the same time.")
    attempts: Count = Field(12, description="Tries before a message is put aside for a person.")
    retry_first: Seconds = Field(1.0, description="Pause before the second try; it doubles with each.")
    retry_most: Seconds = Field(300.0, description="Longest pause between two tries.")
    breaker_failures: Count = Field(
        5, description="Failures in a row after which the exchange is left alone for a while."
    )
    breaker_pause: Seconds = Field(5.0, description="How long it is left alone before one try is let through.")
    poll_least: Seconds = Field(0.2, description="Pause between looks at an empty queue of the exchange, at first.")
    poll_most: Seconds = Field(5.0, description="Longest such pause; it grows while the queue stays empty.")
    receivers: Count = Field(8, description="Messages fetched at once from one queue of the exchange while it gives.")
    unhandled: WhenUnhandled = Field(
        WhenUnhandled.ACCEPT,
        description="How a message that nobody here can handle is acknowledged: accept, reject, leave (not at all).",
    )
    reconcile_nightly: bool = Field(True, description="Whether what the portal has is compared with ours every night.")
    reconcile_at: time = Field(time(3, 0), description="When that comparison begins, in the region's zone.")
    reconcile_repairs: bool = Field(False, description="Whether the nightly comparison sets right what it finds.")
    watch: Seconds = Field(0.5, description="How often the database is looked at for work that another process left.")

    _policies: dict[str, Policy] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then variables, then the file."""
        file = Path(os.environ.get(f"{PREFIX}CONFIG", DEFAULT_FILE))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    @model_validator(mode="after")
    def _make_policies(self) -> Self:
        """Make the policies once, so that settings that contradict each other are refused when they are read."""
        tables = {REGION: self.policy} | {
            oktmo: self.policy.with_own(own.policy) for oktmo, own in self.municipalities.items()
        }
        for oktmo, table in tables.items():
            place = f"municipalities.{oktmo}.policy" if oktmo else "policy"
            try:
                self._policies[oktmo] = table.policy(self.scheme)
            except RuleBroken as broken:
                raise ValueError(f"{place}: {broken.log_text}") from broken
        return self

    @model_validator(mode="after")
    def _check_version(self) -> Self:
        """Refuse an address that names another version than the one that is spoken: every call would meet a fault."""
        named = _VERSION.search(self.exchange_url.partition("?")[0])
        if named is not None and named[1] != self.exchange_version.value:
            raise ValueError(
                f"exchange_version is {self.exchange_version}, but exchange_url names {named[1]}: make them agree"
                f" (variables {PREFIX}EXCHANGE_VERSION, {PREFIX}EXCHANGE_URL)"
            )
        return self

    def policy_of(self, oktmo: str) -> Policy:
        """Return the policy of a municipality: the region's, with what is set for the municipality on top."""
        return self._policies.get(oktmo, self._policies[REGION])

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All that `policy_of` may return: the region's first."""
        return tuple(self._policies.values())

    def channel_of(self, oktmo: str) -> Channel:
        """Return how a municipality's parents are shown their certificates."""
        own = self.municipalities.get(oktmo)  # asked for every object that is drawn
        push = (own and own.account_push) or self.account_push
        return Channel(push=push, carrier=(own and own.notify_by) or self.notify_by)

    @property
    def files(self) -> Path:
        """Folder of files that travel with messages; gateways on one database share it."""
        return self.files_dir or self.data_dir / "files"

    @property
    def keys(self) -> Path:
        """Folder of key files."""
        return self.keys_dir or self.data_dir / "keys"


def load(**given: object) -> Settings:
    """Return the settings, arguments first; `SettingsError` names each that is wrong and how to give it."""
    file = os.environ.get(f"{PREFIX}CONFIG")
    if file is not None and not Path(file).is_file():
        raise SettingsError(f"{PREFIX}CONFIG names {file}, and there is no such file.")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # checked by pydantic
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {file or DEFAULT_FILE} is not TOML: {error}.") from error
    except SourceError as error:
        found = re.search(r'field "(\w+)"', str(error))
        name = found[1] if found else "a list"
        raise SettingsError(
            f'Settings are wrong. {name}: not JSON; a list is written ["one", "two"] (variable {PREFIX}{name.upper()})'
        ) from None  # its cause quotes the value
    except ValidationError as error:
        wrong = "; ".join(_told(item) for item in error.errors(include_input=False, include_url=False))
        raise SettingsError(f"Settings are wrong. {wrong}") from error


def _told(item: ErrorDetails) -> str:
    """Say which setting is wrong, and the variable that sets it; what contradicts itself names its place itself."""
    parts = [str(part) for part in item["loc"]]
    if not parts:
        return item["msg"].removeprefix("Value error, ")
    return f"{'.'.join(parts)}: {item['msg']} (variable {PREFIX}{'__'.join(parts).upper()})"
