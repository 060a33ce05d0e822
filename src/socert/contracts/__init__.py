"""What goes over the wire, and nothing else: no network, no clock, no configuration."""
