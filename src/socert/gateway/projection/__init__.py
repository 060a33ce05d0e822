"""What the portal account ought to show, kept beside the registry and committed with its change.

For each object (certificate, contract, offer, consent) the projection holds the last version number and a digest of
what was told. When the registry changes, the object is drawn anew; if it differs, the change is written down with the
whole object as it shall stand in the message. Balances of one certificate are coalesced while they wait; events of
contracts, offers and consents never are. Every way of showing is fed by these changes: whole, as a notice, or on
question only.

Nothing leaves for a child without a valid consent, or whose municipality the portal does not know: the change is held,
with the reason, and released when the reason is gone. Consent that is taken away stops what has not left and closes
what the account shows (portal message dictionary, 7.1, 12 and 15, invariants 7 and 12).
"""

from socert.gateway.projection.holds import HOLD_REASONS, Hold, explain
from socert.gateway.projection.projector import Projector
from socert.gateway.projection.shown import Shown, shown, shown_to

__all__ = ["HOLD_REASONS", "Hold", "Projector", "Shown", "explain", "shown", "shown_to"]
