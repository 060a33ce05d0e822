"""What stands outside the gateway, each behind a port that the gateway defines."""
