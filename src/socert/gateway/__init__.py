"""The gateway: what a region runs between its book of certificates and the portal."""
