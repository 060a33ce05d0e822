"""The operator's pages: what waits, contracts, certificates, cases, the day's work. Russian, no script."""
