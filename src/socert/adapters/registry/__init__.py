"""Where certificates and contracts live, and the files they come from."""
