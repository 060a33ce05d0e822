"""The reliable way out and in: packer, sender, poller, handler, each over rows that survive any crash."""
