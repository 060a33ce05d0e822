"""Errors of the gateway.

GatewayError
 +-- SettingsError      a setting is missing or contradicts another
 +-- StoreError         the database cannot be used as it is
 +-- DeliveryError      a message could not be handed to the exchange this time
 +-- KeyTakenError      another certificate stands for this child already
 +-- PluginError        a plug-in cannot be loaded, or answers what somebody answers already
 +-- Unhandled          a message came in that nobody here can answer
 +-- Unreadable         the exchange answered with something that is no reply
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socert.contracts.errors import ContractError
    from socert.gateway.ports import Sent


class GatewayError(Exception):
    """The gateway cannot do what it was asked."""

    code = "gateway"


class SettingsError(GatewayError):
    """A setting is missing or contradicts another."""

    code = "settings"


class StoreError(GatewayError):
    """The database cannot be used as it is."""

    code = "store"


class DeliveryError(GatewayError):
    """A message could not be handed to the exchange this time; the same bytes may be sent again."""

    code = "delivery"


class KeyTakenError(GatewayError):
    """Another certificate stands for this child already: somebody was faster."""

    code = "key_taken"


class PluginError(GatewayError):
    """A plug-in cannot be loaded, or answers a message type that somebody answers already."""

    code = "plugin"


class Unhandled(GatewayError):
    """A message came in that nobody here can answer; it is kept and shown."""

    code = "unhandled"


class Unreadable(GatewayError):
    """The exchange answered with something that is no reply; `sent` is what came, `why` the cause."""

    code = "unreadable"

    def __init__(self, sent: Sent, why: ContractError) -> None:
        """Take the answer as it came and what is wrong with it."""
        super().__init__(f"the exchange's reply cannot be read: {why}")
        self.sent = sent
        self.why = why
