"""The built-in registry: our own book of certificates, with balances kept as ledger entries."""
