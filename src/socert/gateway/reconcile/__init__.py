"""Registry, projection and portal compared by digests, and what differs set right (M17).

The registry is compared with the projection by drawing every object anew: what would be told now and was not is a
difference. The projection is compared with the portal by a snapshot that the portal gives in pages: what it has at
another version or with another digest, lacks, or shows although it was closed. What is on its way is not compared.
Source: portal message dictionary, 7 (AccountSnapshot), 13 (M17), 15 (invariants 2 and 7).
"""

from socert.gateway.reconcile.comparing import What, differences_of
from socert.gateway.reconcile.reconciler import Reconciler

__all__ = ["Reconciler", "What", "differences_of"]
