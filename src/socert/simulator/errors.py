"""Errors of the simulator.

SimulatorError
 +-- SettingsError        a setting or a file named by one cannot be used
 +-- ControlRefused       a control call asks for something that makes no sense
 +-- NodeRefused          the exchange refuses a call: carries the fault that goes to the caller
 +-- OrderRefused         the portal does not do what the parent wants; the text is for the parent
 +-- QueryFailed          the portal's own question to the region got no usable answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socert.contracts.smev.faults import Fault


class SimulatorError(Exception):
    """The simulator cannot do what was asked."""

    code = "simulator"


class SettingsError(SimulatorError):
    """A setting, or a file named by a setting, cannot be used; the message names it and says what to do."""

    code = "settings"


class ControlRefused(SimulatorError):
    """A control call is malformed; the message goes back to the tester as JSON with status 400."""

    code = "control"


class NodeRefused(SimulatorError):
    """The exchange refuses a call. `fault` is what the caller gets, `reason` what the journal says: never a value."""

    code = "refused"

    def __init__(self, fault: Fault, reason: str = "") -> None:
        super().__init__(f"{fault.kind}: {fault.text}")
        self.fault = fault
        self.reason = reason or fault.kind.value


class OrderRefused(SimulatorError):
    """The portal does not do what the parent wants, and nothing was sent. The message is for the parent, in Russian."""

    code = "order"


class QueryFailed(SimulatorError):
    """The exchange did not take the portal's question, or the answer cannot be read."""

    code = "query"
