"""Errors of the gateway.

GatewayError
 +-- SettingsError      a setting is missing or contradicts another
 +-- StoreError         the database cannot be used as it is
 +-- DeliveryError      a message could not be handed to the exchange this time
 +-- KeyTakenError      another certificate stands for this child already
 +-- PluginError        a plug-in cannot be loaded, or answers what somebody answers already
 +-- Unhandled          a message came in that nobody here can answer
"""

from __future__ import annotations


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
